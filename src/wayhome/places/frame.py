"""The part of the globe that a picture shows, and how degrees become pixels.

Equirectangular: a degree of longitude is as wide as it is at the middle of the picture. The
picture's own longitudes may run past 180 degrees; ``turn`` says where they begin.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
import shapely
from shapely import affinity
from shapely.geometry.base import BaseGeometry

from wayhome.places.packfile import STEP

Floats = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
Numbers = TypeVar("Numbers", float, Floats)

_MARGIN = 0.14
_LEAST_DEGREES = 0.3
_SHAPE = (0.55, 1.15)
"""Height of a picture as a share of its width: least and most."""


@dataclass(frozen=True)
class Frame:
    """A picture of ``width`` × ``height`` pixels of the box (west, south, east, north)."""

    west: float
    south: float
    east: float
    north: float
    width: int
    height: int

    @cached_property
    def boxes(self) -> list[BaseGeometry]:
        """The box within ±180 degrees: one piece, or two across the antimeridian."""
        whole = shapely.box(self.west, self.south, self.east, self.north)
        globe = shapely.box(-180, -90, 180, 90)
        pieces = [shapely.intersection(affinity.translate(whole, t), globe) for t in (-360, 0, 360)]
        return [piece for piece in pieces if piece.area > 0]

    def clipped(self, shape: BaseGeometry) -> BaseGeometry:
        """The areal part of ``shape`` in the picture, in the picture's longitudes."""
        if shape.is_empty:
            return shape
        shape = shapely.simplify(shape, self.pixel * 0.3)
        pieces = []
        for turn in (-360.0, 0.0, 360.0):
            west, _, east, _ = shape.bounds
            if west + turn < self.east and east + turn > self.west:
                moved = affinity.translate(shape, turn)
                pad = (self.east - self.west) * 0.01
                pieces.append(
                    shapely.clip_by_rect(
                        moved, self.west - pad, self.south - pad, self.east + pad, self.north + pad
                    )
                )
        if len(pieces) == 1:
            return pieces[0] if pieces[0].is_valid else shapely.make_valid(pieces[0])
        return shapely.union_all(shapely.make_valid(pieces), grid_size=1 / STEP)

    @property
    def pixel(self) -> float:
        """Degrees of latitude in one pixel."""
        return (self.north - self.south) / self.height

    def at(self, lon: float, lat: float) -> tuple[float, float] | None:
        """Pixels of a point, or None if it is outside."""
        lon = self.west + (lon - self.west) % 360
        if lon > self.east or not self.south <= lat <= self.north:
            return None
        return self._x(lon), self._y(lat)

    def path(self, shape: BaseGeometry, least: float = 3.0, detail: float = 1.0) -> str:
        """SVG path data of a shape's rings; islands under ``least`` square pixels are left out
        if there are larger ones. ``detail`` above 1 draws more coarsely."""
        rings = sorted(_rings(shape), key=lambda ring: -abs(_area(ring)))
        data = []
        for number, ring in enumerate(rings):
            points = np.column_stack([self._x(ring[:, 0]), self._y(ring[:, 1])])
            if number and abs(_area(points)) < least * detail:
                break
            line = shapely.LineString(points).simplify(0.4 * detail)
            corners = np.rint(shapely.get_coordinates(line) * 10).astype(int)
            if len(corners) > 3:
                data.append(_relative(corners))
        return "".join(data)

    def scale_bar(self) -> tuple[int, float]:
        """A round number of kilometres and its length in pixels at the middle of the picture."""
        middle = np.radians((self.south + self.north) / 2)
        km_wide = (self.east - self.west) * 111.32 * max(float(np.cos(middle)), 0.01)
        most = km_wide * 0.22
        steps = [n * 10**p for p in range(5) for n in (1, 2, 5)]
        km = max((step for step in steps if step <= most), default=1)
        return km, self.width * km / km_wide

    def _x(self, lon: Numbers) -> Numbers:
        return (lon - self.west) / (self.east - self.west) * self.width

    def _y(self, lat: Numbers) -> Numbers:
        return (self.north - lat) / (self.north - self.south) * self.height


