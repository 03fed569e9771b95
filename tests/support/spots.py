"""Places and regions at random, crowded around a few spots and edges: near borders, at the
antimeridian and the poles, because that is where two ways of matching could differ."""

from __future__ import annotations

from itertools import pairwise
from typing import get_args

from hypothesis import strategies as st
from pydantic import ValidationError

from wayhome.places import pack
from wayhome.places.affects import StayPlace
from wayhome.places.errors import PlaceError
from wayhome.places.locate import locate
from wayhome.places.placing import at, place_stay
from wayhome.places.region import (
    AnyRegion,
    Area,
    Border,
    Circle,
    City,
    Coast,
    Direction,
    Except,
    Intersection,
    Near,
    Polygon,
    Route,
    Side,
    Union,
    leaves,
    parse,
)
from wayhome.places.resolve import resolve

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


def spots() -> st.SearchStrategy[tuple[tuple[float, float], ...]]:
    """A few of the spots."""
    return st.lists(st.sampled_from(SPOTS), min_size=1, max_size=3, unique=True).map(tuple)


def known_codes() -> list[str]:
    return [code for code in CODES if pack.code_of(code) == code]


def on_globe(lon: float, lat: float) -> tuple[float, float]:
    return round((lon + 180) % 360 - 180, 3), round(max(-90.0, min(90.0, lat)), 3)


@st.composite
def points(draw: st.DrawFn, spots: tuple[tuple[float, float], ...]) -> tuple[float, float]:
    """Within some 60 km of a spot, or exactly on it, or at an edge of the map."""
    lon, lat = draw(st.sampled_from(spots))
    if draw(st.integers(0, 5)):
        step = st.integers(-600, 600)
        lon, lat = lon + draw(step) / 1000, lat + draw(step) / 1000
    lon, lat = on_globe(lon, lat)
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
    ring = [on_globe(*corner) for corner in corners]
    rings = [[*ring, ring[0]]]
    if len(ring) == 4 and draw(st.booleans()):
        half = [
            on_globe(lon + x * wide / 2, lat + y * high / 2)
            for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))
        ]
        rings.append([*half, half[0]])
    try:
        return parse({"kind": "polygon", "rings": rings})
    except PlaceError:  # rounding has made it flat, or a pole has squeezed the hole out
        return Circle(lon=lon, lat=lat, radius_km=1)


@st.composite
def _leaves(draw: st.DrawFn, spots: tuple[tuple[float, float], ...]) -> AnyRegion:
    kinds = ("area", "area", "circle", "polygon", "polygon", "city", "near", "side")
    kind = draw(st.sampled_from(kinds))
    if kind == "near":
        return draw(_strips(spots))
    if kind == "side":
        return draw(_sides(_leaves(spots), spots))
    if kind == "area":
        return Area(code=draw(st.sampled_from(known_codes())))
    if kind == "polygon":
        return draw(_polygons(spots))
    radius = draw(st.sampled_from((0.1, 1, 10, 40, 70, 120, 900)))
    if kind == "city":
        placed = place_stay(draw(st.sampled_from(CITIES)))
        rough = draw(st.booleans())
        return City(
            city_id=1, name="x", lon=placed.lon, lat=placed.lat, radius_km=radius, rough=rough
        )
    lon, lat = draw(points(spots))
    return Circle(lon=lon, lat=lat, radius_km=radius)


@st.composite
def _routes(draw: st.DrawFn, spots: tuple[tuple[float, float], ...]) -> Route:
    """Through some points near one of the spots, wherever they may be."""
    lon, lat = draw(st.sampled_from(spots))
    steps = st.tuples(st.integers(-2000, 2000), st.integers(-900, 900))
    moved = draw(st.lists(steps, min_size=2, max_size=5, unique=True))
    stops = [on_globe(lon + x / 1000, min(90.0, max(-90.0, lat + y / 1000))) for x, y in moved]
    try:
        return Route(points=tuple(stops))
    except ValidationError:  # at a pole they are all one
        return Route(points=((44.4, 33.3), (44.6, 33.7)))


