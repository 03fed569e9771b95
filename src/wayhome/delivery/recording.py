"""Record how tries went: attempts, the deliveries they end, and the totals, in one transaction.

The one way in, for a sender's batch, for the journal of a killed worker, and for a worker that
was overtaken: what was handed over is an attempt, whoever finds out and however late. A refusal
may suppress the address (``suppressing``).
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from wayhome.delivery import suppressing, totals
from wayhome.delivery.models import Dispatch
from wayhome.delivery.suppressing import Failed
from wayhome.delivery.types import DeliveryKey
from wayhome.delivery.weighing import status_in
from wayhome.letters.services import forget_texts
from wayhome.work.db import Parameter, stored
from wayhome.work.services import owe

ENDS = frozenset({"sent", "refused", "withdrawn", "too old"})
CAUSE_LENGTH = 60
RECHECK = "delivery.recheck"


@dataclass(frozen=True)
class Tried:
    """One try of one delivery; ``outcome`` is an ``Attempt.Outcome``."""

    key: DeliveryKey
    outcome: str
    detail: str
    status: str
    relay: str
    at: datetime


@dataclass(frozen=True)
class _Standing:
    state: str
    tries: int
    domain: str


def apply(tried: Sequence[Tried]) -> dict[DeliveryKey, int]:
    """Append an attempt for each and end the deliveries that they end; inside a transaction.

    Returns how often each delivery has been tried now. A delivery that another worker has ended
    stays as it is, and so does one that must be tried later. Keys that are no delivery of this
    database are left out.
    """
    standing = _standing({each.key for each in tried})
    attempts: list[Sequence[Parameter]] = []
    ended: dict[DeliveryKey, Tried] = {}
    counts = Counter[totals.TotalKey]()
    tries = {key: row.tries for key, row in standing.items()}
    open_keys = {key for key, row in standing.items() if row.state == "owed"}
    for each in tried:
        if each.key not in standing:
            continue
        tries[each.key] += 1
        attempts.append(
            (
                *each.key,
                tries[each.key],
                each.outcome,
                each.relay,
                _kept(each)[:300],
                stored(each.at),
            )
        )
        domain = standing[each.key].domain
        cause = cause_of(each.outcome, each.status, each.detail)
        total = (each.key.issue_id, each.key.channel, domain, each.outcome, cause)
        if each.outcome not in ENDS:
            counts[total] += 1
        elif each.key in open_keys:
            open_keys.remove(each.key)
            counts[total] += 1
            ended[each.key] = each
    _append(attempts)
    _bring_up_to_date(tries, ended)
    # What a code or a link opens is not kept once it is handed over, or will never be.
    forget_texts([key.letter_id for key in ended if key.letter_id])
    totals.add(counts)
    for key, how in ended.items():
        if how.outcome == "withdrawn" and key.issue_id:
            owe(RECHECK, f"{key.issue_id}/{key.contact_point_id}")
    sent = [each for each in tried if each.outcome == "sent"]
    _note_first_sent({each.key.issue_id: each.at for each in reversed(sent)})
    suppressing.refused(
        Failed(key, standing[key].domain, how.status, how.detail, how.at)
        for key, how in ended.items()
        if how.outcome == "refused"
    )
    return tries


def unrecorded(tried: Sequence[Tried]) -> list[Tried]:
    """Those of which there is no attempt yet: a worker may die between recording a batch and
    wiping its journal. A try is known by its delivery and its moment."""
    known: set[tuple[object, ...]] = set()
    with connection.cursor() as cursor:
        for each in tried:
            cursor.execute(
                "SELECT 1 FROM attempt WHERE issue_id = %s AND letter_id = %s"
                " AND contact_point_id = %s AND channel = %s AND at = %s",
                [*each.key, stored(each.at)],
            )
            if cursor.fetchone():
                known.add((each.key, each.at))
    return [each for each in tried if (each.key, each.at) not in known]


def apply_rest(tried: Sequence[Tried]) -> dict[DeliveryKey, int]:
    """``apply`` what is not recorded yet; how often each of all these has been tried now."""
    apply(unrecorded(tried))
    return {key: row.tries for key, row in _standing({each.key for each in tried}).items()}


def cause_of(outcome: str, status: str, detail: str) -> str:
    """Under which cause a try is counted: its status code, or how its detail begins."""
    return "" if outcome == "sent" else (status or detail.split(":")[0])[:CAUSE_LENGTH]


def _kept(tried: Tried) -> str:
    """What an attempt keeps of its answer; of a refusal also the status, by which it is counted
    and weighed."""
    if tried.outcome != "refused" or status_in(tried.detail) == tried.status:
        return tried.detail
    return f"{tried.status} {tried.detail}".strip()


def _standing(keys: Collection[DeliveryKey]) -> dict[DeliveryKey, _Standing]:
    """The deliveries of these keys, their rows locked where the database has locks."""
    of_issue: dict[int, list[DeliveryKey]] = defaultdict(list)
    for key in keys:
        of_issue[key.issue_id].append(key)
    lock = " FOR UPDATE OF d" if connection.vendor == "postgresql" else ""
    found: dict[DeliveryKey, _Standing] = {}
    with connection.cursor() as cursor:
        for issue_id, own in sorted(of_issue.items()):
            letters = sorted({key.letter_id for key in own})
            points = sorted({key.contact_point_id for key in own})
            cursor.execute(
                "SELECT d.issue_id, d.letter_id, d.contact_point_id, d.channel, d.state, d.tries,"
                " c.domain FROM delivery d JOIN contact_point c ON c.id = d.contact_point_id"
                f" WHERE d.issue_id = %s AND d.letter_id IN ({_marks(letters)})"
                f" AND d.contact_point_id IN ({_marks(points)}) ORDER BY 1, 2, 3, 4{lock}",
                [issue_id, *letters, *points],
            )
            for row in cursor.fetchall():
                found[DeliveryKey(*row[:4])] = _Standing(*row[4:])
    return {key: row for key, row in found.items() if key in keys}


def _append(attempts: Sequence[Sequence[Parameter]]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO attempt (issue_id, letter_id, contact_point_id, channel, n, outcome,"
            " relay, detail, at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            attempts,
        )


def _bring_up_to_date(tries: dict[DeliveryKey, int], ended: dict[DeliveryKey, Tried]) -> None:
    keyed = " WHERE issue_id = %s AND letter_id = %s AND contact_point_id = %s AND channel = %s"
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE delivery SET tries = %s, state = %s, sent_at = %s, slice_id = NULL{keyed}",
            [
                (tries[key], how.outcome, stored(how.at) if how.outcome == "sent" else None, *key)
                for key, how in sorted(ended.items())
            ],
        )
        cursor.executemany(
            f"UPDATE delivery SET tries = %s{keyed}",
            [(n, *key) for key, n in sorted(tries.items()) if key not in ended],
        )


def _note_first_sent(sent: dict[int, datetime]) -> None:
    for issue_id, at in sorted(sent.items()):
        Dispatch.objects.filter(issue_id=issue_id, first_sent_at=None).update(first_sent_at=at)


def _marks(values: Iterable[object]) -> str:
    return ", ".join("%s" for _ in values)
