"""One message that came back: whose it is, what it says, and what becomes of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import DataError, OperationalError

from tests.support import returned
from tests.support.deliveries import point_of, sent, totals, words
from tests.support.factories import Staff, enrol, mails, publish, update, work
from wayhome.delivery import rendering
from wayhome.delivery.bounces import doors, intake
from wayhome.delivery.bounces.intake import Taken, take
from wayhome.delivery.models import Delivery, Receipt
from wayhome.delivery.return_path import return_path
from wayhome.delivery.types import DeliveryKey
from wayhome.letters.models import Letter
from wayhome.travellers import services as travellers
from wayhome.travellers.models import ContactPoint
from wayhome.work.models import Owed

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
ANN = "ann@example.org"


@pytest.fixture
def point() -> ContactPoint:
    return point_of("Ann Ash")


@pytest.fixture
def key(point: ContactPoint) -> DeliveryKey:
    return sent(point)


def test_a_bounce_writes_receipt_total_and_suppression(
    key: DeliveryKey, point: ContactPoint
) -> None:
    to = return_path(*key)
    assert take(returned.dsn(to, ANN), to) == Taken("recorded")
    assert words(key) == [("bounced", "dsn", "5.1.1")]
    assert totals() == {(7, "example.org", "bounced", "5.1.1"): 1}
    point.refresh_from_db()
    assert point.suppressed_at is not None
    assert point.bounces == 1


def test_of_a_letter_too(point: ContactPoint) -> None:
    key = sent(point, 0, 9)
    assert take(returned.dsn("x", ANN), return_path(*key).upper()) == Taken("recorded")
    assert words(key) == [("bounced", "dsn", "5.1.1")]


@pytest.mark.parametrize("make", [returned.dsn, returned.exim, returned.gmail, returned.in_utf8])
def test_the_same_report_twice_is_one_receipt(
    key: DeliveryKey, make: Callable[[str, str], bytes]
) -> None:
    to = return_path(*key)
    raw = make(to, ANN)
    assert take(raw, to).how == "recorded"
    assert take(raw, to).how == "known"
    assert take(b"Received: from a by b\r\n" + raw, to).how == "known"
    assert len(words(key)) == 1


def test_a_report_of_delay_and_then_of_failure_are_two(
    key: DeliveryKey, point: ContactPoint
) -> None:
    to = return_path(*key)
    for number, (status, action) in enumerate((("4.4.1", "delayed"), ("4.4.1", "failed"))):
        raw = returned.dsn(to, ANN, status, action, "no answer", message_id=f"<{number}@mx>")
        assert take(raw, to).how == "recorded"
    assert words(key) == [("bounced", "dsn", "4.4.1"), ("deferred", "dsn", "4.4.1")]
    point.refresh_from_db()
    assert point.suppressed_at is None


def test_a_proof_of_delivery(key: DeliveryKey) -> None:
    to = return_path(*key)
    assert take(returned.dsn(to, ANN, "2.0.0", "delivered", "250 ok"), to).how == "recorded"
    assert words(key) == [("delivered", "dsn", "2.0.0")]
    assert take(returned.dsn(to, ANN, "2.0.0", "relayed", "250 ok"), to) == Taken("nothing")


def test_the_token_decides_where_the_report_names_another(
    key: DeliveryKey, point: ContactPoint
) -> None:
    """Ann's mail is forwarded, and the other mailbox is gone: hers may work."""
    bob = point_of("Bob")
    other = sent(bob)
    to = return_path(*key)
    assert take(returned.dsn(to, "bob@example.org"), to).how == "recorded"
    assert words(other) == []
    assert words(key) == [("bounced", "dsn", "5.1.1")]
    assert Receipt.objects.get().detail.startswith("about another address: ")
    for each in (point, bob):
        each.refresh_from_db()
        assert each.suppressed_at is None


@pytest.mark.parametrize(
    "to",
    ["bounces+aaaaaaaaaaaaaaaaaaaaaaaaaaaaa@wayhome.example", "bounces@wayhome.example",
     "bounces+@wayhome.example", "someone@elsewhere.example", ""],
)  # fmt: skip
def test_without_a_token_made_here_nothing_is_written(key: DeliveryKey, to: str) -> None:
    assert take(returned.dsn(to, ANN), to).keep
    assert not Receipt.objects.exists()


