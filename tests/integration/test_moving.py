"""People move to another instance: nobody is lost or doubled, no mark is, and no word is taken that
the receiver did not choose to take."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.enrolments import NOW, enrolments
from tests.support.factories import (
    Staff,
    enrol,
    enrol_one,
    make_officer,
    own,
    reach_of,
    region,
    stay,
)
from tests.support.tables import forget_names
from wayhome.audience.affects import Window
from wayhome.audience.services import find
from wayhome.officers.access import Refused
from wayhome.officers.models import Look
from wayhome.officers.roles import Role
from wayhome.places.resolve import resolve
from wayhome.problems import Problem
from wayhome.travellers import contact_policy
from wayhome.travellers.models import (
    Assurance,
    ContactPoint,
    Door,
    Reach,
    ReachStep,
    Registration,
    Traveller,
)
from wayhome.travellers.queries import in_care
from wayhome.travellers.services import repoint, suppress
from wayhome.trips import services as trips
from wayhome.trips.enrolment import EnrolmentSaid, PersonSaid
from wayhome.trips.models import Stay, StayMatch
from wayhome.trips.moves.keys import ExchangeKey
from wayhome.trips.moving import arrive, leave, own_key
from wayhome.work import clock
from wayhome.work.models import Owed

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

KEPT = ("officer", "instance", "compartment", "clearance", "audit_row", "audit_batch")


@pytest.fixture
def lead(db: None) -> Any:
    return make_officer("lead", Role.APPROVER)


def another_instance(settings: Any, name: str = "another") -> ExchangeKey:
    """From here on this is another instance, and empty; its key."""
    empty()
    settings.SECRET_KEY = f"the secret of {name} instance"
    return own_key()


def empty() -> None:
    tables = [m._meta.db_table for m in apps.get_models() if m._meta.db_table not in KEPT]
    kept = ("django_", "auth_")
    with connection.cursor() as cursor:
        cursor.execute(
            "SET CONSTRAINTS ALL DEFERRED"
            if connection.vendor == "postgresql"
            else "PRAGMA defer_foreign_keys = ON"
        )
        for table in tables:
            if not table.startswith(kept):
                cursor.execute(f'DELETE FROM "{table}"')
    forget_names()


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def audience(code: str = "IQ-NI") -> list[tuple[str, int, int]]:
    found = find(resolve(region(code)), Window(clock.now(), clock.now(), 7, 7))
    names = dict(Traveller.objects.values_list("pk", "name"))
    return sorted(
        (names[int(t)], int(c), int(r))
        for t, c, r in zip(found.traveller, found.certainty, found.reason, strict=True)
    )


@settings(max_examples=20, suppress_health_check=list(HealthCheck), deadline=None)
@given(made=enrolments(), data=st.data())
def test_out_and_in_and_out_again_is_the_same(
    made: list[EnrolmentSaid], data: st.DataObject, tmp_path_factory: Any, settings: Any
) -> None:
    folder = tmp_path_factory.mktemp("moves")
    settings.SECRET_KEY = "the secret of one instance"
    one = own_key()
    with time_machine.travel(NOW, tick=False), transaction.atomic():
        clock.forget_offset()
        lead = make_officer("lead", Role.APPROVER)
        registrations = [r for said in made for r in trips.enrol(said)]
        _live(data, registrations, lead)
        there = audience()
        first = folder / "first.whm"
        leave(lead, "closing the old register", first)
        assert len(lines(first)) > 2
        other = another_instance(settings)
        result = arrive(first, one, cap=Assurance.CONFIRMED, trust_verification=True)
        assert (result.enrolled, result.faults) == (len(registrations), [])
        assert audience() == there
        second = folder / "second.whm"
        leave(lead, "closing the old register", second)
        before, after = lines(first), lines(second)
        for was, now in zip(before[1:-1], after[1:-1], strict=True):
            assert now == was
        assert after[-1]["signed_by"] == str(other)
        again = arrive(first, one, cap=Assurance.CONFIRMED, trust_verification=True)
        assert (again.enrolled, again.known) == (0, len(registrations))
        assert Registration.objects.count() == len(registrations)
        transaction.set_rollback(True)


def _live(data: st.DataObject, registrations: list[Registration], lead: Any) -> None:
    """What happens to people after they enrolled."""
    for registration in registrations:
        step = data.draw(st.sampled_from(["", "moved on", "left", "joined", "stopped", "hostile"]))
        first = Stay.objects.filter(trip__registration=registration, is_current=True).first()
        reach = Reach.objects.filter(registration=registration).first()
        if step == "moved on" and first:
            trips.change_stay(first.pk, depart=first.arrive + timedelta(days=200))
        if step == "left" and first:
            trips.confirm_departure(first.pk, first.arrive)
        if step == "joined":
            to = data.draw(st.sampled_from(registrations)).traveller
            registration.refresh_from_db()
            if to.pk != registration.traveller_id and not to.is_minor:
                repoint(registration, to, why="the same passport", by_officer=lead.pk)
                trips.repoint(registration)  # as its job does
        if step == "stopped" and reach:
            contact_policy.stop(reach.pk, own(reach))
        if step == "hostile" and reach:
            contact_policy.mark_hostile(lead, reach.pk, "taken with the phone")


def test_marks_survive(settings: Any, tmp_path: Path, lead: Any) -> None:
    """In hostile hands there, in hostile hands here; a stop is a stop, a bounce a bounce."""
    ann, bo, cy = enrol_one("Ann"), enrol_one("Bo"), enrol_one("Cy")
    contact_policy.mark_hostile(lead, reach_of(ann).pk, "the phone was taken")
    contact_policy.stop(reach_of(bo).pk, own(reach_of(bo)), "too many")
    suppress(reach_of(cy).contact_point, "550 no such user")
    one, file = own_key(), tmp_path / "people.whm"
    leave(lead, "closing", file)
    another_instance(settings)
    # The address of Ann serves somebody here already, whom nobody has marked.
    dee = enrol_one("Dee", mail="ann@example.org")
    epoch = reach_of(dee).contact_point.link_epoch
    arrive(file, one, trust_verification=True)
    whose = {r.registration.traveller.name: r for r in Reach.objects.all()}
    assert whose["Ann"].hostile_since is not None
    assert whose["Bo"].stopped_at is not None
    assert whose["Cy"].contact_point.suppressed_why == "550 no such user"
    assert list(ReachStep.objects.values_list("did", flat=True)) == ["hostile", "stopped"]
    from wayhome.travellers.sql import channels_of

    ids = list(Traveller.objects.values_list("pk", flat=True))
    assert channels_of(ids, clock.now(), verified_only=False) == []
    dees = ContactPoint.objects.get(address="ann@example.org")
    assert dees.link_epoch == epoch + 1  # what was sent there before opens nothing any more


def test_the_word_of_another_is_taken_as_far_as_the_operator_says(
    settings: Any, tmp_path: Path, lead: Any
) -> None:
    ann = enrol_one("Ann")
    Registration.objects.filter(traveller=ann).update(assurance=Assurance.CONFIRMED)
    one, file = own_key(), tmp_path / "people.whm"
    leave(lead, "closing", file)
    another_instance(settings)
    for cap, trust, level, verified in (
        (Assurance.SELF_DECLARED, False, Assurance.SELF_DECLARED, False),
        (Assurance.REACHABLE, False, Assurance.SELF_DECLARED, False),
        (Assurance.REACHABLE, True, Assurance.REACHABLE, True),
        (Assurance.CONFIRMED, True, Assurance.CONFIRMED, True),
    ):
        with transaction.atomic():
            arrive(file, one, cap=cap, trust_verification=trust)
            registration, reach = Registration.objects.get(), Reach.objects.get()
            assert (registration.assurance, reach.verified_at is not None) == (level, verified)
            moved = registration.original["moved"]
            assert moved["assurance"] == Assurance.CONFIRMED
            assert moved["assured_by"].startswith("Desk (")
            assert (registration.door, moved["door"]) == (Door.LIST, Door.SELF)
            transaction.set_rollback(True)


def test_whoever_arrives_is_owed_the_warnings_in_force(
    settings: Any, tmp_path: Path, lead: Any
) -> None:
    enrol("Ann", PersonSaid("Kim", minor=True))
    one, file = own_key(), tmp_path / "people.whm"
    leave(lead, "closing", file)
    another_instance(settings)
    arrive(file, one)
    people = {str(pk) for pk in Traveller.objects.values_list("pk", flat=True)}
    owed = Owed.objects.filter(job="delivery.join").values_list("key", flat=True)
    assert set(owed) == people
    assert len(people) == 2
    assert StayMatch.objects.values("traveller_id").distinct().count() == 2
    adult = Traveller.objects.get(guardian=None)
    assert [minor.name for minor in in_care(adult)] == ["Kim"]


def test_who_came_back_is_known_and_who_was_erased_stays_so(
    settings: Any, tmp_path: Path, lead: Any
) -> None:
    """Home again in its own file: known here; and gone for good who was erased here meanwhile."""
    home = settings.SECRET_KEY
    ann = enrol_one("Ann")
    one, out, back = own_key(), tmp_path / "out.whm", tmp_path / "back.whm"
    leave(lead, "the other looks after them", out)
    with transaction.atomic():
        other = another_instance(settings)
        arrive(out, one)
        enrol_one("Bo")
        leave(lead, "back again", back)
        transaction.set_rollback(True)
    settings.SECRET_KEY = home
    result = arrive(back, other)
    assert (result.enrolled, result.known) == (1, 1)
    assert sorted(Traveller.objects.values_list("name", flat=True)) == ["Ann", "Bo"]
    assert Registration.objects.filter(traveller=ann).count() == 1
    empty()
    again = arrive(back, other)
    assert list(Traveller.objects.values_list("name", flat=True)) == ["Bo"]
    assert (again.enrolled, again.known) == (1, 1)


def test_only_the_receiver_reads_a_sealed_file(settings: Any, tmp_path: Path, lead: Any) -> None:
    home = settings.SECRET_KEY
    with transaction.atomic():
        other = another_instance(settings)
        transaction.set_rollback(True)
    settings.SECRET_KEY = home
    for n in range(300):  # more than one record
        enrol_one(f"Person{n} Canary", mail=f"p{n}@example.org")
    one, file = own_key(), tmp_path / "people.whm"
    left = leave(lead, "closing", file, to=other)
    octets = file.read_bytes()
    assert len(octets) > 2 * 65_536
    assert b"Canary" not in octets
    assert (left.registrations, file.stat().st_mode & 0o777) == (300, 0o600)
    with pytest.raises(Problem, match="does not open"):
        arrive(file, one)  # the sender cannot open it either
    another_instance(settings)
    for wrong in (
        octets[:-1],
        octets[: -(65_536 // 2)],
        octets[:49] + octets[49 + 65_552 :],
        octets[:100] + bytes([octets[100] ^ 1]) + octets[101:],
    ):
        file.write_bytes(wrong)
        with pytest.raises(Problem, match="does not open"):
            arrive(file, one)
    assert not Registration.objects.exists()
    file.write_bytes(octets)
    assert arrive(file, one).enrolled == 300


def test_a_file_that_was_changed_or_is_anothers_brings_in_nobody(
    settings: Any, tmp_path: Path, lead: Any
) -> None:
    enrol_one("Ann")
    enrol_one("Bo")
    one, file = own_key(), tmp_path / "people.whm"
    leave(lead, "closing", file)
    good = file.read_text(encoding="utf-8")
    third = another_instance(settings, "a third")
    rows = good.splitlines(keepends=True)
    for wrong, words in (
        (good.replace("Ann", "Eve"), "did not sign"),
        ("".join([rows[0], rows[2], rows[1], rows[3]]), "did not sign"),
        ("".join(rows[:2] + rows[3:]), "did not sign"),
        ("".join(rows[:-1]), "is not whole"),
        (rows[0], "is not whole"),
    ):
        file.write_text(wrong, encoding="utf-8")
        with pytest.raises(Problem, match=words):
            arrive(file, one)
    file.write_text(good, encoding="utf-8")
    with pytest.raises(Problem, match="did not sign"):
        arrive(file, third)
    later = clock.now() + timedelta(days=31)
    with time_machine.travel(later), pytest.raises(Problem, match="was to be used until"):
        arrive(file, one)
    assert not Registration.objects.exists()


def test_leaving_needs_a_purpose_and_the_right_and_is_seen(
    settings: Any, tmp_path: Path, staff: Staff, lead: Any
) -> None:
    ann = enrol_one("Ann", stays=[stay()])
    file = tmp_path / "people.whm"
    with pytest.raises(Refused):
        leave(staff.author, "closing", file)
    with pytest.raises(Refused):
        leave(lead, " ", file)
    assert not list(tmp_path.iterdir())
    left = leave(lead, "the embassy closes", file)
    header = lines(file)[0]
    assert (header["purpose"], header["mark"]) == ("the embassy closes", left.mark)
    look = Look.objects.get()
    assert (look.traveller_id, look.view, look.purpose) == (ann.pk, "moving", "the embassy closes")
    with pytest.raises(Problem, match="exists"):
        leave(lead, "the embassy closes", file)
