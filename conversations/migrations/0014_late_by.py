from django.db import migrations, models


class Migration(migrations.Migration):
    """By how much a message came late. Nobody knows it of those before."""

    dependencies = [("conversations", "0013_entered")]

    operations = [
        migrations.AddField(
            model_name="message",
            name="late_by",
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
    ]
