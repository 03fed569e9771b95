"""A region drawn, so that an officer can see what storage holds.

For pages, prints and readbacks: one picture without scripts or outside tiles, with the same facts
as text. Longitudes are shown true to their width at the middle of the map (equirectangular
projection); a map that crosses the antimeridian is turned so that the region stays in one piece.
"""

import html
from collections.abc import Iterator

import shapely
from shapely.geometry.base import BaseGeometry

from wayhome.places import frame, index, pack
from wayhome.places import region as regions
from wayhome.places.resolve import Resolved, resolve
from wayhome.places.words import in_words, listing

_MOST_CITIES = 12
_LARGEST = 55_000
"""Characters of a picture; a longer one is drawn again more coarsely."""
_SMALLEST_PROVINCE = 120.0
"""Mean square pixels of a country's provinces under which their borders are left out."""


def svg(region: regions.AnyRegion, width: int = 480) -> str:
    """An SVG map of the region, ``width`` pixels wide: borders around in grey, the region filled,
    larger cities named. Carries a title and a description with the same facts."""
    resolved = resolve(region)
    words = in_words(region)
    shape = resolved.geometry()
    view = frame.around(shape, _others(resolved), width)
    about = _description(resolved, shape, view)
    provinces = _land(view)
    land = {country: shapely.union_all(shapes) for country, shapes in provinces.items()}
    top = [*_cities(view), *_scale(view), *_missing_note(resolved), "</g></svg>"]
    for detail in (1.0, 2.0, 4.0, 8.0):
        drawn = [
            *_head(words, about, view),
            *_borders(view, provinces, land, detail),
            _region(shape, view, detail),
            *_outlines(resolved, view, detail),
            *top,
        ]
        if sum(map(len, drawn)) < _LARGEST:
            break
    return "".join(drawn)


def _others(resolved: Resolved) -> BaseGeometry:
    """What to look at where the region itself cannot be drawn: the countries it is in."""
    countries = sorted({code[:2] for code in resolved.codes})
    shapes = [found for code in countries if (found := pack.geometry(code)) is not None]
    if shapes:
        return shapely.union_all(shapes)
    cities = [city for city in pack.cities().values() if city.country in countries]
    return shapely.MultiPoint([(city.lon, city.lat) for city in cities])


def _missing(resolved: Resolved) -> list[str]:
    """Names of the areas that cannot be drawn."""
    return [pack.area(code).label for code in sorted(resolved.codes) if not pack.geometry(code)]


def _missing_note(resolved: Resolved) -> Iterator[str]:
    missing = _missing(resolved)
    if missing:
        named = listing(missing) if len(missing) < 4 else f"{len(missing)} areas of the region"
        yield (
            '<rect width="100%" height="18" fill="#fff" fill-opacity=".85"/>'
            f'<text x="6" y="13" font-size="11" fill="#8c1d18">Not drawn, no outline known: '
            f"{html.escape(named)}</text>"
        )


def _description(resolved: Resolved, shape: BaseGeometry, view: frame.Frame) -> str:
    missing = _missing(resolved)
    said = "Map of the region with the borders of provinces and countries around it."
    if missing:
        said += f" No outline is known of {listing(missing)}."
    if not shape.is_empty and not view.clipped(shape).is_empty:
        globe = shapely.union_all(view.boxes)
        if not globe.contains(shape):
            said += " Small parts of the region lie outside the map."
    return said


def _head(words: str, description: str, view: frame.Frame) -> list[str]:
    title = html.escape(words if len(words) <= 300 else words[:299] + "…")
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {view.width} {view.height}" '
        f'width="{view.width}" height="{view.height}" role="img" class="region-map" '
        'font-family="system-ui,sans-serif">',
        f"<title>{title}</title><desc>{html.escape(description)}</desc>",
        f'<rect width="{view.width}" height="{view.height}" fill="#dfe9f0"/>',
        '<g stroke-linejoin="round" stroke-linecap="round">',
    ]


