"""Regions read from words, said in words, and drawn."""

import re
import xml.etree.ElementTree as ET

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from wayhome.places import PlaceError, drawing, region
from wayhome.places.geodesy import point_words
from wayhome.places.geojson import geojson
from wayhome.places.reading import read
from wayhome.places.words import in_words

pytestmark = pytest.mark.unit

FIVE = {"IQ-AN", "IQ-NI", "IQ-SD", "IQ-DI", "IQ-KI"}


def codes(text: str, country: str | None = None) -> set[str]:
    found = region.leaves(read(text, country))
    assert all(isinstance(leaf, region.Area) for leaf in found)
    return {leaf.code for leaf in found if isinstance(leaf, region.Area)}


@pytest.mark.parametrize(
    "text",
    [
        "Anbar, Nineveh, Salahuddin, Diyala and Tamim provinces, Iraq",
        "Anbar, Nineveh, Salahuddin, Diyala, and Tamim provinces in Iraq",
        "Al-Anbar; Ninewa; Salah al-Din; Diyala; Kirkuk, Iraq",
        "the provinces of Anbar, Nineveh, Salah ad Din, Diyala and At-Ta'mim (Iraq)",
        "IQ-AN, IQ-NI, IQ-SD, IQ-DI and IQ-TS",
        "الأنبار، نينوى، صلاح الدين، ديالى، التأميم، العراق",
        "Anbar\nNineveh\nSalahuddin\nDiyala\nTamim\nIraq",
    ],
)
def test_five_provinces(text: str) -> None:
    assert codes(text) == FIVE


def test_five_provinces_with_the_country_known() -> None:
    assert codes("Anbar, Nineveh, Salahuddin, Diyala and Tamim provinces", "IQ") == FIVE


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Iraq", {"IQ"}), ("IQ", {"IQ"}), ("all of Iraq", {"IQ"}), ("Iraq and Syria", {"IQ", "SY"}),
        ("Jordan, Syria, Iraq", {"JO", "SY", "IQ"}), ("Baghdad", {"IQ-BG"}),
        ("Baghdad province", {"IQ-BG"}), ("Paris, France", {"FR-75C"}),
        ("Trinidad and Tobago", {"TT"}), ("Luxembourg and Belgium", {"LU", "BE"}),
        ("Bosnia and Herzegovina, Serbia and Croatia", {"BA", "RS", "HR"}),
        ("Mali, Niger and Burkina Faso", {"ML", "NE", "BF"}),
        ("Anbar (Iraq), Hasakah (Syria)", {"IQ-AN", "SY-HA"}),
        ("Anbar, Iraq; Aleppo and Homs, Syria", {"IQ-AN", "SY-HL", "SY-HI"}),
        ("Borno, Yobe and Adamawa States in Nigeria", {"NG-BO", "NG-YO", "NG-AD"}),
        ("Iraq, Iran and Syria", {"IQ", "IR", "SY"}), ("Iraq; Iran", {"IQ", "IR"}),
        ("Texas and Georgia states, United States", {"US-TX", "US-GA"}),
        ("Tunis, Tunisia", {"TN-11"}), ("Vatican", {"VA"}),
        ("United States and Iraq", {"US", "IQ"}), ("\x00Iraq\x07", {"IQ"}),
        ('{"kind": "area", "code": "IQ"}', {"IQ"}),
    ],
)  # fmt: skip
def test_lists(text: str, wanted: set[str]) -> None:
    assert codes(text) == wanted


@pytest.mark.parametrize(
    ("text", "km"),
    [
        ("within 25 km of Baghdad, Iraq", 25), ("25km around Baghdad", 25),
        ("within a radius of 25 kilometres of Baghdad", 25), ("10 miles from Baghdad", 16.093),
        ("areas within 500 m of Baghdad", 0.5), ("Baghdad city", 25),
    ],
)  # fmt: skip
def test_distances(text: str, km: float) -> None:
    found = read(text)
    assert isinstance(found, region.City)
    assert (found.name, found.radius_km) == ("Baghdad", km)


def test_distance_from_a_point() -> None:
    wanted = region.Circle(lon=44.4, lat=33.3, radius_km=50)
    assert read("within 50 km of 33.3, 44.4") == wanted
    assert read("within 50 km of 33.3 N, 44.4 E") == wanted


