"""What a region covers: whole areas by code, and exact shapes.

A region becomes a list of atoms and a way to combine their values. A value says whether a stay
is in an atom: 0 no, 1 possibly, 2 certainly (Kleene's three-valued logic): a union has the
largest of its parts' values, an intersection the least, an exception ``min(base, 2 - minus)``.
The part of a region to one side is the region and an atom for the side.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial, reduce
from typing import Any, TypeVar

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from wayhome.places import keys, lines, pack, sides
from wayhome.places import region as regions
from wayhome.places.errors import PlaceError
from wayhome.places.rings import areal, polygon
from wayhome.places.shapes import CircleShape, PolygonShape, Shape, StripShape, outlines
from wayhome.places.spread import spread

Values = TypeVar("Values", bound=Any)

NO, POSSIBLE, CERTAIN = 0, 1, 2
SURE_SHARE = 0.4
"""Share of a city's usual radius within which people are surely in it."""


@dataclass(frozen=True)
class AreaAtom:
    """A whole area. A stay recorded in ``within`` is in it as surely as it was recorded there;
    one recorded only in an area ``around`` is possibly in it."""

    code: str
    within: frozenset[str]
    around: frozenset[str]


@dataclass(frozen=True, eq=False)
class ShapeAtom:
    """A circle, polygon or strip. Stays with a point are measured; others go by the areas that lie
    wholly inside it (``within``) or meet it (``around``)."""

    shape: Shape
    within: frozenset[str]
    around: frozenset[str]
    slack_m: float = 0.0
    """How far outside people are possibly in it all the same."""

    @property
    def geometry(self) -> BaseGeometry:
        """The shape as a polygon within ±180 degrees, for drawing."""
        return self.shape.geometry

    def ranges(self, margin_m: float, max_ranges: int = 64) -> list[tuple[int, int]]:
        """Key ranges that hold every point within ``margin_m`` metres (see ``keys.cover``)."""
        margin_m += self.slack_m
        if isinstance(self.shape, CircleShape):
            circle = self.shape
            return keys.cover_circle(circle.lon, circle.lat, circle.radius_m + margin_m, max_ranges)
        if isinstance(self.shape, StripShape):
            reach = self.shape.radius_m + margin_m
            return keys.cover(self.shape.skeleton, reach, max_ranges)
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
            return reduce(_larger, [self._value(other, values) for other in part.parts])
        if isinstance(part, regions.Intersection):
            return reduce(_smaller, [self._value(other, values) for other in part.parts])
        if isinstance(part, regions.Except):
            base, minus = self._value(part.base, values), self._value(part.minus, values)
            return _smaller(base, CERTAIN - minus)
        if isinstance(part, regions.Side):
            return _smaller(self._value(part.of, values), values[self._order[part]])
        return values[self._order[part]]

    @property
    def named(self) -> list[Atom]:
        """Atoms of the areas and places that are named, without strips and sides."""
        places = (regions.Area, regions.City, regions.Circle, regions.Polygon)
        return [self.atoms[i] for part, i in self._order.items() if isinstance(part, places)]

    @cached_property
    def searched(self) -> tuple[ShapeAtom, ...]:
        """Shapes of which a stay with a point is in one, or in an area by its code, if it is in
        the region at all: where to look for them."""
        found = dict.fromkeys(self._searched(self.region)[0])
        return tuple(atom for atom in found if isinstance(atom, ShapeAtom))

    def _searched(self, part: regions.AnyRegion) -> tuple[list[Atom], float]:
        """Atoms to search for those in ``part``, and how much there is to search."""
        if isinstance(part, regions.Union):
            each = [self._searched(other) for other in part.parts]
            return [atom for atoms, _ in each for atom in atoms], sum(cost for _, cost in each)
        if isinstance(part, regions.Intersection):
            return min((self._searched(other) for other in part.parts), key=lambda found: found[1])
        if isinstance(part, regions.Except | regions.Side):
            return self._searched(regions.parts(part)[0])
        atom = self.atoms[self._order[part]]
        # Rows of areas are read in any case: all that is said of a stay has to be weighed.
        return [atom], atom.geometry.area if isinstance(atom, ShapeAtom) else 0.0

    def geometry(self) -> BaseGeometry:
        """The region as one geometry within ±180 degrees, for drawing; empty if it has none."""
        return self._drawn

    @cached_property
    def _drawn(self) -> BaseGeometry:
        return draw(self.region, lambda leaf: self.part_geometry(self.atoms[self._order[leaf]]))

    def part_geometry(self, atom: Atom) -> BaseGeometry:
        """One atom's geometry; empty for an area of which no polygon is known."""
        return _geometry(atom)


