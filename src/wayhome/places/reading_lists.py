"""Lists of areas and cities, as they stand in reports: "Anbar, Nineveh and Tamim provinces, Iraq".

- A country or a subdivision at the end of a list, after a comma, "in" or "of", says where the
  places before it are, if all of them are there. Where one of them is a country too ("Niger,
  Nigeria"), the list is ambiguous; "and" joins, codes settle it.
- A bare name of both a city and the area around it means the area, because it holds both.
  "Baghdad city" means the city. A city in a list stands for a circle whose radius follows its
  population, the same as for a stay there.
- Names follow the rules of ``choosing``.
"""

import re
from collections.abc import Sequence

from wayhome.places import pack
from wayhome.places import region as regions
from wayhome.places.choosing import countries_called, the_one
from wayhome.places.errors import PlaceError
from wayhome.places.finding import ALL_KINDS, Kind, Match, bearers, by_mark, find, label
from wayhome.places.folding import fold, names_a_kind, without_kind
from wayhome.places.placing import city_radius_km

MOST_NAMES = 200

_SEPARATOR = re.compile(
    r"\s*(?:[;,،、\n]\s*(?:and\s+|&\s*)?|\s+and\s+|\s+or\s+|\s*&\s*)\s*", re.IGNORECASE
)
_WHERE = re.compile(
    r"\s*[(]\s*(?:in\s+)?([^()]*)[)]|\s+in\s+(?:the\s+country\s+of\s+)?", re.IGNORECASE
)
_IN_AREA = re.compile(
    r"(?P<names>[^()]+?)(?:,?\s+(?:which\s+is\s+)?(?:a\s+)?part\s+of|\s+in|\s*[(](?:in)?)\s*(?:the\s+)?"
    r"(?P<area>[^(),]+?)[)]?",
    re.IGNORECASE,
)
_CITY_WORD = re.compile(
    r"\s+(?:city|town|village|municipality)$|^(?:the\s+)?(?:city|town) of\s+", re.IGNORECASE
)
_LEAD = re.compile(
    r"^(?:(?:all|the whole|the entirety) of|the (?:provinces|governorates|states|regions|"
    r"countries) of|(?:provinces|governorates|states|regions|countries) of)\s+",
    re.IGNORECASE,
)
_NAMED_LEAD = re.compile(
    r"^the\s+(?:[\w-]+\s+){1,3}(?:provinces|governorates|states|regions|counties|districts) of\s+",
    re.IGNORECASE,
)
_PLURAL = re.compile(
    r"\b(?:provinces|governorates|states|regions|oblasts|districts|departments|counties|"
    r"prefectures)\b",
    re.IGNORECASE,
)  # fmt: skip


def read_list(text: str, country: str | None) -> regions.AnyRegion:
    """The region of a list of names, or ``PlaceError``."""
    if cities := _cities_in(text, country):
        return cities
    words = _WHERE.sub(lambda m: f", {m[1]}" if m[1] else ", ", text).strip(" ,;")
    lead = _LEAD.match(words)
    if lead is None and (lead := _NAMED_LEAD.match(words)) and bearers(words.split(",")[0]):
        lead = None  # "United States of America"
    pieces, joints = _pieces(words[lead.end() :] if lead else words)
    plural = [lead[0] if lead else "", *(piece for piece in pieces if not _is_country_name(piece))]
    kinds: Sequence[Kind] = ("subdivision",) if any(map(_PLURAL.search, plural)) else ALL_KINDS
    if len(pieces) > MOST_NAMES:
        raise PlaceError("region", f"it names more than {MOST_NAMES} places", "name larger areas")
    found: list[regions.AnyRegion] = []
    for group, context in _groups(pieces, joints, country, kinds, doubtful="(" not in text):
        found.extend(_one(name, context, kinds) for name in group)
    unique = list(dict.fromkeys(found))
    _none_inside_another(unique)
    return unique[0] if len(unique) == 1 else regions.Union(parts=tuple(unique))


def _cities_in(text: str, country: str | None) -> regions.AnyRegion | None:
    """Cities by the subdivision that they are in: "Baqubah City in Diyala province"."""
    said = _IN_AREA.fullmatch(text.strip())
    if said is None:
        return None
    around = bearers(said["area"], country, ("subdivision",))
    if not around and len(found := find(said["area"], country, ("subdivision",), limit=2)) == 1:
        around = found
    if not around:
        return None
    codes = {match.code for match in around}
    cities = []
    for name in (piece for piece in _SEPARATOR.split(said["names"]) if piece.strip()):
        bare = bare_city(name)
        inside = [
            match
            for match in bearers(name, around[0].country, ("city",))
            or bearers(bare, around[0].country, ("city",))
            if codes & set(match.areas)
        ]
        if not inside:
            return None
        cities.append(circle(max(inside, key=lambda match: match.population)))
    return cities[0] if len(cities) == 1 else regions.Union(parts=tuple(cities))


def bare_city(name: str) -> str:
    """A city's name without "city of", "town" and the like."""
    return _CITY_WORD.sub("", name.strip())


def _none_inside_another(parts: Sequence[regions.AnyRegion]) -> None:
    """Refuse "Anbar, Hasakah, Iraq": it may mean all of Iraq, or not."""
    codes = {part.code for part in parts if isinstance(part, regions.Area)}
    for code in sorted(codes):
        for above in codes & set(pack.ancestors(code)):
            inner, outer = pack.area(code).label, pack.area(above).label
            raise PlaceError(
                "region",
                f"it names {inner} and also {outer}, which holds it",
                f"leave out one, or write each place with its own country: {inner} ({outer})",
            )


