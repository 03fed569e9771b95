"""Reading a region from the words of a report or an officer.

Understood are lists of areas and cities ("Anbar, Nineveh and Tamim provinces, Iraq"), codes
("IQ-AN, IQ-NI"), distances ("within 25 km of Baghdad, Iraq"), exceptions ("Iraq except Dohuk and
Irbil") and region JSON. Whatever is not understood in full is refused: nothing is dropped.

- A country at the end of a list, after a comma, "in" or "of", says where the places before it
  are, if all of them are there. Where one of them is a country too ("Niger, Nigeria"), the list
  is ambiguous; "and" joins, codes settle it.
- A bare name of both a city and the area around it means the area, because it holds both.
  "Baghdad city" means the city. A city in a list stands for a circle whose radius follows its
  population, the same as for a stay there.
- Names follow the rules of ``choosing``.
"""

import re
import unicodedata
from collections.abc import Sequence

from wayhome.places import pack
from wayhome.places import region as regions
from wayhome.places.choosing import countries_called, the_one
from wayhome.places.errors import PlaceError
from wayhome.places.finding import ALL_KINDS, Kind, Match, bearers, find, label
from wayhome.places.folding import fold, names_a_kind, without_kind
from wayhome.places.placing import city_radius_km, read_point

LONGEST = 5_000
MOST_NAMES = 200

_EXCEPT = re.compile(
    r"\s*[,;(]?\s*\b(?:except(?:ing)?(?: for)?|excluding|but not(?: including)?|other than"
    r"|with the exception of|apart from)\b[:\s]*",
    re.IGNORECASE,
)
_NUMBER = r"(\d{1,5}(?:\.\d{1,3})?)"
_UNIT = r"(kilomet(?:er|re)s?|kms?|miles?|mi|nautical miles?|nm|met(?:er|re)s?|m)"
_WITHIN = re.compile(
    rf"(?:(?:anywhere|areas?|everywhere)\s+)?(?:within\s+)?(?:a\s+)?(?:(?:radius|distance)\s+of\s+)?"
    rf"{_NUMBER}[\s-]?{_UNIT}(?:\s+radius)?\s+(?:of|around|from)\s+(.+)",
    re.IGNORECASE | re.DOTALL,
)
_KM = {"m": 0.001, "k": 1.0, "mi": 1.609344, "n": 1.852}
_SEPARATOR = re.compile(
    r"\s*(?:[;,،、\n]\s*(?:and\s+|&\s*)?|\s+and\s+|\s+or\s+|\s*&\s*)\s*", re.IGNORECASE
)
_WHERE = re.compile(
    r"\s*[(]\s*(?:in\s+)?([^()]*)[)]|\s+in\s+(?:the\s+country\s+of\s+)?", re.IGNORECASE
)
_LEAD = re.compile(
    r"^(?:(?:all|the whole|the entirety) of|the (?:provinces|governorates|states|regions|"
    r"countries) of|(?:provinces|governorates|states|regions|countries) of)\s+",
    re.IGNORECASE,
)
_PLURAL = re.compile(
    r"\b(?:provinces|governorates|states|regions|oblasts|districts|departments|counties|"
    r"prefectures)\b",
    re.IGNORECASE,
)  # fmt: skip


def read(text: str, country: str | None = None) -> regions.AnyRegion:
    """The region that ``text`` describes; ``country`` is where its places are, if that is known.

    Raises ``PlaceError`` with the field ``region`` for anything unknown or ambiguous;
    ``candidates`` and the fix list what could be meant.
    """
    if len(text) > LONGEST and not text.lstrip().startswith("{"):
        raise PlaceError(
            "region", f"it is longer than {LONGEST:,} characters", "name areas, or give JSON"
        )
    if text.lstrip().startswith("{"):
        return regions.parse(text)
    plain = _plain(text)
    if not any(character.isalnum() for character in plain):
        raise PlaceError(
            "region", "it names nothing", "name areas, such as Anbar and Nineveh, Iraq"
        )
    parts = [part for part in _EXCEPT.split(plain) if part]
    if len(_EXCEPT.findall(plain)) != len(parts) - 1 or len(parts) > 2:
        raise PlaceError("region", "its exception is unclear", "write: Iraq except Dohuk and Erbil")
    base = _read_list(parts[0], country)
    if len(parts) == 1:
        return base
    inside = {
        pack.area(leaf.code).country
        for leaf in regions.leaves(base)
        if isinstance(leaf, regions.Area)
    }
    context = inside.pop() if len(inside) == 1 else country
    return regions.Except(base=base, minus=_read_list(parts[1].strip(" ()"), context))


