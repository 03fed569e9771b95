"""Which one place a name means, or why that cannot be told.

The rules, in order:

1. Only the surest matches count: a former or similar name is not weighed against a place that
   bears the name now. Every name of a country is as sure as a place's own ("Holland"), unless it
   is a place's own in that country ("Tunis") and ``narrow`` or ``country`` asks within it.
2. A spelling that is only similar is taken when it is at least ``SURE`` alike, six letters or
   longer, and nothing else comes within ``CLEAR``; of a country's provinces, where it says
   "province", ``SURE_OF_A_KIND`` will do.
3. Of places inside one another (Baghdad the city in Baghdad the province, Luxembourg in
   Luxembourg) the widest is meant, or the narrowest if ``narrow``; but the name of a country
   always means the country.
4. If ``narrow``, a city of at least ``BIG`` people is meant before subdivisions elsewhere; a
   country or subdivision is meant before cities elsewhere of fewer than ``SMALL`` people.
5. A city is meant before namesakes a tenth its size.
6. Anything else is ambiguous.

A word for the kind settles what rule 3 would: "Baghdad province" is the area, "Baghdad city" or
"city of Baghdad" the city.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from wayhome.places import pack
from wayhome.places.errors import PlaceError
from wayhome.places.finding import ALL_KINDS, Kind, Match, bearers, by_mark, find, label
from wayhome.places.folding import fold, names_a_kind, normalise, without_kind

_CITY = re.compile(r"(?:the )?(?:city|town) of (.{1,200})|(.{1,200}) (?:city|town)", re.IGNORECASE)

SURE = 0.9
SURE_OF_A_KIND = 0.82
CLEAR = 0.04
BIG = 500_000
SMALL = 100_000
_WIDE = """africa,america,asia,balkans,caribbean,central america,central asia,eu,europe,
european union,horn of africa,latin america,maghreb,middle east,north africa,north america,
oceania,sahel,south america,southeast asia,west africa,world"""
_TOO_WIDE = frozenset(name.strip() for name in _WIDE.split(","))


def the_one(
    text: str,
    country: str | None = None,
    kinds: Sequence[Kind] = ALL_KINDS,
    *,
    narrow: bool = False,
    field: str = "place",
) -> Match:
    """The one place that ``text`` means.

    Raises ``PlaceError`` where no place bears the name (the fix suggests similar ones) or where
    several may be meant (``candidates`` lists them).
    """
    if (chosen := by_mark(text)) is not None and chosen.kind in kinds:
        return chosen
    shown, written = _shown(text), text.strip()
    text, kinds = _kind_said(text, country, kinds)
    found = as_written(text, find(text, country, kinds, limit=200))
    if country is None:
        found = _without_short(found, text)
        if normalise(text) in _TOO_WIDE and not any(m.kind == "country" for m in found):
            raise PlaceError(
                field,
                f"{shown} is wider than a country",
                "name the countries, or the country it is in",
            )
    if country and names_a_kind(text) and found and found[0].sureness == "fuzzy":
        found = [match for match in found if match.kind == "subdivision"]
    if (
        not found
        or not _close_enough(found, text, country)
        or _is_another_country(text, country, found)
    ):
        raise _unknown(field, shown, country, found, written)
    own = [m for m in found if m.sureness == "exact"] if narrow or country else []
    surest = [
        m
        for m in found
        if m.sureness == found[0].sureness
        or (_is_country(m) and not any(_inside(other, m) for other in own))
    ]
    if found[0].sureness == "fuzzy":
        surest = [m for m in surest if m.score > found[0].score - CLEAR]
    left = _without_small(_without_nested(surest, narrow), narrow)
    if len(left) == 1:
        return left[0]
    candidates = [label(m) for m in left[:8]]
    raise PlaceError(
        field,
        f"{shown} may mean several places",
        f"say which: {'; '.join(candidates)}",
        candidates,
        written,
    )


def _without_short(found: list[Match], text: str) -> list[Match]:
    """Without cities that merely have "Kan." or "ABC" among their other names."""
    short = text.isascii() and len(fold(text)) < 4
    return [m for m in found if not (short and m.kind == "city" and m.sureness != "exact")]


def as_written(text: str, found: list[Match]) -> list[Match]:
    """Those of ``found`` that bear ``text`` with its word for the kind, if any do.

    "United States" is a country, not the United Provinces.
    """
    written = fold(text)
    if written == without_kind(text):
        return found
    return [m for m in found if m.code and written in _folded_names(m.code)] or found


@lru_cache(maxsize=1000)
def _folded_names(code: str) -> frozenset[str]:
    return frozenset(fold(name) for name, _ in pack.area(code).names)


def _kind_said(text: str, country: str | None, kinds: Sequence[Kind]) -> tuple[str, Sequence[Kind]]:
    """The name and kinds meant by "Baghdad city", "city of Baghdad" or "Baghdad province"."""
    if said := _CITY.fullmatch(text.strip()):
        name = said[1] or said[2]
        if not bearers(text, country, kinds) and bearers(name, country, ("city",)):
            return name, ("city",)
    if "subdivision" in kinds and names_a_kind(text):
        found = as_written(text, bearers(text, country, kinds))
        if any(m.kind == "subdivision" for m in found) and found[0].kind != "country":
            return text, ("subdivision",)
    return text, kinds


def countries_called(text: str) -> list[Match]:
    """Countries whose own or English name ``text`` is."""
    found = bearers(text, kinds=("country",))
    return [m for m in found if m.sureness == "exact" or fold(m.name) == fold(text)]


def _is_another_country(text: str, country: str | None, found: list[Match]) -> bool:
    """Whether ``text`` is another country's own name, and nothing's own name in ``country``.

    "Iraq, Iran" is not Arak, which was called Iraq once.
    """
    if country is None or found[0].sureness == "exact":
        return False
    inside = pack.area(country).country
    return any(match.country != inside for match in countries_called(text))


def _is_country(match: Match) -> bool:
    return match.kind == "country" and match.sureness == "alias"


def _close_enough(found: list[Match], text: str, country: str | None) -> bool:
    """Whether the best is alike enough; less will do among a country's few provinces."""
    best = found[0]
    sure = SURE_OF_A_KIND if country and names_a_kind(text) else SURE
    return best.sureness != "fuzzy" or (best.score >= sure and len(text.strip()) >= 6)


