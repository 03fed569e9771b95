"""Records of one person are joined and parted by officers, and everything is as it was after."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.support.factories import (
    Staff,
    enrol,
    enrol_one,
    make_officer,
    make_staff,
    reach_of,
    register,
    work,
)
from wayhome.links import ReplyLink
from wayhome.officers.access import Refused
from wayhome.officers.models import Officer
from wayhome.officers.roles import Role
from wayhome.problems import Problem
from wayhome.travellers import contact_policy, joining, searching
from wayhome.travellers.joining import Proof
from wayhome.travellers.models import (
    ContactPoint,
    Door,
    Joining,
    NameKey,
    Reach,
    Registration,
    Repointing,
    Traveller,
)
from wayhome.travellers.queries import in_care, opens_all
from wayhome.trips.enrolment import PersonSaid
from wayhome.trips.models import StayMatch
from wayhome.work import clock

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
WHY = "Both passports lay on the table"


@pytest.fixture
def ann() -> Traveller:
    return enrol_one("Ann Ash")


@pytest.fixture
def twin(ann: Traveller) -> Traveller:
    return enrol_one("Anna Ash", mail="anna@example.org")


def whose() -> dict[int, int]:
    """Traveller by registration."""
    return dict(Registration.objects.order_by("pk").values_list("pk", "traveller_id"))


def test_joined_the_newer_counts_with_the_older_and_parted_it_is_as_before(
    staff: Staff, ann: Traveller, twin: Traveller
) -> None:
    before = whose()
    joined = joining.join(staff.author, twin.pk, ann.pk, WHY)
    assert (joined.older_id, joined.newer_id) == (ann.pk, twin.pk)
    assert set(whose().values()) == {ann.pk}
    work()
    assert set(StayMatch.objects.values_list("traveller_id", flat=True)) == {ann.pk}
    joining.part(staff.signer, joined.pk, "Two sisters")
    assert whose() == before
    work()
    assert set(StayMatch.objects.values_list("traveller_id", flat=True)) == {ann.pk, twin.pk}
    steps = Repointing.objects.order_by("pk").values_list("by_officer_id", "why")
    assert list(steps) == [(staff.author.pk, WHY), (staff.signer.pk, "Two sisters")]
    joined.refresh_from_db()
    assert (joined.parted_by_id, joined.parted_why) == (staff.signer.pk, "Two sisters")


def test_twice_is_once(staff: Staff, ann: Traveller, twin: Traveller) -> None:
    first = joining.join(staff.author, ann.pk, twin.pk, WHY)
    assert joining.join(staff.signer, twin.pk, ann.pk, "again") == first
    assert Repointing.objects.count() == 1
    joining.part(staff.author, first.pk, "no")
    joining.part(staff.signer, first.pk, "no, again")
    assert Repointing.objects.count() == 2
    first.refresh_from_db()
    assert first.parted_by_id == staff.author.pk
    second = joining.join(staff.author, ann.pk, twin.pk, WHY)
    assert second != first


def test_three_records_in_any_order_are_one(staff: Staff, ann: Traveller, twin: Traveller) -> None:
    third = enrol_one("A. Ash", mail="a@example.org")
    before = whose()
    upper = joining.join(staff.author, twin.pk, third.pk, WHY)
    lower = joining.join(staff.author, third.pk, ann.pk, WHY)
    assert set(whose().values()) == {ann.pk}
    assert joining.join(staff.author, third.pk, ann.pk, WHY) == lower
    joining.part(staff.author, upper.pk, "not the third")
    assert whose() == before | {n: ann.pk for n, t in before.items() if t == twin.pk}
    joining.part(staff.author, lower.pk, "nor she")
    assert whose() == before


@pytest.mark.parametrize("why", ["", "  ", "x" * 301])
def test_a_reason_is_given(staff: Staff, ann: Traveller, twin: Traveller, why: str) -> None:
    with pytest.raises(Problem):
        joining.join(staff.author, ann.pk, twin.pk, why)
    joined = joining.join(staff.author, ann.pk, twin.pk, WHY)
    with pytest.raises(Problem):
        joining.part(staff.author, joined.pk, why)


@pytest.mark.parametrize("role", ["viewer", "administrator"])
def test_not_by_whoever_only_looks(
    staff: Staff, ann: Traveller, twin: Traveller, role: str
) -> None:
    with pytest.raises(Refused):
        joining.join(getattr(staff, role), ann.pk, twin.pk, WHY)
    joined = joining.join(staff.author, ann.pk, twin.pk, WHY)
    with pytest.raises(Refused):
        joining.part(getattr(staff, role), joined.pk, WHY)


class TestChildren:
    """Nobody is joined into somebody's care, or out of it."""

    @pytest.fixture
    def family(self) -> list[Traveller]:
        made = enrol("Ann Ash", PersonSaid("Bo Ash", minor=True))
        return [each.traveller for each in made]

    def test_not_a_child_with_its_guardian(self, staff: Staff, family: list[Traveller]) -> None:
        with pytest.raises(Problem, match="in the care of the other"):
            joining.join(staff.author, family[0].pk, family[1].pk, WHY)

    def test_not_with_a_record_that_its_guardian_counts_with(
        self, staff: Staff, ann: Traveller, family: list[Traveller]
    ) -> None:
        joining.join(staff.author, family[0].pk, ann.pk, WHY)
        with pytest.raises(Problem, match="in the care of the other"):
            joining.join(staff.author, family[1].pk, ann.pk, WHY)

    def test_not_an_adult_with_a_child(
        self, staff: Staff, ann: Traveller, family: list[Traveller]
    ) -> None:
        with pytest.raises(Problem, match="the other is an adult"):
            joining.join(staff.author, family[1].pk, ann.pk, WHY)

    def test_not_with_the_child_of_another_adult_until_those_are_one(
        self, staff: Staff, family: list[Traveller]
    ) -> None:
        again = [
            each.traveller
            for each in enrol("A. Ash", PersonSaid("Bo A.", minor=True), mail="again@example.org")
        ]
        with pytest.raises(Problem, match="care of another adult"):
            joining.join(staff.author, family[1].pk, again[1].pk, WHY)
        adults = joining.join(staff.author, family[0].pk, again[0].pk, WHY)
        assert in_care(family[0]) == [family[1], again[1]]
        joining.join(staff.author, family[1].pk, again[1].pk, WHY)
        assert in_care(family[0]) == [family[1]]
        joining.part(staff.author, adults.pk, "no")
        assert in_care(again[0]) == []


