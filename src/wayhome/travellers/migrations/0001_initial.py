import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Organisation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200)),
                ('code', models.SlugField(max_length=40, unique=True)),
            ],
            options={
                'db_table': 'organisation',
            },
        ),
        migrations.CreateModel(
            name='Party',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('made_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'party',
            },
        ),
        migrations.CreateModel(
            name='ContactPoint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('mail', 'mail'), ('phone', 'phone')], max_length=10)),
                ('address', models.CharField(max_length=320)),
                ('address_hash', models.CharField(max_length=64)),
                ('domain', models.CharField(blank=True, max_length=255)),
                ('language', models.CharField(default='en', max_length=10)),
                ('bounces', models.PositiveIntegerField(default=0)),
                ('suppressed_at', models.DateTimeField(null=True)),
                ('suppressed_why', models.CharField(blank=True, max_length=200)),
                ('link_epoch', models.PositiveIntegerField(default=1)),
                ('made_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'contact_point',
                'indexes': [models.Index(condition=models.Q(('suppressed_at__isnull', False)), fields=['-suppressed_at', '-id'], name='contact_point_suppressed'), models.Index(condition=models.Q(('bounces__gt', 0)), fields=['-bounces', '-id'], name='contact_point_bouncing')],
                'constraints': [models.UniqueConstraint(fields=('kind', 'address_hash'), name='contact_point_once')],
            },
        ),
        migrations.CreateModel(
            name='Reach',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('purpose', models.CharField(choices=[('own', 'own'), ('emergency contact', 'emergency contact')], default='own', max_length=20)),
                ('verified_at', models.DateTimeField(null=True)),
                ('consent_at', models.DateTimeField(null=True)),
                ('valid_until', models.DateTimeField(null=True)),
                ('channels', models.CharField(blank=True, max_length=40)),
                ('quiet_from', models.TimeField(null=True)),
                ('quiet_until', models.TimeField(null=True)),
                ('time_zone', models.CharField(default='UTC', max_length=40)),
                ('language', models.CharField(blank=True, max_length=10)),
                ('wording', models.CharField(choices=[('full', 'full'), ('neutral', 'neutral')], default='full', max_length=10)),
                ('stop_asked_at', models.DateTimeField(null=True)),
                ('stopped_at', models.DateTimeField(null=True)),
                ('hostile_since', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('made_at', models.DateTimeField()),
                ('contact_point', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reaches', to='travellers.contactpoint')),
                ('party', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reaches', to='travellers.party')),
            ],
            options={
                'db_table': 'reach',
            },
        ),
        migrations.CreateModel(
            name='ReachStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('did', models.CharField(choices=[('changed', 'changed'), ('asked to stop', 'asked that nothing more comes'), ('stopped', 'stopped'), ('resumed', 'resumed'), ('hostile', 'in hostile hands'), ('safe again', 'no longer in hostile hands')], max_length=13)),
                ('what', models.CharField(blank=True, max_length=300)),
                ('officer_id', models.BigIntegerField(null=True)),
                ('said_by_id', models.BigIntegerField(null=True)),
                ('why', models.CharField(blank=True, max_length=300)),
                ('at', models.DateTimeField()),
                ('reach', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='steps', to='travellers.reach')),
            ],
            options={
                'db_table': 'reach_step',
            },
        ),
        migrations.CreateModel(
            name='Registration',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('door', models.CharField(choices=[('self', 'self'), ('relative', 'relative'), ('organisation', 'organisation'), ('officer', 'officer'), ('list', 'list')], max_length=15)),
                ('assurance', models.PositiveSmallIntegerField(choices=[(1, 'self-declared'), (2, 'reachable'), (3, 'document seen'), (4, 'confirmed')])),
                ('entered_by_id', models.BigIntegerField(null=True)),
                ('reference', models.CharField(blank=True, max_length=120)),
                ('original', models.JSONField()),
                ('made_at', models.DateTimeField()),
                ('link_epoch', models.PositiveIntegerField(default=1)),
                ('organisation', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='registrations', to='travellers.organisation')),
            ],
            options={
                'db_table': 'registration',
            },
        ),
        migrations.AddField(
            model_name='reach',
            name='registration',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reaches', to='travellers.registration'),
        ),
        migrations.CreateModel(
            name='PartyMember',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('since', models.DateTimeField()),
                ('until', models.DateTimeField(null=True)),
                ('party', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='members', to='travellers.party')),
                ('registration', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to='travellers.registration')),
            ],
            options={
                'db_table': 'party_member',
            },
        ),
        migrations.CreateModel(
            name='Suppression',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('did', models.CharField(choices=[('suppressed', 'suppressed'), ('lifted', 'lifted')], max_length=10)),
                ('why', models.CharField(max_length=300)),
                ('officer_id', models.BigIntegerField(null=True)),
                ('at', models.DateTimeField()),
                ('contact_point', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='suppressions', to='travellers.contactpoint')),
            ],
            options={
                'db_table': 'suppression',
            },
        ),
        migrations.CreateModel(
            name='Traveller',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200)),
                ('made_at', models.DateTimeField()),
                ('guardian', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='minors', to='travellers.traveller')),
            ],
            options={
                'db_table': 'traveller',
            },
        ),
        migrations.CreateModel(
            name='Repointing',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('by_officer_id', models.BigIntegerField(null=True)),
                ('why', models.CharField(max_length=300)),
                ('at', models.DateTimeField()),
                ('registration', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='repointings', to='travellers.registration')),
                ('from_traveller', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='travellers.traveller')),
                ('to_traveller', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='travellers.traveller')),
            ],
            options={
                'db_table': 'repointing',
            },
        ),
        migrations.AddField(
            model_name='registration',
            name='traveller',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='registrations', to='travellers.traveller'),
        ),
        migrations.CreateModel(
            name='PersonKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('wrapped', models.BinaryField()),
                ('made_at', models.DateTimeField()),
                ('traveller', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='travellers.traveller')),
            ],
            options={
                'db_table': 'person_key',
            },
        ),
        migrations.AddIndex(
            model_name='reach',
            index=models.Index(condition=models.Q(('stop_asked_at__isnull', False), ('stopped_at__isnull', True)), fields=['stop_asked_at'], name='reach_stop_asked'),
        ),
        migrations.AddConstraint(
            model_name='reach',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True)), fields=('registration', 'contact_point', 'purpose'), name='reach_once'),
        ),
        migrations.AddConstraint(
            model_name='reach',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('quiet_from__isnull', True), ('quiet_until__isnull', True)), models.Q(('quiet_from__isnull', False), ('quiet_until__isnull', False)), _connector='OR'), name='reach_quiet_hours_have_two_ends'),
        ),
        migrations.AddConstraint(
            model_name='partymember',
            constraint=models.UniqueConstraint(condition=models.Q(('until__isnull', True)), fields=('party', 'registration'), name='party_member_once'),
        ),
        migrations.AddConstraint(
            model_name='registration',
            constraint=models.UniqueConstraint(condition=models.Q(models.Q(('reference', ''), _negated=True), ('organisation__isnull', True)), fields=('door', 'reference'), name='registration_reference_once'),
        ),
        migrations.AddConstraint(
            model_name='registration',
            constraint=models.UniqueConstraint(condition=models.Q(models.Q(('reference', ''), _negated=True), ('organisation__isnull', False)), fields=('organisation', 'reference'), name='registration_reference_of_organisation'),
        ),
        migrations.AddConstraint(
            model_name='personkey',
            constraint=models.UniqueConstraint(fields=('traveller',), name='person_key_once'),
        ),
    ]
