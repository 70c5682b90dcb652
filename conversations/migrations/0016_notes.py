from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("conversations", "0015_window_closes_at")]

    operations = [
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("kind", "note")),
                fields=["conversation"],
                name="message_notes",
            ),
        ),
    ]
