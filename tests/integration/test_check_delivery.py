"""``wayhome check delivery``: each rule of an issue's deliveries bites, and by its own name."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DataError, connection, transaction

from tests.support.history import History, broken, count_again, prove, rule_named
from wayhome.delivery.models import Delivery
from wayhome.delivery.proving import addressing, covering, joining, reading, slices, threads
from wayhome.travellers import services as travellers
from wayhome.travellers.models import ContactPoint

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

ONE, NOBODY_ELSE, IDS = "1 one addressee", "1 nobody else", "1 message ids"
KEY, STATE, ATTEMPTS = "2 exactly one", "3 explained", "3 attempts"
OWED, SLICES, TOTALS = "3 owed by a slice", "3 slices", "totals"

# Ann's delivery of an issue that is alone, of one that is owed, and of letters.
SENT, WAITS = "{alone}/0/{ann}/mail", "{owed}/0/{ann}/mail"
LETTER, LETTER_WAITS = "0/{taken}/{ann}/mail", "0/{waits}/{ann}/mail"
OF_SENT = "WHERE issue_id = {alone} AND contact_point_id = {ann}"
OF_WAITS = "WHERE issue_id = {owed} AND contact_point_id = {ann}"
_COLUMNS = "issue_id, letter_id, contact_point_id, channel"


def _delivery(key: str, state: str = "'sent', 1, NULL, {now}") -> str:
    values = ", ".join(part if part != "mail" else "'mail'" for part in key.split("/"))
    return (
        f"INSERT INTO delivery ({_COLUMNS}, state, tries, slice_id, sent_at)"
        f" VALUES ({values}, {state})"
    )


def _attempt(key: str, outcome: str = "sent", n: int = 1) -> str:
    values = ", ".join(part if part != "mail" else "'mail'" for part in key.split("/"))
    return (
        f"INSERT INTO attempt ({_COLUMNS}, n, outcome, relay, detail, at)"
        f" VALUES ({values}, {n}, '{outcome}', 'files', '', {{now}})"
    )


def test_an_honest_history_breaks_nothing(history: History) -> None:
    rules = prove()
    assert broken() == {}
    assert [rule.name for rule in rules if not rule.rows] == []
    assert len({rule.name for rule in rules}) == len(rules) == 16
    count_again()
    assert broken() == {}


def test_in_small_pieces_it_is_the_same(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    history.sql(
        f"DELETE FROM attempt {OF_SENT}",
        f"DELETE FROM delivery {OF_SENT}",
        f"UPDATE delivery SET slice_id = NULL {OF_WAITS}",
        "DELETE FROM audience WHERE issue_id = {new} AND traveller_id = {Gus}",
        "DELETE FROM audience WHERE issue_id = {shown} AND traveller_id = {Cy}",
    )
    whole = [(rule.name, rule.rows, rule.first, rule.facts) for rule in prove()]
    for module in (reading, covering, slices):
        monkeypatch.setattr(module, "CHUNK", 2)
    for module in (covering, joining):
        monkeypatch.setattr(module, "PEOPLE", 2)
    monkeypatch.setattr(threads, "_AT_ONCE", 3)
    assert [(rule.name, rule.rows, rule.first, rule.facts) for rule in prove()] == whole
    assert len(broken()) == 5


# Statements, and what breaks which rule then.
TAMPERED: dict[str, tuple[list[str], dict[str, list[str]]]] = {
    # Addressing
    "to someone of no audience": (
        [_delivery("{alone}/0/{dora}/mail"), _attempt("{alone}/0/{dora}/mail")],
        {NOBODY_ELSE: ["{alone}/0/{dora}/mail: its address serves nobody of the audience"]},
    ),
    "to somebody's emergency contact": (
        ["UPDATE reach SET purpose = 'emergency contact' WHERE contact_point_id = {ann}"],
        {
            NOBODY_ELSE: [
                f"{{{issue}}}/0/{{ann}}/mail: its address serves nobody of the audience"
                for issue in ("old", "called_off", "alone", "shown", "held")
            ]
        },
    ),
    "for verified persons, to whom it is not shown to be": (
        ["UPDATE reach SET verified_at = NULL WHERE contact_point_id = {ann}"],
        {NOBODY_ELSE: ["{shown}/0/{ann}/mail: its address serves nobody of the audience"]},
    ),
    "a letter of another address": (
        ["UPDATE letter SET contact_point_id = {ben} WHERE id = {taken}"],
        {NOBODY_ELSE: [f"{LETTER}: its address serves nobody of the audience"]},
    ),
    "a letter that was never written": (
        ["DELETE FROM letter WHERE id = {taken}"],
        {NOBODY_ELSE: [f"{LETTER}: its address serves nobody of the audience"]},
    ),
    # Keys
    "no contact point": (
        [_delivery("{alone}/0/{nowhere}/mail"), _attempt("{alone}/0/{nowhere}/mail")],
        {KEY: ["{alone}/0/{nowhere}/mail: has no contact point"]},
    ),
    "neither issue nor letter": (
        [_delivery("0/0/{ann}/mail"), _attempt("0/0/{ann}/mail")],
        {
            KEY: ["0/0/{ann}/mail: is of no issue or letter, or of both"],
            NOBODY_ELSE: ["0/0/{ann}/mail: its address serves nobody of the audience"],
        },
    ),
    "issue and letter": (
        [_delivery("{alone}/{taken}/{ann}/mail", "'owed', 0, NULL, NULL")],
        {KEY: ["issue {alone}: 1 rows of delivery are of a letter too"]},
    ),
    "an attempt of issue and letter": (
        [_attempt("{alone}/{taken}/{ann}/mail", "later")],
        {KEY: ["issue {alone}: 1 rows of attempt are of a letter too"]},
    ),
    "a channel that the address has not": (
        [
            f"UPDATE {table} SET channel = 'sms' WHERE letter_id = {{taken}}"
            for table in ("delivery", "attempt")
        ],
        {KEY: ["0/{taken}/{ann}/sms: is by a channel that its contact point has not"]},
    ),
    # States
    "a state that there is not": (
        [f"UPDATE delivery SET state = 'lost', sent_at = NULL {OF_SENT}"],
        {STATE: [f"{SENT}: is in no known state"]},
    ),
    **{
        f"owed, and {outcome}": (
            [_attempt(WAITS, outcome), f"UPDATE delivery SET tries = 1 {OF_WAITS}"],
            {STATE: [f"{WAITS}: is owed though an attempt ended it"]},
        )
        for outcome in ("refused", "too old")
    },
    "owed, and refused after it was last mended": (
        [
            "INSERT INTO suppression (contact_point_id, did, why, at)"
            " VALUES ({ann}, 'lifted', '', '2001-01-01 00:00:00')",
            _attempt(WAITS, "refused"),
            f"UPDATE delivery SET tries = 1 {OF_WAITS}",
        ],
        {STATE: [f"{WAITS}: is owed though an attempt ended it"]},
    ),
    "owed, and sent": (
        [_attempt(WAITS), f"UPDATE delivery SET tries = 1 {OF_WAITS}"],
        {STATE: [f"{WAITS}: is owed though it was sent"]},
    ),
    "sent, by no attempt": (
        [f"UPDATE attempt SET outcome = 'later' {OF_SENT}"],
        {STATE: [f"{SENT}: is sent without an attempt sent"]},
    ),
    **{
        f"{state}, by no attempt": (
            [f"UPDATE delivery SET state = '{state}', sent_at = NULL {OF_SENT}"],
            {STATE: [f"{SENT}: ended without an attempt that says so"]},
        )
        for state in ("refused", "withdrawn", "too old")
    },
    "sent at no moment": (
        [f"UPDATE delivery SET sent_at = NULL {OF_SENT}"],
        {STATE: [f"{SENT}: has a wrong moment of sending"]},
    ),
    "refused, and sent at some moment": (
        [
            f"UPDATE delivery SET state = 'refused' {OF_SENT}",
            f"UPDATE attempt SET outcome = 'refused' {OF_SENT}",
        ],
        {STATE: [f"{SENT}: has a wrong moment of sending"]},
    ),
    **{
        f"sent in {year}": (
            [f"UPDATE delivery SET sent_at = '{year}-01-01 00:00:00' {OF_SENT}"],
            {STATE: [f"{SENT}: was sent at another moment than its attempts"]},
        )
        for year in (2001, 2199)
    },
    # Attempts
    "tried, and no delivery": (
        ["DELETE FROM delivery WHERE letter_id = {taken}"],
        {ATTEMPTS: [f"{LETTER}: has attempts and is no delivery"]},
    ),
    "another number of tries": (
        [f"UPDATE delivery SET tries = 5 {OF_SENT}"],
        {ATTEMPTS: [f"{SENT}: says another number of tries than it has attempts"]},
    ),
    **{
        f"the only attempt has number {n}": (
            [f"UPDATE attempt SET n = {n} {OF_SENT}"],
            {ATTEMPTS: [f"{SENT}: has attempts with a gap"]},
        )
        for n in (0, 2)
    },
    "a gap in the middle": (
        [
            "UPDATE attempt SET n = 3 WHERE n = 2 AND issue_id = {alone}"
            " AND contact_point_id = {gus}"
        ],
        {ATTEMPTS: ["{alone}/0/{gus}/mail: has attempts with a gap"]},
    ),
    "an outcome that there is not": (
        ["UPDATE attempt SET outcome = 'lost' WHERE outcome = 'later'"],
        {ATTEMPTS: ["{alone}/0/{gus}/mail: has an attempt of no known outcome"]},
    ),
    # What owes it
    "finished, and in a slice": (
        [f"UPDATE delivery SET slice_id = {{nowhere}} {OF_SENT}"],
        {OWED: [f"{SENT}: is finished and in a slice"]},
    ),
    "in no slice": (
        [f"UPDATE delivery SET slice_id = NULL {OF_WAITS}"],
        {OWED: [f"{WAITS}: is owed by no slice"]},
    ),
    "in a slice that there is not": (
        [f"UPDATE delivery SET slice_id = {{nowhere}} {OF_WAITS}"],
        {OWED: [f"{WAITS}: is owed by a slice that there is not"]},
    ),
    "in a slice that is done": (
        ["UPDATE slice SET state = 'done' WHERE id = {letters_slice}"],
        {
            OWED: [f"{LETTER_WAITS}: is owed by a slice that is done"],
            SLICES: ["slice {letters_slice}: is done and owns 1 deliveries, or is leased"],
        },
    ),
    **{
        f"in a slice of another {what.split()[0]}": (
            [f"UPDATE slice SET {what} WHERE id = {{letters_slice}}"],
            {OWED: [f"{LETTER_WAITS}: is owed by a slice of another issue or channel"]},
        )
        for what in ("issue_id = {alone}", "channel = 'sms'")
    },
    # Slices
    **{
        f"done, and has a {what.split()[0]}": (
            [f"UPDATE slice SET {what} WHERE id = {{done_slice}}"],
            {SLICES: ["slice {done_slice}: is done and owns 0 deliveries, or is leased"]},
        )
        for what in ("token = 'x'", "lease_until = {now}")
    },
    **{
        f"held, and nothing newer speaks: {which}": (
            [f"UPDATE slice SET state = 'held' WHERE id = {{{which}}}"],
            {SLICES: [f"slice {{{which}}}: is held though no newer issue speaks"]},
        )
        for which in ("slice", "letters_slice")
    },
    "a slice in a state that there is not": (
        ["UPDATE slice SET state = 'lost' WHERE id = {done_slice}"],
        {SLICES: ["slice {done_slice}: is in no known state"]},
    ),
    "a slice that owns too much": (
        ["UPDATE slice SET size = 2 WHERE id = {slice}"],
        {SLICES: ["slice {slice}: owns 3 deliveries, more than its 2"]},
    ),
    "a slice put off": (
        ["UPDATE slice SET due_at = '2199-01-01 00:00:00' WHERE id = {slice}"],
        {SLICES: ["slice {slice}: is put off for days"]},
    ),
    # Issues that there are not
    "a delivery of no issue": (
        [_delivery("{nowhere}/0/{ann}/mail", "'owed', 0, NULL, NULL")],
        {KEY: ["issue {nowhere}: is in delivery and was never published"]},
    ),
    "an attempt of no issue": (
        [_attempt("{nowhere}/0/{ann}/mail", "strange")],
        {KEY: ["issue {nowhere}: is in attempt and was never published"]},
    ),
    "an audience of no issue": (
        ["UPDATE audience SET issue_id = {nowhere} WHERE issue_id = {old} AND traveller_id = {Cy}"],
        {KEY: ["issue {nowhere}: is in audience and was never published"]},
    ),
    "a receipt of no issue": (
        ["UPDATE receipt SET issue_id = {nowhere} WHERE word = 'deferred'"],
        {KEY: ["issue {nowhere}: is in receipt and was never published"]},
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", TAMPERED)
def test_one_thing_is_wrong_and_its_rule_says_so(history: History, what: str) -> None:
    statements, expected = TAMPERED[what]
    history.sql(*statements)
    count_again()
    assert broken() == {
        rule: [history.says(line) for line in lines] for rule, lines in expected.items()
    }


@pytest.mark.parametrize(
    "address",
    ["", *(f"ann@example.org{sign}b@example.org" for sign in ",; <>\n\r\t\0"), "a@b@example.org",
     "ann@example.org ", "Ann <ann@example.org>", "ann@example.org,+9647901234567"],
)  # fmt: skip
def test_an_address_that_is_none_or_more_than_one(history: History, address: str) -> None:
    if "\0" in address and connection.vendor == "postgresql":
        with transaction.atomic(), pytest.raises((ValueError, DataError), match="NUL"):
            ContactPoint.objects.filter(pk=history.names["ann"]).update(address=address)
        return
    ContactPoint.objects.filter(pk=history.names["ann"]).update(address=address)
    keys = Delivery.objects.filter(contact_point_id=history.names["ann"]).order_by("pk")
    assert broken() == {
        ONE: [
            f"{row.issue_id}/{row.letter_id}/{row.contact_point_id}/mail:"
            " its address is none, or more than one"
            for row in keys
        ]
    }
    assert keys.count() == 10


def test_a_message_id_of_two(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if it were made of less than the whole key."""
    whole = addressing.message_id
    monkeypatch.setattr(
        addressing, "message_id", lambda issue, letter, point, channel: whole(issue, 0, 0, channel)
    )
    deliveries = Delivery.objects.count()
    issues = Delivery.objects.values("issue_id").distinct().count()
    assert broken() == {
        IDS: [f"all issues: {deliveries - issues} deliveries share a Message-ID with another"]
    }