@pytest.mark.parametrize(
    "text",
    ["Iraq except Dohuk and Irbil", "Iraq, excluding Dohuk, Irbil", "Iraq (but not Duhok & Erbil)"],
)
def test_exceptions(text: str) -> None:
    found = read(text)
    assert isinstance(found, region.Except)
    assert found.base == region.Area(code="IQ")
    assert {leaf.code for leaf in region.leaves(found.minus)} == {"IQ-DA", "IQ-AR"}  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "names nothing"), ("   ", "names nothing"), ("😀🔥", "names nothing"),
        ("\x00\x01", "names nothing"), ("x" * 10_000_000, "longer than"),
        ("Atlantique du", "no place"),
        ("Georgia", "several places"), ("Niger, Nigeria", "may be a country or a place"),
        ("Mexico, United States", "may be a country or a place"),
        ("Anbar, Foo, Iraq", "no place called"), ("northern Foo", "no place called"),
        ("Anbar, Hasakah, Iraq", "which holds it"), ("Iraq and Anbar", "which holds it"),
        ("Iraq except", "exception is unclear"), ("except Iraq", "exception is unclear"),
        ("Iraq except Dohuk except Erbil", "exception is unclear"),
        ("within 25 km of Iraq", "is an area"),
        ("within 99999 km of Baghdad", "not a usable distance"),
        ("within 0 km of Baghdad", "not a usable distance"),
        ("within 5 km of Nowhereville", "no place"),
        ("Iraq, " * 300, "more than 200|no place"),
        ("{" * 50, "not JSON"), ("'; DROP TABLE x", "no place"),
        ("within 5 km of 95, 200", "not on the globe"),
    ],
)  # fmt: skip
def test_refused(text: str, problem: str) -> None:
    with pytest.raises(PlaceError, match=problem) as caught:
        read(text)
    assert caught.value.fix
    assert len(str(caught.value)) < 1500


@given(st.text(max_size=60))
def test_no_text_breaks_reading(text: str) -> None:
    try:
        found = read(text)
    except PlaceError:
        return
    assert region.parse(region.dump(found)) == found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "IQ-KI, IQ-AN, IQ-SD, IQ-DI, IQ-NI",
            "Anbar, Diyala, Kirkuk, Nineveh and Salah ad Din (Iraq)",
        ),
        ("within 25 km of Baghdad", "within 25 km of Baghdad (Iraq)"),
        ("Iraq except IQ-KR", "Iraq except Kurdistan Region"),
        ("Iraq", "Iraq"), ("IQ-AN", "Anbar (Iraq)"), ("Syria and Iraq", "Iraq and Syria"),
        ("IQ-AN, IQ-NI, Syria", "Syria; Anbar and Nineveh (Iraq)"),
        ("within 50 km of 33.3, 44.4", "within 50 km of 33.300° N, 44.400° E"),
    ],
)  # fmt: skip
def test_words(text: str, words: str) -> None:
    assert in_words(read(text)) == words


def test_a_city_that_is_not_where_it_says_is_read_back_by_its_point() -> None:
    baghdad = read("within 25 km of Baghdad")
    assert in_words(baghdad) == "within 25 km of Baghdad (Iraq)"
    for change in ({"lon": 0.0, "lat": 51.5}, {"city_id": 1}, {"name": "Basra"}):
        moved = baghdad.model_copy(update=change)
        assert "Iraq" not in in_words(moved)
        assert point_words(moved.lon, moved.lat) in in_words(moved)


def test_words_of_a_polygon() -> None:
    corners = ((43.0, 33.0), (45.0, 33.0), (45.0, 34.0), (43.0, 34.0), (43.0, 33.0))
    said = in_words(region.Polygon(rings=(corners,)))
    assert re.fullmatch(r"a drawn area of 20,\d{3} km² around Baghdad \(Iraq\)", said)
    sea = tuple((lon - 190 if lon > 40 else lon, lat - 40) for lon, lat in corners)
    assert " at 6.500° S, 146.000° W" in in_words(region.Polygon(rings=(sea,)))


@pytest.mark.parametrize(
    "text",
    [
        "IQ-AN, IQ-NI, IQ-SD, IQ-DI, IQ-KI", "Iraq except Dohuk", "within 25 km of Baghdad",
        "Fiji", "Greece", "KE-28", "BV", "AQ", "CC", "Norway",
    ],
)  # fmt: skip
def test_drawings_are_light_safe_and_named(text: str) -> None:
    asked = read(text)
    picture = drawing.svg(asked)
    assert len(picture.encode()) < 60_000
    root = ET.fromstring(picture)
    names = [element.tag.split("}")[1] for element in root.iter()]
    assert set(names) <= {"svg", "title", "desc", "rect", "g", "path", "circle", "text"}
    assert root[0].text == in_words(asked)
    assert root.get("role") == "img"
    assert "nan" not in picture.lower().replace("nantes", "")


def test_a_drawing_escapes_what_it_says() -> None:
    name = '<script>alert("1")</script>'
    city = region.City(city_id=98182, name=name, lon=44.4, lat=33.3, radius_km=5)
    assert "<script" not in drawing.svg(city)


def test_geojson() -> None:
    found = geojson(read("Anbar and Nineveh, Iraq"))
    feature = found["features"][0]
    assert found["type"] == "FeatureCollection"
    assert feature["properties"]["codes"] == ["IQ-AN", "IQ-NI"]
    assert shapely.geometry.shape(feature["geometry"]).is_valid
    assert geojson(read("BV"))["features"][0]["geometry"] is None
