"""From points and words to places."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wayhome.places import PlaceError, pack
from wayhome.places.locate import BORDER_M, locate, locate_many
from wayhome.places.placing import at, place_stay
from wayhome.places.shapes import PolygonShape

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("lon", "lat", "wanted"),
    [
        (44.4, 33.3, (("IQ-BG", 2),)), (43.1, 36.3, (("IQ-NI", 2),)), (2.35, 48.86, "FR-75C"),
        (-157.86, 21.3, "US-HI"), (178.44, -18.14, "FJ-C"), (12.0, -90.0, (("AQ", 2),)),
        (-180.0, -90.0, (("AQ", 2),)), (0.0, 90.0, ()), (-30.0, 30.0, ()), (12.453, 41.903, "VA"),
    ],
)  # fmt: skip
def test_points(lon: float, lat: float, wanted: object) -> None:
    found = locate(lon, lat)
    if isinstance(wanted, str):
        assert found[0][0] == wanted
    else:
        assert found == wanted


def test_both_sides_of_a_border_are_candidates() -> None:
    shape = pack.shapes()["IQ-AN"]
    other = pack.shapes()["IQ-NI"]
    point = shape.intersection(other.buffer(0.001)).representative_point()
    found = dict(locate(point.x, point.y))
    assert {"IQ-AN", "IQ-NI"} <= set(found)
    assert 2 in found.values()


def test_offshore_is_only_possible() -> None:
    assert locate(48.6, 29.6) != ()
    assert max(value for _, value in locate(-9.8, 38.7)) == 1


@pytest.mark.parametrize(
    ("lon", "lat", "radius"),
    [(181, 0, 0), (0, 91, 0), (float("nan"), 0, 0), (0, 0, -1), (0, 0, 1e9)],
)
def test_invalid_points(lon: float, lat: float, radius: float) -> None:
    with pytest.raises(PlaceError):
        locate(lon, lat, radius)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(38, 49), st.floats(28, 38))
        | st.tuples(st.floats(-180, 180), st.floats(-90, 90))
        | st.tuples(st.sampled_from([180.0, -180.0, 179.98]), st.floats(-20, -15)),
        min_size=1,
        max_size=10,
    ),
    st.sampled_from([0, 5_000, 25_000]),
)
def test_nothing_within_reach_is_missed(points: list[tuple[float, float]], radius: int) -> None:
    """Against measuring the exact distance to every polygon of some countries."""
    codes = [code for code in pack.shapes() if code[:2] in ("IQ", "SY", "KW", "FJ", "JO")]
    lon = np.array([point[0] for point in points])
    lat = np.array([point[1] for point in points])
    found = locate_many(lon, lat, np.full(len(points), radius))
    assert found == [locate(x, y, radius) for x, y in points]
    for code in codes:
        shape = PolygonShape(pack.shapes()[code])
        near = shape.near(lon, lat, np.full(len(points), float(radius + BORDER_M)))
        inside = shape.covers(lon, lat)
        for i in range(len(points)):
            if near[i] and "-" in code:
                assert dict(found[i]).get(code, 0) == (2 if inside[i] else 1)


@pytest.mark.parametrize(
    ("text", "precision", "area"),
    [
        ("Mosul", "city", "IQ-NI"), ("Baghdad", "city", "IQ-BG"),
        ("Baghdad, Iraq", "city", "IQ-BG"),
        ("Baghdad province", "subdivision", "IQ-BG"), ("IQ-AN", "subdivision", "IQ-AN"),
        ("Anbar", "subdivision", "IQ-AN"), ("Iraq", "country", "IQ"), ("IN", "country", "IN"),
        ("33.3, 44.4", "point", "IQ-BG"), ("33.3° N, 44.4° E", "point", "IQ-BG"),
        ("Paris, Texas, US", "city", "US-TX"), ("Paris", "city", "FR-75C"),
        ("Springfield, Illinois", "city", "US-IL"), ("الموصل", "city", "IQ-NI"),
        ("New York", "city", "US-NY"), ("Tbilisi, Georgia", "city", "GE-TB"),
        ("Tunis, Tunisia", "city", "TN-11"), ("Brasília", "city", "BR-DF"),
        ("Holland", "country", "NL"),
    ],
)  # fmt: skip
def test_placing(text: str, precision: str, area: str) -> None:
    placed = place_stay(text)
    assert placed.precision == precision
    assert placed.areas[0] == (area, 2)
    assert (placed.lon is None) == (precision in ("subdivision", "country"))
    assert (placed.radius_m > 0) == (placed.lon is not None)


def test_coordinates_are_rounded() -> None:
    placed = at(44.36789123, 33.31234567)
    assert (placed.lon, placed.lat, placed.radius_m) == (44.368, 33.312, 100)
    assert placed.words == "33.312° N, 44.368° E (Baghdad, Iraq)"


def test_context_for_placing() -> None:
    assert place_stay("Georgia", "US").areas == (("US-GA", 2),)
    assert place_stay("Victoria", "CA").areas[0] == ("CA-BC", 2)


@pytest.mark.parametrize(
    "text",
    ["", " ", ",", "Georgia", "Atlantis of the deep", "99, 0", "0, 999", "x" * 10_000_000, "\x00",
     "😀", "Mosul, Atlantis of the deep", "Nowhereville, Iraq", "Iraq, Iran"],
)  # fmt: skip
def test_what_cannot_be_placed(text: str) -> None:
    with pytest.raises(PlaceError) as caught:
        place_stay(text)
    assert caught.value.field == "place"
    assert caught.value.fix


@settings(deadline=None)
@given(st.text(max_size=60))
def test_no_text_breaks_placing(text: str) -> None:
    try:
        placed = place_stay(text)
    except PlaceError:
        return
    assert placed.areas is not None
