from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Letter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('code', 'a code'), ('link', 'a link'), ('prompt', 'a prompt'), ('request', "an officer's request")], max_length=10)),
                ('contact_point_id', models.BigIntegerField()),
                ('registration_id', models.BigIntegerField(null=True)),
                ('language', models.CharField(max_length=10)),
                ('subject', models.CharField(max_length=160)),
                ('text', models.TextField()),
                ('officer_id', models.BigIntegerField(null=True)),
                ('made_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('once', models.CharField(max_length=120)),
            ],
            options={
                'db_table': 'letter',
                'indexes': [models.Index(fields=['registration_id', '-made_at'], name='letter_registration')],
                'constraints': [models.UniqueConstraint(fields=('contact_point_id', 'once'), name='letter_once')],
            },
        ),
    ]