def test_one_name_key_and_one_person_for_all_that_is_joined(
    staff: Staff, ann: Traveller, twin: Traveller
) -> None:
    joining.join(staff.author, ann.pk, twin.pk, WHY)
    assert list(NameKey.objects.values_list("pk", flat=True)) == [ann.pk]


def test_given_alone_it_stays_where_it_was_given(
    staff: Staff, ann: Traveller, twin: Traveller
) -> None:
    """An entry that was given to another record by itself belongs to that record from then on."""
    from wayhome.travellers.services import repoint

    third = enrol_one("Cy Cedar")
    entry = third.registrations.get()
    repoint(entry, twin, why="typed into the wrong record", by_officer=staff.author.pk)
    joined = joining.join(staff.author, ann.pk, twin.pk, WHY)
    assert whose()[entry.pk] == ann.pk
    joining.part(staff.author, joined.pk, "no")
    assert whose()[entry.pk] == twin.pk


@pytest.mark.django_db(transaction=True)
def test_two_officers_at_once_join_once(ann: Traveller, twin: Traveller) -> None:
    officers = [make_officer(f"o{number}", Role.OFFICER) for number in range(4)]
    third = enrol_one("A. Ash", mail="a@example.org")
    barrier = threading.Barrier(len(officers))
    failed: list[BaseException] = []

    def press(officer: Officer, pair: tuple[int, int]) -> None:
        try:
            barrier.wait(10)
            joining.join(officer, *pair, WHY)
        except BaseException as error:  # noqa: BLE001  (shown below)
            failed.append(error)
        finally:
            connection.close()

    pairs = [(ann.pk, twin.pk), (twin.pk, ann.pk), (twin.pk, third.pk), (third.pk, ann.pk)]
    threads = [
        threading.Thread(target=press, args=each) for each in zip(officers, pairs, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []
    assert set(whose().values()) == {ann.pk}
    assert Joining.objects.filter(parted_at=None).count() == 2
    for joined in Joining.objects.order_by("pk"):
        joining.part(officers[0], joined.pk, "no")
    assert len(set(whose().values())) == 3


class JoinsAndParts(RuleBasedStateMachine):
    """Random joins and parts among six people, two of them children of the first."""

    def __init__(self) -> None:
        super().__init__()
        self.officer = Officer.objects.filter(role=Role.OFFICER).first() or make_staff().author
        adults = [register(f"Adult {n}") for n in range(4)]
        minors = [register(f"Child {n}", guardian=adults[n].traveller) for n in range(2)]
        self.people = [each.traveller_id for each in (*adults, *minors)]
        self.before = {each.pk: each.traveller_id for each in (*adults, *minors)}
        self.joined: list[int] = []

    @rule(one=st.integers(0, 5), two=st.integers(0, 5))
    def join(self, one: int, two: int) -> None:
        try:
            made = joining.join(self.officer, self.people[one], self.people[two], WHY)
        except Problem:
            return
        self.joined.append(made.pk)

    @rule(which=st.integers(0, 30))
    def part(self, which: int) -> None:
        if self.joined:
            joining.part(self.officer, self.joined[which % len(self.joined)], "no")

    @invariant()
    def each_registration_is_at_the_head_of_its_home(self) -> None:
        for number, traveller in self._now().items():
            assert traveller == joining.head(self.before[number])

    @invariant()
    def whoever_holds_registrations_is_found(self) -> None:
        keys = NameKey.objects.filter(pk__in=self.people)
        assert set(keys.values_list("pk", flat=True)) == set(self._now().values())

    def teardown(self) -> None:
        for number in self.joined:
            joining.part(self.officer, number, "no")
        assert self._now() == self.before
        assert [n for between in searching.sweep() for n in searching.drift(between)] == []

    def _now(self) -> dict[int, int]:
        return {n: t for n, t in whose().items() if n in self.before}


class PartingAllRestoresAll(TestCase):
    def test_whatever_was_joined(self) -> None:
        run_state_machine_as_test(  # type: ignore[no-untyped-call]
            JoinsAndParts, settings=settings(max_examples=10, stateful_step_count=15)
        )


class TestByProof:
    """Whoever reads a verified address of the older record joins a new enrolment of their own."""

    @pytest.fixture
    def mine(self, ann: Traveller) -> Registration:
        """Ann's own new enrolment, from an address that nobody knows."""
        return enrol("Ann Ash", mail="new@example.org", verified_at=None)[0]

    @staticmethod
    def link(person: Traveller) -> ReplyLink:
        point = reach_of(person).contact_point
        return ReplyLink(1, point.pk, person.registrations.get().pk, point.link_epoch)

    def test_it_is_theirs(self, ann: Traveller, mine: Registration) -> None:
        proof = joining.proof_of(self.link(ann))
        joined = joining.join_by_proof(mine, proof)
        assert (joined.older_id, joined.by_officer_id) == (ann.pk, None)
        assert joined.proven_at_id == proof.contact_point_id
        mine.refresh_from_db()
        assert mine.traveller_id == ann.pk
        assert joining.join_by_proof(mine, proof) == joined
        # Its own link opens what came with it until an address of it is proven too.
        assert not opens_all(mine)

    @pytest.mark.parametrize(
        "spoilt",
        [
            "another address",
            "another registration",
            "an old epoch",
            "not verified",
            "hostile",
            "hostile to another",
            "ended",
            "out of date",
            "nothing",
        ],
    )
    def test_whatever_does_not_hold_gets_one_answer_and_changes_nothing(
        self, staff: Staff, ann: Traveller, mine: Registration, spoilt: str
    ) -> None:
        stranger = enrol_one("Bo Birch")
        proof = joining.proof_of(self.link(ann))
        reaches = Reach.objects.filter(pk=reach_of(ann).pk)
        if spoilt == "another address":
            proof = Proof(reach_of(stranger).contact_point_id, proof.registration_id, proof.epoch)
        elif spoilt == "another registration":
            number = stranger.registrations.get().pk
            proof = Proof(proof.contact_point_id, number, proof.epoch)
        elif spoilt == "an old epoch":
            ContactPoint.objects.update(link_epoch=2)
        elif spoilt == "not verified":
            reaches.update(verified_at=None)
        elif spoilt == "hostile":
            contact_policy.mark_hostile(staff.author, reach_of(ann).pk, "Her telephone was taken")
            proof = Proof(proof.contact_point_id, proof.registration_id, proof.epoch + 1)
        elif spoilt == "hostile to another":
            other = enrol("Bo Birch", mail=reach_of(ann).contact_point.address)[0]
            reach = Reach.objects.get(registration=other)
            Reach.objects.filter(pk=reach.pk).update(hostile_since=clock.now())
        elif spoilt == "ended":
            reaches.update(ended_at=clock.now())
        elif spoilt == "out of date":
            reaches.update(valid_until=clock.now() - timedelta(hours=1))
        else:
            proof = Proof(0, 0, 0)
        before = whose()
        with pytest.raises(Problem) as refused:
            joining.join_by_proof(mine, proof)
        assert str(refused.value) == (
            "link: does not hold; open the newest message, or enrol again"
        )
        assert whose() == before
        assert not Joining.objects.exists()

    def test_only_ones_own_new_enrolment(self, ann: Traveller) -> None:
        proof = joining.proof_of(self.link(ann))
        by_officer = register("Ann Ash", door=Door.OFFICER)
        child = enrol("Di Dale", PersonSaid("Bo", minor=True), mail="d@example.org")
        for registration in (by_officer, child[1]):
            with pytest.raises(Problem, match="does not hold"):
                joining.join_by_proof(registration, proof)

    def test_the_newer_never_takes_the_older(self, ann: Traveller, mine: Registration) -> None:
        """Who enrols a person anew and reads an address of their own gets nothing of the older."""
        Reach.objects.filter(registration=mine).update(verified_at=clock.now())
        point = Reach.objects.get(registration=mine).contact_point
        proof = Proof(point.pk, mine.pk, point.link_epoch)
        with pytest.raises(Problem, match="does not hold"):
            joining.join_by_proof(ann.registrations.get(), proof)

    def test_an_address_in_hostile_hands_takes_the_join_back(
        self, staff: Staff, ann: Traveller, mine: Registration
    ) -> None:
        before = whose()
        reach = reach_of(ann)
        joined = joining.join_by_proof(mine, joining.proof_of(self.link(ann)))
        contact_policy.mark_hostile(staff.author, reach.pk, "It was him who read her mail")
        assert whose() == before
        joined.refresh_from_db()
        assert joined.parted_why == "It was him who read her mail"