def _unknown(
    field: str, shown: str, country: str | None, found: list[Match], written: str
) -> PlaceError:
    where = f" in {pack.area(country).label}" if country else ""
    candidates = [label(m) for m in found[:5]]
    if candidates:
        fix = f"did you mean {' or '.join(candidates)}"
    else:
        fix = "check the spelling, add the country, or use an ISO 3166 code"
    problem = f"no place called {shown} is known{where}"
    return PlaceError(field, problem, fix, candidates, written)


def _without_nested(found: list[Match], narrow: bool) -> list[Match]:
    """Leave one of each chain of places inside one another."""
    kept = []
    for match in found:
        others = [other for other in found if other is not match]
        if narrow:
            hidden = match.kind != "country" and any(_inside(other, match) for other in others)
            hidden = hidden or any(
                other.kind == "country" and _inside(match, other) for other in others
            )
        else:
            hidden = any(_inside(match, other) for other in others)
        if not hidden:
            kept.append(match)
    return kept


def _inside(inner: Match, outer: Match) -> bool:
    if outer.code is None or inner == outer:
        return False
    around = inner.areas if inner.code is None else inner.areas[1:]
    return outer.code in around


def _without_small(found: list[Match], narrow: bool) -> list[Match]:
    if narrow and any(m.kind == "city" and m.population >= BIG for m in found):
        found = [m for m in found if m.kind != "subdivision"]
    areas = [m for m in found if m.kind != "city"]
    if areas:
        return areas + [m for m in found if m.kind == "city" and m.population >= SMALL]
    most = max(m.population for m in found)
    return [m for m in found if m.population * 10 > most] or found[:1]


def _shown(text: str) -> str:
    clean = "".join(c if c.isprintable() else "?" for c in text[:60]).strip()
    return f"“{clean}{'…' if len(text) > 60 else ''}”"
