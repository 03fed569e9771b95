"""The register of what stands beside people: doors, finding and joining records, private data."""

from wayhome.travellers.fields import (
    CARE,
    PROVE,
    REACH,
    WARN,
    Personal,
    Readers,
    Table,
    Until,
)

_PEOPLE, _CASES, _PRIVACY = Readers.PEOPLE, Readers.CASES, Readers.PRIVACY


def _known(what: str, readers: Readers = _PEOPLE) -> Personal:
    return Personal(what, WARN, readers, Until.PERSON, "travellers")


def _proof(what: str) -> Personal:
    return Personal(what, PROVE, _PEOPLE, Until.PERSON, "travellers")


def _code(what: str) -> Personal:
    return Personal(what, REACH, Readers.NOBODY, "codes", "travellers")


_DOORS = (
    Table(
        "reach_code",
        notice="which codes we sent to your address, as keyed hashes, and how you tried them",
        personal={
            "reach_id": _code("for which way to be reached a code was sent"),
            "contact_point_id": _code("to which address"),
            "domain": _code("who receives its mail"),
            "network": _code("a mark of the day of the network that asked for it"),
            "code_hash": _code("a keyed hash of the code"),
            "wrong": _code("how often something else was entered"),
            "last_wrong_at": _code("when, last"),
            "used_at": _code("when it was used"),
        },
        plain="id made_at expires_at",
    ),
    Table(
        "assurance_step",
        notice="how we know that you are who you say: the kind of a document, and in what office",
        personal={
            "document": _proof("the kind of document that an officer saw"),
            "office": _proof("the office in which it was shown"),
            "why": _proof("how it is known that somebody is who they say"),
        },
        numbered="registration_id was now officer_id reach_id",
        numbered_why="how sure it became that a number is who they say, and by whom",
        plain="id at",
    ),
    Table(
        "informant",
        notice="who entered you, if another did, as they said themselves",
        personal={
            "registration_id": _known("whom somebody else entered"),
            "name": _known("the name of whoever entered somebody else"),
            "relation": _known("what they are to them"),
            "how_known": _known("how they know where the person is"),
        },
        plain="id made_at",
    ),
    Table(
        "telling",
        numbered="registration_id contact_point_id",
        numbered_why="that a number was told who entered them",
        plain="id at",
    ),
    Table(
        "arrival",
        plain="id mark at",
        plain_why="uses of a public door under marks of the day, which name nobody; for one day",
    ),
    Table(
        "quarantine",
        notice="whether you enrolled among very many at once, and what was decided of them",
        personal={
            "burst": _known("a mark of the day that somebody shares with who came at once"),
            "reason": _proof("why an officer released or declined many who came at once"),
        },
        numbered="registration_id why decision officer_id",
        numbered_why="that a number came among many, and what was decided, by whom",
        plain="id made_at decided_at",
    ),
    Table(
        "guardian_wish",
        notice="who was asked to take a child into their care, and their answer",
        personal={
            "minor_id": _known("a child who is to be in other care"),
            "asked_by_id": _known("who asks for it"),
            "asked_of_id": _known("who is asked"),
            "accepted": _known("whether they agreed"),
        },
        plain="id asked_at answered_at",
    ),
    Table(
        "organisation_code",
        plain="id organisation_id code_hash made_at ended_at",
        plain_why="a keyed hash of an organisation's code, the same for all its members",
    ),
    Table(
        "name_change",
        notice="names of yours that you corrected",
        personal={
            "registration_id": _known("who corrected a name"),
            "was": _known("the name before it was corrected"),
            "said_by_id": _known("on whose own page"),
        },
        plain="id at",
    ),
)

