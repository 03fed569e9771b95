"""Random worlds: people near borders, the antimeridian and the poles, and regions drawn there.

A world keeps the facts that ``affects`` sees and writes the rows that matching reads, through the
writers that enrolment uses. Places, days and regions crowd around a few spots and edges, because
that is where the two could differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

from wayhome.audience.affects import LegEndFacts, StayFacts, Window
from wayhome.places import pack
from wayhome.places.affects import StayPlace
from wayhome.places.errors import PlaceError
from wayhome.places.locate import locate
from wayhome.places.placing import at, place_stay
from wayhome.places.region import (
    AnyRegion,
    Area,
    Circle,
    City,
    Except,
    Polygon,
    Union,
    leaves,
    parse,
)
from wayhome.trips import matchrows
from wayhome.trips.models import LegEnd, LegMatch, Stay, StayMatch

DAY_ZERO = date(2014, 6, 16)

SPOTS = (
    (41.0, 34.4),  # Iraq and Syria, on the Euphrates
    (42.36, 37.11),  # Iraq, Syria and Turkey
    (46.0, 33.0),  # Iraq and Iran
    (44.4, 33.3),  # Baghdad
    (179.99, -16.8),  # Fiji, on the antimeridian
    (-179.98, 67.0),  # Chukotka, beyond it
    (12.453, 41.903),  # the Holy See
    (15.6, 78.2),  # Svalbard
    (10.0, 89.95),  # the North Pole
    (-60.0, -89.9),  # the South Pole
    (-30.0, 10.0),  # the open Atlantic
)
CODES = (
    "IQ", "IQ-NI", "IQ-BG", "IQ-AN", "IR", "IR-17", "SY", "SY-HA", "TR", "TR-73", "FJ", "FJ-N",
    "RU", "RU-CHU", "VA", "IT", "IT-62", "IT-RM", "NO", "SJ", "AQ", "GB", "GB-ENG", "GB-LND",
    "FR", "KI",
)  # fmt: skip
CITIES = (
    "Mosul",
    "Baghdad, Iraq",
    "Al Hasakah, Syria",
    "Zaxo, Iraq",
    "Labasa, Fiji",
    "Rome, Italy",
)


def known_codes() -> list[str]:
    return [code for code in CODES if pack.code_of(code) == code]


@dataclass(frozen=True)
class StayOf:
    """A traveller's stay."""

    traveller: int
    facts: StayFacts


@dataclass(frozen=True)
class LegEndOf:
    """One end of a traveller's leg."""

    traveller: int
    facts: LegEndFacts


@dataclass(frozen=True)
class World:
    """Stays and leg ends are numbered from 1 in the order in which they stand."""

    stays: tuple[StayOf, ...]
    leg_ends: tuple[LegEndOf, ...]

    def write(self) -> None:
        """Replace all matching rows by those of this world."""
        StayMatch.objects.all().delete()
        LegMatch.objects.all().delete()
        for number, stay in enumerate(self.stays, 1):
            matchrows.write_stay(
                Stay(
                    pk=number,
                    trip_id=number,
                    line=1,
                    arrive=stay.facts.arrive,
                    depart=stay.facts.depart,
                    departure_confirmed=stay.facts.departure_confirmed,
                    **_placed(stay.facts.place),
                ),
                stay.traveller,
            )
        for number, end in enumerate(self.leg_ends, 1):
            row = LegEnd(pk=number, leg_id=number, at=end.facts.at, **_placed(end.facts.place))
            LegMatch.objects.bulk_create(matchrows.rows_of_leg_ends([row], end.traveller))


def _placed(place: StayPlace) -> dict[str, Any]:
    return {
        "lon": place.lon,
        "lat": place.lat,
        "radius_m": place.radius_m,
        "areas": [list(pair) for pair in place.areas],
    }


def _on_globe(lon: float, lat: float) -> tuple[float, float]:
    return round((lon + 180) % 360 - 180, 3), round(max(-90.0, min(90.0, lat)), 3)


@st.composite
def points(draw: st.DrawFn, spots: tuple[tuple[float, float], ...]) -> tuple[float, float]:
    """Within some 60 km of a spot, or exactly on it, or at an edge of the map."""
    lon, lat = draw(st.sampled_from(spots))
    if draw(st.integers(0, 5)):
        step = st.integers(-600, 600)
        lon, lat = lon + draw(step) / 1000, lat + draw(step) / 1000
    lon, lat = _on_globe(lon, lat)
    edge = draw(st.integers(0, 30))
    if edge == 0:
        lat = 90.0 if lat > 0 else -90.0
    elif edge == 1:
        lon = draw(st.sampled_from((-180.0, 180.0)))
    return lon, lat


