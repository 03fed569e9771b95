"""Distances on the WGS84 ellipsoid (Karney's algorithm through pyproj), in metres.

Points are given as equal arrays of longitudes and latitudes in degrees.
"""

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Geod
from shapely.geometry.base import BaseGeometry

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]

GEOD = Geod(ellps="WGS84")
_METRES_PER_DEGREE = 110_574.0
"""The least length of a degree of latitude, so that boxes never come out too small."""


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


def point_words(lon: float, lat: float) -> str:
    """A point as people write it: "33.300° N, 44.400° E"."""
    return f"{abs(lat):.3f}° {'NS'[lat < 0]}, {abs(lon):.3f}° {'EW'[lon < 0]}"


def square_km(shape: BaseGeometry) -> float:
    """The area of a polygon or multipolygon of degrees, in square kilometres on the ellipsoid."""
    if shape.is_empty:
        return 0.0
    turned = shapely.orient_polygons(shape)
    return abs(GEOD.geometry_area_perimeter(turned)[0]) / 1e6