@pytest.mark.parametrize(
    ("statement", "kept", "rows"),
    [
        ("UPDATE delivery_total SET n = n + 1 WHERE fact = 'planned' AND issue_id = {alone}", 4, 3),
        ("DELETE FROM delivery_total WHERE fact = 'planned' AND issue_id = {alone}", 0, 3),
        ("UPDATE delivery_total SET domain = 'p.example' WHERE fact = 'planned'"
         " AND issue_id = {alone}", None, None),
    ],
)  # fmt: skip
def test_totals_that_are_not_the_sums(
    history: History, statement: str, kept: int | None, rows: int | None
) -> None:
    history.sql(statement)
    key = f"issue {history.alone.pk} mail planned: the total of a domain is"
    expected = [f"{key} {kept}, the rows are {rows}"]
    if kept is None:
        expected = [f"{key} 0, the rows are 3", f"{key} 3, the rows are 0"]
    assert broken() == {TOTALS: expected}


def test_totals_of_no_issue(history: History) -> None:
    history.sql(
        "INSERT INTO delivery_total (issue_id, channel, domain, fact, cause, n)"
        " VALUES ({nowhere}, 'mail', '', 'planned', '', 1)"
    )
    assert broken() == {
        KEY: [history.says("issue {nowhere}: is in delivery_total and was never published")]
    }


