"""What is decided while a message is on its way out, or just before it is recorded, holds too."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from tests.support.factories import (
    Staff,
    cancel,
    enrol,
    enrol_one,
    mails,
    publish,
    work,
    work_but_sending,
)
from tests.support.relays import Scripted, set_relays, takes
from wayhome.bulletins.models import Issue
from wayhome.delivery import canaries, linking, relays, sending
from wayhome.delivery.models import Attempt, Delivery, Receipt, Relay, Slice
from wayhome.delivery.receipts import record as record_receipt
from wayhome.delivery.recording import Tried, apply
from wayhome.delivery.types import DeliveryKey, Outcome, Outgoing
from wayhome.letters.models import Letter
from wayhome.letters.services import TEXT_LENGTH
from wayhome.travellers import contact_policy
from wayhome.travellers import services as travellers
from wayhome.travellers.contact_policy import By
from wayhome.travellers.models import ContactPoint, Reach
from wayhome.work import clock, clock_steps
from wayhome.work.clock import database_now
from wayhome.work.models import Owed
from wayhome.work.services import owe

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def point_of(name: str) -> ContactPoint:
    return ContactPoint.objects.get(address=f"{name.lower()}@example.org")


def outcomes(name: str) -> list[str]:
    rows = Attempt.objects.filter(contact_point_id=point_of(name).pk).order_by("n")
    return list(rows.values_list("outcome", flat=True))


class TakesAhead(Scripted):
    """As under pipelining: the next message is taken while the relay thinks about the one before,
    and ``meanwhile`` happens."""

    meanwhile: Callable[[], object] = staticmethod(lambda: None)

    def send(
        self, messages: Iterable[Outgoing], still_goes: Callable[[], bool]
    ) -> Iterator[Outcome | None]:
        waiting = iter(messages)
        message = next(waiting, None)
        while message is not None:
            if not still_goes():
                message = next(waiting, None)
                continue
            ahead = next(waiting, None)
            self.meanwhile()
            yield None
            time.sleep(sending.POLICY_SECONDS + 0.1)
            self.got.append(message)
            yield Outcome("sent", "250 at last")
            message = ahead


@pytest.fixture
def relay(staff: Staff, settings: Any, monkeypatch: pytest.MonkeyPatch) -> TakesAhead:
    relay = TakesAhead()
    set_relays(monkeypatch, settings, relay)
    return relay


@pytest.fixture
def issue(staff: Staff, relay: TakesAhead) -> Issue:
    """Ann's message goes first."""
    enrol_one("Ann")
    enrol_one("Bob")
    issue = publish(staff)
    work_but_sending()
    return issue


class TestTakenAhead:
    def test_nothing_has_changed(self, relay: TakesAhead, issue: Issue) -> None:
        assert sending.send_one_slice()
        assert relay.addresses == ["ann@example.org", "bob@example.org"]

    def test_a_cancel_holds_it(self, staff: Staff, relay: TakesAhead, issue: Issue) -> None:
        done: list[Issue] = []
        relay.meanwhile = lambda: done or done.append(cancel(staff, issue))
        assert sending.send_one_slice()
        assert relay.addresses == ["ann@example.org"]
        assert outcomes("Bob") == []

    @pytest.mark.parametrize("how", ["hostile", "stopped", "suppressed", "ended"])
    def test_what_people_and_officers_decide_holds(
        self, staff: Staff, relay: TakesAhead, issue: Issue, how: str
    ) -> None:
        bob = Reach.objects.get(contact_point=point_of("Bob"))
        steps: dict[str, Callable[[], object]] = {
            "hostile": lambda: contact_policy.mark_hostile(staff.author, bob.pk, "taken"),
            "stopped": lambda: contact_policy.stop(bob.pk, By(registration_id=bob.registration_id)),
            "suppressed": lambda: travellers.suppress(point_of("Bob"), "it bounced"),
            "ended": lambda: Reach.objects.filter(pk=bob.pk).update(ended_at=clock.now()),
        }
        done: list[object] = []
        relay.meanwhile = lambda: done or done.append(steps[how]() or how)
        assert sending.send_one_slice()
        assert relay.addresses == ["ann@example.org"]
        assert outcomes("Bob") == ["withdrawn"]

    def test_links_that_were_made_new_go_instead_of_the_old_ones(
        self, relay: TakesAhead, issue: Issue
    ) -> None:
        done: list[int] = []
        bobs = ContactPoint.objects.filter(address="bob@example.org")
        relay.meanwhile = lambda: done or done.append(bobs.update(link_epoch=7))
        work()
        assert relay.addresses == ["ann@example.org", "bob@example.org"]
        assert outcomes("Bob") == ["sent"]

    def test_the_lease_is_kept_while_the_relay_thinks(
        self, relay: TakesAhead, issue: Issue
    ) -> None:
        ends: list[object] = []

        def look() -> None:
            ends.append(Slice.objects.get().lease_until)
            time.sleep(0.02)

        relay.meanwhile = look
        assert sending.send_one_slice()
        first, second = ends
        assert first < second  # type: ignore[operator]


