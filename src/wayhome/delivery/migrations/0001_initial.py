from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Attempt',
            fields=[
                ('issue_id', models.BigIntegerField()),
                ('letter_id', models.BigIntegerField()),
                ('contact_point_id', models.BigIntegerField()),
                ('channel', models.CharField(choices=[('mail', 'mail'), ('sms', 'sms')], max_length=10)),
                ('pk', models.CompositePrimaryKey('issue_id', 'letter_id', 'contact_point_id', 'channel', 'n', blank=True, editable=False, primary_key=True, serialize=False)),
                ('n', models.PositiveSmallIntegerField()),
                ('outcome', models.CharField(choices=[('sent', 'sent'), ('later', 'later'), ('refused', 'refused'), ('withdrawn', 'withdrawn'), ('too old', 'too old')], max_length=10)),
                ('relay', models.CharField(max_length=80)),
                ('detail', models.CharField(max_length=300)),
                ('at', models.DateTimeField()),
            ],
            options={
                'db_table': 'attempt',
            },
        ),
        migrations.CreateModel(
            name='Dispatch',
            fields=[
                ('issue_id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('planned_at', models.DateTimeField(null=True)),
                ('first_sent_at', models.DateTimeField(null=True)),
                ('stopped_at', models.DateTimeField(null=True)),
                ('alarm', models.CharField(blank=True, max_length=300)),
                ('alarm_at', models.DateTimeField(null=True)),
            ],
            options={
                'db_table': 'dispatch',
            },
        ),
        migrations.CreateModel(
            name='PaceSample',
            fields=[
                ('pk', models.CompositePrimaryKey('issue_id', 'at', 'channel', 'domain', blank=True, editable=False, primary_key=True, serialize=False)),
                ('issue_id', models.BigIntegerField()),
                ('at', models.DateTimeField()),
                ('channel', models.CharField(choices=[('mail', 'mail'), ('sms', 'sms')], max_length=10)),
                ('domain', models.CharField(max_length=255)),
                ('ended', models.BigIntegerField()),
            ],
            options={
                'db_table': 'pace_sample',
            },
        ),
        migrations.CreateModel(
            name='Receipt',
            fields=[
                ('issue_id', models.BigIntegerField()),
                ('letter_id', models.BigIntegerField()),
                ('contact_point_id', models.BigIntegerField()),
                ('channel', models.CharField(choices=[('mail', 'mail'), ('sms', 'sms')], max_length=10)),
                ('pk', models.CompositePrimaryKey('issue_id', 'letter_id', 'contact_point_id', 'channel', 'reference', blank=True, editable=False, primary_key=True, serialize=False)),
                ('reference', models.CharField(max_length=64)),
                ('word', models.CharField(choices=[('delivered', 'delivered'), ('deferred', 'deferred'), ('bounced', 'bounced'), ('complained', 'complained'), ('unsubscribed', 'unsubscribed')], max_length=12)),
                ('provider', models.CharField(max_length=20)),
                ('status', models.CharField(blank=True, max_length=12)),
                ('detail', models.CharField(blank=True, max_length=300)),
                ('at', models.DateTimeField()),
            ],
            options={
                'db_table': 'receipt',
            },
        ),
        migrations.CreateModel(
            name='Relay',
            fields=[
                ('name', models.CharField(max_length=80, primary_key=True, serialize=False)),
                ('free_at', models.DateTimeField(null=True)),
                ('down_until', models.DateTimeField(null=True)),
                ('failures', models.PositiveIntegerField(default=0)),
                ('last_error', models.CharField(blank=True, max_length=300)),
                ('sent', models.BigIntegerField(default=0)),
                ('sending_seconds', models.FloatField(default=0)),
            ],
            options={
                'db_table': 'relay',
            },
        ),
        migrations.CreateModel(
            name='Total',
            fields=[
                ('pk', models.CompositePrimaryKey('issue_id', 'channel', 'domain', 'fact', 'cause', blank=True, editable=False, primary_key=True, serialize=False)),
                ('issue_id', models.BigIntegerField()),
                ('channel', models.CharField(choices=[('mail', 'mail'), ('sms', 'sms')], max_length=10)),
                ('domain', models.CharField(max_length=255)),
                ('fact', models.CharField(max_length=12)),
                ('cause', models.CharField(blank=True, max_length=60)),
                ('n', models.BigIntegerField()),
            ],
            options={
                'db_table': 'delivery_total',
            },
        ),
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('issue_id', models.BigIntegerField()),
                ('letter_id', models.BigIntegerField()),
                ('contact_point_id', models.BigIntegerField()),
                ('channel', models.CharField(choices=[('mail', 'mail'), ('sms', 'sms')], max_length=10)),
                ('pk', models.CompositePrimaryKey('issue_id', 'letter_id', 'contact_point_id', 'channel', blank=True, editable=False, primary_key=True, serialize=False)),
                ('state', models.CharField(choices=[('owed', 'owed'), ('sent', 'sent'), ('refused', 'refused'), ('withdrawn', 'withdrawn'), ('too old', 'too old')], max_length=10)),
                ('tries', models.PositiveSmallIntegerField()),
                ('slice_id', models.BigIntegerField(null=True)),
                ('sent_at', models.DateTimeField(null=True)),
            ],
            options={
                'db_table': 'delivery',
                'indexes': [models.Index(condition=models.Q(('slice_id__isnull', False)), fields=['slice_id'], name='delivery_slice'), models.Index(fields=['contact_point_id'], name='delivery_contact_point')],
            },
        ),
        migrations.CreateModel(
            name='DispatchStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('issue_id', models.BigIntegerField()),
                ('did', models.CharField(choices=[('stopped', 'stopped'), ('resumed', 'resumed')], max_length=10)),
                ('officer_id', models.BigIntegerField()),
                ('why', models.CharField(max_length=300)),
                ('at', models.DateTimeField()),
            ],
            options={
                'db_table': 'dispatch_step',
                'indexes': [models.Index(fields=['issue_id', 'at'], name='dispatch_step_issue')],
            },
        ),
        migrations.CreateModel(
            name='Slice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('issue_id', models.BigIntegerField()),
                ('channel', models.CharField(choices=[('mail', 'mail'), ('sms', 'sms')], max_length=10)),
                ('route', models.CharField(max_length=20)),
                ('lane', models.PositiveSmallIntegerField(choices=[(1, 'warning'), (2, 'codes and links'), (3, 'advisory'), (4, 'digest')])),
                ('size', models.PositiveIntegerField()),
                ('relay', models.CharField(blank=True, max_length=80)),
                ('cut_at', models.DateTimeField()),
                ('due_at', models.DateTimeField()),
                ('lease_until', models.DateTimeField(null=True)),
                ('token', models.CharField(blank=True, max_length=32)),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('last_error', models.CharField(blank=True, max_length=300)),
                ('state', models.CharField(choices=[('open', 'open'), ('held', 'held'), ('done', 'done')], default='open', max_length=5)),
            ],
            options={
                'db_table': 'slice',
                'indexes': [models.Index(condition=models.Q(('state', 'open')), fields=['lane', 'due_at'], name='slice_open'), models.Index(fields=['issue_id'], name='slice_issue')],
            },
        ),
    ]
