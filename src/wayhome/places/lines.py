"""Lines of the pack: borders, coasts, and routes, as coordinates.

A border is where the outline of one area runs along another: within ``TOLERANCE``, since
neighbours of different sources do not share every vertex. A coast is what of an outline runs
along nobody. The seam at 180 degrees is neither.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import shapely
from shapely import affinity
from shapely.geometry.base import BaseGeometry

from wayhome.places import index, pack
from wayhome.places import region as regions
from wayhome.places.errors import PlaceError
from wayhome.places.geodesy import Booleans, Floats
from wayhome.places.rings import unrolled
from wayhome.places.shapes import outlines

TOLERANCE = 0.01
"""Degrees: how far apart the outlines of two neighbours may run (about 1 km)."""
_GLOBE = shapely.box(-180, -90, 180, 90)
_SEAM = 179.999
_STEP = 0.05
"""Degrees: an edge is taken to be a border whole or not at all; longer ones are divided."""


def coordinates(line: regions.AnyLine) -> tuple[Floats, ...]:
    """A line as coordinates (n, 2) within ±180 degrees; several pieces where it is broken.

    Raises ``PlaceError`` where there is no such border or coast, or no outline is known.
    """
    if isinstance(line, regions.Route):
        return tuple(route_pieces(line))
    if isinstance(line, regions.Coast):
        return _coast(tuple(sorted(set(line.of))))
    return _border(tuple(sorted(set(line.of))), tuple(sorted(set(line.beside))))


def route_pieces(route: regions.Route) -> list[Floats]:
    """A route, in two where it crosses the antimeridian."""
    whole = shapely.LineString(unrolled(route.points))
    pieces: list[Floats] = []
    for turn in (-360.0, 0.0, 360.0):
        inside = shapely.intersection(affinity.translate(whole, turn), _GLOBE)
        pieces += [
            shapely.get_coordinates(part)
            for part in shapely.get_parts(inside)
            if part.geom_type == "LineString" and not part.is_empty
        ]
    return pieces


@lru_cache(maxsize=256)
def _border(of: tuple[str, ...], beside: tuple[str, ...]) -> tuple[Floats, ...]:
    if beside:
        others = [area_geometry(code) for code in beside]
    else:
        others = _around(of, of_countries=all("-" not in code for code in of))
    found = _runs(of, others, along=True)
    if not found:
        names = " and ".join(pack.area(code).label for code in of)
        neighbours = " and ".join(pack.area(code).label for code in beside) or "any other area"
        raise PlaceError(
            "region", f"{names} has no border with {neighbours}",
            "name areas that lie side by side",
        )  # fmt: skip
    return tuple(found)


@lru_cache(maxsize=256)
def _coast(of: tuple[str, ...]) -> tuple[Floats, ...]:
    found = _runs(of, _around(of, of_countries=False), along=False)
    if not found:
        names = " and ".join(pack.area(code).label for code in of)
        raise PlaceError("region", f"{names} has no coast", "name an area that lies by the sea")
    return tuple(found)


def area_geometry(code: str) -> BaseGeometry:
    """An area's polygon, or ``PlaceError`` where none is known."""
    found = pack.geometry(code)
    if found is None:
        raise PlaceError(
            "region", f"no outline of {pack.area(code).label} is known",
            "import a layer that has one, or draw a polygon",
        )  # fmt: skip
    return found


def _around(of: Sequence[str], *, of_countries: bool) -> list[BaseGeometry]:
    """All areas beside these and in none of them; those of other countries alone where they are
    countries."""
    codes, tree = index.polygons()
    own = {code for each in of for code in (each, *pack.descendants(each), *pack.ancestors(each))}
    countries = {code[:2] for code in of}
    bounds = [shapely.box(*area_geometry(code).bounds).buffer(TOLERANCE) for code in of]
    near = {codes[i] for i in tree.query(bounds, "intersects")[1]}
    return [
        pack.shapes()[code]
        for code in sorted(near - own)
        if not (of_countries and code[:2] in countries)
    ]


def _runs(of: Sequence[str], others: Sequence[BaseGeometry], *, along: bool) -> list[Floats]:
    """Pieces of the outline of ``of`` that run along ``others``, or those that do not."""
    whole = shapely.union_all([area_geometry(code) for code in of])
    edges = [
        shapely.linestrings(np.stack([ring[:-1], ring[1:]], axis=1))
        for other in others
        for ring in outlines(other)
    ]
    tree = shapely.STRtree(np.concatenate([*edges, np.empty(0, object)]))
    pieces: list[Floats] = []
    for ring in outlines(whole.segmentize(_STEP)):
        middles = shapely.points((ring[:-1] + ring[1:]) / 2)
        wanted = np.full(len(ring) - 1, not along)
        wanted[np.unique(tree.query(middles, "dwithin", TOLERANCE)[0])] = along
        at_seam = np.abs(ring[:, 0]) > _SEAM
        wanted &= ~(at_seam[:-1] & at_seam[1:])
        pieces += _cut_out(ring, wanted)
    return pieces


def _cut_out(ring: Floats, wanted: Booleans) -> list[Floats]:
    """Runs of the wanted edges of a closed ring, as coordinates."""
    if wanted.all():
        return [ring]
    if not wanted.any():
        return []
    first = int((~wanted).argmax())  # begin where no run goes on over the start
    points = np.vstack([ring[first:-1], ring[: first + 1]])
    turned = np.concatenate([wanted[first:], wanted[:first]])
    steps = np.diff(np.concatenate([[False], turned, [False]]).astype(int))
    starts, ends = (steps == 1).nonzero()[0], (steps == -1).nonzero()[0]
    return [points[i : j + 1] for i, j in zip(starts, ends, strict=True)]