def test_a_token_with_another_deliverys_number_is_forged(key: DeliveryKey) -> None:
    other = sent(point_of("Bob"))
    mine, theirs = return_path(*key), return_path(*other)
    forged = mine[:-30] + theirs[-30:]
    assert forged not in (mine, theirs)
    assert take(returned.dsn(forged, ANN), forged).keep
    assert not Receipt.objects.exists()


def test_a_delivery_that_this_database_never_had(point: ContactPoint) -> None:
    for number in (point.pk, point.pk + 99):
        to = return_path(99, 0, number, "mail")
        assert take(returned.dsn(to, ANN), to).keep


def test_complaints_are_counted_and_silence_nobody(key: DeliveryKey, point: ContactPoint) -> None:
    raw = returned.complaint("fbl@wayhome.example", return_path=return_path(*key))
    assert take(raw, "bounces@wayhome.example").how == "recorded"
    raw = returned.complaint(return_path(*key), "opt-out").replace(b"<complaint@", b"<other@")
    assert take(raw, return_path(*key)).how == "recorded"
    assert words(key) == [("complained", "arf", ""), ("unsubscribed", "arf", "")]
    point.refresh_from_db()
    assert (point.suppressed_at, point.bounces) == (None, 0)


def test_guessed_bounces_count_for_their_address_only(
    key: DeliveryKey, point: ContactPoint
) -> None:
    to = return_path(*key)
    assert take(returned.qmail(to, "bob@example.org"), to).keep
    assert not Receipt.objects.exists()
    assert take(returned.qmail(to, ANN), to).how == "recorded"
    assert take(returned.qmail(to, ANN), to).how == "known"
    assert words(key) == [("bounced", "text", "5.1.1")]
    point.refresh_from_db()
    assert point.suppressed_at is None  # a guess silences nobody at once
    assert point.bounces == 1


def test_machines_answers_count_nowhere_and_people_are_kept(key: DeliveryKey) -> None:
    to = return_path(*key)
    assert take(returned.out_of_office(to), to) == Taken("automatic")
    assert take(returned.from_a_person(to), to).keep
    assert take(b"\x00" * 1000, to).keep
    assert not Receipt.objects.exists()
    assert totals() == {}


def test_nothing_is_ever_answered(key: DeliveryKey) -> None:
    """Whatever comes in, nothing goes out: no loop can begin here."""
    owed = set(Owed.objects.values_list("job", "key"))
    to = return_path(*key)
    for raw in (returned.dsn(to, ANN), returned.out_of_office(to), returned.from_a_person(to),
                returned.qmail(to, ANN), returned.dsn(to, to), returned.dsn(to, ANN).replace(
                    b"MAILER-DAEMON@mx.example", to.encode())):  # fmt: skip
        take(raw, to)
    assert not Letter.objects.exists()
    assert set(Owed.objects.values_list("job", "key")) == owed


def test_whose_mail_this_is(settings: Any, key: DeliveryKey) -> None:
    settings.WAYHOME_CANARIES = ["Canary@Office.example"]
    assert intake.is_ours(return_path(*key))
    assert intake.is_ours("Bounces@wayhome.example")
    assert intake.is_ours("<canary@office.example>")
    for address in ("alerts@wayhome.example", "bounces+x@wayhome.example", "", "x", "@", "<>",
                    "canary@elsewhere.example", "canary+1@office.example"):  # fmt: skip
        assert not intake.is_ours(address)


class TestCanaries:
    @pytest.fixture(autouse=True)
    def _settings(self, settings: Any) -> None:
        settings.WAYHOME_CANARIES = ["nobody@office.example", "Ann@example.org"]

    def ours(self, key: DeliveryKey) -> bytes:
        return returned.message(
            f"""\
            Message-ID: <{rendering.message_id(*key)}>
            From: Wayhome <alerts@wayhome.example>
            To: {ANN}
            Auto-Submitted: auto-generated
            """,
            "There is fighting.",
        )

    def test_our_message_at_a_canary_proves_the_way(self, key: DeliveryKey) -> None:
        sent(point_of("Bob"))
        assert take(self.ours(key), ANN) == Taken("recorded")
        assert take(self.ours(key), ANN) == Taken("known")
        assert words(key) == [("delivered", "canary", "")]
        assert totals() == {(7, "example.org", "delivered", ""): 1}

    def test_what_reached_no_canary_proves_nothing(self, key: DeliveryKey) -> None:
        traveller = sent(point_of("Bob"))
        assert take(self.ours(traveller), ANN).keep
        assert take(self.ours(key._replace(issue_id=8)), ANN).keep
        forged = re.sub(rb"wh-[0-9a-f]{40}", b"wh-" + b"0" * 40, self.ours(key))
        assert take(forged, ANN).keep
        assert not Receipt.objects.exists()

    def test_without_canaries_none_is_found(self, settings: Any, key: DeliveryKey) -> None:
        settings.WAYHOME_CANARIES = []
        assert take(self.ours(key), ANN).keep

    def test_a_bounce_that_returns_our_message_is_a_bounce(self, key: DeliveryKey) -> None:
        to = return_path(*key)
        raw = returned.dsn(to, ANN, returned=self.ours(key).decode())
        assert take(raw, to).how == "recorded"
        assert words(key) == [("bounced", "dsn", "5.1.1")]


