"""The keyed match: ``affects`` for everyone at once, by index, in columns.

Candidates come by area code and by ranges of Morton keys; each part of the region is evaluated
exactly on whole columns, combined for each stay in three-valued logic, and the best reason of
each traveller kept. Equal to ``affects`` (a property test on random worlds holds them together).
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from wayhome.audience import sql
from wayhome.audience.affects import POSSIBLE, SLACK_DAYS, TRANSIT, Window
from wayhome.audience.models import Reason
from wayhome.places.affects import atom_values
from wayhome.places.resolve import AreaAtom, Resolved
from wayhome.trips.matchrows import day_number
from wayhome.trips.models import MAX_RADIUS_M
from wayhome.work.db import read_moment

Ints = NDArray[np.int64]
Texts = NDArray[np.object_]


@dataclass(frozen=True)
class Matched:
    """Parallel columns, one entry a traveller, ordered by traveller; ``stay`` 0 for a leg."""

    traveller: Ints
    certainty: Ints
    reason: Ints
    stay: Ints
    area: Texts

    def __len__(self) -> int:
        return len(self.traveller)

    def ordered(self) -> "Matched":
        """The same entries in the order of their travellers."""
        order = np.argsort(self.traveller, kind="stable")
        return Matched(*(getattr(self, column.name)[order] for column in fields(self)))


@dataclass(frozen=True)
class Candidates:
    """Rows of a matching table as columns; ``subject`` is the stay or leg end."""

    subject: Ints
    traveller: Ints
    area: Texts
    certainty: NDArray[np.int8]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    radius: Ints
    times: tuple[NDArray[np.object_], ...]


def match(region: Resolved, window: Window, travellers: Sequence[int] | None = None) -> Matched:
    """Who is affected in the window; with ``travellers``, only among those."""
    stays = _stays(region, window, travellers)
    legs = _legs(region, window, travellers)
    return _best([stays, legs])


def _stays(region: Resolved, window: Window, travellers: Sequence[int] | None) -> Matched:
    days = (
        day_number(window.first_day) - SLACK_DAYS - window.grace_days,
        day_number(window.last_day) + SLACK_DAYS + window.lead_days,
    )
    if travellers is not None:
        rows = sql.stay_rows_of(travellers, days) if travellers else []
    else:
        codes, coarse, ranges = _prefilter(region)
        rows = sql.stay_rows(codes, coarse, ranges, days)
    found = columns(rows)
    return _empty() if found is None else evaluate(found, region, window)


def evaluate(found: Candidates, region: Resolved, window: Window) -> Matched:
    """Which of these stays the region concerns in the window, exactly; one entry a stay."""
    first, where, area = _places(found, region)
    arrive, depart, departed = (column[first].astype(np.int64) for column in found.times)
    w0, w1 = day_number(window.first_day), day_number(window.last_day)
    lead, grace = SLACK_DAYS + window.lead_days, SLACK_DAYS + window.grace_days
    # The first rule that holds decides, in the order of affects._days.
    rules = [
        (arrive <= w1) & (depart >= w0),
        (arrive - SLACK_DAYS <= w1) & (depart + SLACK_DAYS >= w0),
        (arrive - lead <= w1) & (arrive >= w0),
        (departed == 0) & (depart <= w1) & (depart + grace >= w0),
    ]
    reason = np.select(
        rules, [Reason.THERE, Reason.THERE, Reason.DUE_TO_ARRIVE, Reason.DUE_TO_HAVE_LEFT], 0
    )
    when = np.select(rules, [2, POSSIBLE, 2, POSSIBLE], 0)
    certainty = np.minimum(where, when)
    kept = certainty > 0
    return Matched(
        found.traveller[first][kept],
        certainty[kept],
        reason[kept],
        found.subject[first][kept],
        area[kept],
    )


def _legs(region: Resolved, window: Window, travellers: Sequence[int] | None) -> Matched:
    start, end = window.start - TRANSIT, window.end + TRANSIT
    last = max(end, window.end + timedelta(days=window.lead_days))
    if travellers is not None and not travellers:
        return _empty()
    found = columns(sql.leg_rows(start, last, travellers))
    if found is None:
        return _empty()
    first, where, area = _places(found, region)
    at = found.times[0][first]
    in_transit = np.array([read_moment(moment) <= end for moment in at], dtype=bool)
    kept = where > 0
    return Matched(
        found.traveller[first][kept],
        where[kept],
        np.where(in_transit, int(Reason.IN_TRANSIT), int(Reason.DUE_THROUGH))[kept],
        np.zeros(int(kept.sum()), dtype=np.int64),
        area[kept],
    )


def _prefilter(region: Resolved) -> tuple[list[str], list[str], list[tuple[int, int]]]:
    """Codes, codes for stays without a point, and key ranges that any part may concern."""
    codes: set[str] = set()
    coarse: set[str] = set()
    ranges: list[tuple[int, int]] = []
    for atom in region.atoms:
        if isinstance(atom, AreaAtom):
            codes |= atom.within | atom.around
        else:
            coarse |= atom.within | atom.around
    for atom in region.searched:
        ranges += atom.ranges(MAX_RADIUS_M)
    return sorted(codes), sorted(coarse - codes), ranges


def _places(found: Candidates, region: Resolved) -> tuple[Ints, Ints, Texts]:
    """For each stay or leg end: its first row, the region's value there, and its best area."""
    _, first, group = np.unique(found.subject, return_index=True, return_inverse=True)
    values = []
    best_here = np.zeros(len(found.subject), dtype=np.int8)
    for atom in region.atoms:
        here = atom_values(atom, found.area, found.certainty, found.lon, found.lat, found.radius)
        best_here = np.maximum(best_here, here)
        together = np.zeros(len(first), dtype=np.int8)
        np.maximum.at(together, group, here)
        values.append(together)
    where = np.asarray(region.combine(values), dtype=np.int64)
    # The area named for a stay: the row that meets the region best, then the surest recorded.
    order = np.lexsort((found.area.astype(str), -found.certainty, -best_here, group))
    heads = order[np.searchsorted(group[order], np.arange(len(first)))]
    return first.astype(np.int64), where, found.area[heads]


def _best(parts: list[Matched]) -> Matched:
    """The best reason of each traveller: the surest, then the first of ``Reason``."""
    traveller, certainty, reason, stay = (
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("traveller", "certainty", "reason", "stay")
    )
    area = np.concatenate([part.area for part in parts])
    order = np.lexsort((stay, reason, -certainty, traveller))
    _, heads = np.unique(traveller[order], return_index=True)
    kept = order[heads]
    return Matched(traveller[kept], certainty[kept], reason[kept], stay[kept], area[kept])


def columns(rows: list[sql.Row]) -> Candidates | None:
    """Rows of hand-written SQL as columns; None where there are none."""
    if not rows:
        return None
    _, subject, traveller, area, certainty, lon, lat, radius, *times = zip(*rows, strict=True)
    return Candidates(
        subject=np.array(subject, dtype=np.int64),
        traveller=np.array(traveller, dtype=np.int64),
        area=np.array(area, dtype=object),
        certainty=np.array(certainty, dtype=np.int8),
        lon=np.array(lon, dtype=np.float64),
        lat=np.array(lat, dtype=np.float64),
        radius=np.array(radius, dtype=np.int64),
        times=tuple(np.array(column, dtype=object) for column in times),
    )


def _empty() -> Matched:
    none = np.zeros(0, dtype=np.int64)
    return Matched(none, none, none, none, np.zeros(0, dtype=object))