def _pieces(text: str) -> tuple[list[str], list[str]]:
    """Names, and what stands before each; names that hold "and" or a comma stay whole."""
    raw: list[tuple[int, int]] = []
    start = 0
    for separator in _SEPARATOR.finditer(text):
        raw.append((start, separator.start()))
        start = separator.end()
    raw.append((start, len(text)))
    raw = [(a, b) for a, b in raw if text[a:b].strip()]
    pieces, joints, i = [], [], 0
    while i < len(raw):
        j = next(
            (
                j
                for j in (i + 3, i + 2)
                if j <= len(raw) and _whole(text[raw[i][0] : raw[j - 1][1]])
            ),
            i + 1,
        )
        joints.append(text[raw[i - 1][1] : raw[i][0]].strip().lower() if i else "")
        pieces.append(text[raw[i][0] : raw[j - 1][1]].strip())
        i = j
    return pieces, joints


def _whole(text: str) -> bool:
    if "\n" in text or ";" in text:
        return False
    names = {fold(text), without_kind(text)}
    return any(
        names & {fold(name) for name, _ in pack.area(match.code or "").names}
        for match in bearers(text, kinds=("country", "subdivision"))
    )


def _groups(
    pieces: list[str],
    joints: list[str],
    country: str | None,
    kinds: Sequence[Kind],
    *,
    doubtful: bool,
) -> list[tuple[list[str], str | None]]:
    """Names with the country they are in, where the list says so. ``doubtful``: it stands after
    a comma, not in brackets."""
    groups: list[tuple[list[str], str | None]] = []
    waiting: list[str] = []
    since = 0  # where the names after the last semicolon begin
    for piece, joint in zip(pieces, joints, strict=True):
        since = len(waiting) if ";" in joint or "\n" in joint else since
        context = (
            country_called(piece) if waiting and "and" not in joint and "&" not in joint else None
        )
        inside = [
            names
            for names in (waiting, waiting[since:])
            if context and names and all(_known_in(name, context) for name in names)
        ]
        if not inside:
            waiting.append(piece)
            continue
        for name in inside[0] if doubtful else ():
            _not_a_country_too(name, context or "", kinds)
        if before := waiting[: len(waiting) - len(inside[0])]:
            groups.append((before, country))
        groups.append((inside[0], context))
        waiting, since = [], 0
    if len(waiting) > 1 and country is None and (codes := _all_countries(waiting)):
        waiting = codes
    return [*groups, (waiting, country)] if waiting else groups


def _all_countries(names: list[str]) -> list[str] | None:
    """Codes, if every name is one of a country: "Luxembourg and Belgium"."""
    codes = [country_called(name) for name in names]
    return [code for code in codes if code] if all(codes) else None


def country_called(name: str) -> str | None:
    """The code of the one country of this name or code; None where there is none."""
    try:
        return the_one(name, kinds=("country",)).country
    except PlaceError:
        return pack.code_of(name) if len(name.strip()) == 2 and name.isupper() else None


def _is_country_name(name: str) -> bool:
    """Whether it is a country's name as it stands: "United States" is not states."""
    return any(
        fold(name) == fold(other)
        for match in bearers(name, kinds=("country",))
        for other, _ in pack.area(match.country).names
    )


def _known_in(name: str, country: str) -> bool:
    if code := pack.code_of(name):
        return pack.area(code).country == country and code != country
    if inside := bearers(name, country, ("subdivision", "city")):
        # Arak in Iran was called Iraq once: "Iraq, Iran" are two countries all the same.
        return inside[0].sureness == "exact" or not countries_called(name)
    return not bearers(name) and bool(find(name, country, ("subdivision", "city")))


def _not_a_country_too(name: str, country: str, kinds: Sequence[Kind]) -> None:
    if "country" not in kinds or names_a_kind(name):
        return
    also = countries_called(name)
    inside = bearers(name, country, ("subdivision", "city"))
    if also and also[0].country != country and inside and inside[0].sureness == "exact":
        choices = (label(also[0]), label(inside[0]))
        raise PlaceError(
            "region",
            f"“{name}” may be a country or a place in {pack.area(country).label}",
            f"join countries with “and”, or use codes: {' or '.join(choices)}",
            choices,
        )


def _one(name: str, country: str | None, kinds: Sequence[Kind]) -> regions.AnyRegion:
    if name.startswith("#") and (city := by_mark(name)):
        return circle(city)
    code = pack.code_of(name) if name.strip().isupper() and len(name) > 3 else None
    if code or (len(name) == 2 and name.isupper() and (code := pack.code_of(name))):
        return regions.Area(code=code)
    if kinds != ALL_KINDS and _is_country_name(name):
        kinds = ALL_KINDS
    try:
        match = the_one(name, country, kinds, field="region")
    except PlaceError as error:
        if kinds == ALL_KINDS or error.candidates:
            raise
        match = the_one(name, country, ALL_KINDS, field="region")
    if match.kind != "city":
        return regions.Area(code=match.code or "")
    return circle(match)


def circle(match: Match, radius_km: float | None = None) -> regions.City:
    """What is within a distance of a city; the city itself where none is said."""
    city = pack.city(match.city_id or 0)
    return regions.City(
        city_id=city.id,
        name=city.name,
        lon=city.lon,
        lat=city.lat,
        radius_km=float(city_radius_km(city.population)) if radius_km is None else radius_km,
        rough=radius_km is None,
    )
