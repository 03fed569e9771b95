"""Deliveries as planning and sending leave them, written without either."""

from __future__ import annotations

from datetime import datetime

from tests.support.factories import enrol_one
from wayhome.delivery.models import Delivery, Receipt, Total
from wayhome.delivery.types import DeliveryKey
from wayhome.travellers.models import ContactPoint
from wayhome.work import clock

ISSUE = 7


def point_of(name: str = "Ann Ash") -> ContactPoint:
    """The mail address of a new traveller of this name."""
    traveller = enrol_one(name)
    return ContactPoint.objects.get(kind="mail", reaches__registration__traveller_id=traveller.pk)


def sent(
    point: ContactPoint, issue_id: int = ISSUE, letter_id: int = 0, sent_at: datetime | None = None
) -> DeliveryKey:
    """A delivery that a relay has taken."""
    key = DeliveryKey(issue_id, letter_id, point.pk, "mail")
    Delivery.objects.create(
        issue_id=issue_id,
        letter_id=letter_id,
        contact_point_id=point.pk,
        channel="mail",
        state="sent",
        tries=1,
        sent_at=sent_at or clock.now(),
    )
    return key


def words(key: DeliveryKey) -> list[tuple[str, str, str]]:
    """(word, provider, status) of the delivery's receipts, sorted."""
    of_key = dict(zip(key._fields, key, strict=True))
    rows = Receipt.objects.filter(**of_key)
    return sorted(rows.values_list("word", "provider", "status"))


def totals() -> dict[tuple[int, str, str, str], int]:
    """n by (issue, domain, fact, cause)."""
    rows = Total.objects.values_list("issue_id", "domain", "fact", "cause", "n")
    return {(issue, domain, fact, cause): n for issue, domain, fact, cause, n in rows}
