from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Incident',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('what', models.CharField(max_length=300)),
                ('region', models.JSONField()),
                ('happened_on', models.DateField()),
                ('certainty', models.CharField(choices=[('reported', 'reported'), ('claimed', 'claimed'), ('confirmed', 'confirmed')], max_length=10)),
                ('source', models.CharField(max_length=200)),
                ('wording', models.TextField()),
                ('recorded_by', models.BigIntegerField()),
                ('recorded_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'incident',
            },
        ),
    ]
