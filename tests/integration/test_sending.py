"""Sending: what is asked again at hand-off, lanes, letters, giving up, several relays, canaries."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import OperationalError

from tests.support.factories import (
    Staff,
    enrol_one,
    mails,
    publish,
    reach_of,
    update,
    warning,
    work,
    work_but_sending,
)
from tests.support.relays import Scripted, is_down, puts_off, refuses, set_relays, takes
from wayhome.bulletins.models import Issue
from wayhome.bulletins.services import BulletinSaid
from wayhome.delivery import leasing, planning, relays, sending
from wayhome.delivery.models import Attempt, Delivery, Dispatch, Lane, Relay, Slice
from wayhome.delivery.queries import progress
from wayhome.delivery.sending import send_one_slice
from wayhome.delivery.types import Outcome, Outgoing
from wayhome.letters.models import Letter
from wayhome.letters.services import owe_letter
from wayhome.travellers import contact_policy
from wayhome.travellers import services as travellers
from wayhome.travellers.contact_policy import By, PolicySaid
from wayhome.travellers.models import ContactPoint, Reach
from wayhome.work import clock
from wayhome.work.clock import database_now
from wayhome.work.services import run_one_due

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def advisory(**changes: Any) -> BulletinSaid:
    return warning(**{"kind": "advisory", "level": 3, "ask": "none", **changes})


def its_time_comes() -> None:
    """Whatever is put off is due now, by the database's clock."""
    Slice.objects.filter(state="open").update(due_at=database_now() - timedelta(seconds=1))


def attempts(issue: Issue | None = None) -> list[tuple[str, str]]:
    rows = Attempt.objects.filter(issue_id=issue.pk if issue else 0).order_by("n")
    return list(rows.values_list("outcome", "detail"))


def letter(
    address: str, kind: str = "code", once: str = "a", registration: int | None = None
) -> Letter:
    point = ContactPoint.objects.get(address=address)
    return owe_letter(
        kind=kind,
        contact_point_id=point.pk,
        subject=f"A {kind}",
        text="123456",
        language="en",
        expires_at=clock.now() + timedelta(hours=1),
        once=once,
        registration_id=registration,
    )


