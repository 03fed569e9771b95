"""Keys and covers: nothing near a shape is ever missed."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from wayhome.places import PlaceError, keys, pack
from wayhome.places.region import Circle
from wayhome.places.resolve import ShapeAtom, resolve
from wayhome.places.shapes import PolygonShape

pytestmark = pytest.mark.unit

GEOD = Geod(ellps="WGS84")
lons = st.floats(-180, 180) | st.sampled_from([-180.0, 180.0, 0.0, 179.9999])
lats = st.floats(-90, 90) | st.sampled_from([-90.0, 90.0, 0.0, 89.9999])


def by_hand(lon: float, lat: float) -> int:
    """The definition, bit by bit."""
    x = min(int((lon + 180) / 360 * 2**31), 2**31 - 1)
    y = min(int((lat + 90) / 180 * 2**31), 2**31 - 1)
    return sum(((x >> bit & 1) << 2 * bit) | ((y >> bit & 1) << 2 * bit + 1) for bit in range(31))


@given(lons, lats)
def test_keys_are_morton_order(lon: float, lat: float) -> None:
    key = keys.morton(lon, lat)
    assert key == by_hand(lon, lat)
    assert 0 <= key < 2**62


def test_known_keys() -> None:
    """Stored with every stay: these values may never change."""
    assert keys.morton(-180, -90) == 0
    assert keys.morton(180, 90) == 2**62 - 1
    assert keys.morton(0, 0) == 3 * 2**60
    assert keys.mortons([44.4, 0], [33.3, 0]).tolist() == [by_hand(44.4, 33.3), 3 * 2**60]


@pytest.mark.parametrize(("lon", "lat"), [(181, 0), (0, 91), (float("nan"), 0), (0, float("inf"))])
def test_points_off_the_globe_are_refused(lon: float, lat: float) -> None:
    with pytest.raises(PlaceError, match="not on the globe"):
        keys.morton(lon, lat)


def inside(ranges: list[tuple[int, int]], key: int) -> bool:
    return any(first <= key <= last for first, last in ranges)


def sound(ranges: list[tuple[int, int]], most: int) -> None:
    assert len(ranges) <= most
    for (_, last), (first, _) in pairwise(ranges):
        assert last + 1 < first
    assert all(0 <= first <= last < 2**62 for first, last in ranges)


@settings(max_examples=150, deadline=None)
@given(
    lons, lats, st.floats(10, 3_000_000), st.floats(0, 360), st.floats(0, 1),
    st.integers(1, 80),
)  # fmt: skip
def test_circles_are_covered(
    lon: float, lat: float, radius_m: float, bearing: float, share: float, most: int
) -> None:
    ranges = keys.cover_circle(lon, lat, radius_m, most)
    sound(ranges, most)
    x, y, _ = GEOD.fwd(lon, lat, bearing, radius_m * share)
    assert inside(ranges, keys.morton(x, y))


SHAPES: list[Any] = [
    shapely.box(40, 30, 41, 31),
    shapely.box(179, -20, 180, -15).union(shapely.box(-180, -20, -179, -15)),
    shapely.box(-180, -90, 180, -60),
    shapely.box(10, 85, 30, 90),
    shapely.Polygon([(43, 30), (46, 33), (43, 36), (44, 33)]),
    shapely.box(0, 0, 0.001, 0.001),
    *(pack.geometry(code) for code in ("IQ-AN", "FJ", "CL", "NO")),
]


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(SHAPES), st.floats(0, 1), st.floats(0, 360), st.floats(0, 1),
    st.sampled_from([0, 100, 5_000, 25_000, 200_000]), st.integers(1, 64),
)  # fmt: skip
def test_polygons_and_their_margins_are_covered(
    shape: Any, along: float, bearing: float, share: float, margin_m: int, most: int
) -> None:
    ranges = keys.cover(shape, margin_m, most)
    sound(ranges, most)
    edge = shape.boundary.interpolate(along, normalized=True)
    x, y, _ = GEOD.fwd(edge.x, edge.y, bearing, margin_m * share * 0.9999)
    point = (x, y) if margin_m else (edge.x, edge.y)
    near = PolygonShape(shape).covers(np.array([point[0]]), np.array([point[1]]))[0]
    if margin_m or near:  # a point on an edge may be rounded to just outside
        assert inside(ranges, keys.morton(*point))


def test_covers_are_tight_enough() -> None:
    shape = pack.geometry("IQ-AN")
    assert shape is not None
    share = sum(last - first + 1 for first, last in keys.cover(shape, 5_000)) / 2**62
    assert share < 2 * shape.area / (360 * 180)


def test_nothing_needs_nothing() -> None:
    assert keys.cover(shapely.Polygon(), 5_000) == []
    assert keys.cover((-180, -90, 180, 90), 0) == [(0, 2**62 - 1)]


def test_an_atom_knows_its_ranges() -> None:
    atom = resolve(Circle(lon=44.4, lat=33.3, radius_km=25)).atoms[0]
    assert isinstance(atom, ShapeAtom)
    x, y, _ = GEOD.fwd(44.4, 33.3, 45, 29_900)
    assert inside(atom.ranges(5_000), keys.morton(x, y))
