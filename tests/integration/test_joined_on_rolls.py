"""Two records of one person on one roll: joined they count once, and nothing said is lost."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.support.factories import Staff, enrol_one, region, stay, work
from wayhome.musters import services as musters
from wayhome.musters.models import Muster, RollChange, RollEntry
from wayhome.replies import services as replies
from wayhome.travellers import services as travellers
from wayhome.travellers.models import Traveller
from wayhome.work import clock

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def ann() -> Traveller:
    return enrol_one("Ann")


@pytest.fixture
def twin() -> Traveller:
    return enrol_one("Anna", mail="anna@example.org")


@pytest.fixture
def muster(staff: Staff, ann: Traveller, twin: Traveller) -> Muster:
    made = musters.open_muster(
        staff.author, name="Mosul", region=region(), starts_at=clock.now() - timedelta(hours=1)
    )
    work()
    return made


def join(record: Traveller, to: Traveller) -> None:
    for registration in record.registrations.all():
        travellers.repoint(registration, to, why="the same passport", by_officer=1)
    work()


def entry(person: Traveller) -> RollEntry:
    return RollEntry.objects.get(traveller=person)


def states() -> dict[str, str]:
    """States of open entries by name."""
    rows = RollEntry.objects.filter(closed_at=None).select_related("traveller")
    return {row.traveller.name: row.state for row in rows}


def test_they_count_once(muster: Muster, ann: Traveller, twin: Traveller) -> None:
    assert states() == {"Ann": "silent", "Anna": "silent"}
    join(twin, ann)
    assert states() == {"Ann": "silent"}
    assert list(entry(twin).changes.values_list("why", flat=True)) == ["joined", "counted with"]


def test_a_call_for_help_is_not_lost_with_the_record(
    staff: Staff, muster: Muster, ann: Traveller, twin: Traveller
) -> None:
    replies.reply_told(staff.author, twin.pk, "needs help", words="In the cellar")
    work()
    join(twin, ann)
    assert states() == {"Ann": "needs help"}


def test_nor_is_what_an_officer_decided(
    staff: Staff, muster: Muster, ann: Traveller, twin: Traveller
) -> None:
    musters.decide(staff.case_officer, entry(twin).pk, "in hospital", reason="The ward called")
    replies.reply_told(staff.author, ann.pk, "safe")
    work()
    join(twin, ann)
    assert states() == {"Ann": "in hospital"}


def test_an_answer_of_either_ends_the_silence_of_both(
    staff: Staff, muster: Muster, ann: Traveller, twin: Traveller
) -> None:
    replies.reply_told(staff.author, twin.pk, "safe")
    work()
    join(twin, ann)
    assert states() == {"Ann": "safe"}
    assert entry(ann).safe_until is not None


def test_who_needs_help_stays_so_whatever_the_other_said(
    staff: Staff, muster: Muster, ann: Traveller, twin: Traveller
) -> None:
    replies.reply_told(staff.author, ann.pk, "needs help")
    replies.reply_told(staff.author, twin.pk, "safe")
    work()
    join(twin, ann)
    assert states() == {"Ann": "needs help"}


def test_joined_to_somebody_elsewhere_they_are_looked_for_still(
    staff: Staff, ann: Traveller
) -> None:
    away = enrol_one("Anna", mail="anna@example.org", stays=[stay("Paris, France")])
    musters.open_muster(
        staff.author, name="Mosul", region=region(), starts_at=clock.now() - timedelta(hours=1)
    )
    work()
    join(ann, away)
    assert states() == {"Anna": "silent"}


def test_parted_they_are_two_again(muster: Muster, ann: Traveller, twin: Traveller) -> None:
    number = twin.registrations.get().pk
    join(twin, ann)
    registration = ann.registrations.get(pk=number)
    travellers.repoint(registration, twin, why="two people after all", by_officer=1)
    work()
    assert states() == {"Ann": "silent", "Anna": "silent"}


def test_a_muster_that_is_closed_stays_as_it_was(
    staff: Staff, muster: Muster, ann: Traveller, twin: Traveller
) -> None:
    musters.close_muster(staff.signer, muster.pk)
    before = list(RollEntry.objects.order_by("pk").values())
    changes = RollChange.objects.count()
    join(twin, ann)
    assert list(RollEntry.objects.order_by("pk").values()) == before
    assert RollChange.objects.count() == changes


def test_what_an_officer_closed_stays_closed(
    staff: Staff, muster: Muster, ann: Traveller, twin: Traveller
) -> None:
    musters.decide(staff.author, entry(twin).pk, "departed", reason="Seen at the border")
    musters.close_entry(staff.signer, entry(twin).pk, reason="She is at home")
    join(twin, ann)
    assert states() == {"Ann": "silent"}
    registration = ann.registrations.exclude(original__people__0__name="Ann").get()
    travellers.repoint(registration, twin, why="two people after all", by_officer=1)
    work()
    assert states() == {"Ann": "silent"}


def test_a_case_and_a_call_for_help_are_both_seen(
    staff: Staff, muster: Muster, ann: Traveller, twin: Traveller
) -> None:
    replies.reply_told(staff.author, ann.pk, "needs help")
    work()
    musters.decide(staff.case_officer, entry(twin).pk, "held by others", reason="He called")
    join(twin, ann)
    assert (entry(ann).state, entry(ann).later_claim) == ("held by others", "needs help")


def test_a_call_for_help_is_shown_beside_a_case(
    staff: Staff, muster: Muster, ann: Traveller, twin: Traveller
) -> None:
    musters.decide(staff.case_officer, entry(ann).pk, "in hospital", reason="The ward says so")
    musters.decide(staff.author, entry(twin).pk, "needs help", reason="She rang")
    join(twin, ann)
    assert (entry(ann).state, entry(ann).later_claim) == ("in hospital", "needs help")