def _land(view: frame.Frame) -> dict[str, list[BaseGeometry]]:
    """What the picture holds of each country's own polygons, specks left out."""
    codes, tree = index.polygons()
    hits = {int(i) for box in view.boxes for i in tree.query(box, predicate="intersects")}
    countries: dict[str, list[BaseGeometry]] = {}
    for i in sorted(hits):
        shape = pack.shapes()[codes[i]]
        west, south, east, north = shape.bounds
        if max(east - west, north - south) > view.pixel / 2:
            countries.setdefault(codes[i][:2], []).append(view.clipped(shape))
    return countries


def _borders(
    view: frame.Frame,
    provinces: dict[str, list[BaseGeometry]],
    land: dict[str, BaseGeometry],
    detail: float,
) -> Iterator[str]:
    """Land with the borders of provinces, where they are not too small, and of countries."""
    fine = {
        country
        for country, shapes in provinces.items()
        if land[country].area / len(shapes) / view.pixel**2 >= _SMALLEST_PROVINCE
    }
    inner = "".join(view.path(each, 3, detail) for code in sorted(fine) for each in provinces[code])
    outer = "".join(view.path(land[code], detail=detail) for code in sorted(fine))
    plain = "".join(view.path(land[code], detail=detail) for code in sorted(set(land) - fine))
    yield f'<path fill="#f4f2ec" stroke="#c3c1ba" stroke-width=".7" d="{inner}"/>'
    yield f'<path fill="#f4f2ec" stroke="#77756f" stroke-width="1" d="{plain}"/>'
    yield f'<path fill="none" stroke="#77756f" stroke-width="1" d="{outer}"/>'


def _region(shape: BaseGeometry, view: frame.Frame, detail: float) -> str:
    path = view.path(view.clipped(shape), 0.4 * (detail - 1), detail)
    return (
        f'<path fill="#b3261e" fill-opacity=".34" fill-rule="evenodd" stroke="#8c1d18" '
        f'stroke-width="1.6" d="{path}"/>'
    )


def _outlines(resolved: Resolved, view: frame.Frame, detail: float) -> Iterator[str]:
    """Outlines of the parts, so that provinces joined in one region can be told apart."""
    parts = resolved.named
    if not 1 < len(parts) <= 60:
        return
    shapes = [resolved.part_geometry(atom) for atom in parts]
    path = "".join(view.path(view.clipped(shape), detail=detail) for shape in shapes)
    style = 'fill="none" stroke="#8c1d18" stroke-width=".8" stroke-dasharray="3 2"'
    yield f'<path {style} d="{path}"/>'


def _cities(view: frame.Frame) -> Iterator[str]:
    taken: list[tuple[float, float, float, float]] = []
    named = 0
    seen = [
        (city, at)
        for city in pack.cities().values()
        if (at := view.at(city.lon, city.lat)) is not None
    ]
    # Known in many languages counts too: a quarter may have more people than its old city.
    seen.sort(key=lambda pair: -pair[0].population * (5 + min(len(pair[0].names), 40)))
    for city, (x, y) in seen:
        wide = 6.2 * len(city.name)
        left = x - 6 - wide if x + 6 + wide > view.width - 2 else x + 6
        box = (left, y - 8, left + wide, y + 5)
        if left < 2 or not 9 < y < view.height - 6 or any(_meet(box, other) for other in taken):
            continue
        taken += [box, (x - 3, y - 3, x + 3, y + 3)]
        name = html.escape(city.name)
        yield (
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.4" fill="#222"/>'
            f'<g font-size="11" transform="translate({left:.1f} {y + 4:.1f})">'
            f'<text aria-hidden="true" fill="#fff" stroke="#fff" stroke-width="2.4" '
            f'stroke-opacity=".8">{name}</text><text fill="#111">{name}</text></g>'
        )
        named += 1
        if named == _MOST_CITIES:
            return


def _meet(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _scale(view: frame.Frame) -> Iterator[str]:
    """A bar of a round number of kilometres, lower left."""
    km, pixels = view.scale_bar()
    y = view.height - 10
    yield (
        f'<path stroke="#333" stroke-width="2" fill="none" d="M10 {y - 4}v4h{pixels:.1f}v-4"/>'
        f'<text x="{14 + pixels:.1f}" y="{y + 1}" font-size="10" fill="#333">{km:,} km</text>'
    )
