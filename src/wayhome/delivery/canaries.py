"""Canaries: addresses of this office that get every issue, to see that it arrives."""

from django.conf import settings

from wayhome.delivery.models import Channel
from wayhome.delivery.types import DeliveryKey
from wayhome.travellers.addresses import address_hash, normalise_mail
from wayhome.travellers.models import ContactPoint
from wayhome.travellers.services import contact_point


def canary_points() -> frozenset[int]:
    """Contact points of the canary addresses that are known already."""
    if not settings.WAYHOME_CANARIES:
        return frozenset()
    hashes = [
        address_hash(ContactPoint.Kind.MAIL, normalise_mail(address))
        for address in settings.WAYHOME_CANARIES
    ]
    rows = ContactPoint.objects.filter(kind=ContactPoint.Kind.MAIL, address_hash__in=hashes)
    return frozenset(rows.values_list("pk", flat=True))


def canary_keys(issue_id: int) -> list[DeliveryKey]:
    """The deliveries of an issue to the canaries; their contact points are made where new."""
    points = [
        contact_point(ContactPoint.Kind.MAIL, address) for address in settings.WAYHOME_CANARIES
    ]
    return [DeliveryKey(issue_id, 0, point.pk, Channel.MAIL) for point in points]
