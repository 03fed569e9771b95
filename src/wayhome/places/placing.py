"""What enrolment calls: a place as a person gives it becomes a place that can be matched."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

import shapely

from wayhome.places import pack
from wayhome.places.affects import StayPlace, atom_values, place_certainty
from wayhome.places.choosing import the_one
from wayhome.places.errors import PlaceError
from wayhome.places.finding import Match, find
from wayhome.places.folding import fold
from wayhome.places.geodesy import point_words
from wayhome.places.locate import locate
from wayhome.places.shapes import circle_polygon

__all__ = ["Placed", "StayPlace", "atom_values", "place_certainty", "place_stay"]

Precision = Literal["point", "city", "subdivision", "country"]

_SIZES_KM = ((5_000_000, 25), (1_000_000, 20), (300_000, 15), (100_000, 10), (0, 5))
"""Radius of a city by its population: where people who named it are."""
_POINT_M = 100
_NUMBER = r"([+-]?\d{1,3}(?:\.\d+)?)\s*°?\s*"
_POINT = re.compile(rf"{_NUMBER}([NS])?\s*[,;\s]\s*{_NUMBER}([EW])?", re.IGNORECASE)
_CODE = re.compile(r"[A-Za-z]{2}(-[A-Za-z0-9]{1,4})?")
LONGEST = 200
_FAIR_SHARE, _SMALL_SHARE = 0.15, 0.005
"""Part of a city above which another area counts as one of its areas: where one area holds most
of the city, and where none does."""


@dataclass(frozen=True)
class Placed:
    """Where a stay is, as understood: its words to read back, and what matching needs."""

    words: str
    precision: Precision
    lon: float | None
    lat: float | None
    radius_m: int
    areas: tuple[tuple[str, int], ...]

    @property
    def place(self) -> StayPlace:
        """The part that matching looks at."""
        return StayPlace(self.areas, self.lon, self.lat, self.radius_m)


def place_stay(text_or_code: str, country: str | None = None) -> Placed:
    """Understand "Mosul", "Baghdad, Iraq", "IQ-AN", "Anbar" or "33.3, 44.4" (latitude first).

    A bare name of both a city and the area around it means the city, because a person names
    where they sleep; "Baghdad province" means the area. Coordinates are rounded to 0.001
    degrees. Raises ``PlaceError`` with the field ``place`` for what is unknown or ambiguous.
    """
    text = " ".join(text_or_code[: LONGEST + 1].split())
    if not text:
        raise PlaceError("place", "it is empty", "name a city, province or country")
    if len(text) > LONGEST:
        raise PlaceError("place", "it is too long", f"keep it under {LONGEST} characters")
    if point := read_point(text):
        return at(*point)
    if _CODE.fullmatch(text) and text.upper() == text and pack.code_of(text):
        return _in_area(pack.area(text).code)
    return _from_match(_understood(text, country))


def at(lon: float, lat: float, radius_m: int = _POINT_M) -> Placed:
    """A place for a point, with at least the 100 metres that rounding hides."""
    lon, lat = round(lon, 3), round(lat, 3)
    radius_m = max(int(radius_m), _POINT_M)
    areas = locate(lon, lat, radius_m)
    where = f" ({area_words(areas[0][0])})" if areas else ""
    words = point_words(lon, lat) + where
    return Placed(words, "point", lon, lat, radius_m, areas)


def area_words(code: str) -> str:
    """ "Anbar, Iraq" for IQ-AN; "Iraq" for IQ."""
    area = pack.area(code)
    return area.label if area.kind == "country" else f"{area.label}, {pack.area(code[:2]).label}"


def _understood(text: str, country: str | None) -> Match:
    """The match for "name", or for "name, subdivision, country" from the right."""
    parts = [part.strip() for part in re.split(r"[,،、;]", text) if part.strip()]
    if not parts:
        raise PlaceError("place", "it names nothing", "name a city, province or country")
    within = country
    for position, part in enumerate(reversed(parts[1:])):
        if position == 0 and within is None and (code := _country(part)):
            within = code
            parts = parts[: len(parts) - 1]
    if len(parts) > 1:
        return _inside(parts, within)
    return the_one(parts[0], within, narrow=True)


def _country(name: str) -> str | None:
    if _CODE.fullmatch(name) and "-" not in name and pack.code_of(name):
        return pack.code_of(name)
    try:
        return the_one(name, kinds=("country",)).country
    except PlaceError:
        return None


def _inside(parts: list[str], country: str | None) -> Match:
    """The place named first, in the area named after it."""
    around = the_one(parts[1], country, kinds=("country", "subdivision"))
    wanted = {around.code, *pack.descendants(around.code or "")}
    found = [
        match
        for match in find(parts[0], around.country, limit=200)
        if wanted & set(match.areas) and match.code != around.code
    ]
    surest = [m for m in found if m.sureness == found[0].sureness and m.sureness != "fuzzy"]
    cities = sorted((m for m in surest if m.kind == "city"), key=lambda m: -m.population)
    if not surest:
        raise PlaceError(
            "place",
            f"no {parts[0][:60]} is known in {around.name}",
            "check the spelling, or name the province alone",
        )
    return cities[0] if cities else surest[0]


def _from_match(match: Match) -> Placed:
    if match.city_id is None:
        return _in_area(match.code or match.country)
    return _in_city(match.city_id)


@cache
def _in_city(city_id: int) -> Placed:
    """A stay in a city: its own area, and others that hold a fair part of it.

    Most people are in the inner half of a city's radius, so that names the areas; the full radius
    counts against drawn shapes. Its own area is certain if it bears the city's name or holds most
    of that inner half: Baghdad is in Baghdad province for certain, London in Westminster only
    possibly.
    """
    city = pack.city(city_id)
    lon, lat = round(city.lon, 3), round(city.lat, 3)
    radius_m = 1000 * city_radius_km(city.population)
    shares = _shares(lon, lat, radius_m / 2)
    most = shares.get(city.subdivision, 1.0) >= 0.5
    fair = _FAIR_SHARE if most else _SMALL_SHARE
    near = {code for code, _ in locate(lon, lat)} | {
        c for c, part in shares.items() if part >= fair
    }
    areas = dict.fromkeys(near, 1)
    names = {fold(name) for name in (city.name, *city.names)}
    of_its_name = fold(pack.area(city.subdivision).label) in names
    areas[city.subdivision] = 2 if most or of_its_name else 1
    ordered = tuple(sorted(areas.items(), key=lambda item: (-item[1], item[0])))
    words = f"{city.name}, {pack.area(city.country).label}"
    return Placed(words, "city", lon, lat, radius_m, ordered)


def _shares(lon: float, lat: float, radius_m: float) -> Mapping[str, float]:
    """Which part of the land about a point each area has, from 0 to 1."""
    disc = circle_polygon(lon, lat, radius_m)
    held = {}
    for code, _ in locate(lon, lat, radius_m):
        outline = pack.geometry(code)
        held[code] = 0.0 if outline is None else float(shapely.intersection(disc, outline).area)
    together = sum(held.values())
    return {code: area / together for code, area in held.items()} if together else {}


def _in_area(code: str) -> Placed:
    kind = pack.area(code).kind
    return Placed(area_words(code), kind, None, None, 0, ((code, 2),))


def city_radius_km(population: int) -> int:
    """How far from a city's centre people are who name it, in kilometres."""
    return next(km for people, km in _SIZES_KM if population >= people)


def read_point(text: str) -> tuple[float, float] | None:
    """(lon, lat) of "33.3, 44.4" (latitude first) or "33.3 N, 44.4 E"; None if it is no point."""
    point = _POINT.fullmatch(text.strip())
    if point is None:
        return None
    lat, lon = float(point[1]), float(point[3])
    lat = -abs(lat) if (point[2] or "").upper() == "S" else lat
    lon = -abs(lon) if (point[4] or "").upper() == "W" else lon
    if not (abs(lat) <= 90 and abs(lon) <= 180):
        raise PlaceError(
            "place",
            f"{lat:g}, {lon:g} is not on the globe",
            "give latitude -90 to 90 first, then longitude -180 to 180",
        )
    return lon, lat