class TestAskedAgainAtHandOff:
    @pytest.mark.parametrize(
        ("change", "why"),
        [
            ("hostile", "in hostile hands"),
            ("suppressed", "suppressed"),
            ("stopped", "nobody is reached"),
            ("ended", "nobody is reached"),
            ("out of date", "nobody is reached"),
        ],
    )
    def test_what_changed_since_planning_withdraws_it(
        self, staff: Staff, outbox: Path, change: str, why: str
    ) -> None:
        ann, bob = enrol_one("Ann"), enrol_one("Bob")
        issue = publish(staff)
        work_but_sending()
        reach, now = reach_of(ann), clock.now()
        if change == "hostile":
            contact_policy.mark_hostile(staff.author, reach.pk, "her captor answered")
        elif change == "suppressed":
            ContactPoint.objects.filter(pk=reach.contact_point_id).update(suppressed_at=now)
        elif change == "stopped":
            contact_policy.stop(reach.pk, By(registration_id=reach.registration_id))
        else:
            fields = {"ended": {"ended_at": now}, "out of date": {"valid_until": now}}
            Reach.objects.filter(pk=reach.pk).update(**fields[change])
        work()
        assert set(mails(outbox, issue)) == {"bob@example.org"}
        row = Delivery.objects.get(contact_point_id=reach.contact_point_id)
        assert (row.state, row.slice_id, row.sent_at) == ("withdrawn", None, None)
        tried = Attempt.objects.get(contact_point_id=reach.contact_point_id)
        assert tried.outcome == "withdrawn"
        assert why in tried.detail
        numbers = progress(issue)
        assert (numbers.sent, numbers.withdrawn, numbers.owed) == (1, 1, 0)
        assert reach_of(bob).hostile_since is None

    def test_what_is_decided_while_a_long_slice_goes_out_holds_for_its_rest(
        self, staff: Staff, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        people = [enrol_one(f"P{n}") for n in range(3)]
        issue = publish(staff)
        work_but_sending()
        monkeypatch.setattr(sending, "POLICY_SECONDS", 0.0)

        def takes_and_tells(message: Outgoing) -> Outcome:
            if not relay.got:  # the first of them
                last = reach_of(people[2])
                contact_policy.mark_hostile(staff.author, last.pk, "taken")
            return takes(message)

        relay = Scripted(answer=takes_and_tells)
        set_relays(monkeypatch, settings, relay)
        Slice.objects.update(route=relays.SMTP)
        work()
        assert relay.addresses == ["p0@example.org", "p1@example.org"]
        assert progress(issue).withdrawn == 1

    def test_a_database_that_goes_while_a_relay_takes_its_time_does_not_double(
        self, staff: Staff, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        enrol_one("Ann")
        issue = publish(staff)
        work_but_sending()
        away = [OperationalError("the server closed the connection")] * 2
        record = leasing.record

        def recorded(*arguments: Any, **more: Any) -> Any:
            if away:
                raise away.pop()
            return record(*arguments, **more)

        monkeypatch.setattr(leasing, "record", recorded)
        relay = Scripted(silences=2)
        set_relays(monkeypatch, settings, relay)
        Slice.objects.update(route=relays.SMTP)
        work()
        assert not away
        assert relay.addresses == ["ann@example.org"]
        assert attempts(issue) == [("sent", "250 taken")]

    def test_what_was_recorded_and_the_answer_was_lost_is_one_attempt(
        self, staff: Staff, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for number in range(3):
            enrol_one(f"P{number}")
        issue = publish(staff)
        work_but_sending()
        lost, record = [True], leasing.record

        def recorded(leased: Slice, tried: Any, **more: Any) -> Any:
            found = record(leased, tried, **more)
            if tried and lost:
                lost.pop()
                raise OperationalError("the server closed the connection")
            return found

        monkeypatch.setattr(leasing, "record", recorded)
        relay = Scripted(silences=2)
        set_relays(monkeypatch, settings, relay)
        Slice.objects.update(route=relays.SMTP)
        work()
        assert not lost
        assert len(relay.got) == 3
        assert attempts(issue) == [("sent", "250 taken")] * 3

    def test_it_comes_in_the_language_chosen_for_this_address(
        self, staff: Staff, outbox: Path
    ) -> None:
        french = (
            warning().texts[0],
            type(warning().texts[0])("fr", "Quittez Mossoul", "Combats.", "Partez.", "Calme."),
        )
        ann = enrol_one("Ann")
        reach = reach_of(ann)
        by = By(registration_id=reach.registration_id)
        contact_policy.set_policy(reach.pk, PolicySaid(language="fr"), by)
        issue = publish(staff, warning(texts=french))
        work()
        assert mails(outbox, issue)["ann@example.org"]["Subject"] == "Quittez Mossoul"


class TestQuietHours:
    @pytest.fixture
    def sleeper(self) -> Reach:
        """Ann, whose quiet hours began an hour ago and end in an hour."""
        reach = reach_of(enrol_one("Ann"))
        now = clock.now()
        said = PolicySaid(
            quiet_from=(now - timedelta(hours=1)).time(),
            quiet_until=(now + timedelta(hours=1)).time(),
            time_zone="UTC",
        )
        return contact_policy.set_policy(reach.pk, said, By(registration_id=reach.registration_id))

    def test_a_warning_does_not_wait(self, staff: Staff, outbox: Path, sleeper: Reach) -> None:
        issue = publish(staff)
        work()
        assert set(mails(outbox, issue)) == {"ann@example.org"}

    def test_an_advisory_waits_and_goes_out_when_they_end(
        self, staff: Staff, outbox: Path, sleeper: Reach
    ) -> None:
        enrol_one("Bob")
        issue = publish(staff, advisory())
        work()
        assert set(mails(outbox, issue)) == {"bob@example.org"}
        waiting = Slice.objects.get(state="open")
        ends_in = waiting.due_at - database_now()
        assert timedelta(minutes=55) < ends_in <= timedelta(minutes=62)
        assert (waiting.lane, progress(issue).owed) == (Lane.ADVISORY, 1)
        assert "put off until" in progress(issue).waiting[0].words
        its_time_comes()  # looked at too early, it is put off once more and not lost
        work()
        assert (set(mails(outbox, issue)), progress(issue).owed) == ({"bob@example.org"}, 1)
        with time_machine.travel(clock.now() + timedelta(minutes=61)):
            clock.forget_offset()
            its_time_comes()
            work()
        assert set(mails(outbox, issue)) == {"ann@example.org", "bob@example.org"}
        assert {outcome for outcome, _ in attempts(issue)} == {"sent"}


class TestTooOld:
    def test_an_issue_that_expires_while_it_is_owed_is_not_sent(
        self, staff: Staff, outbox: Path
    ) -> None:
        enrol_one("Ann")
        issue = publish(staff)
        work_but_sending()
        Issue.objects.filter(pk=issue.pk).update(expires_at=clock.now())
        work()
        assert mails(outbox, issue) == {}
        assert attempts(issue) == [("too old", "what it says holds no longer")]
        issue.refresh_from_db()
        assert (progress(issue).too_old, progress(issue).owed) == (1, 0)

    def test_so_is_a_letter_and_what_it_opened_is_forgotten(
        self, staff: Staff, outbox: Path
    ) -> None:
        reach = reach_of(enrol_one("Ann"))
        for kind in ("code", "request"):
            letter("ann@example.org", kind, kind, reach.registration_id)
        work_but_sending()
        with time_machine.travel(clock.now() + timedelta(hours=2)):
            clock.forget_offset()
            work()
        assert not (outbox / "letters").exists()
        assert [outcome for outcome, _ in attempts()] == ["too old", "too old"]
        assert dict(Letter.objects.values_list("kind", "text")) == {"code": "", "request": "123456"}


class TestLanes:
    def test_warning_code_advisory_digest_whatever_the_order_of_making(
        self, staff: Staff, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        relay = Scripted()
        set_relays(monkeypatch, settings, relay)
        reach = reach_of(enrol_one("Ann"))
        work()
        letter("ann@example.org", "prompt", "p", reach.registration_id)
        work_but_sending()
        slow = publish(staff, advisory())
        work_but_sending()
        letter("ann@example.org", "code", "c", reach.registration_id)
        work_but_sending()
        fast = publish(staff)
        work_but_sending()
        work()
        assert [(message.folder, message.subject) for message in relay.got] == [
            (f"issue-{fast.pk}", "Leave Mosul now"),
            ("letters", "A code"),
            (f"issue-{slow.pk}", "Leave Mosul now"),
            ("letters", "A prompt"),
        ]

    def test_a_large_advisory_being_planned_does_not_keep_a_warning_waiting(
        self, staff: Staff, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(planning, "CHUNK", 1)
        monkeypatch.setattr(planning, "CHUNKS_IN_STEP", 1)
        for n in range(12):
            enrol_one(f"P{n}")
        work_but_sending()
        large = publish(staff, advisory())
        urgent = publish(staff)
        while not Delivery.objects.filter(issue_id=urgent.pk).exists():
            assert run_one_due()
        assert Delivery.objects.filter(issue_id=large.pk).count() < 12
        work_but_sending()
        for issue in (large, urgent):
            assert Delivery.objects.filter(issue_id=issue.pk).count() == 12


class TestLetters:
    def test_the_same_occasion_is_one_letter(self, outbox: Path) -> None:
        enrol_one("Ann")
        first, again = letter("ann@example.org"), letter("ann@example.org")
        work()
        letter("ann@example.org")
        work()
        assert first.pk == again.pk
        assert len(list((outbox / "letters").glob("*.eml"))) == 1
        assert Delivery.objects.get(letter_id=first.pk).state == "sent"
        letter("ann@example.org", once="b")
        work()
        assert len(list((outbox / "letters").glob("*.eml"))) == 2

    def test_a_code_goes_to_an_address_that_serves_nobody_and_is_forgotten_then(
        self, outbox: Path
    ) -> None:
        travellers.contact_point("mail", "new@example.org")
        made = letter("new@example.org")
        work_but_sending()
        made.refresh_from_db()
        assert made.text == "123456"
        work()
        (file,) = (outbox / "letters").glob("*.eml")
        assert b"123456" in file.read_bytes()
        made.refresh_from_db()
        assert made.text == ""

    def test_a_code_to_hostile_hands_is_withdrawn(self, staff: Staff, outbox: Path) -> None:
        reach = reach_of(enrol_one("Ann"))
        made = letter("ann@example.org")
        work_but_sending()
        contact_policy.mark_hostile(staff.author, reach.pk, "taken")
        work()
        assert attempts() == [("withdrawn", "in hostile hands")]
        made.refresh_from_db()
        assert made.text == ""

    @pytest.mark.parametrize("kind", ["link", "request"])
    @pytest.mark.parametrize("change", ["stopped_at", "ended_at", "verified_at"])
    def test_what_is_for_one_person_goes_only_where_they_are_still_verified(
        self, outbox: Path, kind: str, change: str
    ) -> None:
        reach = reach_of(enrol_one("Ann"))
        letter("ann@example.org", kind, registration=reach.registration_id)
        work_but_sending()
        value = None if change == "verified_at" else clock.now()
        Reach.objects.filter(pk=reach.pk).update(**{change: value})
        work()
        assert not (outbox / "letters").exists()
        assert attempts() == [("withdrawn", "nobody is reached there any more")]

    def test_what_is_of_another_person_at_the_address_does_not_let_it_go(
        self, outbox: Path
    ) -> None:
        ann = reach_of(enrol_one("Ann"))
        enrol_one("Bob", mail="ann@example.org")
        letter("ann@example.org", "request", registration=ann.registration_id)
        Reach.objects.filter(pk=ann.pk).update(ended_at=clock.now())
        work()
        assert not (outbox / "letters").exists()

    def test_a_relay_that_puts_a_code_off_keeps_its_text(
        self, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        relay = Scripted(answer=puts_off)
        set_relays(monkeypatch, settings, relay)
        travellers.contact_point("mail", "new@example.org")
        made = letter("new@example.org")
        work()
        made.refresh_from_db()
        assert (made.text, attempts()[0][0]) == ("123456", "later")
        relay.answer = takes
        its_time_comes()
        work()
        assert "123456" in relay.got[0].text


class TestGivingUp:
    def test_after_hours_and_tries_and_not_before(
        self, staff: Staff, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings.WAYHOME_GIVE_UP_HOURS = 72
        relay = Scripted(answer=puts_off)
        set_relays(monkeypatch, settings, relay)
        enrol_one("Ann")
        issue = publish(staff, warning(expires_at=clock.now() + timedelta(days=300)))
        work()
        began = clock.now()

        def try_at(hours: float) -> str:
            with time_machine.travel(began + timedelta(hours=hours)):
                clock.forget_offset()
                its_time_comes()
                work()
            return Delivery.objects.get(issue_id=issue.pk).state

        assert try_at(73) == "owed"  # long ago, and tried twice only
        for hours in (74, 75):
            assert try_at(hours) == "owed"
        assert try_at(76) == "refused"
        assert [outcome for outcome, _ in attempts(issue)] == ["later"] * 5 + ["refused"]
        assert "given up" in attempts(issue)[-1][1]
        numbers = progress(issue)
        assert (numbers.refused, numbers.failed, numbers.put_off, numbers.owed) == (1, 1, 5, 0)

    def test_many_tries_within_the_hours_give_nothing_up(
        self, staff: Staff, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        relay = Scripted(answer=puts_off)
        set_relays(monkeypatch, settings, relay)
        enrol_one("Ann")
        issue = publish(staff)
        work()
        pauses = []
        for _ in range(9):
            pauses.append(Slice.objects.get(state="open").due_at - database_now())
            its_time_comes()
            work()
        assert Delivery.objects.get(issue_id=issue.pk).state == "owed"
        minutes = [round(pause.total_seconds() / 60, 1) for pause in pauses]
        assert minutes[0] <= 0.3
        assert minutes == sorted(minutes)
        assert 14 < minutes[-1] <= 15
        relay.answer = takes
        its_time_comes()
        work()
        assert Delivery.objects.get(issue_id=issue.pk).state == "sent"


class TestRelays:
    @pytest.fixture
    def set_to(self, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
        return lambda *scripted: set_relays(monkeypatch, settings, *scripted)

    def test_weights_share_the_slices(self, set_to: Callable[..., None]) -> None:
        set_to(Scripted("a", weight=3), Scripted("b", weight=1))
        random.seed(7)
        chosen = [relays.choose(relays.SMTP, 1, database_now()) for _ in range(400)]
        share = sum(way is not None and way.name == "a" for way in chosen) / 400
        assert 0.68 < share < 0.82

    def test_a_rate_makes_the_next_slice_wait_for_what_this_one_is_worth(
        self, set_to: Callable[..., None]
    ) -> None:
        set_to(Scripted("a", rate=50))
        now = database_now()
        assert relays.choose(relays.SMTP, 100, now) is not None
        assert Relay.objects.get(name="a").free_at == now + timedelta(seconds=2)
        assert relays.choose(relays.SMTP, 100, now + timedelta(seconds=1.9)) is None
        assert relays.choose(relays.SMTP, 100, now + timedelta(seconds=2)) is not None
        assert relays.slice_size(relays.SMTP) == 50

    def test_no_more_slices_are_out_than_it_takes_connections(
        self, set_to: Callable[..., None]
    ) -> None:
        set_to(Scripted("a", connections=2))
        now = database_now()
        for _ in range(2):
            assert relays.choose(relays.SMTP, 1, now) is not None
            Slice.objects.create(
                issue_id=0, channel="mail", route=relays.SMTP, lane=1, size=1, cut_at=now,
                due_at=now,
                relay="a", lease_until=now + timedelta(seconds=60), token="t",
            )  # fmt: skip
        assert relays.choose(relays.SMTP, 1, now) is None
        assert relays.choose(relays.SMTP, 1, now + timedelta(seconds=61)) is not None

    def test_another_takes_over_from_one_that_is_down(
        self, staff: Staff, set_to: Callable[..., None], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first, second = Scripted("a", is_down), Scripted("b")
        set_to(first, second)
        monkeypatch.setattr(relays.random, "choices", lambda free, weights: [free[0]])
        for n in range(3):
            enrol_one(f"P{n}")
        issue = publish(staff)
        work_but_sending()
        assert send_one_slice()
        row = Relay.objects.get(name="a")
        assert (row.failures, row.last_error) == (1, "connection refused")
        assert row.down_until is not None
        assert progress(issue).owed == 3
        work()
        assert sorted(second.addresses) == [f"p{n}@example.org" for n in range(3)]
        assert set(Attempt.objects.values_list("relay", flat=True)) == {"b"}
        states = {relay.name: relay for relay in progress(issue).relays}
        assert states["a"].words.startswith("down, tried again at")
        assert (states["b"].words, states["b"].sent) == ("up", 3)

        # It is well again after its rest, and says so with the first slice that goes through.
        Relay.objects.filter(name="a").update(down_until=database_now() - timedelta(seconds=1))
        first.answer = takes
        enrol_one("Late")
        work()
        assert first.addresses == ["late@example.org"]
        row.refresh_from_db()
        assert (row.failures, row.down_until, row.last_error) == (0, None, "")

    def test_where_all_are_down_it_waits_and_the_page_says_for_what(
        self, staff: Staff, set_to: Callable[..., None]
    ) -> None:
        down = Scripted("a", is_down)
        set_to(down)
        enrol_one("Ann")
        issue = publish(staff)
        work()
        (line,) = progress(issue).waiting
        assert line.words.startswith("waiting: relay a down until")
        assert "connection refused" in line.words
        assert progress(issue).last_error == "connection refused"
        down.answer = takes
        Relay.objects.update(down_until=None)
        work()
        assert down.addresses == ["ann@example.org"]

    def test_it_rests_longer_each_time(self, set_to: Callable[..., None]) -> None:
        set_to(Scripted("a"))
        now = database_now()
        relays.choose(relays.SMTP, 1, now)
        rests = []
        for _ in range(9):
            relays.mark_down("a", "no", now)
            rests.append((Relay.objects.get(name="a").down_until or now) - now)
        assert [rest.total_seconds() for rest in rests[:3]] == [15, 30, 60]
        assert rests[-1] == timedelta(minutes=15)

    def test_a_relay_that_refuses_an_address_stays_up(
        self, staff: Staff, set_to: Callable[..., None]
    ) -> None:
        relay = Scripted(
            "a", lambda message: refuses(message) if "bad" in message.address else takes(message)
        )
        set_to(relay)
        enrol_one("Bad")
        enrol_one("Ann")
        issue = publish(staff)
        work()
        assert relay.addresses == ["ann@example.org"]
        assert [(c.fact, c.cause, c.n) for c in progress(issue).causes] == [("refused", "5.1.1", 1)]
        assert progress(issue).relays[0].words == "up"


class TestCanaries:
    CANARY = "canary@office.example"

    def test_they_get_every_issue_once(self, staff: Staff, outbox: Path, settings: Any) -> None:
        settings.WAYHOME_CANARIES = [self.CANARY, "Canary@Office.example"]
        enrol_one("Ann")
        enrol_one("Cana", mail=self.CANARY)  # who works here and travels
        first = publish(staff)
        work()
        planning.plan(first.pk)
        second = update(staff, first)
        work()
        third = publish(staff, advisory())
        work()
        point = ContactPoint.objects.get(address=self.CANARY)
        for issue in (first, second, third):
            assert self.CANARY in mails(outbox, issue)
            assert Attempt.objects.filter(issue_id=issue.pk, contact_point_id=point.pk).count() == 1

    def test_also_where_nobody_is_concerned_but_not_what_is_for_officers(
        self, staff: Staff, outbox: Path, settings: Any
    ) -> None:
        settings.WAYHOME_CANARIES = [self.CANARY]
        nobody = publish(staff)
        inside = publish(staff, warning(distribution="officers"))
        work()
        assert set(mails(outbox, nobody)) == {self.CANARY}
        assert mails(outbox, inside) == {}
        assert Dispatch.objects.get(pk=nobody.pk).first_sent_at is not None
