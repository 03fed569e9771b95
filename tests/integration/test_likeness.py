"""Likely same people are shown to officers, with why; nothing follows from it by itself."""

from __future__ import annotations

import pytest

from tests.support.factories import (
    Staff,
    enrol,
    enrol_one,
    register,
    run_schedules,
    said,
    stay,
)
from tests.support.factories import work as work_owed
from wayhome.officers.access import Refused
from wayhome.problems import Problem
from wayhome.travellers import joining, likeness, searching, sounding
from wayhome.travellers.models import (
    Compared,
    Joining,
    Likeness,
    LikenessStep,
    NameSound,
    Reach,
    Registration,
    Repointing,
    Traveller,
)
from wayhome.travellers.services import add_reach, contact_point
from wayhome.trips import services as trips
from wayhome.trips.enrolment import PersonSaid

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
WHY = "The passports are of two people"


def work() -> None:
    run_schedules()
    work_owed()


def found() -> list[tuple[str, str, list[str]]]:
    """(name, name, kinds of reasons) of open likenesses."""
    rows = Likeness.objects.filter(state="open").select_related("a", "b").order_by("pk")
    return [(each.a.name, each.b.name, [kind for kind, _ in each.why]) for each in rows]


@pytest.mark.parametrize(
    ("one", "other", "says"),
    [
        ("Mohammed Ali", "Muhammad Aly", "alike"),
        ("Mohammed Ali", "محمد علي", "alike"),
        ("Mohammed Ali", "Ali Mohammed", "alike"),
        ("Mohammed Ali", "M. Ali", "initials"),
        ("Yusuf Al-Hassan", "يوسف الحسن", "alike"),
        ("Amina Haddad", "أمينة حداد", "alike"),
        ("Amina Maryam Haddad", "Amina Haddad", "alike"),
        ("Александр Иванов", "Alexandr Ivanov", "alike"),
        ("Catherine Smith", "K. Smyth", "initials"),
        ("José Muñoz", "jose munoz", "same"),
        ("王伟", "王 伟", "same"),
        ("Ann Ash", "Ben Ash", ""),
        ("Ann", "Ann Ash", ""),
        ("A. A.", "Ann Ash", ""),
        ("!!!", "Ann Ash", ""),
    ],
)
def test_names_alike(one: str, other: str, says: str) -> None:
    assert sounding.alike(one, other) == says
    assert sounding.alike(other, one) == says
    if says:
        assert sounding.sounds(one) & sounding.sounds(other)


def test_who_enrolled_twice_is_shown_with_why(staff: Staff) -> None:
    enrol_one("Mohammed Ali", mail="m@example.org")
    work()
    enrol_one("محمد علي", mail="m@example.org", stays=[stay("Basra")])
    work()
    assert found() == [("Mohammed Ali", "محمد علي", ["mail", "names alike"])]
    words = [words for _, words in Likeness.objects.get().why]
    assert words == ["same mail address", "names alike, in another spelling or order"]
    assert not Joining.objects.exists()
    assert Traveller.objects.filter(registrations__isnull=False).count() == 2


def test_in_one_place_on_the_same_days(staff: Staff) -> None:
    enrol_one("Mohammed Ali", mail="one@example.org")
    enrol_one("Muhammad Aly", mail="two@example.org", stays=[stay("Mosul", 5, 20)])
    enrol_one("Mohamed Alli", mail="three@example.org", stays=[stay("Mosul", 100, 120)])
    work()
    assert found() == [("Mohammed Ali", "Muhammad Aly", ["names alike", "place"])]


def test_two_people_who_share_an_address_are_two(staff: Staff) -> None:
    """A couple, each enrolled alone, with one mail address."""
    enrol_one("Ann Ash", mail="home@example.org")
    enrol_one("Ben Ash", mail="home@example.org")
    work()
    assert found() == []


def test_a_family_is_not_told_that_it_is_one_person(staff: Staff) -> None:
    enrol("Ann Ash", "Anna Ash", PersonSaid("Ann Ash", minor=True))
    work()
    assert found() == []


def test_party_by_party(staff: Staff) -> None:
    enrol("Ann Ash", "Ben Birch", mail="a@example.org", stays=[stay("Paris, France")])
    enrol("Ann Ash", "Ben Birch", mail="b@example.org", stays=[stay("Rome, Italy")])
    work()
    assert found() == [
        ("Ann Ash", "Ann Ash", ["same name", "party"]),
        ("Ben Birch", "Ben Birch", ["same name", "party"]),
    ]


def test_an_address_given_later_is_weighed(staff: Staff) -> None:
    enrol_one("Mohammed Ali", mail="m@example.org")
    later = enrol_one("Muhammad Ali", mail="", phone="+9647901234567", stays=[stay("Basra")])
    work()
    assert found() == []
    add_reach(later.registrations.get(), contact_point("mail", "m@example.org"))
    work()
    assert [kinds for _, _, kinds in found()] == [["mail", "names alike"]]


def test_declined_it_stays_away_until_there_is_a_new_reason(staff: Staff) -> None:
    enrol_one("Mohammed Ali", mail="m@example.org", stays=[stay("Basra")])
    other = enrol_one("Muhammad Ali", mail="m@example.org", stays=[stay("Mosul")])
    work()
    likely = Likeness.objects.get()
    likeness.decline(staff.author, likely.pk, WHY)
    likeness.compare([other.pk])
    assert found() == []
    likely.refresh_from_db()
    assert (likely.by_officer_id, likely.reason) == (staff.author.pk, WHY)
    for person in Traveller.objects.all():
        add_reach(person.registrations.get(), contact_point("phone", "+9647901234567"))
    work()
    assert [kinds for _, _, kinds in found()] == [["mail", "phone", "names alike"]]
    states = LikenessStep.objects.order_by("pk").values_list("state", "officer_id", "reason")
    assert list(states) == [
        ("open", None, ""),
        ("declined", staff.author.pk, WHY),
        ("open", None, ""),
    ]


