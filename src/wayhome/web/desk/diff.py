"""What changed between the issue in force and the version in hand, for whoever signs."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher

from wayhome.bulletins.models import Bulletin, Issue, TextContent
from wayhome.places.region import parse
from wayhome.places.words import in_words

_LABELS = {
    "kind": "Kind",
    "level": "Level",
    "distribution": "Who may read it",
    "ask": "Which reply is asked",
    "source": "Source",
    "hazard": "Hazard",
    "expires_at": "Holds until",
    "lead_days": "Days before arrival",
    "grace_days": "Days after departure",
}
_TEXTS = {
    "headline": "Headline",
    "body": "What happens",
    "instruction": "What to do",
    "correction": "Correction",
}
_MOST_WORDS = 3000
_WORD = re.compile(r"\s+|[^\s]+")


@dataclass(frozen=True)
class Piece:
    """Some words: "=" as before, "-" taken out, "+" put in."""

    how: str
    words: str


@dataclass(frozen=True)
class Change:
    label: str
    language: str
    pieces: list[Piece]


def changes(bulletin: Bulletin, issue: Issue) -> list[Change]:
    """Every field and text that differs from the issue, in the order of the form."""
    found = []
    for name, label in _LABELS.items():
        was, now = _shown(getattr(issue, name)), _shown(getattr(bulletin, name))
        if was != now:
            found.append(Change(label, "", _replaced(was, now)))
    if issue.region != bulletin.region:
        was, now = in_words(parse(issue.region)), in_words(parse(bulletin.region))
        if was == now:
            now += " (drawn anew)"
        found.append(Change("Region", "", _replaced(was, now)))
    return [*found, *_texts(bulletin, issue)]


def _texts(bulletin: Bulletin, issue: Issue) -> Iterator[Change]:
    before: dict[str, TextContent] = {text.language: text for text in issue.texts.all()}
    after: dict[str, TextContent] = {text.language: text for text in bulletin.texts.all()}
    for language in sorted(before.keys() | after.keys()):
        for name, label in _TEXTS.items():
            was = getattr(before.get(language), name, "")
            now = getattr(after.get(language), name, "")
            if was != now:
                yield Change(label, language, _word_by_word(was, now))


def _word_by_word(was: str, now: str) -> list[Piece]:
    old, new = _WORD.findall(was), _WORD.findall(now)
    if max(len(old), len(new)) > _MOST_WORDS:
        return _replaced(was, now)
    pieces = []
    for how, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if how == "equal":
            pieces.append(Piece("=", "".join(old[a:b])))
            continue
        if b > a:
            pieces.append(Piece("-", "".join(old[a:b])))
        if d > c:
            pieces.append(Piece("+", "".join(new[c:d])))
    return pieces


def _replaced(was: str, now: str) -> list[Piece]:
    return [Piece(how, words) for how, words in (("-", was), ("+", now)) if words]


def _shown(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    return "" if value is None else str(value)
