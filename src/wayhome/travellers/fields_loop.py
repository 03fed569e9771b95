"""The register of the upper rooms: trips, what is said, deliveries, replies, musters."""

from wayhome.travellers.fields import CARE, PROVE, WARN, Personal, Readers, Table

_PEOPLE = Readers.PEOPLE
_WORDS = "officers' words about a danger, for everybody whom it concerns; they name nobody"
_PROOF = "that one message went to one number, how it fared, and when"


def _stay(what: str, rule: str = "stays") -> Personal:
    return Personal(what, WARN, _PEOPLE, rule, "trips")


def _place(rule: str) -> dict[str, Personal]:
    return {
        "words": _stay("a place in the person's own words", rule),
        "precision": _stay("how exactly a place was said", rule),
        "lon": _stay("a place's longitude, to about 100 m", rule),
        "lat": _stay("a place's latitude, to about 100 m", rule),
        "radius_m": _stay("how far around it they may be", rule),
        "areas": _stay("the areas that a place may be in", rule),
    }


def _matched(rule: str) -> dict[str, Personal]:
    return {
        "key": _stay("where a place is, as matching reads it", rule),
        "area": _stay("the area that a place may be in", rule),
        "certainty": _stay("how certain that is", rule),
        "traveller_id": _stay("who is there", rule),
        "lon": _stay("its longitude", rule),
        "lat": _stay("its latitude", rule),
        "radius_m": _stay("how far around it they may be", rule),
    }


_CONTENT = (
    "kind level distribution ask source hazard region effective_at expires_at lead_days grace_days"
)

