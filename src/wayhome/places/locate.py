"""From a point to the areas it may be in.

The pack's borders are drawn for 1:10,000,000 and lie up to some kilometres off, so a point near
a border is possibly on its other side too.
"""

from functools import cache, lru_cache

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from shapely import affinity

from wayhome.places import index, pack
from wayhome.places.errors import PlaceError
from wayhome.places.geodesy import degrees_around, distance
from wayhome.places.prepared import Prepared
from wayhome.places.shapes import PolygonShape

BORDER_M = 5_000
"""How far the pack's borders may be off, in metres."""
OFFSHORE_M = 50_000
"""How far out at sea a point still belongs, possibly, to the nearest land."""

_BAND = 2.0
Found = tuple[tuple[str, int], ...]


def locate(lon: float, lat: float, radius_m: float = 0) -> Found:
    """Areas that a point may be in, with certainty 2 (certain) or 1, the surest first.

    The area that contains the point is certain; others within ``BORDER_M`` plus ``radius_m``
    metres are possible. A point in none gets the nearest within ``OFFSHORE_M`` as possible, or
    nothing. Areas are the finest that have a polygon: subdivisions mostly, else the country.
    Raises ``PlaceError`` for a point that is not on the globe.
    """
    return locate_many([lon], [lat], [radius_m])[0]


def locate_many(lon: ArrayLike, lat: ArrayLike, radius_m: ArrayLike) -> list[Found]:
    """``locate`` for n points at once, given as equal arrays."""
    x, y, reach = _checked(lon, lat, radius_m)
    found: list[dict[str, int]] = [{} for _ in x]
    reach = reach + BORDER_M
    for number, points in _candidates(x, y, reach):
        code = index.polygons()[0][number]
        shape = _shape(number)
        inside = shape.covers(x[points], y[points])
        for i in points[inside]:
            found[i][code] = 2
        near = points[~inside]
        for i in near[_near(number, x[near], y[near], reach[near])]:
            found[i].setdefault(code, 1)
    for i in [i for i, areas in enumerate(found) if not areas]:
        found[i] = _offshore(float(x[i]), float(y[i]))
    return [_ordered(areas) for areas in found]


def _checked(
    lon: ArrayLike, lat: ArrayLike, radius_m: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    x, y, reach = (np.asarray(values, float) for values in (lon, lat, radius_m))
    if not (np.all(np.abs(x) <= 180) and np.all(np.abs(y) <= 90)):
        raise PlaceError(
            "coordinates",
            "a point is not on the globe",
            "give longitude -180 to 180 and latitude -90 to 90",
        )
    if not np.all((reach >= 0) & (reach <= 1_000_000)):
        raise PlaceError("radius", "it is not between 0 and 1,000 km", "give metres")
    return x, y, np.broadcast_to(reach, x.shape)


def _candidates(
    x: NDArray[np.float64], y: NDArray[np.float64], reach: NDArray[np.float64]
) -> list[tuple[int, NDArray[np.intp]]]:
    """For each polygon whose box comes near some points: its number and theirs."""
    _, tree = index.polygons()
    wide, high = degrees_around(y, reach)
    pairs = []
    for turn in (-360.0, 0.0, 360.0):
        (some,) = ((x + turn + wide >= -180) & (x + turn - wide <= 180)).nonzero()
        boxes = shapely.box(
            x[some] + turn - wide[some], y[some] - high[some],
            x[some] + turn + wide[some], y[some] + high[some],
        )  # fmt: skip
        point, polygon = tree.query(boxes)
        pairs.append(np.stack([polygon, some[point]]))
    polygon, point = np.unique(np.hstack(pairs), axis=1)
    if not len(point):
        return []
    numbers, starts = np.unique(polygon, return_index=True)
    groups = np.split(point, starts[1:])
    return [(int(n), group) for n, group in zip(numbers, groups, strict=True)]


@cache
def _shape(number: int) -> PolygonShape:
    code = index.polygons()[0][number]
    return PolygonShape(pack.shapes()[code])


def _near(
    number: int, x: NDArray[np.float64], y: NDArray[np.float64], reach: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Whether each point is within reach, in a projection true at its band of latitude.

    Reach is stretched by at most 7 % below 70 degrees, never shortened. Nearer the poles the
    exact distance is used.
    """
    near = np.zeros(len(x), bool)
    polar = np.abs(y) >= 70
    if polar.any():
        near[polar] = _shape(number).near(x[polar], y[polar], reach[polar])
    bands = np.floor(np.abs(y) / _BAND).astype(int)
    for band in np.unique(bands[~polar]):
        narrow = float(np.cos(np.radians((band + 1) * _BAND)))
        (some,) = ((bands == band) & ~polar).nonzero()
        squeezed = _squeezed(number, int(band))
        for turn in (-360.0, 0.0, 360.0) if np.abs(x[some]).max() > 170 else (0.0,):
            points = shapely.points((x[some] + turn) * narrow, y[some])
            near[some] |= squeezed.dwithin(points, reach[some] / 110_574.0)
    return near


@cache
def _squeezed(number: int, band: int) -> Prepared:
    narrow = float(np.cos(np.radians((band + 1) * _BAND)))
    return Prepared(affinity.scale(_shape(number).polygon, narrow, 1.0, origin=(0, 0)))


def _offshore(lon: float, lat: float) -> dict[str, int]:
    x, y = np.array([lon]), np.array([lat])
    best: tuple[float, str] | None = None
    for number, _ in _candidates(x, y, np.array([float(OFFSHORE_M)])):
        metres = float(_shape(number).distance_m(x, y)[0])
        if metres <= OFFSHORE_M and (best is None or metres < best[0]):
            best = metres, index.polygons()[0][number]
    best = best or _islands(lon, lat)
    return {best[1]: 1} if best else {}


def _islands(lon: float, lat: float) -> tuple[float, str] | None:
    """The nearest city of a country without polygons, within ``OFFSHORE_M``."""
    x, y, codes = _bare_cities()
    if not codes:
        return None
    metres = distance(np.array([lon]), np.array([lat]), x, y)
    nearest = int(metres.argmin())
    return (float(metres[nearest]), codes[nearest]) if metres[nearest] <= OFFSHORE_M else None


@lru_cache(maxsize=1)
def _bare_cities() -> tuple[NDArray[np.float64], NDArray[np.float64], list[str]]:
    drawn = {code[:2] for code in pack.shapes()}
    cities = [city for city in pack.cities().values() if city.country not in drawn]
    lon = np.array([city.lon for city in cities])
    lat = np.array([city.lat for city in cities])
    return lon, lat, [city.country for city in cities]


def _ordered(areas: dict[str, int]) -> Found:
    """Surest first; a country's leftover polygon only where no subdivision of it is as sure."""
    sure = {code[:2] for code, value in areas.items() if "-" in code and value == 2}
    kept = {code: value for code, value in areas.items() if "-" in code or code not in sure}
    return tuple(sorted(kept.items(), key=lambda item: (-item[1], item[0])))
