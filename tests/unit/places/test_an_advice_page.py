"""A government's page for Iraq, the hardest there is for regions: every line of it is a region."""

from __future__ import annotations

import re
from functools import cache

import pytest
from tests.support.cases import case

from wayhome.places import levels
from wayhome.places.affects import place_certainty
from wayhome.places.doubts import doubts
from wayhome.places.drawing import svg
from wayhome.places.fingerprint import fingerprint
from wayhome.places.levels import Part
from wayhome.places.placing import place_stay
from wayhome.places.reading import read, understand
from wayhome.places.region import Except, Intersection, Near, Rest, Side, Union
from wayhome.places.resolve import CERTAIN, POSSIBLE, Resolved, resolve
from wayhome.places.words import in_words

pytestmark = pytest.mark.unit

# What the officer says instead where a name is in no list that we have.
CHOSEN = {"Jurf": "within 5 km of 32.87, 44.21"}


@cache
def page() -> list[Part]:
    """Its lines with their levels, read; what is not understood at once is chosen."""
    text = case("advice", "unitedkingdom", "Iraq", "Warnings and insurance.md").read_text()
    text = text[text.index("## Areas where") : text.index("## Consular support")]
    parts: list[Part] = []
    level = 4
    for line in text.splitlines():
        if "all but essential travel to" in line:
            level = 3
        said = re.fullmatch(r"\* (.+)|.*essential travel to (.+[^:])", line)
        if said is None:
            continue
        words = said[1] or said[2]
        reading = understand(words, "IQ")
        for name, instead in CHOSEN.items():
            if name in words:
                assert not reading.is_sure
                assert name in reading.unsure[0]
                town = re.search(rf"{name}.*? town", words)
                assert town is not None
                whole = words if "except" in words else town[0]
                reading = understand(whole.replace(town[0], instead), "IQ")
                assert reading.is_sure
        assert reading.region is not None, words
        left_out = [each for each in reading.unsure if "left out" in each]
        assert reading.is_sure or left_out, reading.unsure
        parts.append(Part(level, reading.region))
    return parts


def test_every_line_is_a_region_of_the_right_kind() -> None:
    parts = page()
    assert len(parts) == 23
    kinds = [type(part.region) for part in parts]
    assert kinds.count(Rest) == 6
    assert kinds.count(Except) == 3
    assert kinds.count(Side) == 1
    assert kinds.count(Intersection) == 2
    roads = next(part.region for part in parts if isinstance(part.region, Union))
    assert all(isinstance(each, Near) for each in roads.parts)
    for part in levels.bound(parts):
        found = resolve(part.region)
        assert not found.geometry().is_empty
        assert svg(part.region).startswith("<svg")
        assert fingerprint(read(in_words(part.region))) == fingerprint(part.region)
        assert all(said.endswith(".") for said in doubts(part.region))


def test_the_country_is_covered_whole_and_only_roads_overlap() -> None:
    parts = page()
    checked = levels.check(parts, "IQ")
    assert checked.is_whole
    roads = {i for i, part in enumerate(parts) if "route" in in_words(part.region)}
    assert all({each.first, each.second} & roads for each in checked.overlaps)


@cache
def by_level() -> dict[int, Resolved]:
    return {level: resolve(region) for level, region in levels.by_level(page()).items()}


@pytest.mark.parametrize(
    ("where", "level"),
    [
        ("Ar Rutbah", 4), ("Al Qaim", 4), ("Fallujah", 3), ("Mosul", 4), ("Kirkuk", 4),
        ("Khanaqin", 4), ("Najaf", 3), ("Karbala", 3), ("Nasiriyah", 3), ("Erbil", 3),
        ("33.395, 44.465", 4), ("33.24, 44.30", 3), ("33.75, 44.64", 3), ("32.87, 44.21", 4),
        ("30.51, 47.78", 3), ("29.33, 46.0", 3), ("29.105, 46.4", 4), ("33.05, 46.1", 4),
    ],
)  # fmt: skip
def test_who_is_at_which_level(where: str, level: int) -> None:
    place = place_stay(where, "IQ").place
    sure = {at: place_certainty(place, region) for at, region in by_level().items()}
    assert sure[level] >= POSSIBLE
    if place.radius_m <= 100:
        assert sure[level] == CERTAIN
        assert sure[7 - level] < CERTAIN