def around(shape: BaseGeometry, instead: BaseGeometry, width: int) -> Frame:
    """A frame that holds ``shape`` with some room, or ``instead`` where it is empty."""
    world = shapely.box(-180, -60, 180, 80)
    seen = next((each for each in (shape, instead) if not each.is_empty), world)
    seen = main_parts(seen)
    west, east = span(seen)
    _, south, _, north = seen.bounds
    middle = (south + north) / 2
    narrow = max(float(np.cos(np.radians(min(abs(middle), 80.0)))), 0.15)
    wide = max((east - west) * narrow, _LEAST_DEGREES) * (1 + 2 * _MARGIN)
    high = max(north - south, _LEAST_DEGREES) * (1 + 2 * _MARGIN)
    least, most = _SHAPE
    wide, high = max(wide, high / most), max(high, wide * least)
    wide, high = min(wide, 360 * narrow), min(high, 180.0)
    centre = (west + east) / 2
    south, north = middle - high / 2, middle + high / 2
    south, north = (-90.0, -90.0 + high) if south < -90 else (south, north)
    south, north = (90.0 - high, 90.0) if north > 90 else (south, north)
    half = wide / narrow / 2
    height = round(width * min(max(high / wide, least), most))
    return Frame(centre - half, south, centre + half, north, width, height)


def main_parts(shape: BaseGeometry) -> BaseGeometry:
    """The parts that a picture has to hold: specks far from the rest are left out.

    A part stays if it has a 2,000th of the area, or lies within a fifth of the extent of those
    that have.
    """
    parts = shapely.get_parts(shape)
    areas = shapely.area(parts)
    if not areas.sum():
        return shape
    large = parts[areas >= areas.sum() / 2000]
    west, south, east, north = shapely.total_bounds(large)
    room = max(east - west, north - south) / 5
    near = shapely.box(west - room, south - room, east + room, north + room)
    return shapely.GeometryCollection(list(parts[shapely.intersects(parts, near)]))


def span(shape: BaseGeometry) -> tuple[float, float]:
    """West and east: the narrowest run of longitudes that holds all parts, possibly past 180."""
    runs = sorted((part.bounds[0], part.bounds[2]) for part in shapely.get_parts(shape))
    joined = [list(runs[0])]
    for west, east in runs[1:]:
        if west <= joined[-1][1]:
            joined[-1][1] = max(joined[-1][1], east)
        else:
            joined.append([west, east])
    gaps = [
        (joined[(i + 1) % len(joined)][0] + (360 if i + 1 == len(joined) else 0) - joined[i][1], i)
        for i in range(len(joined))
    ]
    _, widest = max(gaps)
    west = joined[(widest + 1) % len(joined)][0]
    east = joined[widest][1]
    return (west, east) if east >= west else (west, east + 360)


def _rings(shape: BaseGeometry) -> Iterator[Floats]:
    for part in shapely.get_parts(shapely.get_parts(np.array([shape], object))):
        for polygon in shapely.get_parts(part):
            if polygon.geom_type == "Polygon" and not polygon.is_empty:
                for ring in (polygon.exterior, *polygon.interiors):
                    yield shapely.get_coordinates(ring)


def _area(ring: Floats) -> float:
    x, y = ring[:, 0], ring[:, 1]
    return float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1])) / 2


def _relative(tenths: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> str:
    """Path data of a closed ring from tenths of pixels, with relative steps."""
    first = tenths[0]
    steps = np.diff(tenths[:-1], axis=0)
    moves = " ".join(f"{_number(dx)} {_number(dy)}" for dx, dy in steps.tolist())
    return f"M{_number(int(first[0]))} {_number(int(first[1]))}l{moves}z"


def _number(tenths: int) -> str:
    text = f"{tenths / 10:.1f}".rstrip("0").rstrip(".")
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text