@pytest.mark.parametrize(("word", "counts"), [("deferred", False), ("delivered", True)])
def test_a_word_said_twice_counts_once_and_another_is_missed(
    history: History, word: str, counts: bool
) -> None:
    history.sql(
        "INSERT INTO receipt (issue_id, letter_id, contact_point_id, channel, reference, word,"
        " provider, status, detail, at) SELECT issue_id, letter_id, contact_point_id, channel,"
        f" 'again', '{word}', provider, status, detail, at FROM receipt WHERE word = 'deferred'"
    )
    line = "issue {alone} mail delivered: the total of a domain is 0, the rows are 1"
    assert broken() == ({TOTALS: [history.says(line)]} if counts else {})


class TestWhatIsListedAndBreaksNothing:
    def test_a_double_that_is_known(self, history: History) -> None:
        history.sql(_attempt(SENT, n=2), f"UPDATE delivery SET tries = 2 {OF_SENT}")
        assert broken() == {}
        assert rule_named("doubles").facts == {
            "messages too many": 1,
            "deliveries taken more than once": 1,
            "deliveries taken more than once: the first": history.says(SENT),
        }

    def test_what_was_sent_again_after_a_bounce(self, history: History) -> None:
        key = SENT.replace("alone", "new")
        history.sql(
            _attempt(key, n=2),
            f"UPDATE delivery SET tries = 2 {OF_SENT.replace('alone', 'new')}",
        )
        assert broken() == {}
        assert rule_named("doubles").facts == {
            "sent again after a bounce": 1,
            "sent again after a bounce: the first": history.says(key),
        }

    def test_taken_though_another_worker_ended_it(self, history: History) -> None:
        history.sql(
            _attempt(WAITS, "withdrawn"),
            _attempt(WAITS, n=2),
            f"UPDATE delivery SET tries = 2, state = 'withdrawn', slice_id = NULL {OF_WAITS}",
        )
        count_again()
        assert broken() == {}
        assert rule_named("doubles").facts["taken though ended otherwise: the first"] == (
            history.says(WAITS)
        )

    def test_owed_once_more_where_the_address_was_mended(self, history: History) -> None:
        history.sql(
            _attempt(WAITS, "refused"),
            _attempt(WAITS, "withdrawn", n=2),
            f"UPDATE delivery SET tries = 2 {OF_WAITS}",
            "INSERT INTO suppression (contact_point_id, did, why, at)"
            " VALUES ({ann}, 'lifted', '', '2199-01-01 00:00:00')",
        )
        assert broken() == {}

    def test_a_canary_and_an_address_that_serves_nobody(
        self, history: History, settings: Any
    ) -> None:
        for address in ("canary@example.org", "gone@example.org"):
            history.names["point"] = travellers.contact_point("mail", address).pk
            key = "{alone}/0/{point}/mail"
            history.sql(_delivery(key), _attempt(key))
        count_again()
        settings.WAYHOME_CANARIES = ("canary@example.org",)
        assert broken() == {}
        assert rule_named(NOBODY_ELSE).facts == {"canaries": 1, "to addresses that serve nobody": 1}

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE reach SET ended_at = {now} WHERE contact_point_id = {ann}",
            "UPDATE party_member SET until = {now}",
            "UPDATE reach SET valid_until = {now} WHERE contact_point_id = {ben}",
            "INSERT INTO repointing (registration_id, from_traveller_id, to_traveller_id, why, at)"
            " SELECT id, traveller_id, {Dora}, '', {now} FROM registration"
            " WHERE traveller_id IN ({Ben}, {Cy})",
        ],
    )
    def test_an_address_that_served_them_then(self, history: History, statement: str) -> None:
        history.sql(statement)
        if "repointing" in statement:
            history.sql(
                "UPDATE registration SET traveller_id = {Dora} WHERE traveller_id IN ({Ben}, {Cy})"
            )
        assert rule_named(NOBODY_ELSE).first == []

    def test_what_is_held_or_stopped_is_counted(self, history: History) -> None:
        history.sql("UPDATE slice SET due_at = '2199-01-01 00:00:00' WHERE id = {held_slice}")
        assert rule_named(SLICES).facts == {
            "held: owed by issues that were replaced": 3,
            "open, of what is in force": 4,
        }
        assert broken() == {}
