import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('travellers', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Reply',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('issue_id', models.BigIntegerField(null=True)),
                ('contact_point_id', models.BigIntegerField(null=True)),
                ('answer', models.CharField(choices=[('safe', 'safe'), ('needs help', 'needs help'), ('not there', 'not there'), ('departed', 'departed'), ('received', 'received')], max_length=12)),
                ('channel', models.CharField(choices=[('link', 'link in a message'), ('my trips', 'my trips'), ('officer', 'told to an officer')], max_length=10)),
                ('device', models.CharField(blank=True, max_length=200)),
                ('said_by_id', models.BigIntegerField(null=True)),
                ('officer_id', models.BigIntegerField(null=True)),
                ('said_at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField()),
                ('press', models.CharField(max_length=64)),
                ('registration', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='travellers.registration')),
            ],
            options={
                'db_table': 'reply',
            },
        ),
        migrations.CreateModel(
            name='ReplyPrivate',
            fields=[
                ('reply', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='private', serialize=False, to='replies.reply')),
                ('key_id', models.BigIntegerField()),
                ('sealed', models.BinaryField()),
            ],
            options={
                'db_table': 'reply_private',
            },
        ),
        migrations.AddIndex(
            model_name='reply',
            index=models.Index(fields=['issue_id'], name='reply_issue'),
        ),
        migrations.AddConstraint(
            model_name='reply',
            constraint=models.UniqueConstraint(fields=('registration', 'press'), name='reply_press_once'),
        ),
    ]
