"""Prove the audit trail from its first row on: what is wrong, where it begins, and what is odd."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from wayhome.officers.audit_chain import (
    FIRST,
    MARGIN,
    MARK,
    hash_of,
    mark_of,
    ranges_of,
    strays_of,
)
from wayhome.officers.audit_sql import missing_guards
from wayhome.officers.models import AuditBatch, AuditRow
from wayhome.work.clock import database_now

MOST_FAULTS = 20
# Closing runs every few minutes: what waits longer than this waits for a worker that is not there.
LATEST_CLOSING = MARGIN * 6


@dataclass(frozen=True)
class Late:
    """A row that came to light after rows with higher numbers were closed."""

    row: int
    at: datetime
    batch: int


@dataclass
class Proof:
    """What was found. ``newest``: the hash to keep elsewhere; empty where nothing is closed yet.

    ``faults`` in order of the chain: the first names the first wrong batch or row.
    """

    batches: int = 0
    rows: int = 0
    open_rows: int = 0
    newest: str = ""
    late: list[Late] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def say(self, fault: str) -> None:
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(fault)


def prove(expect: str = "") -> Proof:
    """Read the whole chain. ``expect``: a hash that was kept, which must be of one of its batches
    whatever came after it; then what came to light late since is a fault, to be asked about once.
    """
    proof = Proof()
    previous, n, highest = FIRST, 0, 0
    expected_at = 0  # the batch whose hash was kept
    held: set[int] = set()
    for batch in AuditBatch.objects.order_by("n").iterator(chunk_size=50):
        n += 1
        if batch.n != n:
            lost = f"batch {n} is" if batch.n == n + 1 else f"batches {n} to {batch.n - 1} are"
            proof.say(f"{lost} missing")
            n = batch.n
        elif batch.previous != previous:
            proof.say(f"batch {batch.n} does not follow the batch before it")
        _check_batch(batch, proof, held)
        previous, highest = batch.hash, max(highest, batch.last_id)
        if batch.hash == expect.strip().lower():
            expected_at = batch.n
        proof.batches += 1
        proof.newest = batch.hash
    _check_rest(proof, held, highest)
    if expect and not expected_at:
        proof.say(
            f"hash {expect[:64]} is of no batch: the chain is not the one that it was kept of"
        )
    elif expect:
        for late in proof.late:
            if late.batch > expected_at:
                proof.say(
                    f"row {late.row} came to light late, in batch {late.batch}, since that hash was"
                    " kept: ask what it was, and keep the newest hash"
                )
    missing = missing_guards()
    if missing:
        proof.say(
            f"trigger {missing[0]} is missing ({len(missing)} in all), so that rows can be changed:"
            " run `wayhome migrate`"
        )
    return proof


def _check_batch(batch: AuditBatch, proof: Proof, held: set[int]) -> None:
    try:
        named = sum(high - low + 1 for low, high in ranges_of(batch.ids))
        late = {n for n, _ in zip(_each(batch.late), range(batch.rows), strict=False)}
    except ValueError:
        named = -1
    if named != batch.rows:
        proof.say(f"batch {batch.n} was changed: it does not name the rows that it counts")
        return
    ids = list(_each(batch.ids))
    by_number = AuditRow.objects.in_bulk(ids)
    rows = [by_number[each] for each in ids if each in by_number]
    before = len(proof.faults)
    marks = [batch.marks[at : at + MARK] for at in range(0, len(batch.marks), MARK)]
    for place, number in enumerate(ids):
        row = by_number.get(number)
        if row is None:
            proof.say(f"batch {batch.n}: row {number} is gone")
        elif place >= len(marks) or mark_of(row) != marks[place]:
            proof.say(f"batch {batch.n}: row {number} was changed")
    if hash_of(batch, rows) != batch.hash:
        if len(proof.faults) == before:
            proof.say(f"batch {batch.n} was changed: its rows do not give its hash")
    elif len(proof.faults) > before:  # the hash is right: what differs are the marks alone
        del proof.faults[before:]
        proof.say(f"batch {batch.n}: the marks of its rows were changed")
    for number in ids:
        if number in held:
            proof.say(f"batch {batch.n}: row {number} is in a batch before it too")
    held.update(ids)
    proof.rows += len(rows)
    proof.late += [Late(row.pk, row.at, batch.n) for row in rows if row.pk in late]


def _each(words: str) -> Iterator[int]:
    for low, high in ranges_of(words):
        yield from range(low, high + 1)


def _check_rest(proof: Proof, held: set[int], highest: int) -> None:
    for number in strays_of(held, highest):
        proof.say(
            f"row {number} stands among closed rows and is in no batch: it was put in, or committed"
            f" more than {int(MARGIN.total_seconds() // 60)} minutes after it was written; the next"
            " batch lists it as late"
        )
    rest = AuditRow.objects.filter(pk__gt=highest)
    proof.open_rows = rest.count()
    oldest = rest.order_by("pk").values_list("at", flat=True).first()
    if oldest is not None and oldest < database_now() - LATEST_CLOSING:
        proof.say(
            f"{proof.open_rows} rows wait to be closed since {oldest:%Y-%m-%d %H:%M} UTC: see that"
            " a worker runs"
        )
