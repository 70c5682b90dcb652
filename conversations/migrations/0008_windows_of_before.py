from django.db import migrations
from django.db.models import Count, F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce, Least


def open_windows(apps, schema_editor):
    """Whoever wrote before windows were counted opened one by it."""
    Customer = apps.get_model("conversations", "Customer")
    Delivery = apps.get_model("conversations", "Delivery")
    since = Q(settled_at=None) | Q(
        settled_at__gte=OuterRef("spoke_at"), state__in=["sent", "unconfirmed"]
    )
    counted = (
        Delivery.objects.filter(since, customer=OuterRef("pk"))
        .order_by()
        .values("customer")
        .annotate(count=Count("pk"))
        .values("count")
    )
    Customer.objects.filter(spoke_at__isnull=False, message_granted_at=None).update(
        message_granted_at=F("spoke_at"),
        message_used=Least(Coalesce(Subquery(counted), 0), Value(10_000)),
    )


class Migration(migrations.Migration):
    dependencies = [("conversations", "0007_relay_nonce")]
    operations = [migrations.RunPython(open_windows, migrations.RunPython.noop)]
