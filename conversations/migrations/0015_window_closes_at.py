from datetime import timedelta

from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q


def reckon(apps, schema_editor):
    """Write down when the windows that customers have opened end."""
    Customer = apps.get_model("conversations", "Customer")
    MiniProgram = apps.get_model("conversations", "MiniProgram")
    for program in MiniProgram.objects.all():
        theirs = Customer.objects.filter(mini_program=program)
        lasts = timedelta(hours=program.message_hours)
        theirs.filter(message_granted_at__isnull=False).update(
            window_closes_at=F("message_granted_at") + lasts
        )
        lasts = timedelta(seconds=program.entry_seconds)
        theirs.filter(
            Q(window_closes_at=None)
            | Q(window_closes_at__lt=F("entry_granted_at") + lasts),
            entry_granted_at__isnull=False,
        ).update(window_closes_at=F("entry_granted_at") + lasts)


class Migration(migrations.Migration):

    dependencies = [
        ('conversations', '0014_late_by'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='customer',
            name='window_closes_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddIndex(
            model_name='conversation',
            index=models.Index(condition=models.Q(('snoozed_until__isnull', False)), fields=['snoozed_until'], name='inbox_snoozed'),
        ),
        migrations.AddIndex(
            model_name='customer',
            index=models.Index(condition=models.Q(('window_closes_at__isnull', False)), fields=['window_closes_at', 'id'], name='customer_window_closes'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('state', 'failed')), fields=['customer'], name='delivery_failed'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('state', 'unconfirmed')), fields=['customer'], name='delivery_unconfirmed'),
        ),
        migrations.RunPython(reckon, migrations.RunPython.noop),
    ]
