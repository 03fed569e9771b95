"""A short mark of what a region means, for comparing what was signed with what is sent."""

import hashlib
import json
from typing import Any

from wayhome.places import region as regions
from wayhome.places import rings


def fingerprint(region: regions.AnyRegion) -> str:
    """SHA-256 in hexadecimal of what the region means.

    The same for regions that differ only in the order, nesting or repetition of what is joined or
    met, in former and current codes, in where a ring starts and which way it or a route runs, or
    in the names of points and polygons. Coordinates are compared to a millionth of a degree.
    """
    return hashlib.sha256(_canonical(region).encode()).hexdigest()


def _canonical(part: regions.AnyRegion | regions.AnyLine | None) -> str:
    value: list[Any]
    if part is None:
        value = []
    elif isinstance(part, regions.Area):
        value = ["area", part.code]
    elif isinstance(part, regions.City | regions.Circle):
        value = ["circle", _whole(part.lon), _whole(part.lat), round(part.radius_km * 1000)]
        value += ["rough"] if isinstance(part, regions.City) and part.rough else []
    elif isinstance(part, regions.Polygon):
        turned = [rings.canonical(ring) for ring in part.rings]
        value = ["polygon", turned[0], *sorted(turned[1:])]
    elif isinstance(part, regions.Border):
        value = ["border", sorted(set(part.of)), sorted(set(part.beside))]
    elif isinstance(part, regions.Coast):
        value = ["coast", sorted(set(part.of))]
    elif isinstance(part, regions.Route):
        points = [[_whole(lon), _whole(lat)] for lon, lat in part.points]
        value = ["route", min(points, points[::-1])]
    elif isinstance(part, regions.Near):
        value = ["near", round(part.km * 1000), _canonical(part.of)]
    elif isinstance(part, regions.Side):
        value = ["side", part.towards, part.edge, _canonical(part.place), _canonical(part.of)]
    elif isinstance(part, regions.Rest):
        value = ["rest", _canonical(part.of)]
    elif isinstance(part, regions.Except):
        value = ["except", _canonical(part.base), _canonical(part.minus)]
    else:
        parts = sorted({_canonical(each) for each in _flat(part)})
        if len(parts) == 1:
            return parts[0]
        value = [part.kind, *parts]
    return json.dumps(value, separators=(",", ":"))


def _flat(whole: regions.Union | regions.Intersection) -> list[regions.AnyRegion]:
    parts: list[regions.AnyRegion] = []
    for part in whole.parts:
        parts.extend(_flat(part) if isinstance(part, type(whole)) else [part])
    return parts


def _whole(degrees: float) -> int:
    return round(degrees * 1_000_000)
