"""A region in words, for pages and readbacks, in English."""

from collections.abc import Iterable, Sequence

import numpy as np
import shapely

from wayhome.places import pack
from wayhome.places import region as regions
from wayhome.places.folding import fold
from wayhome.places.rings import polygon
from wayhome.places.shapes import GEOD

_MOST_NAMED = 60
_SAME_DEGREES = 0.02
"""How far a newer pack may have moved a city's centre."""


def in_words(region: regions.AnyRegion) -> str:
    """The region in words, such as "Anbar and Nineveh (Iraq)" or "Iraq except Dohuk"."""
    return _words(region, None)


def _words(region: regions.AnyRegion, said: str | None) -> str:
    """``said`` is the country already named by the words around, if any."""
    if isinstance(region, regions.Except):
        countries = {_country(leaf) for leaf in regions.leaves(region.base)}
        country = countries.pop() if len(countries) == 1 else None
        base, minus = _words(region.base, said), _words(region.minus, country or said)
        if isinstance(region.base, regions.Except):
            base = f"({base})"
        return (
            f"{base} except {f'({minus})' if isinstance(region.minus, regions.Except) else minus}"
        )
    if isinstance(region, regions.Union):
        return _joined(region, said)
    return _leaf(region, said)


def _joined(union: regions.Union, said: str | None) -> str:
    by_country: dict[str, list[str]] = {}
    others: list[str] = []
    countries: list[str] = []
    for part in union.parts:
        if isinstance(part, regions.Area):
            area = pack.area(part.code)
            if area.kind == "country":
                countries.append(area.label)
            else:
                by_country.setdefault(area.country, []).append(area.label)
        else:
            words = _words(part, said)
            others.append(f"({words})" if isinstance(part, regions.Except) else words)
    groups = [*sorted(set(countries), key=_sort_key)]
    for country, names in sorted(by_country.items()):
        listed = listing(sorted(set(names), key=_sort_key))
        groups.append(listed if country == said else f"{listed} ({pack.area(country).label})")
    everything = [*groups, *dict.fromkeys(others)]
    if len(everything) > 1 and any(" and " in words for words in everything):
        return "; ".join(everything)
    return listing(everything)


def _leaf(leaf: regions.AnyRegion, said: str | None) -> str:
    if isinstance(leaf, regions.Area):
        area = pack.area(leaf.code)
        if area.kind == "country" or area.country == said:
            return area.label
        return f"{area.label} ({pack.area(area.country).label})"
    if isinstance(leaf, regions.City):
        country = _country(leaf)
        where = f" ({pack.area(country).label})" if country and country != said else ""
        said_name = leaf.name if _is_where_it_says(leaf) else f"“{leaf.name}” at {_at(leaf)}"
        return f"within {leaf.radius_km:.4g} km of {said_name}{where}"
    if isinstance(leaf, regions.Circle):
        return f"within {leaf.radius_km:.4g} km of {_at(leaf)}"
    if isinstance(leaf, regions.Polygon):
        return _polygon_words(leaf)
    raise TypeError(f"{type(leaf).__name__} is not an area or a shape")


def point_words(lon: float, lat: float) -> str:
    """A point as people write it: "33.300° N, 44.400° E"."""
    return f"{abs(lat):.3f}° {'NS'[lat < 0]}, {abs(lon):.3f}° {'EW'[lon < 0]}"


def _polygon_words(part: regions.Polygon) -> str:
    shape = polygon(part.rings)
    square_km = abs(GEOD.geometry_area_perimeter(shapely.orient_polygons(shape))[0]) / 1e6
    size = f"{square_km:,.0f}" if square_km >= 10 else f"{square_km:.1f}"
    west, south, east, north = shape.bounds
    cities = [
        city
        for city in pack.cities().values()
        if west <= city.lon <= east and south <= city.lat <= north
    ]
    lon = np.array([city.lon for city in cities])
    lat = np.array([city.lat for city in cities])
    inside = shapely.intersects_xy(shape, lon, lat) if cities else np.zeros(0, bool)
    named = [city for city, is_inside in zip(cities, inside, strict=True) if is_inside]
    if named:
        city = named[0]
        where = f"around {city.name} ({pack.area(city.country).label})"
    else:
        middle = shape.representative_point()
        where = f"at {point_words(middle.x, middle.y)}"
    return f"a drawn area of {size} km² {where}"


def _at(leaf: regions.City | regions.Circle) -> str:
    return point_words(leaf.lon, leaf.lat)


def _is_where_it_says(leaf: regions.City) -> bool:
    """Whether name and point are the pack's: whoever signs must not read one and send another."""
    city = pack.cities().get(leaf.city_id)
    if city is None or city.name != leaf.name:
        return False
    return max(abs(city.lon - leaf.lon), abs(city.lat - leaf.lat)) < _SAME_DEGREES


def _country(leaf: regions.AnyRegion) -> str | None:
    if isinstance(leaf, regions.Area):
        return pack.area(leaf.code).country
    if isinstance(leaf, regions.City):
        city = pack.cities().get(leaf.city_id)
        return city.country if city and _is_where_it_says(leaf) else None
    return None


def listing(items: Iterable[str]) -> str:
    """ "a", "a and b", "a, b and c"; what is over sixty is counted instead of named."""
    names: Sequence[str] = list(items)
    if len(names) > _MOST_NAMED:
        names = [*names[: _MOST_NAMED - 1], f"{len(names) - _MOST_NAMED + 1} more"]
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _sort_key(name: str) -> str:
    return fold(name)
