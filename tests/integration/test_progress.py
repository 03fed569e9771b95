"""Progress: three facts that are never merged, time to finish, alarms; cheap whatever the size."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from tests.support.factories import (
    Staff,
    enrol_one,
    moment,
    publish,
    region,
    run_schedules,
    stay,
    update,
    warning,
    work,
    work_but_sending,
)
from tests.support.relays import Scripted, is_down, puts_off, refuses, set_relays, takes
from wayhome.bulletins.models import Issue
from wayhome.delivery import alarms, dispatching, pace, planning, queries, totals
from wayhome.delivery.canaries import canary_lines
from wayhome.delivery.models import Delivery, Dispatch, PaceSample, Receipt, Relay, Slice
from wayhome.delivery.queries import about, progress
from wayhome.delivery.sending import send_one_slice
from wayhome.delivery.types import Outcome, Outgoing
from wayhome.problems import Problem
from wayhome.travellers import contact_policy
from wayhome.travellers.models import ContactPoint, Reach
from wayhome.work import clock
from wayhome.work.clock import database_now
from wayhome.work.services import run_one_due

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def receipt(issue: Issue, address: str, word: str, status: str = "") -> None:
    """A provider's word, as the doors for receipts keep it."""
    point = ContactPoint.objects.get(address=address)
    Receipt.objects.create(
        issue_id=issue.pk, letter_id=0, contact_point_id=point.pk, channel="mail",
        reference=word, word=word, provider="dsn", status=status, at=clock.now(),
    )  # fmt: skip
    totals.add({(issue.pk, "mail", point.domain, word, status): 1})