def _plain(text: str) -> str:
    """One line without control and invisible characters, final full stop or quotes."""
    spaced = (
        " " if unicodedata.category(c) in ("Cc", "Zs", "Zl", "Zp") and c != "\n" else c
        for c in unicodedata.normalize("NFC", text)
        if unicodedata.category(c) not in ("Cf", "Cs", "Co", "Cn")
    )
    return "\n".join(" ".join(line.split()) for line in "".join(spaced).splitlines()).strip(
        ' \n."“”'
    )


def _read_list(text: str, country: str | None) -> regions.AnyRegion:
    if within := _WITHIN.fullmatch(text.strip()):
        return _read_within(within, country)
    words = _WHERE.sub(lambda m: f", {m[1]}" if m[1] else ", ", text)
    lead = _LEAD.match(words := words.strip(" ,;"))
    pieces, joints = _pieces(words[lead.end() :] if lead else words)
    plural = [lead[0] if lead else "", *(piece for piece in pieces if not _is_country_name(piece))]
    kinds: Sequence[Kind] = ("subdivision",) if any(map(_PLURAL.search, plural)) else ALL_KINDS
    if len(pieces) > MOST_NAMES:
        raise PlaceError("region", f"it names more than {MOST_NAMES} places", "name larger areas")
    found: list[regions.AnyRegion] = []
    for group, context in _groups(pieces, joints, country, kinds):
        found.extend(_one(name, context, kinds) for name in group)
    unique = list(dict.fromkeys(found))
    _none_inside_another(unique)
    return unique[0] if len(unique) == 1 else regions.Union(parts=tuple(unique))


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


def _read_within(within: re.Match[str], country: str | None) -> regions.AnyRegion:
    unit = within[2].lower()
    factor = _KM["mi" if unit.startswith("mi") else unit[0]]
    radius_km = round(float(within[1]) * factor, 3)
    if not 0 < radius_km <= regions.WIDEST_KM:
        raise PlaceError(
            "region", f"{within[1]} {within[2]} is not a usable distance",
            f"keep it above 0 and up to {regions.WIDEST_KM:,} km",
        )  # fmt: skip
    text = within[3].strip(" ,.")
    if point := read_point(text):
        return regions.Circle(lon=point[0], lat=point[1], radius_km=radius_km)
    pieces, _ = _pieces(_WHERE.sub(lambda m: f", {m[1]}" if m[1] else ", ", text))
    if len(pieces) > 2:
        raise PlaceError("region", "it gives a distance from several places", "name one city")
    context = _as_country(pieces[1]) if len(pieces) == 2 else country
    if len(pieces) == 2 and context is None:
        raise PlaceError(
            "region", f"no country called {pieces[1][:60]} is known", "check the spelling"
        )
    match = the_one(pieces[0], context, narrow=True, field="region")
    if match.kind != "city":
        raise PlaceError(
            "region",
            f"it gives a distance from {match.name}, which is an area",
            "name a city or a point, such as: within 25 km of Baghdad",
        )
    return _circle(match, radius_km)


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
    pieces: list[str], joints: list[str], country: str | None, kinds: Sequence[Kind]
) -> list[tuple[list[str], str | None]]:
    """Names with the country they are in, where the list says so."""
    groups: list[tuple[list[str], str | None]] = []
    waiting: list[str] = []
    for piece, joint in zip(pieces, joints, strict=True):
        context = (
            _as_country(piece) if waiting and "and" not in joint and "&" not in joint else None
        )
        if context and all(_known_in(name, context) for name in waiting):
            for name in waiting:
                _not_a_country_too(name, context, kinds)
            groups.append((waiting, context))
            waiting = []
        else:
            waiting.append(piece)
    if len(waiting) > 1 and country is None and (codes := _all_countries(waiting)):
        waiting = codes
    return [*groups, (waiting, country)] if waiting else groups


def _all_countries(names: list[str]) -> list[str] | None:
    """Codes, if every name is one of a country: "Luxembourg and Belgium"."""
    codes = [_as_country(name) for name in names]
    return [code for code in codes if code] if all(codes) else None


def _as_country(name: str) -> str | None:
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
    return _circle(match, float(city_radius_km(match.population)))


def _circle(match: Match, radius_km: float) -> regions.City:
    city = pack.city(match.city_id or 0)
    return regions.City(
        city_id=city.id, name=city.name, lon=city.lon, lat=city.lat, radius_km=radius_km
    )
