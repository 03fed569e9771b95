"""Regions obey the laws of sets on people, and say the same however they are written."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from tests.support.spots import drawn_points, places, regions, related_codes, spots

from wayhome.places import levels, pack
from wayhome.places import region as r
from wayhome.places.affects import StayPlace, place_certainty
from wayhome.places.errors import PlaceError
from wayhome.places.fingerprint import fingerprint
from wayhome.places.geojson import geojson, read_geojson
from wayhome.places.placing import at
from wayhome.places.reading import read
from wayhome.places.resolve import CERTAIN, NO, POSSIBLE, resolve
from wayhome.places.words import in_words

pytestmark = pytest.mark.unit
# The same examples each time; WAYHOME_TEST_SEEDS plays so many times as many others.
SEEDS = int(os.environ.get("WAYHOME_TEST_SEEDS") or 0)
slow = settings(
    deadline=None,
    max_examples=25 * (SEEDS or 1),
    derandomize=not SEEDS,
    suppress_health_check=list(HealthCheck),
)


def values(people: list[StayPlace], region: r.AnyRegion) -> list[int]:
    resolved = resolve(region)
    return [place_certainty(place, resolved) for place in people]


@st.composite
def asked(draw: st.DrawFn, count: int) -> tuple[list[r.AnyRegion], list[StayPlace]]:
    """So many regions, and people about them."""
    there = draw(spots())
    found = [draw(regions(there)) for _ in range(count)]
    whole = r.Union(parts=tuple(found))
    people = places(there, drawn_points(whole), related_codes(whole))
    return found, draw(st.lists(people, min_size=3, max_size=8))


@settings(slow, max_examples=10 * (SEEDS or 1))
@given(asked(3))
def test_set_laws(world: tuple[list[r.AnyRegion], list[StayPlace]]) -> None:
    (a, b, c), people = world
    same = [
        (r.Union(parts=(a, b)), r.Union(parts=(b, a, a))),
        (r.Intersection(parts=(a, b)), r.Intersection(parts=(b, a, b))),
        (r.Union(parts=(a, r.Union(parts=(b, c)))), r.Union(parts=(a, b, c))),
        (
            r.Except(base=a, minus=r.Union(parts=(b, c))),
            r.Except(base=r.Except(base=a, minus=b), minus=c),
        ),
        (
            r.Except(base=r.Union(parts=(a, b)), minus=c),
            r.Union(parts=(r.Except(base=a, minus=c), r.Except(base=b, minus=c))),
        ),
        (
            r.Intersection(parts=(a, r.Union(parts=(b, c)))),
            r.Union(parts=(r.Intersection(parts=(a, b)), r.Intersection(parts=(a, c)))),
        ),
        (r.Intersection(parts=(a, r.Union(parts=(a, b)))), a),
    ]
    for left, right in same:
        assert values(people, left) == values(people, right)
    outside = values(people, r.Except(base=a, minus=b))
    for out, base, minus in zip(outside, values(people, a), values(people, b), strict=True):
        assert out <= base
        assert not out == minus == CERTAIN


@slow
@given(asked(1), st.sampled_from(r.get_args(r.Direction)), st.sampled_from(("beyond", "with")))
def test_one_side_and_what_is_left_of_it_are_all(
    world: tuple[list[r.AnyRegion], list[StayPlace]], towards: Any, edge: Any
) -> None:
    (a,), people = world
    middle = r.Circle(lon=44.4, lat=33.3, radius_km=20)
    side = r.Side(of=a, towards=towards, place=middle, edge=edge)
    try:
        resolve(side)
    except PlaceError:
        assume(False)
    found = [values(people, each) for each in (a, side, r.Except(base=a, minus=side))]
    for place, whole, here, left in zip(people, *found, strict=True):
        assert here <= whole
        assert max(here, left) == whole or (whole == CERTAIN and here == left == POSSIBLE)
        if place.lon is not None and place.radius_m == 0:
            assert here in (NO, whole)


@settings(slow, max_examples=15 * (SEEDS or 1))
@given(asked(1))
def test_opposite_sides_share_nobody(world: tuple[list[r.AnyRegion], list[StayPlace]]) -> None:
    (a,), people = world
    place = r.City(city_id=1, name="x", lon=44.4, lat=33.3, radius_km=10)
    for one, other in (("north", "south"), ("north-east", "south-west"), ("west", "east")):
        sides = [r.Side(of=a, towards=t, place=place, edge="beyond") for t in (one, other)]
        try:
            both = [values(people, side) for side in sides]
        except PlaceError:
            continue
        for person, here, there in zip(people, *both, strict=True):
            # At a pole all meridians meet, and a register may be sure of two areas.
            if person.lat is not None and abs(person.lat) < 89 and person.radius_m == 0:
                assert min(here, there) < CERTAIN


@slow
@given(asked(1), st.randoms())
def test_order_of_parts_and_of_vertices_changes_nothing(
    world: tuple[list[r.AnyRegion], list[StayPlace]], random: Any
) -> None:
    (a,), people = world
    turned = _turned(a, random)
    assert fingerprint(turned) == fingerprint(a)
    assert values(people, turned) == values(people, a)


def _turned(region: r.AnyRegion, random: Any) -> r.AnyRegion:
    """The same with parts shuffled, rings begun elsewhere and run the other way."""
    data = region.model_dump()

    def turn(part: Any) -> Any:
        if isinstance(part, dict):
            part = {key: turn(value) for key, value in part.items()}
            if part.get("kind") in ("union", "intersection"):
                part["parts"] = random.sample(part["parts"], len(part["parts"]))
            if part.get("kind") == "polygon":
                rings = []
                for ring in part["rings"]:
                    points = list(ring[:-1])
                    start = random.randrange(len(points))
                    points = points[start:] + points[:start]
                    points = points[::-1] if random.random() < 0.5 else points
                    rings.append([*points, points[0]])
                part["rings"] = rings
            if part.get("kind") == "route":
                names = part["names"]
                part |= {"points": part["points"][::-1], "names": names[::-1]}
        elif isinstance(part, list | tuple):
            part = [turn(each) for each in part]
        return part

    return r.parse(turn(data))


@slow
@given(asked(1))
def test_json_and_geojson_keep_the_same_people(
    world: tuple[list[r.AnyRegion], list[StayPlace]],
) -> None:
    (a,), people = world
    stored = r.parse(json.dumps(r.dump(a)))
    drawn = read_geojson(json.dumps(geojson(a)))
    assert values(people, stored) == values(people, a) == values(people, drawn)


CITIES = ("Baghdad", "Mosul", "Ramadi", "Basra", "Kirkuk")
_areas = st.sampled_from(("IQ-AN", "IQ-NI", "IQ-BG", "IQ-DI", "IQ-BA", "IQ-KR", "SY-HA"))
_area = st.builds(r.Area, code=_areas)
_city = st.sampled_from(CITIES).map(lambda name: read(f"{name} city", "IQ"))
_route = st.lists(st.sampled_from(CITIES), min_size=2, max_size=3, unique=True).map(
    lambda names: read("the route " + " – ".join(names), "IQ").of  # type: ignore[union-attr]
)
_near = st.builds(
    r.Near,
    km=st.sampled_from((1.5, 5, 20)),
    of=st.sampled_from(
        (
            r.Border(of=("IQ",), beside=("IR",)), r.Border(of=("IQ",), beside=("KW", "SA")),
            r.Border(of=("IQ-AN", "IQ-NI"), beside=("SY",)), r.Border(of=("IQ-BG",)),
            r.Coast(of=("IQ",)), r.Coast(of=("KE",)), r.Area(code="IQ-KI"),
        )
    )
    | _route,
)  # fmt: skip
_circle = st.just(r.Circle(lon=44.4, lat=33.3, radius_km=12))
_around = st.just(read("within 30 km of Baghdad, Iraq"))


def _composed(inner: st.SearchStrategy[r.AnyRegion]) -> st.SearchStrategy[r.AnyRegion]:
    some = st.lists(inner, min_size=2, max_size=3, unique=True).map(tuple)
    return st.one_of(
        st.builds(r.Union, parts=some),
        st.builds(r.Intersection, parts=st.tuples(inner, inner)),
        st.builds(r.Except, base=inner, minus=inner),
        st.builds(r.Rest, of=inner),
        st.builds(
            r.Side,
            of=inner,
            towards=st.sampled_from(r.get_args(r.Direction)),
            place=st.none(),
        ),
        st.builds(
            r.Side,
            of=inner,
            towards=st.sampled_from(r.get_args(r.Direction)),
            place=st.one_of(_city, _circle, _around, _area, _route),
            edge=st.sampled_from(("beyond", "with", "middle")),
        ),
    )


@slow
@given(st.recursive(_area | _city | _near | _circle | _around, _composed, max_leaves=5))
def test_words_are_read_back_as_the_same_region(region: r.AnyRegion) -> None:
    words = in_words(region)
    assert fingerprint(read(words)) == fingerprint(region), words
    for language in ("fr", "es", "ar"):
        assert in_words(region, language)


LEVELS = [
    r.Area(code="IQ-AN"),
    r.Side(
        of=r.Area(code="IQ-AN"), towards="west", place=r.Circle(lon=43.3, lat=33.4, radius_km=9)
    ),
    r.Near(km=5, of=r.Border(of=("IQ",), beside=("IR",))),
    r.Except(base=r.Area(code="IQ-DI"), minus=r.Circle(lon=44.6, lat=33.7, radius_km=10)),
    r.Area(code="IQ-KR"),
]


@settings(slow, max_examples=15 * (SEEDS or 1))
@given(
    st.lists(st.tuples(st.integers(2, 4), st.sampled_from(LEVELS)), min_size=1, max_size=5),
    st.lists(st.tuples(st.integers(3900, 4820), st.integers(2950, 3730)), min_size=1, max_size=20),
)
def test_every_person_in_the_country_has_one_level(
    said: list[tuple[int, r.AnyRegion]], where: list[tuple[int, int]]
) -> None:
    parts = [levels.Part(level, region) for level, region in said]
    parts.append(levels.Part(1, r.Rest(of=r.Area(code="IQ"))))
    assert levels.check(parts, "IQ").is_whole
    found = {level: resolve(region) for level, region in levels.by_level(parts).items()}
    for lon, lat in where:
        place = at(lon / 100, lat / 100, 0)
        if "IQ" not in {code[:2] for code, _ in place.areas}:
            continue
        person = StayPlace(place.areas, place.lon, place.lat, 0)
        own = {level: place_certainty(person, region) for level, region in found.items()}
        highest = [
            level for level, region in said if place_certainty(person, resolve(region)) == CERTAIN
        ]
        certain = [level for level, certainty in own.items() if certainty == CERTAIN]
        assert len(certain) <= 1
        if highest:
            assert certain == [max(highest)]
        elif not any(own[level] for level in own if level > 1):
            assert own[1] == max(sure for code, sure in place.areas if code[:2] == "IQ")


def test_what_is_left_of_a_country_is_named() -> None:
    parts = [levels.Part(4, read("Anbar, Nineveh and Basra", "IQ"))]
    checked = levels.check([*parts, levels.Part(3, read("Anbar except Ramadi city", "IQ"))], "IQ")
    assert not checked.is_whole
    left = {gap.code for gap in checked.gaps}
    assert "IQ-DI" in left
    assert not left & {"IQ-AN", "IQ-NI", "IQ-BA"}
    assert all(gap.share == 1 for gap in checked.gaps)
    assert [(each.first, each.second) for each in checked.overlaps] == [(0, 1)]
    assert {pack.area(code).country for code in left} == {"IQ"}
