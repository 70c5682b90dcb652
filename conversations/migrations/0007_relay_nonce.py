import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('conversations', '0006_rejected_count'),
    ]

    operations = [
        migrations.CreateModel(
            name='RelayNonce',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('nonce', models.CharField(max_length=64)),
                ('body_digest', models.CharField(max_length=64)),
                ('at', models.DateTimeField(db_index=True)),
                ('mini_program', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='conversations.miniprogram')),
            ],
            options={
                'constraints': [models.UniqueConstraint(models.F('mini_program'), models.F('nonce'), name='one_body_per_nonce')],
            },
        ),
    ]
