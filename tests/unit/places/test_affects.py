"""A stay's place in a region: the definition, and the fast path that must agree with it."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from wayhome.places import edges, pack, region
from wayhome.places.affects import atom_values, place_certainty
from wayhome.places.placing import StayPlace, place_stay
from wayhome.places.reading import read
from wayhome.places.region import Area, Circle, Except, Polygon, Union
from wayhome.places.resolve import AreaAtom, ShapeAtom, resolve

pytestmark = pytest.mark.unit

GEOD = Geod(ellps="WGS84")


def box(west: float, south: float, east: float, north: float) -> Polygon:
    corners = ((west, south), (east, south), (east, north), (west, north), (west, south))
    return Polygon(rings=(corners,))


ANBAR = StayPlace((("IQ-AN", 2),))
COUNTRY = StayPlace((("IQ", 2),))
DOHUK = StayPlace((("IQ-DA", 2),))


@pytest.mark.parametrize(
    ("place", "words", "certainty"),
    [
        (ANBAR, "IQ-AN", 2), (ANBAR, "Iraq", 2), (ANBAR, "IQ-NI", 0), (ANBAR, "Syria", 0),
        (COUNTRY, "Iraq", 2), (COUNTRY, "IQ-AN", 1), (COUNTRY, "Iraq except Anbar", 1),
        (DOHUK, "Iraq except Dohuk and Irbil", 0), (ANBAR, "Iraq except Dohuk and Irbil", 2),
        (DOHUK, "IQ-KR", 2), (StayPlace((("IQ-KR", 2),)), "IQ-DA", 1),
        (StayPlace((("IQ-AN", 2), ("IQ-SD", 1))), "IQ-SD", 1),
        (StayPlace((("IQ-AN", 2), ("IQ-SD", 1))), "IQ-AN, IQ-SD", 2),
        (StayPlace((("IQ-AN", 1),)), "Iraq", 1),
        (StayPlace(()), "Iraq", 0),
        (ANBAR, "within 25 km of Baghdad", 1), (DOHUK, "within 25 km of Baghdad", 0),
        (COUNTRY, "within 25 km of Baghdad", 1), (ANBAR, "within 900 km of Baghdad", 2),
        (COUNTRY, "within 2000 km of Baghdad", 2),
        (StayPlace((("KE-28", 2),)), "within 3000 km of Nairobi", 2),
        (StayPlace((("KE-28", 2),)), "within 10 km of Nairobi", 1),
        (StayPlace((("CC", 2),)), "within 20 km of Nairobi", 0),
    ],
)  # fmt: skip
def test_certainty_by_area(place: StayPlace, words: str, certainty: int) -> None:
    assert place_certainty(place, resolve(read(words))) == certainty


def test_certainty_by_point() -> None:
    circle = resolve(Circle(lon=44.4, lat=33.3, radius_km=25))
    areas = (("IQ-BG", 2),)
    east, north, _ = GEOD.fwd(44.4, 33.3, 90, 25_000)
    assert place_certainty(StayPlace(areas, 44.4, 33.3, 0), circle) == 2
    assert place_certainty(StayPlace(areas, east - 1e-6, north, 0), circle) == 2
    assert place_certainty(StayPlace(areas, east + 1e-3, north, 0), circle) == 0
    assert place_certainty(StayPlace(areas, east + 1e-3, north, 100), circle) == 1


def test_a_border_belongs_to_the_polygon() -> None:
    square = resolve(box(40, 30, 41, 31))
    for lon, lat in ((40, 30), (41, 31), (40.5, 30), (41, 30.5)):
        assert place_certainty(StayPlace((), lon, lat, 0), square) == 2
    assert place_certainty(StayPlace((), 39.9999, 30.5, 0), square) == 0


@pytest.mark.parametrize("lon", [180.0, -180.0, 179.5, -179.5])
def test_across_the_antimeridian(lon: float) -> None:
    crossing = resolve(
        region.parse(
            {
                "kind": "polygon",
                "rings": [[[179, -20], [-179, -20], [-179, -15], [179, -15], [179, -20]]],
            }
        )
    )
    assert place_certainty(StayPlace((), lon, -17, 0), crossing) == 2
    assert place_certainty(StayPlace((), 0, -17, 0), crossing) == 0
    circle = resolve(Circle(lon=179.9, lat=-17, radius_km=100))
    assert place_certainty(StayPlace((), lon, -17, 0), circle) == 2
    near = resolve(box(178, -20, 179.95, -15))
    assert place_certainty(StayPlace((), -179.99, -17, 10_000), near) == 1
    assert place_certainty(StayPlace((), -179.99, -17, 5_000), near) == 0


@pytest.mark.parametrize("lon", [0.0, 180.0, -77.0])
def test_at_the_poles(lon: float) -> None:
    cap = resolve(box(-180, -90, 180, -60))
    assert place_certainty(StayPlace((), lon, -90, 0), cap) == 2
    circle = resolve(Circle(lon=10, lat=89.9, radius_km=20))
    assert place_certainty(StayPlace((), lon, 90, 0), circle) == 2
    wedge = resolve(box(10, 80, 20, 89.95))
    assert place_certainty(StayPlace((), lon, 90, 6_000), wedge) == 1
    assert place_certainty(StayPlace((), lon, 90, 5_000), wedge) == 0


@given(
    st.lists(st.sampled_from([0, 1, 2]), min_size=4, max_size=4),
    st.recursive(
        st.sampled_from([Area(code=code) for code in ("IQ", "SY", "JO", "TR")]),
        lambda inner: (
            st.builds(Union, parts=st.lists(inner, min_size=1, max_size=3).map(tuple))
            | st.builds(Except, base=inner, minus=inner)
        ),
        max_leaves=8,
    ),
)
def test_combining_numbers_and_arrays_agree(values: list[int], tree: region.AnyRegion) -> None:
    resolved = resolve(tree)
    used = values[: len(resolved.atoms)]
    arrays = [np.array([value], np.int8) for value in used]
    combined = resolved.combine(arrays)
    assert combined.dtype == np.int8
    assert combined[0] == resolved.combine(used)
    assert resolved.combine([2] * len(used)) in (0, 2)


REGIONS: list[Any] = [
    Area(code="IQ"), Area(code="IQ-KR"), Area(code="FR"), Area(code="KE-28"),
    Circle(lon=44.4, lat=33.3, radius_km=25), Circle(lon=44.4, lat=33.3, radius_km=400),
    Circle(lon=179.99, lat=-17, radius_km=300), Circle(lon=10, lat=89, radius_km=300),
    box(40, 30, 45, 36), box(178, -20, 180, -15), box(-180, -90, 180, -60), box(10, 80, 60, 90),
    Polygon(rings=(((43, 30), (46, 33), (43, 36), (44, 33), (43, 30)),)),
    Polygon(
        rings=(
            ((40, 30), (46, 30), (46, 36), (40, 36), (40, 30)),
            ((42, 32), (42, 34), (44, 34), (44, 32), (42, 32)),
        )
    ),
]  # fmt: skip
CODES = [
    "IQ",
    "IQ-AN",
    "IQ-BG",
    "IQ-DA",
    "IQ-KR",
    "IQ-SD",
    "FJ",
    "FJ-C",
    "AQ",
    "KE-28",
    "FR-75C",
    "SY",
]


@st.composite
def places(draw: st.DrawFn) -> StayPlace:
    areas = draw(
        st.lists(st.tuples(st.sampled_from(CODES), st.sampled_from([1, 2])), min_size=1, max_size=3)
    )
    if draw(st.booleans()):
        return StayPlace(tuple(areas))
    lon, lat = draw(
        st.tuples(st.floats(38, 48), st.floats(28, 38))
        | st.tuples(st.floats(-180, 180), st.floats(-90, 90))
        | st.tuples(st.sampled_from([180.0, -180.0, 179.99, -179.9]), st.floats(-20, -14))
        | st.tuples(st.floats(-180, 180), st.sampled_from([90.0, -90.0, 89.5, 80.0, -60.0]))
        | st.tuples(st.sampled_from([40.0, 46.0, 43.0]), st.sampled_from([30.0, 32.0, 36.0]))
    )
    return StayPlace(
        tuple(areas), lon, lat, draw(st.sampled_from([0, 100, 5_000, 25_000, 300_000]))
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(places(), min_size=1, max_size=25), st.sampled_from(REGIONS), st.booleans())
def test_many_rows_agree_with_the_definition(
    stays: list[StayPlace], asked: region.AnyRegion, as_numbers: bool
) -> None:
    resolved = resolve(asked)
    rows = [(i, code, value) for i, stay in enumerate(stays) for code, value in stay.areas]
    owner = np.array([row[0] for row in rows])
    codes: Any = np.array([row[1] for row in rows])
    if as_numbers:
        codes = np.array([pack.code_number(code) for code in codes])
    nan = float("nan")
    values = atom_values(
        resolved.atoms[0],
        codes,
        np.array([row[2] for row in rows], np.int8),
        np.array([nan if stays[i].lon is None else stays[i].lon for i in owner], float),
        np.array([nan if stays[i].lat is None else stays[i].lat for i in owner], float),
        np.array([stays[i].radius_m for i in owner]),
    )
    for number, stay in enumerate(stays):
        assert values[owner == number].max() == place_certainty(stay, resolved), stay


@settings(max_examples=80, deadline=None)
@given(
    st.floats(-180, 180), st.floats(-80, 80), st.floats(0, 360), st.floats(1_000, 100_000),
    st.floats(0, 360), st.floats(10_000, 400_000),
)  # fmt: skip
def test_distance_to_an_edge_is_near_the_true_one(
    lon: float, lat: float, bearing: float, away: float, turn: float, length: float
) -> None:
    """Against the least of 4,000 geodesic distances along the edge."""
    x1, y1, _ = GEOD.fwd(lon, lat, bearing, away)
    x2, y2, _ = GEOD.fwd(x1, y1, turn, length)
    x2 = x1 + (x2 - x1 + 180) % 360 - 180
    share = np.linspace(0, 1, 4000)
    ones = np.ones(4000)
    _, _, metres = GEOD.inv(lon * ones, lat * ones, x1 + share * (x2 - x1), y1 + share * (y2 - y1))
    edge = np.array([[x1, y1, x2, y2]])
    found = edges.to_edges(np.array([lon]), np.array([lat]), edge)[0]
    true = metres.min()
    assert found >= true - length / 4000 - 1
    if true <= 100_000:
        assert found <= true * 1.01 + 1


def test_atoms_of_areas() -> None:
    resolved = resolve(read("IQ-KR, IQ-AN"))
    first = resolved.atoms[0]
    assert isinstance(first, AreaAtom)
    assert first.within == {"IQ-KR", "IQ-AR", "IQ-DA", "IQ-SU"}
    assert first.around == {"IQ"}
    assert resolved.codes == {"IQ-KR", "IQ-AN"}
    assert resolve(read("Iraq except Dohuk")).codes == {"IQ"}
    twice = Union(parts=(Area(code="IQ"), Area(code="IQ")))
    assert len(resolve(twice).atoms) == 1


def test_atoms_of_shapes() -> None:
    atom = resolve(box(38, 29, 49, 38)).atoms[0]
    assert isinstance(atom, ShapeAtom)
    assert {"IQ", "IQ-AN", "IQ-KR"} <= atom.within
    assert {"SY", "IR", "TR"} <= atom.around
    assert not atom.within & atom.around


def test_geometry_follows_the_expression() -> None:
    whole, without = resolve(read("Iraq")), resolve(read("Iraq except Dohuk"))
    dohuk = pack.geometry("IQ-DA")
    assert dohuk is not None
    assert without.geometry().area == pytest.approx(whole.geometry().area - dohuk.area, rel=1e-6)
    assert resolve(Area(code="BV")).geometry().is_empty


def test_a_placed_stay_is_in_its_own_province() -> None:
    placed = place_stay("Mosul")
    assert place_certainty(placed.place, resolve(read("Nineveh, Iraq"))) == 2
    assert place_certainty(placed.place, resolve(read("Mosul city"))) == 2
    assert place_certainty(placed.place, resolve(read("Basra, Iraq"))) == 0


@pytest.mark.parametrize("radius_m", [0, 100])
@pytest.mark.parametrize("share", [0.25, 0.5, 1 / 3, 0.9])
def test_on_a_slanted_edge_the_definition_and_the_fast_path_say_the_same(
    share: float, radius_m: int
) -> None:
    """Whether such a point is inside hangs on its last digit, and must hang on it alike."""
    ring = ((42.392, 37.109), (42.392, 37.111), (42.328, 37.111), (42.392, 37.109))
    atom = resolve(Polygon(rings=(ring,))).atoms[0]
    lon = 42.328 + share * (42.392 - 42.328)
    lat = 37.111 + share * (37.109 - 37.111)
    for point in ((lon, lat), (round(lon, 5), round(lat, 5)), (42.36, 37.11)):
        place = StayPlace((("IQ-DA", 2),), *point, radius_m)
        defined = place_certainty(place, resolve(Polygon(rings=(ring,))))
        columns = (np.array([value]) for value in (*point, radius_m))
        fast = atom_values(atom, np.array(["IQ-DA"]), np.array([2], np.int8), *columns)
        assert [defined] == fast.tolist()
