"""One table of roles and verbs; services, pages and commands ask it and nothing else.

Which verb each page, command and query asks for is the table beside it, ``officers.law``.
"""

from enum import StrEnum


class Verb(StrEnum):
    SEE_BULLETINS = "see bulletins and how their sending fares"
    SEE_NUMBERS = "see counts of people, nobody named"
    SEE_PEOPLE = "see people"
    SEE_OWN_PEOPLE = "see the people whom their organisation registered"
    ENROL = "enrol people"
    COMPOSE = "compose bulletins"
    SIGN = "sign what another has submitted"
    PUBLISH = "publish"
    MUSTER = "run musters"
    CLOSE = "close musters and entries of a roll"
    EXPORT = "take people's data out in a file"
    BREAK_GLASS = "open a closed compartment for an hour"
    SEE_GLASS = "see who broke glass"
    SEE_OWED = "see what is owed"
    AUDIT = "read looks and the audit trail"
    PRIVACY = "hold and erase people's data"
    MANAGE_OFFICERS = "manage officers"


class Role(StrEnum):
    VIEWER = "viewer"
    OFFICER = "officer"
    APPROVER = "approver"
    MUSTER_LEAD = "muster lead"
    ORGANISATION = "organisation"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


_VIEWER = frozenset({Verb.SEE_BULLETINS, Verb.SEE_NUMBERS, Verb.SEE_PEOPLE, Verb.SEE_OWED})
_OFFICER = _VIEWER | {Verb.ENROL, Verb.COMPOSE, Verb.PUBLISH, Verb.MUSTER, Verb.BREAK_GLASS}

# Opening a roll call is any officer's: at night nobody waits for a lead. Closing one, or an entry
# of one, takes people out of sight: that is a lead's, or an approver's. Nobody who manages
# officers or audits them sees people; nobody who sees people audits.
MAY: dict[Role, frozenset[Verb]] = {
    Role.VIEWER: _VIEWER,
    Role.OFFICER: _OFFICER,
    Role.APPROVER: _OFFICER | {Verb.SIGN, Verb.CLOSE, Verb.EXPORT, Verb.PRIVACY},
    Role.MUSTER_LEAD: _VIEWER
    | {
        Verb.ENROL,
        Verb.MUSTER,
        Verb.CLOSE,
        Verb.EXPORT,
        Verb.BREAK_GLASS,
        Verb.SEE_GLASS,
    },
    Role.ORGANISATION: frozenset({Verb.SEE_OWN_PEOPLE}),
    Role.AUDITOR: frozenset(
        {Verb.SEE_BULLETINS, Verb.SEE_NUMBERS, Verb.SEE_OWED, Verb.SEE_GLASS, Verb.AUDIT}
    ),
    Role.ADMINISTRATOR: frozenset(
        {Verb.SEE_BULLETINS, Verb.SEE_OWED, Verb.SEE_GLASS, Verb.MANAGE_OFFICERS}
    ),
}
