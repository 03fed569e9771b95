"""Canaries: addresses of this office that get every issue, to see that it arrives."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Min

from wayhome.delivery.models import Channel, Delivery, Receipt
from wayhome.delivery.types import DeliveryKey
from wayhome.problems import Problem
from wayhome.travellers.addresses import address_hash, normalise_mail
from wayhome.travellers.models import ContactPoint
from wayhome.travellers.services import contact_point


def canary_addresses() -> list[str]:
    """Those that are set, normalised; one that is no address is left out (``faults`` names it):
    a slip in a setting stops no warning."""
    return list(dict.fromkeys(address for address, _ in _read() if address))


def faults() -> list[str]:
    """What is wrong with WAYHOME_CANARIES."""
    return [f"WAYHOME_CANARIES: {problem}" for _, problem in _read() if problem]


def _read() -> Iterator[tuple[str, str]]:
    """(address, what is wrong with it), one of them empty."""
    for text in settings.WAYHOME_CANARIES:
        try:
            yield normalise_mail(text), ""
        except Problem as problem:
            yield "", str(problem)


def canary_points() -> frozenset[int]:
    """Contact points of the canary addresses that are known already."""
    hashes = [address_hash(ContactPoint.Kind.MAIL, address) for address in canary_addresses()]
    if not hashes:
        return frozenset()
    rows = ContactPoint.objects.filter(kind=ContactPoint.Kind.MAIL, address_hash__in=hashes)
    return frozenset(rows.values_list("pk", flat=True))


def canary_keys(issue_id: int) -> list[DeliveryKey]:
    """The deliveries of an issue to the canaries; their contact points are made where new."""
    points = [contact_point(ContactPoint.Kind.MAIL, each) for each in canary_addresses()]
    return [DeliveryKey(issue_id, 0, point.pk, Channel.MAIL) for point in points]


@dataclass(frozen=True)
class CanaryLine:
    """How one issue fared on its way to one canary."""

    address: str
    state: str  # of its delivery; empty: it has none
    sent_at: datetime | None
    arrived_at: datetime | None


def canary_lines(issue_id: int) -> list[CanaryLine]:
    """Each canary address that is set: handed over when, arrived when."""
    addresses = canary_addresses()
    if not addresses:
        return []
    points = {
        point.address: point.pk
        for point in ContactPoint.objects.filter(pk__in=canary_points()).order_by("pk")
    }
    mine = {"issue_id": issue_id, "contact_point_id__in": list(points.values())}
    deliveries = {row.contact_point_id: row for row in Delivery.objects.filter(**mine)}
    arrived = dict(
        Receipt.objects.filter(word=Receipt.Word.DELIVERED, **mine)
        .values("contact_point_id")
        .annotate(first=Min("at"))
        .values_list("contact_point_id", "first")
    )
    lines = []
    for address in addresses:
        point = points.get(address, 0)
        row = deliveries.get(point)
        lines.append(
            CanaryLine(
                address,
                row.state if row else "",
                row.sent_at if row else None,
                arrived.get(point),
            )
        )
    return lines
