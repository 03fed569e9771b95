"""The field register: what is kept in each column of every room, why, who reads it, until when.

Every column is classed: *personal* (tells something about somebody, and is erased), *numbered*
(tells it only while its number names somebody, and stays as proof), or *other* (about nobody). A
test walks all models and fails on a column that is missing here. The reference page, the privacy
page and the retention rules are held against it.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from django.conf import settings

from wayhome.officers.roles import MAY, Verb
from wayhome.problems import Problem


@dataclass(frozen=True)
class Purpose:
    """Why something is kept. ``basis``: the legal ground, unless the operator names another."""

    name: str
    words: str
    basis: str


WARN = Purpose(
    "warn",
    "to know whom a danger concerns, warn them and help them",
    "public task; vital interests where life is at risk (GDPR art. 6(1)(e) and (d), 9(2)(c))",
)
REACH = Purpose(
    "reach",
    "to write to people on their own terms, and to nobody else",
    "public task (GDPR art. 6(1)(e)); consent for contacts at home",
)
CARE = Purpose(
    "care",
    "to help somebody who needs help, knowing what they need",
    "vital interests, or explicit consent (GDPR art. 6(1)(d), 9(2)(a) and (c))",
)
PROVE = Purpose(
    "prove",
    "to show afterwards what was asked, sent, answered and decided, and by whom",
    "public task and legal obligation (GDPR art. 6(1)(c) and (e))",
)
RUN = Purpose(
    "run",
    "to let officers sign in, and to know who did what",
    "public task, and the law of service (GDPR art. 6(1)(e), 88)",
)
PURPOSES = (WARN, REACH, CARE, PROVE, RUN)


class Readers(StrEnum):
    """Who reads a field on pages; each name is a rule that ``roles_of`` spells out."""

    PEOPLE = "who sees people"
    CASES = "who sees people and is cleared for cases"
    MUSTER = "who runs musters"
    PRIVACY = "who holds and erases"
    OWED = "who sees what is owed"
    OFFICERS = "who manages officers"
    NOBODY = "nobody"


_VERBS = {
    Readers.PEOPLE: Verb.SEE_PEOPLE,
    Readers.CASES: Verb.SEE_PEOPLE,
    Readers.MUSTER: Verb.MUSTER,
    Readers.PRIVACY: Verb.PRIVACY,
    Readers.OWED: Verb.SEE_OWED,
    Readers.OFFICERS: Verb.MANAGE_OFFICERS,
}


def roles_of(readers: Readers) -> list[str]:
    """The roles that may read it; an officer's clearance comes on top for cases."""
    verb = _VERBS.get(readers)
    return sorted(role.value for role, may in MAY.items() if verb in may) if verb else []


class Until(StrEnum):
    """When something goes that no retention rule deletes by itself."""

    PERSON = "with the person"  # by rule *people*, or when they ask
    STAY = "with the stay"  # by rule *stays*, or with the person
    SERVICE = "while the officer serves"
    TIDIED = "three months after it ended"
    DONE = "when the work is done"


@dataclass(frozen=True)
class Personal:
    """``rule``: a retention rule's name, or ``Until``. ``eraser``: the room that erases it, or
    empty where it is an officer's or passes by itself."""

    what: str
    purpose: Purpose
    readers: Readers
    rule: str
    eraser: str
    sealed: bool = False


@dataclass(frozen=True)
class Numbered:
    """Stays after an erasure, and names nobody then. ``why``: what it proves."""

    why: str


@dataclass(frozen=True)
class Other:
    """Not about a traveller, and why it cannot be."""

    why: str


Class = Personal | Numbered | Other


@dataclass(frozen=True)
class Table:
    """One table's columns, classed. ``plain`` and ``numbered``: columns, blanks between them.
    ``notice``: its personal ones in one line, as the privacy page says it to the person."""

    name: str
    notice: str = ""
    personal: Mapping[str, Personal] = field(default_factory=dict)
    numbered: str = ""
    numbered_why: str = ""
    plain: str = ""
    plain_why: str = "numbers, moments and states of rows"

    def columns(self) -> Iterator[tuple[str, Class]]:
        yield from self.personal.items()
        for column in self.numbered.split():
            yield column, Numbered(self.numbered_why)
        for column in self.plain.split():
            yield column, Other(self.plain_why)


def tables() -> list[Table]:
    """Every table, from the bottom room up."""
    from wayhome.travellers import fields_doors, fields_loop, fields_officers, fields_people

    rooms = (fields_officers, fields_people, fields_doors, fields_loop)
    return [table for room in rooms for table in room.TABLES]


def register() -> dict[tuple[str, str], Class]:
    """The class of each column, by (table, column)."""
    found: dict[tuple[str, str], Class] = {}
    for table in tables():
        for column, of in table.columns():
            if (table.name, column) in found:
                raise ValueError(f"{table.name}.{column} is classed twice")
            found[(table.name, column)] = of
    return found


def basis_of(purpose: Purpose) -> str:
    """The legal ground as the operator names it, or the register's."""
    if not settings.WAYHOME_LEGAL_BASIS:
        return purpose.basis
    try:
        named = json.loads(settings.WAYHOME_LEGAL_BASIS)
    except ValueError:
        named = None
    if not isinstance(named, dict):
        raise Problem("WAYHOME_LEGAL_BASIS", "is no JSON object", "see docs/howto/privacy.md")
    unknown = set(named) - {each.name for each in PURPOSES}
    if unknown:
        raise Problem(
            "WAYHOME_LEGAL_BASIS",
            f"names {', '.join(sorted(unknown))}",
            f"use {', '.join(each.name for each in PURPOSES)}",
        )
    return str(named.get(purpose.name, purpose.basis))
