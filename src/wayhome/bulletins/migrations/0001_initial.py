import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Bulletin',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('advisory', 'advisory'), ('warning', 'warning')], max_length=10)),
                ('level', models.PositiveSmallIntegerField(null=True)),
                ('distribution', models.CharField(choices=[('public', 'public'), ('enrolled', 'enrolled'), ('verified persons', 'verified persons'), ('officers', 'officers')], max_length=20)),
                ('ask', models.CharField(choices=[('none', 'none'), ('received', 'that it was received'), ('safety', 'safe, or needs help')], max_length=10)),
                ('source', models.CharField(max_length=200)),
                ('hazard', models.CharField(max_length=200)),
                ('region', models.JSONField()),
                ('effective_at', models.DateTimeField(null=True)),
                ('expires_at', models.DateTimeField(null=True)),
                ('lead_days', models.PositiveSmallIntegerField(default=7)),
                ('grace_days', models.PositiveSmallIntegerField(default=7)),
                ('state', models.CharField(choices=[('draft', 'draft'), ('submitted', 'submitted'), ('signed', 'signed'), ('published', 'published'), ('cancelled', 'cancelled')], default='draft', max_length=10)),
                ('issue_kind', models.CharField(choices=[('first', 'first'), ('update', 'update'), ('cancel', 'cancel')], default='first', max_length=10)),
                ('version', models.PositiveIntegerField(default=1)),
                ('made_by', models.BigIntegerField()),
                ('made_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'bulletin',
            },
        ),
        migrations.CreateModel(
            name='Issue',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('advisory', 'advisory'), ('warning', 'warning')], max_length=10)),
                ('level', models.PositiveSmallIntegerField(null=True)),
                ('distribution', models.CharField(choices=[('public', 'public'), ('enrolled', 'enrolled'), ('verified persons', 'verified persons'), ('officers', 'officers')], max_length=20)),
                ('ask', models.CharField(choices=[('none', 'none'), ('received', 'that it was received'), ('safety', 'safe, or needs help')], max_length=10)),
                ('source', models.CharField(max_length=200)),
                ('hazard', models.CharField(max_length=200)),
                ('region', models.JSONField()),
                ('effective_at', models.DateTimeField(null=True)),
                ('expires_at', models.DateTimeField(null=True)),
                ('lead_days', models.PositiveSmallIntegerField(default=7)),
                ('grace_days', models.PositiveSmallIntegerField(default=7)),
                ('n', models.PositiveIntegerField()),
                ('issue_kind', models.CharField(choices=[('first', 'first'), ('update', 'update'), ('cancel', 'cancel')], max_length=10)),
                ('signed_by', models.BigIntegerField()),
                ('published_by', models.BigIntegerField()),
                ('published_at', models.DateTimeField()),
                ('bulletin', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='issues', to='bulletins.bulletin')),
            ],
            options={
                'db_table': 'issue',
            },
        ),
        migrations.AddField(
            model_name='bulletin',
            name='newest_issue',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='newest_of', to='bulletins.issue'),
        ),
        migrations.CreateModel(
            name='Readback',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField()),
                ('draft_hash', models.CharField(max_length=64)),
                ('region_hash', models.CharField(max_length=64)),
                ('region_words', models.TextField()),
                ('counts', models.JSONField()),
                ('usual', models.PositiveIntegerField(null=True)),
                ('made_at', models.DateTimeField()),
                ('bulletin', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='readbacks', to='bulletins.bulletin')),
            ],
            options={
                'db_table': 'readback',
            },
        ),
        migrations.AddField(
            model_name='issue',
            name='readback',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='bulletins.readback'),
        ),
        migrations.CreateModel(
            name='Step',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField()),
                ('did', models.CharField(choices=[('drafted', 'drafted'), ('edited', 'edited'), ('submitted', 'submitted'), ('returned', 'returned'), ('signed', 'signed'), ('published', 'published'), ('dropped', 'dropped')], max_length=10)),
                ('officer_id', models.BigIntegerField()),
                ('why', models.CharField(blank=True, max_length=300)),
                ('at', models.DateTimeField()),
                ('bulletin', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='steps', to='bulletins.bulletin')),
                ('readback', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='bulletins.readback')),
            ],
            options={
                'db_table': 'bulletin_step',
            },
        ),
        migrations.CreateModel(
            name='BulletinText',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('language', models.CharField(max_length=10)),
                ('headline', models.CharField(max_length=160)),
                ('body', models.TextField()),
                ('instruction', models.TextField()),
                ('correction', models.TextField()),
                ('vouched_by', models.BigIntegerField(null=True)),
                ('bulletin', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='texts', to='bulletins.bulletin')),
            ],
            options={
                'db_table': 'bulletin_text',
                'constraints': [models.UniqueConstraint(fields=('bulletin', 'language'), name='bulletin_text_once')],
            },
        ),
        migrations.CreateModel(
            name='IssueText',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('language', models.CharField(max_length=10)),
                ('headline', models.CharField(max_length=160)),
                ('body', models.TextField()),
                ('instruction', models.TextField()),
                ('correction', models.TextField()),
                ('vouched_by', models.BigIntegerField()),
                ('issue', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='texts', to='bulletins.issue')),
            ],
            options={
                'db_table': 'issue_text',
                'constraints': [models.UniqueConstraint(fields=('issue', 'language'), name='issue_text_once')],
            },
        ),
        migrations.AddConstraint(
            model_name='issue',
            constraint=models.UniqueConstraint(fields=('bulletin', 'n'), name='issue_n_once'),
        ),
    ]
