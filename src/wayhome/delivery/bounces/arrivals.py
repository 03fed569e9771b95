"""Our own messages where they arrive: at canaries, to prove the way.

A message is ours by its Message-ID, which holds a keyed hash of its delivery.
"""

import re
from hmac import compare_digest

from wayhome.delivery.canaries import canary_addresses, canary_points
from wayhome.delivery.models import Delivery
from wayhome.delivery.types import DeliveryKey
from wayhome.problems import Problem
from wayhome.travellers.addresses import normalise_mail

_OURS = re.compile(r"wh-[0-9a-f]{40}@[^\s@<>]+")
# Issues that one looks back on: a canary that comes later than so many proves nothing any more.
MOST_ISSUES = 500


def is_canary(address: str) -> bool:
    return _normalised(address.strip().strip("<>")) in canary_addresses()


def is_ours(message_id: str) -> bool:
    """Whether it has the shape of a Message-ID of ours."""
    return _OURS.fullmatch(message_id) is not None


def delivery_of(message_id: str) -> DeliveryKey | None:
    """The delivery to a canary whose message has this Message-ID."""
    points = canary_points()
    if not is_ours(message_id) or not points:
        return None
    from wayhome.delivery import rendering  # it renders much more than this asks for

    rows = Delivery.objects.filter(contact_point_id__in=points, letter_id=0).order_by("-issue_id")
    keys = rows.values_list("issue_id", "letter_id", "contact_point_id", "channel")
    for row in keys[: MOST_ISSUES * len(points)]:
        key = DeliveryKey(*row)
        if compare_digest(rendering.message_id(*key), message_id):
            return key
    return None


def _normalised(address: str) -> str:
    try:
        return normalise_mail(address)
    except Problem:
        return address.strip().casefold()
