"""An office, some addresses, a relay and workers that die: what random schedules are made of.

``Schedule`` is a state machine of what people, officers, relays and workers do; whatever its
steps, at its end ``wayhome check delivery`` finds nothing, and the relay's own memory agrees.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.support.deaths import (
    ANSWERS,
    POINTS,
    Deaths,
    Killed,
    Relay,
    another_worker,
    fresh_database,
    leave_worker,
    send_by,
)
from tests.support.factories import Staff, enrol, make_staff, run_schedules, stay, warning
from wayhome.audience.services import in_force, read_back
from wayhome.bulletins import services as bulletins
from wayhome.bulletins.models import Bulletin, Issue, IssueKind, State
from wayhome.delivery import dispatching, planning
from wayhome.delivery.models import Attempt, Dispatch, Receipt, Slice
from wayhome.delivery.proving.proof import prove
from wayhome.delivery.proving.report import total_broken
from wayhome.delivery.rendering import message_id
from wayhome.delivery.sending import send_one_slice
from wayhome.letters.services import owe_letter
from wayhome.problems import Problem
from wayhome.replies import services as replies
from wayhome.travellers import contact_policy
from wayhome.travellers import services as travellers
from wayhome.travellers.contact_policy import By
from wayhome.travellers.models import ContactPoint, Reach, Registration, Traveller
from wayhome.trips import services as trips
from wayhome.trips.models import Stay
from wayhome.work import clock
from wayhome.work.models import Owed
from wayhome.work.services import run_one_due

ADDRESSES = 5
MOST_DRAINED = 400

WHICH = st.integers(0, 3)
ADDRESS = st.integers(0, ADDRESSES - 1)
PLACES = st.sampled_from(("Mosul", "Mosul", "Paris, France"))
DEATHS = st.one_of(st.none(), st.tuples(st.sampled_from(POINTS), st.integers(1, 6)))
MEANWHILE = ("takeover", "update", "cancel", "stop", "enrol", "move")
LONG_AGO = datetime.fromisoformat("2001-01-01T00:00:00+00:00")


class Schedule(RuleBasedStateMachine):
    """An office, five addresses, a relay, and workers that die."""

    staff: Staff

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.folder = tempfile.TemporaryDirectory(prefix="wayhome-test-")
        fresh_database(Path(self.folder.name))
        self.days = timedelta(0)
        self.patch.setattr(clock, "_instance_offset", lambda: self.days)
        self.patch.setattr(planning, "CHUNK", 2)
        self.patch.setattr(planning, "CHUNKS_IN_STEP", 1)
        self.deaths = Deaths()
        self.relay = Relay(self.deaths)
        send_by(self.relay, self.patch)
        self.deaths.install(self.patch)
        self.staff = make_staff()
        self.presses = 0

    def teardown(self) -> None:
        try:
            self.settle()
            self.look()
        finally:
            leave_worker()
            self.patch.undo()
            self.folder.cleanup()

    @initialize()
    def begin(self) -> None:
        for number in range(3):
            self.enrol(number, "Mosul", True, False, False)
        self.publish("warning", "public", 30)

    # What people do

    @rule(at=ADDRESS, place=PLACES, verified=st.booleans(), two=st.booleans(), watch=st.booleans())
    def enrol(self, at: int, place: str, verified: bool, two: bool, watch: bool) -> None:
        enrol(
            *("Ann Ash", "Ben Ash")[: 1 + two],
            mail=f"a{at}@example.org",
            verified_at=clock.now() if verified else None,
            stays=[stay(place, -3, 20)],
            watches=("IQ",) if watch else (),
        )

    @rule(which=WHICH, place=PLACES)
    def move(self, which: int, place: str) -> None:
        stays = Stay.objects.filter(is_current=True).order_by("pk")
        trips.change_stay(stays[which % len(stays)].pk, said=stay(place, -2, 20))

    @rule(which=WHICH, at=ADDRESS, verified=st.booleans())
    def give_another_address(self, which: int, at: int, verified: bool) -> None:
        registrations = Registration.objects.order_by("pk")
        travellers.add_reach(
            registrations[which % registrations.count()],
            travellers.contact_point("mail", f"a{at}@example.org"),
            verified_at=clock.now() if verified else None,
        )

    @rule(at=ADDRESS, how=st.sampled_from(("stop", "hostile", "end", "bounce")))
    def part_with_an_address(self, at: int, how: str) -> None:
        for reach in self.reaches_at(at):
            if how == "stop":
                contact_policy.stop(reach.pk, By(self.staff.publisher))
            elif how == "hostile" and reach.hostile_since is None:
                contact_policy.mark_hostile(self.staff.publisher, reach.pk, "a test")
            elif how == "end":
                Reach.objects.filter(pk=reach.pk).update(ended_at=clock.now())
            elif how == "bounce":
                travellers.suppress(reach.contact_point, "a test")

    @rule(at=ADDRESS)
    def mend_an_address(self, at: int) -> None:
        officer = self.staff.publisher
        for reach in self.reaches_at(at):
            contact_policy.resume(reach.pk, By(officer))
            if reach.hostile_since is not None:
                contact_policy.lift_hostile(officer, reach.pk, "a test")
        for point in ContactPoint.objects.filter(address=f"a{at}@example.org"):
            if point.suppressed_at is not None:
                travellers.lift(officer, point.pk, "a test")

    @rule(at=ADDRESS)
    def ask_for_a_code(self, at: int) -> None:
        point = ContactPoint.objects.filter(address=f"a{at}@example.org").first()
        if point is not None:
            self.presses += 1
            owe_letter(
                kind="code",
                contact_point_id=point.pk,
                subject="Your code",
                text="123",
                language="en",
                expires_at=clock.now() + timedelta(hours=1),
                once=str(self.presses),
            )

    @rule(which=WHICH)
    def reply(self, which: int) -> None:
        people = Traveller.objects.order_by("pk")
        person = people[which % people.count()]
        replies.reply_told(self.staff.publisher, person.pk, "safe")

    # What officers do

    @rule(
        kind=st.sampled_from(("warning", "advisory")),
        distribution=st.sampled_from(("public", "verified persons", "officers")),
        days=st.sampled_from((1, 30)),
    )
    def publish(self, kind: str, distribution: str, days: int) -> None:
        if Bulletin.objects.count() >= 3:
            return
        said = replace(
            warning(distribution=distribution, expires_at=clock.now() + timedelta(days=days)),
            kind=kind,
            level=None if kind == "warning" else 3,
        )
        self.carry_out(bulletins.draft(self.staff.author, said))

    @rule(which=WHICH)
    def update(self, which: int) -> None:
        found = self.followed_up(which)
        if found is None:
            return
        bulletin = bulletins.begin_update(self.staff.author, found.pk)
        Bulletin.objects.filter(pk=bulletin.pk).update(
            expires_at=clock.now() + timedelta(days=30), version=bulletin.version + 1
        )
        bulletin.refresh_from_db()
        self.carry_out(bulletin)

    @rule(which=WHICH)
    def cancel(self, which: int) -> None:
        found = self.followed_up(which)
        if found is not None:
            self.carry_out(bulletins.begin_cancel(self.staff.author, found.pk))

    @rule(which=WHICH)
    def publish_the_same_twice(self, which: int) -> None:
        found = self.followed_up(which)
        if found is None:
            return
        bulletin = bulletins.begin_cancel(self.staff.author, found.pk)
        self.carry_out(bulletin)
        with pytest.raises(Problem):
            bulletins.publish(self.staff.publisher, bulletin.pk, expect_count=0)

    @rule(which=WHICH)
    def stop_or_resume(self, which: int) -> None:
        issues = Issue.objects.order_by("pk")
        issue = issues[which % issues.count()]
        stopped = Dispatch.objects.filter(pk=issue.pk, stopped_at__isnull=False).exists()
        turn = dispatching.resume if stopped else dispatching.stop
        if issue.bulletin.newest_issue_id != issue.pk:
            with pytest.raises(Problem, match="was replaced"):
                turn(self.staff.publisher, issue.pk, "for a test")
            return
        turn(self.staff.publisher, issue.pk, "for a test")
        if stopped:
            self.relay.silent -= {f"issue-{issue.pk}"}

    # What befalls workers and relays

    @rule(answers=st.lists(st.sampled_from(ANSWERS), min_size=1, max_size=6))
    def the_relay_will_answer(self, answers: list[str]) -> None:
        self.relay.answers.extend(answers)

    @rule(full=st.booleans())
    def the_journals_disk_is_full(self, full: bool) -> None:
        self.deaths.disk_is_full = full

    @rule(steps=st.integers(1, 12), sends=st.booleans(), death=DEATHS)
    def work(self, steps: int, sends: bool, death: tuple[str, int] | None) -> None:
        """A worker does some of what is due, and may die of it."""
        self.relay.silent = self.silenced()
        if death is not None:
            self.deaths.plan(*death)
        try:
            for _ in range(steps):
                self.one_step(sends)
        except Killed:
            self.deaths.bury(self.relay)
        finally:
            self.deaths.forget()

    @rule(steps=st.integers(1, 4))
    def send_while_other_work_waits(self, steps: int) -> None:
        self.relay.silent = self.silenced()
        for _ in range(steps):
            self.one_step(True, owed_first=False)

    @rule(steps=st.integers(2, 12), point=st.sampled_from(POINTS), after=st.integers(1, 8))
    def work_and_die(self, steps: int, point: str, after: int) -> None:
        self.work(steps, True, (point, after))

    @rule(
        what=st.sampled_from(MEANWHILE),
        which=WHICH,
        death=DEATHS,
    )
    def while_a_message_is_in_flight(
        self, what: str, which: int, death: tuple[str, int] | None
    ) -> None:
        happens: dict[str, Any] = {
            "takeover": self.taken_over,
            "update": lambda: self.update(which),
            "cancel": lambda: self.cancel(which),
            "stop": lambda: self.stop_or_resume(which),
            "enrol": lambda: self.enrol(which, "Mosul", True, False, False),
            "move": lambda: self.move(which, "Paris, France"),
        }
        self.relay.meanwhile = happens[what]
        self.work(8, True, death)
        self.relay.meanwhile = None

    @rule()
    def leases_run_out(self) -> None:
        Slice.objects.filter(lease_until__isnull=False).update(lease_until=LONG_AGO)
        Owed.objects.filter(lease_until__isnull=False).update(lease_until=LONG_AGO)

    @rule()
    def pauses_end(self) -> None:
        Slice.objects.update(due_at=LONG_AGO)
        Owed.objects.exclude(key="").update(due_at=LONG_AGO)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE relay SET down_until = NULL")

    @rule(days=st.integers(1, 3))
    def days_pass(self, days: int) -> None:
        self.days += timedelta(days=days)
        run_schedules()

    # How it is done

    def reaches_at(self, at: int) -> list[Reach]:
        rows = Reach.objects.filter(contact_point__address=f"a{at}@example.org", ended_at=None)
        return list(rows.select_related("contact_point").order_by("pk"))

    def taken_over(self) -> None:
        """The worker stands still past its lease, and another does what is due."""
        self.leases_run_out()
        with another_worker():
            for _ in range(4):
                self.one_step(True)

    def one_step(self, sends: bool, *, owed_first: bool = True) -> bool:
        try:
            return (owed_first and run_one_due()) or (sends and send_one_slice())
        except (RuntimeError, OperationalError) as error:
            if str(error) not in ("a fault of the channel", "the disk is full"):
                raise
            self.deaths.lose_hold(self.relay)
            return True  # the worker says so and goes on

    def silenced(self) -> frozenset[str]:
        """Folders of issues that were replaced or stopped before this worker came."""
        issues = Issue.objects.filter(newest_of__isnull=True).values_list("pk", flat=True)
        stopped = Dispatch.objects.filter(stopped_at__isnull=False).values_list("pk", flat=True)
        return frozenset(f"issue-{pk}" for pk in (*issues, *stopped))

    def followed_up(self, which: int) -> Bulletin | None:
        found = list(Bulletin.objects.filter(state=State.PUBLISHED).order_by("pk"))
        return found[which % len(found)] if found else None

    def carry_out(self, bulletin: Bulletin) -> None:
        bulletins.submit(self.staff.author, bulletin.pk)
        read_back(bulletin.pk)
        readback = bulletin.readbacks.latest("pk")
        count = readback.counts["people"]
        bulletins.sign(self.staff.signer, bulletin.pk, readback.pk, expect_count=count)
        bulletins.publish(self.staff.publisher, bulletin.pk, expect_count=count)

    def settle(self) -> None:
        """Nothing goes wrong any more: all that is owed is done."""
        self.relay.answers.clear()
        self.deaths.disk_is_full = False
        stopped = Dispatch.objects.filter(stopped_at__isnull=False).values_list("pk", flat=True)
        for issue in Issue.objects.filter(pk__in=list(stopped), newest_of__isnull=False):
            dispatching.resume(self.staff.publisher, issue.pk, "for the end of a test")
        run_schedules()
        self.relay.silent = self.silenced()
        for _ in range(MOST_DRAINED):
            self.leases_run_out()
            self.pauses_end()
            if not self.one_step(True):
                return
        raise AssertionError(f"work is still due: {list(Owed.objects.values('job', 'last_error'))}")

    def look(self) -> None:
        rules = prove()
        broken = [(each.name, each.first) for each in rules if each.broken]
        assert not total_broken(rules), broken
        for each in rules:
            assert "being joined" not in each.facts, each
            assert "being planned" not in each.facts, each
            assert "being followed" not in each.facts, each
        self.each_message_has_one_person()
        self.everything_is_explained()
        self.nobody_is_lost()

    def each_message_has_one_person(self) -> None:
        assert not self.relay.too_late
        for identifier, copies in self.relay.taken.items():
            assert len({copy.address for copy in copies}) == 1, identifier

    def everything_is_explained(self) -> None:
        """What the relay took is what the history says, and what nobody lived to hear of."""
        taken = Counter({key: len(copies) for key, copies in self.relay.taken.items()})
        told: Counter[str] = Counter()
        sent = Attempt.objects.filter(outcome=Attempt.Outcome.SENT)
        for row in sent.values_list("issue_id", "letter_id", "contact_point_id", "channel"):
            told[message_id(*row)] += 1
        assert not Receipt.objects.exists()
        assert taken == told + self.relay.unheard

    def nobody_is_lost(self) -> None:
        """Everyone who is there now, by the people themselves, got all that is in force."""
        for issue in in_force():
            if issue.distribution != "public" or issue.issue_kind == IssueKind.CANCEL:
                continue
            folder = f"issue-{issue.pk}"
            got = {
                copy.address
                for copies in self.relay.taken.values()
                for copy in copies
                if copy.folder == folder
            }
            for row in Stay.objects.filter(is_current=True, words__startswith="Mosul"):
                registration = row.trip.registration
                for reach in Reach.objects.filter(registration=registration):
                    address = reach.contact_point.address
                    if (
                        reach.stopped_at or reach.ended_at
                        or reach.contact_point.suppressed_at
                        or reach.contact_point.reaches.filter(hostile_since__isnull=False).exists()
                        or (folder, address) in self.relay.refused
                    ):  # fmt: skip
                        continue
                    assert address in got, (folder, address)
