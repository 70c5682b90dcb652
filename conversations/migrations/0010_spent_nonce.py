from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('conversations', '0009_failed_pushes'),
    ]

    operations = [
        migrations.RenameModel(old_name='RelayNonce', new_name='SpentNonce'),
    ]
