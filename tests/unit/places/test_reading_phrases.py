"""Phrases of officers for parts of places, read, and what cannot be read offered to choose."""

from __future__ import annotations

import json

import pytest
import shapely

from wayhome.places import PlaceError
from wayhome.places.doubts import doubts
from wayhome.places.geojson import geojson, read_geojson
from wayhome.places.reading import read, understand
from wayhome.places.region import City, Except, Polygon, parse
from wayhome.places.resolve import ShapeAtom, resolve
from wayhome.places.shapes import StripShape
from wayhome.places.words import in_words

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("country", "text", "words"),
    [
        ("IQ", "the parts of Anbar which are west of, but not including Ramadi City",
         "the part of Anbar (Iraq) west of, but not including, Ramadi city (Iraq)"),
        (None, "Anbar west of and including Ramadi",
         "the part of Anbar (Iraq) west of and including Ramadi city (Iraq)"),
        ("LB", "areas south of the city of Sidon (Saida)",
         "the part of Lebanon south of the middle of Sidon city (Lebanon)"),
        ("LB", "the south of Lebanon", "the southern half of Lebanon"),
        ("MX", "North-western Durango", "the north-western half of Durango (Mexico)"),
        ("IQ", "within 5km of areas that border Iran in Wasit and Basra provinces",
         "the parts of Basra and Wasit (Iraq) within 5 km of the border of Iraq with Iran"),
        ("PK", "within 50 kilometres of the Afghan border",
         "the parts of Pakistan within 50 km of the border of Pakistan with Afghanistan"),
        ("TH", "areas within 50 km of the Thailand-Cambodia land border throughout the provinces of"
               " Surin and Trat",
         "the parts of Surin and Trat (Thailand) within 50 km of the border of Thailand with"
         " Cambodia"),
        ("TH", "within 50km of the Thai-Cambodian border",
         "the parts of Thailand within 50 km of the border of Thailand with Cambodia"),
        ("IQ", "within 10 miles of its borders with Kuwait and Saudi Arabia",
         "the parts of Iraq within 16.09 km of the border of Iraq with Kuwait and Saudi Arabia"),
        ("MX", "Jalisco, within 50 km of the border with Michoacán state",
         "the parts of Jalisco (Mexico) within 50 km of the border of Jalisco (Mexico) with"
         " Michoacán (Mexico)"),
        ("KE", "up to 50 km from the coast of Kilifi County",
         "within 50 km of the coast of Kilifi (Kenya)"),
        (None, "the road between Baghdad and Baqubah",
         "within 10 km of the route Baghdad (Iraq) – Baqubah (Iraq)"),
        ("IQ", "the road sections of Highway 34 between Baghdad and Baqubah, and Highway 2 between"
               " Baqubah and Erbil",
         "within 10 km of the route Baghdad (Iraq) – Baqubah (Iraq); within 10 km of the route"
         " Baqubah (Iraq) – Erbil (Iraq)"),
        (None, "the remainder of Najaf", "the rest of Najaf (Iraq)"),
        ("IQ", "all other areas of Basra", "the rest of Basra (Iraq)"),
        ("NG", "Federal Capital Territory (excluding Abuja)",
         "Federal Capital Territory (Nigeria) except Abuja city"),
        ("IQ", "Sadr City, part of Baghdad province", "Sadr City (Iraq)"),
        ("NG", "the Niger Delta states of Bayelsa, Delta and Rivers",
         "Bayelsa, Delta and Rivers (Nigeria)"),
        ("IQ", "Al-Qadasiyah province", "Qadisiyah (Iraq)"),
        (None, "Iraq except [Duhok; within 20 km of Mosul]",
         "Iraq except [Duhok; within 20 km of Mosul]"),
        (None, "Georgia (country, GE); Texas (US-TX, United States)",
         "Georgia (country); Texas (United States)"),
        (None, "within 20 km of Springfield (city in Ohio, United States)",
         "within 20 km of Springfield (city in Ohio, United States)"),
        (None, "#98717", "Ramadi city (Iraq)"),
    ],
)  # fmt: skip
def test_read(country: str | None, text: str, words: str) -> None:
    found = read(text, country)
    assert in_words(found) == words
    assert parse(json.dumps(found.model_dump(mode="json"))) == found


@pytest.mark.parametrize(
    ("country", "text", "why"),
    [
        (None, "within 5 km of the border with Iran", "does not say whose border"),
        ("ET", "border areas with Sudan and South Sudan", "does not say how far"),
        ("KE", "along the coast", "does not say how far"),
        (None, "west of Ramadi", "does not say of what"),
        (None, "Georgia", "several places"),
        (None, "within 5 km of the area of Ramadi", "no place|not an area|several"),
        (None, "Iraq except [Duhok", "brackets"),
        (None, "Iraq except Anbar; Duhok", "after an exception"),
        (None, "within 5 km of the road", "no place"),
        (None, "the parts of Anbar west of Atlantis", "no place"),
        ("IQ", "Babil province (except Jurf al-Sakr town)", "no place"),
    ],
)
def test_not_read(country: str | None, text: str, why: str) -> None:
    with pytest.raises(PlaceError, match=why) as caught:
        read(text, country)
    assert caught.value.fix
    unsure = understand(text, country)
    assert unsure.region is None
    assert unsure.words == text
    for each in unsure.candidates:
        assert in_words(read(each, country))


