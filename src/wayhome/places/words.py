"""A region in words, for pages and readbacks, in each language of ``phrases``.

English words are read back by ``reading`` as the same region; drawn polygons are described only.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
import shapely

from wayhome.places import pack
from wayhome.places import region as regions
from wayhome.places.choosing import the_one
from wayhome.places.errors import PlaceError
from wayhome.places.finding import ALL_KINDS, Kind, by_mark, label
from wayhome.places.folding import fold
from wayhome.places.geodesy import point_words, square_km
from wayhome.places.phrases import Phrases, phrases
from wayhome.places.rings import polygon

_MOST_NAMED = 60
_SAME_DEGREES = 0.02
"""How far a newer pack may have moved a city's centre."""


def in_words(region: regions.AnyRegion, language: str = "en") -> str:
    """The region in words, such as "Anbar and Nineveh (Iraq)" or "Iraq except Dohuk"."""
    return _Speaker(phrases(language)).words(region, None)


def listing(items: Iterable[str], language: str = "en") -> str:
    """ "a", "a and b", "a, b and c"; what is over sixty is counted instead of named."""
    said = phrases(language)
    names: Sequence[str] = list(items)
    if len(names) > _MOST_NAMED:
        more = said.more.format(count=len(names) - _MOST_NAMED + 1)
        names = [*names[: _MOST_NAMED - 1], more]
    if len(names) < 2:
        return "".join(names)
    return f"{said.comma.join(names[:-1])}{said.conjunction}{names[-1]}"


class _Speaker:
    """Says regions in one language. ``said`` is the country already named by the words around."""

    def __init__(self, phrases: Phrases) -> None:
        self.p = phrases

    def words(self, region: regions.AnyRegion, said: str | None) -> str:
        p = self.p
        if isinstance(region, regions.Union):
            return self._joined(region, said)
        if isinstance(region, regions.Except):
            country = _only_country(region.base)
            base, minus = self._inner(region.base, said), self._inner(region.minus, country or said)
            return p.except_.format(base=base, minus=minus)
        if isinstance(region, regions.Intersection):
            first, *others = region.parts
            country = _only_country(first)
            words = self._named(first, said)
            for other in others:
                within = self._inner(other, country or said)
                is_distance = isinstance(other, regions.Near | regions.Circle) or (
                    isinstance(other, regions.City) and not other.rough
                )
                form = p.parts_within if is_distance else p.parts_in
                words = form.format(of=words, within=within)
            return words
        if isinstance(region, regions.Side):
            return self._side(region, said)
        if isinstance(region, regions.Rest):
            return p.rest.format(of=self._named(region.of, said))
        if isinstance(region, regions.Near):
            return p.near.format(km=_number(region.km), of=self._line(region.of))
        return self._leaf(region, said)

    def _inner(self, region: regions.AnyRegion, said: str | None) -> str:
        """In brackets where it would run together with the words around."""
        words = self.words(region, said)
        is_list = isinstance(region, regions.Union) and ";" not in words
        is_plain = not regions.parts(region) or is_list
        return words if is_plain else f"[{words}]"

    def _named(self, region: regions.AnyRegion, said: str | None) -> str:
        """The same where a name is expected: "the rest of Anbar", "the rest of [within 5 km …]"."""
        is_name = isinstance(region, regions.Area | regions.Union) or (
            isinstance(region, regions.City) and region.rough
        )
        inner = self._inner(region, said)
        return inner if is_name or inner.startswith("[") else f"[{inner}]"

    def _joined(self, union: regions.Union, said: str | None) -> str:
        by_country: dict[str, list[str]] = {}
        others: list[str] = []
        countries: list[str] = []
        for part in union.parts:
            if isinstance(part, regions.Area):
                area = pack.area(part.code)
                if area.kind == "country":
                    countries.append(self._area(part.code, None))
                else:
                    by_country.setdefault(area.country, []).append(self.label(part.code))
            else:
                nested = isinstance(part, regions.Union)
                others.append(self._inner(part, said) if nested else self.words(part, said))
        groups = [*sorted(set(countries), key=fold)]
        for country, names in sorted(by_country.items()):
            listed = listing(sorted(set(names), key=fold), self.p.language)
            groups.append(listed if country == said else self._in_country(listed, country))
        everything = [*groups, *dict.fromkeys(others)]
        if len(everything) > 1 and (
            others
            or (countries and by_country)
            or any(self.p.conjunction in words for words in everything)
        ):
            return self.p.semicolon.join(everything)
        return listing(everything, self.p.language)

    def _side(self, side: regions.Side, said: str | None) -> str:
        p = self.p
        of = self._named(side.of, said)
        if side.place is None:
            return p.half.format(of=of, direction=p.halves[side.towards])
        form = {"beyond": p.beyond, "middle": p.middle, "with": p.including}[side.edge]
        place = self._place(side.place)
        return form.format(of=of, direction=p.directions[side.towards], place=place)

    def _place(
        self, place: regions.Area | regions.City | regions.Circle | regions.Polygon | regions.Route
    ) -> str:
        if isinstance(place, regions.City) and place.rough:
            return self._rough(place, None)
        if isinstance(place, regions.City | regions.Circle):
            of = self._city(place, None) if isinstance(place, regions.City) else _at(place)
            return self.p.surroundings.format(km=_number(place.radius_km), of=of)
        return self._line(place)

    def _line(self, line: regions.AnyLine | regions.Area | regions.Polygon) -> str:
        p = self.p
        if isinstance(line, regions.Area):
            return p.area.format(of=self._area(line.code, None))
        if isinstance(line, regions.Polygon):
            return self._leaf(line, None)
        if isinstance(line, regions.Route):
            stops = [self._stop(line, number) for number in range(len(line.points))]
            return p.route.format(stops=" – ".join(stops))
        of = self._areas(line.of)
        if isinstance(line, regions.Coast):
            return p.coast.format(of=of)
        if not line.beside:
            return p.borders.format(of=of)
        return p.border.format(of=of, beside=self._areas(line.beside))

    def _stop(self, route: regions.Route, number: int) -> str:
        lon, lat = route.points[number]
        if route.names:
            city = _city_at(route.names[number], lon, lat)
            if city:
                return self._in_country(city.name, city.country)
        return point_words(lon, lat)

    def _areas(self, codes: Sequence[str]) -> str:
        return self.words(regions.Union(parts=tuple(regions.Area(code=c) for c in codes)), None)

    def _leaf(self, leaf: regions.AnyRegion, said: str | None) -> str:
        if isinstance(leaf, regions.Area):
            return self._area(leaf.code, said)
        if isinstance(leaf, regions.City) and leaf.rough:
            return self._rough(leaf, said)
        if isinstance(leaf, regions.City):
            return self.p.near.format(km=_number(leaf.radius_km), of=self._city(leaf, said))
        if isinstance(leaf, regions.Circle):
            return self.p.near.format(km=_number(leaf.radius_km), of=_at(leaf))
        if isinstance(leaf, regions.Polygon):
            return self._polygon(leaf)
        raise TypeError(f"{type(leaf).__name__} is not an area or a shape")

    def _area(self, code: str, said: str | None) -> str:
        area = pack.area(code)
        if area.kind == "country":
            clear = self.p.language != "en" or _means(area.label, None, code=code)
            return self.label(code) if clear else f"{area.label} (country)"
        if area.country == said:
            return self.label(code)
        return self._in_country(self.label(code), area.country)

    def _rough(self, city: regions.City, said: str | None) -> str:
        country = _country(city)
        if country is None:
            return self.p.city.format(name=self._city(city, said))
        is_english = self.p.language == "en"
        if is_english and not _means(city.name, country, city=city.city_id):
            return self._city(city, said)
        ends = fold(city.name).endswith(" city") and is_english
        name = city.name if ends else self.p.city.format(name=city.name)
        return name if country == said else self._in_country(name, country)

    def _city(self, city: regions.City, said: str | None) -> str:
        country = _country(city)
        if country is None:
            return f"“{city.name}” ({_at(city)})"
        if self.p.language == "en" and not _means(city.name, country, city=city.city_id):
            match = by_mark(f"#{city.city_id}")
            return label(match) if match else city.name  # one of several in the country
        return city.name if country == said else self._in_country(city.name, country)

    def _in_country(self, words: str, country: str) -> str:
        return f"{words} ({self.label(country)})"

    def label(self, code: str) -> str:
        """An area's name in this language, where the pack has one."""
        area = pack.area(code)
        if self.p.language == "en":
            return area.label
        return next((name for name, tag in area.names if tag == self.p.language), area.label)

    def _polygon(self, part: regions.Polygon) -> str:
        shape = polygon(part.rings)
        km2 = square_km(shape)
        size = f"{km2:,.0f}" if km2 >= 10 else f"{km2:.1f}"
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
            where = self.p.around.format(of=self._in_country(named[0].name, named[0].country))
        else:
            middle = shape.representative_point()
            where = self.p.at.format(of=point_words(middle.x, middle.y))
        drawn = self.p.drawn.format(size=size, where=where)
        return f"“{part.name}”, {drawn}" if part.name else drawn


