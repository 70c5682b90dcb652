from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("conversations", "0008_windows_of_before"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="receivedpush",
            index=models.Index(
                fields=["-id"],
                condition=models.Q(("outcome", "failed")),
                name="received_push_failed",
            ),
        ),
    ]
