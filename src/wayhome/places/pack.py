"""The places pack: areas, cities and polygons, read once when first asked for.

All coordinates are WGS84 degrees, longitude first. Everything returned is shared: do not change
it. Loading is safe from several threads. Unknown codes raise ``PlaceError``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from threading import RLock
from types import MappingProxyType
from typing import Literal, NamedTuple

import shapely
from shapely.geometry.base import BaseGeometry

from wayhome.places import packfile
from wayhome.places.errors import PlaceError

AreaKind = Literal["country", "subdivision"]


@dataclass(frozen=True, slots=True)
class Area:
    """A named piece of the world: a country (ISO 3166-1) or a subdivision (ISO 3166-2).

    ``name`` is the ISO name, ``label`` the English one for display. ``names`` pairs each name
    with a tag: "name", a language, "former", "official" or "" (unknown). ``former_codes`` are
    codes that meant this area once, or mean it too.
    """

    code: str
    kind: AreaKind
    name: str
    label: str
    parent: str | None
    type: str
    names: tuple[tuple[str, str], ...]
    former_codes: tuple[str, ...]
    population: int

    @property
    def country(self) -> str:
        """The ISO 3166-1 code of the country it belongs to."""
        return self.code[:2]


class City(NamedTuple):
    """A populated place. ``subdivision`` is its finest known area, the country where none is."""

    id: int
    name: str
    country: str
    subdivision: str
    lon: float
    lat: float
    population: int
    packed_names: str

    @property
    def names(self) -> tuple[str, ...]:
        """Alternative names, in any language."""
        return tuple(self.packed_names.split("|")) if self.packed_names else ()


class _Pack:
    """Everything read from the files, and what follows from it, each at first use."""

    @cached_property
    def areas(self) -> dict[str, Area]:
        return {row[0]: _area(row) for row in packfile.read_json("areas.json.gz")}

    @cached_property
    def canonical(self) -> dict[str, str]:
        """Current code of every code that is or was valid."""
        codes = {old: area.code for area in self.areas.values() for old in area.former_codes}
        return codes | {code: code for code in self.areas}

    @cached_property
    def cities(self) -> dict[int, City]:
        table = packfile.read_json("cities.json.gz")
        columns = ("id", "name", "country", "subdivision", "lon", "lat", "population")
        rows = zip(*(table[column] for column in columns), table["names"].split("\n"), strict=True)
        return {row[0]: City._make(row) for row in rows}

    @cached_property
    def children(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {code: [] for code in self.areas}
        for area in self.areas.values():
            if area.parent:
                found[area.parent].append(area.code)
        return {code: tuple(codes) for code, codes in found.items()}

    @cached_property
    def shapes(self) -> dict[str, BaseGeometry]:
        return packfile.read_shapes()

    @cached_property
    def unions(self) -> dict[str, BaseGeometry]:
        """Geometries put together from several polygons, kept once made."""
        return {}


_LOCK = RLock()
_PACK = _Pack()


def _area(row: list[object]) -> Area:
    code, name, label, parent, kind, names, former, population = row
    pairs = tuple((str(pair[0]), str(pair[1])) for pair in names)  # type: ignore[attr-defined]
    country = kind == "country" and "-" not in str(code)
    return Area(
        code=str(code),
        kind="country" if country else "subdivision",
        name=str(name),
        label=str(label),
        parent=None if parent is None else str(parent),
        type=str(kind),
        names=pairs,
        former_codes=tuple(former),  # type: ignore[arg-type]
        population=int(population),  # type: ignore[call-overload]
    )


def areas() -> Mapping[str, Area]:
    """Every area by its current code, in order of code."""
    with _LOCK:
        return MappingProxyType(_PACK.areas)


def cities() -> Mapping[int, City]:
    """Every city by its GeoNames id, most people first."""
    with _LOCK:
        return MappingProxyType(_PACK.cities)


def city(city_id: int) -> City:
    """The city with this GeoNames id, or ``PlaceError``."""
    try:
        return cities()[city_id]
    except KeyError:
        raise PlaceError(
            "city", f"no city has the id {city_id!r}", "use an id that 'places find' prints"
        ) from None


def code_of(code: str) -> str | None:
    """The current code for ``code``, which may be lower-case, former or second; else None."""
    with _LOCK:
        return _PACK.canonical.get(code.strip().upper()) if len(code) < 20 else None


def area(code: str) -> Area:
    """The area that ``code`` means now, or ``PlaceError``. Former codes are understood."""
    found = code_of(code)
    if found is None:
        shown = re.sub(r"[^\w-]", "?", code[:20], flags=re.ASCII)
        raise PlaceError(
            "area",
            f"no area has the code {shown!r}",
            "use an ISO 3166 code such as IQ or IQ-AN, or a name",
        )
    return areas()[found]


def children(code: str) -> tuple[str, ...]:
    """Codes of the areas directly inside."""
    found = area(code).code
    with _LOCK:
        return _PACK.children[found]


def ancestors(code: str) -> tuple[str, ...]:
    """Codes of the areas around, nearest first, the country last."""
    found = []
    above = area(code).parent
    while above:
        found.append(above)
        above = areas()[above].parent
    return tuple(found)


def descendants(code: str) -> frozenset[str]:
    """Codes of all areas inside, at every depth, without the area itself."""
    found: set[str] = set()
    left = list(children(code))
    while left:
        found.update(left)
        left = [below for child in left for below in children(child)]
    return frozenset(found)


def shapes() -> Mapping[str, BaseGeometry]:
    """The pack's own polygons (multipolygons) by code, without unions."""
    with _LOCK:
        return MappingProxyType(_PACK.shapes)


def geometry(code: str) -> BaseGeometry | None:
    """The area's polygon: its own, joined with those of the areas inside; None if there is none."""
    found = area(code).code
    with _LOCK:
        inside = [c for c in descendants(found) if c in _PACK.shapes]
        if not inside:
            return _PACK.shapes.get(found)
        if found not in _PACK.unions:
            parts = [_PACK.shapes[c] for c in sorted({found, *inside}) if c in _PACK.shapes]
            # Neighbours share their edges exactly, nearly everywhere: ten times faster.
            joined = shapely.coverage_union_all(parts)
            _PACK.unions[found] = joined if joined.is_valid else shapely.union_all(parts)
        return _PACK.unions[found]


def code_number(code: str) -> int:
    """A whole number under 2**32 for an area code, the same in every pack: ``AABBBB`` in base 37.

    For columns of matching rows that are faster to compare as integers.
    """
    number = 0
    for character in code.replace("-", "").ljust(6):
        number = number * 37 + _DIGITS.index(character)
    return number


_DIGITS = " ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
