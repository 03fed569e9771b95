import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('travellers', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='LegMatch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.BigIntegerField(null=True)),
                ('area', models.CharField(max_length=10)),
                ('certainty', models.PositiveSmallIntegerField()),
                ('traveller_id', models.BigIntegerField()),
                ('lon', models.FloatField(null=True)),
                ('lat', models.FloatField(null=True)),
                ('radius_m', models.PositiveIntegerField()),
                ('leg_end_id', models.BigIntegerField()),
                ('at', models.DateTimeField()),
            ],
            options={
                'db_table': 'leg_match',
                'indexes': [models.Index(fields=['at', 'key'], name='leg_match_key'), models.Index(fields=['leg_end_id'], name='leg_match_end'), models.Index(fields=['traveller_id'], name='leg_match_traveller')],
            },
        ),
        migrations.CreateModel(
            name='StayMatch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.BigIntegerField(null=True)),
                ('area', models.CharField(max_length=10)),
                ('certainty', models.PositiveSmallIntegerField()),
                ('traveller_id', models.BigIntegerField()),
                ('lon', models.FloatField(null=True)),
                ('lat', models.FloatField(null=True)),
                ('radius_m', models.PositiveIntegerField()),
                ('bucket', models.GeneratedField(db_persist=True, expression=models.Case(models.When(depart__lte=django.db.models.expressions.CombinedExpression(models.F('arrive'), '+', models.Value(30)), then=django.db.models.expressions.CombinedExpression(models.F('arrive'), '/', models.Value(30))), models.When(depart__lte=django.db.models.expressions.CombinedExpression(models.F('arrive'), '+', models.Value(365)), then=django.db.models.expressions.CombinedExpression(models.Value(1000000), '+', django.db.models.expressions.CombinedExpression(models.F('arrive'), '/', models.Value(365)))), default=models.Value(2000000)), output_field=models.IntegerField())),
                ('stay_id', models.BigIntegerField()),
                ('arrive', models.IntegerField()),
                ('depart', models.IntegerField()),
                ('departed', models.BooleanField()),
            ],
            options={
                'db_table': 'stay_match',
                'indexes': [models.Index(fields=['bucket', 'key'], name='stay_match_key'), models.Index(fields=['bucket', 'area'], name='stay_match_area'), models.Index(fields=['stay_id'], name='stay_match_stay'), models.Index(fields=['traveller_id'], name='stay_match_traveller')],
            },
        ),
        migrations.CreateModel(
            name='Trip',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('made_at', models.DateTimeField()),
                ('registration', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='travellers.registration')),
            ],
            options={
                'db_table': 'trip',
            },
        ),
        migrations.CreateModel(
            name='Leg',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('line', models.PositiveIntegerField()),
                ('mode', models.CharField(choices=[('air', 'air'), ('rail', 'rail'), ('road', 'road'), ('sea', 'sea')], max_length=5)),
                ('carrier', models.CharField(blank=True, max_length=60)),
                ('number', models.CharField(blank=True, max_length=20)),
                ('departs_at', models.DateTimeField()),
                ('arrives_at', models.DateTimeField()),
                ('trip', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='legs', to='trips.trip')),
            ],
            options={
                'db_table': 'leg',
            },
        ),
        migrations.CreateModel(
            name='Watch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('area', models.CharField(max_length=10)),
                ('since', models.DateTimeField()),
                ('until', models.DateTimeField(null=True)),
                ('registration', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='travellers.registration')),
            ],
            options={
                'db_table': 'watch',
            },
        ),
        migrations.CreateModel(
            name='LegEnd',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('words', models.CharField(max_length=200)),
                ('precision', models.CharField(choices=[('point', 'point'), ('city', 'city'), ('subdivision', 'subdivision'), ('country', 'country')], max_length=12)),
                ('lon', models.FloatField(null=True)),
                ('lat', models.FloatField(null=True)),
                ('radius_m', models.PositiveIntegerField(default=0)),
                ('areas', models.JSONField()),
                ('at', models.DateTimeField()),
                ('leg', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='ends', to='trips.leg')),
            ],
            options={
                'db_table': 'leg_end',
                'constraints': [models.CheckConstraint(condition=models.Q(('radius_m__lte', 50000)), name='leg_end_radius_within_reach')],
            },
        ),
        migrations.CreateModel(
            name='Stay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('words', models.CharField(max_length=200)),
                ('precision', models.CharField(choices=[('point', 'point'), ('city', 'city'), ('subdivision', 'subdivision'), ('country', 'country')], max_length=12)),
                ('lon', models.FloatField(null=True)),
                ('lat', models.FloatField(null=True)),
                ('radius_m', models.PositiveIntegerField(default=0)),
                ('areas', models.JSONField()),
                ('line', models.PositiveIntegerField()),
                ('version', models.PositiveIntegerField(default=1)),
                ('is_current', models.BooleanField(default=True)),
                ('arrive', models.DateField()),
                ('depart', models.DateField(null=True)),
                ('departure_confirmed', models.BooleanField(default=False)),
                ('instead_of', models.PositiveIntegerField(null=True)),
                ('source', models.CharField(max_length=60)),
                ('said_at', models.DateTimeField()),
                ('trip', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='stays', to='trips.trip')),
            ],
            options={
                'db_table': 'stay',
                'constraints': [models.UniqueConstraint(fields=('trip', 'line', 'version'), name='stay_version_once'), models.UniqueConstraint(condition=models.Q(('is_current', True)), fields=('trip', 'line'), name='stay_one_current'), models.CheckConstraint(condition=models.Q(('depart__isnull', True), ('depart__gte', models.F('arrive')), _connector='OR'), name='stay_departs_after_arrival'), models.CheckConstraint(condition=models.Q(('radius_m__lte', 50000)), name='stay_radius_within_reach')],
            },
        ),
        migrations.AddConstraint(
            model_name='leg',
            constraint=models.UniqueConstraint(fields=('trip', 'line'), name='leg_line_once'),
        ),
        migrations.AddConstraint(
            model_name='leg',
            constraint=models.CheckConstraint(condition=models.Q(('arrives_at__gte', models.F('departs_at'))), name='leg_arrives_after_departure'),
        ),
        migrations.AddIndex(
            model_name='watch',
            index=models.Index(condition=models.Q(('until__isnull', True)), fields=['area'], name='watch_area'),
        ),
        migrations.AddConstraint(
            model_name='watch',
            constraint=models.UniqueConstraint(condition=models.Q(('until__isnull', True)), fields=('registration', 'area'), name='watch_once'),
        ),
    ]
