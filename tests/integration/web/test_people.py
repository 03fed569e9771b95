"""Pages of people: search, one person, two records beside each other, and who may do what."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from tests.integration.web.conftest import signed_in
from tests.support.factories import enrol, enrol_one, run_schedules, stay, work
from wayhome.musters.services import open_muster
from wayhome.officers.models import Look, Officer
from wayhome.officers.roles import Role
from wayhome.places.reading import read
from wayhome.travellers import joining
from wayhome.travellers.door_models import AssuranceStep
from wayhome.travellers.models import (
    Assurance,
    Joining,
    Likeness,
    Reach,
    Registration,
)
from wayhome.trips.enrolment import PersonSaid
from wayhome.work import clock

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
PEOPLE = "/desk/people/"
WHY = "her brother calls"


def search(client: Client, text: str, *, typed: bool = False, why: str = WHY) -> str:
    headers = {"HX-Request": "true"} if typed else {}
    answer = client.post(PEOPLE, {"q": text, "purpose": why}, headers=headers)
    return answer.content.decode()


@pytest.fixture
def looking(desk: Client) -> Client:
    """The author's browser, which has said why it looks."""
    desk.post(PEOPLE, {"q": "nobody at all", "purpose": WHY})
    return desk


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


class TestSearch:
    def test_it_asks_why_once_and_keeps_it_with_every_look(
        self, desk: Client, author: Officer, family: list[Registration]
    ) -> None:
        refused = desk.post(PEOPLE, {"q": "haddad"})
        assert refused.status_code == 422
        assert "say why you look for people" in refused.content.decode()
        assert not Look.objects.exists()
        assert "Amina Haddad" in search(desk, "haddad")
        found = desk.post(PEOPLE, {"q": "amin"}).content.decode()
        assert "Amina Haddad" in found
        assert "her brother calls" in found
        looks = Look.objects.values_list("officer_id", "view", "purpose").distinct()
        assert list(looks) == [(author.pk, "people search", WHY)]

    def test_no_name_is_in_an_address(self, desk: Client, family: list[Registration]) -> None:
        assert "Amina" not in desk.get(PEOPLE + "?q=amina").content.decode()
        assert not Look.objects.exists()

    def test_as_one_types_from_three_letters_or_one_character(self, looking: Client) -> None:
        enrol_one("Amina Haddad")
        enrol_one("王伟", mail="wang@example.org")
        assert "Amina" not in search(looking, "am", typed=True)
        part = search(looking, "ami", typed=True)
        assert "Amina" in part
        assert "<html" not in part
        assert "王伟" in search(looking, "伟", typed=True)
        assert "Amina" in search(looking, "am")

    def test_where_they_are_and_what_else_they_are_called(
        self, looking: Client, author: Officer
    ) -> None:
        kept = enrol_one("Amina Haddad")
        other = enrol_one("أمينة حداد", mail="b@example.org", stays=[stay("Erbil")])
        joining.join(author, kept.pk, other.pk, "One passport")
        found = search(looking, "أمينة")
        for shown in ("Amina Haddad", "also entered as <bdi>أمينة حداد</bdi>", "Mosul", "Erbil",
                      "2 entries joined", "1 person is found."):  # fmt: skip
            assert shown in found

    def test_nobody_and_very_many_are_said_so(self, looking: Client) -> None:
        for number in range(32):
            enrol_one(f"Ann{number} Ash")
        assert "Nobody is found." in search(looking, "xyz")
        many = search(looking, "ash")
        assert "the best 30 are shown. Type more to narrow it." in many
        assert many.count('class="card"') == 30

    @pytest.mark.parametrize("text", ["", "?", "\0", "a\0b", "'; DROP TABLE traveller", "%", "_"])
    def test_whatever_is_typed(self, looking: Client, text: str) -> None:
        enrol_one("Ann Ash")
        for typed in (False, True):
            assert "Ann Ash" not in search(looking, text, typed=typed)