@lru_cache(maxsize=2000)
def _means(name: str, country: str | None, *, code: str = "", city: int = 0) -> bool:
    """Whether whoever reads a name understands this country, or this city of the country."""
    kinds: tuple[Kind, ...] = ("city",) if city else ALL_KINDS
    try:
        found = the_one(name, country, kinds, narrow=bool(city))
    except PlaceError:
        return False
    return found.city_id == city if city else found.code == code


def _number(km: float) -> str:
    return f"{km:.4g}"


def _at(leaf: regions.City | regions.Circle) -> str:
    return point_words(leaf.lon, leaf.lat)


def _city_at(name: str, lon: float, lat: float) -> pack.City | None:
    """The largest city of this name at this point."""
    return next(
        (
            city
            for city in pack.cities().values()
            if city.name == name and max(abs(city.lon - lon), abs(city.lat - lat)) < _SAME_DEGREES
        ),
        None,
    )


def _is_where_it_says(leaf: regions.City) -> bool:
    """Whether name and point are the pack's: whoever signs must not read one and send another."""
    city = pack.cities().get(leaf.city_id)
    if city is None or city.name != leaf.name:
        return False
    return max(abs(city.lon - leaf.lon), abs(city.lat - leaf.lat)) < _SAME_DEGREES


def _only_country(region: regions.AnyRegion) -> str | None:
    """The country that all of a region is in, where its words say one."""
    countries = {_country(leaf) for leaf in regions.leaves(region)}
    return countries.pop() if len(countries) == 1 else None


def _country(leaf: regions.AnyRegion) -> str | None:
    if isinstance(leaf, regions.Area):
        return pack.area(leaf.code).country
    if isinstance(leaf, regions.City):
        city = pack.cities().get(leaf.city_id)
        return city.country if city and _is_where_it_says(leaf) else None
    return None
