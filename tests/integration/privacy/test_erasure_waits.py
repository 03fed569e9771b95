"""What people ask waits while officers look for them, and is done when they do no more."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.integration.privacy.test_erasure import SELF, answer, forget, registration_of
from tests.support import traces
from tests.support.factories import Staff, enrol, enrol_one, region, stay, work
from wayhome.links import TripsLink
from wayhome.musters import services as musters
from wayhome.musters.models import Muster, RollEntry
from wayhome.replies import services as replies
from wayhome.travellers import erasers, erasure
from wayhome.travellers.models import Traveller
from wayhome.trips.enrolment import PersonSaid
from wayhome.work import clock

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def data(outbox: Path) -> Path:
    return outbox.parent


def open_muster(staff: Staff) -> Muster:
    made = musters.open_muster(
        staff.author, name="Mosul", region=region(), starts_at=clock.now() - timedelta(hours=1)
    )
    work()
    return made


def test_while_the_minor_is_looked_for_neither_goes(staff: Staff) -> None:
    enrolled = enrol("Ann Ash", PersonSaid("Kit Ash", minor=True))
    ann, kit = (each.traveller for each in enrolled)
    muster = open_muster(staff)
    for person in (ann, kit):
        answer_of = enrolled[0]
        link = TripsLink(answer_of.pk, answer_of.link_epoch)
        replies.reply_by_trips(link, "safe", [person.pk])
    work()
    entry = RollEntry.objects.get(muster=muster, traveller=ann)
    musters.close_entry(staff.signer, entry.pk, reason="met her at the gate")
    asked = forget(ann)
    assert (asked.done_at, asked.kept_because) == (None, "a muster")
    entry = RollEntry.objects.get(muster=muster, traveller=kit)
    musters.close_entry(staff.signer, entry.pk, reason="at the gate too")
    work()
    assert traces.in_tables(["ash"]) == []


def test_while_a_muster_covers_them_it_is_kept_as_said_and_then_carried_out(staff: Staff) -> None:
    person = enrol_one("Zebulon")
    muster = open_muster(staff)
    asked = forget(person)
    assert (asked.is_kept, asked.kept_because, asked.done_at) == (True, "a muster", None)
    assert Traveller.objects.get().name == "Zebulon"
    assert RollEntry.objects.get().closed_at is None
    musters.close_muster(staff.signer, muster.pk)
    work()
    asked.refresh_from_db()
    assert asked.done_at is not None
    assert traces.in_tables(["zebulon"]) == []
    entry = RollEntry.objects.get()
    assert (entry.traveller_id, entry.area, entry.state) == (person.pk, "IQ-NI", "silent")


def test_while_a_roll_is_being_called_nobody_slips_off(staff: Staff) -> None:
    """The muster is open and its roll not yet filled: who asks now may be on it in a second."""
    person = enrol_one("Ann")
    musters.open_muster(
        staff.author, name="Mosul", region=region(), starts_at=clock.now() - timedelta(hours=1)
    )
    asked = erasure.ask(registration_of(person), SELF)
    assert asked.kept_because == "a muster that is being called"
    work()
    assert not erasure.is_erased(person.pk)
    assert RollEntry.objects.filter(traveller=person).exists()


def test_a_call_for_help_that_nobody_answered_holds_it_up(staff: Staff) -> None:
    """There is no muster at all: they asked for help, and then, perhaps forced, to be forgotten."""
    person = enrol_one("Ann")
    answer(person, "needs help", "they are at the door")
    asked = forget(person)
    assert asked.kept_because == "a call for help"
    replies.reply_told(staff.author, person.pk, "safe")
    erasure.retry_kept()
    work()
    assert erasure.is_erased(person.pk)


def test_a_call_for_help_outlives_its_muster(staff: Staff) -> None:
    person = enrol_one("Ann")
    muster = open_muster(staff)
    answer(person, "needs help")
    musters.close_muster(staff.signer, muster.pk)
    asked = forget(person)
    assert asked.kept_because == "a call for help"
    entry = RollEntry.objects.get()
    musters.decide(staff.author, entry.pk, "safe", reason="spoke to her brother")
    erasure.retry_kept()
    work()
    assert erasure.is_erased(person.pk)
    assert traces.in_tables(["brother"]) == []


def test_begun_it_is_finished_though_a_muster_is_opened_meanwhile(
    staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = enrol_one("Ann")
    asked = erasure.ask(registration_of(person), SELF)

    def dying(subject: erasers.Subject) -> dict[str, int]:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setitem(erasers._erasers, "trips", dying)
        with pytest.raises(KeyboardInterrupt):
            erasure.carry_out(asked.pk)
    open_muster(staff)
    assert erasure.is_erased(person.pk)


def test_who_enrols_while_a_muster_lasts_is_not_forgotten_before_they_are_on_it(
    staff: Staff,
) -> None:
    open_muster(staff)
    asked = erasure.ask(registration_of(enrol_one("Ann")), SELF)
    assert asked.kept_because == "a muster that is being called"
    elsewhere = enrol_one("Ben", stays=[stay("Paris, France")])
    work()
    assert erasure.ask(registration_of(elsewhere), SELF).kept_because == ""
    assert RollEntry.objects.filter(traveller__name="Ann").exists()
