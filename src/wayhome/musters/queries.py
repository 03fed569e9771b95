"""The board: counts by state, area and time, and the lists behind them."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from wayhome.musters.models import CASE_STATES, Muster, RollChange, RollEntry, RollState
from wayhome.officers.access import Access
from wayhome.work import clock

CLOSED_COMPARTMENT = "in a case compartment"


@dataclass(frozen=True)
class Board:
    """Counts of one muster; the states of the case compartment are one figure."""

    muster: Muster
    total: int
    closed: int
    by_state: dict[str, int]
    by_area: dict[str, dict[str, int]]
    by_certainty: dict[str, int]
    later_claims: int


@dataclass(frozen=True)
class Line:
    """One person on the roll, as an officer with this access may see them."""

    entry_id: int
    traveller_id: int
    name: str
    minor: bool
    area: str
    certainty: int
    state: str
    since: datetime
    safe_until: datetime | None
    later_claim: str
    closed: bool


def board(muster_id: int) -> Board:
    """Counts only, nobody named. The silent are always there, be they none."""
    muster = Muster.objects.get(pk=muster_id)
    by_state: dict[str, int] = {RollState.SILENT: 0, RollState.NEEDS_HELP: 0, RollState.SAFE: 0}
    by_area: dict[str, dict[str, int]] = defaultdict(dict)
    by_certainty: dict[str, int] = {"certain": 0, "possible": 0}
    rows = (
        RollEntry.objects.filter(muster=muster)
        .values("state", "area", "certainty")
        .annotate(n=Count("pk"))
        .order_by("area", "state")
    )
    total = 0
    for row in rows:
        state = CLOSED_COMPARTMENT if row["state"] in CASE_STATES else row["state"]
        total += row["n"]
        by_state[state] = by_state.get(state, 0) + row["n"]
        area = by_area[row["area"]]
        area[state] = area.get(state, 0) + row["n"]
        by_certainty["certain" if row["certainty"] == 2 else "possible"] += row["n"]
    entries = RollEntry.objects.filter(muster=muster)
    return Board(
        muster=muster,
        total=total,
        closed=entries.exclude(closed_at=None).count(),
        by_state=by_state,
        by_area=dict(by_area),
        by_certainty=by_certainty,
        later_claims=entries.exclude(later_claim="").count(),
    )


def over_time(muster_id: int, points: int = 48) -> list[tuple[datetime, dict[str, int]]]:
    """Counts by state at up to ``points`` evenly spaced moments since the muster began.

    From the history alone: each entry counts in the state of its newest change by then.
    """
    changes = list(
        RollChange.objects.filter(entry__muster_id=muster_id)
        .order_by("at", "pk")
        .values_list("at", "entry_id", "state")
    )
    if not changes:
        return []
    first, last = changes[0][0], max(clock.now(), changes[-1][0])
    step = (last - first) / max(points - 1, 1)
    counts: dict[str, int] = defaultdict(int)
    now_in: dict[int, str] = {}
    series: list[tuple[datetime, dict[str, int]]] = []
    done = 0
    for n in range(points):
        moment = last if n == points - 1 else first + step * n
        while done < len(changes) and changes[done][0] <= moment:
            _, entry, state = changes[done]
            shown = CLOSED_COMPARTMENT if state in CASE_STATES else state
            if entry in now_in:
                counts[now_in[entry]] -= 1
            now_in[entry] = shown
            counts[shown] += 1
            done += 1
        series.append((moment, {state: n for state, n in counts.items() if n}))
        if not step:
            break
    return series


def lines(
    access: Access,
    muster_id: int,
    *,
    state: str = RollState.SILENT,
    area: str = "",
    after: int = 0,
    limit: int = 50,
) -> list[Line]:
    """A page of the roll in one state, oldest silence first by number; looks are recorded.

    Entries in a case compartment are shown to cleared officers only.
    """
    rows = RollEntry.objects.filter(muster_id=muster_id, state=state, pk__gt=after)
    if not access.sees_cases:
        rows = rows.exclude(state__in=CASE_STATES)
    if area:
        rows = rows.filter(area=area)
    page = list(rows.select_related("traveller").order_by("pk")[:limit])
    access.record("muster roll", [entry.traveller_id for entry in page])
    return [_line(entry) for entry in page]


def history(access: Access, entry_id: int) -> list[RollChange]:
    """Everything that happened to one entry, oldest first; the look is recorded."""
    entry = RollEntry.objects.get(pk=entry_id)
    if entry.state in CASE_STATES and not access.sees_cases:
        return []
    access.record("roll entry", [entry.traveller_id])
    changes = entry.changes.select_related("reply__registration").order_by("at", "pk")
    if not access.sees_cases:  # what once was a case stays closed
        changes = changes.exclude(state__in=CASE_STATES).exclude(was__in=CASE_STATES)
    return list(changes)


def changed_at(entry_id: int) -> datetime | None:
    """When anything last happened to an entry; nobody is named."""
    changes = RollChange.objects.filter(entry=entry_id).order_by("-pk")
    return changes.values_list("at", flat=True).first()


def find(muster_id: int) -> Muster | None:
    return Muster.objects.filter(pk=muster_id).first()


def closed(limit: int = 50) -> list[Muster]:
    """Closed musters, the last closed first."""
    return list(Muster.objects.exclude(closed_at=None).order_by("-closed_at")[:limit])


def is_case(entry_id: int) -> bool:
    """Whether an entry is in the case compartment; nobody is named."""
    return RollEntry.objects.filter(pk=entry_id, state__in=CASE_STATES).exists()


def line(access: Access, muster_id: int, entry_id: int) -> Line | None:
    """One person on the roll; None where there is no such entry that this access may see."""
    rows = RollEntry.objects.select_related("traveller").filter(muster_id=muster_id, pk=entry_id)
    entry = rows.first()
    if entry is None or (entry.state in CASE_STATES and not access.sees_cases):
        return None
    access.record("roll entry", [entry.traveller_id])
    return _line(entry)


def states_of_open(limit: int = 50) -> list[tuple[Muster, dict[str, int]]]:
    """Open musters, the newest first, each with its counts by state (cases as one figure)."""
    musters = list(Muster.objects.filter(closed_at=None).order_by("-pk")[:limit])
    counts: dict[int, dict[str, int]] = {muster.pk: {RollState.SILENT: 0} for muster in musters}
    rows = (
        RollEntry.objects.filter(muster__in=list(counts))
        .values_list("muster_id", "state")
        .annotate(n=Count("pk"))
        .order_by("muster_id", "state")
    )
    for muster_id, state, n in rows:
        shown = CLOSED_COMPARTMENT if state in CASE_STATES else state
        counts[muster_id][shown] = counts[muster_id].get(shown, 0) + n
    return [(muster, counts[muster.pk]) for muster in musters]


def _line(entry: RollEntry) -> Line:
    return Line(
        entry_id=entry.pk,
        traveller_id=entry.traveller_id,
        name=entry.traveller.name,
        minor=entry.traveller.is_minor,
        area=entry.area,
        certainty=entry.certainty,
        state=entry.state,
        since=entry.since,
        safe_until=entry.safe_until,
        later_claim=entry.later_claim,
        closed=entry.closed_at is not None,
    )
