"""How many codes may leave for addresses that nobody has proven: ours is no relay for spam.

An address that had enough gets no more, but the first code of each who gave it, which waits; so
does what is too much for a network or a domain.
"""

from datetime import timedelta
from enum import Enum

from django.conf import settings
from django.db.models import Q

from wayhome.travellers.door_models import ReachCode
from wayhome.travellers.models import ContactPoint
from wayhome.work import clock

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PER_ADDRESS_AN_HOUR = 3
PER_ADDRESS_A_DAY = 8
PER_NETWORK_AN_HOUR = 60


class Verdict(Enum):
    NOW = "now"
    LATER = "later"
    NEVER = "never"


def may_send(point: ContactPoint, network: str, *, proven: bool, first: bool) -> Verdict:
    """Whether one more code may leave for this address; ``network`` is the mark of who asks,
    ``proven``: that person has shown another address to be theirs; ``first``: they had no code
    there yet, which waits until strangers who used up the address's share are forgotten."""
    to_it = Q(contact_point_id=point.pk)
    if _had(to_it, HOUR, PER_ADDRESS_AN_HOUR) or _had(to_it, DAY, PER_ADDRESS_A_DAY):
        return Verdict.LATER if first else Verdict.NEVER
    if proven:
        return Verdict.NOW
    if network and _had(Q(network=network), HOUR, PER_NETWORK_AN_HOUR):
        return Verdict.LATER
    if _had(Q(domain=point.domain), HOUR, settings.WAYHOME_CODES_PER_DOMAIN):
        return Verdict.LATER
    return Verdict.NOW


def _had(which: Q, within: timedelta, limit: int) -> bool:
    lately = ReachCode.objects.filter(which, made_at__gt=clock.now() - within)
    return lately[:limit].count() >= limit