TABLES = (
    Table(
        "trip",
        notice="your trips",
        personal={"registration_id": _stay("whose trip it is")},
        plain="id made_at",
    ),
    Table(
        "stay",
        notice="where you stay, from when to when, and how exactly you said it",
        personal=_place("stays")
        | {
            "arrive": _stay("the first day of a stay"),
            "depart": _stay("the last day of a stay"),
            "departure_confirmed": _stay("that they left for certain"),
            "source": _stay("who said so"),
            "confirmed_at": _stay("when they last said again that it holds"),
            "version": _stay("how often it was changed", "earlier versions"),
        },
        plain="id trip_id line is_current instead_of said_at",
    ),
    Table(
        "confirmation",
        notice="what you answered when we asked whether a stay still holds",
        personal={
            "stay_id": _stay("of which stay something was said"),
            "answer": _stay("whether it holds, has ended or will not be"),
            "said_by_id": _stay("by whose link"),
            "contact_point_id": _stay("to which address the link was sent"),
        },
        plain="id at",
    ),
    Table(
        "stay_ask",
        notice="when we ask you next about a stay",
        personal={
            "trip_id": _stay("about whose trip somebody is asked"),
            "line": _stay("about which stay of it"),
            "occasion": _stay("on which occasion"),
            "due_on": _stay("when they are asked next"),
            "asked_on": _stay("when they were last asked"),
        },
        plain="id",
    ),
    Table(
        "leg",
        notice="your journeys: flight or train, with whom, from when to when",
        personal={
            "mode": _stay("how they travel", "journeys"),
            "carrier": _stay("with whom they travel", "journeys"),
            "number": _stay("the number of the flight or train", "journeys"),
            "departs_at": _stay("when they leave", "journeys"),
            "arrives_at": _stay("when they arrive", "journeys"),
        },
        plain="id trip_id line",
    ),
    Table(
        "leg_end",
        notice="where you board, change and arrive",
        personal=_place("journeys") | {"at": _stay("when they are there", "journeys")},
        plain="id leg_id",
    ),
    Table(
        "watch",
        notice="areas that you wish to hear about",
        personal={
            "registration_id": _stay("who wishes to hear of an area", "watches"),
            "area": _stay("the area", "watches"),
            "since": _stay("since when", "watches"),
            "until": _stay("until when", "watches"),
        },
        plain="id",
    ),
    Table(
        "stay_match",
        notice="the same stays in the form that is compared with a danger",
        personal=_matched("stays")
        | {
            "arrive": _stay("the first day, as matching reads it"),
            "depart": _stay("the last day, as matching reads it"),
            "departed": _stay("that they left for certain"),
        },
        plain="id bucket stay_id",
    ),
    Table(
        "leg_match",
        notice="the same journeys in that form",
        personal=_matched("journeys") | {"at": _stay("when they are there", "journeys")},
        plain="id leg_end_id",
    ),
    Table(
        "incident",
        plain="id what region happened_on certainty source wording recorded_by recorded_at",
        plain_why="a report of what happened; officers leave out who it happened to",
    ),
    Table(
        "bulletin",
        plain=f"id {_CONTENT} state issue_kind version made_by made_at newest_issue_id",
        plain_why=_WORDS,
    ),
    Table(
        "bulletin_text",
        plain="id language headline body instruction correction bulletin_id vouched_by",
        plain_why=_WORDS,
    ),
    Table(
        "readback",
        plain="id bulletin_id version draft_hash region_hash region_words counts usual made_at",
        plain_why="hashes and counts",
    ),
    Table(
        "bulletin_step",
        plain="id bulletin_id version did officer_id readback_id why at",
        plain_why=_WORDS,
    ),
    Table(
        "issue",
        plain=f"id {_CONTENT} bulletin_id n issue_kind readback_id signed_by published_by"
        " published_at",
        plain_why=_WORDS,
    ),
    Table(
        "issue_text",
        plain="id language headline body instruction correction issue_id vouched_by",
        plain_why=_WORDS,
    ),
    Table(
        "audience",
        numbered="traveller_id certainty reason stay_id area",
        numbered_why="which number an issue concerned, and why",
        plain="issue_id at",
    ),
    Table(
        "slice",
        plain="id issue_id channel route lane size relay cut_at due_at lease_until token tries"
        " last_error state",
        plain_why="a relay's work; what it says of itself, not of an address",
    ),
    Table(
        "delivery",
        numbered="issue_id letter_id contact_point_id channel state tries slice_id sent_at",
        numbered_why=_PROOF,
    ),
    Table(
        "attempt",
        notice="what mail systems said of your address",
        personal={
            "detail": Personal(
                "what a relay said; it may quote an address",
                PROVE,
                _PEOPLE,
                "delivery words",
                "delivery",
            )
        },
        numbered="issue_id letter_id contact_point_id channel n outcome relay at",
        numbered_why=_PROOF,
    ),
    Table(
        "receipt",
        notice="what providers said of your address",
        personal={
            "detail": Personal(
                "what a provider said; it may quote an address",
                PROVE,
                _PEOPLE,
                "delivery words",
                "delivery",
            )
        },
        numbered="issue_id letter_id contact_point_id channel reference word provider status at",
        numbered_why=_PROOF,
    ),
    Table(
        "delivery_total",
        notice="counts by the name of a mail provider",
        personal={
            "domain": Personal(
                "a receiving domain; one of one's own names its owner",
                PROVE,
                _PEOPLE,
                "domains",
                "delivery",
            )
        },
        plain="issue_id channel fact cause n",
        plain_why="counts",
    ),
    Table(
        "pace_sample",
        notice="how fast a mail provider takes messages, for some minutes",
        personal={
            "domain": Personal(
                "a receiving domain, for some minutes", PROVE, _PEOPLE, "domains", "delivery"
            )
        },
        plain="issue_id at channel ended",
        plain_why="counts",
    ),
    Table(
        "relay",
        plain="name free_at down_until failures last_error sent sending_seconds",
        plain_why="a relay of the service",
    ),
    Table(
        "dispatch",
        plain="issue_id planned_at first_sent_at stopped_at alarm alarm_at",
        plain_why="how far an issue is",
    ),
    Table(
        "dispatch_step",
        plain="id issue_id did officer_id why at",
        plain_why="an officer stopped or resumed a whole issue",
    ),
    Table(
        "forgotten_files",
        numbered="contact_point_id",
        numbered_why="of which number hosts delete files",
        plain="id at",
    ),
    Table(
        "reply",
        notice="from which browser and address you answered",
        personal={
            "device": Personal(
                "what browser an answer came from", PROVE, Readers.NOBODY, "reply words", "replies"
            ),
            "press": Personal(
                "a hash of an answer and its words, so that it counts once",
                PROVE,
                Readers.NOBODY,
                "reply words",
                "replies",
            ),
            "contact_point_id": Personal(
                "the address whose link was used", PROVE, Readers.NOBODY, "people", "replies"
            ),
        },
        numbered="registration_id issue_id answer channel said_by_id officer_id said_at",
        numbered_why="what a number answered, and when",
        plain="id recorded_at",
    ),
    Table(
        "reply_private",
        notice="your own words with an answer",
        personal={
            "sealed": Personal(
                "the person's own words with an answer",
                CARE,
                _PEOPLE,
                "reply words",
                "replies",
                sealed=True,
            )
        },
        plain="reply_id key_id",
    ),
    Table(
        "muster",
        plain="id name region starts_at ends_at safe_hours opened_by opened_at closed_at",
        plain_why="a roll call over a region",
    ),
    Table("muster_thread", plain="id muster_id bulletin_id"),
    Table("muster_incident", plain="id muster_id incident_id"),
    Table(
        "roll_entry",
        numbered="traveller_id area certainty reason state since safe_until later_claim"
        " newest_reply_id closed_at closed_by joined_at",
        numbered_why="what was known of a number on a roll; states of cases only for the cleared",
        plain="id muster_id",
    ),
    Table(
        "roll_change",
        notice="how an officer knew how you are",
        personal={
            "reason": Personal(
                "how an officer knew how somebody is",
                PROVE,
                Readers.CASES,
                "roll notes",
                "musters",
            )
        },
        numbered="entry_id was state why reply_id officer_id at",
        numbered_why="what happened to an entry, and by whom",
        plain="id",
    ),
)
