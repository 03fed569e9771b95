"""The chain: rows of the audit trail are closed in batches, each under a hash that covers the last.

A row is written at one moment and seen at another, when its transaction ends; its number says
nothing of that. So a batch closes only rows older than ``MARGIN`` by the database's clock, in order
of their numbers, and names every row that it holds. What comes to light later with a smaller
number is taken into the next batch and listed as late, for good.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from django.db.models import Max, Sum

from wayhome.officers.models import AuditBatch, AuditRow
from wayhome.work.clock import database_now
from wayhome.work.db import writes

MARGIN = timedelta(minutes=10)
MOST_ROWS = 1000  # of one batch
FIRST = "0" * 64  # what the first batch follows
MARK = 16  # hexadecimal digits of a row's own hash


def canonical(row: AuditRow) -> bytes:
    """The bytes of a row that are hashed: one line of JSON."""
    at = row.at.astimezone(UTC).isoformat(timespec="microseconds")
    values = [row.pk, at, row.officer_id, row.deed, row.kind, row.number, row.why]
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def mark_of(row: AuditRow) -> str:
    """The beginning of the row's own SHA-256."""
    return hashlib.sha256(canonical(row)).hexdigest()[:MARK]


def hash_of(batch: AuditBatch, rows: Iterable[AuditRow]) -> str:
    """SHA-256 over what the batch says of itself, the hash before it, and its rows in order."""
    closed_at = batch.closed_at.astimezone(UTC).isoformat(timespec="microseconds")
    head = [batch.n, batch.previous, closed_at, batch.first_id, batch.last_id, batch.rows]
    said = json.dumps([*head, batch.ids, batch.late], separators=(",", ":"))
    digest = hashlib.sha256(said.encode() + b"\n")
    for row in rows:
        digest.update(canonical(row))
    return digest.hexdigest()


def to_words(ids: Sequence[int]) -> str:
    """Ascending numbers as ranges: "7-19,21"."""
    ranges: list[list[int]] = []
    for each in ids:
        if ranges and each == ranges[-1][1] + 1:
            ranges[-1][1] = each
        else:
            ranges.append([each, each])
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in ranges)


def ranges_of(words: str) -> Iterator[tuple[int, int]]:
    """The ranges of such words, both ends included; ValueError where they are none."""
    for each in words.split(",") if words else []:
        low, _, high = each.partition("-")
        yield int(low), int(high or low)


def newest() -> AuditBatch | None:
    return AuditBatch.objects.order_by("-n").first()


def close_due() -> int:
    """Close what is old enough, batch after batch; returns how many batches."""
    closed = 0
    while _close_one():
        closed += 1
    return closed


@writes
def _close_one() -> bool:
    last = AuditBatch.objects.select_for_update().order_by("-n").first()
    now = database_now()
    late = list(AuditRow.objects.filter(pk__in=strays()[:MOST_ROWS]).order_by("pk"))
    fresh = AuditRow.objects.filter(pk__gt=_highest_closed()).order_by("pk")
    rows = [*late, *_old_enough(fresh[: MOST_ROWS - len(late)], now)]
    if not rows:
        return False
    batch = AuditBatch(
        n=last.n + 1 if last else 1,
        first_id=rows[0].pk,
        last_id=rows[-1].pk,
        rows=len(rows),
        ids=to_words([row.pk for row in rows]),
        late=to_words([row.pk for row in late]),
        marks="".join(mark_of(row) for row in rows),
        previous=last.hash if last else FIRST,
        closed_at=now,
    )
    batch.hash = hash_of(batch, rows)
    batch.save(force_insert=True)
    return True


def _old_enough(rows: Iterable[AuditRow], now: datetime) -> Iterator[AuditRow]:
    """Up to the first that may not be the last of its time. A row that a wrong clock wrote in the
    future holds nothing up."""
    for row in rows:
        if now - MARGIN < row.at <= now + MARGIN:
            return
        yield row


def _highest_closed() -> int:
    highest: int | None = AuditBatch.objects.aggregate(highest=Max("last_id"))["highest"]
    return highest or 0


def strays() -> list[int]:
    """Numbers of rows that stand among closed ones and are in no batch, the first ones."""
    highest = _highest_closed()
    among = AuditRow.objects.filter(pk__lte=highest).order_by("pk")
    held = AuditBatch.objects.aggregate(rows=Sum("rows"))["rows"] or 0
    if among.count() == held:  # read every few minutes: no more than this, nearly always
        return []
    return strays_of(held_ids(), highest)


def held_ids() -> set[int]:
    """Every row that a batch names."""
    return {
        number
        for words in AuditBatch.objects.values_list("ids", flat=True)
        for low, high in ranges_of(words)
        for number in range(low, high + 1)
    }


def strays_of(held: set[int], highest: int) -> list[int]:
    among = AuditRow.objects.filter(pk__lte=highest).order_by("pk").values_list("pk", flat=True)
    return [number for number in among.iterator(chunk_size=5000) if number not in held]
