"""The part of the world to one side of a place, as a polygon around what is asked about.

"West of" ends at a meridian, "north of" at a parallel, and what lies between (north-west) at a
line across that direction, all straight on a map of degrees. The side of a route ends at the
route, carried on straight from where it begins and ends.
"""

from collections.abc import Sequence

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from wayhome.places import frame
from wayhome.places.errors import PlaceError
from wayhome.places.geodesy import Floats
from wayhome.places.region import Direction, Edge
from wayhome.places.rings import cut

_VECTORS: dict[Direction, tuple[float, float]] = {
    "north": (0, 1), "north-east": (1, 1), "east": (1, 0), "south-east": (1, -1),
    "south": (0, -1), "south-west": (-1, -1), "west": (-1, 0), "north-west": (-1, 1),
}  # fmt: skip
_ROOM = 3.0
"""Degrees about the region that the polygon holds: people recorded in it are nearer than that."""


def of_place(
    region: BaseGeometry, towards: Direction, place: BaseGeometry, edge: Edge
) -> BaseGeometry:
    """What lies towards a direction of ``place``; geometries within ±180 degrees."""
    box, turn = _box(region)
    points = shapely.get_coordinates(place)
    points[:, 0] = _turned(points[:, 0], turn)
    scale, direction = _scaled(points, towards)
    along = points * scale @ direction
    begins = {
        "beyond": along.max(),
        "middle": (along.max() + along.min()) / 2,
        "with": along.min(),
    }[edge]
    across = np.array([-direction[1], direction[0]])
    far = 1000.0
    start, end = begins * direction - far * across, begins * direction + far * across
    corners = np.array([start, end, end + 2 * far * direction, start + 2 * far * direction])
    return _cut_out(box, shapely.Polygon(corners / scale))


def of_route(
    region: BaseGeometry, towards: Direction, lines: Sequence[Floats], name: str
) -> BaseGeometry:
    """What lies towards a direction of a route given in pieces from end to end."""
    box, turn = _box(region)
    points = np.vstack(lines)
    points[:, 0] = _turned(points[:, 0], turn)
    scale, direction = _scaled(points, towards)
    across = np.array([-direction[1], direction[0]])
    flat = points * scale
    beside = flat @ across
    first, last = int(beside.argmin()), int(beside.argmax())
    if beside[last] - beside[first] < 1e-9:
        raise PlaceError(
            "region", f"{name} runs {towards}: nothing lies {towards} of it",
            "name a direction across it",
        )  # fmt: skip
    run = flat[first : last + 1] if first < last else flat[last : first + 1][::-1]
    far = 1000.0
    outside = [
        run[-1] + far * across,
        run[-1] + far * across + far * direction,
        run[0] - far * across + far * direction,
        run[0] - far * across,
    ]
    return _cut_out(box, shapely.make_valid(shapely.Polygon(np.vstack([run, outside]) / scale)))


def _box(region: BaseGeometry) -> tuple[BaseGeometry, float]:
    """The box about a region with some room, possibly past 180, and where its longitudes begin."""
    west, east = frame.span(region)
    _, south, _, north = region.bounds
    west, east = west - _ROOM, min(east + _ROOM, west - _ROOM + 360)
    south, north = max(south - _ROOM, -90.0), min(north + _ROOM, 90.0)
    return shapely.box(west, south, east, north), (west + east) / 2


def _turned(lon: Floats, middle: float) -> Floats:
    return middle + (lon - middle + 180) % 360 - 180


def _scaled(points: Floats, towards: Direction) -> tuple[Floats, Floats]:
    """What degrees of longitude and latitude are to each other there, and the direction."""
    middle = np.radians((points[:, 1].min() + points[:, 1].max()) / 2)
    vector = np.array(_VECTORS[towards], float)
    return np.array([max(float(np.cos(middle)), 0.01), 1.0]), vector / np.hypot(*vector)


def _cut_out(box: BaseGeometry, side: BaseGeometry) -> BaseGeometry:
    return cut(shapely.intersection(box, side))
