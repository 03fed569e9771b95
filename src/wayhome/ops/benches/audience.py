"""How long finding an audience takes, beside a scan of every stay.

Three ways answer the same question and must name the same travellers, or the bench fails:
``keyed`` is what Wayhome does; ``scan`` reads the whole table and evaluates every row, as a
system without keys would; ``memory`` evaluates columns that are already in memory, the limit.
A sample of stays is also held against ``affects``, the readable definition.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from statistics import median

import numpy as np
import shapely
from django.db import connection

from wayhome.audience import matching
from wayhome.audience.affects import StayFacts, Window, affects
from wayhome.audience.sql import STAY_COLUMNS, Row
from wayhome.ops.benches import world
from wayhome.places import pack
from wayhome.places.affects import StayPlace
from wayhome.places.reading import read
from wayhome.places.region import AnyRegion, Area, Circle, Polygon, Union
from wayhome.places.resolve import Resolved, resolve
from wayhome.trips.matchrows import EPOCH
from wayhome.trips.models import NO_END

RUNS = 5
SAMPLE = 2000


@dataclass(frozen=True)
class Line:
    """Medians in milliseconds; ``found`` travellers."""

    region: str
    found: int
    keyed_ms: float
    scan_ms: float
    memory_ms: float

    @property
    def times_faster(self) -> float:
        return self.scan_ms / self.keyed_ms


def run(stays: int) -> tuple[int, list[Line]]:
    """Fill the empty database with ``stays`` stays and measure; (rows, one line a region)."""
    rows = world.fill(stays)
    start = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=world.FIRST_DAY + 400)
    window = Window(start, start + timedelta(days=7))
    everything = _everything()
    columns = matching.columns(everything)
    assert columns is not None
    lines = []
    for name, region in _regions().items():
        resolved = resolve(region)
        keyed, keyed_ms = _timed(partial(matching.match, resolved, window))
        scanned, scan_ms = _timed(partial(_scan, resolved, window), runs=2)
        memory, memory_ms = _timed(partial(matching.evaluate, columns, resolved, window))
        for other, way in ((scanned, "scan"), (memory, "memory")):
            if not np.array_equal(keyed.traveller, np.unique(other.traveller)):
                raise AssertionError(f"{name}: keyed and {way} found different people")
        _check_sample(everything, resolved, window, set(keyed.traveller.tolist()))
        lines.append(Line(name, len(keyed), keyed_ms, scan_ms, memory_ms))
    return rows, lines


def _regions() -> dict[str, AnyRegion]:
    jagged = max(shapely.get_parts(pack.geometry("IQ-AN")), key=lambda part: part.area)
    return {
        "five provinces by code": read(
            "Anbar, Nineveh, Salahuddin, Diyala and Tamim provinces, Iraq"
        ),
        "a province as a drawn polygon": Polygon(
            kind="polygon", rings=(tuple((x, y) for x, y in jagged.exterior.coords),)
        ),
        "25 km around a megacity": Circle(kind="circle", lon=77.21, lat=28.61, radius_km=25),
        "a large country by code": Area(kind="area", code="IN"),
        "both sides of the antimeridian": Union(
            kind="union",
            parts=(
                Circle(kind="circle", lon=179.9, lat=-16.8, radius_km=300),
                Area(kind="area", code="NZ"),
            ),
        ),
    }


def _everything() -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {STAY_COLUMNS} FROM stay_match m")
        rows: list[Row] = cursor.fetchall()
    return rows


def _scan(region: Resolved, window: Window) -> matching.Matched:
    columns = matching.columns(_everything())
    assert columns is not None
    return matching.evaluate(columns, region, window)


def _timed(
    question: Callable[[], matching.Matched], runs: int = RUNS
) -> tuple[matching.Matched, float]:
    times = []
    answer = question()  # the first fills caches and is not counted
    for _ in range(runs):
        began = time.perf_counter()
        answer = question()
        times.append((time.perf_counter() - began) * 1000)
    return answer, median(times)


def _check_sample(rows: list[Row], region: Resolved, window: Window, found: set[int]) -> None:
    """Hold some found and some other stays against the definition."""
    of_stay: dict[int, list[Row]] = {}
    wanted = set(list(found)[:SAMPLE]) | {int(str(row[2])) for row in rows[: SAMPLE * 2]}
    for row in rows:
        if row[2] in wanted:
            of_stay.setdefault(int(str(row[1])), []).append(row)
    for stay, own in of_stay.items():
        _, _, traveller, _, _, lon, lat, radius, arrive, depart, departed = own[0]
        facts = StayFacts(
            StayPlace(
                tuple((str(row[3]), int(str(row[4]))) for row in own),
                lon,  # type: ignore[arg-type]
                lat,  # type: ignore[arg-type]
                int(str(radius)),
            ),
            EPOCH + timedelta(days=int(str(arrive))),
            None if depart == NO_END else EPOCH + timedelta(days=int(str(depart))),
            bool(departed),
        )
        expected = affects(facts, region, window) is not None
        if expected != (traveller in found):
            raise AssertionError(f"stay {stay}: the definition says {expected}")
