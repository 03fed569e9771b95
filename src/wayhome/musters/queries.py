"""The board: counts by state, area and time, and the lists behind them."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import (
    BooleanField,
    Case,
    Count,
    Expression,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from wayhome.musters.models import CASE_STATES, Muster, RollChange, RollEntry, RollState
from wayhome.officers.access import Access
from wayhome.travellers.seeing import in_closed_compartments, people_seen_by, seen_by
from wayhome.trips.freshness import FRESH_DAYS, STALE_DAYS, Freshness
from wayhome.trips.models import Stay
from wayhome.work import clock

# Cases, and people of organisations whose compartment is closed: one figure, so that numbers add
# up for whoever is responsible and say of nobody that they are there.
CLOSED_COMPARTMENT = "in a closed compartment"


@dataclass(frozen=True)
class Board:
    """Counts of one muster; whoever is in a closed compartment is in one figure."""

    muster: Muster
    total: int
    closed: int
    by_state: dict[str, int]
    by_area: dict[str, dict[str, int]]
    by_certainty: dict[str, int]
    later_claims: int
    by_freshness: dict[str, int]


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
        .annotate(in_closed=_in_closed())
        .values("state", "area", "certainty", "in_closed")
        .annotate(n=Count("pk"))
        .order_by("area", "state")
    )
    total = 0
    for row in rows:
        is_closed = row["in_closed"] or row["state"] in CASE_STATES
        state = CLOSED_COMPARTMENT if is_closed else row["state"]
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
        by_freshness=_by_freshness(muster_id),
    )


def _by_freshness(muster_id: int) -> dict[str, int]:
    """People on the roll by certainty and by how long ago any stay of theirs was said: fresh,
    ageing, stale; where none is written down, not at all."""
    now = clock.now()
    said = (
        Stay.objects.filter(is_current=True, trip__registration__traveller=OuterRef("traveller_id"))
        .order_by()
        .values("is_current")
        .annotate(last=Max(Coalesce("confirmed_at", "said_at")))
        .values("last")
    )
    rows = (
        RollEntry.objects.filter(muster=muster_id)
        .annotate(last=Subquery(said))
        .annotate(
            fresh=Case(
                When(last__gte=now - timedelta(days=FRESH_DAYS), then=Value(Freshness.FRESH)),
                When(last__gte=now - timedelta(days=STALE_DAYS), then=Value(Freshness.AGEING)),
                When(last__isnull=False, then=Value(Freshness.STALE)),
                default=Value(""),
            )
        )
        .values_list("certainty", "fresh")
        .annotate(n=Count("pk"))
        .order_by("-certainty", "fresh")
    )
    return {
        f"{'certain' if certainty == 2 else 'possible'}, {fresh or 'no stay'}": n
        for certainty, fresh, n in rows
    }


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
    closed_entries: set[int] = set()
    if closed := in_closed_compartments("traveller_id"):
        entries = RollEntry.objects.filter(closed, muster_id=muster_id)
        closed_entries = set(entries.values_list("pk", flat=True))
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
            is_closed = state in CASE_STATES or entry in closed_entries
            shown = CLOSED_COMPARTMENT if is_closed else state
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
    rows = seen_entries(access, rows)
    if area:
        rows = rows.filter(area=area)
    page = list(rows.select_related("traveller").order_by("pk")[:limit])
    access.record("muster roll", [entry.traveller_id for entry in page])
    return [as_line(entry) for entry in page]


def history(access: Access, entry_id: int) -> list[RollChange]:
    """Everything that happened to one entry, oldest first; the look is recorded."""
    entry = seen_entries(access, RollEntry.objects.filter(pk=entry_id)).first()
    if entry is None:
        return []
    access.record("roll entry", [entry.traveller_id])
    changes = entry.changes.select_related("reply__registration").order_by("at", "pk")
    # What another registration of the person said may be closed to this access.
    if may_be_seen := seen_by(access, "reply__registration"):
        changes = changes.filter(Q(reply=None) | may_be_seen)
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
    entry = seen_entries(access, rows).first()
    if entry is None:
        return None
    access.record("roll entry", [entry.traveller_id])
    return as_line(entry)


def states_of_open(limit: int = 50) -> list[tuple[Muster, dict[str, int]]]:
    """Open musters, the newest first, each with its counts by state (cases as one figure)."""
    musters = list(Muster.objects.filter(closed_at=None).order_by("-pk")[:limit])
    counts: dict[int, dict[str, int]] = {muster.pk: {RollState.SILENT: 0} for muster in musters}
    rows = (
        RollEntry.objects.filter(muster__in=list(counts))
        .annotate(in_closed=_in_closed())
        .values_list("muster_id", "state", "in_closed")
        .annotate(n=Count("pk"))
        .order_by("muster_id", "state")
    )
    for muster_id, state, in_closed, n in rows:
        shown = CLOSED_COMPARTMENT if in_closed or state in CASE_STATES else state
        counts[muster_id][shown] = counts[muster_id].get(shown, 0) + n
    return [(muster, counts[muster.pk]) for muster in musters]


def seen_entries(access: Access, rows: "QuerySet[RollEntry]") -> "QuerySet[RollEntry]":
    """Entries that are there for this access."""
    if not access.sees_cases:
        rows = rows.exclude(state__in=CASE_STATES)
    return rows.filter(people_seen_by(access, "traveller_id"))


def _in_closed() -> Expression:
    """Whether the person of an entry is in the closed compartment of an organisation."""
    closed = in_closed_compartments("traveller_id")
    if closed is None:
        return Value(False)
    return Case(When(closed, then=True), default=False, output_field=BooleanField())


def as_line(entry: RollEntry) -> Line:
    """An entry that an access may see, as it is shown."""
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
