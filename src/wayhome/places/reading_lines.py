"""Borders, coasts and roads, as they are named: "its border with Iran", "the Thai border".

A road is taken as the straight line between the places that it joins: the pack has no roads.
"""

import re

from wayhome.places import pack
from wayhome.places import region as regions
from wayhome.places.choosing import the_one
from wayhome.places.errors import PlaceError
from wayhome.places.finding import bearers
from wayhome.places.folding import fold
from wayhome.places.reading_lists import bare_city, country_called, read_list

_ENDINGS = ("nese", "lese", "ese", "ian", "ean", "ish", "ch", "an", "en", "ni", "i", "n")
_PEOPLES = {
    "afghan": "AF", "argentine": "AR", "british": "GB", "burmese": "MM", "central african": "CF",
    "congolese": "CD", "cypriot": "CY", "czech": "CZ", "danish": "DK", "dutch": "NL",
    "emirati": "AE", "filipino": "PH", "finnish": "FI", "french": "FR", "greek": "GR",
    "irish": "IE", "ivorian": "CI", "kazakh": "KZ", "kyrgyz": "KG", "lao": "LA", "laotian": "LA",
    "malian": "ML", "moroccan": "MA", "mozambican": "MZ", "nigerien": "NE", "nigerian": "NG",
    "norwegian": "NO", "peruvian": "PE", "polish": "PL", "slovak": "SK", "spanish": "ES",
    "swedish": "SE", "swiss": "CH", "tajik": "TJ", "thai": "TH", "turkish": "TR", "turkmen": "TM",
    "us": "US", "u.s.": "US", "american": "US", "uk": "GB", "uzbek": "UZ", "welsh": "GB-WLS",
    "yemeni": "YE", "south sudanese": "SS", "north korean": "KP", "south korean": "KR",
}  # fmt: skip
_THE = r"(?:the\s+|its\s+|their\s+)?"
_LAND = r"(?:land\s+|international\s+|shared\s+|common\s+)*"
_BORDER_WITH = re.compile(
    rf"{_THE}(?:(?P<owner>.+?)(?:'s|’s|s'|s’)\s+|(?P<owner2>.+?)\s+)??{_LAND}"
    rf"borders?(?:\s+(?:area|region|zone|line)s?)?"
    rf"(?:\s+of\s+(?P<owner3>.+?))?\s+(?:shared\s+)?with\s+(?P<beside>.+)",
    re.IGNORECASE,
)
_BORDER_BETWEEN = re.compile(
    rf"{_THE}{_LAND}borders?(?:\s+(?:area|region|zone|line)s?)?\s+between\s+(?P<a>.+?)\s+and\s+"
    r"(?P<b>.+)",
    re.IGNORECASE,
)
_PAIR_BORDER = re.compile(
    rf"{_THE}(?P<a>[\w. ]+?)\s*[-–—/]\s*(?P<b>[\w. ]+?)\s+{_LAND}borders?", re.IGNORECASE
)
_BORDERS_OF = re.compile(
    rf"{_THE}{_LAND}borders?\s+of\s+(?P<of>.+)|(?P<of2>.+?)(?:'s|’s|s'|s’)\s+{_LAND}borders?",
    re.IGNORECASE,
)
_PEOPLE_BORDER = re.compile(rf"{_THE}(?P<people>[\w. ]+?)\s+{_LAND}borders?", re.IGNORECASE)
_BARE_BORDER = re.compile(rf"{_THE}{_LAND}borders?", re.IGNORECASE)
_BORDERING = re.compile(
    r"(?:(?:the\s+)?(?:areas?|regions?|parts?|places)\s+)?(?:(?:that|which)\s+)?border(?:ing)?\s+"
    r"(?:on\s+|with\s+)?(?P<beside>.+)",
    re.IGNORECASE,
)
_COAST = re.compile(
    rf"{_THE}(?:(?P<of>.+?)(?:'s|’s)\s+)?(?:coast(?:line|al\s+areas?)?|shore(?:line)?|sea)"
    r"(?:\s+(?:of|in)\s+(?P<of2>.+))?",
    re.IGNORECASE,
)
_STOP = r"[^,;()–—]+?(?:\s*[(][^()]+[)])?"
_ROUTE = re.compile(rf"{_THE}(?:route|line|track)\s+({_STOP}(?:\s+[–—]\s+{_STOP})+)", re.IGNORECASE)
_ROAD = re.compile(
    r"(?:the\s+)?(?:(?:main|national|federal)\s+)?"
    r"(?:(?:road|highway|motorway|route|railway)(?:\s+sections?)?(?:\s+of)?|sections?\s+of)?\s*"
    r"(?:(?:highway|road|route|motorway)\s+)?[\w-]{0,8}\s*,?\s*"
    r"(?:between|from|linking|connecting)\s+(?P<a>[^,;]+?)\s+(?:and|to|with)\s+(?:the\s+)?(?P<b>[^,;]+)",
    re.IGNORECASE,
)
_IS_ROAD = re.compile(r"\b(?:road|highway|motorway|route|railway)s?\b", re.IGNORECASE)


