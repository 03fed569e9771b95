"""Matching keys: positions as one integer, and the ranges of it that a shape needs.

A key is the Morton order (Z-order curve, G. M. Morton 1966) of longitude and latitude: each is
scaled to 31 bits and the bits are interleaved, latitude above longitude. Keys are between 0 and
2**62 - 1, fit a signed 64-bit integer, and keep near points mostly near. A quadtree cell of the
globe is one unbroken range of keys.

``cover`` answers with ranges that hold every point within a margin of a shape and some others:
what lies in them still has to be measured.
"""

import heapq
from collections.abc import Iterable

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from shapely import affinity
from shapely.geometry.base import BaseGeometry

from wayhome.places.errors import PlaceError
from wayhome.places.geodesy import degrees_around

BITS = 31
_CELLS = 1 << BITS
_DEEPEST = 20
"""Quadtree levels that a cover goes down at most: cells of about 40 m."""
_WORK = 24
"""Cells looked at for each range allowed."""

Box = tuple[float, float, float, float]


def mortons(lon: ArrayLike, lat: ArrayLike) -> NDArray[np.int64]:
    """Keys (n,) of points given as arrays of degrees. ``PlaceError`` if any is not on the globe."""
    x, y = np.asarray(lon, float), np.asarray(lat, float)
    if not (np.all(np.abs(x) <= 180) and np.all(np.abs(y) <= 90)):
        raise PlaceError(
            "coordinates",
            "a point is not on the globe",
            "give longitude -180 to 180 and latitude -90 to 90",
        )
    return _spread_bits(_scaled(x, 180.0)) | (_spread_bits(_scaled(y, 90.0)) << 1)


def morton(lon: float, lat: float) -> int:
    """The key of one point."""
    return int(mortons([lon], [lat])[0])


def _scaled(degrees: NDArray[np.float64], half: float) -> NDArray[np.int64]:
    cells = np.floor((degrees + half) / (2 * half) * _CELLS)
    return np.minimum(cells, _CELLS - 1).astype(np.int64)


def _spread_bits(value: NDArray[np.int64]) -> NDArray[np.int64]:
    """Bits of ``value`` (31 of them) moved to every second place."""
    for shift, mask in (
        (16, 0x0000FFFF0000FFFF),
        (8, 0x00FF00FF00FF00FF),
        (4, 0x0F0F0F0F0F0F0F0F),
        (2, 0x3333333333333333),
        (1, 0x5555555555555555),
    ):
        value = (value | (value << shift)) & mask
    return value


def cover(
    shape: BaseGeometry | Box, margin_m: float, max_ranges: int = 64
) -> list[tuple[int, int]]:
    """Inclusive key ranges, ascending and apart, that hold every point near ``shape``.

    ``shape`` is a geometry within ±180 degrees or a box (west, south, east, north); near is
    within ``margin_m`` metres. Works by splitting the globe in quadtree cells and the cells that
    cross the shape's edge again, largest first, while that keeps to ``max_ranges`` (1 or more).
    """
    geometry = shape if isinstance(shape, BaseGeometry) else shapely.box(*shape)
    if geometry.is_empty:
        return []
    return _cover(_GeometryTest(geometry, margin_m), max_ranges)


def cover_circle(
    lon: float, lat: float, radius_m: float, max_ranges: int = 64
) -> list[tuple[int, int]]:
    """The same for all points within ``radius_m`` metres of a point."""
    return _cover(_GeometryTest(shapely.Point(lon, lat), radius_m), max_ranges)


class _GeometryTest:
    """Whether a cell may hold points within a margin of a geometry, and whether all are in it."""

    def __init__(self, geometry: BaseGeometry, margin_m: float) -> None:
        self.margin_m = margin_m
        self.geometry = affinity.translate(geometry)  # its own: other threads prepare theirs
        self.point = geometry.geom_type == "Point"
        shapely.prepare(self.geometry)

    def __call__(self, box: Box) -> int:
        """0 if no point of ``box`` is near, 2 if all of it is inside, else 1."""
        west, south, east, north = box
        if self.margin_m:
            lat = np.array([max(abs(south), abs(north))])
            wide, high = degrees_around(lat, np.array([self.margin_m]))
            west, east = west - float(wide[0]), east + float(wide[0])
            south, north = south - float(high[0]), north + float(high[0])
        if not self._meets(west, south, east, north):
            return 0
        inside = not self.point and self.geometry.covers(shapely.box(*box))
        return 2 if inside else 1

    def _meets(self, west: float, south: float, east: float, north: float) -> bool:
        if east - west >= 360:
            west, east = -180.0, 180.0
        if north >= 90.0 or south <= -90.0:
            west, east = -180.0, 180.0  # at a pole all meridians meet
        turns = [0.0]
        turns += [360.0] if west <= -180 else []
        turns += [-360.0] if east >= 180 else []
        return any(
            self.geometry.intersects(shapely.box(west + turn, south, east + turn, north))
            for turn in turns
        )


def _cover(test: _GeometryTest, max_ranges: int) -> list[tuple[int, int]]:
    done: list[tuple[int, int]] = []
    open_cells: list[tuple[int, int, int]] = []  # (level, x, y): largest cells come first
    if test((-180.0, -90.0, 180.0, 90.0)):
        heapq.heappush(open_cells, (0, 0, 0))
    looked = 0
    while open_cells and looked < max_ranges * _WORK:
        level, x, y = open_cells[0]
        if level >= _DEEPEST or len(done) + len(open_cells) >= max_ranges * 4:
            break
        heapq.heappop(open_cells)
        for dx, dy in ((0, 0), (1, 0), (0, 1), (1, 1)):
            cell = (level + 1, 2 * x + dx, 2 * y + dy)
            looked += 1
            state = test(_box(*cell))
            if state == 2:
                done.append(_range(*cell))
            elif state:
                heapq.heappush(open_cells, cell)
    ranges = _joined([*done, *(_range(*cell) for cell in open_cells)])
    return _fewer(ranges, max_ranges)


def _box(level: int, x: int, y: int) -> Box:
    size = 2.0**-level
    return (
        -180 + 360 * x * size,
        -90 + 180 * y * size,
        -180 + 360 * (x + 1) * size,
        -90 + 180 * (y + 1) * size,
    )


def _range(level: int, x: int, y: int) -> tuple[int, int]:
    shift = 2 * (BITS - level)
    cell = _spread_bits(np.array([x])) | (_spread_bits(np.array([y])) << 1)
    first = int(cell[0]) << shift
    return first, first + (1 << shift) - 1


def _joined(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return joined


def _fewer(ranges: list[tuple[int, int]], most: int) -> list[tuple[int, int]]:
    """At most ``most`` ranges, by closing the smallest gaps between them."""
    if len(ranges) <= most:
        return ranges
    gaps = [ranges[i + 1][0] - ranges[i][1] for i in range(len(ranges) - 1)]
    kept = (
        set(np.argsort(gaps, kind="stable")[len(gaps) - (most - 1) :].tolist())
        if most > 1
        else set()
    )
    fewer = [ranges[0]]
    for i, (first, last) in enumerate(ranges[1:]):
        if i in kept:
            fewer.append((first, last))
        else:
            fewer[-1] = (fewer[-1][0], last)
    return fewer
