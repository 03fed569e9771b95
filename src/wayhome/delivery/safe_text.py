"""Words that people wrote, made safe to stand beside others' words, and the way they run.

Unicode's bidirectional algorithm (UAX #9) orders what is shown by the characters in it. A control
in one person's name or text could reorder the whole line around it, so that "do not" or a digit
seems to stand elsewhere. Such controls are *stripped*, not isolated: an unbalanced one closes the
isolate that is put around it, and nothing readable is lost, for the marks that a line needs are set
here.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Literal

Direction = Literal["ltr", "rtl"]

FSI, PDI = "\u2068", "\u2069"
_MARKS: dict[Direction, str] = {"ltr": "\u200e", "rtl": "\u200f"}
# Marks (LRM, RLM, ALM), embeddings and overrides, isolates, deprecated format characters, BOM.
BIDI_CONTROLS = frozenset(
    "\u200e\u200f\u061c" + "".join(map(chr, [*range(0x202A, 0x202F), *range(0x2066, 0x2070)]))
)
_DROPPED = [*range(0x20), *range(0x7F, 0xA0), 0xFEFF, *map(ord, BIDI_CONTROLS)]
_LINE_ENDS = "\n\x0b\x0c\r\x1c\x1d\x1e\x85\u2028\u2029"
_CLEAN: dict[int, str | None] = (
    dict.fromkeys(_DROPPED)
    | dict.fromkeys(range(0xD800, 0xE000), "\ufffd")  # halves of characters cannot be encoded
    | dict.fromkeys(map(ord, _LINE_ENDS), "\n")
    | {0x09: " "}
)
_RTL_LANGUAGES = frozenset(
    {"ar", "arc", "ckb", "dv", "fa", "he", "ps", "sd", "syr", "ug", "ur", "yi"}
)
_TELEPHONE = re.compile(r"(\+[0-9][0-9 ().\-/\u00a0]{3,}[0-9])")
_STRONG: dict[str, Direction] = {"L": "ltr", "R": "rtl", "AL": "rtl"}


def clean(text: str) -> str:
    """Without control and bidirectional control characters; lines end with a newline, whatever
    ended them before."""
    lines = text.replace("\r\n", "\n").translate(_CLEAN).split("\n")
    return "\n".join(line.rstrip() for line in lines).strip()


def one_line(text: str) -> str:
    """The same on one line, single blanks between its words: for names and headers."""
    return " ".join(clean(text).split())


def runs(language: str) -> Direction:
    """Which way a language is written, by its tag (BCP 47)."""
    primary, *rest = language.lower().split("-")
    return "rtl" if primary in _RTL_LANGUAGES or "arab" in rest else "ltr"


@lru_cache(maxsize=4096)
def strong(text: str) -> frozenset[Direction]:
    """The directions of the letters in it; none where it has digits and signs alone."""
    kinds = {unicodedata.bidirectional(char) for char in text}
    return frozenset(_STRONG[kind] for kind in kinds if kind in _STRONG)


def first_strong(text: str) -> Direction | None:
    """The direction by which a reader's program, left to itself, would lay out a line."""
    for char in text:
        if found := _STRONG.get(unicodedata.bidirectional(char)):
            return found
    return None


def direction_of(text: str, language: str) -> Direction:
    """How a paragraph is laid out: as its language is, unless none of its letters are."""
    usual, found = runs(language), strong(text)
    return usual if usual in found or not found else "rtl" if usual == "ltr" else "ltr"


def isolate(text: str, around: Direction) -> str:
    """``text`` so that it and what surrounds it cannot reorder each other (FSI and PDI).

    Left bare where it cannot anyway, for old telephones show the isolates as boxes.
    """
    kinds = {unicodedata.bidirectional(char) for char in text}
    if around == "ltr" and kinds.isdisjoint({"R", "AL", "AN"}):
        return text
    return f"{FSI}{text}{PDI}"


def telephones_apart(line: str, around: Direction) -> list[tuple[str, bool]]:
    """The line in parts, each with whether it is a telephone number that must be isolated.

    Amid Arabic its groups of digits would be shown in reverse order: people would dial another.
    """
    if around == "ltr" or "+" not in line:
        return [(line, False)]
    parts = _TELEPHONE.split(line)
    return [(part, index % 2 == 1) for index, part in enumerate(parts) if part]


def led(line: str, direction: Direction) -> str:
    """A line of plain text that is laid out in ``direction`` even where it begins with letters of
    the other; and a line without letters of ``direction`` as it stands."""
    if first_strong(line) == direction or direction not in strong(line):
        return line
    return _MARKS[direction] + line
