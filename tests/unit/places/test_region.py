"""Regions survive storage, mean the same however written, and refuse what cannot be drawn."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wayhome.places import PlaceError, region
from wayhome.places.fingerprint import fingerprint
from wayhome.places.region import Area, Circle, City, Except, Polygon, Union

pytestmark = pytest.mark.unit

SQUARE = ((40.0, 30.0), (41.0, 30.0), (41.0, 31.0), (40.0, 31.0), (40.0, 30.0))

codes = st.sampled_from(["IQ", "IQ-AN", "IQ-NI", "SY", "TR-34", "US", "FJ"])
circles = st.builds(
    Circle,
    lon=st.floats(-180, 180),
    lat=st.floats(-90, 90),
    radius_km=st.floats(0.1, 5000),
)
leaves = st.builds(Area, code=codes) | circles | st.just(Polygon(rings=(SQUARE,)))
trees = st.recursive(
    leaves,
    lambda inner: (
        st.builds(Union, parts=st.lists(inner, min_size=1, max_size=4).map(tuple))
        | st.builds(Except, base=inner, minus=inner)
    ),
    max_leaves=12,
)


@given(trees)
def test_round_trip(tree: region.AnyRegion) -> None:
    stored = json.dumps(region.dump(tree))
    assert region.parse(stored) == tree
    assert fingerprint(region.parse(stored)) == fingerprint(tree)
    assert json.loads(stored)["version"] == 1


@given(st.lists(leaves, min_size=2, max_size=6), st.randoms())
def test_order_and_nesting_do_not_change_the_fingerprint(parts: list[Any], random: Any) -> None:
    mixed = [*parts, parts[0]]
    random.shuffle(mixed)
    nested = Union(parts=(Union(parts=tuple(mixed[:1])), *mixed[1:]))
    assert fingerprint(nested) == fingerprint(Union(parts=tuple(parts)))


def test_fingerprints_differ_where_meaning_does() -> None:
    a, b = Area(code="IQ"), Area(code="IQ-DA")
    different = [
        a, b, Union(parts=(a, b)), Except(base=a, minus=b), Except(base=b, minus=a),
        Circle(lon=1, lat=2, radius_km=3), Circle(lon=2, lat=1, radius_km=3),
        Polygon(rings=(SQUARE,)),
    ]  # fmt: skip
    assert len({fingerprint(each) for each in different}) == len(different)


def test_fingerprint_of_equal_meaning() -> None:
    turned = tuple(reversed(SQUARE))
    started = (*SQUARE[2:-1], *SQUARE[:3])
    wanted = fingerprint(Polygon(rings=(SQUARE,)))
    assert fingerprint(Polygon(rings=(turned,))) == wanted
    assert fingerprint(Polygon(rings=(started,))) == wanted
    assert fingerprint(Area(code="IQ-TS")) == fingerprint(Area(code="IQ-KI"))
    city = City(city_id=98182, name="Baghdad", lon=44.4, lat=33.3, radius_km=25)
    circle = Circle(lon=44.4, lat=33.3, radius_km=25)
    assert fingerprint(city) == fingerprint(circle)


def test_fingerprint_is_the_one_of_version_1() -> None:
    """Stored fingerprints must stay comparable: this value may never change."""
    both = Union(parts=(Area(code="IQ-NI"), Area(code="IQ-AN")))
    assert fingerprint(both)[:8] == "5d7627d2"


def ring(*points: tuple[float, float]) -> dict[str, Any]:
    return {"kind": "polygon", "rings": [[list(point) for point in points]]}


@pytest.mark.parametrize(
    ("given_value", "problem"),
    [
        (ring((0, 0), (1, 1), (1, 0), (0, 1), (0, 0)), "crosses itself"),
        (ring((0, 0), (1, 0), (0, 0)), "fewer than 4"),
        (ring((0, 0), (1, 0), (1, 1), (0, 1)), "not closed"),
        (ring((0, 0), (1, 0), (2, 0), (0, 0)), "crosses itself|no area"),
        (ring((0, 0), (181, 0), (1, 1), (0, 0)), "not on the globe"),
        (ring((0, 0), (0, 91), (1, 1), (0, 0)), "not on the globe"),
        (ring((0, 0), (float("nan"), 0), (1, 1), (0, 0)), "not a number"),
        (ring((0, 0), (float("inf"), 0), (1, 1), (0, 0)), "not a number"),
        (ring((-90, 80), (0, 80), (90, 80), (179, 80), (-90, 80)), "round a pole"),
        ({"kind": "polygon", "rings": []}, "no ring"),
        (
            {"kind": "polygon", "rings": [SQUARE, [[0, 0], [1, 0], [1, 1], [0, 0]]]},
            "hole lies outside",
        ),
        (ring(*[(0.0, 0.0)] * 50_001), "more than 50000 vertices"),
        ({"kind": "circle", "lon": 0, "lat": 0, "radius_km": 0}, "greater than 0"),
        ({"kind": "circle", "lon": 0, "lat": 0, "radius_km": 1e9}, "less than or equal"),
        ({"kind": "circle", "lon": 0, "lat": 0, "radius_km": 1, "x": 1}, "extra"),
        ({"kind": "circle", "lon": float("nan"), "lat": 0, "radius_km": 1}, "finite"),
        ({"kind": "circle", "lon": 0}, "required"),
        ({"kind": "area", "code": "XX"}, "no area has the code"),
        ({"kind": "area", "code": 7}, "string"),
        ({"kind": "union", "parts": []}, "at least 1"),
        ({"kind": "moon"}, "does not match"),
        ({}, "unable to extract tag"),
        ({"version": 2, "region": {"kind": "area", "code": "IQ"}}, "version is not known"),
        ({"version": 1}, "version is not known"),
    ],
)  # fmt: skip
def test_refused(given_value: dict[str, Any], problem: str) -> None:
    with pytest.raises(PlaceError, match=problem) as caught:
        region.parse(given_value)
    assert caught.value.field
    assert caught.value.fix
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    "text",
    ["", "[]", "null", "7", "{", '"IQ"', "[" * 100_000, "{" * 100, b"\xff\xfe", "x" * 6_000_000],
)
def test_what_is_no_region_is_refused(text: str | bytes) -> None:
    with pytest.raises(PlaceError):
        region.parse(text)


def test_depth_and_parts_are_bounded() -> None:
    deep: dict[str, Any] = {"kind": "area", "code": "IQ"}
    for _ in range(10):
        deep = {"kind": "union", "parts": [deep]}
    assert region.parse(deep)
    for _ in range(5000):
        deep = {"kind": "except", "base": deep, "minus": {"kind": "area", "code": "SY"}}
    with pytest.raises(PlaceError, match="nests deeper"):
        region.parse(deep)
    wide = {"kind": "union", "parts": [{"kind": "area", "code": "IQ"}] * 1001}
    with pytest.raises(PlaceError, match="more than 500 parts"):
        region.parse(wide)


def test_vertices_are_bounded_over_all_parts() -> None:
    import math

    circle = [
        (math.cos(t / 20_000 * math.tau), math.sin(t / 20_000 * math.tau)) for t in range(20_000)
    ]
    part = ring(*circle, circle[0])
    with pytest.raises(PlaceError, match="vertices"):
        region.parse({"kind": "union", "parts": [part] * 3})
