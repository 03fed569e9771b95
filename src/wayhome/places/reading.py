"""Reading a region from the words of a report or an officer.

Understood are lists of areas and cities ("Anbar, Nineveh and Tamim provinces, Iraq"), codes
("IQ-AN, IQ-NI"), distances from places, borders, coasts and roads ("within 5 km of the border
with Iran in Wasit and Basra"), sides and halves ("the parts of Anbar west of, but not including,
Ramadi"), exceptions ("Iraq except Dohuk and Irbil"), the rest of an area, and region JSON; several
of them one a line or parted by semicolons, and in square brackets one inside another. Whatever is
not understood in full is refused: nothing is dropped. Where words may mean several things the
refusal lists them, and each of its ``candidates`` can be said instead.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from wayhome.places import pack
from wayhome.places import reading_phrases as phrases
from wayhome.places import region as regions
from wayhome.places.errors import PlaceError
from wayhome.places.finding import labels_to_marks
from wayhome.places.geojson import read_geojson
from wayhome.places.reading_lists import read_list

LONGEST = 5_000
LONGEST_PHRASE = 800
"""Characters of one piece; a longer one is a list, or nothing."""
_DEEPEST = 10

_EXCEPT = re.compile(
    r"\s*[,;(]?\s*\b(?:except(?:ing)?(?: for)?|excluding|but not(?: including)?|other than"
    r"|with the exceptions? of|apart from)\b[:\s]*",
    re.IGNORECASE,
)
_BEYOND = re.compile(
    r"\bof,?\s*(?:\(?but\s+)?(?:not\s+including|excluding|not)\b[,)]?\s*", re.IGNORECASE
)
_WITH = re.compile(r"\bof,?\s*(?:\(?and|\(?but)?\s*including\b[,)]?\s*", re.IGNORECASE)
_GEOJSON = re.compile(
    r'"type"\s*:\s*"(?:Feature|FeatureCollection|GeometryCollection|(?:Multi)?Polygon)"'
)
_ASIDE = re.compile(
    r"(?P<head>.+?),?\s*\(?"
    r"(?P<tail>(?:including|such as|in particular|especially|notably)\b.+?)\)?",
    re.IGNORECASE | re.DOTALL,
)
_BRACKETS = re.compile(r"\[([^\[\]]*)\]")
_MARK = re.compile(r"‹(\d+)›")
_PHRASES: tuple[Callable[[str, phrases.Reader], regions.AnyRegion | None], ...] = (
    phrases.rest, phrases.within, phrases.part_within, phrases.road, phrases.half,
    phrases.side, phrases.border_areas,
)  # fmt: skip
_LOOKS_LIKE_A_PHRASE = re.compile(
    r"\d\s?-?(?:k|m|n)|\b(?:rest|remainder|remaining|elsewhere|else|border\w*|coast\w*|road|highway"
    r"|motorway|route|parts?|areas?|north\w*|south\w*|east\w*|west\w*)\b|‹",
    re.IGNORECASE,
)


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
        return read_geojson(text) if _GEOJSON.search(text) else regions.parse(text)
    plain = _plain(text)
    if not any(character.isalnum() for character in plain):
        raise PlaceError(
            "region", "it names nothing", "name areas, such as Anbar and Nineveh, Iraq"
        )
    return _Whole(plain.replace("‹", "").replace("›", "")).region(country)


@dataclass(frozen=True)
class Reading:
    """What was understood of some words.

    ``region`` is None where nothing was. ``unsure`` says what an officer has to settle, and
    ``candidates`` are texts that may be said instead of ``words``. A reading that is not sure is
    shown to an officer and never used as it is.
    """

    words: str
    region: regions.AnyRegion | None
    unsure: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()

    @property
    def is_sure(self) -> bool:
        return self.region is not None and not self.unsure


def understand(text: str, country: str | None = None) -> Reading:
    """``read`` for words that need not be a region at all: it never raises."""
    try:
        return Reading(text, read(text, country))
    except PlaceError as error:
        unsure = f"{error.problem}: {error.fix}"
        aside = _ASIDE.fullmatch(text.strip())
        if aside and error.candidates == ():
            head = understand(aside["head"], country)
            if head.is_sure:
                said = f"“{aside['tail']}” was not understood and is left out"
                return Reading(text, head.region, (said,))
        instead = [text.replace(error.words, each, 1) for each in error.candidates]
        return Reading(text, None, (unsure,), tuple(instead) if error.words in text else ())


class _Whole:
    """One text with its brackets taken out: each stands as ‹number› for what was in it."""

    def __init__(self, text: str) -> None:
        self._inner: list[str] = []
        text = _BEYOND.sub("of ‹beyond› ", labels_to_marks(text))
        text = _WITH.sub("of ‹with› ", text)
        for _ in range(_DEEPEST):
            text, found = _BRACKETS.subn(self._kept, text)
            if not found:
                break
        if "[" in text or "]" in text:
            raise PlaceError("region", "its brackets do not match", "close each [ with a ]")
        self._text = text

    def _kept(self, match: re.Match[str]) -> str:
        self._inner.append(match[1])
        return f"‹{len(self._inner) - 1}›"

    def region(self, country: str | None) -> regions.AnyRegion:
        return self._several(self._text, country)

    def _several(self, text: str, country: str | None) -> regions.AnyRegion:
        pieces = [piece for piece in re.split(r"[;\n]", text) if piece.strip(" ,.*•-")]
        is_plain_list = not any(map(self._is_phrase, pieces))
        if len(pieces) < 2 or is_plain_list:
            return self._one(text, country)
        parts = tuple(dict.fromkeys(self._one(piece, country) for piece in pieces))
        _no_part_of_a_base_before(parts)
        return parts[0] if len(parts) == 1 else regions.Union(parts=parts)

    def _is_phrase(self, text: str) -> bool:
        return bool(_EXCEPT.search(text) or _LOOKS_LIKE_A_PHRASE.search(text))

    def _one(self, text: str, country: str | None) -> regions.AnyRegion:
        """One piece: an exception, a phrase or a list."""
        text = text.strip(" ,.")
        if inner := _MARK.fullmatch(text):
            return self._several(self._inner[int(inner[1])], country)
        parts = [part for part in _EXCEPT.split(text) if part]
        if len(_EXCEPT.findall(text)) != len(parts) - 1 or len(parts) > 2:
            raise PlaceError(
                "region", "its exception is unclear", "write: Iraq except Dohuk and Erbil"
            )
        if len(parts) == 1:
            return self._phrase(text, country)
        base_text, minus_text = parts
        base = self._phrase(base_text.rstrip(" ("), country)
        inside = {leaf.code[:2] for leaf in regions.leaves(base) if isinstance(leaf, regions.Area)}
        context = inside.pop() if len(inside) == 1 else country
        return regions.Except(base=base, minus=self._one(_balanced(minus_text), context))

    def _phrase(self, text: str, country: str | None) -> regions.AnyRegion:
        text = text.strip(" ,.")
        if inner := _MARK.fullmatch(text):
            return self._several(self._inner[int(inner[1])], country)
        reader = phrases.Reader(country, self._one)
        if len(text) <= LONGEST_PHRASE and _LOOKS_LIKE_A_PHRASE.search(text):
            for phrase in _PHRASES:
                if found := phrase(text, reader):
                    return found
        if _MARK.search(text):
            raise PlaceError("region", "its brackets are unclear", "write: [A; B] except [C; D]")
        return read_list(text, country)


def _balanced(text: str) -> str:
    """Without the bracket that was opened before "except"."""
    text = text.strip(" (")
    return text.removesuffix(")") if text.count(")") > text.count("(") else text


def _no_part_of_a_base_before(parts: Sequence[regions.AnyRegion]) -> None:
    """Refuse "Iraq except Dohuk; Erbil": Erbil may be excepted too, or not."""
    excepted = [part for part in parts if isinstance(part, regions.Except)]
    for each in excepted:
        bases = {leaf.code for leaf in regions.leaves(each.base) if isinstance(leaf, regions.Area)}
        for part in parts:
            if isinstance(part, regions.Area) and bases & set(pack.ancestors(part.code)):
                raise PlaceError(
                    "region",
                    f"{pack.area(part.code).label} stands after an exception in what holds it",
                    "put what is excepted in brackets: Iraq except [Dohuk; Erbil]",
                )


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
