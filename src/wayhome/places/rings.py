"""Rings of polygons as people and machines draw them: checked, turned, cut at the antimeridian.

A ring is a closed sequence of (lon, lat) in WGS84 degrees. An edge that jumps by more than 180
degrees of longitude is read as the short way round, across the antimeridian. A ring may not go
round a pole: such a polygon has no inside in longitude and latitude.
"""

import math
from collections.abc import Sequence

import numpy as np
import shapely
from shapely import affinity
from shapely.geometry.base import BaseGeometry
from shapely.validation import explain_validity

from wayhome.places.errors import PlaceError

Ring = Sequence[tuple[float, float]]

_GLOBE = shapely.box(-180, -90, 180, 90)


def check(rings: Sequence[Ring], most_vertices: int) -> None:
    """Raise ``PlaceError`` naming the first thing wrong with a polygon's rings."""
    if not rings:
        raise PlaceError("rings", "the polygon has no ring", "give its outline")
    if sum(map(len, rings)) > most_vertices:
        raise PlaceError(
            "rings", f"the polygon has more than {most_vertices} vertices", "simplify it"
        )
    for number, ring in enumerate(rings):
        _check_one(ring, "rings" if len(rings) == 1 else f"rings[{number}]")
    whole = shapely.Polygon(unrolled(rings[0]), [_near(unrolled(r), rings[0]) for r in rings[1:]])
    if not whole.is_valid:
        where = explain_validity(whole)
        if "Self-intersection" in where or "Ring Self" in where:
            problem, fix = "the outline crosses itself", "draw it without crossing"
        elif "Hole lies outside" in where:
            problem, fix = "a hole lies outside the outline", "give it as a polygon of its own"
        else:
            problem, fix = "holes or outline overlap", "keep them apart"
        at = where[where.find("[") :] if "[" in where else ""
        raise PlaceError("rings", f"{problem} {at}".strip(), fix)
    if whole.area == 0:
        raise PlaceError("rings", "the polygon has no area", "draw around what is meant")


def _check_one(ring: Ring, field: str) -> None:
    for lon, lat in ring:
        if not (math.isfinite(lon) and math.isfinite(lat)):
            raise PlaceError(field, "a coordinate is not a number", "give finite degrees")
        if not (-180 <= lon <= 180 and -90 <= lat <= 90):
            raise PlaceError(
                field,
                f"({lon:g}, {lat:g}) is not on the globe",
                "give longitude -180 to 180 first, then latitude -90 to 90",
            )
    if len(ring) < 4:
        raise PlaceError(field, "it has fewer than 4 points", "give at least three corners, closed")
    if tuple(ring[0]) != tuple(ring[-1]):
        raise PlaceError(field, "it is not closed", "repeat the first point at the end")
    lons = unrolled(ring)[:, 0]
    if abs(lons[-1] - lons[0]) > 180:
        raise PlaceError(
            field, "it goes round a pole", "draw down to the pole along 180 and -180 degrees"
        )


def unrolled(ring: Ring) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Coordinates (n, 2) with longitudes carried on beyond ±180 instead of jumping."""
    points = np.array(ring, float)
    steps = np.diff(points[:, 0])
    turns = np.where(steps > 180, -360.0, np.where(steps < -180, 360.0, 0.0))
    # An edge along the whole of a parallel (-180 to 180) is drawn, not a crossing.
    points[1:, 0] += np.cumsum(np.where(np.abs(steps) == 360, 0.0, turns))
    return points


def _near(
    hole: np.ndarray[tuple[int, int], np.dtype[np.float64]], outline: Ring
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """``hole`` shifted by whole turns to where ``outline`` is."""
    middle = unrolled(outline)[:, 0]
    centre = (middle.min() + middle.max()) / 2
    hole[:, 0] += 360 * round((centre - hole[:, 0].mean()) / 360)
    return hole


def polygon(rings: Sequence[Ring]) -> BaseGeometry:
    """The polygon within ±180 degrees, cut in two where it crosses the antimeridian."""
    whole = shapely.Polygon(unrolled(rings[0]), [_near(unrolled(r), rings[0]) for r in rings[1:]])
    return cut(whole)


def areal(shape: BaseGeometry) -> BaseGeometry:
    """Without the lines and points at which two shapes merely touch."""
    if shape.geom_type in ("Polygon", "MultiPolygon"):
        return shape
    parts = [part for part in shapely.get_parts(shape) if part.geom_type.endswith("Polygon")]
    return shapely.union_all(parts) if parts else shapely.MultiPolygon()


def cut(whole: BaseGeometry) -> BaseGeometry:
    """A geometry that may reach beyond ±180, brought within."""
    west, _, east, _ = whole.bounds
    if whole.is_empty or (west >= -180 and east <= 180):
        return areal(whole)
    moved = [affinity.translate(whole, turn) for turn in (-360, 0, 360)]
    return shapely.union_all([areal(shapely.intersection(each, _GLOBE)) for each in moved])


def canonical(ring: Ring) -> list[list[int]]:
    """The ring in whole millionths of a degree, from its least point, counter-clockwise."""
    points = [(round(lon * 1_000_000), round(lat * 1_000_000)) for lon, lat in ring[:-1]]
    area = unrolled(ring)
    x, y = area[:, 0], area[:, 1]
    if float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1])) < 0:
        points.reverse()
    start = points.index(min(points))
    turned = points[start:] + points[:start]
    return [list(point) for point in turned]
