from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='AudienceRow',
            fields=[
                ('pk', models.CompositePrimaryKey('issue_id', 'traveller_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('issue_id', models.BigIntegerField()),
                ('traveller_id', models.BigIntegerField()),
                ('certainty', models.SmallIntegerField(choices=[(0, 'watching'), (1, 'possible'), (2, 'certain')])),
                ('reason', models.SmallIntegerField(choices=[(1, 'there'), (2, 'in transit'), (3, 'due through'), (4, 'due to arrive'), (5, 'due to have left'), (6, 'watching'), (7, 'was warned before')])),
                ('stay_id', models.BigIntegerField(null=True)),
                ('area', models.CharField(max_length=10)),
                ('at', models.DateTimeField()),
            ],
            options={
                'db_table': 'audience',
            },
        ),
    ]
