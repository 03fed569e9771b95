import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('bulletins', '0001_initial'),
        ('ledger', '0001_initial'),
        ('replies', '0001_initial'),
        ('travellers', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Muster',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200)),
                ('region', models.JSONField()),
                ('starts_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField(null=True)),
                ('safe_hours', models.PositiveSmallIntegerField(default=24)),
                ('opened_by', models.BigIntegerField()),
                ('opened_at', models.DateTimeField()),
                ('closed_at', models.DateTimeField(null=True)),
            ],
            options={
                'db_table': 'muster',
            },
        ),
        migrations.CreateModel(
            name='MusterIncident',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('incident', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='ledger.incident')),
                ('muster', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='musters.muster')),
            ],
            options={
                'db_table': 'muster_incident',
            },
        ),
        migrations.AddField(
            model_name='muster',
            name='incidents',
            field=models.ManyToManyField(related_name='+', through='musters.MusterIncident', to='ledger.incident'),
        ),
        migrations.CreateModel(
            name='MusterThread',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('bulletin', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='bulletins.bulletin')),
                ('muster', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='musters.muster')),
            ],
            options={
                'db_table': 'muster_thread',
            },
        ),
        migrations.AddField(
            model_name='muster',
            name='threads',
            field=models.ManyToManyField(related_name='+', through='musters.MusterThread', to='bulletins.bulletin'),
        ),
        migrations.CreateModel(
            name='RollEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('area', models.CharField(max_length=10)),
                ('certainty', models.SmallIntegerField()),
                ('reason', models.SmallIntegerField()),
                ('state', models.CharField(choices=[('silent', 'silent'), ('safe', 'last known safe'), ('needs help', 'needs help'), ('not there', 'not there'), ('departed', 'departed'), ('unreachable', 'unreachable'), ('in hospital', 'in hospital'), ('detained', 'detained'), ('held by others', 'held by others'), ('missing', 'missing'), ('believed dead', 'believed dead'), ('confirmed dead', 'confirmed dead')], default='silent', max_length=15)),
                ('since', models.DateTimeField()),
                ('safe_until', models.DateTimeField(null=True)),
                ('later_claim', models.CharField(blank=True, max_length=12)),
                ('closed_at', models.DateTimeField(null=True)),
                ('closed_by', models.BigIntegerField(null=True)),
                ('joined_at', models.DateTimeField()),
                ('muster', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='musters.muster')),
                ('newest_reply', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='replies.reply')),
                ('traveller', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='travellers.traveller')),
            ],
            options={
                'db_table': 'roll_entry',
            },
        ),
        migrations.CreateModel(
            name='RollChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('was', models.CharField(blank=True, max_length=15)),
                ('state', models.CharField(max_length=15)),
                ('why', models.CharField(choices=[('joined', 'put on the roll'), ('reply', 'a reply'), ('safe expired', 'safe is no longer known'), ('officer', 'an officer'), ('counted with', 'two records of one person are counted as one'), ('parted', 'it is a person of its own again')], max_length=15)),
                ('officer_id', models.BigIntegerField(null=True)),
                ('reason', models.CharField(blank=True, max_length=60)),
                ('at', models.DateTimeField()),
                ('reply', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='replies.reply')),
                ('entry', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='changes', to='musters.rollentry')),
            ],
            options={
                'db_table': 'roll_change',
            },
        ),
        migrations.AddConstraint(
            model_name='musterincident',
            constraint=models.UniqueConstraint(fields=('muster', 'incident'), name='muster_incident_once'),
        ),
        migrations.AddConstraint(
            model_name='musterthread',
            constraint=models.UniqueConstraint(fields=('muster', 'bulletin'), name='muster_thread_once'),
        ),
        migrations.AddIndex(
            model_name='rollentry',
            index=models.Index(fields=['muster', 'state', 'area'], name='roll_entry_board'),
        ),
        migrations.AddIndex(
            model_name='rollentry',
            index=models.Index(condition=models.Q(('safe_until__isnull', False)), fields=['safe_until'], name='roll_entry_safe_until'),
        ),
        migrations.AddConstraint(
            model_name='rollentry',
            constraint=models.UniqueConstraint(fields=('muster', 'traveller'), name='roll_entry_once'),
        ),
        migrations.AddIndex(
            model_name='rollchange',
            index=models.Index(fields=['entry', 'at'], name='roll_change_history'),
        ),
    ]
