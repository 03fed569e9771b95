"""Find people by any fragment of a name in any script, or by a whole address, number or reference.

Whoever writes a name or gives a registration to another record calls ``index`` in the same
transaction; ``drift`` finds, and ``mend`` sets right, what did not. Addresses are found whole
alone, by their keyed hash: a list of who has an address like this would help nobody at a desk,
and whoever fishes in one.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import partial

from django.db.models import Q

from wayhome.officers.access import Access
from wayhome.problems import Problem
from wayhome.travellers import search_sql
from wayhome.travellers.addresses import address_hash, normalise
from wayhome.travellers.folding import fold, spellings, squeeze
from wayhome.travellers.models import (
    ContactPoint,
    NameKey,
    NameSound,
    PartyMember,
    Reach,
    Registration,
    Traveller,
)
from wayhome.travellers.seeing import seen, seen_by
from wayhome.work.db import writes

SHOWN = 30  # a search that shows more is a list to browse, and each name shown is a look
RANKED = 500  # so many hits are all ranked; of more, the best are looked for, rank by rank
LONGEST = 100  # characters that are read of a question
MOST_WORDS = 8
MOST_NAMES = 20  # of one record
_SWEEP = 1000


class Rank(IntEnum):
    """How well a name answers a question, the best first."""

    KEY = 0  # by address, number or reference
    EXACT = 1  # these words and no others, in any order
    BEGINS = 2  # the name begins like this
    WORDS = 3  # every word is a word of the name
    STARTS = 4  # every word begins a word of the name
    FRAGMENT = 5  # every word is somewhere in the name


@dataclass(frozen=True)
class Person:
    """One person of a list. ``other_names``: under which their registrations came."""

    traveller_id: int
    name: str
    other_names: tuple[str, ...]
    is_minor: bool
    registrations: int
    rank: Rank


@dataclass(frozen=True)
class Found:
    """What a search shows; ``more``: so many match that the best alone are shown."""

    people: list[Person]
    more: bool


def search(access: Access, view: str, text: str) -> Found:
    """The best ``SHOWN`` people for what an officer typed; each of them is recorded as looked at.

    Problem where there is nothing to look for.
    """
    text = text.strip()[:LONGEST]
    words = question(text)
    keys = sorted(seen(access, _by_key(text)))
    if not words and not keys:
        raise Problem("q", "names nobody", "type a part of a name, an address or a number")
    named, more = by_name(words, SHOWN, partial(seen, access)) if words else ([], False)
    ranked = dict(named) | dict.fromkeys(keys[:SHOWN], Rank.KEY)
    best = sorted(ranked, key=lambda each: (ranked[each], each))[:SHOWN]
    access.record(view, best)
    return Found(_people(access, best, ranked), more or len(ranked) > SHOWN or len(keys) > SHOWN)


def question(text: str) -> str:
    """What is looked for among names: folded, a bounded number of words."""
    return " ".join(fold(text).split()[:MOST_WORDS])


def rank(words: str, text: str) -> Rank | None:
    """How well the names of a ``NameKey`` answer; None: not at all. This is the definition."""
    asked = words.split()
    if not asked or any(word not in text for word in asked):
        return None
    together = squeeze(words)
    for name in filter(None, map(str.strip, text.split("\n"))):
        if name == together or sorted(name.split()) == sorted(asked):
            return Rank.EXACT
    if f"\n {together}" in text:
        return Rank.BEGINS
    if all(f" {word} " in text for word in asked):
        return Rank.WORDS
    return Rank.STARTS if all(f" {word}" in text for word in asked) else Rank.FRAGMENT


def by_name(
    words: str, limit: int, there: Callable[[Iterable[int]], set[int]] = set
) -> tuple[list[tuple[int, Rank]], bool]:
    """The best ``limit`` (traveller, rank) and whether more match, by ``rank`` and number.

    ``there``: those among travellers whom the asker may see at all. Above ``RANKED`` hits, which of
    equal rank are shown is not said.
    """
    hits = _hits(words, Rank.FRAGMENT, RANKED + 1)
    ranks = {number: _rank(words, text) for number, text in hits}
    if len(hits) > RANKED:
        ranks = {}
        for of_rank in (Rank.EXACT, Rank.BEGINS, Rank.WORDS, Rank.STARTS, Rank.FRAGMENT):
            for number, text in _hits(words, of_rank, limit + len(ranks)):
                ranks.setdefault(number, _rank(words, text))
            if sum(each <= of_rank for each in ranks.values()) >= limit:
                break
    visible = there(ranks)
    best = sorted(
        ((number, found) for number, found in ranks.items() if number in visible),
        key=lambda pair: (pair[1], pair[0]),
    )
    return best[:limit], len(best) > limit or len(hits) > RANKED


def _rank(words: str, text: str) -> Rank:
    found = rank(words, text)
    assert found is not None, "the database finds what holds every word, and nothing else"
    return found


def _hits(words: str, of_rank: Rank, limit: int) -> list[tuple[int, str]]:
    """Texts that have at least this rank (of EXACT: exactly)."""
    asked = words.split()
    codes = {code for word in asked for code in search_sql.fragment_codes(word)}
    parts = list(asked)
    if of_rank == Rank.EXACT:
        exact: dict[int, str] = {}
        for whole in {search_sql.whole(words), search_sql.whole(squeeze(words))}:
            wanted = codes | {search_sql.code(whole)}
            exact |= dict(search_sql.find(wanted, parts, limit))
        return list(exact.items())
    if of_rank == Rank.BEGINS:
        together = squeeze(words)
        codes |= set(map(search_sql.code, search_sql.beginning(together)))
        parts = [f"\n {together}", *asked]
    elif of_rank in (Rank.WORDS, Rank.STARTS):
        ends = " " if of_rank == Rank.WORDS else ""
        parts = [f" {word}{ends}" for word in asked]
        codes |= {code for part in parts for code in search_sql.fragment_codes(part)}
    return search_sql.find(codes, parts, limit)


def _by_key(text: str) -> list[int]:
    """Travellers by a whole mail address, phone number, reference or registration's number."""
    found: set[int] = set()
    most = SHOWN + 1
    for point in _points(text):
        reaches = Reach.objects.filter(contact_point_id=point, ended_at=None)
        found.update(reaches.values_list("registration__traveller_id", flat=True)[:most])
        parties = list(reaches.exclude(party=None).values_list("party_id", flat=True)[:most])
        served = PartyMember.objects.filter(party_id__in=parties, until=None)
        found.update(served.values_list("registration__traveller_id", flat=True)[:most])
    # One question each: with OR between them no index would be used.
    keys = [Q(reference=text)] if text and text.isprintable() else []
    number = text.removeprefix("#")
    if number.isascii() and number.isdecimal() and len(number) < 19:
        keys.append(Q(pk=int(number)))
    for key in keys:
        there = Registration.objects.filter(key, traveller__erased_at=None)
        found.update(there.values_list("traveller_id", flat=True)[:most])
    return sorted(found)


