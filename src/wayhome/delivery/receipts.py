"""Receipts: the one way in for any provider's word about a delivery.

A receipt never changes a delivery's state: that the relay took it (*sent*), that a receipt says
it arrived (*delivered*) and that somebody answered are three facts. It adds to the totals, which
count deliveries: a word counts the first time that it is said of one. A bounce may suppress the
address (``suppressing``).
"""

import hashlib
from datetime import datetime
from enum import Enum

from wayhome.delivery import receipts_sql, suppressing, totals
from wayhome.delivery.models import Receipt
from wayhome.delivery.receipts_sql import Standing
from wayhome.delivery.suppressing import Failed
from wayhome.delivery.types import DeliveryKey
from wayhome.delivery.weighing import Weight, weigh
from wayhome.travellers import services as travellers
from wayhome.work import clock
from wayhome.work.db import writes

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
    point = suppressing.lock(key.contact_point_id)
    if Receipt.Word.BOUNCED not in standing.words:
        travellers.count_bounce(point)
    weight = weigh(status, detail)
    if weight is Weight.ADDRESS and not about_address:
        weight = Weight.UNCLEAR
    failed = Failed(key, standing.domain, status, detail, standing.sent_at)
    suppressing.consider(point, failed, weight)
