"""Circles and polygons on the globe: what they cover and how far a point is from them.

All methods are vectorised over points given as equal arrays of longitudes and latitudes in
WGS84 degrees; distances and radii are metres on the WGS84 ellipsoid.

- A circle is "geodesic distance from the centre at most the radius" (Karney's algorithm through
  pyproj), never a polygon with corners.
- A polygon's edges are straight in longitude and latitude, as on the map it was drawn on; its
  boundary belongs to it. The distance of a point outside is the least geodesic distance to the
  nearest point of each edge, found in a projection centred on the point. It is never too
  small; it is too large by under 0.2 % up to 100 km away at latitudes up to 80 degrees, and by
  under 1 % nearer the poles, where edges are also sampled.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Geod
from shapely.geometry.base import BaseGeometry

from wayhome.places.rings import cut

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]

GEOD = Geod(ellps="WGS84")
_METRES_PER_DEGREE = 110_574.0
"""The least length of a degree of latitude, so that boxes never come out too small."""
_POLAR = 80.0
_PAIRS_AT_ONCE = 500_000


def distance(lon: Floats, lat: Floats, lon2: Floats, lat2: Floats) -> Floats:
    """Geodesic distance in metres between points, elementwise (broadcast)."""
    a, b, c, d = (np.array(each, float) for each in np.broadcast_arrays(lon, lat, lon2, lat2))
    _, _, metres = GEOD.inv(a, b, c, d)
    return np.asarray(metres, float)


def degrees_around(lat: Floats, metres: Floats) -> tuple[Floats, Floats]:
    """Half width in longitude and half height in latitude of a box around each point.

    The box holds every point within ``metres``. Where it reaches a pole, the half width is 360.
    """
    high = np.asarray(metres, float) / _METRES_PER_DEGREE + 1e-9
    top = np.minimum(np.abs(lat) + high, 90.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        sine = np.sin(np.radians(np.minimum(high, 90.0))) / np.cos(np.radians(np.abs(lat)))
        wide = np.degrees(np.arcsin(np.minimum(sine, 1.0))) * 1.01 + 1e-9
    return np.where((top >= 90.0) | (sine >= 1.0), 360.0, wide), high


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
    def _prepared(self) -> BaseGeometry:
        shapely.prepare(self.polygon)
        return self.polygon

    @cached_property
    def _edges(self) -> tuple[Floats, shapely.STRtree]:
        """Edges as rows (lon, lat, lon, lat), and a tree of them."""
        rows = []
        for part in shapely.get_parts(self.polygon):
            for ring in (part.exterior, *part.interiors):
                points = shapely.get_coordinates(ring)
                rows.append(np.hstack([points[:-1], points[1:]]))
        edges = np.vstack(rows)
        lines = np.asarray(shapely.linestrings(edges.reshape(-1, 2, 2)))
        return edges, shapely.STRtree(lines)

    def covers(self, lon: Floats, lat: Floats) -> Booleans:
        found: Booleans = shapely.intersects_xy(self._prepared, lon, lat)
        for seam in (180.0, -180.0):  # one meridian, written in two ways
            (at,) = (lon == seam).nonzero()
            found[at] |= shapely.intersects_xy(self._prepared, -lon[at], lat[at])
        for pole in (90.0, -90.0):  # one point, written with any longitude
            at = lat == pole
            if at.any():
                line = shapely.linestrings([(-180.0, pole), (180.0, pole)])
                found[at] = shapely.intersects(self._prepared, line)
        return found

    def near(self, lon: Floats, lat: Floats, radius_m: Floats) -> Booleans:
        found = self.covers(lon, lat)
        (left,) = (~found & (radius_m > 0)).nonzero()
        if len(left):
            points, metres = self._pairs(lon[left], lat[left], radius_m[left])
            close = metres <= radius_m[left][points]
            found[left[points[close]]] = True
        return found

    def distance_m(self, lon: Floats, lat: Floats) -> Floats:
        metres = np.zeros(len(lon))
        edges, _ = self._edges
        for i in (~self.covers(lon, lat)).nonzero()[0]:
            ones = np.ones(len(edges))
            metres[i] = to_edges(lon[i] * ones, lat[i] * ones, edges).min()
        return metres

    def _pairs(self, lon: Floats, lat: Floats, radius_m: Floats) -> tuple[NDArray[np.intp], Floats]:
        """Points and edges whose boxes meet: index of the point, distance in metres."""
        edges, tree = self._edges
        wide, high = degrees_around(lat, radius_m)
        pairs = []
        for turn in (-360.0, 0.0, 360.0):
            x = lon + turn
            (some,) = ((x + wide >= -180) & (x - wide <= 180)).nonzero()
            boxes = shapely.box(
                x[some] - wide[some], lat[some] - high[some],
                x[some] + wide[some], lat[some] + high[some],
            )  # fmt: skip
            point, edge = tree.query(boxes)
            pairs.append(np.stack([some[point], edge]))
        point, edge = np.unique(np.hstack(pairs), axis=1)
        metres = [
            to_edges(lon[point[i:j]], lat[point[i:j]], edges[edge[i:j]])
            for i in range(0, len(point), _PAIRS_AT_ONCE)
            for j in (i + _PAIRS_AT_ONCE,)
        ]
        return point, np.concatenate([np.empty(0), *metres])


def to_edges(lon: Floats, lat: Floats, edges: Floats) -> Floats:
    """Distance in metres from each point to its edge (n, 4), within the bounds stated above."""
    narrow = np.maximum(np.cos(np.radians(lat)), 1e-6)
    shift = (edges[:, 0] + edges[:, 2]) / 2 - lon
    turn = 360.0 * np.round(shift / 360.0)
    x1, x2 = (edges[:, 0] - turn - lon) * narrow, (edges[:, 2] - turn - lon) * narrow
    y1, y2 = edges[:, 1] - lat, edges[:, 3] - lat
    dx, dy = x2 - x1, y2 - y1
    length = dx * dx + dy * dy
    with np.errstate(divide="ignore", invalid="ignore"):
        along = np.where(length > 0, -(x1 * dx + y1 * dy) / length, 0.0)
    along = np.clip(along, 0.0, 1.0)
    metres = _at(lon, lat, edges, along)
    (polar,) = (np.abs(lat) > _POLAR).nonzero()
    for share in np.linspace(0, 1, 65) if len(polar) else ():
        at = _at(lon[polar], lat[polar], edges[polar], np.full(len(polar), share))
        metres[polar] = np.minimum(metres[polar], at)
    return metres


def _at(lon: Floats, lat: Floats, edges: Floats, along: Floats) -> Floats:
    x = edges[:, 0] + along * (edges[:, 2] - edges[:, 0])
    y = edges[:, 1] + along * (edges[:, 3] - edges[:, 1])
    return distance(lon, lat, x, np.clip(y, -90.0, 90.0))
