"""Planning: exactly one delivery for each key, late joiners warned, older issues held."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.db import connections, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.factories import (
    Staff,
    cancel,
    days,
    enrol,
    enrol_one,
    mails,
    make_staff,
    publish,
    region,
    run_schedules,
    stay,
    update,
    warning,
    work,
    work_but_sending,
)
from wayhome.audience.models import AudienceRow, Certainty, Reason
from wayhome.bulletins.models import Issue
from wayhome.delivery import planning
from wayhome.delivery.models import Attempt, Delivery, DeliveryState, Receipt, Slice, Total
from wayhome.delivery.proving.proof import prove
from wayhome.delivery.queries import doubles, progress
from wayhome.delivery.receipts import record as record_receipt
from wayhome.delivery.recording import Tried, apply
from wayhome.delivery.sending import send_one_slice
from wayhome.delivery.types import DeliveryKey
from wayhome.travellers import contact_policy
from wayhome.travellers import services as travellers
from wayhome.travellers.models import ContactPoint, Reach, Registration, Traveller
from wayhome.trips import services as trips
from wayhome.trips.enrolment import PersonSaid
from wayhome.trips.models import Stay
from wayhome.work import clock
from wayhome.work.models import Owed
from wayhome.work.services import reconcile

pytestmark = [pytest.mark.integration]


def addressed(issue: Issue) -> list[str]:
    """Addresses that the issue has a delivery for, as often as it has one."""
    points = Delivery.objects.filter(issue_id=issue.pk).values_list("contact_point_id", flat=True)
    address = dict(ContactPoint.objects.values_list("pk", "address"))
    return sorted(address[point] for point in points)


def audience(issue: Issue) -> dict[str, tuple[int, int]]:
    rows = AudienceRow.objects.filter(issue_id=issue.pk)
    name = dict(Traveller.objects.values_list("pk", "name"))
    return {name[row.traveller_id]: (row.certainty, row.reason) for row in rows}


def sound(issue: Issue) -> None:
    """Every owed delivery is in an open slice of its issue, and no other delivery in any."""
    for delivery in Delivery.objects.filter(issue_id=issue.pk):
        assert (delivery.state == DeliveryState.OWED) == (delivery.slice_id is not None)
    owed = Counter(
        Delivery.objects.exclude(slice_id=None).values_list("slice_id", "issue_id", "channel")
    )
    for (number, issue_id, channel), size in owed.items():
        row = Slice.objects.get(pk=number)
        assert (row.issue_id, row.channel, row.state) == (issue_id, channel, "open")
        assert size <= row.size


@pytest.mark.django_db
class TestExactlyOne:
    def test_many_stays_parties_watches_and_lists_make_one_delivery(self, staff: Staff) -> None:
        shared = {"mail": "ann@example.org"}
        enrol("Ann", "Bob", stays=[stay(), stay("Tallkayf, Iraq"), stay("IQ-NI")], **shared)
        enrol("Ann", PersonSaid("Cy", mail="ann@example.org"), watches=("IQ", "IQ-NI"), **shared)
        enrol("Ann", stays=[stay("Paris, France")], watches=("IQ",), **shared)
        issue = publish(staff)
        work_but_sending()
        assert addressed(issue) == ["ann@example.org"]
        sound(issue)

    def test_planning_again_changes_nothing(self, staff: Staff) -> None:
        enrol("Ann", phone="+9647901234567")
        enrol("Bob", mail="bob@example.org", stays=[stay("Baghdad, Iraq")], watches=("IQ-NI",))
        issue = publish(staff)
        work_but_sending()
        before = [list(model.objects.order_by("pk").values()) for model in (Delivery, AudienceRow)]
        slices = Slice.objects.count()
        planning.plan(issue.pk)
        planning.plan(issue.pk, [1, 2, 3])
        after = [list(model.objects.order_by("pk").values()) for model in (Delivery, AudienceRow)]
        assert after == before
        assert Slice.objects.count() == slices
        assert addressed(issue) == ["+9647901234567", "ann@example.org", "bob@example.org"]

    @settings(
        max_examples=25,
        deadline=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        parties=st.lists(
            st.tuples(
                st.lists(st.integers(0, 4), min_size=1, max_size=3),  # each person's own address
                st.integers(0, 4),  # the party's address
                st.sampled_from(("there", "elsewhere", "watching", "left long ago")),
            ),
            min_size=1,
            max_size=6,
        ),
        chunk=st.integers(1, 4),
    )
    def test_in_any_tangle_of_addresses(
        self, parties: list[tuple[list[int], int, str]], chunk: int
    ) -> None:
        with transaction.atomic(), pytest.MonkeyPatch.context() as patch:
            patch.setattr(planning, "CHUNK", chunk)
            expected = set()
            for own, shared, where in parties:
                people = [PersonSaid(f"P{n}", mail=f"m{n}@example.org") for n in own]
                place = "Mosul" if where in ("there", "left long ago") else "Paris, France"
                enrol(
                    *people,
                    mail=f"m{shared}@example.org",
                    stays=[stay(place, -30, -20 if where == "left long ago" else 5)],
                    watches=("IQ",) if where == "watching" else (),
                )
                if where in ("there", "watching"):
                    expected |= {f"m{n}@example.org" for n in (*own, shared)}
            issue = publish(make_staff())
            work_but_sending()
            assert addressed(issue) == sorted(expected)
            sound(issue)
            transaction.set_rollback(True)


@pytest.mark.django_db(transaction=True)
class TestTwoPlannersAtOnce:
    def test_make_one_delivery_each(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(planning, "CHUNK", 7)
        for number in range(40):
            enrol(
                f"P{number}",
                mail=f"p{number}@example.org",
                watches=("IQ",) if number % 3 == 0 else (),
                stays=[stay("Paris, France" if number % 3 == 0 else "Mosul")],
            )
        issue = publish(make_staff())
        Owed.objects.all().delete()
        failures: list[BaseException] = []

        def plan() -> None:
            try:
                planning.plan(issue.pk)
            except BaseException as error:  # noqa: BLE001  (shown below)
                failures.append(error)
            finally:
                connections.close_all()

        threads = [threading.Thread(target=plan) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert addressed(issue) == sorted(f"p{n}@example.org" for n in range(40))
        assert AudienceRow.objects.filter(issue_id=issue.pk).count() == 40
        assert sum(Slice.objects.values_list("size", flat=True)) == 40
        sound(issue)


@pytest.mark.django_db
class TestWho:
    def test_reasons_and_certainty(self, staff: Staff) -> None:
        enrol_one("There")
        enrol_one("Coarse", stays=[stay("IQ")])
        enrol_one("Due", stays=[stay("Mosul", 5, 9)])
        enrol_one("Left", stays=[stay("Mosul", -20, -5)])
        enrol_one("Watching", stays=[stay("Paris, France")], watches=("IQ",))
        enrol_one("Elsewhere", stays=[stay("Paris, France")], watches=("FJ",))
        enrol_one("Later", stays=[stay("Mosul", 30, 40)])
        enrol_one("Gone", stays=[stay("Mosul", -40, -20)])
        issue = publish(staff)
        work_but_sending()
        assert audience(issue) == {
            "There": (Certainty.CERTAIN, Reason.THERE),
            "Coarse": (Certainty.POSSIBLE, Reason.THERE),
            "Due": (Certainty.CERTAIN, Reason.DUE_TO_ARRIVE),
            "Left": (Certainty.POSSIBLE, Reason.DUE_TO_HAVE_LEFT),
            "Watching": (Certainty.WATCHING, Reason.WATCHING),
        }
        counts = progress(issue)
        assert (counts.certain, counts.possible, counts.watching) == (2, 2, 1)
        assert (counts.audience, counts.planned, counts.owed) == (5, 5, 5)

    def test_a_watcher_enrolled_before_everyone_else_keeps_nobody_waiting(
        self, staff: Staff
    ) -> None:
        enrol_one("Wes", stays=[stay("Paris, France")], watches=("IQ",))
        enrol_one("Ann")
        issue = publish(staff)
        work_but_sending()
        assert addressed(issue) == ["ann@example.org", "wes@example.org"]

    def test_verified_persons_only(self, staff: Staff) -> None:
        enrol_one("Ann")
        enrol_one("Bob", verified_at=None)
        issue = publish(staff, warning(distribution="verified persons"))
        work_but_sending()
        assert addressed(issue) == ["ann@example.org"]
        assert set(audience(issue)) == {"Ann", "Bob"}

    def test_for_officers_nobody_outside_is_written_to(self, staff: Staff) -> None:
        enrol_one("Ann")
        issue = publish(staff, warning(distribution="officers"))
        work_but_sending()
        assert addressed(issue) == []
        assert set(audience(issue)) == {"Ann"}

    def test_emergency_contacts_suppressed_ended_and_hostile_addresses_are_not_written_to(
        self, staff: Staff
    ) -> None:
        made = enrol(
            "Ann", mail="ann@example.org", emergency_mail="mum@example.org", phone="+9647901234567"
        )
        registration = made[0]
        for name, change in {
            "ended": {"ended_at": clock.now()},
            "hostile": {"hostile_since": clock.now()},
            "expired": {"valid_until": clock.now() - timedelta(hours=1)},
        }.items():
            point = travellers.contact_point("mail", f"{name}@example.org")
            reach = travellers.add_reach(registration, point, verified_at=clock.now())
            Reach.objects.filter(pk=reach.pk).update(**change)
        point = travellers.contact_point("mail", "suppressed@example.org")
        travellers.add_reach(registration, point)
        ContactPoint.objects.filter(pk=point.pk).update(suppressed_at=clock.now())
        # The captor's telephone is another person's own number as well.
        travellers.add_reach(
            enrol_one("Bob", stays=[stay()]).registrations.get(),
            ContactPoint.objects.get(address="hostile@example.org"),
        )
        issue = publish(staff)
        work_but_sending()
        assert addressed(issue) == ["+9647901234567", "ann@example.org", "bob@example.org"]


@pytest.mark.django_db
class TestLateJoiners:
    def test_whoever_enrols_is_warned_at_once(self, staff: Staff, outbox: Path) -> None:
        enrol_one("Ann")
        issue = publish(staff)
        work()
        enrol_one("Late")
        enrol_one("Elsewhere", stays=[stay("Basra")])
        work()
        assert set(mails(outbox, issue)) == {"ann@example.org", "late@example.org"}

    def test_whoever_changes_a_stay_or_gives_an_address_is_warned(
        self, staff: Staff, outbox: Path
    ) -> None:
        enrol_one("Ann", stays=[stay("Basra")])
        bob = enrol_one("Bob")
        issue = publish(staff)
        work()
        trips.change_stay(Stay.objects.get(words__startswith="Basra").pk, said=stay())
        point = travellers.contact_point("mail", "bob2@example.org")
        travellers.add_reach(bob.registrations.get(), point)
        work()
        assert set(mails(outbox, issue)) == {
            "ann@example.org", "bob@example.org", "bob2@example.org",
        }  # fmt: skip

    def test_they_meet_only_the_newest_issue_of_a_thread(self, staff: Staff, outbox: Path) -> None:
        enrol_one("Ann")
        first = publish(staff)
        work()
        second = update(staff, first)
        work()
        enrol_one("Late")
        work()
        assert "late@example.org" not in mails(outbox, first)
        assert "late@example.org" in mails(outbox, second)

    def test_nothing_is_said_of_what_is_cancelled_or_over(self, staff: Staff, outbox: Path) -> None:
        enrol_one("Ann")
        cancelled, over = publish(staff), publish(staff)
        work()
        last = cancel(staff, cancelled)
        work()
        Issue.objects.filter(pk=over.pk).update(expires_at=clock.now() - timedelta(seconds=1))
        enrol_one("Late")
        work()
        for issue in (cancelled, over, last):
            assert "late@example.org" not in mails(outbox, issue)

    def test_a_stay_that_enters_the_lead_is_warned_as_days_pass(
        self, staff: Staff, outbox: Path
    ) -> None:
        enrol_one("Ann", stays=[stay("Mosul", 12, 20)])
        issue = publish(staff)
        work()
        assert mails(outbox, issue) == {}
        with time_machine.travel(clock.now() + timedelta(days=6)):
            clock.forget_offset()
            run_schedules()
            work()
        assert set(mails(outbox, issue)) == {"ann@example.org"}


@pytest.mark.django_db
class TestAnAddressThatIsMended:
    def test_what_was_withdrawn_goes_once_it_may(self, staff: Staff, outbox: Path) -> None:
        enrol("Ann")
        issue = publish(staff)
        work_but_sending()
        point = ContactPoint.objects.get()
        travellers.suppress(point, "it bounced")
        work()
        assert Delivery.objects.get().state == DeliveryState.WITHDRAWN
        travellers.lift(staff.author, point.pk, "she called")
        work()
        assert set(mails(outbox, issue)) == {"ann@example.org"}
        assert [a.outcome for a in Attempt.objects.order_by("n")] == ["withdrawn", "sent"]
        facts = Total.objects.filter(n__gt=0).values_list("fact", "n")
        assert dict(facts) == {"planned": 1, "sent": 1}

    def test_what_bounced_goes_again_and_only_once(self, staff: Staff, outbox: Path) -> None:
        ann = enrol("Ann")[0]
        issue = publish(staff)
        work()
        point = ContactPoint.objects.get()
        key = DeliveryKey(issue.pk, 0, point.pk, "mail")
        record_receipt(key, Receipt.Word.BOUNCED, "dsn", "one", "5.1.1", "no such mailbox")
        trips.change_stay(Stay.objects.get(trip__registration=ann).pk, depart=days(20))
        work()
        assert Attempt.objects.count() == 1
        travellers.lift(staff.author, point.pk, "she called")
        work()
        trips.change_stay(
            Stay.objects.get(trip__registration=ann, is_current=True).pk, depart=days(21)
        )
        work()
        assert [a.outcome for a in Attempt.objects.order_by("n")] == ["sent", "sent"]
        assert doubles() == 0
        assert Total.objects.get(fact="sent").n == 1

    @pytest.mark.parametrize("follow_up", [update, cancel])
    @pytest.mark.parametrize("serves", [True, False])
    def test_an_update_or_cancel_that_was_planned_without_it_goes_there(
        self,
        staff: Staff,
        outbox: Path,
        follow_up: Callable[[Staff, Issue], Issue],
        serves: bool,
    ) -> None:
        enrol("Ann")
        issue = publish(staff)
        work()
        point = ContactPoint.objects.get()
        travellers.suppress(point, "it bounced")
        last = follow_up(staff, issue)
        work()
        assert addressed(last) == []
        if not serves:  # whoever reads it now got the original there
            Reach.objects.update(ended_at=clock.now())
        travellers.lift(staff.author, point.pk, "she called")
        work()
        assert set(mails(outbox, last)) == {"ann@example.org"}
        assert [row.facts for row in prove() if row.broken] == []

    def test_a_cancel_goes_there_when_it_is_theirs_again(self, staff: Staff, outbox: Path) -> None:
        enrol("Ann")
        issue = publish(staff)
        work()
        reach = Reach.objects.get()
        contact_policy.mark_hostile(staff.author, reach.pk, "taken")
        last = cancel(staff, issue)
        work()
        assert mails(outbox, last) == {}
        contact_policy.lift_hostile(staff.author, reach.pk, "she is at the embassy")
        work()
        assert set(mails(outbox, last)) == {"ann@example.org"}

    def test_a_cancel_withdrawn_at_hand_off_goes_once_it_may(
        self, staff: Staff, outbox: Path
    ) -> None:
        enrol("Ann")
        issue = publish(staff)
        work()
        last = cancel(staff, issue)
        work_but_sending()
        point = ContactPoint.objects.get()
        travellers.suppress(point, "it bounced")
        work()
        assert mails(outbox, last) == {}
        travellers.lift(staff.author, point.pk, "she called")
        work()
        assert set(mails(outbox, last)) == {"ann@example.org"}

    def test_it_may_have_been_sent_by_an_overtaken_worker_and_goes_no_second_time(
        self, staff: Staff, outbox: Path
    ) -> None:
        enrol("Ann")
        issue = publish(staff)
        work_but_sending()
        point = ContactPoint.objects.get()
        key = DeliveryKey(issue.pk, 0, point.pk, "mail")
        travellers.suppress(point, "it bounced")
        work()
        with transaction.atomic():  # as its journal is settled
            apply([Tried(key, "sent", "250 taken", "", "relay", clock.now())])
        travellers.lift(staff.author, point.pk, "she called")
        work()
        assert Delivery.objects.get().state == DeliveryState.WITHDRAWN
        assert mails(outbox, issue) == {}


@pytest.mark.django_db
class TestThreads:
    def test_a_new_address_of_someone_who_was_warned_and_left_is_written_to(
        self, staff: Staff, outbox: Path
    ) -> None:
        ann = enrol_one("Ann")
        issue = publish(staff)
        work()
        trips.change_stay(Stay.objects.get().pk, said=stay("Paris, France", -3, 5))
        work()
        travellers.add_reach(
            ann.registrations.get(), travellers.contact_point("mail", "new@example.org")
        )
        work()
        assert set(mails(outbox, issue)) == {"ann@example.org", "new@example.org"}

    @pytest.mark.parametrize(
        ("outcomes", "followed"), [(["refused"], False), (["later", "refused"], True)]
    )
    def test_a_correction_follows_where_an_answer_may_have_been_lost(
        self, staff: Staff, outbox: Path, outcomes: list[str], followed: bool
    ) -> None:
        enrol("Ann")
        issue = publish(staff)
        work_but_sending()
        point = ContactPoint.objects.get()
        with transaction.atomic():
            for outcome in outcomes:
                key = DeliveryKey(issue.pk, 0, point.pk, "mail")
                apply([Tried(key, outcome, "no answer", "", "relay", clock.now())])
        Reach.objects.update(ended_at=clock.now())  # only the thread leads there
        last = cancel(staff, issue)
        work()
        assert set(mails(outbox, last)) == ({"ann@example.org"} if followed else set())

    def test_an_update_holds_what_the_older_issue_still_owes(
        self, staff: Staff, outbox: Path
    ) -> None:
        enrol_one("Ann")
        first = publish(staff)
        work_but_sending()
        assert progress(first).owed == 1
        second = update(staff, first)
        # Held from the transaction of the publication on, before any planning of the update.
        held = progress(Issue.objects.get(pk=first.pk))
        assert (held.owed, held.held) == (0, 1)
        assert not send_one_slice()
        work()
        assert mails(outbox, first) == {}
        assert set(mails(outbox, second)) == {"ann@example.org"}

    def test_a_failed_publication_holds_nothing(self, staff: Staff, outbox: Path) -> None:
        enrol_one("Ann")
        first = publish(staff)
        work_but_sending()
        with transaction.atomic():
            update(staff, first)
            transaction.set_rollback(True)  # the power goes
        work()
        assert set(mails(outbox, first)) == {"ann@example.org"}

    def test_a_cancel_reaches_all_who_may_have_got_the_original(
        self, staff: Staff, outbox: Path
    ) -> None:
        enrol_one("Stayed")
        moved = enrol_one("Moved")
        changed = enrol_one("Changed")
        captive = enrol_one("Captive")
        issue = publish(staff)
        work()
        stays = Stay.objects.filter(is_current=True)
        of = {s.trip.registration.traveller_id: s for s in stays}
        trips.change_stay(of[moved.pk].pk, said=stay("Paris, France", -3, 5))
        registration = changed.registrations.get()
        Reach.objects.filter(registration=registration).update(ended_at=clock.now())
        travellers.add_reach(registration, travellers.contact_point("mail", "new@example.org"))
        trips.change_stay(of[changed.pk].pk, said=stay("Paris, France", -3, 5))
        Reach.objects.filter(registration=captive.registrations.get()).update(
            hostile_since=clock.now()
        )
        last = cancel(staff, issue)
        work()
        assert set(mails(outbox, last)) == {
            "stayed@example.org",
            "moved@example.org",
            "changed@example.org",  # where the original went
            "new@example.org",  # and where they are reached now
        }
        reasons = {name: reason for name, (_, reason) in audience(last).items()}
        assert reasons["Moved"] == reasons["Changed"] == Reason.WAS_WARNED
        assert reasons["Stayed"] == Reason.THERE

    def test_in_small_chunks_nobody_is_left_out(
        self, staff: Staff, outbox: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(planning, "CHUNK", 2)
        for number in range(7):
            enrol_one(f"P{number}")
        issue = publish(staff)
        work()
        for row in Stay.objects.filter(is_current=True):
            trips.change_stay(row.pk, said=stay("Paris, France"))
        last = cancel(staff, issue)
        work()
        assert set(mails(outbox, last)) == {f"p{n}@example.org" for n in range(7)}

    def test_an_overtaken_plan_does_nothing(self, staff: Staff) -> None:
        enrol_one("Ann")
        first = publish(staff)
        Owed.objects.filter(job="delivery.plan").delete()  # no worker came by in time
        second = update(staff, first)
        planning.plan(first.pk)
        work_but_sending()
        assert addressed(first) == []
        assert addressed(second) == ["ann@example.org"]


@pytest.mark.django_db
def test_reconciling_plans_an_issue_that_no_row_asks_for(staff: Staff, outbox: Path) -> None:
    enrol_one("Ann")
    issue = publish(staff)
    Owed.objects.all().delete()
    work()
    assert mails(outbox, issue) == {}
    reconcile()
    work()
    assert set(mails(outbox, issue)) == {"ann@example.org"}


@pytest.mark.django_db
def test_who_was_joined_to_another_record_gets_one_message(staff: Staff, outbox: Path) -> None:
    ann, twin = enrol_one("Ann"), enrol_one("Anne", stays=[stay("Paris, France")])
    travellers.repoint(Registration.objects.get(traveller=ann), twin, why="same", by_officer=1)
    work()
    issue = publish(staff)
    work()
    assert set(mails(outbox, issue)) == {"ann@example.org", "anne@example.org"}
    assert set(audience(issue)) == {"Anne"}


@pytest.mark.django_db
def test_a_region_of_other_places_reaches_nobody_here(staff: Staff, outbox: Path) -> None:
    enrol_one("Ann")
    issue = publish(staff, warning(region=region("FJ")))
    work()
    assert mails(outbox, issue) == {}
    assert not Delivery.objects.exists()
