"""An advisory that maps the parts of a country to levels: what "the rest" is, gaps and overlaps.

Where parts of different levels meet, the higher level holds.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import shapely
from shapely.geometry.base import BaseGeometry

from wayhome.places import pack
from wayhome.places import region as regions
from wayhome.places.errors import PlaceError
from wayhome.places.geodesy import square_km
from wayhome.places.reading import read
from wayhome.places.resolve import resolve
from wayhome.places.rings import areal

_LINE = re.compile(r"(?:level\s+)?(?P<level>[1-4])\s*[:.)\t]\s*(?P<region>.+)", re.IGNORECASE)
_LEAST_KM2 = 1.0
"""A gap or overlap smaller than this is none: outlines touch within metres."""
_LEAST_SHARE = 0.005


@dataclass(frozen=True)
class Part:
    """One line of an advisory: a region and its level, 1 to 4."""

    level: int
    region: regions.AnyRegion


@dataclass(frozen=True)
class Gap:
    """An area of which some is in no part. ``share`` of it, 0 to 1; ``km2`` square kilometres."""

    code: str
    share: float
    km2: float


@dataclass(frozen=True)
class Overlap:
    """Two parts, by their places in the list, that share ``km2`` square kilometres."""

    first: int
    second: int
    km2: float


@dataclass(frozen=True)
class Checked:
    """What is left of the country, and what is said twice."""

    gaps: list[Gap]
    overlaps: list[Overlap]
    undrawn: list[str]
    """Codes of areas without an outline that no part names."""

    @property
    def is_whole(self) -> bool:
        """Whether every place of the country has a level."""
        return not self.gaps and not self.undrawn


def read_lines(lines: Iterable[str], country: str) -> list[Part]:
    """Parts from lines "level: region in words"; blank lines and those that begin with # are left
    out. Raises ``PlaceError`` with the number of the line."""
    parts: list[Part] = []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        said = _LINE.fullmatch(line.strip())
        if said is None:
            raise PlaceError(
                f"line {number}", "it does not begin with a level", "write: 4: Anbar except Ramadi"
            )
        try:
            parts.append(Part(int(said["level"]), read(said["region"], country)))
        except PlaceError as error:
            raise PlaceError(
                f"line {number}", error.problem, error.fix, error.candidates, error.words
            ) from None
    return parts


def bound(parts: Sequence[Part]) -> list[Part]:
    """The parts with "the rest" worked out: of each area, what no other part says.

    Two rests that overlap do not know of each other: the higher level holds there, as elsewhere.
    Raises ``PlaceError`` for the rest of a rest.
    """
    said = [part.region for part in parts if not _has_rest(part.region)]
    drawn = [resolve(region).geometry() for region in said]
    return [Part(part.level, _without_rest(part.region, said, drawn)) for part in parts]


def by_level(parts: Sequence[Part]) -> dict[int, regions.AnyRegion]:
    """What each level covers, the highest first, without what a higher one covers."""
    found: dict[int, regions.AnyRegion] = {}
    higher: list[regions.AnyRegion] = []
    whole = bound(parts)
    for level in sorted({part.level for part in parts}, reverse=True):
        own = [part.region for part in whole if part.level == level]
        region = own[0] if len(own) == 1 else regions.Union(parts=tuple(own))
        found[level] = (
            regions.Except(base=region, minus=regions.Union(parts=tuple(higher)))
            if higher
            else region
        )
        higher += own
    return found


def check(parts: Sequence[Part], country: str) -> Checked:
    """Whether the parts cover a country whole, and where they say two levels of one place."""
    drawn = [resolve(part.region).geometry() for part in bound(parts)]
    named = {
        code
        for part in parts
        for leaf in regions.leaves(part.region)
        if isinstance(leaf, regions.Area)
        for code in (leaf.code, *pack.descendants(leaf.code))
    }
    left = _uncovered(country, drawn)
    codes = [code for code in sorted(pack.descendants(country)) if not pack.children(code)]
    shapes = {code: shape for code in codes or [country] if (shape := pack.geometry(code))}
    gaps = []
    for code, shape in shapes.items():
        missing = areal(shapely.intersection(shape, left))
        km2, whole = square_km(missing), square_km(shape)
        if km2 >= _LEAST_KM2 and km2 / whole >= _LEAST_SHARE:
            gaps.append(Gap(code, round(min(km2 / whole, 1.0), 4), round(km2, 1)))
    overlaps = [
        Overlap(i, j, round(km2, 1))
        for i in range(len(parts))
        for j in range(i + 1, len(parts))
        if parts[i].level != parts[j].level and (km2 := _shared(drawn[i], drawn[j])) >= _LEAST_KM2
    ]
    undrawn = [code for code in codes if code not in shapes and code not in named]
    return Checked(gaps, overlaps, undrawn if shapes else [])


def _uncovered(country: str, drawn: Sequence[BaseGeometry]) -> BaseGeometry:
    whole = pack.geometry(country)
    if whole is None:
        raise PlaceError(
            "country",
            f"no outline of {pack.area(country).label} is known",
            "import a layer that has one: what is left of it cannot be said",
        )
    return areal(shapely.difference(whole, shapely.union_all(drawn)))


def _shared(one: BaseGeometry, other: BaseGeometry) -> float:
    return square_km(areal(shapely.intersection(one, other))) if one.intersects(other) else 0.0


def _has_rest(region: regions.AnyRegion) -> bool:
    return any(isinstance(part, regions.Rest) for part in regions.everything(region))


def _without_rest(
    region: regions.AnyRegion, said: Sequence[regions.AnyRegion], drawn: Sequence[BaseGeometry]
) -> regions.AnyRegion:
    if isinstance(region, regions.Rest):
        if _has_rest(region.of):
            raise PlaceError("region", "it is the rest of a rest", "say the rest of an area")
        of = resolve(region.of).geometry()
        beside = [
            other
            for other, shape in zip(said, drawn, strict=True)
            if of.is_empty or shape.is_empty or _shared(of, shape) >= _LEAST_KM2 / 100
        ]
        if not beside:
            return region.of
        minus = beside[0] if len(beside) == 1 else regions.Union(parts=tuple(beside))
        return regions.Except(base=region.of, minus=minus)
    if isinstance(region, regions.Union | regions.Intersection):
        inner = tuple(_without_rest(part, said, drawn) for part in region.parts)
        return region.model_copy(update={"parts": inner})
    if isinstance(region, regions.Except):
        base, minus = (_without_rest(part, said, drawn) for part in (region.base, region.minus))
        return regions.Except(base=base, minus=minus)
    if isinstance(region, regions.Side):
        return region.model_copy(update={"of": _without_rest(region.of, said, drawn)})
    return region