def test_twice_declined_is_once_and_not_by_whoever_only_looks(staff: Staff) -> None:
    for _ in range(2):
        enrol_one("Mohammed Ali", mail="m@example.org")
    work()
    number = Likeness.objects.get().pk
    with pytest.raises(Refused):
        likeness.decline(staff.viewer, number, WHY)
    with pytest.raises(Problem, match="empty"):
        likeness.decline(staff.author, number, " ")
    likeness.decline(staff.author, number, WHY)
    likeness.decline(staff.signer, number, "as well")
    assert Likeness.objects.get().by_officer_id == staff.author.pk


def test_joined_and_parted_it_follows(staff: Staff) -> None:
    people = [enrol_one("Mohammed Ali", mail="m@example.org") for _ in range(2)]
    work()
    joined = joining.join(staff.author, people[0].pk, people[1].pk, "One passport")
    work()
    likely = Likeness.objects.get()
    assert (likely.state, likely.by_officer_id, likely.reason) == (
        "joined",
        staff.author.pk,
        "One passport",
    )
    with pytest.raises(Problem, match="part them first"):
        likeness.decline(staff.author, likely.pk, WHY)
    joining.part(staff.signer, joined.pk, "Cousins")
    work()
    likely.refresh_from_db()
    assert (likely.state, likely.reason) == ("declined", "Cousins")
    likeness.compare([people[1].pk])
    assert found() == []


def test_a_joined_record_is_compared_by_all_its_names(staff: Staff) -> None:
    kept = enrol_one("Ann Ash", mail="a@example.org")
    married = enrol_one("Ann Birch", mail="b@example.org")
    joining.join(staff.author, kept.pk, married.pk, "Her passport says both")
    work()
    enrol_one("Anne Birch", mail="b@example.org")
    work()
    assert found() == [("Ann Ash", "Anne Birch", ["mail", "names alike", "place"])]


def test_a_common_name_compares_so_many_and_says_so(
    staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(likeness, "MOST_COMPARED", 5)
    for name in ["Mohammed Ali"] * 8 + ["Zbigniew Rare"]:
        register(name)
    work()
    newest = register("Mohammed Ali").traveller_id
    weighed: list[int] = []
    honest = likeness.weigh
    monkeypatch.setattr(
        likeness, "weigh", lambda pairs: (weighed.append(len(pairs)), honest(pairs))[1]
    )
    likeness.compare([newest])
    assert weighed == [4]  # the newest five, itself among them
    assert Compared.objects.get(traveller=newest).crowded
    assert not Compared.objects.get(traveller__name="Zbigniew Rare").crowded


def test_the_likeliest_few_are_shown_of_very_many(
    staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(likeness, "MOST_OPEN", 3)
    for number in range(6):
        enrol_one("Mohammed Ali", mail="m@example.org" if number in (0, 5) else f"{number}@e.org")
    work()
    last = Traveller.objects.latest("pk").pk
    mine = Likeness.objects.filter(b_id=last) | Likeness.objects.filter(a_id=last)
    assert 1 <= mine.count() <= 3
    assert max(each.score for each in mine) == max(each.score for each in Likeness.objects.all())


def test_told_twice_it_changes_nothing(staff: Staff) -> None:
    for _ in range(2):
        enrol_one("Mohammed Ali", mail="m@example.org")
    work()
    before = [list(model.objects.values()) for model in (Likeness, LikenessStep, NameSound)]
    likeness.compare(Traveller.objects.values_list("pk", flat=True))
    after = [list(model.objects.values()) for model in (Likeness, LikenessStep, NameSound)]
    assert before == after


def test_who_is_erased_is_compared_no_more(staff: Staff) -> None:
    person = enrol_one("Ann Ash")
    work()
    assert NameSound.objects.filter(traveller=person).exists()
    Registration.objects.filter(traveller=person).update(traveller=enrol_one("Bo Birch"))
    searching.index([person.pk])
    assert not NameSound.objects.filter(traveller=person).exists()


class TestAnAttacker:
    """Knows the victim's name, birth date and passport number, and enrols as the victim."""

    def test_learns_nothing_and_changes_nothing(self, staff: Staff) -> None:
        victim = enrol_one("Amina Haddad", mail="amina@example.org")
        work()
        tables = (Registration, Reach, Repointing, Joining, Traveller)
        before = [list(model.objects.order_by("pk").values()) for model in tables]
        known = trips.enrol(said("Amina Haddad", mail="attacker@example.org", verified_at=None))
        unknown = trips.enrol(said("Nobody Known", mail="other@example.org", verified_at=None))
        work()
        # An officer is told; the two enrolments are otherwise alike to their last column.
        assert found() == [("Amina Haddad", "Amina Haddad", ["same name", "place"])]
        mine = {each.pk for each in (*known, *unknown)}
        people = {each.traveller_id for each in (*known, *unknown)}
        after = [
            [
                row
                for row in model.objects.order_by("pk").values()
                if row.get("registration_id") not in mine
                and not (model is Registration and row["id"] in mine)
                and not (model is Traveller and row["id"] in people)
            ]
            for model in tables
        ]
        assert after == before
        assert victim.registrations.count() == 1
        assert len(known) == len(unknown) == 1
