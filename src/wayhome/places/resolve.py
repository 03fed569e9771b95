"""What a region covers: whole areas by code, and exact shapes.

A region becomes a list of atoms and a way to combine their values. A value says whether a stay
is in an atom: 0 no, 1 possibly, 2 certainly (Kleene's three-valued logic): a union has the
largest of its parts' values, an exception ``min(base, 2 - minus)``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from wayhome.places import keys, pack
from wayhome.places import region as regions
from wayhome.places.rings import polygon
from wayhome.places.shapes import CircleShape, PolygonShape, Shape
from wayhome.places.spread import spread

Values = TypeVar("Values", bound=Any)

NO, POSSIBLE, CERTAIN = 0, 1, 2


@dataclass(frozen=True)
class AreaAtom:
    """A whole area. A stay recorded in ``within`` is in it as surely as it was recorded there;
    one recorded only in an area ``around`` is possibly in it."""

    code: str
    within: frozenset[str]
    around: frozenset[str]


@dataclass(frozen=True, eq=False)
class ShapeAtom:
    """A circle or polygon. Stays with a point are measured; others go by the areas that lie
    wholly inside it (``within``) or meet it (``around``)."""

    shape: Shape
    within: frozenset[str]
    around: frozenset[str]

    @property
    def geometry(self) -> BaseGeometry:
        """The shape as a polygon within ±180 degrees, for drawing."""
        return self.shape.geometry

    def ranges(self, margin_m: int, max_ranges: int = 64) -> list[tuple[int, int]]:
        """Key ranges that hold every point within ``margin_m`` metres (see ``keys.cover``)."""
        if isinstance(self.shape, CircleShape):
            circle = self.shape
            return keys.cover_circle(circle.lon, circle.lat, circle.radius_m + margin_m, max_ranges)
        return keys.cover(self.geometry, margin_m, max_ranges)


Atom = AreaAtom | ShapeAtom


@dataclass(frozen=True, eq=False)
class Resolved:
    """A region's atoms and how their values combine. ``codes`` are the areas it names and does
    not except."""

    region: regions.AnyRegion
    atoms: tuple[Atom, ...]
    codes: frozenset[str]
    _order: dict[regions.AnyRegion, int]

    def combine(self, values: Sequence[Values]) -> Values:
        """The region's value from one value for each atom: integers, or arrays of them."""
        return self._value(self.region, values)  # type: ignore[no-any-return]

    def _value(self, part: regions.AnyRegion, values: Sequence[Any]) -> Any:
        if isinstance(part, regions.Union):
            value = self._value(part.parts[0], values)
            for other in part.parts[1:]:
                value = _larger(value, self._value(other, values))
            return value
        if isinstance(part, regions.Except):
            base, minus = self._value(part.base, values), self._value(part.minus, values)
            return _smaller(base, CERTAIN - minus)
        return values[self._order[part]]

    def geometry(self) -> BaseGeometry:
        """The region as one geometry within ±180 degrees, for drawing; empty if it has none."""
        return self._drawn

    @cached_property
    def _drawn(self) -> BaseGeometry:
        return self._draw(self.region)

    def _draw(self, part: regions.AnyRegion) -> BaseGeometry:
        if isinstance(part, regions.Union):
            return shapely.union_all([self._draw(other) for other in part.parts])
        if isinstance(part, regions.Except):
            return shapely.difference(self._draw(part.base), self._draw(part.minus))
        return self.part_geometry(self.atoms[self._order[part]])

    def part_geometry(self, atom: Atom) -> BaseGeometry:
        """One atom's geometry; empty for an area of which no polygon is known."""
        if isinstance(atom, AreaAtom):
            return pack.geometry(atom.code) or shapely.MultiPolygon()
        return atom.geometry


def resolve(region: regions.AnyRegion) -> Resolved:
    """Work out a region's atoms. Equal parts share one atom."""
    order: dict[regions.AnyRegion, int] = {}
    atoms: list[Atom] = []
    for leaf in regions.leaves(region):
        if leaf not in order:
            order[leaf] = len(atoms)
            atoms.append(_atom(leaf))
    return Resolved(region, tuple(atoms), frozenset(_named(region)), order)


def _atom(leaf: regions.AnyRegion) -> Atom:
    if isinstance(leaf, regions.Area):
        code = pack.area(leaf.code).code
        return AreaAtom(code, pack.descendants(code) | {code}, frozenset(pack.ancestors(code)))
    shape: Shape
    if isinstance(leaf, regions.Polygon):
        shape = PolygonShape(polygon(leaf.rings))
    elif isinstance(leaf, regions.Circle | regions.City):
        shape = CircleShape(leaf.lon, leaf.lat, leaf.radius_km * 1000)
    else:
        raise TypeError(f"{type(leaf).__name__} is not an area or a shape")
    return ShapeAtom(shape, *spread(shape))


def _named(region: regions.AnyRegion) -> set[str]:
    if isinstance(region, regions.Union):
        return {code for part in region.parts for code in _named(part)}
    if isinstance(region, regions.Except):
        return _named(region.base)
    return {region.code} if isinstance(region, regions.Area) else set()


def _larger(a: Any, b: Any) -> Any:
    return np.maximum(a, b) if isinstance(a, np.ndarray) else max(a, b)


def _smaller(a: Any, b: Any) -> Any:
    return np.minimum(a, b) if isinstance(a, np.ndarray) else min(a, b)