class TestRecheck:
    def withdraw(self, issue: Issue, name: str, why: str) -> None:
        """A sender decided so a moment ago, and records it now."""
        key = DeliveryKey(issue.pk, 0, point_of(name).pk, "mail")
        with transaction.atomic():
            apply([Tried(key, "withdrawn", why, "", "r", clock.now())])

    def withdraw_what_was_lifted(self, staff: Staff, issue: Issue) -> None:
        travellers.suppress(point_of("Bob"), "it bounced")
        travellers.lift(staff.author, point_of("Bob").pk, "he called")
        work_but_sending()
        self.withdraw(issue, "Bob", "suppressed")

    def test_lifted_before_it_is_recorded(
        self, staff: Staff, relay: TakesAhead, issue: Issue
    ) -> None:
        self.withdraw_what_was_lifted(staff, issue)
        work()
        assert outcomes("Bob") == ["withdrawn", "sent"]

    def test_who_got_it_from_an_overtaken_worker_does_not_get_it_twice(
        self, staff: Staff, relay: TakesAhead, issue: Issue
    ) -> None:
        self.withdraw_what_was_lifted(staff, issue)
        key = DeliveryKey(issue.pk, 0, point_of("Bob").pk, "mail")
        with transaction.atomic():
            apply([Tried(key, "sent", "250 taken", "", "r", clock.now())])
        work()
        assert outcomes("Bob") == ["withdrawn", "sent"]
        assert relay.addresses.count("bob@example.org") == 0

    def test_resumed_before_it_is_recorded(self, relay: TakesAhead, issue: Issue) -> None:
        bob = Reach.objects.get(contact_point=point_of("Bob"))
        own = By(registration_id=bob.registration_id)
        contact_policy.stop(bob.pk, own)
        contact_policy.resume(bob.pk, own)
        work_but_sending()
        self.withdraw(issue, "Bob", "nobody is reached there any more")
        work()
        assert outcomes("Bob") == ["withdrawn", "sent"]

    def test_what_is_still_withdrawn_stays_so(self, relay: TakesAhead, issue: Issue) -> None:
        travellers.suppress(point_of("Bob"), "it bounced")
        for _ in range(3):
            work()
        assert outcomes("Bob") == ["withdrawn"]
        assert not Owed.objects.filter(job="delivery.recheck").exists()

    def test_what_a_newer_issue_replaced_stays_so(
        self, staff: Staff, relay: TakesAhead, issue: Issue
    ) -> None:
        self.withdraw(issue, "Bob", "suppressed")
        cancel(staff, issue)
        work()
        of_first = Attempt.objects.filter(issue_id=issue.pk, contact_point_id=point_of("Bob").pk)
        assert list(of_first.values_list("outcome", flat=True)) == ["withdrawn"]


class TestBouncesThatComeLate:
    def test_it_goes_again_where_the_address_was_lifted_since(
        self, staff: Staff, relay: TakesAhead, issue: Issue
    ) -> None:
        work()
        travellers.suppress(point_of("Bob"), "another message bounced")
        travellers.lift(staff.author, point_of("Bob").pk, "he called")
        work()
        assert outcomes("Bob") == ["sent"]
        key = DeliveryKey(issue.pk, 0, point_of("Bob").pk, "mail")
        for reference in ("one", "two"):  # a second report of the same one
            record_receipt(key, Receipt.Word.BOUNCED, "dsn", reference, "5.1.1", "no such user")
        work()
        assert outcomes("Bob") == ["sent", "sent"]
        assert point_of("Bob").suppressed_at is None
        record_receipt(key, Receipt.Word.BOUNCED, "dsn", "three", "5.1.1", "no such user")
        work()
        assert outcomes("Bob") == ["sent", "sent"]
        assert point_of("Bob").suppressed_at is not None


