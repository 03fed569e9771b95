"""The register of letters, people, and how they are reached."""

from wayhome.travellers.fields import PROVE, REACH, WARN, Personal, Readers, Table, Until

_PEOPLE = Readers.PEOPLE

TABLES = (
    Table(
        "letter",
        notice="what we wrote to you personally",
        personal={
            "subject": Personal("what a letter is about", REACH, _PEOPLE, "letters", "letters"),
            "text": Personal("what a letter says", REACH, _PEOPLE, "letters", "letters"),
        },
        numbered="contact_point_id registration_id language officer_id once",
        numbered_why="that a letter was owed, to which number and by whom",
        plain="id kind made_at expires_at",
    ),
    Table(
        "traveller",
        notice="your name",
        personal={
            "name": Personal("the name", WARN, _PEOPLE, Until.PERSON, "travellers"),
        },
        numbered="guardian_id",
        numbered_why="which number is in the care of which",
        plain="id made_at erased_at",
    ),
    Table(
        "organisation",
        plain="id name code compartment_id",
        plain_why="a university, agency or company",
    ),
    Table(
        "registration",
        notice="what was entered about you, as it was entered, and by whom",
        personal={
            "original": Personal(
                "everything as it was entered: names, addresses, places, days",
                WARN,
                _PEOPLE,
                Until.STAY,
                "travellers",
            ),
            "reference": Personal(
                "another register's own name for the entry",
                WARN,
                _PEOPLE,
                Until.PERSON,
                "travellers",
            ),
            "organisation_id": Personal(
                "the organisation that entered somebody", WARN, _PEOPLE, Until.PERSON, "travellers"
            ),
            "entered_by_id": Personal(
                "the officer who entered somebody", PROVE, _PEOPLE, Until.PERSON, "travellers"
            ),
        },
        numbered="traveller_id door assurance",
        numbered_why="through which door a number came",
        plain="id made_at link_epoch",
    ),
    Table(
        "repointing",
        notice="why two entries were found to be one person's",
        personal={
            "why": Personal(
                "why two records were joined or parted",
                PROVE,
                _PEOPLE,
                Until.PERSON,
                "travellers",
            )
        },
        numbered="registration_id from_traveller_id to_traveller_id by_officer_id joining_id",
        numbered_why="which numbers were joined and parted, by whom",
        plain="id at",
    ),
    Table("party", plain="id made_at"),
    Table(
        "party_member",
        notice="with whom you travel",
        personal={
            "registration_id": Personal(
                "with whom somebody travels", WARN, _PEOPLE, Until.PERSON, "travellers"
            ),
        },
        plain="id party_id since until",
    ),
    Table(
        "contact_point",
        notice="your mail addresses and telephone numbers, and why one does not work",
        personal={
            "address": Personal(
                "a mail address or telephone number",
                REACH,
                _PEOPLE,
                "unused addresses",
                "travellers",
            ),
            "address_hash": Personal(
                "a keyed hash of the address, so that it is one row",
                REACH,
                Readers.NOBODY,
                "unused addresses",
                "travellers",
            ),
            "domain": Personal(
                "who receives its mail; it goes with the last address there",
                REACH,
                _PEOPLE,
                "unused addresses",
                "travellers",
            ),
            "suppressed_why": Personal(
                "why nothing is sent there; it may quote the address",
                REACH,
                _PEOPLE,
                "unused addresses",
                "travellers",
            ),
        },
        numbered="language bounces suppressed_at",
        numbered_why="how messages to a number fared",
        plain="id kind link_epoch made_at erased_at",
    ),
    Table(
        "suppression",
        notice="why we stopped writing to an address",
        personal={
            "why": Personal(
                "why an address was suppressed or not; it may quote it",
                PROVE,
                _PEOPLE,
                "unused addresses",
                "travellers",
            )
        },
        numbered="contact_point_id did officer_id",
        numbered_why="what was decided about which number, by whom",
        plain="id at",
    ),
    Table(
        "reach",
        notice="how you wish to be reached: by which channels, when, in which language",
        personal={
            name: Personal(what, REACH, _PEOPLE, rule, "travellers")
            for rule, columns in (
                (
                    "ended ways",
                    {
                        "registration_id": "whose way to be reached it is",
                        "party_id": "the party that it serves",
                        "contact_point_id": "the address that it uses",
                        "purpose": "whether it is their own, or a contact at home",
                        "verified_at": "when it was shown to be theirs",
                        "consent_at": "when they agreed",
                        "valid_until": "until when it is used",
                        "channels": "by which channels they wish to be reached",
                        "quiet_from": "the hour from which they wish not to be woken",
                        "quiet_until": "the hour until which they wish not to be woken",
                        "time_zone": "their hours' time zone",
                        "language": "the language that they wish",
                        "wording": "whether words must be neutral",
                        "stop_asked_at": "that they asked for nothing more",
                        "stopped_at": "that nothing more comes",
                        "hostile_since": "that an address is in hostile hands",
                        "ended_at": "when it ended",
                    },
                ),
            )
            for name, what in columns.items()
        },
        plain="id made_at",
    ),
    Table(
        "reach_step",
        notice="what you and officers decided about that",
        personal={
            name: Personal(what, PROVE, _PEOPLE, "ended ways", "travellers")
            for name, what in {
                "reach_id": "the way that was decided about",
                "did": "what was decided about a way to be reached",
                "what": "the terms that changed",
                "officer_id": "the officer who decided",
                "said_by_id": "the person who said so",
                "why": "why it was decided",
            }.items()
        },
        plain="id at",
    ),
)
