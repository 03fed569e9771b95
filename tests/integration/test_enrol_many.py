"""Enrolments written together leave what each leaves that is written alone, row for row."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.db import transaction
from hypothesis import HealthCheck, given, settings

from tests.support.enrolments import NOW, enrolments
from wayhome.travellers.models import ContactPoint, PartyMember, Reach, Registration, Traveller
from wayhome.trips.enrolment import EnrolmentSaid, PersonSaid, StaySaid, check
from wayhome.trips.models import Leg, LegEnd, LegMatch, Stay, StayMatch, Trip, Watch
from wayhome.trips.services import enrol
from wayhome.trips.writing import enrol_many
from wayhome.work import clock
from wayhome.work.models import Owed

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def plain(row: Any, *without: str) -> tuple[tuple[str, str], ...]:
    """A row's own values: no number of a row is among them."""
    names = [f.attname for f in row._meta.concrete_fields if not f.is_relation]
    left = ("id", "bucket", "traveller_id", "stay_id", "leg_end_id", *without)
    return tuple((name, str(getattr(row, name))) for name in names if name not in left)


def whole(numbers: list[list[int]]) -> dict[str, Any]:
    """All that stands in the tables, by the references of the people."""
    names = {row.traveller_id: row.reference for row in Registration.objects.all()}
    assert len(names) == Registration.objects.count() == Traveller.objects.count()
    stay_of = {row.pk: row for row in Stay.objects.all()}
    parties: dict[int, set[str]] = {}
    for member in PartyMember.objects.select_related("registration"):
        parties.setdefault(member.party_id, set()).add(member.registration.reference)
    return {
        # Whatever else enrolment writes one day, the writer of many must write too.
        "tables": {each._meta.db_table: each._base_manager.count() for each in apps.get_models()},
        "people": {
            row.reference: (plain(row), plain(row.traveller), names.get(row.traveller.guardian_id))
            for row in Registration.objects.select_related("traveller")
        },
        "parties": sorted(sorted(each) for each in parties.values()),
        "points": sorted(plain(row) for row in ContactPoint.objects.all()),
        "reaches": sorted(
            (row.registration.reference, plain(row), plain(row.contact_point),
             sorted(parties.get(row.party_id, set())))
            for row in Reach.objects.select_related("registration", "contact_point")
        ),
        "trips": sorted(
            row.registration.reference for row in Trip.objects.select_related("registration")
        ),
        "stays": sorted(
            (row.trip.registration.reference, plain(row))
            for row in Stay.objects.select_related("trip__registration")
        ),
        "matches": sorted(
            (names[row.traveller_id], stay_of[row.stay_id].line, row.bucket, plain(row))
            for row in StayMatch.objects.all()
        ),
        "legs": sorted(
            (row.trip.registration.reference, plain(row))
            for row in Leg.objects.select_related("trip__registration")
        ),
        "ends": sorted(
            (row.leg.trip.registration.reference, row.leg.line, plain(row))
            for row in LegEnd.objects.select_related("leg__trip__registration")
        ),
        "leg matches": sorted(
            (names[row.traveller_id], plain(row)) for row in LegMatch.objects.all()
        ),
        "watches": sorted(
            (row.registration.reference, plain(row))
            for row in Watch.objects.select_related("registration")
        ),
        "owed": sorted((row.job, names[int(row.key)]) for row in Owed.objects.all()),
        "answered": [
            [Registration.objects.get(pk=number).reference for number in one] for one in numbers
        ],
    }  # fmt: skip


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(enrolments())
def test_many_are_written_as_each_one_is(made: list[EnrolmentSaid]) -> None:
    found = []
    with time_machine.travel(NOW, tick=False):
        clock.forget_offset()
        for many in (False, True):
            with transaction.atomic():
                if many:
                    checked = [check(said, clock.today()) for said in made]
                    numbers = [one.registrations for one in enrol_many(checked, door="list")]
                else:
                    enrolled = [enrol(said, door="list") for said in made]
                    numbers = [[r.pk for r in one] for one in enrolled]
                found.append(whole(numbers))
                transaction.set_rollback(True)
    one_by_one, together = found
    assert {name: together[name] for name in one_by_one} == one_by_one


def test_an_address_that_is_known_is_left_as_it_is() -> None:
    said = EnrolmentSaid(
        (PersonSaid("Ann", mail="ann@example.org", reference="a"),),
        (StaySaid("Mosul", date(2026, 1, 1)),),
        language="ar",
    )
    enrol(EnrolmentSaid((PersonSaid("Old"),), said.stays, mail="Ann@example.org"))
    ContactPoint.objects.update(bounces=3)
    enrol_many([check(said, date(2026, 6, 1))], door="list")
    point = ContactPoint.objects.get()
    assert (point.language, point.bounces, point.reaches.count()) == ("en", 3, 2)
