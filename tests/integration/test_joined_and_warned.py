"""What people were told under one record reaches them under the record that it was joined to."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.factories import (
    Staff,
    cancel,
    enrol,
    enrol_one,
    mails,
    publish,
    stay,
    update,
    work,
)
from wayhome.bulletins.models import Issue
from wayhome.travellers import services as travellers
from wayhome.travellers.models import Traveller
from wayhome.trips import services as trips
from wayhome.trips.enrolment import PersonSaid
from wayhome.trips.models import Stay

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def join(record: Traveller, to: Traveller) -> None:
    for registration in record.registrations.all():
        travellers.repoint(registration, to, why="the same passport", by_officer=1)
    work()


def add_address(person: Traveller, mail: str) -> None:
    registration = person.registrations.order_by("pk").first()
    assert registration is not None
    travellers.add_reach(registration, travellers.contact_point("mail", mail))


@pytest.fixture
def ann() -> Traveller:
    return enrol_one("Ann", stays=[stay("Paris, France")])


@pytest.fixture
def twin(staff: Staff) -> Traveller:
    return enrol_one("Twin")


@pytest.fixture
def warned(staff: Staff, outbox: Path, ann: Traveller, twin: Traveller) -> Issue:
    """Twin was warned in Mosul, has left since, and is found to be Ann."""
    issue = publish(staff)
    work()
    assert set(mails(outbox, issue)) == {"twin@example.org"}
    where = Stay.objects.get(trip__registration__traveller=twin, is_current=True)
    trips.change_stay(where.pk, said=stay("Paris, France"))
    work()
    join(twin, ann)
    return issue


@pytest.mark.parametrize("publish_next", [update, cancel])
def test_the_next_issue_goes_to_their_new_address(
    staff: Staff, outbox: Path, warned: Issue, ann: Traveller, publish_next: object
) -> None:
    add_address(ann, "new@example.org")
    work()
    issue = publish_next(staff, warned)  # type: ignore[operator]
    work()
    assert {"twin@example.org", "new@example.org"} <= set(mails(outbox, issue))


def test_a_new_address_hears_what_is_in_force(
    staff: Staff, outbox: Path, warned: Issue, ann: Traveller
) -> None:
    issue = update(staff, warned)
    work()
    add_address(ann, "later@example.org")
    work()
    assert "later@example.org" in set(mails(outbox, issue))


def test_a_child_stays_in_the_section_of_whoever_cares_for_it(
    staff: Staff, outbox: Path, warned: Issue
) -> None:
    mother, _ = enrol("Mother Ash", PersonSaid("Kid Ash", minor=True), mail="m@example.org")
    other = enrol_one("Mum Ash", mail="other@example.org")
    work()
    join(mother.traveller, other)
    issue = publish(staff)
    work()
    body = mails(outbox, issue)["m@example.org"].get_body(("plain",))
    assert body is not None
    assert "Kid Ash" in body.get_content()
