"""Circles, polygons and strips on the globe: what they cover and how far a point is from them.

All methods are vectorised over points given as equal arrays of longitudes and latitudes in
WGS84 degrees; distances and radii are metres on the WGS84 ellipsoid.

- A circle is "geodesic distance from the centre at most the radius", never a polygon with corners.
- A polygon's edges are straight in longitude and latitude, as on the map it was drawn on; its
  boundary belongs to it. How exact distances from it are says ``edges``.
- A strip is everything within a distance of lines, and of the area that they bound where it is
  one; measured, not drawn.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from shapely import affinity
from shapely.geometry.base import BaseGeometry

from wayhome.places.edges import Edges
from wayhome.places.geodesy import GEOD, Booleans, Floats, degrees_around, distance
from wayhome.places.prepared import Prepared
from wayhome.places.rings import cut

STRIP_SLACK = 0.03
"""Share of its radius by which a strip is drawn too wide, so that its drawing holds it all."""


MOST_CORNERS = 3_000
"""Of the lines that a strip is drawn along."""


class Shape:
    """What circles and polygons have in common."""

    @property
    def geometry(self) -> BaseGeometry:
        """For drawing and coarse tests: a polygon within ±180 degrees of longitude."""
        raise NotImplementedError

    def covers(self, lon: Floats, lat: Floats) -> Booleans:
        """Whether each point is inside or on the boundary."""
        raise NotImplementedError

    def near(self, lon: Floats, lat: Floats, radius_m: Floats) -> Booleans:
        """Whether each point is at most its own ``radius_m`` away."""
        raise NotImplementedError

    def distance_m(self, lon: Floats, lat: Floats) -> Floats:
        """How far each point is away, 0 inside."""
        raise NotImplementedError


@dataclass(frozen=True)
class CircleShape(Shape):
    """All points within ``radius_m`` of a centre."""

    lon: float
    lat: float
    radius_m: float

    @cached_property
    def geometry(self) -> BaseGeometry:
        return circle_polygon(self.lon, self.lat, self.radius_m)

    def covers(self, lon: Floats, lat: Floats) -> Booleans:
        return self.near(lon, lat, np.zeros(len(lon)))

    def near(self, lon: Floats, lat: Floats, radius_m: Floats) -> Booleans:
        reach = radius_m + self.radius_m
        wide, high = degrees_around(np.full(1, self.lat), np.full(1, reach.max(initial=0.0)))
        found: Booleans = np.abs(lat - self.lat) <= high[0]
        found &= np.abs((lon - self.lon + 180) % 360 - 180) <= wide[0]
        (left,) = found.nonzero()
        found[left] = self._from_centre(lon[left], lat[left]) <= reach[left]
        return found

    def distance_m(self, lon: Floats, lat: Floats) -> Floats:
        return np.maximum(self._from_centre(lon, lat) - self.radius_m, 0.0)

    def _from_centre(self, lon: Floats, lat: Floats) -> Floats:
        return distance(np.full(1, self.lon), np.full(1, self.lat), lon, lat)


def circle_polygon(lon: float, lat: float, radius_m: float, corners: int = 180) -> BaseGeometry:
    """A polygon through points of a geodesic circle, cut at the antimeridian.

    Where the circle holds a pole, the polygon runs along that pole.
    """
    around = np.linspace(0, 360, corners, endpoint=False)
    ones = np.ones(corners)
    lons, lats, _ = GEOD.fwd(lon * ones, lat * ones, around, radius_m * ones)
    for pole in (90.0, -90.0):
        if (
            distance(np.array([lon]), np.array([lat]), np.array([lon]), np.array([pole]))
            <= radius_m
        ):
            order = np.argsort(lons)
            line = list(zip(np.array(lons)[order], np.array(lats)[order], strict=True))
            edge = (line[0][1] + line[-1][1]) / 2
            ends = [(180.0, edge), (180.0, pole), (-180.0, pole), (-180.0, edge)]
            return shapely.make_valid(shapely.Polygon([*line, *ends]))
    unrolled = lon + (np.array(lons) - lon + 180) % 360 - 180
    return cut(shapely.Polygon(np.column_stack([unrolled, lats])))


@dataclass(frozen=True, eq=False)
class PolygonShape(Shape):
    """A polygon or multipolygon within ±180 degrees of longitude."""

    polygon: BaseGeometry

    @property
    def geometry(self) -> BaseGeometry:
        return self.polygon

    @cached_property
    def _prepared(self) -> Prepared:
        return Prepared(self.polygon)

    @cached_property
    def _edges(self) -> Edges:
        return Edges(outlines(self.polygon))

    def covers(self, lon: Floats, lat: Floats) -> Booleans:
        found = self._prepared.intersects_xy(lon, lat)
        for seam in (180.0, -180.0):  # one meridian, written in two ways
            (at,) = (lon == seam).nonzero()
            found[at] |= self._prepared.intersects_xy(-lon[at], lat[at])
        for pole in (90.0, -90.0):  # one point, written with any longitude
            at = lat == pole
            if at.any():
                line = shapely.linestrings([(-180.0, pole), (180.0, pole)])
                found[at] = shapely.intersects(self.polygon, line)
        return found

    def near(self, lon: Floats, lat: Floats, radius_m: Floats) -> Booleans:
        found = self.covers(lon, lat)
        (left,) = (~found & (radius_m > 0)).nonzero()
        if len(left):
            found[left] = self._edges.near(lon[left], lat[left], radius_m[left])
        return found

    def distance_m(self, lon: Floats, lat: Floats) -> Floats:
        metres = np.zeros(len(lon))
        for i in (~self.covers(lon, lat)).nonzero()[0]:
            metres[i] = self._edges.distance_m(lon[i], lat[i])
        return metres


@dataclass(frozen=True, eq=False)
class StripShape(Shape):
    """All points within ``radius_m`` of lines, coordinates (n, 2) each within ±180 degrees, or in
    the ``inner`` polygon."""

    lines: Sequence[Floats]
    radius_m: float
    inner: PolygonShape | None = None

    @cached_property
    def _edges(self) -> Edges:
        return Edges(self.lines)

    @cached_property
    def geometry(self) -> BaseGeometry:
        strip, _ = self._drawing
        return strip if self.inner is None else shapely.union(strip, self.inner.polygon)

    @property
    def slack_m(self) -> float:
        """How much wider than the strip its drawing is at most."""
        return self._drawing[1] + self.radius_m * STRIP_SLACK / 3

    @cached_property
    def _drawing(self) -> tuple[BaseGeometry, float]:
        return strip_polygon(self.lines, self.radius_m)

    @property
    def skeleton(self) -> BaseGeometry:
        """What distances are measured from, as one geometry."""
        lines = shapely.MultiLineString([line.tolist() for line in self.lines])
        return lines if self.inner is None else self.inner.polygon

    def covers(self, lon: Floats, lat: Floats) -> Booleans:
        return self.near(lon, lat, np.zeros(len(lon)))

    def near(self, lon: Floats, lat: Floats, radius_m: Floats) -> Booleans:
        found = np.zeros(len(lon), bool) if self.inner is None else self.inner.covers(lon, lat)
        (left,) = (~found).nonzero()
        found[left] = self._edges.near(lon[left], lat[left], radius_m[left] + self.radius_m)
        return found

    def distance_m(self, lon: Floats, lat: Floats) -> Floats:
        metres = np.zeros(len(lon))
        for i in (~self.covers(lon, lat)).nonzero()[0]:
            metres[i] = max(self._edges.distance_m(lon[i], lat[i]) - self.radius_m, 0.0)
        return metres


def outlines(shape: BaseGeometry) -> list[Floats]:
    """Coordinates (n, 2) of every ring of a polygon or multipolygon."""
    return [
        shapely.get_coordinates(ring)
        for part in shapely.get_parts(shape)
        for ring in (part.exterior, *part.interiors)
    ]


def strip_polygon(lines: Sequence[Floats], radius_m: float) -> tuple[BaseGeometry, float]:
    """A polygon that holds what is within ``radius_m`` of lines, to well under ``STRIP_SLACK`` of
    that but for coasts of a continent; cut at the antimeridian.

    Lines are simplified to ``MOST_CORNERS``, and the strip widened by as much. Each short piece
    is widened in a plane that is true at its own latitude. Beside it: by how many metres.
    """
    coarse = radius_m / 111_000 * STRIP_SLACK / 3
    simple = [shapely.LineString(line).simplify(coarse) for line in lines]
    while sum(len(line.coords) for line in simple) > MOST_CORNERS and coarse < 1:
        coarse *= 2
        simple = [line.simplify(coarse) for line in simple]
    wide = radius_m + coarse * 111_700
    longest = float(np.clip(wide / 111_000 * 2, 0.05, 0.5))
    pieces: list[BaseGeometry] = []
    for line in simple:
        points = shapely.get_coordinates(line.segmentize(longest))
        starts = range(0, max(len(points) - 1, 1), 4)
        pieces.extend(_widened(points[start : start + 5], wide) for start in starts)
    return cut(shapely.union_all(pieces)), wide - radius_m


def _widened(points: Floats, radius_m: float) -> BaseGeometry:
    middle = np.abs(points[:, 1]).mean()
    wide, high = degrees_around(np.array([middle]), np.array([radius_m]))
    if wide[0] >= 180:  # about a pole: every meridian
        south = max(float(points[:, 1].min() - high[0]), -90.0)
        return shapely.box(-180, south, 180, min(float(points[:, 1].max() + high[0]), 90.0))
    _, _, metres = GEOD.inv(points[0, 0], middle, points[0, 0] + 0.1, middle)
    _, _, up = GEOD.inv(points[0, 0], middle, points[0, 0], middle - 0.1)
    scale = np.array([metres / 0.1, up / 0.1])
    flat = shapely.LineString(points * scale).buffer(radius_m, quad_segs=12)
    return affinity.scale(flat, 1 / scale[0], 1 / scale[1], origin=(0, 0))
