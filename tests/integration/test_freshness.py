"""What is known of a stay decays; people are asked before it begins, while it lasts, at its end."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from tests.support.factories import Staff, enrol, enrol_one, publish, region, said, stay
from tests.support.portal import letters_to, link_in, reach_at
from wayhome.letters.models import Letter
from wayhome.musters import queries, reconfirming
from wayhome.musters import services as musters
from wayhome.travellers import contact_policy
from wayhome.travellers.contact_policy import By
from wayhome.travellers.models import Reach
from wayhome.trips import freshness_asks
from wayhome.trips.enrolment import PersonSaid
from wayhome.trips.freshness import Freshness, Occasion, freshness, next_ask
from wayhome.trips.freshness_models import Confirmation, StayAsk
from wayhome.trips.models import Stay
from wayhome.work import clock
from wayhome.work.worker import run_until_idle

pytestmark = [
    pytest.mark.integration,
    pytest.mark.django_db,
    pytest.mark.usefixtures("outbox"),
]
DAY = date(2026, 3, 1)
days = st.integers(-400, 400).map(lambda n: DAY + timedelta(days=n))


def test_it_decays() -> None:
    today = DAY + timedelta(days=100)

    def after(age: int, depart: int | None = None) -> Freshness:
        left = None if depart is None else today + timedelta(days=depart)
        return freshness(today - timedelta(days=age), left, today)

    assert [after(0), after(30), after(31), after(90), after(91)] == [
        "fresh", "fresh", "ageing", "ageing", "stale",
    ]  # fmt: skip
    assert after(0, -1) == "ageing"  # nobody has said that they stayed on


@given(arrive=days, length=st.none() | st.integers(0, 400), told=days)
def test_no_occasion_comes_twice_and_each_comes_later(
    arrive: date, length: int | None, told: date
) -> None:
    depart = None if length is None else arrive + timedelta(days=length)
    asked: date | None = None
    seen: list[tuple[date, Occasion]] = []
    for _ in range(40):
        ask = next_ask(arrive, depart, told, asked, departed=False)
        if ask is None:
            break
        if seen:
            assert ask.due > seen[-1][0]
        seen.append((ask.due, ask.occasion))
        asked = ask.due
    occasions = [occasion for _, occasion in seen]
    assert occasions.count(Occasion.BEFORE) <= 1
    assert occasions.count(Occasion.AFTER) <= 1
    if depart is not None:
        assert all(due <= depart + timedelta(days=1) for due, _ in seen)
    assert next_ask(arrive, depart, told, asked, departed=True) is None


class TestLetters:
    def at(self, offset: int) -> datetime:
        return clock.now() + timedelta(days=offset)

    def pass_days(self, start: datetime, *offsets: int) -> None:
        for offset in offsets:
            with time_machine.travel(start + timedelta(days=offset)):
                reconfirming.ask_due()
                run_until_idle()

    def test_before_it_begins_and_when_it_has_ended_once_each(self) -> None:
        enrol_one(stays=[stay(arrive=40, depart=50)])
        run_until_idle()
        self.pass_days(clock.now(), 1, 30, 33, 34, 40, 49, 51, 52, 80)
        subjects = [(each.kind, each.subject) for each in letters_to("ann@example.org")]
        assert subjects == [(Letter.Kind.PROMPT, "Is this still right?")] * 2

    def test_what_was_said_just_before_is_not_asked(self) -> None:
        enrol_one(stays=[stay(arrive=9, depart=12)])
        run_until_idle()
        self.pass_days(clock.now(), 1, 2, 5, 9)
        assert not letters_to("ann@example.org")

    def test_residence_every_thirty_days_until_somebody_answers(self) -> None:
        enrol_one(stays=[stay(arrive=-400, depart=None)])
        run_until_idle()
        start = clock.now()
        self.pass_days(start, 29, 31, 32, 62)
        assert len(letters_to("ann@example.org")) == 2
        with time_machine.travel(start + timedelta(days=63)):
            registration = Stay.objects.get().trip.registration
            freshness_asks.confirm(registration, [Stay.objects.get().pk])
        self.pass_days(start, 92, 94)
        assert len(letters_to("ann@example.org")) == 3

    def test_a_family_gets_one_letter(self) -> None:
        enrol("Ann Ash", PersonSaid("Cy Ash", minor=True), stays=[stay(arrive=40, depart=50)])
        run_until_idle()
        self.pass_days(clock.now(), 34)
        assert len(letters_to("ann@example.org")) == 1

    def test_never_to_an_address_that_is_not_verified_or_stopped(self) -> None:
        enrol_one(stays=[stay(arrive=40, depart=50)], verified_at=None)
        ben = enrol_one("Ben Ash", stays=[stay(arrive=40, depart=50)])
        reach = Reach.objects.get(registration__traveller=ben)
        contact_policy.stop(reach.pk, By(registration_id=reach.registration_id))
        run_until_idle()
        self.pass_days(clock.now(), 34, 51)
        assert not letters_to("ann@example.org")
        assert not letters_to("ben@example.org")

    def test_quiet_hours_are_kept(self) -> None:
        ann = enrol_one(stays=[stay(arrive=40, depart=50)])
        reach = Reach.objects.get(registration__traveller=ann)
        terms = contact_policy.PolicySaid(
            quiet_from=datetime(2026, 1, 1, 0, 0).time(),  # noqa: DTZ001
            quiet_until=datetime(2026, 1, 1, 23, 59).time(),  # noqa: DTZ001
            time_zone="UTC",
        )
        contact_policy.set_policy(reach.pk, terms, By(registration_id=reach.registration_id))
        run_until_idle()
        noon = (clock.now() + timedelta(days=34)).replace(hour=12)
        with time_machine.travel(noon):
            reconfirming.ask_due()
            run_until_idle()
        assert not letters_to("ann@example.org")

    def test_not_while_a_muster_covers_them(self, staff: Staff) -> None:
        enrol_one(stays=[stay(arrive=-400, depart=None)])
        run_until_idle()
        start = clock.now()
        with time_machine.travel(start + timedelta(days=31)):
            muster = musters.open_muster(
                staff.author, name="Mosul", region=region(), starts_at=clock.now()
            )
            run_until_idle()
            reconfirming.ask_due()
            run_until_idle()
            assert not letters_to("ann@example.org")
            assert StayAsk.objects.filter(due_on=clock.today() + timedelta(days=1)).exists()
            musters.close_muster(staff.signer, muster.pk)
        self.pass_days(start, 33)
        assert len(letters_to("ann@example.org")) == 1

    def test_a_changed_stay_is_asked_about_anew(self) -> None:
        from wayhome.trips.services import change_stay

        enrol_one(stays=[stay(arrive=40, depart=50)])
        run_until_idle()
        start = clock.now()
        self.pass_days(start, 34)
        with time_machine.travel(start + timedelta(days=35)):
            change_stay(Stay.objects.get().pk, said=stay(arrive=90, depart=99))
            run_until_idle()
        ask = StayAsk.objects.get()
        assert ask.occasion == Occasion.BEFORE


class TestAnswer:
    @pytest.fixture
    def link(self) -> str:
        enrol_one(stays=[stay(arrive=-400, depart=None)])
        run_until_idle()
        with time_machine.travel(clock.now() + timedelta(days=31)):
            reconfirming.ask_due()
            run_until_idle()
        return link_in(letters_to("ann@example.org")[-1], "still")

    def test_one_tap_says_that_it_holds(self, client: Client, link: str) -> None:
        page = client.get(link).content.decode()
        assert "Mosul" in page
        assert not Confirmation.objects.exists()
        client.post(link, {"stay": str(Stay.objects.get().pk), "answer": "holds"})
        assert Confirmation.objects.get().answer == "holds"
        stay_now = Stay.objects.get()
        assert stay_now.confirmed_at is not None
        assert stay_now.is_current
        assert Stay.objects.count() == 1  # nothing else was changed

    def test_left_ends_the_stay(self, client: Client, link: str) -> None:
        client.post(link, {"stay": str(Stay.objects.get().pk), "answer": "left"})
        newest = Stay.objects.get(is_current=True)
        assert newest.depart == clock.today()
        assert not newest.departure_confirmed  # a claim: they are warned for some days yet

    def test_left_under_a_muster_is_an_answer_that_takes_nobody_off(
        self, client: Client, link: str, staff: Staff
    ) -> None:
        muster = musters.open_muster(
            staff.author, name="Mosul", region=region(), starts_at=clock.now()
        )
        run_until_idle()
        client.post(link, {"stay": str(Stay.objects.get().pk), "answer": "left"})
        run_until_idle()
        assert Stay.objects.get(is_current=True).depart is None
        board = queries.board(muster.pk)
        assert board.by_state["departed"] == 1
        assert board.total == 1
        assert board.closed == 0

    def test_it_opens_nothing_once_the_address_is_theirs_no_more(
        self, client: Client, link: str
    ) -> None:
        Reach.objects.update(ended_at=clock.now())
        assert client.get(link).status_code == 404

    def test_who_is_not_going_is_there_no_more(self, client: Client) -> None:
        enrol_one("Ben Ash", stays=[stay(arrive=40, depart=50)])
        run_until_idle()
        with time_machine.travel(clock.now() + timedelta(days=34)):
            reconfirming.ask_due()
            run_until_idle()
            link = link_in(letters_to("ben@example.org")[-1], "still")
            client.post(link, {"stay": str(Stay.objects.get().pk), "answer": "not going"})
        assert not Stay.objects.filter(is_current=True).exists()

    def test_answering_shows_that_the_address_is_read(self, client: Client, link: str) -> None:
        long_ago = clock.now() - timedelta(days=300)
        Reach.objects.update(verified_at=long_ago)
        client.post(link, {"stay": str(Stay.objects.get().pk), "answer": "holds"})
        assert (reach_at("ann@example.org").verified_at or long_ago) > long_ago


def test_counts_are_split_by_it(staff: Staff) -> None:
    enrol_one("Ann Ash")
    enrol_one("Ben Ash")
    old = Stay.objects.order_by("pk").first()
    assert old is not None
    Stay.objects.filter(pk=old.pk).update(said_at=clock.now() - timedelta(days=100))
    issue = publish(staff)
    run_until_idle()
    assert issue.readback.counts["by_freshness"] == {"certain, fresh": 1, "certain, stale": 1}
    muster = musters.open_muster(staff.author, name="Mosul", region=region(), starts_at=clock.now())
    run_until_idle()
    assert queries.board(muster.pk).by_freshness == {"certain, fresh": 1, "certain, stale": 1}
    assert said().stays[0].place == "Mosul"