def test_a_doubtful_message_goes_again_less_and_less_often(
    staff: Staff, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_silent(_message: Outgoing) -> Outcome:
        return Outcome("later", "no answer: whether it was taken cannot be known", doubt=True)

    relay = Scripted(answer=is_silent)
    set_relays(monkeypatch, settings, relay)
    enrol_one("Ann")
    publish(staff)
    pauses = []
    for _ in range(14):
        work()
        pauses.append((Slice.objects.get(state="open").due_at - database_now()).total_seconds())
        Slice.objects.filter(state="open").update(due_at=database_now())
    assert all(later > earlier * 1.5 for earlier, later in pairwise(pauses[:12]))
    assert sum(pauses[:12]) > 12 * 3600  # no more than a dozen in half a day
    relay.answer = takes
    work()
    assert Delivery.objects.get().state == "sent"


class TestClockSetBack:
    """The database's clock was a day ahead when these were written."""

    def test_slices_wait_no_longer(self, relay: TakesAhead, issue: Issue) -> None:
        ahead = database_now() + timedelta(days=1)
        Slice.objects.update(cut_at=ahead, due_at=ahead + timedelta(minutes=2))
        assert not sending.send_one_slice()
        clock_steps.set_right()
        assert sending.send_one_slice()
        assert relay.addresses == ["ann@example.org", "bob@example.org"]

    def test_those_that_wait_for_a_reason_wait_on(self, relay: TakesAhead, issue: Issue) -> None:
        tomorrow = database_now() + timedelta(hours=20)
        Slice.objects.update(due_at=tomorrow)
        clock_steps.set_right()
        assert not sending.send_one_slice()

    @pytest.mark.parametrize("field", ["down_until", "free_at"])
    def test_relays_rest_no_longer(self, relay: TakesAhead, issue: Issue, field: str) -> None:
        relay.rate = 100
        ahead = database_now() + timedelta(days=1)
        Relay.objects.create(name=relay.name, **{field: ahead})
        assert relays.choose(relays.SMTP, 1, database_now()) is not None

    def test_owed_work_waits_no_longer(self) -> None:
        now = database_now()
        ahead = now + timedelta(days=1)
        for job, key in (("delivery.follow", "1"), ("delivery.follow", "2"), ("delivery.pace", "")):
            owe(job, key)
        Owed.objects.filter(key="1").update(since=ahead, due_at=ahead)
        Owed.objects.filter(key="2").update(tries=3, due_at=ahead)
        Owed.objects.filter(job="delivery.pace").update(since=ahead, due_at=ahead)
        clock_steps.set_right()
        assert not Owed.objects.filter(due_at__gt=database_now()).exists()

    def test_owed_work_that_waits_for_a_reason_waits_on(self) -> None:
        now = database_now()
        owe("delivery.pace")
        owe("delivery.follow", "1")
        Owed.objects.filter(job="delivery.pace").update(
            since=now + timedelta(seconds=60), due_at=now + timedelta(seconds=60)
        )
        Owed.objects.filter(key="1").update(tries=9, due_at=now + timedelta(minutes=10))
        clock_steps.set_right()
        assert not Owed.objects.filter(due_at__lte=database_now()).exists()


def test_a_letter_of_many_links_and_long_names_goes(
    staff: Staff, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    relay = Scripted()
    set_relays(monkeypatch, settings, relay)
    for number in range(25):
        enrol_one(f"{number} " + "Wolfeschlegelsteinhausen " * 7, mail="home@example.org")
    linking.ask("home@example.org")
    work_but_sending()
    letter = Letter.objects.get(kind="link")
    assert len(letter.text) <= TEXT_LENGTH
    assert letter.text.count("/my/") == linking.MOST_LINKS
    assert "24 Wolfeschlegelsteinhausen" in letter.text
    work()
    assert relay.addresses == ["home@example.org"]


@pytest.mark.parametrize("name", ["Bob /my/x/ Ash", "http://127.0.0.1:8000/my/x/"])
def test_a_letter_of_links_goes_whatever_a_name_holds(outbox: Path, name: str) -> None:
    enrol("Ann Ash", name)
    work()
    linking.ask("ann@example.org")
    work()
    assert len(list((outbox / "letters").glob("*.eml"))) == 1


def test_a_canary_that_is_no_address_stops_no_warning(
    staff: Staff, settings: Any, outbox: Path
) -> None:
    settings.WAYHOME_CANARIES = ["Canary <canary@example.org>", "good@example.org"]
    enrol_one("Ann")
    issue = publish(staff)
    work()
    assert set(mails(outbox, issue)) == {"ann@example.org", "good@example.org"}
    assert len(canaries.faults()) == 1
    assert "Canary <" in canaries.faults()[0]
