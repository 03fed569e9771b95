"""A court wants somebody's data kept: what they asked for waits, is told honestly, and is done."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine

from tests.support import traces
from tests.support.factories import Staff, days, enrol, enrol_one, run_schedules, stay, work
from wayhome.officers.access import Refused, access_for
from wayhome.officers.models import Look
from wayhome.problems import Problem
from wayhome.travellers import erasure, legal_hold, retention
from wayhome.travellers.erasure import Ask
from wayhome.travellers.models import Registration, Traveller
from wayhome.travellers.privacy_models import LegalHold
from wayhome.trips.enrolment import PersonSaid
from wayhome.work import clock

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture(autouse=True)
def data(outbox: Path) -> Path:
    return outbox.parent


def ask(person: Traveller) -> Ask:
    asked = erasure.ask(Registration.objects.get(traveller=person), Ask.SaidBy.SELF)
    work()
    asked.refresh_from_db()
    return asked


def test_what_they_asked_waits_for_the_hold_and_is_done_when_it_is_lifted(staff: Staff) -> None:
    person = enrol_one("Zebulon")
    hold = legal_hold.place(staff.signer, person.pk, reason="Court order 7/2026")
    asked = ask(person)
    assert (asked.is_kept, asked.kept_because) == (True, "a legal hold")
    assert Traveller.objects.get().name == "Zebulon"
    legal_hold.lift(staff.signer, hold.pk, "the court has closed the case")
    work()
    asked.refresh_from_db()
    assert asked.done_at is not None
    assert traces.in_tables(["zebulon", "court"]) == []
    kept = LegalHold.objects.get()
    assert (kept.placed_by, kept.lifted_by) == (staff.signer.pk, staff.signer.pk)


def test_a_hold_on_a_child_keeps_the_guardian_too(staff: Staff) -> None:
    enrolled = enrol("Ann Ash", PersonSaid("Kit Ash", minor=True))
    ann, kit = (each.traveller for each in enrolled)
    legal_hold.place(staff.signer, kit.pk, reason="custody case")
    assert ask(ann).kept_because == "a legal hold"
    assert not erasure.is_erased(ann.pk)


def test_two_holds_stand_each_for_itself(staff: Staff) -> None:
    person = enrol_one("Ann")
    first, second = (legal_hold.place(staff.signer, person.pk, reason=f"court {n}") for n in (1, 2))
    ask(person)
    legal_hold.lift(staff.signer, first.pk, "closed")
    work()
    assert not erasure.is_erased(person.pk)
    legal_hold.lift(staff.signer, second.pk, "closed")
    work()
    assert erasure.is_erased(person.pk)


def test_a_hold_ends_by_itself_after_its_last_day(staff: Staff) -> None:
    person = enrol_one("Ann")
    legal_hold.place(staff.signer, person.pk, reason="court", until=days(5))
    ask(person)
    with time_machine.travel(clock.now() + timedelta(days=5), tick=False):
        erasure.retry_kept()
        work()
        assert not erasure.is_erased(person.pk)
    with time_machine.travel(clock.now() + timedelta(days=6), tick=False):
        run_schedules()
        work()
        assert erasure.is_erased(person.pk)


def test_retention_leaves_whoever_is_held_as_they_are(staff: Staff) -> None:
    held = enrol_one("Ann", stays=[stay(arrive=-400, depart=-380)])
    free = enrol_one("Ben", stays=[stay(arrive=-400, depart=-380)])
    hold = legal_hold.place(staff.signer, held.pk, reason="court")
    with time_machine.travel(clock.now() + timedelta(days=40), tick=False):
        retention.run()
        work()
        assert traces.in_tables(["mosul"]) != []
        assert [erasure.is_erased(each.pk) for each in (held, free)] == [False, True]
        legal_hold.lift(staff.signer, hold.pk, "closed")
        retention.run()
        work()
        assert erasure.is_erased(held.pk)


def test_who_may_and_what_must_be_said(staff: Staff) -> None:
    person = enrol_one("Ann")
    for officer in (staff.author, staff.viewer, staff.administrator):
        with pytest.raises(Refused):
            legal_hold.place(officer, person.pk, reason="court")
    with pytest.raises(Problem, match="reason"):
        legal_hold.place(staff.signer, person.pk, reason=" ")
    with pytest.raises(Problem, match="until"):
        legal_hold.place(staff.signer, person.pk, reason="court", until=days(-1))
    with pytest.raises(Problem, match="traveller"):
        legal_hold.place(staff.signer, 999_999, reason="court")
    hold = legal_hold.place(staff.signer, person.pk, reason="court")
    with pytest.raises(Refused):
        legal_hold.lift(staff.author, hold.pk, "closed")
    legal_hold.lift(staff.signer, hold.pk, "closed")
    with pytest.raises(Problem, match="lifted already"):
        legal_hold.lift(staff.signer, hold.pk, "closed")
    ask(person)
    with pytest.raises(Problem, match="was erased"):
        legal_hold.place(staff.signer, person.pk, reason="court")


def test_whoever_reads_the_holds_is_recorded(staff: Staff) -> None:
    person = enrol_one("Ann")
    legal_hold.place(staff.signer, person.pk, reason="court")
    access = access_for(staff.signer, "yearly review of holds")
    assert [each.reason for each in legal_hold.holds(access)] == ["court"]
    assert Look.objects.get(traveller_id=person.pk).view == "legal hold"


def test_nothing_is_told_of_the_reason_to_the_person(staff: Staff, settings: Any) -> None:
    person = enrol_one("Ann")
    legal_hold.place(staff.signer, person.pk, reason="secret inquiry")
    assert "inquiry" not in ask(person).kept_because
