"""A geometry that several threads may ask at once.

GEOS makes the indexes of a prepared geometry while it answers, and two threads that ask together
corrupt its memory (shapely prepares by itself in ``intersects_xy`` and ``contains_xy``). So the
copy here is private, and one thread asks it at a time.
"""

from threading import Lock
from typing import Any

import shapely
from shapely import affinity
from shapely.geometry.base import BaseGeometry

from wayhome.places.geodesy import Booleans, Floats


class Prepared:
    """A private, prepared copy of an areal geometry."""

    def __init__(self, shape: BaseGeometry) -> None:
        self._lock = Lock()
        self._shape = affinity.translate(shape)
        shapely.prepare(self._shape)

    def intersects_xy(self, lon: Floats, lat: Floats) -> Booleans:
        """Whether each point is inside or on the boundary."""
        with self._lock:
            return shapely.intersects_xy(self._shape, lon, lat)

    def dwithin(self, points: Any, degrees: Floats) -> Booleans:
        """Whether each point is at most so many degrees away, on the plane of the map."""
        with self._lock:
            return shapely.dwithin(self._shape, points, degrees)  # type: ignore[call-overload,no-any-return]
