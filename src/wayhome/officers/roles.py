"""One table of roles and verbs; services, pages and commands ask it and nothing else."""

from enum import StrEnum


class Verb(StrEnum):
    SEE_PEOPLE = "see people"
    ENROL = "enrol people"
    COMPOSE = "compose bulletins"
    SIGN = "sign what another has submitted"
    PUBLISH = "publish"
    MUSTER = "run musters"
    SEE_OWED = "see what is owed"
    MANAGE_OFFICERS = "manage officers"


class Role(StrEnum):
    VIEWER = "viewer"
    OFFICER = "officer"
    APPROVER = "approver"
    ADMINISTRATOR = "administrator"


MAY: dict[Role, frozenset[Verb]] = {
    Role.VIEWER: frozenset({Verb.SEE_PEOPLE, Verb.SEE_OWED}),
    Role.OFFICER: frozenset(
        {Verb.SEE_PEOPLE, Verb.ENROL, Verb.COMPOSE, Verb.PUBLISH, Verb.MUSTER, Verb.SEE_OWED}
    ),
    Role.APPROVER: frozenset(
        {
            Verb.SEE_PEOPLE,
            Verb.ENROL,
            Verb.COMPOSE,
            Verb.SIGN,
            Verb.PUBLISH,
            Verb.MUSTER,
            Verb.SEE_OWED,
        }
    ),
    Role.ADMINISTRATOR: frozenset({Verb.MANAGE_OFFICERS, Verb.SEE_OWED}),
}
