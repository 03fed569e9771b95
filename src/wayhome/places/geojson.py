"""Regions as GeoJSON (RFC 7946): for interactive maps, and from whatever drew an outline.

What is written carries the region itself beside its drawing, so that reading it back is exact: a
circle stays a circle. In what others drew, polygons are taken; a ring that is not closed is closed
and points said twice are left out, everything else that is wrong is refused with its reason.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import shapely

from wayhome.places import region as regions
from wayhome.places.errors import PlaceError
from wayhome.places.fingerprint import fingerprint
from wayhome.places.resolve import resolve
from wayhome.places.words import in_words

_SIMPLER = 800
"""An outline is simplified to about this share of its extent."""
_COLLECTIONS = {"FeatureCollection": "features", "GeometryCollection": "geometries"}


def geojson(region: regions.AnyRegion) -> dict[str, Any]:
    """A FeatureCollection (lon/lat) of one feature: the region, its outline simplified.

    Its properties are ``words``, ``codes``, ``fingerprint`` and ``region`` (see ``region.dump``).
    An area of which no polygon is known is in none of the geometry; where there is none at all it
    is null.
    """
    resolved = resolve(region)
    shape = resolved.geometry()
    geometry: dict[str, Any] | None = None
    if not shape.is_empty:
        west, south, east, north = shape.bounds
        simple = shapely.simplify(shape, max(east - west, north - south) / _SIMPLER)
        geometry = shapely.geometry.mapping(shapely.set_precision(simple, 0.0001))
    properties = {
        "words": in_words(region),
        "codes": sorted(resolved.codes),
        "fingerprint": fingerprint(region),
        "region": regions.dump(region),
    }
    feature = {"type": "Feature", "properties": properties, "geometry": geometry}
    return {"type": "FeatureCollection", "features": [feature]}


def read_geojson(text: str | bytes) -> regions.AnyRegion:
    """The region of a GeoJSON text; ``PlaceError`` where it is none, or not a usable one."""
    parts = tuple(dict.fromkeys(_regions(_loaded(text), 0)))
    if not parts:
        raise PlaceError("region", "it has no polygon", "give polygons or multipolygons")
    return parts[0] if len(parts) == 1 else regions.parse(regions.dump(regions.Union(parts=parts)))


def _loaded(text: str | bytes) -> Any:
    if len(text) > regions.LONGEST_JSON:
        raise PlaceError(
            "region", "it is too long", f"keep it under {regions.LONGEST_JSON} characters"
        )
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise PlaceError("region", "it is not JSON", "give a GeoJSON object") from None


def _regions(value: Any, depth: int) -> Iterator[regions.AnyRegion]:
    kind = value.get("type") if isinstance(value, Mapping) else None
    if depth > regions.DEEPEST or not isinstance(kind, str):
        raise PlaceError("region", "it is not GeoJSON", "give a FeatureCollection of polygons")
    if kind in _COLLECTIONS:
        members = value.get(_COLLECTIONS[kind])
        if not isinstance(members, list) or len(members) > regions.MOST_PARTS:
            raise PlaceError(
                "region", f"its {_COLLECTIONS[kind]} are not a list of at most "
                f"{regions.MOST_PARTS}", "give fewer, larger polygons",
            )  # fmt: skip
        for member in members:
            yield from _regions(member, depth + 1)
    elif kind == "Feature":
        properties = value.get("properties")
        own = properties.get("region") if isinstance(properties, Mapping) else None
        if isinstance(own, Mapping) and "version" in own:
            yield regions.parse(own)
        elif value.get("geometry") is not None:
            yield from _regions(value["geometry"], depth + 1)
    elif kind == "Polygon":
        yield _polygon(value.get("coordinates"))
    elif kind == "MultiPolygon" and isinstance(value.get("coordinates"), list):
        for rings in value["coordinates"]:
            yield _polygon(rings)
    else:
        raise PlaceError("region", f"a {kind[:40]} has no area", "give polygons or multipolygons")


def _polygon(rings: Any) -> regions.AnyRegion:
    if not isinstance(rings, list) or not all(isinstance(ring, list) for ring in rings):
        raise PlaceError("region", "a polygon has no rings", "give lists of points")
    return regions.parse({"kind": "polygon", "rings": [_ring(ring) for ring in rings]})


def _ring(points: list[Any]) -> list[tuple[float, float]]:
    ring: list[tuple[float, float]] = []
    for point in points:
        if not isinstance(point, list | tuple) or len(point) < 2:
            raise PlaceError("region", "a point is not a pair", "give longitude, then latitude")
        lon, lat = point[:2]  # a height may follow
        if not all(isinstance(each, int | float) for each in (lon, lat)):
            raise PlaceError("region", "a coordinate is not a number", "give degrees")
        if abs(lat) > 90 and abs(lon) <= 90:
            raise PlaceError(
                "region",
                f"({lon:g}, {lat:g}) is not on the globe",
                "give longitude first, then latitude: these look swapped",
            )
        if not ring or ring[-1] != (lon, lat):
            ring.append((lon, lat))
    if len(ring) > 2 and ring[0] != ring[-1]:
        ring.append(ring[0])
    return ring
