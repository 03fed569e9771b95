"""Delivery when people, officers and other workers step in between any two of its steps."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from tests.support.factories import (
    Staff,
    cancel,
    enrol_one,
    mails,
    own,
    publish,
    reach_of,
    run_schedules,
    stay,
    update,
    warning,
    work,
    work_but_sending,
)
from tests.support.relays import Scripted, puts_off, set_relays, takes
from wayhome.delivery import linking, relays, sending
from wayhome.delivery.models import Delivery, Receipt, Slice
from wayhome.delivery.receipts import record as record_receipt
from wayhome.delivery.recording import Tried, apply
from wayhome.delivery.types import DeliveryKey, Outcome, Outgoing
from wayhome.travellers import contact_policy
from wayhome.travellers import services as travellers
from wayhome.travellers.contact_policy import PolicySaid
from wayhome.travellers.models import ContactPoint, Reach
from wayhome.work import clock

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.mark.parametrize("how", ["stopped", "ended", "out of date"])
def test_neutral_wording_stays_neutral_in_updates(staff: Staff, outbox: Path, how: str) -> None:
    ann = enrol_one("Ann")
    reach = reach_of(ann)
    contact_policy.set_policy(reach.pk, PolicySaid(neutral=True), own(reach))
    first = publish(staff)
    work()
    assert "Mosul" not in mails(outbox, first)["ann@example.org"].as_string()
    if how == "stopped":
        contact_policy.stop(reach.pk, own(reach))
    else:
        field = {"ended": "ended_at", "out of date": "valid_until"}[how]
        Reach.objects.filter(pk=reach.pk).update(**{field: clock.now()})
    last = update(staff, first)
    work()
    for mail in mails(outbox, last).values():
        assert "Mosul" not in mail.as_string()


@pytest.mark.parametrize("how", ["ended", "unverified", "stopped"])
def test_links_of_several_go_only_while_verified_for_each(
    staff: Staff, monkeypatch: pytest.MonkeyPatch, settings: Any, how: str
) -> None:
    relay = Scripted()
    set_relays(monkeypatch, settings, relay)
    enrol_one("Ann", mail="home@example.org")
    bob = enrol_one("Bob", mail="home@example.org")
    linking.ask("home@example.org")
    work_but_sending()
    reach = reach_of(bob)
    if how == "stopped":
        contact_policy.stop(reach.pk, own(reach))
    elif how == "ended":
        Reach.objects.filter(pk=reach.pk).update(ended_at=clock.now())
    else:
        Reach.objects.filter(pk=reach.pk).update(verified_at=None)
    work()
    for message in relay.got:
        assert "Bob" not in message.text


@pytest.mark.parametrize("how", ["stopped", "ended"])
def test_an_update_newly_planned_for_an_address_that_is_stopped_is_withdrawn(
    staff: Staff, outbox: Path, how: str
) -> None:
    enrol_one("Ann")
    first = publish(staff)
    work()
    Slice.objects.all()
    last = update(staff, first)
    bob = enrol_one("Bob")  # the original never went there
    work_but_sending()
    reach = reach_of(bob)
    if how == "stopped":
        contact_policy.stop(reach.pk, own(reach))
    else:
        Reach.objects.filter(pk=reach.pk).update(ended_at=clock.now())
    work()
    assert set(mails(outbox, last)) == {"ann@example.org"}


def test_lifted_while_its_slice_goes_out_is_not_lost(
    staff: Staff, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrol_one("Ann")
    enrol_one("Bob")
    publish(staff)
    work_but_sending()
    point = ContactPoint.objects.get(address="bob@example.org")
    travellers.suppress(point, "it bounced")

    def lifts(message: Outgoing) -> Outcome:
        if not relay.got:
            travellers.lift(staff.author, point.pk, "he called")
            work_but_sending()  # join and follow have looked: it is owed, nothing is to be done
        return takes(message)

    relay = Scripted(answer=lifts)
    set_relays(monkeypatch, settings, relay)
    Slice.objects.update(route=relays.SMTP)
    work()
    run_schedules()
    work()
    assert sorted(relay.addresses) == ["ann@example.org", "bob@example.org"]


def test_resumed_while_its_slice_goes_out_is_not_lost(
    staff: Staff, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrol_one("Ann")
    bob = enrol_one("Bob")
    publish(staff)
    work_but_sending()
    reach = reach_of(bob)
    contact_policy.stop(reach.pk, own(reach))

    def resumes(message: Outgoing) -> Outcome:
        if not relay.got:
            contact_policy.resume(reach.pk, own(reach))
            work_but_sending()
        return takes(message)

    relay = Scripted(answer=resumes)
    set_relays(monkeypatch, settings, relay)
    Slice.objects.update(route=relays.SMTP)
    work()
    run_schedules()
    work()
    assert sorted(relay.addresses) == ["ann@example.org", "bob@example.org"]


@pytest.mark.parametrize("then", ["withdrawn", "hostile", "refused"])
def test_what_was_opened_again_and_could_not_go_is_opened_once_more(
    staff: Staff, outbox: Path, then: str
) -> None:
    ann = enrol_one("Ann")
    issue = publish(staff)
    work()
    point = ContactPoint.objects.get()
    key = DeliveryKey(issue.pk, 0, point.pk, "mail")
    record_receipt(key, Receipt.Word.BOUNCED, "dsn", "one", "5.1.1", "no such mailbox")
    travellers.lift(staff.author, point.pk, "she called")
    work_but_sending()
    assert Delivery.objects.get().state == "owed"
    if then == "withdrawn":
        travellers.suppress(ContactPoint.objects.get(), "it bounced")
        work()
        travellers.lift(staff.author, point.pk, "mended now")
    elif then == "hostile":
        contact_policy.mark_hostile(staff.author, reach_of(ann).pk, "taken")
        work()
        contact_policy.lift_hostile(staff.author, reach_of(ann).pk, "was a mistake")
    else:
        with transaction.atomic():
            apply([Tried(key, "refused", "550 5.1.1 no such user", "5.1.1", "r", clock.now())])
        work()
        travellers.lift(staff.author, point.pk, "mended now")
    work()
    assert Delivery.objects.get().state == "sent"


def test_what_is_opened_again_has_its_whole_time(
    staff: Staff, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrol_one("Ann")
    issue = publish(staff)
    work_but_sending()
    point = ContactPoint.objects.get()
    key = DeliveryKey(issue.pk, 0, point.pk, "mail")
    then = clock.now() - timedelta(hours=settings.WAYHOME_GIVE_UP_HOURS + 1)
    with transaction.atomic():
        for n in range(4):  # greylisted for half an hour, days ago
            apply([Tried(key, "later", "451", "4.7.1", "r", then + timedelta(minutes=n))])
        apply([Tried(key, "sent", "250", "", "r", then + timedelta(minutes=9))])
    record_receipt(key, Receipt.Word.BOUNCED, "dsn", "one", "5.1.1", "no such mailbox")
    relay = Scripted(answer=puts_off)
    set_relays(monkeypatch, settings, relay)
    travellers.lift(staff.author, point.pk, "she called")
    work()
    assert Delivery.objects.get().state == "owed"


def test_a_link_letter_of_one_is_asked_for_its_person(
    staff: Staff, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    """Control: with one registration it holds (passes today)."""
    relay = Scripted()
    set_relays(monkeypatch, settings, relay)
    bob = enrol_one("Bob", mail="home@example.org")
    linking.ask("home@example.org")
    work_but_sending()
    Reach.objects.filter(pk=reach_of(bob).pk).update(verified_at=None)
    work()
    assert relay.got == []


def test_someone_joined_while_its_slice_goes_out_is_not_lost(
    staff: Staff, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two records of one person are joined, the jobs run, the sender still holds what it read in
    between: the registration is the other's and the audience is not yet."""
    enrol_one("Ann")
    bob = enrol_one("Bob")
    robert = enrol_one("Robert", mail="bob2@example.org", stays=[stay("Paris, France")])
    publish(staff)
    work_but_sending()
    travellers.repoint(bob.registrations.get(), robert, why="one person", by_officer=None)

    def joins(message: Outgoing) -> Outcome:
        if not relay.got:
            work_but_sending()  # repoint and join
        return takes(message)

    relay = Scripted(answer=joins)
    set_relays(monkeypatch, settings, relay)
    Slice.objects.update(route=relays.SMTP)
    assert sending.send_one_slice()
    work()
    run_schedules()
    work()
    assert "bob@example.org" in relay.addresses


def test_a_cancel_reaches_after_the_original_has_expired(staff: Staff, outbox: Path) -> None:
    enrol_one("Ann")
    first = publish(staff, warning(expires_at=clock.now() + timedelta(hours=1)))
    work()
    last = cancel(staff, first)
    from wayhome.bulletins.models import Issue

    print(Issue.objects.get(pk=last.pk).expires_at)
    work()
    assert set(mails(outbox, last)) == {"ann@example.org"}