class TestPerson:
    def test_all_that_is_known(
        self, looking: Client, author: Officer, family: list[Registration]
    ) -> None:
        adult = family[0].traveller
        open_muster(
            author, name="Mosul", region=read("IQ-NI"), starts_at=clock.now() - timedelta(hours=1)
        )
        work()
        shown = page(looking, f"{PEOPLE}{adult.pk}/")
        entry = f"Entry {family[0].pk}"
        for text in ("Amina Haddad", "Bo Haddad", "amina@example.org", "+9647901234567", "Mosul",
                     "verified", "silent since", "reachable", entry, "Looks"):  # fmt: skip
            assert text in shown, text
        assert set(Look.objects.values_list("traveller_id", flat=True)) == {
            each.traveller_id for each in family
        }

    def test_stays_by_time_with_their_doubts(self, looking: Client) -> None:
        person = enrol_one(
            stays=[stay("Iraq", -30, -20), stay("Erbil", -1, 5), stay("Basra", 20, 30)]
        )
        shown = page(looking, f"{PEOPLE}{person.pk}/")
        assert shown.index("<h3>Now</h3>") < shown.index("Erbil") < shown.index("<h3>To come</h3>")
        assert shown.index("Basra") < shown.index("<h3>Past</h3>")
        assert "Due to have left; nobody confirmed it." in shown
        assert "Known no closer than the country." in shown

    def test_why_is_asked_before_anything_is_shown(self, desk: Client) -> None:
        person = enrol_one("Ann Ash")
        path = f"{PEOPLE}{person.pk}/"
        first = page(desk, path)
        assert "Why do you look" in first
        assert "Ann Ash" not in first
        assert not Look.objects.exists()
        answer = desk.post(f"{PEOPLE}purpose/", {"purpose": WHY, "path": path}, follow=True)
        assert "Ann Ash" in answer.content.decode()
        for elsewhere in ("https://evil.example/", "//evil.example/", "/my/x/"):
            sent = desk.post(f"{PEOPLE}purpose/", {"purpose": WHY, "path": elsewhere})
            assert sent["Location"] == PEOPLE

    def test_a_record_that_was_joined_leads_to_the_one_that_counts(
        self, looking: Client, author: Officer
    ) -> None:
        kept, other = enrol_one("Ann Ash"), enrol_one("Anna Ash", mail="b@example.org")
        joined = joining.join(author, kept.pk, other.pk, "One passport")
        answer = looking.get(f"{PEOPLE}{other.pk}/")
        assert answer["Location"] == f"{PEOPLE}{kept.pk}/"
        assert "One passport" in page(looking, f"{PEOPLE}{kept.pk}/")
        sent = {"joining": joined.pk, "why": "Two sisters"}
        assert looking.post(f"{PEOPLE}{kept.pk}/part/", sent).status_code == 302
        assert "Parted" in page(looking, f"{PEOPLE}{kept.pk}/")
        assert "Two sisters" in page(looking, f"{PEOPLE}{other.pk}/")
        assert looking.post(f"{PEOPLE}{kept.pk}/part/", sent).status_code == 302

    def test_an_address_in_hostile_hands(self, looking: Client) -> None:
        person = enrol_one("Ann Ash")
        reach = Reach.objects.get()
        path = f"{PEOPLE}{person.pk}/address/"
        refused = looking.post(path, {"reach": reach.pk, "do": "hostile", "why": ""})
        assert refused.status_code == 422
        assert looking.post(path, {"reach": reach.pk, "do": "hostile", "why": "He has it"})
        assert "do not use" in page(looking, f"{PEOPLE}{person.pk}/")
        stranger = enrol_one("Bo Birch")
        sent = {"reach": reach.pk, "do": "lift", "why": "x"}
        assert looking.post(f"{PEOPLE}{stranger.pk}/address/", sent).status_code == 404

    @pytest.mark.parametrize("number", [0, 10**9, 10**18])
    def test_nobody(self, looking: Client, number: int) -> None:
        assert looking.get(f"{PEOPLE}{number}/").status_code == 404


class TestAssurance:
    def test_who_when_and_on_what(self, looking: Client, author: Officer) -> None:
        person = enrol_one("Ann Ash")
        number = person.registrations.get().pk
        path = f"{PEOPLE}{person.pk}/vouch/"
        sent = {"registration": number, "do": "document", "document": "Iraqi passport"}
        assert looking.post(path, sent).status_code == 302
        assert Registration.objects.get(pk=number).assurance == Assurance.DOCUMENT_SEEN
        shown = page(looking, f"{PEOPLE}{person.pk}/")
        for text in ("document seen", "<bdi>Iraqi passport</bdi> seen", author.name, "Baghdad"):
            assert text in shown
        looking.post(path, {"registration": number, "do": "confirm", "why": "I met her"})
        looking.post(
            path, {"registration": number, "do": "lower", "to": "1", "why": "It was her sister"}
        )
        steps = AssuranceStep.objects.order_by("pk")
        assert list(steps.values_list("was", "now", "document", "officer_id", "why")) == [
            (2, 3, "Iraqi passport", author.pk, "document shown"),
            (3, 4, "", author.pk, "I met her"),
            (4, 1, "", author.pk, "It was her sister"),
        ]
        assert Registration.objects.get(pk=number).assurance == Assurance.SELF_DECLARED

    @pytest.mark.parametrize(
        ("sent", "says"),
        [
            ({"do": "document", "document": ""}, "say which kind"),
            ({"do": "document", "document": "passport P1234567"}, "its number is kept sealed"),
            ({"do": "confirm", "why": " "}, "say how you know"),
            ({"do": "lower", "to": "4", "why": "x"}, "is not lower"),
            ({"do": "lower", "to": "", "why": "x"}, "is not lower"),
        ],
    )
    def test_what_is_refused(self, looking: Client, sent: dict[str, str], says: str) -> None:
        person = enrol_one("Ann Ash")
        number = person.registrations.get().pk
        answer = looking.post(f"{PEOPLE}{person.pk}/vouch/", sent | {"registration": str(number)})
        assert answer.status_code == 422
        assert says in answer.content.decode()
        assert not AssuranceStep.objects.exists()

    def test_only_of_entries_that_are_theirs(self, looking: Client) -> None:
        person, other = enrol_one("Ann Ash"), enrol_one("Bo Birch")
        sent = {"registration": other.registrations.get().pk, "do": "confirm", "why": "x"}
        assert looking.post(f"{PEOPLE}{person.pk}/vouch/", sent).status_code == 404


