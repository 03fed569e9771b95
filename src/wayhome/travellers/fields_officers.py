"""The register of the lowest rooms: the framework, owed work, officers."""

from wayhome.travellers.fields import PROVE, RUN, Personal, Readers, Table, Until

_PRIVACY = Readers.PRIVACY
_OFFICER = "travellers are never officers here; the row is an officer's or the system's"


def _of_officer(what: str) -> Personal:
    return Personal(what, RUN, Readers.OFFICERS, Until.SERVICE, "")


_FRAME = "made by the framework; holds names of tables and rights"

TABLES = (
    Table("django_content_type", plain="id app_label model", plain_why=_FRAME),
    Table("auth_permission", plain="id name content_type_id codename", plain_why=_FRAME),
    Table("auth_group_permissions", plain="id group_id permission_id", plain_why=_FRAME),
    Table("auth_group", plain="id name", plain_why=_FRAME),
    Table(
        "django_session",
        personal={
            "session_data": Personal(
                "an officer's signed-in session", RUN, Readers.NOBODY, "sessions", ""
            )
        },
        plain="session_key expire_date",
        plain_why=_OFFICER,
    ),
    Table(
        "owed",
        personal={
            "last_error": Personal(
                "where a piece of work failed; may quote what it worked on",
                RUN,
                Readers.OWED,
                Until.DONE,
                "",
            )
        },
        plain="id job key asks since due_at tries lease_until token",
        plain_why="names of jobs and numbers of rows; an address only as its keyed hash",
    ),
    Table("instance", plain="id kind made_at clock_offset"),
    Table(
        "officer",
        personal={
            "email": _of_officer("an officer's mail address"),
            "name": _of_officer("an officer's name"),
            "office": _of_officer("an officer's office"),
            "role": _of_officer("what an officer may do"),
            "password": _of_officer("a hash of an officer's password"),
            "last_login": _of_officer("when an officer last signed in"),
        },
        plain="id is_active",
        plain_why=_OFFICER,
    ),
    Table("compartment", plain="id name closed", plain_why="a set of cases, named by its kind"),
    Table("clearance", plain="id officer_id compartment_id given_at", plain_why=_OFFICER),
    Table("binding", plain="id officer_id compartment_id given_at", plain_why=_OFFICER),
    Table(
        "broken_glass",
        personal={"why": _of_officer("why an officer opened a closed compartment")},
        plain="id officer_id compartment_id at until acknowledged_by_id acknowledged_at",
        plain_why=_OFFICER,
    ),
    Table(
        "audit_row",
        plain="id at officer_id deed kind number why",
        plain_why="what an officer did, to the row of which number; it is never changed or deleted",
    ),
    Table(
        "audit_batch",
        plain="n first_id last_id rows ids late marks previous hash closed_at",
        plain_why="hashes over the rows of the audit trail",
    ),
    Table(
        "passkey",
        personal={
            "credential_id": _of_officer("the number of an officer's passkey"),
            "public": _of_officer("the public half of an officer's passkey"),
            "name": _of_officer("what an officer calls a passkey"),
            "last_used_at": _of_officer("when an officer last signed in by it"),
        },
        plain="id officer_id handle sign_count made_at",
        plain_why=_OFFICER,
    ),
    Table(
        "totp",
        personal={
            "sealed": Personal(
                "the secret of an officer's code app",
                RUN,
                Readers.NOBODY,
                Until.SERVICE,
                "",
                sealed=True,
            ),
            "last_used_at": _of_officer("when an officer last signed in by a code"),
        },
        plain="officer_id used_step made_at",
        plain_why=_OFFICER,
    ),
    Table(
        "recovery_code",
        personal={
            "code_hash": Personal(
                "a keyed hash of an officer's recovery code",
                RUN,
                Readers.NOBODY,
                Until.SERVICE,
                "",
            )
        },
        plain="id officer_id made_at used_at",
        plain_why=_OFFICER,
    ),
    Table(
        "invitation",
        personal={
            "email": _of_officer("the mail address of somebody who was invited as an officer"),
            "name": _of_officer("their name"),
            "office": _of_officer("their office"),
            "role": _of_officer("what they were to do"),
        },
        plain="id secret_hash made_at expires_at made_by_id revoked_at used_at officer_id",
        plain_why=_OFFICER,
    ),
    Table(
        "recovery",
        personal={"why": _of_officer("why an officer was let in anew")},
        plain="id officer_id asked_by_id asked_at confirmed_by_id withdrawn_by_id closed_at",
        plain_why=_OFFICER,
    ),
    Table(
        "officer_session",
        personal={
            name: Personal(what, RUN, Readers.OFFICERS, Until.TIDIED, "")
            for name, what in {
                "way": "how an officer signed in",
                "device": "from what browser an officer signed in",
                "network": "from what network an officer signed in",
                "began_at": "when an officer signed in",
                "seen_at": "when an officer was last at work",
                "ended_at": "when an officer signed out",
                "ended_why": "how a session ended",
            }.items()
        },
        plain="id officer_id",
        plain_why=_OFFICER,
    ),
    Table(
        "sign_in_tries",
        plain="key count last_at",
        plain_why="counts under keyed hashes of accounts and networks, for two days",
    ),
    Table(
        "officer_notice",
        personal={"words": _of_officer("what happened to an officer's account")},
        plain="id officer_id made_at read_at",
        plain_why=_OFFICER,
    ),
    Table(
        "look",
        notice="why an officer looked at your data",
        personal={
            "purpose": Personal(
                "why an officer looked at somebody's data", PROVE, _PRIVACY, "looks", "officers"
            )
        },
        numbered="officer_id traveller_id view hour",
        numbered_why="who looked at which number, and when",
        plain="id",
    ),
)