def line(text: str, country: str | None) -> regions.AnyLine | None:
    """The border, coast or route that ``text`` names, or None where it names none of these.

    Raises ``PlaceError`` where it names one that cannot be found.
    """
    text = text.strip(" ,.")
    for read in (route, _border, _coast):
        if found := read(text, country):
            return found
    return None


def route(text: str, country: str | None) -> regions.Route | None:
    """A route by its stops or a road by its ends."""
    if said := _ROUTE.fullmatch(text):
        stops = re.split(r"\s+[–—]\s+", said[1])
    elif (road := _ROAD.fullmatch(text)) and _IS_ROAD.search(text[: road.start("a")]):
        stops = [road["a"], road["b"]]
    else:
        return None
    cities = [_stop(stop, country) for stop in stops]
    return regions.Route(
        points=tuple((city.lon, city.lat) for city in cities),
        names=tuple(city.name for city in cities),
    )


def _stop(text: str, country: str | None) -> pack.City:
    name = bare_city(text)
    inside = re.fullmatch(r"(.+?)\s*[(]([^()]+)[)]", name)
    if inside and (named := country_called(inside[2])):
        name, country = inside[1], named
    match = the_one(name, country, narrow=True, field="region")
    if match.kind != "city":
        cities = bearers(name, country, ("city",))
        if not cities:
            raise PlaceError("region", f"“{name[:60]}” is no city", "name the cities at its ends")
        match = cities[0]
    return pack.city(match.city_id or 0)


def _border(text: str, country: str | None) -> regions.Border | None:
    if said := _BORDER_BETWEEN.fullmatch(text):
        return _between(areas(said["a"], country), areas(said["b"], country))
    if said := _BORDER_WITH.fullmatch(text):
        owner = said["owner"] or said["owner2"] or said["owner3"]
        return _between(_owner(owner, country), areas(said["beside"], country))
    if said := _BORDERS_OF.fullmatch(text):
        return regions.Border(of=areas(said["of"] or said["of2"], country))
    if said := _BORDERING.fullmatch(text):
        return _between(_owner(None, country), areas(said["beside"], country))
    if said := _PAIR_BORDER.fullmatch(text):
        a, b = _people(said["a"]), _people(said["b"])
        if a and b:
            return _between((a,), (b,))
    if (said := _PEOPLE_BORDER.fullmatch(text)) and (other := _people(said["people"])):
        owner = _owner(None, country)
        return regions.Border(of=owner) if (other,) == owner else _between(owner, (other,))
    if _BARE_BORDER.fullmatch(text):
        return regions.Border(of=_owner(None, country))
    return None


def _between(of: tuple[str, ...], beside: tuple[str, ...]) -> regions.Border:
    if any(code in pack.ancestors(other) for code in of for other in beside):
        return regions.Border(of=beside)  # "the border with Michoacán" in a text about Mexico
    return regions.Border(of=of, beside=beside)


def _owner(text: str | None, country: str | None) -> tuple[str, ...]:
    if text:
        return areas(text, country)
    if country is None:
        raise PlaceError("region", "it does not say whose border", "write: the border of Iraq with")
    return (country,)


def _coast(text: str, country: str | None) -> regions.Coast | None:
    said = _COAST.fullmatch(text)
    if said is None:
        return None
    of = said["of"] or said["of2"]
    if not of and country is None:
        raise PlaceError("region", "it does not say whose coast", "write: the coast of Kenya")
    return regions.Coast(of=areas(of, country) if of else (country or "",))


def areas(text: str, country: str | None) -> tuple[str, ...]:
    """Codes of the areas that a list names; countries first, then places in ``country``."""
    text = re.sub(
        r"^(?:the\s+)?(?:neighbouring|neighboring|countries of)\s+",
        "",
        text.strip(),
        flags=re.IGNORECASE,
    )
    if people := _people(text):
        return (people,)
    try:
        found = read_list(text, None)
    except PlaceError:
        if country is None:
            raise
        found = read_list(text, country)
    codes = [leaf.code for leaf in regions.leaves(found) if isinstance(leaf, regions.Area)]
    if len(codes) != len(regions.leaves(found)) and country is not None:
        found = read_list(text, country)
        codes = [leaf.code for leaf in regions.leaves(found) if isinstance(leaf, regions.Area)]
    if len(codes) != len(regions.leaves(found)):
        raise PlaceError("region", f"“{text[:60]}” is not an area", "name countries or provinces")
    return tuple(codes)


def _people(text: str) -> str | None:
    """The country that a name or an adjective stands for: "Syrian", "Thai", "Iraq"."""
    word = fold(text)
    if word.replace(" ", "") in ("us", "uk") or word in _PEOPLES:
        return _PEOPLES.get(word) or _PEOPLES[word.replace(" ", "")]
    named = [match.code for match in bearers(text, kinds=("country",)) if match.sureness == "exact"]
    if named:
        return named[0]
    for ending in _ENDINGS:
        stem = word.removesuffix(ending)
        if stem != word and len(stem) > 3:
            begun = {
                area.code
                for area in pack.areas().values()
                if area.kind == "country" and fold(area.label).startswith(stem)
                and len(fold(area.label)) <= len(stem) + 3
            }  # fmt: skip
            if len(begun) == 1:
                return begun.pop()
    return None
