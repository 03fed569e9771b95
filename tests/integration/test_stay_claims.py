"""A traveller says that a stay is elsewhere while a muster covers them: kept as said, and both
places count until nobody is looking for them any more."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.factories import (
    Staff,
    enrol_one,
    mails,
    publish,
    region,
    run_schedules,
    stay,
    warning,
    work,
)
from wayhome.musters import services as musters
from wayhome.musters.claims import change_stay_by
from wayhome.musters.models import Muster, RollEntry
from wayhome.problems import Problem, Problems
from wayhome.travellers.models import Traveller
from wayhome.trips import services as trips
from wayhome.trips.models import Stay, StayMatch
from wayhome.work import clock

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

IN_PARIS = {"region": region("FR"), "hazard": "Floods in France"}


@pytest.fixture
def ann() -> Traveller:
    return enrol_one("Ann")


@pytest.fixture
def muster(staff: Staff, ann: Traveller) -> Muster:
    made = musters.open_muster(
        staff.author, name="Mosul", region=region(), starts_at=clock.now() - timedelta(hours=1)
    )
    work()
    assert RollEntry.objects.get(traveller=ann).closed_at is None
    return made


def current() -> list[Stay]:
    return list(Stay.objects.filter(is_current=True).order_by("pk"))


def words() -> list[str]:
    return [each.words.split(",")[0] for each in current()]


def test_no_muster_covers_them_and_it_is_changed(ann: Traveller) -> None:
    changed = change_stay_by(current()[0], stay("Paris, France"))
    assert words() == ["Paris"]
    assert (changed.version, changed.instead_of) == (2, None)


def test_both_places_are_warned_while_it_lasts(
    staff: Staff, ann: Traveller, muster: Muster, outbox: Path
) -> None:
    change_stay_by(current()[0], stay("Paris, France"))
    work()
    assert words() == ["Mosul", "Paris"]
    mosul, paris = publish(staff), publish(staff, warning(**IN_PARIS))
    work()
    assert set(mails(outbox, mosul)) == {"ann@example.org"}
    assert set(mails(outbox, paris)) == {"ann@example.org"}
    assert RollEntry.objects.get(traveller=ann, muster=muster).closed_at is None


def test_what_was_said_as_the_muster_closed_holds_before_long(ann: Traveller) -> None:
    """It was written down a moment after the claims of the muster had been settled."""
    trips.claim_stay(current()[0].pk, stay("Paris, France"))
    work()
    assert words() == ["Mosul", "Paris"]
    run_schedules()
    work()
    assert words() == ["Paris"]


def test_what_was_said_last_holds_once_nobody_looks_for_them(
    staff: Staff, ann: Traveller, muster: Muster, outbox: Path
) -> None:
    for place in ("Paris, France", "Lyon, France", "Berlin, Germany"):
        change_stay_by(current()[-1], stay(place))
    assert words() == ["Mosul", "Paris", "Lyon", "Berlin"]
    musters.close_muster(staff.signer, muster.pk)
    work()
    assert words() == ["Berlin"]
    assert current()[0].instead_of is None
    assert set(StayMatch.objects.values_list("stay_id", flat=True)) == {current()[0].pk}
    mosul = publish(staff)
    work()
    assert mails(outbox, mosul) == {}
    # Every one is history still.
    assert Stay.objects.count() == 4


def test_while_another_muster_covers_them_both_go_on(
    staff: Staff, ann: Traveller, muster: Muster
) -> None:
    other = musters.open_muster(
        staff.author, name="Again", region=region(), starts_at=clock.now() - timedelta(hours=1)
    )
    work()
    change_stay_by(current()[0], stay("Paris, France"))
    musters.close_muster(staff.signer, muster.pk)
    work()
    assert words() == ["Mosul", "Paris"]
    musters.close_muster(staff.signer, other.pk)
    run_schedules()
    work()
    assert words() == ["Paris"]


def test_staying_longer_takes_them_off_nothing(ann: Traveller, muster: Muster) -> None:
    longer = change_stay_by(current()[0], stay(current()[0].words, depart=30))
    assert (longer.version, longer.instead_of, len(current())) == (2, None, 1)
    shorter = change_stay_by(current()[0], stay(current()[0].words, depart=1))
    assert shorter.instead_of == 1
    assert len(current()) == 2


def test_the_same_said_twice_is_said_once(ann: Traveller, muster: Muster) -> None:
    for _ in range(2):
        change_stay_by(current()[-1], stay("Paris, France"))
    assert words() == ["Mosul", "Paris"]


def test_it_has_an_end(ann: Traveller, muster: Muster) -> None:
    for days in range(trips.MOST_CLAIMS):
        change_stay_by(current()[-1], stay("Paris, France", depart=40 - days))
    with pytest.raises(Problem, match="very often"):
        change_stay_by(current()[-1], stay("Lyon, France"))
    assert len(current()) == trips.MOST_CLAIMS + 1


def test_a_place_that_cannot_be_read_changes_nothing(ann: Traveller, muster: Muster) -> None:
    with pytest.raises((Problem, Problems)):
        change_stay_by(current()[0], stay("Qqqqqq"))
    assert words() == ["Mosul"]


@pytest.mark.parametrize("depart", [10, 20])
def test_whoever_takes_it_back_is_warned_where_they_are(
    staff: Staff, outbox: Path, ann: Traveller, depart: int
) -> None:
    """What was said last holds: also where it is the stay that was there before."""
    muster = musters.open_muster(
        staff.author, name="Mosul", region=region(), starts_at=clock.now() - timedelta(hours=1)
    )
    work()
    mosul = Stay.objects.get(is_current=True)
    change_stay_by(mosul, stay("Paris, France"))  # a slip
    again = change_stay_by(mosul, stay(mosul.words, depart=depart))
    assert again.instead_of is None
    musters.close_muster(staff.signer, muster.pk)
    work()
    assert [each.words for each in Stay.objects.filter(is_current=True)] == [mosul.words]
    issue = publish(staff)
    work()
    assert set(mails(outbox, issue)) == {"ann@example.org"}
