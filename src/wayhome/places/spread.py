"""Which areas lie wholly inside a shape, and which merely meet it.

Used for stays of which only the area is known. An area is taken to lie inside only when that is
sure; where it is close, the area merely meets the shape, and people there are possibly in it.
An area without a polygon counts as the nearest area around it that has one; a country without
any goes by its cities.
"""

import numpy as np
import shapely

from wayhome.places import index, pack
from wayhome.places.geodesy import degrees_around, distance
from wayhome.places.shapes import CircleShape, Shape, StripShape, circle_polygon

_SLACK = 0.002
"""Share of a circle's radius, and at least 100 m, by which its polygon is widened for meeting
and its radius narrowed for holding."""

_ROOM_M = 100.0
"""By how much an area must lie further inside a strip than the strip is drawn too wide."""


def spread(shape: Shape) -> tuple[frozenset[str], frozenset[str]]:
    """Codes of the areas wholly inside ``shape``, and of the other areas that meet it."""
    own_in, own_meet = _own_polygons(shape)
    shapes = pack.shapes()
    holding: set[str] = set()
    meeting: set[str] = set()
    # Deepest areas first, so that each area knows about those inside it.
    below: dict[str, list[int]] = {}
    bare: list[str] = []
    for code in index.deepest_first():
        states = below.get(code, [])
        if code in shapes:
            states = [*states, 2 if code in own_in else 1 if code in own_meet else 0]
        if not states:
            bare.append(code)
            continue
        state = 2 if min(states) == 2 else 1 if max(states) else 0
        (holding if state == 2 else meeting if state else set()).add(code)
        parent = pack.areas()[code].parent
        if parent:
            below.setdefault(parent, []).append(state)
    inside, some = _by_cities(shape, [code for code in bare if "-" not in code])
    meeting |= inside | some
    for code in reversed(bare):  # outer areas first
        parent = pack.areas()[code].parent
        if parent in holding:
            holding.add(code)
        elif parent in meeting:
            meeting.add(code)
    return frozenset(holding), frozenset(meeting)


def _own_polygons(shape: Shape) -> tuple[set[str], set[str]]:
    codes, tree = index.polygons()
    if isinstance(shape, CircleShape):
        slack = max(shape.radius_m * _SLACK, 100.0)
        probe = circle_polygon(shape.lon, shape.lat, shape.radius_m + slack)
        hits = tree.query(probe, predicate="intersects")
        meet = {codes[i] for i in hits}
        reach = shape.radius_m - slack
        return {code for code in meet if _held_by_circle(shape, code, reach)}, meet
    if isinstance(shape, StripShape):
        meet = {codes[i] for i in tree.query(shape.geometry, predicate="intersects")}
        return {code for code in meet if _held(shape, code)}, meet
    hits = tree.query(shape.geometry, predicate="intersects")
    inside = tree.query(shape.geometry, predicate="covers")
    return {codes[i] for i in inside}, {codes[i] for i in hits}


def _held(strip: StripShape, code: str) -> bool:
    """Whether the drawing holds the area with more room than the drawing is too wide."""
    area = pack.shapes()[code]
    _, south, _, north = area.bounds
    wide, _ = degrees_around(
        np.array([max(abs(south), abs(north))]), np.array([strip.slack_m + _ROOM_M])
    )
    if wide[0] >= 90 or not shapely.covers(strip.geometry, area):
        return False
    return bool(shapely.covers(strip.geometry, area.buffer(float(wide[0]), quad_segs=2)))


def _held_by_circle(circle: CircleShape, code: str, reach: float) -> bool:
    corners = shapely.get_coordinates(pack.shapes()[code])
    lon, lat = np.array([circle.lon]), np.array([circle.lat])
    return bool((distance(lon, lat, corners[:, 0], corners[:, 1]) <= reach).all())


def _by_cities(shape: Shape, countries: list[str]) -> tuple[set[str], set[str]]:
    wanted = set(countries)
    cities = [city for city in pack.cities().values() if city.country in wanted]
    if not cities:
        return set(), set()
    lon = np.array([city.lon for city in cities])
    lat = np.array([city.lat for city in cities])
    near = shape.near(lon, lat, np.full(len(cities), 20_000.0))
    return set(), {city.country for city, is_near in zip(cities, near, strict=True) if is_near}