def test_each_distance_of_a_border_area_can_be_chosen() -> None:
    unsure = understand("border areas with Sudan and South Sudan", "ET")
    assert len(unsure.candidates) == 4
    assert in_words(read(unsure.candidates[1], "ET")) == (
        "the parts of Ethiopia within 10 km of the border of Ethiopia with South Sudan and Sudan"
    )


def test_an_aside_is_left_out_and_said() -> None:
    reading = understand("The rest of Basra, including Highways 1 and 8", "IQ")
    assert not reading.is_sure
    assert in_words(reading.region) == "the rest of Basra (Iraq)"  # type: ignore[arg-type]
    assert "Highways 1 and 8" in reading.unsure[0]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("within 5 km of the border of Iraq with Kenya", "has no border"),
        ("within 5 km of the coast of Chad", "has no coast"),
        ("the part of Anbar (Iraq) east of the 10 km around 33.3, 50.0", "nothing of it lies"),
        ("the rest of Iraq", "stands alone"),
    ],
)
def test_what_is_nowhere_is_refused_when_it_is_resolved(text: str, why: str) -> None:
    with pytest.raises(PlaceError, match=why):
        resolve(read(text))


def test_doubts_are_said_once_each() -> None:
    region = read(
        "Diyala except Baqubah city; Baqubah city; the road between Baqubah and Erbil", "IQ"
    )
    said = doubts(region)
    assert [each.split(" ")[0] for each in said] == ["No", "No"]
    assert "outline of Baqubah" in said[0]
    assert "road between Baqubah and Erbil" in said[1]
    assert doubts(read("Anbar, Iraq")) == []


SQUARE = [[40, 30], [41, 30], [41, 31], [40, 31], [40, 30]]


@pytest.mark.parametrize(
    ("drawn", "why"),
    [
        ({"type": "Point", "coordinates": [1, 2]}, "has no area"),
        ({"type": "Polygon", "coordinates": [[[40, 30], [41, 31], [41, 30], [40, 31], [40, 30]]]},
         "crosses itself"),
        ({"type": "Polygon", "coordinates": [[[30, 140], [31, 140], [31, 141], [30, 140]]]},
         "swapped"),
        ({"type": "Polygon", "coordinates": [[["a", 1]]]}, "not a number"),
        ({"type": "Polygon", "coordinates": 3}, "no rings"),
        ({"type": "FeatureCollection", "features": []}, "no polygon"),
        ({"type": "FeatureCollection", "features": 3}, "not a list"),
        ({"no": 1}, "not GeoJSON"),
    ],
)  # fmt: skip
def test_geojson_that_is_none(drawn: object, why: str) -> None:
    with pytest.raises(PlaceError, match=why):
        read_geojson(json.dumps(drawn))


def test_geojson_of_others() -> None:
    open_ring = {"type": "Polygon", "coordinates": [[*SQUARE[:4], SQUARE[3]]]}
    feature = {"type": "Feature", "properties": None, "geometry": open_ring}
    found = read(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    assert found == Polygon(rings=(tuple((float(x), float(y)) for x, y in SQUARE),))
    both = {"type": "MultiPolygon", "coordinates": [[SQUARE], [[[x + 5, y] for x, y in SQUARE]]]}
    assert len(read_geojson(json.dumps(both)).parts) == 2  # type: ignore[union-attr]


def test_our_own_geojson_is_exact() -> None:
    circle = read("within 25 km of Baghdad")
    assert read(json.dumps(geojson(circle))) == circle


def test_a_city_without_an_outline_is_surely_its_middle() -> None:
    found = read("Baghdad province except Sadr City", "IQ")
    assert isinstance(found, Except)
    assert isinstance(found.minus, City)
    assert found.minus.rough


@pytest.mark.parametrize(
    "text",
    [
        "within 200 km of the coast of Canada", "within 5 km of the borders of Russia",
        "the northern half of Norway", "within 50 km of the coast of Fiji",
        "within 900 km of the area of Antarctica",
    ],
)  # fmt: skip
def test_drawings_of_the_largest_strips_are_valid_and_hold_their_lines(text: str) -> None:
    found = resolve(read(text))
    drawn = found.geometry()
    assert drawn.is_valid
    for atom in found.atoms:
        shape = atom.shape if isinstance(atom, ShapeAtom) else None
        if isinstance(shape, StripShape):
            lon, lat = shapely.get_coordinates(shape.skeleton).T
            assert shapely.intersects_xy(drawn, lon, lat).all()