class TestFacts:
    def test_sent_delivered_failed_and_owed_are_told_apart(
        self, staff: Staff, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def answer(message: Outgoing) -> Outcome:
            name = message.address.split("@")[0]
            return {"refused": refuses, "later": puts_off}.get(name, takes)(message)

        relay = Scripted("a", answer)
        set_relays(monkeypatch, settings, relay)
        for name in ("Ann", "Bob", "Cy", "Refused", "Later", "Hostile"):
            enrol_one(name)
        enrol_one("Coarse", stays=[stay("IQ")], mail="", phone="+9647901234567")
        enrol_one("Wes", stays=[stay("Paris, France")], watches=("IQ",))
        issue = publish(staff)
        work_but_sending()
        hostile = Reach.objects.get(contact_point__address="hostile@example.org")
        contact_policy.mark_hostile(staff.author, hostile.pk, "taken")
        work()
        receipt(issue, "ann@example.org", "delivered")
        receipt(issue, "bob@example.org", "bounced", "5.1.1")
        receipt(issue, "cy@example.org", "complained")
        got = progress(issue)
        assert (got.audience, got.certain, got.possible, got.watching) == (8, 6, 1, 1)
        assert (got.planned, got.sent, got.delivered) == (8, 5, 1)
        assert (got.refused, got.bounced, got.failed, got.complained) == (1, 1, 2, 1)
        assert (got.withdrawn, got.too_old, got.put_off) == (1, 0, 1)
        assert (got.owed, got.held, got.held_why) == (1, 0, "")
        assert got.planned == got.sent + got.refused + got.withdrawn + got.too_old + got.owed
        assert got.is_planned
        assert got.first_sent_at is not None
        assert got.by_channel["sms"] == {"planned": 1, "sent": 1, "owed": 0}
        assert got.by_channel["mail"]["owed"] == 1
        assert {(c.fact, c.channel, c.cause, c.n) for c in got.causes} == {
            ("refused", "mail", "5.1.1", 1),
            ("bounced", "mail", "5.1.1", 1),
            ("complained", "mail", "", 1),
            ("withdrawn", "mail", "in hostile hands", 1),
            ("later", "mail", "4.2.1", 1),
        }
        assert [(relay.name, relay.is_files) for relay in got.relays] == [
            ("files", True),
            ("a", False),
        ]

    def test_it_equals_a_count_of_the_rows(
        self, staff: Staff, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        relay = Scripted("a", lambda m: [takes, refuses, puts_off][int(m.address[1]) % 3](m))
        set_relays(monkeypatch, settings, relay)
        for n in range(7):
            enrol_one(f"P{n}")
        issue = publish(staff)
        work()
        got = progress(issue)
        rows = Delivery.objects.filter(issue_id=issue.pk)
        for state, n in (("sent", got.sent), ("refused", got.refused), ("owed", got.owed)):
            assert rows.filter(state=state).count() == n > 0
        assert rows.count() == got.planned == 7
        assert queries.count_owed() == got.owed

    def test_stopped_and_replaced_are_held_for_different_reasons(
        self, staff: Staff, outbox: Path
    ) -> None:
        enrol_one("Ann")
        issue = publish(staff)
        work_but_sending()
        dispatching.stop(staff.publisher, issue.pk, "the road is open")
        work()
        got = progress(issue)
        assert (got.owed, got.held, got.held_why, got.sent) == (0, 1, "stopped", 0)
        assert got.waiting == []
        assert queries.count_owed() == 0
        dispatching.resume(staff.publisher, issue.pk, "it is not")
        assert (progress(issue).owed, progress(issue).held_why) == (1, "")
        dispatching.stop(staff.publisher, issue.pk, "again")
        update(staff, issue)
        got = progress(Issue.objects.get(pk=issue.pk))
        assert (got.held, got.held_why) == (1, "replaced")

    def test_what_was_replaced_is_neither_stopped_nor_resumed(
        self, staff: Staff, outbox: Path
    ) -> None:
        enrol_one("Ann")
        issue, stopped = publish(staff), publish(staff)
        dispatching.stop(staff.publisher, stopped.pk, "the road is open")
        newer, newest = update(staff, issue), update(staff, stopped)
        for turn, old, speaks in (
            (dispatching.stop, issue, newer),
            (dispatching.resume, issue, newer),
            (dispatching.stop, stopped, newest),
            (dispatching.resume, stopped, newest),
        ):
            with pytest.raises(Problem) as raised:
                turn(staff.publisher, old.pk, "for a test")
            assert raised.value.field == "issue"
            assert f"{old.pk} was replaced" in raised.value.problem
            assert f"issue {speaks.pk} speaks now" in raised.value.problem
            assert f"issue {speaks.pk}" in raised.value.fix
        assert [len(dispatching.steps_of(each.pk)) for each in (issue, stopped)] == [0, 1]
        dispatching.stop(staff.publisher, newest.pk, "wait")
        dispatching.resume(staff.publisher, newest.pk, "go")

    def test_before_planning_there_is_nothing_and_it_says_so(self, staff: Staff) -> None:
        enrol_one("Ann")
        got = progress(publish(staff))
        assert (got.planned, got.is_planned, got.by_channel, got.waiting) == (0, False, {}, [])


class TestCost:
    def test_no_more_queries_for_more_people(
        self, staff: Staff, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        relay = Scripted("a", lambda m: (refuses if "bad" in m.address else puts_off)(m))
        set_relays(monkeypatch, settings, relay)

        def measured(people: int) -> int:
            for n in range(people):
                enrol_one(f"P{n}", mail=f"p{n}@h{n}.example", phone=f"+964790{n:07d}")
                enrol_one(f"B{n}", mail=f"bad{n}@b{n}.example")
            issue = publish(staff)
            work()
            assert progress(issue).owed == people
            clock.now()
            with CaptureQueriesContext(
                connection,
            ) as seen:
                progress(issue)
                alarms.standing()
                canary_lines(issue.pk)
            return sum("instance" not in query["sql"] for query in seen.captured_queries)

        settings.WAYHOME_CANARIES = []
        few = measured(1)
        many = measured(30)
        assert many == few <= 12


class TestPace:
    NOW = moment("2026-06-01T12:00:00Z")

    def state(self, issue: Issue, sent: int, planned: int = 100, domain: str = "a.example") -> None:
        """Totals as if so many had gone."""
        totals.add({(issue.pk, "mail", domain, "planned", ""): planned})
        totals.add({(issue.pk, "mail", domain, "sent", ""): sent})

    @pytest.fixture
    def issue(self, staff: Staff) -> Issue:
        """An issue whose one delivery stays owed, so that it has an open slice."""
        enrol_one("Ann")
        made = publish(staff)
        work_but_sending()
        return made

    def test_it_is_unknown_until_something_has_gone(self, issue: Issue) -> None:
        (line,) = progress(issue).waiting
        assert (line.domain, line.owed, line.words) == ("example.org", 1, "unknown yet")

    def test_since_the_first_message_then_since_the_oldest_sample_of_the_last_minutes(
        self, issue: Issue
    ) -> None:
        began = clock.now()
        self.state(issue, sent=20)
        Dispatch.objects.filter(pk=issue.pk).update(first_sent_at=began)

        def words_after(minutes: float) -> dict[str, str]:
            with time_machine.travel(began + timedelta(minutes=minutes), tick=False):
                clock.forget_offset()
                return {line.domain: line.words for line in progress(issue).waiting}

        # 20 in two minutes: the 80 that are left take eight. Nothing went to the other domain.
        assert words_after(2) == {"a.example": "about 8 min", "example.org": "unknown yet"}
        # Ten minutes later nothing is known of the last five: no worker has looked.
        assert words_after(12) == {"a.example": "unknown yet", "example.org": "unknown yet"}
        for minute, more in ((20, 10), (21, 5), (22, 5)):
            with time_machine.travel(began + timedelta(minutes=minute), tick=False):
                clock.forget_offset()
                pace.sample()
            self.state(issue, sent=more, planned=0)
        # 20 more since minute 20; at minute 24 that is 20 in four minutes, 60 are left.
        assert words_after(24)["a.example"] == "about 12 min"
        # At minute 26.5 the oldest sample of the last five minutes is that of minute 22.
        assert words_after(26.5)["a.example"] == "about 54 min"

    def test_samples_are_taken_while_something_is_owed_and_forgotten(
        self, issue: Issue, outbox: Path
    ) -> None:
        began = clock.now()
        run_schedules()
        work_but_sending()
        assert PaceSample.objects.filter(issue_id=issue.pk).count() == 1
        work()
        with time_machine.travel(began + timedelta(minutes=30), tick=False):
            clock.forget_offset()
            pace.sample()
        assert PaceSample.objects.count() == 0
        with time_machine.travel(began + timedelta(minutes=30), tick=False):
            clock.forget_offset()
            enrol_one("Bob")
            work_but_sending()
            pace.sample()
            assert [row.ended for row in PaceSample.objects.all()] == [1]

    def test_a_domain_planned_since_the_sample_is_unknown(self, issue: Issue) -> None:
        began = clock.now()
        Dispatch.objects.filter(pk=issue.pk).update(first_sent_at=began - timedelta(hours=1))
        self.state(issue, sent=1)
        with time_machine.travel(began, tick=False):
            clock.forget_offset()
            pace.sample()
        self.state(issue, sent=5, domain="new.example")
        with time_machine.travel(began + timedelta(minutes=1), tick=False):
            clock.forget_offset()
            words = {line.domain: line.words for line in progress(issue).waiting}
        assert words["new.example"] == "unknown yet"

    def test_the_domains_to_which_most_is_owed_come_first(self, issue: Issue) -> None:
        for n in range(15):
            self.state(issue, sent=1, planned=10 + n, domain=f"d{n:02d}.example")
        got = progress(issue)
        assert [line.domain for line in got.waiting[:2]] == ["d14.example", "d13.example"]
        assert len(got.waiting) + got.other_domains == 16

    def test_an_estimate_pretends_no_precision(self) -> None:
        assert [about(n) for n in (1, 59, 60, 61, 7199, 7200, 100_000)] == [
            "under a minute", "under a minute", "about 1 min", "about 2 min", "about 120 min",
            "about 2 h", "about 28 h",
        ]  # fmt: skip


def time_goes_on(minutes: float) -> None:
    """The database's clock goes on as well: what is due has been due for so long."""
    due = Slice.objects.filter(state="open", due_at__lte=database_now())
    due.update(due_at=F("due_at") - timedelta(minutes=minutes))


class TestAlarms:
    @pytest.fixture(autouse=True)
    def _minutes(self, settings: Any) -> None:
        settings.WAYHOME_ALARM_MINUTES = 10

    def wrong(self, minutes: float, since: datetime) -> list[str]:
        """What stands so many minutes after ``since``; a worker looks then too."""
        time_goes_on(minutes)
        with time_machine.travel(since + timedelta(minutes=minutes), tick=False):
            clock.forget_offset()
            alarms.look()
            found = [alarm.wrong for alarm in alarms.standing()]
        noted = Dispatch.objects.exclude(alarm="").order_by("-pk").values_list("alarm", flat=True)
        assert sorted(noted) == sorted(found)
        return found

    def test_what_no_worker_plans(self, staff: Staff) -> None:
        enrol_one("Ann")
        issue = publish(staff)
        at = issue.published_at
        assert self.wrong(9.9, at) == []
        assert self.wrong(10, at) == ["not planned within 10 minutes"]
        assert self.wrong(11, at) == ["not planned within 10 minutes"]  # noting it heals nothing
        work_but_sending()
        assert self.wrong(12, at) == ["nothing handed over within 10 minutes"]
        assert self.wrong(24 * 60 + 1, at) == []  # history

    def test_what_is_planned_only_in_part(
        self, staff: Staff, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(planning, "CHUNK", 1)
        monkeypatch.setattr(planning, "CHUNKS_IN_STEP", 1)
        for n in range(4):
            enrol_one(f"P{n}")
        issue = publish(staff)
        while not Delivery.objects.exists():
            assert run_one_due()
        assert self.wrong(10, issue.published_at) == ["planned only in part within 10 minutes"]

    def test_what_no_relay_takes_until_one_does(
        self, staff: Staff, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        relay = Scripted("a", is_down)
        set_relays(monkeypatch, settings, relay)
        enrol_one("Ann")
        issue = publish(staff)
        work()
        (alarm,) = self.standing_after(10, issue)
        assert alarm.issue_id == issue.pk
        assert "relays fare" in alarm.to_do
        relay.answer = takes
        Relay.objects.update(down_until=None)
        work()
        assert self.wrong(11, issue.published_at) == []

    def standing_after(self, minutes: float, issue: Issue) -> list[alarms.Alarm]:
        time_goes_on(minutes)
        with time_machine.travel(issue.published_at + timedelta(minutes=minutes), tick=False):
            clock.forget_offset()
            return alarms.standing(issue.pk)

    def test_what_is_put_off_by_a_relay_is_an_alarm_and_what_waits_for_the_morning_is_none(
        self, staff: Staff, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        relay = Scripted("a", puts_off)
        set_relays(monkeypatch, settings, relay)
        reach = Reach.objects.get(registration__traveller=enrol_one("Ann"))
        now = clock.now()
        Reach.objects.filter(pk=reach.pk).update(
            quiet_from=(now - timedelta(hours=1)).time(),
            quiet_until=(now + timedelta(hours=5)).time(),
        )
        asleep = publish(staff, warning(kind="advisory", level=2, ask="none"))
        work()
        assert self.wrong(10, asleep.published_at) == []
        put_off = publish(staff)
        work()
        assert self.standing_after(10, put_off)[0].wrong.startswith("nothing handed over")

    def test_all_withdrawn_is_an_alarm_too(self, staff: Staff, outbox: Path) -> None:
        reach = Reach.objects.get(registration__traveller=enrol_one("Ann"))
        issue = publish(staff)
        work_but_sending()
        contact_policy.mark_hostile(staff.author, reach.pk, "taken")
        work()
        assert self.wrong(10, issue.published_at) == ["nothing handed over within 10 minutes"]

    def test_nobody_concerned_stopped_replaced_and_expired_raise_none(
        self, staff: Staff, outbox: Path
    ) -> None:
        nobody = publish(staff, warning(region=region("FJ")))
        work()
        assert self.wrong(10, nobody.published_at) == []
        enrol_one("Bob")
        issue = publish(staff)
        work_but_sending()
        assert self.standing_after(10, issue) != []
        dispatching.stop(staff.publisher, issue.pk, "wait")
        assert self.standing_after(10, issue) == []
        dispatching.resume(staff.publisher, issue.pk, "go")
        at = issue.published_at
        assert self.wrong(10, at) == ["nothing handed over within 10 minutes"]
        newer = update(staff, issue)
        work()
        assert self.wrong(11, at) == []  # the note on the replaced issue is cleared as well
        assert newer.published_at > at

    def test_no_canary_has_it(self, staff: Staff, outbox: Path, settings: Any) -> None:
        settings.WAYHOME_CANARIES = ["canary@office.example", "second@office.example"]
        enrol_one("Ann")
        issue = publish(staff)
        inside = publish(staff, warning(distribution="officers"))
        work()
        at = issue.published_at
        lines = {line.address: line for line in canary_lines(issue.pk)}
        assert set(lines) == set(settings.WAYHOME_CANARIES)
        assert all(line.sent_at and not line.arrived_at for line in lines.values())
        assert [line.state for line in canary_lines(inside.pk)] == ["", ""]
        assert self.wrong(9, at) == []
        assert self.wrong(11, at) == ["no canary has it after 10 minutes"]
        receipt(issue, "second@office.example", "deferred")
        assert self.wrong(12, at) == ["no canary has it after 10 minutes"]
        receipt(issue, "second@office.example", "delivered")
        assert self.wrong(13, at) == []
        lines = {line.address: line for line in canary_lines(issue.pk)}
        assert lines["second@office.example"].arrived_at is not None
        assert lines["canary@office.example"].arrived_at is None

    def test_it_is_one_query_however_many_issues(self, staff: Staff, settings: Any) -> None:
        settings.WAYHOME_CANARIES = []
        enrol_one("Ann")
        made = [publish(staff) for _ in range(4)]
        work_but_sending()
        with time_machine.travel(made[-1].published_at + timedelta(minutes=10), tick=False):
            clock.forget_offset()
            clock.now()
            time_goes_on(10)
            with CaptureQueriesContext(connection) as seen:
                assert len(alarms.standing()) == 4
        reads = [q["sql"] for q in seen.captured_queries if "clock_timestamp" not in q["sql"]]
        assert len([sql for sql in reads if 'FROM "issue"' in sql]) == len(reads) == 1

    def test_one_who_joins_an_old_issue_is_no_alarm_before_their_turn(
        self, staff: Staff, outbox: Path
    ) -> None:
        issue = publish(staff)
        work()
        enrol_one("Late")
        work_but_sending()
        with time_machine.travel(issue.published_at + timedelta(hours=3), tick=False):
            clock.forget_offset()
            Slice.objects.update(due_at=database_now())
            assert alarms.standing() == []
        Slice.objects.update(due_at=database_now())
        assert self.wrong(10, issue.published_at) == ["nothing handed over within 10 minutes"]

    def test_sending_goes_on_whatever_alarms_say(self, staff: Staff, outbox: Path) -> None:
        enrol_one("Ann")
        issue = publish(staff)
        work_but_sending()
        assert self.wrong(10, issue.published_at) != []
        assert send_one_slice()
        assert progress(issue).sent == 1
