from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Instance',
            fields=[
                ('id', models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('live', 'Live'), ('exercise', 'Exercise')], max_length=10)),
                ('made_at', models.DateTimeField()),
                ('clock_offset', models.DurationField(null=True)),
            ],
            options={
                'db_table': 'instance',
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='instance_one_row'), models.CheckConstraint(condition=models.Q(('kind', 'exercise'), ('clock_offset__isnull', True), _connector='OR'), name='instance_live_clock_is_real')],
            },
        ),
        migrations.CreateModel(
            name='Owed',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('job', models.CharField(max_length=60)),
                ('key', models.CharField(blank=True, max_length=120)),
                ('asks', models.PositiveIntegerField(default=1)),
                ('since', models.DateTimeField()),
                ('due_at', models.DateTimeField()),
                ('tries', models.PositiveIntegerField(default=0)),
                ('last_error', models.TextField(blank=True)),
                ('lease_until', models.DateTimeField(null=True)),
                ('token', models.CharField(blank=True, max_length=32)),
            ],
            options={
                'db_table': 'owed',
                'indexes': [models.Index(fields=['due_at'], name='owed_due')],
                'constraints': [models.UniqueConstraint(fields=('job', 'key'), name='owed_job_key')],
            },
        ),
    ]
