"""How each room takes part in erasing people: an eraser, and a word on who must stay for now.

A room registers both in its ``erasing.py``; ``erasure`` runs the erasers from the top down.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

# From the top down, as imports run; a room without personal data registers none.
ROOMS = (
    "support",
    "relocation",
    "musters",
    "replies",
    "delivery",
    "audience",
    "bulletins",
    "ledger",
    "trips",
    "travellers",
    "letters",
    "officers",
    "work",
)


@dataclass(frozen=True)
class Subject:
    """Who and what is erased, by numbers, as fixed when it began.

    ``travellers``: whole people. ``registrations``: all of theirs, or those alone that a joined
    record brought. ``points``: contact points that these use. ``alone``: those of them that serve
    nobody else.
    """

    travellers: frozenset[int]
    registrations: frozenset[int]
    points: frozenset[int]
    alone: frozenset[int]


Erase = Callable[[Subject], dict[str, int]]
Kept = Callable[[set[int]], dict[int, str]]

_erasers: dict[str, Erase] = {}
_keepers: dict[str, Kept] = {}


def eraser(room: str) -> Callable[[Erase], Erase]:
    """Register what erases a subject in ``room``: idempotent, in transactions of its own, returns
    rows erased by table."""

    def register(erase: Erase) -> Erase:
        if room not in ROOMS or room in _erasers:
            raise ValueError(f"{room} is no room, or has an eraser already")
        _erasers[room] = erase
        return erase

    return register


def keeper(room: str) -> Callable[[Kept], Kept]:
    """Register what says of travellers who of them must stay for now, and why in a few words."""

    def register(kept: Kept) -> Kept:
        if room not in ROOMS or room in _keepers:
            raise ValueError(f"{room} is no room, or has a keeper already")
        _keepers[room] = kept
        return kept

    return register


def erasers() -> list[tuple[str, Erase]]:
    """Erasers by room, from the top down."""
    return [(room, _erasers[room]) for room in ROOMS if room in _erasers]


def kept(traveller_ids: Iterable[int]) -> dict[int, str]:
    """Who of these must stay for now, and why: a hold first, then what each room says."""
    ids = set(traveller_ids)
    why: dict[int, str] = {}
    if ids:
        for room in reversed([room for room in ROOMS if room in _keepers]):
            for traveller_id, reason in _keepers[room](ids).items():
                why.setdefault(traveller_id, reason)
    return why
