"""Phrases for parts of places: distances, sides, halves, the rest, parts within something.

Each reader here gets a piece of text without lists of alternatives around it and answers None
where the piece is nothing of its kind. Inner text goes back to ``inner``, the whole reader.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from wayhome.places import pack
from wayhome.places import region as regions
from wayhome.places.choosing import the_one
from wayhome.places.errors import PlaceError
from wayhome.places.finding import bearers
from wayhome.places.placing import read_point
from wayhome.places.reading_lines import areas, line, route
from wayhome.places.reading_lists import bare_city, circle, country_called

ROAD_KM = 10.0
"""How far to each side of the straight line between its ends a road is looked for."""
SUGGESTED_KM = (5, 10, 20, 50)

_NUMBER = r"(?P<number>\d{1,5}(?:[.,]\d{1,3})?)"
_UNIT = r"(?P<unit>kilomet(?:er|re)s?|kms?|miles?|mi|nautical\s+miles?|nm|met(?:er|re)s?|m)"
_KM = {"m": 0.001, "k": 1.0, "mi": 1.609344, "n": 1.852}
_WITHIN = re.compile(
    rf"(?:(?:anywhere|everywhere|(?:(?:all|the|any)\s+)*(?:areas?|zones?|places|points|regions?))"
    rf"(?:\s+(?:that|which)\s+(?:are|is|lie))?\s+)?"
    rf"(?:within\s+|withing\s+|up\s+to\s+|less\s+than\s+|inside\s+)?(?:an?\s+)?(?:(?:radius|distance)\s+of\s+)?"
    rf"(?:about\s+|approximately\s+)?{_NUMBER}[\s-]?{_UNIT}\.?(?:\s+(?:radius|zone|strip|wide\s+strip))?"
    rf"\s+(?:of|around|from|along)\s+(?P<target>.+)",
    re.IGNORECASE | re.DOTALL,
)
_PART_WITHIN = re.compile(
    r"(?:(?:the\s+)?(?:parts?|areas?|regions?|zones?)\s+(?:of|in)\s+)?(?P<of>.+?),?\s+"
    r"(?:(?:that|which)\s+(?:are|is|lies?)\s+)?"
    r"(?P<near>(?:within|up\s+to|less\s+than)\s+(?:a\s+)?(?:about\s+)?\d[\d.,]*[\s-]?"
    r"(?:k|m|n)[a-z ]*\s+(?:of|from|around)\s+.+)",
    re.IGNORECASE | re.DOTALL,
)
_PART_IN = re.compile(
    r"the\s+parts?\s+of\s+(?P<of>.+?)\s+(?:that|which)\s+(?:are|is|lies?)\s+in(?:side)?\s+(?P<inside>.+)",
    re.IGNORECASE | re.DOTALL,
)
_REST = re.compile(
    r"(?:(?:in\s+)?(?:the\s+)?(?:rest|remainder)\s+of|(?:the\s+)?remaining\s+(?:areas?|parts?)\s+of|"
    r"(?:all\s+)?(?:the\s+)?other\s+(?:areas?|parts?)\s+(?:of|in)|everywhere\s+else\s+in|elsewhere\s+in)"
    r"\s+(?P<of>.+)",
    re.IGNORECASE | re.DOTALL,
)
_DIR = r"(?P<dir>(?:north|south)[\s-]?(?:east|west)|north|south|east|west)(?:ern|wards?)?"
_SIDE = re.compile(
    rf"(?:(?:(?:the|all|any)\s+)*(?:parts?|areas?|regions?|points|places|territory|everything)"
    rf"(?:\s+(?:of|in)\s+(?P<of>.+?))?|everything|anywhere|(?P<of2>.+?)),?\s+"
    rf"(?:(?:that|which)\s+)?(?:(?:are|is|lies?|lying|situated|located)\s+)*(?:to\s+the\s+)?"
    rf"{_DIR}\s+of\s*(?P<edge>‹beyond›|‹with›)?\s*(?P<place>.+)",
    re.IGNORECASE | re.DOTALL,
)
_BARE_SIDE = re.compile(
    rf"(?:to\s+the\s+)?{_DIR}\s+of\s*(?P<edge>‹beyond›|‹with›)?\s*(?P<place>.+)", re.IGNORECASE
)
_HALF = re.compile(
    r"(?:the\s+)?(?:far\s+|extreme\s+)?(?P<first>(?:north|south)[\s-]?(?:east|west)(?:ern)?|"
    r"(?:north|south|east|west)ern)\s+(?:(?:parts?|half|areas?|regions?|tip)\s+of\s+)?(?P<of>.+)"
    r"|the\s+(?:far\s+|extreme\s+)?(?P<second>(?:north|south)[\s-]?(?:east|west)|north|south|east"
    r"|west)\s+of\s+(?P<of2>.+)",
    re.IGNORECASE,
)
_BORDER_AREAS = re.compile(
    r"(?:(?:the\s+)?(?:immediate\s+)?(?:vicinity|proximity)\s+(?:of|to)\s+|along\s+|near\s+|close\s+to\s+|"
    r"adjacent\s+to\s+|(?:the\s+)?(?:areas?|regions?|zones?)\s+(?:along|near|close\s+to|adjacent\s+to|around|by|on)\s+)?"
    r"(?P<line>.+)",
    re.IGNORECASE,
)
_SURROUNDINGS = re.compile(rf"the\s+{_NUMBER}\s*{_UNIT}\s+around\s+(?P<of>.+)", re.IGNORECASE)
_BORDER_OF = re.compile(r"\bborders?\s+of\b", re.IGNORECASE)
"""Said like this both sides are meant; "our border with Iran" is this side's."""
_MOST_CUTS = 4
_IN_LIST = re.compile(r",?\s+(?:in|throughout)\s+", re.IGNORECASE)
_IN_PLACE = re.compile(r"(.+?)\s*(?:[(](?:in\s+)?([^()]+)[)]|,\s*([^,]+)|\s+in\s+([^,]+))")
_AREA_OF = re.compile(r"the\s+area\s+of\s+(?P<of>.+)", re.IGNORECASE)
_MIDDLE = re.compile(r"the\s+(?:middle|cent(?:re|er))\s+of\s+(?P<of>.+)", re.IGNORECASE)

