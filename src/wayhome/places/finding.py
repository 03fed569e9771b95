"""From a name to the places that may bear it.

``find`` looks a name up among the normalised names of the pack, and only where nothing bears it
compares spellings (normalised Indel similarity of rapidfuzz, spaces ignored).
Which one is meant is for ``choosing``.

How a match is called: *exact* bears the name as its own or English name, *alias* under another
name, *former* had it once, *fuzzy* has a similar one.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property, lru_cache
from threading import RLock
from typing import Literal

from rapidfuzz import fuzz, process

from wayhome.places import pack, packfile
from wayhome.places.folding import fold, normalise, without_kind

Kind = Literal["country", "subdivision", "city"]
Sureness = Literal["exact", "alias", "former", "fuzzy"]
ALL_KINDS: tuple[Kind, ...] = ("country", "subdivision", "city")

SIMILAR = 0.75
"""Similarity under which a spelling is not even suggested."""

_SURENESS: tuple[Sureness, ...] = ("exact", "alias", "former", "fuzzy")
_SCORES = {"exact": 1.0, "alias": 0.95, "former": 0.9}
_KIND_ORDER = {"country": 0, "subdivision": 1, "city": 2}
_CITIES_COMPARED = 20_000
LONGEST_COMPARED = 100


@dataclass(frozen=True, slots=True)
class Match:
    """One place that a name may mean. ``code`` is set for an area, ``city_id`` for a city.

    ``score`` is 1 for the name itself and falls with doubt; ``population`` is 0 where unknown.
    """

    kind: Kind
    code: str | None
    city_id: int | None
    name: str
    country: str
    sureness: Sureness
    score: float
    population: int

    @property
    def areas(self) -> tuple[str, ...]:
        """The area itself or the city's own, then those around it, finest first."""
        own = self.code or pack.city(self.city_id or 0).subdivision
        return (own, *pack.ancestors(own))