class TestTwoRecords:
    @pytest.fixture
    def pair(self) -> tuple[int, int]:
        one = enrol_one("Mohammed Ali", mail="m@example.org", phone="+9647901234567")
        other = enrol_one("محمد علي", mail="m@example.org", stays=[stay("Basra")])
        run_schedules()
        work()
        return one.pk, other.pk

    def test_the_list_leads_to_both_and_says_why(
        self, looking: Client, pair: tuple[int, int]
    ) -> None:
        Look.objects.all().delete()
        shown = page(looking, f"{PEOPLE}likely/")
        for text in ("Mohammed Ali", "محمد علي", "same mail address", "another spelling"):
            assert text in shown
        assert set(Look.objects.values_list("traveller_id", flat=True)) == set(pair)
        (path,) = re.findall(r"/desk/people/\d+/beside/\d+/", shown)
        beside = page(looking, path)
        assert beside.count('class="tag">differs') >= 3
        for text in ("m@example.org", "+9647901234567", "Mosul", "Basra"):
            assert text in beside

    def test_joined_with_a_reason(
        self, looking: Client, author: Officer, pair: tuple[int, int]
    ) -> None:
        path = f"{PEOPLE}{pair[0]}/beside/{pair[1]}/"
        refused = looking.post(path + "decide/", {"do": "join", "why": ""})
        assert refused.status_code == 422
        assert looking.post(path + "decide/", {"do": "join", "why": "One passport"})
        assert Joining.objects.get().by_officer_id == author.pk
        assert looking.get(path)["Location"] == f"{PEOPLE}{pair[0]}/"
        work()
        assert "None to decide" in page(looking, f"{PEOPLE}likely/")

    def test_declined_with_a_reason(self, looking: Client, pair: tuple[int, int]) -> None:
        path = f"{PEOPLE}{pair[0]}/beside/{pair[1]}/"
        assert looking.post(path + "decide/", {"do": "decline", "why": "Father and son"})
        assert Likeness.objects.get().state == Likeness.State.DECLINED
        assert "None to decide" in page(looking, f"{PEOPLE}likely/")
        assert "Father and son" in page(looking, path)

    def test_what_cannot_be_joined_says_so_and_offers_no_button(self, looking: Client) -> None:
        made = enrol("Ann Ash", PersonSaid("Bo Ash", minor=True))
        numbers = [each.traveller_id for each in made]
        shown = page(looking, f"{PEOPLE}{numbers[0]}/beside/{numbers[1]}/")
        assert "is a child in the care of the other" in shown
        assert "join the records" not in shown


PATHS = ("", "likely/", "{one}/", "{one}/beside/{two}/")
POSTS = ("{one}/vouch/", "{one}/address/", "{one}/part/", "{one}/beside/{two}/decide/")


@pytest.mark.parametrize("path", [*PATHS, *POSTS])
def test_not_for_whoever_sees_no_people(officer_of: Callable[[str], Officer], path: str) -> None:
    one, two = enrol_one("Ann Ash"), enrol_one("Bo Birch")
    client = signed_in(officer_of(Role.ADMINISTRATOR))
    ask = client.post if path in POSTS else client.get
    answer = ask(PEOPLE + path.format(one=one.pk, two=two.pk))
    assert answer.status_code == 403
    assert "Ann Ash" not in answer.content.decode()


@pytest.mark.parametrize("path", POSTS)
def test_a_viewer_changes_nothing(officer_of: Callable[[str], Officer], path: str) -> None:
    one, two = enrol_one("Ann Ash"), enrol_one("Anna Ash", mail="ann@example.org")
    client = signed_in(officer_of(Role.VIEWER))
    search(client, "ann")
    sent = {"why": "x", "do": "join", "registration": "1", "reach": "1", "joining": "1"}
    answer = client.post(PEOPLE + path.format(one=one.pk, two=two.pk), sent)
    assert answer.status_code == 403
    shown = page(client, f"{PEOPLE}{one.pk}/")
    assert "<button" not in shown.split("<main")[1]