Inner = Callable[[str, "str | None"], regions.AnyRegion]


@dataclass(frozen=True)
class Reader:
    """What the readers of phrases know: the country in question, and the reader of all else."""

    country: str | None
    inner: Inner


def rest(text: str, reader: Reader) -> regions.AnyRegion | None:
    """ "The rest of Basra province"."""
    said = _REST.fullmatch(text)
    return regions.Rest(of=reader.inner(said["of"], reader.country)) if said else None


def within(text: str, reader: Reader) -> regions.AnyRegion | None:
    """ "Within 5 km of the border with Iran in Wasit and Basra", "20 miles from Mosul"."""
    said = _WITHIN.fullmatch(text)
    if said is None:
        return None
    km = _kilometres(said)
    target = said["target"].strip(" ,.")
    if (point := read_point(target)) is not None:
        return regions.Circle(lon=point[0], lat=point[1], radius_km=km)
    for cut in list(_IN_LIST.finditer(target))[: -_MOST_CUTS - 1 : -1]:
        found = _line_near(target[: cut.start()], km, reader.country, quiet=True)
        if found and (inside := _inside(target[cut.end() :], reader)):
            return regions.Intersection(parts=(inside, found))
    near = _near(target, km, reader)
    if near is None:
        return _near_place(target, km, reader)
    is_border = isinstance(near, regions.Near) and isinstance(near.of, regions.Border)
    if reader.country and is_border and not _BORDER_OF.search(target):
        return regions.Intersection(parts=(regions.Area(code=reader.country), near))
    return near


def _inside(text: str, reader: Reader) -> regions.AnyRegion | None:
    """The areas in which a strip along a border is meant, or None where none are named."""
    try:
        found = reader.inner(text, reader.country)
    except PlaceError:
        return None
    return found if isinstance(found, regions.Area | regions.Union) else None


def part_within(text: str, reader: Reader) -> regions.AnyRegion | None:
    """ "Jalisco, within 50 km of the border with Michoacán", "the parts of A that are in B"."""
    said = _PART_IN.fullmatch(text)
    if said:
        parts = (said["of"], said["inside"])
        return regions.Intersection(
            parts=tuple(reader.inner(part, reader.country) for part in parts)
        )
    said = _PART_WITHIN.fullmatch(text)
    if said is None or re.fullmatch(r"(?:the\s+)?(?:areas?|anywhere|everywhere)", said["of"], re.I):
        return None
    of = reader.inner(said["of"], reader.country)
    near = _unbounded(said["near"], Reader(reader.country or _country_of(of), reader.inner))
    near = _from_its_side(near, of) if " with " in said["near"] else near
    return regions.Intersection(parts=(of, near))