def resolve(region: regions.AnyRegion) -> Resolved:
    """Work out a region's atoms. Equal parts share one atom. Raises ``PlaceError`` where a line
    or a side is nowhere, or "the rest" is not worked out yet."""
    order: dict[regions.AnyRegion, int] = {}
    atoms: list[Atom] = []

    def geometry(part: regions.AnyRegion) -> BaseGeometry:
        return draw(part, lambda leaf: _geometry(atoms[order[leaf]]))

    def add(part: regions.Leaf | regions.Side, atom: Callable[[], Atom]) -> None:
        if part not in order:
            found = atom()
            order[part] = len(atoms)
            atoms.append(found)

    parts = list(regions.everything(region))
    for part in parts:
        if isinstance(part, regions.Rest):
            raise PlaceError(
                "region", "“the rest” stands alone", "say the other parts of the bulletin too"
            )
        if isinstance(part, regions.Leaf):
            add(part, partial(_atom, part))
    # Inner sides first: where a side begins follows from what it is a side of.
    for part in reversed(parts):
        if isinstance(part, regions.Side):
            add(part, partial(_side, part, geometry))
    return Resolved(region, tuple(atoms), frozenset(_named(region)), order)


def storable(region: regions.AnyRegion) -> dict[str, Any]:
    """``region.dump`` of a region that can be resolved; ``PlaceError`` for one that cannot."""
    resolve(region)
    return regions.dump(region)


Drawn = Callable[[regions.Leaf | regions.Side], BaseGeometry]


def draw(part: regions.AnyRegion, leaf: Drawn) -> BaseGeometry:
    """The geometry of a region from those of its leaves and sides."""
    if isinstance(part, regions.Union):
        return shapely.union_all([draw(other, leaf) for other in part.parts])
    if isinstance(part, regions.Intersection):
        return areal(reduce(shapely.intersection, [draw(other, leaf) for other in part.parts]))
    if isinstance(part, regions.Except):
        return areal(shapely.difference(draw(part.base, leaf), draw(part.minus, leaf)))
    if isinstance(part, regions.Side):
        return areal(shapely.intersection(draw(part.of, leaf), leaf(part)))
    if isinstance(part, regions.Rest):
        return shapely.MultiPolygon()
    return leaf(part)


def _geometry(atom: Atom) -> BaseGeometry:
    if isinstance(atom, AreaAtom):
        return pack.geometry(atom.code) or shapely.MultiPolygon()
    return atom.geometry


@lru_cache(maxsize=256)
def _atom(leaf: regions.Leaf) -> Atom:
    if isinstance(leaf, regions.Area):
        code = pack.area(leaf.code).code
        return AreaAtom(code, pack.descendants(code) | {code}, frozenset(pack.ancestors(code)))
    shape = _shape(leaf)
    within, around = spread(shape)
    if isinstance(leaf, regions.City) and leaf.rough:
        sure_m = leaf.radius_km * 1000 * SURE_SHARE
        sure = CircleShape(leaf.lon, leaf.lat, sure_m)
        return ShapeAtom(sure, frozenset(), within | around, leaf.radius_km * 1000 - sure_m)
    return ShapeAtom(shape, within, around)


def _shape(leaf: regions.City | regions.Circle | regions.Polygon | regions.Near) -> Shape:
    if isinstance(leaf, regions.Polygon):
        return PolygonShape(polygon(leaf.rings))
    if isinstance(leaf, regions.Circle | regions.City):
        return CircleShape(leaf.lon, leaf.lat, leaf.radius_km * 1000)
    if isinstance(leaf.of, regions.Area | regions.Polygon):
        inner = (
            lines.area_geometry(leaf.of.code)
            if isinstance(leaf.of, regions.Area)
            else polygon(leaf.of.rings)
        )
        return StripShape(outlines(inner), leaf.km * 1000, PolygonShape(inner))
    return StripShape(lines.coordinates(leaf.of), leaf.km * 1000)


def _side(side: regions.Side, geometry: Callable[[regions.AnyRegion], BaseGeometry]) -> ShapeAtom:
    of = geometry(side.of)
    if of.is_empty:
        raise PlaceError(
            "region", "it asks for one side of a place whose outline is not known",
            "draw the part that is meant",
        )  # fmt: skip
    if isinstance(side.place, regions.Route):
        name = "the route " + " – ".join(side.place.names) if side.place.names else "the line"
        shape = sides.of_route(of, side.towards, lines.coordinates(side.place), name)
    elif isinstance(side.place, regions.Area):
        place = lines.area_geometry(side.place.code)
        shape = sides.of_place(of, side.towards, place, side.edge)
    else:
        place = of if side.place is None else _shape(side.place).geometry
        shape = sides.of_place(of, side.towards, place, side.edge)
    if shape.is_empty or areal(shapely.intersection(of, shape)).is_empty:
        raise PlaceError(
            "region", f"nothing of it lies {side.towards} of that", "check the direction"
        )
    side_shape = PolygonShape(shape)
    return ShapeAtom(side_shape, *spread(side_shape))


def _named(region: regions.AnyRegion) -> set[str]:
    if isinstance(region, regions.Area):
        return {region.code}
    if isinstance(region, regions.Except):
        return _named(region.base)
    return {code for part in regions.parts(region) for code in _named(part)}


def _larger(a: Any, b: Any) -> Any:
    return np.maximum(a, b) if isinstance(a, np.ndarray) else max(a, b)


def _smaller(a: Any, b: Any) -> Any:
    return np.minimum(a, b) if isinstance(a, np.ndarray) else min(a, b)
