from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("agents", "0003_session_version")]

    operations = [
        migrations.AddField(
            model_name="tab",
            name="left_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