class _Index:
    """Normalised names and the places that bear them."""

    @cached_property
    def _rows(self) -> tuple[dict[str, int], list[int], list[int]]:
        return packfile.read_names()

    @property
    def names(self) -> Iterable[str]:
        """Every normalised name."""
        return self._rows[0].keys()

    def targets(self, name: str) -> list[int]:
        """Places that bear ``name``: each is 3 × its number + how directly it bears it."""
        rows, starts, targets = self._rows
        row = rows.get(name)
        return [] if row is None else targets[starts[row] : starts[row + 1]]

    @cached_property
    def codes(self) -> list[str]:
        return list(pack.areas())

    @cached_property
    def city_ids(self) -> list[int]:
        return list(pack.cities())

    @cached_property
    def by_country(self) -> dict[str, dict[str, str]]:
        """For each country, names without spaces and the names they stand for."""
        found: dict[str, dict[str, str]] = {}
        countries = [code[:2] for code in self.codes]
        countries += [city.country for city in pack.cities().values()]
        for name in self.names:
            close = name.replace(" ", "")
            for country in {countries[target // 3] for target in self.targets(name)}:
                found.setdefault(country, {})[close] = name
        return found

    @cached_property
    def everywhere(self) -> dict[str, str]:
        """The same for all areas and the largest cities."""
        last = (len(self.codes) + _CITIES_COMPARED) * 3
        names = (name for name in self.names if self.targets(name)[0] < last)
        return {name.replace(" ", ""): name for name in names}


_LOCK = RLock()
_INDEX = _Index()


def find(
    text: str,
    country: str | None = None,
    kinds: Sequence[Kind] = ALL_KINDS,
    limit: int = 8,
) -> list[Match]:
    """Places that ``text`` may name, the likeliest first, at most ``limit``.

    ``country`` (an ISO 3166-1 code) leaves only places of that country. A country context does
    not hide the country itself. Empty where nothing is at least ``SIMILAR``.
    """
    if found := bearers(text, country, kinds):
        return found[:limit]
    inside = None if country is None else pack.area(country).country
    with _LOCK:
        return sorted(_similar(normalise(text), inside, kinds), key=_rank)[:limit]


def bearers(
    text: str, country: str | None = None, kinds: Sequence[Kind] = ALL_KINDS
) -> list[Match]:
    """``find`` without similar spellings and without a limit."""
    inside = None if country is None else pack.area(country).country
    with _LOCK:
        return sorted(_bearers(text, normalise(text), inside, kinds), key=_rank)


_MARK = re.compile(r"#(\d{1,12})|[A-Z]{2}-[A-Z0-9]{1,3}")
_LABEL = re.compile(
    r"(?P<words>[^,;()\[\]]+?) [(](?:country(?:, (?P<country>[A-Z]{2}))?|"
    r"(?P<code>[A-Z]{2}-[A-Z0-9]{1,3}), [^()]+|city in (?P<around>[^()]+))[)]"
)


def by_mark(text: str) -> Match | None:
    """The place of a code ("IQ-AN") or of a city's number ("#98717"); None for any other text."""
    said = _MARK.fullmatch(text.strip())
    if said is None:
        return None
    if said[1]:
        city = pack.cities().get(int(said[1]))
        return city and Match(
            "city", None, city.id, city.name, city.country, "exact", 1.0, city.population
        )
    code = pack.code_of(said[0])
    if code is None:
        return None
    area = pack.area(code)
    return Match(area.kind, code, None, area.label, area.country, "exact", 1.0, area.population)


def labels_to_marks(text: str) -> str:
    """``text`` with each label of ``label`` in it replaced by a code or a city's number."""
    return _LABEL.sub(_mark, text)


def _mark(said: re.Match[str]) -> str:
    """The mark for the words that the label is about, with the words before them."""
    words = said["words"].split(" ")
    kind: Kind = "city" if said["around"] else "subdivision" if said["code"] else "country"
    for start in range(len(words)):
        name = " ".join(words[start:])
        for match in bearers(name, kinds=(kind,)):
            chosen = said["country"] or said["code"] or match.code
            if match.code == chosen and (
                match.code or label(match).endswith(f"(city in {said['around']})")
            ):
                mark = match.code or f"#{match.city_id}"
                return " ".join([*words[:start], mark])
    return said[0]


def label(match: Match) -> str:
    """How a match is shown to a person who has to choose."""
    if match.kind == "country":
        return f"{match.name} (country, {match.code})"
    country = pack.area(match.country).label
    if match.kind == "city":
        around = match.areas[0]
        within = f"{pack.area(around).label}, " if "-" in around else ""
        return f"{match.name} (city in {within}{country})"
    return f"{match.name} ({match.code}, {country})"


def _rank(match: Match) -> tuple[int, float, int, int, str]:
    order = _SURENESS.index(match.sureness)
    kind = _KIND_ORDER[match.kind]
    return order, -round(match.score, 3), kind, -match.population, match.code or str(match.city_id)


def _bearers(text: str, name: str, inside: str | None, kinds: Sequence[Kind]) -> list[Match]:
    as_written = {fold(text), without_kind(text)}
    found = []
    for target in _INDEX.targets(name):
        match = _match(target // 3, _SURENESS[target % 3], 0)
        if match.kind not in kinds or inside not in (None, match.country):
            continue
        score = _SCORES[match.sureness]
        if match.sureness == "exact" and not as_written & _written(match):
            score -= 0.02  # the same but for an article
        found.append(_match(target // 3, match.sureness, score))
    return found


def _written(match: Match) -> set[str]:
    names = [match.name]
    if match.code:
        area = pack.area(match.code)
        names += [text for text, tag in area.names if tag in ("name", "en")]
    return {form for text in names for form in (fold(text), without_kind(text))}


_guesses: ContextVar[list[int] | None] = ContextVar("guesses", default=None)


@contextmanager
def few_guesses(most: int) -> Iterator[None]:
    """Within it no more than ``most`` names are compared with every name there is (it takes long);
    a name beyond them that nothing bears is simply unknown. Names compared lately cost nothing."""
    if _guesses.get() is not None:  # whoever began counts
        yield
        return
    token = _guesses.set([most])
    try:
        yield
    finally:
        _guesses.reset(token)


@lru_cache(maxsize=2048)
def _hits(close: str, inside: str | None) -> tuple[tuple[str, float], ...]:
    choices = _INDEX.everywhere if inside is None else _INDEX.by_country.get(inside, {})
    hits = process.extract(
        close, choices.keys(), scorer=fuzz.ratio, score_cutoff=SIMILAR * 100, limit=25
    )
    return tuple((choices[hit], ratio) for hit, ratio, _ in hits)


def _similar(name: str, inside: str | None, kinds: Sequence[Kind]) -> list[Match]:
    close = name.replace(" ", "")[:LONGEST_COMPARED]
    if len(close) < 3:
        return []
    left = _guesses.get()
    if left is not None:
        before = _hits.cache_info().misses
        if left[0] <= 0:
            return []
    hits = _hits(close, inside)
    if left is not None and _hits.cache_info().misses > before:
        left[0] -= 1
    best: dict[int, float] = {}
    for hit, ratio in hits:
        for target in _INDEX.targets(hit):
            number = target // 3
            best[number] = max(best.get(number, 0), ratio / 100 * (0.97 if target % 3 else 0.98))
    matches = (_match(number, "fuzzy", score) for number, score in best.items())
    return [m for m in matches if m.kind in kinds and inside in (None, m.country)]


def _match(number: int, sureness: Sureness, score: float) -> Match:
    if number < len(_INDEX.codes):
        area = pack.areas()[_INDEX.codes[number]]
        return Match(
            area.kind, area.code, None, area.label, area.country, sureness, score, area.population
        )
    city = pack.cities()[_INDEX.city_ids[number - len(_INDEX.codes)]]
    return Match("city", None, city.id, city.name, city.country, sureness, score, city.population)