def _points(text: str) -> list[int]:
    """The contact point with this whole address, if it is one and there is one."""
    kind = ContactPoint.Kind.MAIL if "@" in text else ContactPoint.Kind.PHONE
    try:
        hashed = address_hash(kind, normalise(kind, text))
    except Problem:
        return []
    points = ContactPoint.objects.filter(kind=kind, address_hash=hashed)
    return list(points.values_list("pk", flat=True))


def _people(access: Access, numbers: list[int], ranks: dict[int, Rank]) -> list[Person]:
    names = dict(Traveller.objects.filter(pk__in=numbers).values_list("pk", "name"))
    minors = set(
        Traveller.objects.filter(pk__in=numbers, guardian__isnull=False).values_list(
            "pk", flat=True
        )
    )
    came: dict[int, list[str]] = defaultdict(list)
    rows = Registration.objects.filter(seen_by(access), traveller_id__in=numbers).order_by("pk")
    for number, original in rows.values_list("traveller_id", "original"):
        came[number].append(name_in(original))
    return [
        Person(
            traveller_id=number,
            name=names[number],
            other_names=tuple(
                dict.fromkeys(
                    each for each in came[number] if each and fold(each) != fold(names[number])
                )
            )[:3],
            is_minor=number in minors,
            registrations=len(came[number]),
            rank=ranks[number],
        )
        for number in numbers
        if number in names
    ]


