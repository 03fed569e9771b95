"""Receipts: the one way in for any provider's word about a delivery.

A receipt never changes a delivery's state: that the relay took it (*sent*), that a receipt says
it arrived (*delivered*) and that somebody answered are three facts. It adds to the totals, which
count deliveries: a word counts the first time that it is said of one. A bounce may suppress the
address, by these rules:

- at once where it speaks of the address (``weighing``), unless much of what went to the same
  domain for the same issue is said not to exist either: then the domain is not well (Gmail, on
  14 and 15 December 2020, told everyone that its mailboxes did not exist);
- otherwise once BOUNCES different deliveries have bounced within DAYS days and over at least
  SPREAD (what is wrong with us, a name server or a whole domain rarely lasts so long), none of
  them followed by a delivery that was proven;
- never for a delivery that was handed over before an officer lifted the last suppression.
"""

import hashlib
from datetime import datetime, timedelta
from enum import Enum

from django.db.models import Max

from wayhome.delivery import receipts_sql, totals
from wayhome.delivery.models import Receipt
from wayhome.delivery.receipts_sql import Standing
from wayhome.delivery.types import DeliveryKey
from wayhome.delivery.weighing import Weight, weigh
from wayhome.travellers import services as travellers
from wayhome.travellers.models import ContactPoint, Suppression
from wayhome.work import clock
from wayhome.work.db import writes

BOUNCES = 3
DAYS = timedelta(days=30)
SPREAD = timedelta(days=3)
# A domain is not well where more than so many, and this share of what it was sent, do not exist.
_MOST_OF_DOMAIN, _SHARE_OF_DOMAIN = 10, 0.2
# Whoever got a message could send us reports about it without end.
MOST_RECEIPTS = 50
_DETAIL_LENGTH, _STATUS_LENGTH, _PROVIDER_LENGTH = 300, 12, 20


class Recorded(Enum):
    NEW = "new"
    KNOWN = "known"  # the same word of the same provider is kept already
    NO_DELIVERY = "no such delivery"


@writes
def record(
    key: DeliveryKey,
    word: str,
    provider: str,
    reference: str,
    status: str = "",
    detail: str = "",
    at: datetime | None = None,
    *,
    about_address: bool = True,
) -> Recorded:
    """Keep a provider's word (``Receipt.Word``) about one delivery; the same word twice is once.

    ``reference``: the provider's own name for its word. ``about_address`` False: it may speak of
    another address than the delivery's (a forwarded one), and suppresses nothing at once.
    """
    standing = receipts_sql.lock(key)
    if standing is None:
        return Recorded.NO_DELIVERY
    if sum(standing.words.values()) >= MOST_RECEIPTS:
        return Recorded.KNOWN
    word = Receipt.Word(word).value
    status, detail = status[:_STATUS_LENGTH], detail[:_DETAIL_LENGTH]
    name = hashlib.sha256(f"{provider}:{reference}".encode("utf-8", "replace")).hexdigest()
    at = at or clock.now()
    if not receipts_sql.add(key, name, word, provider[:_PROVIDER_LENGTH], status, detail, at):
        return Recorded.KNOWN
    if word not in standing.words:
        totals.add({(key.issue_id, key.channel, standing.domain, word, status): 1})
    if word == Receipt.Word.DELIVERED:
        travellers.prove(key.contact_point_id)
    elif word == Receipt.Word.BOUNCED:
        _bounced(key, standing, status, detail, about_address)
    return Recorded.NEW


def _bounced(
    key: DeliveryKey, standing: Standing, status: str, detail: str, about_address: bool
) -> None:
    point = ContactPoint.objects.select_for_update().get(pk=key.contact_point_id)
    if Receipt.Word.BOUNCED not in standing.words:
        travellers.count_bounce(point)
    lifted = Suppression.objects.filter(contact_point=point, did=Suppression.Did.LIFTED).aggregate(
        at=Max("at")
    )["at"]
    if point.suppressed_at or (lifted and standing.sent_at and standing.sent_at <= lifted):
        return
    weight = weigh(status, detail)
    if weight is Weight.OTHER:
        return
    said = f"{status or 'no code'}: {detail}" if detail else status or "bounced, without a code"
    if weight is Weight.ADDRESS and about_address and _is_domain_well(key, standing):
        travellers.suppress(point, said)
    elif _bounced_again_and_again(point, lifted):
        travellers.suppress(point, f"{BOUNCES} deliveries bounced, the last: {said}")


def _is_domain_well(key: DeliveryKey, standing: Standing) -> bool:
    counts = receipts_sql.count_of_domain(key.issue_id, key.channel, standing.domain)
    sent = sum(n for fact, _, n in counts if fact == "sent")
    dead = sum(n for fact, cause, n in counts if fact == "bounced" and _is_dead(cause))
    return dead <= _MOST_OF_DOMAIN or dead <= _SHARE_OF_DOMAIN * sent


def _is_dead(status: str) -> bool:
    return weigh(status) is Weight.ADDRESS


def _bounced_again_and_again(point: ContactPoint, lifted: datetime | None) -> bool:
    since = clock.now() - DAYS
    found = receipts_sql.bounces_of(point.pk, max(since, lifted or since))
    first_of = {
        bounce.key: bounce.at  # the oldest, which comes last
        for bounce in found
        if weigh(bounce.status, bounce.detail) is not Weight.OTHER
    }
    if len(first_of) < BOUNCES:
        return False
    return max(first_of.values()) - min(first_of.values()) >= SPREAD