def _from_its_side(near: regions.AnyRegion, of: regions.AnyRegion) -> regions.AnyRegion:
    """ "Jalisco, within 50 km of the border with Michoacán" is by the border of these two."""
    codes = tuple(leaf.code for leaf in regions.leaves(of) if isinstance(leaf, regions.Area))
    if not isinstance(near, regions.Near) or not isinstance(near.of, regions.Border):
        return near
    border = near.of
    if border.beside or not codes or not all("-" in code for code in (*codes, *border.of)):
        return near
    return near.model_copy(update={"of": regions.Border(of=codes, beside=border.of)})


def side(text: str, reader: Reader) -> regions.AnyRegion | None:
    """ "The parts of Anbar west of, but not including, Ramadi"."""
    said = _BARE_SIDE.fullmatch(text) or _SIDE.fullmatch(text)
    if said is None:
        return None
    groups = said.groupdict()
    of_text = groups.get("of") or groups.get("of2")
    if of_text:
        of = reader.inner(of_text, reader.country)
    elif reader.country:
        of = regions.Area(code=reader.country)
    else:
        raise PlaceError("region", "it does not say of what", "write: the part of Iraq west of")
    edge: regions.Edge = "middle"
    if said["edge"]:
        edge = "beyond" if said["edge"] == "‹beyond›" else "with"
    country = _country_of(of) or reader.country
    place = _place(said["place"], country, reader)
    return regions.Side(of=of, towards=_direction(said["dir"]), place=place, edge=edge)


def half(text: str, reader: Reader) -> regions.AnyRegion | None:
    """ "Northern Sinai" where no place is called so, "the south of Lebanon"."""
    said = _HALF.fullmatch(text)
    if said is None or any(m.sureness == "exact" for m in bearers(text, reader.country)):
        return None
    of = reader.inner(said["of"] or said["of2"], reader.country)
    return regions.Side(of=of, towards=_direction(said["first"] or said["second"]))


def road(text: str, reader: Reader) -> regions.AnyRegion | None:
    """ "The road between Baghdad and Baqubah"."""
    pieces = re.split(r",\s+and\s+|;\s+", text)
    routes = [route(piece.strip(), reader.country) for piece in pieces]
    if not all(routes):
        return None
    parts = tuple(regions.Near(km=ROAD_KM, of=each) for each in routes if each)
    return parts[0] if len(parts) == 1 else regions.Union(parts=parts)


def border_areas(text: str, reader: Reader) -> regions.AnyRegion | None:
    """ "Border areas with Iran": refused, with distances to choose from."""
    said = _BORDER_AREAS.fullmatch(text)
    if said is None or not re.search(r"\bborder|\bcoast", text, re.IGNORECASE):
        return None
    plain = re.sub(
        r"\b(border|coastal?)\s+(?:areas?|regions?|zones?|districts?|crossings?)\b",
        lambda m: "border" if m[1].lower() == "border" else "coast",
        said["line"],
        flags=re.IGNORECASE,
    )
    found = line(plain, reader.country)
    if found is None or isinstance(found, regions.Route):
        return None
    plain = plain if re.match(r"(?:the|its|their)\b", plain, re.IGNORECASE) else f"the {plain}"
    choices = tuple(f"within {km} km of {plain}" for km in SUGGESTED_KM)
    raise PlaceError(
        "region",
        "it does not say how far from the border or coast",
        f"say it, such as: {choices[1]}",
        choices,
        text,
    )


def _unbounded(text: str, reader: Reader) -> regions.AnyRegion:
    """What is near something, without the country that it is in: the words around say that."""
    found = within(text, reader)
    if isinstance(found, regions.Intersection) and isinstance(found.parts[0], regions.Area):
        return found.parts[-1] if found.parts[0].code == reader.country else found
    if found is None:
        raise PlaceError("region", f"“{text[:60]}” is not understood", "write: within 5 km of")
    return found


def _near(target: str, km: float, reader: Reader) -> regions.AnyRegion | None:
    if said := _AREA_OF.fullmatch(target):
        codes = areas(said["of"], reader.country)
        parts = tuple(regions.Near(km=km, of=regions.Area(code=code)) for code in codes)
        return parts[0] if len(parts) == 1 else regions.Union(parts=parts)
    return _line_near(target, km, reader.country)


