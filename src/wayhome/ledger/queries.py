"""Read incidents."""

from wayhome.ledger.models import Incident


def newest(limit: int = 100) -> list[Incident]:
    """Incidents, the last recorded first."""
    return list(Incident.objects.order_by("-pk")[:limit])
