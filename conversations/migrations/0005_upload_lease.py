from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("conversations", "0004_pauses"),
    ]

    operations = [
        migrations.AddField(
            model_name="upload",
            name="lease_until",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="upload",
            name="media_id",
            field=models.CharField(blank=True, max_length=256),
        ),
    ]
