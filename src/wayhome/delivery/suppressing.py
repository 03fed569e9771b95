"""When a delivery that did not arrive suppresses its address: refused at hand-off, or bounced.

- At once where the word speaks of the address (``weighing``), unless much of what went to the same
  domain for the same issue, or of all that went out for it, is said not to exist either: then the
  domain is not well (Gmail, on 14 and 15 December 2020, told everyone that its mailboxes did not
  exist), or the relay that we hand it to;
- otherwise once FAILURES different deliveries have failed within DAYS days and over at least
  SPREAD (what is wrong with us, a name server or a whole domain rarely lasts so long), none of
  them followed by a delivery that was proven;
- never for a delivery that was handed over before an officer lifted the last suppression.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max

from wayhome.delivery import receipts_sql
from wayhome.delivery.types import DeliveryKey
from wayhome.delivery.weighing import Weight, weigh, weigh_refusal
from wayhome.travellers import services as travellers
from wayhome.travellers.models import ContactPoint, Suppression
from wayhome.work import clock

FAILURES = 3
DAYS = timedelta(days=30)
SPREAD = timedelta(days=3)
# A domain is not well where more than so many, and this share of what it was sent, do not exist;
# nor is a relay.
_MOST_DEAD, _SHARE_DEAD = 10, 0.2


@dataclass(frozen=True)
class Failed:
    """A delivery that did not arrive, what was said of it, and when it was handed over (None: not
    known)."""

    key: DeliveryKey
    domain: str
    status: str
    detail: str
    handed_over_at: datetime | None


def refused(failed: Iterable[Failed]) -> None:
    """Weigh what relays refused for good, inside the transaction that records it and after its
    totals; by contact point, so that two workers do not wait for each other in a ring."""
    heavy = [(each, weigh_refusal(each.status, each.detail)) for each in failed]
    for each, weight in sorted(heavy, key=lambda pair: pair[0].key.contact_point_id):
        if weight is not Weight.OTHER:
            consider(lock(each.key.contact_point_id), each, weight)


def lock(contact_point_id: int) -> ContactPoint:
    """The contact point, its row locked where the database has locks; those who enrol with it, or
    write to it, do not wait."""
    return ContactPoint.objects.select_for_update(no_key=True).get(pk=contact_point_id)


def consider(point: ContactPoint, failed: Failed, weight: Weight) -> None:
    """Suppress the locked ``point`` where the rules say so. What failed before it was lifted and
    is heard of only now goes again instead."""
    lifted = Suppression.objects.filter(contact_point=point, did=Suppression.Did.LIFTED).aggregate(
        at=Max("at")
    )["at"]
    at = failed.handed_over_at
    if point.suppressed_at:
        return
    if lifted and (at is None or at <= lifted):
        travellers.tell_mended(point.pk)
        return
    if weight is Weight.OTHER:
        return
    status, detail = failed.status, failed.detail
    said = f"{status or 'no code'}: {detail}" if detail else status or "failed, without a code"
    if weight is Weight.ADDRESS and _is_believed(failed):
        travellers.suppress(point, said)
    elif _failed_again_and_again(point, lifted):
        travellers.suppress(point, f"{FAILURES} deliveries failed, the last: {said}")


def _is_believed(failed: Failed) -> bool:
    """Neither its domain nor, over all domains, the relay disowns more than there can be."""
    issue_id, channel = failed.key.issue_id, failed.key.channel
    return _is_well(receipts_sql.count_of_domain(issue_id, channel, failed.domain)) and _is_well(
        receipts_sql.count_of_issue(issue_id, channel)
    )


def _is_well(counts: list[tuple[str, str, int]]) -> bool:
    handed = sum(n for fact, _, n in counts if fact != "bounced")
    dead = sum(n for fact, cause, n in counts if fact != "sent" and _is_dead(cause))
    return dead <= _MOST_DEAD or dead <= _SHARE_DEAD * handed


def _is_dead(status: str) -> bool:
    return weigh(status) is Weight.ADDRESS


def _failed_again_and_again(point: ContactPoint, lifted: datetime | None) -> bool:
    since = clock.now() - DAYS
    since = max(since, lifted or since)
    failures = [
        *(
            (each, weigh(each.status, each.detail))
            for each in receipts_sql.bounces_of(point.pk, since)
        ),
        *(
            (each, weigh_refusal(each.status, each.detail))
            for each in receipts_sql.refusals_of(point.pk, since)
        ),
    ]
    first_of: dict[DeliveryKey, datetime] = {}
    for failure, weight in failures:
        if weight is not Weight.OTHER:
            first_of[failure.key] = min(failure.at, first_of.get(failure.key, failure.at))
    if len(first_of) < FAILURES:
        return False
    return max(first_of.values()) - min(first_of.values()) >= SPREAD
