"""Enrolment and stays: all or nothing, every fault named, matching rows that follow."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.factories import days, enrol, enrol_one, said, stay, work
from wayhome.audience.affects import Window
from wayhome.audience.matching import match
from wayhome.places.region import parse
from wayhome.places.resolve import resolve
from wayhome.problems import Problem, Problems
from wayhome.travellers import services as travellers
from wayhome.travellers.models import (
    ContactPoint,
    Party,
    PartyMember,
    Reach,
    Registration,
    Traveller,
)
from wayhome.trips import services as trips
from wayhome.trips.enrolment import LegSaid, PersonSaid, StaySaid
from wayhome.trips.models import Leg, LegMatch, Stay, StayMatch, Trip, Watch
from wayhome.work import clock
from wayhome.work.models import Owed

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

WRITTEN = (Traveller, Registration, Party, ContactPoint, Reach, Trip, Stay, StayMatch, Leg, Owed)


def rows() -> dict[str, int]:
    return {model.__name__: model._default_manager.count() for model in WRITTEN}


def affected(code: str = "IQ-NI", **window: Any) -> set[int]:
    now = clock.now()
    region = resolve(parse({"kind": "area", "code": code}))
    return {int(t) for t in match(region, Window(now, now, **window)).traveller}


class TestEnrol:
    def test_a_family_is_written_whole(self) -> None:
        made = enrol(
            "Ann Ash", PersonSaid("Bo Ash", minor=True), PersonSaid("Cy Ash", mail="cy@example.org")
        )
        ann, bo, cy = [registration.traveller for registration in made]
        assert [ann.name, bo.name, cy.name] == ["Ann Ash", "Bo Ash", "Cy Ash"]
        assert bo.guardian_id == ann.pk
        assert not cy.is_minor
        party = PartyMember.objects.get(registration=made[0]).party
        assert Reach.objects.get(contact_point__address="ann@example.org").party == party
        assert Reach.objects.get(contact_point__address="cy@example.org").party is None
        assert affected() == {ann.pk, bo.pk, cy.pk}

    def test_a_child_named_first_is_in_the_care_of_the_adult(self) -> None:
        made = enrol(PersonSaid("Bo Ash", minor=True), "Ann Ash")
        bo, ann = [registration.traveller for registration in made]
        assert (bo.name, bo.guardian_id) == ("Bo Ash", ann.pk)

    def test_every_fault_is_named_and_nothing_written(self) -> None:
        before = rows()
        faulty = said(
            PersonSaid(" \x00 ", minor=True),
            stays=[
                StaySaid("Nowhereville-on-Sea", days(1), days(2)),
                StaySaid("Mosul", days(5), days(4)),
                StaySaid("Mosul", days(0), days(4000)),
            ],
            mail="not an address",
            phone="07901",
            language="xx",
            watches=("XX",),
        )
        with pytest.raises(Problems) as caught:
            trips.enrol(faulty)
        assert {problem.field for problem in caught.value.problems} == {
            "people", "name 1", "place 1", "depart 2", "depart 3", "mail", "phone", "language",
            "watch 1",
        }  # fmt: skip
        assert all(
            problem.problem and "\n" not in str(problem) for problem in caught.value.problems
        )
        assert rows() == before

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"people": ()}, "people"),
            ({"people": (PersonSaid("Bo", minor=True),)}, "people"),
            ({"people": (PersonSaid("Ann"),) * 41}, "people"),
            ({"people": (PersonSaid("x" * 201),)}, "name 1"),
            ({"people": (PersonSaid("Ann", reference="r" * 121),)}, "reference 1"),
            ({"stays": ()}, "stays"),
            ({"stays": (StaySaid("Mosul", date(2020, 1, 1)),) * 41}, "stays"),
            ({"mail": ""}, "mail"),
            ({"mail": "", "emergency_mail": "mum@example.org"}, "mail"),
        ],
    )
    def test_what_is_missing_or_too_much_is_said(self, change: dict[str, Any], field: str) -> None:
        with pytest.raises(Problems) as caught:
            trips.enrol(replace(said(), **change))
        assert field in {problem.field for problem in caught.value.problems}
        assert rows()["Traveller"] == 0

    def test_a_failure_half_way_leaves_nothing(self) -> None:
        enrol(PersonSaid("Ann", reference="R1"))
        before = rows()
        with pytest.raises(IntegrityError), transaction.atomic():
            enrol(PersonSaid("Zed", reference="R0"), PersonSaid("Ann", reference="R1"))
        assert rows() == before

    def test_one_address_is_one_contact_point_however_typed(self) -> None:
        enrol("Ann", mail="Ann@Example.ORG")
        enrol("Bob", mail=" ann@example.org ", phone="+964 790 123 4567")
        enrol("Cy", mail="", phone="+9647901234567")
        assert sorted(ContactPoint.objects.values_list("address", flat=True)) == [
            "+9647901234567",
            "ann@example.org",
        ]

    def test_emergency_contacts_are_kept_apart_and_unverified(self) -> None:
        enrol("Ann", emergency_mail="mum@example.org")
        reach = Reach.objects.get(contact_point__address="mum@example.org")
        assert reach.purpose == Reach.Purpose.EMERGENCY
        assert reach.verified_at is None

    def test_a_leg_is_matched_at_both_ends(self) -> None:
        leg = LegSaid(
            "air",
            "Istanbul, Turkey",
            clock.now() + timedelta(hours=1),
            "Erbil, Iraq",
            clock.now() + timedelta(hours=4),
        )
        ann = enrol_one("Ann", stays=[stay("Paris, France")], legs=(leg,))
        assert affected("IQ-AR", lead_days=1) == {ann.pk}
        assert affected("TR-34") == {ann.pk}
        assert set(LegMatch.objects.values_list("traveller_id", flat=True)) == {ann.pk}

    def test_a_leg_that_arrives_before_it_departs_is_refused(self) -> None:
        now = clock.now()
        leg = LegSaid("air", "Istanbul, Turkey", now, "Erbil, Iraq", now - timedelta(hours=1))
        with pytest.raises(Problems, match="leg 1 arrives"):
            enrol("Ann", legs=(leg,))

    def test_a_ship_far_out_is_found_by_what_is_drawn_there(self) -> None:
        ann = enrol_one("Ann", stays=[stay("10.0, -30.0")])
        drawn = resolve(parse({"kind": "circle", "lon": -30.0, "lat": 10.1, "radius_km": 20}))
        now = clock.now()
        assert [int(t) for t in match(drawn, Window(now, now)).traveller] == [ann.pk]

    def test_a_watch_is_kept_by_its_current_code(self) -> None:
        enrol("Ann", watches=("iq-ni",), stays=())
        assert Watch.objects.get().area == "IQ-NI"


HOSTILE = st.text(
    alphabet=st.characters(exclude_categories=()), min_size=0, max_size=60
) | st.sampled_from(
    (
        "Ann\x00Ash",
        "Ann\r\nBcc: all@example.org",
        "<script>alert(1)</script>",
        "'; DROP TABLE traveller; --",
        "\u202egnp.exe",
        "%s %(x)s {0}",
        "\ud800",
        "آن",
    )
)


class TestHostileText:
    @settings(
        max_examples=60,
        deadline=None,
        print_blob=True,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(name=HOSTILE, words=HOSTILE, carrier=HOSTILE, reference=HOSTILE)
    def test_any_text_is_kept_clean_or_refused_with_its_field(
        self, name: str, words: str, carrier: str, reference: str
    ) -> None:
        now = clock.now()
        leg = LegSaid("air", "Istanbul, Turkey", now, "Erbil, Iraq", now, carrier=carrier)
        before = rows()
        try:
            with transaction.atomic():
                made = enrol(
                    PersonSaid(name, reference=reference), stays=[stay(), stay(words)], legs=(leg,)
                )
        except Problems as problems:
            refused = {problem.field for problem in problems.problems}
        else:
            refused = set()
        if refused:
            assert refused <= {"name 1", "place 2", "reference 1"}
            assert rows() == before
            return
        traveller = Traveller.objects.get(pk=made[0].traveller_id)
        assert traveller.name.translate({0x200C: None, 0x200D: None}).isprintable()
        assert traveller.name.strip()
        made[0].refresh_from_db()
        assert made[0].original["mail"] == "ann@example.org"
        Leg.objects.get(trip__registration=made[0])
        Registration.objects.filter(pk=made[0].pk).update(reference="")

    @pytest.mark.parametrize(
        "mail",
        [
            "ann@example.org\nBcc: bob@example.org",
            "ann@example.org, bob@example.org",
            "Ann <ann@example.org>",
            "ann@example.org\x00",
            '"a b"@example.org',
        ],
    )
    def test_one_field_never_holds_two_addresses(self, mail: str) -> None:
        with pytest.raises(Problems, match="mail"):
            enrol("Ann", mail=mail)


class TestStays:
    def test_an_edited_stay_is_a_new_version_and_only_that_is_matched(self) -> None:
        ann = enrol_one("Ann")
        old = Stay.objects.get()
        new = trips.change_stay(old.pk, said=stay("Basra", 0, 5))
        old.refresh_from_db()
        assert (old.is_current, old.version, old.words) == (False, 1, "Mosul, Iraq")
        assert (new.is_current, new.version, new.line) == (True, 2, old.line)
        assert affected("IQ-NI") == set()
        assert affected("IQ-BA") == {ann.pk}
        assert set(StayMatch.objects.values_list("stay_id", flat=True)) == {new.pk}

    def test_an_old_version_cannot_be_changed(self) -> None:
        enrol_one("Ann")
        old = Stay.objects.get()
        trips.change_stay(old.pk, depart=days(3))
        with pytest.raises(Problem, match="changed meanwhile"):
            trips.change_stay(old.pk, depart=days(4))
        assert Stay.objects.get(is_current=True).depart == days(3)

    def test_a_last_day_before_the_first_is_refused(self) -> None:
        enrol_one("Ann")
        old = Stay.objects.get()
        with pytest.raises(Problem, match="before the arrival"):
            trips.change_stay(old.pk, depart=old.arrive - timedelta(days=1))
        with pytest.raises(Problem, match="before the arrival"):
            trips.confirm_departure(old.pk, old.arrive - timedelta(days=1))
        with pytest.raises(Problems, match="depart 1"):
            trips.change_stay(old.pk, said=stay("Basra", 5, 4))
        assert Stay.objects.get() == old

    def test_who_was_due_to_leave_is_warned_until_departure_is_confirmed(self) -> None:
        ann = enrol_one("Ann", stays=[stay("Mosul", -9, -4)])
        assert affected() == {ann.pk}
        trips.confirm_departure(Stay.objects.get().pk, days(-4))
        assert affected() == set()

    def test_a_new_plan_after_a_confirmed_departure_counts_again(self) -> None:
        ann = enrol_one("Ann", stays=[stay("Mosul", -9, -4)])
        gone = trips.confirm_departure(Stay.objects.get().pk, days(-4))
        trips.change_stay(gone.pk, said=stay("Mosul", -9, -3))
        assert affected() == {ann.pk}

    def test_residence_has_no_end(self) -> None:
        ann = enrol_one("Ann", stays=[stay("Mosul", -4000, None)])
        assert affected() == {ann.pk}
        trips.change_stay(Stay.objects.get().pk, depart=days(-30))
        assert affected() == set()


class TestRepointing:
    def test_matching_rows_follow_and_come_back(self) -> None:
        ann = enrol_one("Ann", watches=("FJ",))
        twin = enrol_one("Anne", stays=[stay("Basra")])
        registration = ann.registrations.get()
        before = StayMatch.objects.count()
        travellers.repoint(registration, twin, why="same passport", by_officer=1)
        work()
        assert affected() == {twin.pk}
        assert affected("IQ-BA") == {twin.pk}
        travellers.repoint(registration, ann, why="two people after all", by_officer=1)
        work()
        assert affected() == {ann.pk}
        assert StayMatch.objects.count() == before
        log = registration.repointings.order_by("pk").values_list("from_traveller", "to_traveller")
        assert list(log) == [(ann.pk, twin.pk), (twin.pk, ann.pk)]

    def test_to_the_same_person_is_refused(self) -> None:
        ann = enrol_one("Ann")
        with pytest.raises(Problem, match="already"):
            travellers.repoint(ann.registrations.get(), ann, why="", by_officer=None)

    def test_a_stay_changed_before_the_rows_have_moved_is_the_new_persons(self) -> None:
        ann, twin = enrol_one("Ann"), enrol_one("Anne", stays=[stay("Basra")])
        travellers.repoint(ann.registrations.get(), twin, why="same", by_officer=1)
        trips.change_stay(Stay.objects.get(words="Mosul, Iraq").pk, said=stay("Kirkuk"))
        assert affected("IQ-KI") == {twin.pk}
        work()
        assert affected("IQ-KI") == {twin.pk}


@pytest.mark.django_db
def test_a_name_keeps_the_joiners_of_its_spelling() -> None:
    name = "\u0646\u06cc\u200c\u0644\u0648\u0641\u0631"
    made = enrol(PersonSaid(name + "\u202e"))
    assert made[0].traveller.name == name