# ---- the index -------------------------------------------------------------------------------


@writes
def index(traveller_ids: Iterable[int]) -> int:
    """Make these records found by the names they have now; returns how many were not.

    A record without registrations (emptied by a join, erased) is found no more. Call it in the
    transaction that writes a name, a registration, or whose it is.
    """
    texts = _texts(sorted(set(traveller_ids)))
    gone = [number for number, text in texts.items() if not text]
    if gone:
        NameSound.objects.filter(traveller_id__in=gone).delete()
    return search_sql.write(texts)


@writes
def index_new(names: Mapping[int, Iterable[str]]) -> None:
    """The same for records made this moment, in less time: their names, the one that their
    registration came with among them."""
    search_sql.add({number: text_of(each) for number, each in names.items()})


def _texts(numbers: list[int]) -> dict[int, str]:
    """What ought to be kept of these travellers, by two queries."""
    names: dict[int, list[str]] = {number: [] for number in numbers}
    rows = Registration.objects.filter(traveller_id__in=numbers, traveller__erased_at=None)
    for number, name, original in rows.order_by("pk").values_list(
        "traveller_id", "traveller__name", "original"
    ):
        names[number] += [name, name_in(original)]
    return {number: text_of(each) for number, each in names.items()}


def name_in(original: object) -> str:
    """The name that a registration came with, or nothing."""
    if not isinstance(original, dict):
        return ""
    people = original.get("people")
    first = people[0] if isinstance(people, list) and people else None
    name = first.get("name") if isinstance(first, dict) else None
    return name if isinstance(name, str) else ""


def text_of(names: Iterable[str]) -> str:
    """``["Ann Ash", "Anna Asche"]`` to ``"\\n ann ash \\n anna asche \\n"``; no name: empty."""
    known = dict.fromkeys(each for name in dict.fromkeys(names) for each in spellings(name))
    kept = list(known)[:MOST_NAMES]
    return "".join(f"\n {each} " for each in kept) + "\n" if kept else ""


def sweep() -> Iterator[tuple[int, int]]:
    """(first, last) numbers of travellers, so many at a time that a step is short."""
    after = 0
    while True:
        page = list(
            Traveller.objects.filter(pk__gt=after)
            .order_by("pk")
            .values_list("pk", flat=True)[:_SWEEP]
        )
        if not page:
            return
        yield page[0], page[-1]
        after = page[-1]


def drift(between: tuple[int, int]) -> list[int]:
    """Travellers of this stretch whose names are not found as they are."""
    numbers = list(
        Traveller.objects.filter(pk__range=between).order_by("pk").values_list("pk", flat=True)
    )
    kept = dict(
        NameKey.objects.filter(
            traveller_id__gte=between[0], traveller_id__lte=between[1]
        ).values_list("traveller_id", "text")
    )
    return [number for number, text in _texts(numbers).items() if kept.get(number, "") != text]


def mend(each_step: Callable[[], None] = lambda: None) -> int:
    """Set right whatever drifted; returns how many records had."""
    mended = 0
    for between in sweep():
        if numbers := drift(between):
            mended += index(numbers)
        each_step()
    return mended


def forget_deleted(each_step: Callable[[], None] = lambda: None) -> None:
    """Let what was taken out leave the files too (SQLite; PostgreSQL's vacuum does it)."""
    while _merge():
        each_step()


@writes
def _merge() -> bool:
    return search_sql.merge()


def rebuild(progress: Callable[[int], None] = lambda done: None) -> int:
    """Write the whole index anew (a new version of ``folding``, or damage); returns how many
    records it holds. Searches find less while it runs."""
    _empty()
    held = 0
    for first, last in sweep():
        held += index(
            Traveller.objects.filter(pk__range=(first, last)).values_list("pk", flat=True)
        )
        progress(held)
    _create()
    return held


@writes
def _empty() -> None:
    search_sql.empty()


@writes
def _create() -> None:
    search_sql.create()