@st.composite
def _strips(draw: st.DrawFn, spots: tuple[tuple[float, float], ...]) -> AnyRegion:
    """Along borders, coasts, routes, and about areas and polygons."""
    km = draw(st.sampled_from((0.2, 5, 30, 200)))
    area = st.builds(Area, code=st.sampled_from(("IQ-BG", "IQ", "SY-HA", "VA", "FJ-N", "SJ")))
    lines = st.sampled_from(
        (Border(of=("IQ",), beside=("IR",)), Border(of=("IQ-AN",)), Border(of=("KE",)),
         Coast(of=("KE",)), Coast(of=("IQ-BA",)), Border(of=("IQ-BG",), beside=("IQ-AN", "IQ-DI")))
    )  # fmt: skip
    of = draw(st.one_of(lines, lines, _routes(spots), area, _polygons(spots)))
    return Near(km=km, of=of) if not isinstance(of, Circle) else of


@st.composite
def _sides(
    draw: st.DrawFn,
    inner: st.SearchStrategy[AnyRegion],
    spots: tuple[tuple[float, float], ...],
) -> AnyRegion:
    """To one side of a place, of a route, or of the middle of the region itself."""
    lon, lat = draw(points(spots))
    places = (None, Circle(lon=lon, lat=lat, radius_km=draw(st.sampled_from((1, 40)))))
    place = draw(st.one_of(st.sampled_from(places), _routes(spots)))
    return Side(
        of=draw(inner),
        towards=draw(st.sampled_from(get_args(Direction))),
        place=place,
        edge=draw(st.sampled_from(("beyond", "middle", "with"))),
    )


def _resolves(region: AnyRegion) -> bool:
    """Whether there is such a border, and anything on that side."""
    try:
        resolve(region)
    except PlaceError:
        return False
    return True


def regions(spots: tuple[tuple[float, float], ...]) -> st.SearchStrategy[AnyRegion]:
    """Areas, shapes and strips, joined, met, excepted and halved in turn."""
    found = st.recursive(
        _leaves(spots),
        lambda inner: st.one_of(
            st.lists(inner, min_size=1, max_size=3).map(lambda parts: Union(parts=tuple(parts))),
            st.lists(inner, min_size=1, max_size=3).map(
                lambda parts: Intersection(parts=tuple(parts))
            ),
            st.builds(lambda base, minus: Except(base=base, minus=minus), inner, inner),
            _sides(inner, spots),
        ),
        max_leaves=5,
    )
    return found.filter(_resolves)


def drawn_points(region: AnyRegion) -> tuple[tuple[float, float], ...]:
    """Points of the region: centres, corners, and middles of edges along a parallel."""
    found: list[tuple[float, float]] = []
    for leaf in leaves(region):
        if isinstance(leaf, Circle | City):
            found.append(on_globe(leaf.lon, leaf.lat))
        for ring in leaf.rings if isinstance(leaf, Polygon) else ():
            found += ring
            for (x1, y1), (x2, y2) in pairwise(ring):
                if y1 == y2 and abs(x1 - x2) < 180:
                    found.append((round((x1 + x2) / 2, 3), y1))
    return tuple(found)


def related_codes(region: AnyRegion) -> tuple[str, ...]:
    """Codes in, of and around what the region names or draws, and a few far from it."""
    found = list(known_codes()[:3])
    for leaf in leaves(region):
        if isinstance(leaf, Area):
            found += [leaf.code, *pack.ancestors(leaf.code), *pack.children(leaf.code)[:4]]
    for lon, lat in drawn_points(region)[:3]:
        for code, _ in locate(lon, lat, 50_000):
            found += [code, *pack.ancestors(code)]
    return tuple(dict.fromkeys(found))
