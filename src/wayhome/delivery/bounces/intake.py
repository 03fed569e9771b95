"""Take one message that came back: read it, find its delivery, write its receipts.

The delivery is named by the signed return path alone. A report that names another recipient than
the contact point (mail that was forwarded) is still about that delivery, and its receipt says so.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from wayhome.delivery import receipts
from wayhome.delivery.bounces import arrivals
from wayhome.delivery.bounces.reading import read
from wayhome.delivery.bounces.types import Read, Said
from wayhome.delivery.models import Receipt
from wayhome.delivery.receipts import Recorded
from wayhome.delivery.return_path import is_bounce_address, read_return_path
from wayhome.delivery.types import DeliveryKey
from wayhome.travellers.models import ContactPoint
from wayhome.work.db import writes

log = logging.getLogger(__name__)

CANARY = "canary"
_ELSEWHERE = "about another address: "


@dataclass(frozen=True)
class Taken:
    """How a message was taken; ``keep``: a person should look at it, and it must not be lost.

    *recorded*: at least one receipt is new. *known*: all were kept already. *nothing*: a report
    that says nothing to count. *automatic*: a machine's answer. *kept*: no rule knows it.
    """

    how: Literal["recorded", "known", "nothing", "automatic", "kept"]
    note: str = ""

    @property
    def keep(self) -> bool:
        return self.how == "kept"


def is_ours(envelope_to: str) -> bool:
    """Whether mail to this address is for this intake: a return path made here, the bounce
    address itself, or a canary."""
    return (
        read_return_path(envelope_to) is not None
        or is_bounce_address(envelope_to)
        or arrivals.is_canary(envelope_to)
    )


def take(raw: bytes, envelope_to: str) -> Taken:
    """Write what ``raw`` says, in one transaction; raises only where the database fails."""
    message = read(raw)
    if arrivals.is_ours(message.message_id):
        return _take_canary(message)
    if message.kind == "automatic":
        return Taken("automatic")
    if message.kind == "other":
        return Taken("kept", "no report, and no answer by a machine")
    # The envelope decides; a door without one (a Maildir) finds the return path in the fields.
    key = _first_key((envelope_to, *message.addressed))
    if key is None:
        return Taken("kept", "a report about no delivery of this database")
    return _record(key, message)


def _first_key(addresses: Iterable[str]) -> DeliveryKey | None:
    return next(filter(None, map(read_return_path, addresses)), None)


def _take_canary(message: Read) -> Taken:
    key = arrivals.delivery_of(message.message_id)
    if key is None:
        return Taken("kept", "a message of ours that went to no canary")
    recorded = receipts.record(key, Receipt.Word.DELIVERED, CANARY, message.message_id)
    return Taken("recorded" if recorded is Recorded.NEW else "known")


@writes
def _record(key: DeliveryKey, message: Read) -> Taken:
    point = ContactPoint.objects.filter(pk=key.contact_point_id).values_list("address", flat=True)
    address = point.first()
    if address is None:
        return Taken("kept", "a report about no delivery of this database")
    said = [each for each in message.said if each.standard or address in each.recipients]
    if message.kind == "text" and not said:
        # Guessed from words for people, and not about this address: a person should read it.
        return Taken("kept", "words of a mail system about another address")
    results = {_record_one(key, address, message, each) for each in said}
    if Recorded.NO_DELIVERY in results:
        return Taken("kept", "a report about no delivery of this database")
    if Recorded.NEW in results:
        return Taken("recorded")
    return Taken("known" if results else "nothing")


def _record_one(key: DeliveryKey, address: str, message: Read, said: Said) -> Recorded:
    named = address in said.recipients
    elsewhere = message.kind == "dsn" and not named
    return receipts.record(
        key,
        said.word,
        message.kind,
        f"{message.identity} {said.word} {said.status} {sorted(said.recipients)}",
        said.status,
        f"{_ELSEWHERE if elsewhere else ''}{said.detail}",
        about_address=named and said.standard,
    )