_FOUND = (
    Table(
        "name_key",
        notice="your names in the form that is searched",
        personal={
            "text": _known("the names in the form that is searched, and what it is found by")
        },
        numbered="traveller_id",
        numbered_why="whose it is; the row goes with the names",
    ),
    Table(
        "name_sound",
        notice="how your names sound",
        personal={
            "traveller_id": _known("whose name it is"),
            "sound": _known("how two words of a name sound", Readers.NOBODY),
        },
        plain="id",
    ),
    Table(
        "compared",
        notice="when your entry was held against others, so that you are not in it twice",
        personal={
            "traveller_id": _known("whose record was held against others", Readers.NOBODY),
            "at": _known("when", Readers.NOBODY),
            "crowded": _known("that there were too many like it", Readers.NOBODY),
            "asked_at": _known("since when it waits to be", Readers.NOBODY),
        },
    ),
    Table(
        "likeness",
        notice="which entries may be yours too, why, and what an officer decided",
        personal={
            "a_id": _known("a record that may be the same person"),
            "b_id": _known("the other record"),
            "score": _known("how likely that is"),
            "why": _known("why two records may be one person"),
            "state": _known("whether they are"),
            "by_officer_id": _proof("the officer who decided"),
            "reason": _proof("why an officer decided so"),
        },
        plain="id at",
    ),
    Table(
        "likeness_step",
        notice="how that was decided before",
        personal={
            "likeness_id": _proof("of which two records something was decided"),
            "state": _proof("what was decided"),
            "why": _proof("what spoke for it then"),
            "officer_id": _proof("the officer who decided then"),
            "reason": _proof("why an officer decided so then"),
        },
        plain="id at",
    ),
    Table(
        "joining",
        notice="why two entries were found to be one person's, or not",
        personal={
            "why": _proof("why two records count as one"),
            "parted_why": _proof("why they do no more"),
        },
        numbered="older_id newer_id by_officer_id proven_at_id parted_by_id",
        numbered_why="which numbers counted as one, until when, by whom",
        plain="id at parted_at",
    ),
)

_PRIVATE = (
    Table("key_store_mark", plain="id stamp", plain_why="which key store goes with the database"),
    Table(
        "traveller_private",
        notice="which kinds of facts below we hold, and when a document expires",
        personal={
            "sealed": Personal(
                "numbers of documents seen, medical needs, address line, case notes",
                CARE,
                _CASES,
                Until.PERSON,
                "travellers",
                sealed=True,
            ),
            "kind": Personal("which of these it is", CARE, _PEOPLE, Until.PERSON, "travellers"),
            "document_kind": Personal(
                "the kind of document seen", CARE, _PEOPLE, Until.PERSON, "travellers"
            ),
            "expires_on": Personal(
                "when the document expires", CARE, _PEOPLE, Until.PERSON, "travellers"
            ),
            "registration_id": Personal("whose it is", CARE, _PEOPLE, Until.PERSON, "travellers"),
        },
        plain="id key_id officer_id at",
    ),
    Table(
        "erasure_ask",
        notice="what an officer noted when you asked to be forgotten by letter",
        personal={
            "why": Personal(
                "an officer's words on who asked to be forgotten",
                PROVE,
                _PRIVACY,
                Until.DONE,
                "travellers",
            )
        },
        numbered="registration_id traveller_id whole said_by officer_id kept_because covers",
        numbered_why="which numbers were erased, when, and by whose word",
        plain="id asked_at taken_back_at begun_at done_at counts",
    ),
    Table(
        "legal_hold",
        notice="why the law makes us keep your data, if it does",
        personal={
            "reason": Personal(
                "why somebody's data must stay", PROVE, _PRIVACY, Until.PERSON, "travellers"
            ),
            "lifted_why": Personal(
                "why it need not stay any more", PROVE, _PRIVACY, Until.PERSON, "travellers"
            ),
        },
        numbered="traveller_id placed_by lifted_by",
        numbered_why="on which number there was a hold, and whose",
        plain="id until placed_at lifted_at",
    ),
    Table("retention_deleted", plain="id rule day n", plain_why="counts"),
    Table("retention_mark", plain="rule upto", plain_why="how far a rule has come"),
)

TABLES = (*_DOORS, *_FOUND, *_PRIVATE)
