"""Take a roll out in a file: for a purpose, counted, marked, and recorded person by person."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from wayhome.musters.models import CASE_STATES, Muster, RollEntry, RollState
from wayhome.musters.queries import Line, as_line, seen_entries
from wayhome.officers import audit
from wayhome.officers.access import Access, require
from wayhome.officers.audit import Deed
from wayhome.officers.marking import Mark, csv_lines
from wayhome.officers.models import Officer
from wayhome.officers.roles import Verb
from wayhome.problems import Problem
from wayhome.work import clock
from wayhome.work.db import writes

MOST_ROWS = 50_000
_LOOKS_AT_ONCE = 500
PURPOSE_LENGTH = 120  # so that it fits into a look with what stands around it

# All that is in the file, as its page says before it is made.
COLUMNS = (
    "Entry",
    "Name",
    "Child",
    "Area",
    "There",
    "State",
    "Since (UTC)",
    "Safe holds until (UTC)",
    "Said since",
    "Closed",
)


@dataclass(frozen=True)
class RollFile:
    mark: Mark
    pieces: Iterator[str]


def count_rows(access: Access, muster_id: int, *, state: str, area: str) -> int:
    """How many people the file would name."""
    return _entries(access, muster_id, state, area).count()


def export_roll(
    officer: Officer, access: Access, muster_id: int, *, state: str, area: str, purpose: str
) -> RollFile:
    """People of one state (or of every one but cases: "") and area, as they are now.

    The trail has who took how many and why before the first row leaves, and each person has the
    look before their row does. Problem where no purpose is given, or there are too many rows.
    """
    require(officer, Verb.EXPORT)
    purpose = check_purpose(purpose)
    muster = Muster.objects.get(pk=muster_id)
    entries = _entries(access, muster_id, state, area).select_related("traveller").order_by("pk")
    lines = [as_line(entry) for entry in entries[: MOST_ROWS + 1]]
    if len(lines) > MOST_ROWS:
        raise Problem("area", f"has more than {MOST_ROWS} people", "choose one state or area")
    mark = _mark(officer, muster, len(lines), state, area, purpose)
    return RollFile(mark, csv_lines(mark, COLUMNS, _recorded(access, mark, lines)))


def check_purpose(purpose: str) -> str:
    purpose = " ".join(purpose.split())
    if len(purpose) < 5:
        raise Problem("purpose", "is empty", "say what the file is for, naming nobody")
    if len(purpose) > PURPOSE_LENGTH:
        raise Problem("purpose", f"has {len(purpose)} characters", f"use at most {PURPOSE_LENGTH}")
    return purpose


@writes
def _mark(officer: Officer, muster: Muster, rows: int, state: str, area: str, purpose: str) -> Mark:
    of = f"{state or 'every state but cases'}{f' in {area}' if area else ''}"
    row = audit.record(officer, Deed.EXPORTED, "muster", muster.pk, f"{rows} rows, {of}: {purpose}")
    return Mark(
        number=row.pk,
        what=f"roll of muster {muster.pk}, {of}",
        officer_id=officer.pk,
        officer=officer.name,
        purpose=purpose,
        at=clock.now(),
        rows=rows,
    )


def _entries(access: Access, muster_id: int, state: str, area: str) -> "QuerySet[RollEntry]":
    rows = seen_entries(access, RollEntry.objects.filter(muster_id=muster_id))
    if area:
        rows = rows.filter(area=area)
    if state:
        return rows.filter(state=state)
    return rows.exclude(state__in=CASE_STATES)


def _recorded(access: Access, mark: Mark, lines: Sequence[Line]) -> Iterator[Sequence[object]]:
    for start in range(0, len(lines), _LOOKS_AT_ONCE):
        chunk = lines[start : start + _LOOKS_AT_ONCE]
        # A view of its own: a second file in one hour may be for another purpose.
        access.record(f"export {mark.number}", [line.traveller_id for line in chunk])
        for line in chunk:
            yield (
                line.entry_id,
                line.name,
                "yes" if line.minor else "",
                line.area,
                "certain" if line.certainty == 2 else "possible",
                RollState(line.state).label,
                f"{line.since:%Y-%m-%d %H:%M}",
                f"{line.safe_until:%Y-%m-%d %H:%M}" if line.safe_until else "",
                line.later_claim,
                "yes" if line.closed else "",
            )