def _line_near(
    text: str, km: float, country: str | None, *, quiet: bool = False
) -> regions.Near | None:
    try:
        found = line(text, country)
    except PlaceError:
        if not quiet:
            raise
        return None
    return regions.Near(km=km, of=found) if found else None


def _near_place(target: str, km: float, reader: Reader) -> regions.AnyRegion:
    pieces = re.split(r"\s*(?:,\s*(?:and\s+)?|\s+and\s+)", target)
    is_list = " and " in target or not bearers(pieces[-1], kinds=("country",))
    if len(pieces) > 1 and is_list and all(bearers(piece, reader.country) for piece in pieces):
        parts = tuple(_near_one(piece, km, reader.country) for piece in pieces)
        return regions.Union(parts=parts)
    if inside := _IN_PLACE.fullmatch(target):
        around = inside[2] or inside[3] or inside[4]
        countries = [m for m in bearers(around, kinds=("country",)) if m.sureness == "exact"]
        code = countries[0].code if countries else pack.code_of(around)
        if code and "-" not in code:
            return _near_one(inside[1], km, code)
        found = reader.inner(target, reader.country)
        if isinstance(found, regions.City):
            return found.model_copy(update={"radius_km": km, "rough": False})
    return _near_one(target, km, reader.country)


def _near_one(name: str, km: float, country: str | None) -> regions.AnyRegion:
    match = the_one(name, country, narrow=True, field="region")
    if match.kind == "city":
        return circle(match, km)
    if match.kind == "country":
        raise PlaceError(
            "region",
            f"it gives a distance from {match.name}, which is an area",
            f"name a city or a point, or write: within {km:g} km of the area of {match.name}",
        )
    return regions.Near(km=km, of=regions.Area(code=match.code or ""))


def _place(
    text: str, country: str | None, reader: Reader
) -> regions.Area | regions.City | regions.Circle | regions.Polygon | regions.Route:
    text = text.strip(" ,.")
    if said := _MIDDLE.fullmatch(text):
        text = said["of"]
    if point := read_point(text):
        return regions.Circle(lon=point[0], lat=point[1], radius_km=0.001)
    if said := _SURROUNDINGS.fullmatch(text):
        km = _kilometres(said)
        around = _place(said["of"], country, reader)
        if isinstance(around, regions.City):
            return around.model_copy(update={"radius_km": km, "rough": False})
        if isinstance(around, regions.Circle):
            return around.model_copy(update={"radius_km": km})
    if said := _AREA_OF.fullmatch(text):
        codes = areas(said["of"], country)
        if len(codes) == 1:
            return regions.Area(code=codes[0])
    if found := route(text, country):
        return found
    text = re.sub(r"^the\s+(?=(?:city|town)\s)", "", text, flags=re.IGNORECASE)
    if named := re.fullmatch(r"(.+?)\s*[(]([^()]+)[)]", text):
        inside = country_called(named[2])
        if inside or _are_one(named[1], named[2], country):
            text, country = named[1], inside or country
    match = the_one(text, country, narrow=True, field="region")
    if match.kind != "city":
        return regions.Area(code=match.code or "")
    return circle(match)


def _are_one(name: str, other: str, country: str | None) -> bool:
    """ "Sidon (Saida)": two names of one place."""
    ids = [
        {(match.code, match.city_id) for match in bearers(each, country)}
        for each in (bare_city(name), other)
    ]
    return bool(ids[0] & ids[1])


def _country_of(region: regions.AnyRegion) -> str | None:
    countries = {leaf.code[:2] for leaf in regions.leaves(region) if isinstance(leaf, regions.Area)}
    return countries.pop() if len(countries) == 1 else None


def _kilometres(said: re.Match[str]) -> float:
    unit = said["unit"].lower()
    factor = _KM["mi" if unit.startswith("mi") else unit[0]]
    km = round(float(said["number"].replace(",", ".")) * factor, 3)
    if not 0 < km <= regions.WIDEST_KM:
        raise PlaceError(
            "region", f"{said['number']} {said['unit']} is not a usable distance",
            f"keep it above 0 and up to {regions.WIDEST_KM:,} km",
        )  # fmt: skip
    return km


def _direction(text: str) -> regions.Direction:
    word = re.sub(r"[\s-]", "", text.lower()).removesuffix("ern")
    for first in ("north", "south"):
        if word.startswith(first) and word != first:
            word = f"{first}-{word.removeprefix(first)}"
    return cast(regions.Direction, word)
