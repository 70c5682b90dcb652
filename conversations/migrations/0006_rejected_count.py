from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("conversations", "0005_upload_lease"),
    ]

    operations = [
        migrations.CreateModel(
            name="RejectedCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("appid", models.CharField(max_length=32)),
                ("reason", models.CharField(max_length=32)),
                ("count", models.PositiveBigIntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        models.F("appid"),
                        models.F("reason"),
                        name="one_rejected_count",
                    )
                ],
            },
        ),
    ]
