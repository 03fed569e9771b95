"""Canaries: addresses of this office that get every issue. What arrives there proves the way.

A message is ours by its Message-ID, which holds a keyed hash of its delivery.
"""

import re
from hmac import compare_digest

from django.conf import settings

from wayhome.delivery.models import Delivery
from wayhome.delivery.types import DeliveryKey
from wayhome.problems import Problem
from wayhome.travellers.addresses import address_hash, normalise_mail
from wayhome.travellers.models import ContactPoint

_OURS = re.compile(r"wh-(\d{1,18})-[0-9a-f]+@[^\s@<>]+")


def is_canary(address: str) -> bool:
    return _normalised(address.strip().strip("<>")) in set(
        map(_normalised, settings.WAYHOME_CANARIES)
    )


def is_ours(message_id: str) -> bool:
    """Whether it has the shape of a Message-ID of ours."""
    return _OURS.fullmatch(message_id) is not None


def delivery_of(message_id: str) -> DeliveryKey | None:
    """The delivery to a canary whose message has this Message-ID."""
    found = _OURS.fullmatch(message_id)
    addresses = [_normalised(address) for address in settings.WAYHOME_CANARIES]
    if found is None or not addresses:
        return None
    from wayhome.delivery.rendering import message_id as message_id_of

    kind = ContactPoint.Kind.MAIL
    points = ContactPoint.objects.filter(
        kind=kind, address_hash__in=[address_hash(kind, address) for address in addresses]
    ).values_list("pk", flat=True)
    rows = Delivery.objects.filter(
        issue_id=int(found.group(1)), contact_point_id__in=list(points)
    ).values_list("issue_id", "letter_id", "contact_point_id", "channel")
    for row in rows:
        key = DeliveryKey(*row)
        if compare_digest(message_id_of(*key), message_id):
            return key
    return None


def _normalised(address: str) -> str:
    try:
        return normalise_mail(address)
    except Problem:
        return address.strip().casefold()
