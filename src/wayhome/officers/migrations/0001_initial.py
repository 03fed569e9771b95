import django.db.models.deletion
import wayhome.officers.roles
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Officer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('email', models.EmailField(max_length=254, unique=True)),
                ('name', models.CharField(max_length=200)),
                ('office', models.CharField(blank=True, max_length=200)),
                ('role', models.CharField(choices=[(wayhome.officers.roles.Role['VIEWER'], 'viewer'), (wayhome.officers.roles.Role['OFFICER'], 'officer'), (wayhome.officers.roles.Role['APPROVER'], 'approver'), (wayhome.officers.roles.Role['ADMINISTRATOR'], 'administrator')], max_length=20)),
                ('is_active', models.BooleanField(default=True)),
            ],
            options={
                'db_table': 'officer',
            },
        ),
        migrations.CreateModel(
            name='Compartment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60, unique=True)),
            ],
            options={
                'db_table': 'compartment',
            },
        ),
        migrations.CreateModel(
            name='Look',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('officer_id', models.BigIntegerField()),
                ('traveller_id', models.BigIntegerField()),
                ('view', models.CharField(max_length=40)),
                ('hour', models.DateTimeField()),
                ('purpose', models.CharField(max_length=200)),
            ],
            options={
                'db_table': 'look',
                'indexes': [models.Index(fields=['traveller_id', 'hour'], name='look_of_traveller')],
                'constraints': [models.UniqueConstraint(fields=('officer_id', 'traveller_id', 'view', 'hour'), name='look_once_an_hour')],
            },
        ),
        migrations.CreateModel(
            name='Clearance',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('given_at', models.DateTimeField()),
                ('officer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='clearances', to=settings.AUTH_USER_MODEL)),
                ('compartment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='clearances', to='officers.compartment')),
            ],
            options={
                'db_table': 'clearance',
                'constraints': [models.UniqueConstraint(fields=('officer', 'compartment'), name='clearance_once')],
            },
        ),
    ]