_RADII = st.sampled_from((0, 100, 1_000, 5_000, 20_000, 49_999, 50_000))


@st.composite
def places(
    draw: st.DrawFn,
    spots: tuple[tuple[float, float], ...],
    drawn: tuple[tuple[float, float], ...],
    codes: tuple[str, ...],
) -> StayPlace:
    """As enrolment would place it, or as some other register might; often where was drawn."""
    kind = draw(st.sampled_from(("point", "drawn", "drawn", "city", "area", "area", "several")))
    if kind == "city":
        return place_stay(draw(st.sampled_from(CITIES))).place
    if kind == "area":
        return StayPlace(((draw(st.sampled_from(codes)), 2),))
    if kind == "several":
        some = draw(st.lists(st.sampled_from(codes), min_size=1, max_size=4, unique=True))
        areas = tuple((code, draw(st.sampled_from((1, 2)))) for code in some)
        if draw(st.booleans()):
            return StayPlace(areas)
        return StayPlace(areas, *draw(points(spots)), draw(_RADII))
    if kind == "drawn" and drawn:
        lon, lat = draw(st.sampled_from(drawn))
    else:
        lon, lat = draw(points(spots))
    placed = at(lon, lat, draw(_RADII))
    if draw(st.booleans()):
        return placed.place
    return StayPlace(placed.areas, lon, lat, draw(_RADII))


@st.composite
def _polygons(draw: st.DrawFn, spots: tuple[tuple[float, float], ...]) -> AnyRegion:
    lon, lat = draw(points(spots))
    wide, high = draw(st.integers(1, 900)) / 1000, draw(st.integers(1, 900)) / 1000
    south, north = round(max(-90.0, lat - high), 3), round(min(90.0, lat + high), 3)
    if draw(st.integers(0, 3)) == 0 and abs(lat) > 60:
        low, top = (south, 90.0) if lat > 0 else (-90.0, north)
        ring = [(-180.0, low), (180.0, low), (180.0, top), (-180.0, top), (-180.0, low)]
        return Polygon(rings=(tuple(ring),))
    corners = [(lon - wide, south), (lon + wide, south), (lon + wide, north), (lon - wide, north)]
    if draw(st.booleans()):
        corners.pop(draw(st.integers(0, 3)))  # a triangle: edges that follow no parallel
    ring = [_on_globe(*corner) for corner in corners]
    rings = [[*ring, ring[0]]]
    if len(ring) == 4 and draw(st.booleans()):
        half = [
            _on_globe(lon + x * wide / 2, lat + y * high / 2)
            for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))
        ]
        rings.append([*half, half[0]])
    try:
        return parse({"kind": "polygon", "rings": rings})
    except PlaceError:  # rounding has made it flat, or a pole has squeezed the hole out
        return Circle(lon=lon, lat=lat, radius_km=1)


@st.composite
def _leaves(draw: st.DrawFn, spots: tuple[tuple[float, float], ...]) -> AnyRegion:
    kind = draw(st.sampled_from(("area", "area", "circle", "polygon", "polygon", "city")))
    if kind == "area":
        return Area(code=draw(st.sampled_from(known_codes())))
    if kind == "polygon":
        return draw(_polygons(spots))
    radius = draw(st.sampled_from((0.1, 1, 10, 40, 70, 120, 900)))
    if kind == "city":
        placed = place_stay(draw(st.sampled_from(CITIES)))
        return City(city_id=1, name="x", lon=placed.lon, lat=placed.lat, radius_km=radius)
    lon, lat = draw(points(spots))
    return Circle(lon=lon, lat=lat, radius_km=radius)


def regions(spots: tuple[tuple[float, float], ...]) -> st.SearchStrategy[AnyRegion]:
    """Areas, circles, cities and polygons, joined and excepted in turn."""
    return st.recursive(
        _leaves(spots),
        lambda inner: st.one_of(
            st.lists(inner, min_size=1, max_size=3).map(lambda parts: Union(parts=tuple(parts))),
            st.builds(lambda base, minus: Except(base=base, minus=minus), inner, inner),
        ),
        max_leaves=5,
    )