class TestDoors:
    def test_a_database_that_is_away_means_later(
        self, key: DeliveryKey, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def away(*_: object) -> Taken:
            raise OperationalError("server closed the connection")

        monkeypatch.setattr(doors, "take", away)
        with pytest.raises(doors.Later, match="server closed"):
            doors.receive_or_keep(returned.dsn("x", ANN), return_path(*key))
        assert not doors.kept_folder().exists()

    @pytest.mark.parametrize("error", [DataError("NUL"), RuntimeError("a bug"), KeyError("x")])
    def test_a_fault_of_ours_keeps_the_message(
        self, key: DeliveryKey, monkeypatch: pytest.MonkeyPatch, error: Exception
    ) -> None:
        def broken(*_: object) -> Taken:
            raise error

        monkeypatch.setattr(doors, "take", broken)
        raw = returned.dsn("x", ANN)
        assert doors.receive_or_keep(raw, return_path(*key)).keep
        (kept,) = (doors.kept_folder() / "new").iterdir()
        assert kept.read_bytes() == raw

    def test_people_are_kept_until_there_is_no_room(
        self, key: DeliveryKey, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(doors, "_MOST_KEPT", 2)
        to = return_path(*key)
        raw = returned.from_a_person(to)
        for _ in range(2):
            assert doors.receive_or_keep(raw, to).keep
        with pytest.raises(doors.Later, match="2 messages wait"):
            doors.receive_or_keep(raw, to)
        assert doors.receive_or_keep(returned.dsn(to, ANN), to).how == "recorded"

    def test_nowhere_to_keep_it_means_later(
        self, key: DeliveryKey, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        doors.kept_folder().write_text("a file where the folder should be")
        with pytest.raises(doors.Later):
            doors.receive_or_keep(returned.from_a_person("x"), return_path(*key))


def test_from_publishing_to_the_canary_and_the_bounce(
    settings: Any, staff: Staff, outbox: Path
) -> None:
    """What Wayhome itself has rendered and sent is what the intake knows again."""
    settings.WAYHOME_BOUNCE_ADDRESS = "bounces@wayhome.example"
    settings.WAYHOME_CANARIES = ["canary@office.example"]
    ann = point_of("Ann Ash")
    issue = publish(staff)
    work()
    sent_mails = mails(outbox, issue)
    assert set(sent_mails) == {ANN, "canary@office.example"}
    for address, how in ((ANN, "kept"), ("canary@office.example", "recorded")):
        assert take(sent_mails[address].as_bytes(), address).how == how
    assert [(r.word, r.provider) for r in Receipt.objects.all()] == [("delivered", "canary")]

    to = return_path(issue.pk, 0, ann.pk, "mail")
    before = list(Delivery.objects.order_by("pk").values())
    assert take(returned.dsn(to, ANN), to).how == "recorded"
    assert list(Delivery.objects.order_by("pk").values()) == before
    assert totals()[issue.pk, "example.org", "bounced", "5.1.1"] == 1
    ann.refresh_from_db()
    assert ann.suppressed_at is not None
    # The next issue does not go there, and everyone else still gets theirs.
    enrol("Bob", mail="bob@example.org")
    second = update(staff, issue)
    work()
    assert set(mails(outbox, second)) == {"bob@example.org", "canary@office.example"}
    # Lifted, she is warned at once of what is in force.
    travellers.lift(staff.author, ann.pk, "she called")
    work()
    assert ANN in mails(outbox, second)
