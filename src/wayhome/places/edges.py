"""Edges of outlines and lines, and how far points are from them.

Edges are straight in longitude and latitude, as on the map they were drawn on. The distance of a
point is the least geodesic distance to the nearest point of each edge, found in a projection
centred on the point. It is never too small; it is too large by under 0.2 % up to 100 km away at
latitudes up to 80 degrees, and by under 1 % nearer the poles, where edges are also sampled.
"""

from collections.abc import Iterable

import numpy as np
import shapely
from numpy.typing import NDArray

from wayhome.places.geodesy import Booleans, Floats, degrees_around, distance

_POLAR = 80.0
_PAIRS_AT_ONCE = 500_000


class Edges:
    """The edges of lines given as coordinates (n, 2) within ±180 degrees of longitude."""

    def __init__(self, lines: Iterable[Floats]) -> None:
        self.rows = np.vstack([np.hstack([line[:-1], line[1:]]) for line in lines])
        """One edge a row: lon, lat, lon, lat."""
        self._tree = shapely.STRtree(
            list(np.asarray(shapely.linestrings(self.rows.reshape(-1, 2, 2))))
        )

    def near(self, lon: Floats, lat: Floats, radius_m: Floats) -> Booleans:
        """Whether each point is at most its own ``radius_m`` from an edge."""
        found = np.zeros(len(lon), bool)
        if len(lon):
            points, metres = self._pairs(lon, lat, radius_m)
            found[points[metres <= radius_m[points]]] = True
        return found

    def distance_m(self, lon: float, lat: float) -> float:
        """How far one point is from the nearest edge."""
        ones = np.ones(len(self.rows))
        return float(to_edges(lon * ones, lat * ones, self.rows).min())

    def _pairs(self, lon: Floats, lat: Floats, radius_m: Floats) -> tuple[NDArray[np.intp], Floats]:
        """Points and edges whose boxes meet: index of the point, distance in metres."""
        wide, high = degrees_around(lat, radius_m)
        pairs = []
        for turn in (-360.0, 0.0, 360.0):
            x = lon + turn
            (some,) = ((x + wide >= -180) & (x - wide <= 180)).nonzero()
            boxes = shapely.box(
                x[some] - wide[some], lat[some] - high[some],
                x[some] + wide[some], lat[some] + high[some],
            )  # fmt: skip
            point, edge = self._tree.query(boxes)
            pairs.append(np.stack([some[point], edge]))
        point, edge = np.unique(np.hstack(pairs), axis=1)
        metres = [
            to_edges(lon[point[i:j]], lat[point[i:j]], self.rows[edge[i:j]])
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