def _drawn(region: AnyRegion) -> tuple[tuple[float, float], ...]:
    """Points of the region: centres, corners, and middles of edges along a parallel."""
    found: list[tuple[float, float]] = []
    for leaf in leaves(region):
        if isinstance(leaf, Circle | City):
            found.append(_on_globe(leaf.lon, leaf.lat))
        for ring in leaf.rings if isinstance(leaf, Polygon) else ():
            found += ring
            for (x1, y1), (x2, y2) in pairwise(ring):
                if y1 == y2 and abs(x1 - x2) < 180:
                    found.append((round((x1 + x2) / 2, 3), y1))
    return tuple(found)


def _related(region: AnyRegion) -> tuple[str, ...]:
    """Codes in, of and around what the region names or draws, and a few far from it."""
    found = list(known_codes()[:3])
    for leaf in leaves(region):
        if isinstance(leaf, Area):
            found += [leaf.code, *pack.ancestors(leaf.code), *pack.children(leaf.code)[:4]]
    for lon, lat in _drawn(region)[:3]:
        for code, _ in locate(lon, lat, 50_000):
            found += [code, *pack.ancestors(code)]
    return tuple(dict.fromkeys(found))


@st.composite
def windows(draw: st.DrawFn) -> Window:
    day = datetime(2014, 6, 16, tzinfo=UTC) + timedelta(days=draw(st.integers(-1, 1)))
    start = day + draw(
        st.sampled_from((timedelta(0), timedelta(hours=11), timedelta(hours=23, minutes=59)))
    )
    length = draw(st.sampled_from((0, 0, 1, 24, 72, 24 * 40)))
    return Window(
        start,
        start + timedelta(hours=length),
        lead_days=draw(st.sampled_from((0, 1, 7, 30))),
        grace_days=draw(st.sampled_from((0, 1, 7, 30))),
    )


_LENGTHS = (0, 1, 2, 7, 29, 30, 31, 32, 60, 364, 365, 366, 367, 800)


@st.composite
def _days(draw: st.DrawFn, window: Window) -> tuple[date, date | None, bool]:
    """Days that begin or end at an edge of what the window asks for, or a day off it."""
    off = draw(st.integers(-2, 2))
    if draw(st.integers(0, 9)) == 0:
        return date(1900, 1, 1), None, False
    if draw(st.booleans()):
        ends = draw(st.sampled_from((0, window.grace_days, window.grace_days + 1)))
        depart = window.first_day - timedelta(days=ends + off)
        arrive = depart - timedelta(days=draw(st.sampled_from(_LENGTHS)))
        return arrive, depart, draw(st.booleans())
    begins = draw(st.sampled_from((0, window.lead_days, window.lead_days + 1)))
    arrive = window.last_day + timedelta(days=begins + off)
    length = draw(st.sampled_from((*_LENGTHS, None)))
    if length is None:
        return arrive, None, False
    return arrive, arrive + timedelta(days=length), draw(st.booleans())


@st.composite
def _moments(draw: st.DrawFn, window: Window) -> datetime:
    hours = draw(st.sampled_from((-4, -3, -1, 0, 1, 3, 4)))
    begins = draw(
        st.sampled_from((window.start, window.end, window.end + timedelta(days=window.lead_days)))
    )
    off = draw(st.sampled_from((timedelta(0), timedelta(microseconds=1), timedelta(seconds=1))))
    return begins + timedelta(hours=hours) + off * draw(st.sampled_from((-1, 1)))


@st.composite
def asked_worlds(draw: st.DrawFn) -> tuple[World, AnyRegion, Window]:
    """A world, and a region and window that are asked of it."""
    spots = tuple(draw(st.lists(st.sampled_from(SPOTS), min_size=1, max_size=3, unique=True)))
    region = draw(regions(spots))
    window = draw(windows())
    where = places(spots, _drawn(region), _related(region))
    traveller = st.integers(1, 12)
    stays = []
    for _ in range(draw(st.integers(1, 14))):
        who, place, (arrive, depart, left) = draw(traveller), draw(where), draw(_days(window))
        stays.append(StayOf(who, StayFacts(place, arrive, depart, left)))
    legs = [
        LegEndOf(draw(traveller), LegEndFacts(draw(where), draw(_moments(window))))
        for _ in range(draw(st.integers(0, 3)))
    ]
    return World(tuple(stays), tuple(legs)), region, window
