"""The doors: oneself, somebody close, an organisation's member, an officer's desk. Who is entered
by another is told safely, and no door says whether anybody is known."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import unquote

import pytest
from django.test import Client

from tests.integration.web.conftest import signed_in
from tests.support.portal import code_in, letters_to, link_in, reach_at
from wayhome.letters.models import Letter
from wayhome.officers.models import Officer
from wayhome.places import finding
from wayhome.travellers.door_models import AssuranceStep, Informant, Telling
from wayhome.travellers.models import Assurance, ContactPoint, Door, Reach, Registration, Traveller
from wayhome.travellers.organisation_codes import new_door_code
from wayhome.travellers.organisations import make_organisation
from wayhome.trips.models import Leg
from wayhome.work import clock
from wayhome.work.worker import run_until_idle

pytestmark = [
    pytest.mark.integration,
    pytest.mark.django_db,
    pytest.mark.usefixtures("outbox"),
]

SOMEONE = "/enrol/for-someone/"


@pytest.fixture
def someone(form: dict[str, str]) -> dict[str, str]:
    """A mother enters her daughter."""
    return form | {
        "people": "1",
        "informant_name": "Mary Byron",
        "informant_relation": "mother",
        "informant_how": "she called yesterday",
        "informant_mail": "mary@example.org",
        "informant_consent": "on",
    }


class TestOneself:
    def test_legs_are_said_in_local_times_and_read_back(
        self, client: Client, form: dict[str, str]
    ) -> None:
        day = clock.today() + timedelta(days=2)
        form |= {
            "legs": "1",
            "leg-0-mode": "air",
            "leg-0-carrier": "Iraqi Airways",
            "leg-0-number": "IA 114",
            "leg-0-departs_from": "Istanbul",
            "leg-0-departs": f"{day}T09:30",
            "leg-0-arrives_in": "Baghdad",
            "leg-0-arrives": f"{day}T12:15",
        }
        page = client.post("/enrol/", form, follow=True).content.decode()

        leg = Leg.objects.first()
        assert leg is not None
        assert f"{leg.departs_at:%H:%M}" == "06:30"  # UTC
        assert "09:30 in Europe/Istanbul" in page
        assert Leg.objects.count() == 2  # each traveller has a trip of their own

    def test_a_leg_that_cannot_be_read_is_mended_where_it_stands(
        self, client: Client, form: dict[str, str]
    ) -> None:
        form |= {"legs": "1", "leg-0-departs_from": "Istanbul", "leg-0-departs": "soon"}
        page = client.post("/enrol/", form).content.decode()
        for field in ("mode", "departs", "arrives_in", "arrives"):
            assert f'href="#id_leg-0-{field}"' in page
        assert 'value="Istanbul"' in page
        assert not Registration.objects.exists()

    def test_a_country_with_many_clocks_asks_which(
        self, client: Client, form: dict[str, str]
    ) -> None:
        day = clock.today()
        form |= {
            "legs": "1",
            "leg-0-mode": "rail",
            "leg-0-departs_from": "Russia",
            "leg-0-departs": f"{day}T09:30",
            "leg-0-arrives_in": "Helsinki",
            "leg-0-arrives": f"{day}T18:00",
        }
        page = client.post("/enrol/", form).content.decode()
        assert 'href="#id_leg-0-zones"' in page
        form["leg-0-zones"] = "Europe/Moscow, Europe/Helsinki"
        assert client.post("/enrol/", form).status_code == 302

    def test_a_child_is_in_the_care_of_whom_they_name(
        self, client: Client, form: dict[str, str]
    ) -> None:
        form |= {
            "people": "3",
            "person-1-name": "Cy Byron",
            "person-1-minor": "",
            "person-1-mail": "cy@example.org",
            "person-2-name": "Bo Byron",
            "person-2-minor": "on",
            "person-2-guardian": "1",
        }
        assert client.post("/enrol/", form).status_code == 302
        child = Traveller.objects.get(name="Bo Byron")
        assert child.guardian is not None
        assert child.guardian.name == "Cy Byron"
        assert reach_at("cy@example.org").party_id is None  # Cy's alone

    def test_a_child_cannot_be_in_a_childs_care(self, client: Client, form: dict[str, str]) -> None:
        form |= {"people": "3", "person-2-name": "Di", "person-2-minor": "on"}
        page = client.post("/enrol/", form | {"person-2-guardian": "1"}).content.decode()
        assert 'href="#id_person-2-guardian"' in page

    def test_a_form_that_was_left_is_taken_up_again_and_nothing_was_stored(
        self, client: Client, form: dict[str, str]
    ) -> None:
        form |= {"stay-0-depart": "", "mail": ""}
        kept = client.post("/enrol/", form | {"keep": "1"})
        address = kept["Location"]
        assert not Registration.objects.exists()
        assert not ContactPoint.objects.exists()
        for typed in ("Ada", "Mosul", "example"):
            assert typed not in unquote(address)
        page = Client().get(address).content.decode()  # another browser, another day
        for name in ("person-0-name", "stay-0-place", "stay-0-arrive", "press"):
            assert f'value="{form[name]}"' in page
        assert "Please mend" not in page
        assert Client().get(address[:-4] + "xxx/").status_code == 404

    def test_forty_unknown_places_are_compared_a_few_at_a_time(
        self, client: Client, form: dict[str, str]
    ) -> None:
        finding._hits.cache_clear()
        form["stays"] = "40"
        for n in range(40):
            form |= {
                f"stay-{n}-place": f"Qxzzqj{'abcdefghij'[n % 10]}{'klmnop'[n % 6]}w{n}",
                f"stay-{n}-country": f"Vvqjx{n}",
                f"stay-{n}-arrive": form["stay-0-arrive"],
                f"stay-{n}-depart": form["stay-0-depart"],
            }
        answer = client.post("/enrol/", form)
        assert answer.status_code == 422
        assert answer.content.decode().count("is known") >= 80
        assert finding._hits.cache_info().misses <= 8


class TestCode:
    def test_it_comes_by_mail_and_confirms_the_address(
        self, client: Client, form: dict[str, str]
    ) -> None:
        done = client.post("/enrol/", form)["Location"]
        run_until_idle()
        letter = letters_to("ada@example.org")[-1]
        assert letter.kind == Letter.Kind.CODE
        page = client.post(
            done,
            {"reach": str(reach_at("ada@example.org").pk), "code": code_in(letter)},
            follow=True,
        ).content.decode()

        assert "Your address is confirmed" in page
        assert reach_at("ada@example.org").verified_at is not None
        levels = set(Registration.objects.values_list("assurance", flat=True))
        assert levels == {Assurance.REACHABLE}
        step = AssuranceStep.objects.first()
        assert step is not None
        assert "code" in step.why

    def test_the_link_changes_nothing_until_it_is_pressed(
        self, client: Client, form: dict[str, str]
    ) -> None:
        client.post("/enrol/", form)
        run_until_idle()
        link = link_in(letters_to("ada@example.org")[-1], "v")
        for _ in range(2):
            assert client.get(link).status_code == 200
        assert reach_at("ada@example.org").verified_at is None
        page = client.post(link, follow=True)
        assert page.redirect_chain[-1][0].startswith("/my/")
        assert reach_at("ada@example.org").verified_at is not None
        assert client.post(link).status_code == 404  # once

    def test_its_words_are_forgotten_once_it_is_handed_over(
        self, client: Client, form: dict[str, str]
    ) -> None:
        client.post("/enrol/", form)
        run_until_idle()
        assert [letter.text for letter in Letter.objects.all()] == [""]

    def test_whoever_did_not_give_the_address_takes_it_back(
        self, client: Client, form: dict[str, str]
    ) -> None:
        client.post("/enrol/", form)
        run_until_idle()
        link = link_in(letters_to("ada@example.org")[-1], "v")
        page = client.post(link, {"do": "not me"}).content.decode()
        assert "Ada" not in page
        assert "Mosul" not in page
        assert Reach.objects.get(contact_point__address="ada@example.org").ended_at is not None
        assert Registration.objects.count() == 2


class TestSomebodyElse:
    def test_they_are_entered_and_the_relative_is_whom_to_turn_to(
        self, client: Client, someone: dict[str, str]
    ) -> None:
        page = client.post(SOMEONE, someone, follow=True).content.decode()

        entered = Registration.objects.get()
        assert entered.door == Door.RELATIVE
        assert "/my/" not in page  # her page is hers
        informant = Informant.objects.get()
        assert (informant.name, informant.relation) == ("Mary Byron", "mother")
        mary = Reach.objects.get(contact_point__address="mary@example.org")
        assert mary.purpose == Reach.Purpose.EMERGENCY
        run_until_idle()
        assert not letters_to("mary@example.org")

    def test_she_is_told_when_she_has_shown_that_the_address_is_hers(
        self, client: Client, someone: dict[str, str]
    ) -> None:
        client.post(SOMEONE, someone)
        run_until_idle()
        first = letters_to("ada@example.org")
        assert [each.kind for each in first] == [Letter.Kind.CODE]
        for told in ("Ada", "Byron", "Mosul", "mother", "Mary"):
            assert told not in first[0].body
        assert "/my/" not in first[0].body
        page = client.post(link_in(first[0], "v"), follow=True).content.decode()
        assert "You were entered by another" in page
        run_until_idle()
        second = letters_to("ada@example.org")[-1]
        assert second.kind == Letter.Kind.LINK
        assert "close to you" in second.body
        assert "Mary" not in second.body
        assert client.get(link_in(second, "my")).status_code == 200
        assert Telling.objects.count() == 1

    def test_a_man_who_gives_his_own_address_as_hers_learns_nothing_she_said(
        self, client: Client, form: dict[str, str], someone: dict[str, str]
    ) -> None:
        """She enrolled herself long ago, in Erbil, by an address of hers."""
        hers = form | {"people": "1", "stay-0-place": "Erbil", "mail": "hers@example.org"}
        client.post("/enrol/", hers)
        known = client.post(SOMEONE, someone | {"mail": "his@example.org"}, follow=True)
        run_until_idle()
        link = link_in(letters_to("his@example.org")[-1], "v")
        page = client.post(link, follow=True).content.decode()
        for secret in ("Erbil", "hers@", "h…@example.org</strong> –"):
            assert secret not in page
        assert "Mosul" in page  # what he wrote himself
        assert [each.kind for each in letters_to("hers@example.org")] == [Letter.Kind.CODE]
        assert "Erbil" not in known.content.decode()

    def test_known_or_unknown_the_page_has_the_same_words_and_size(
        self, client: Client, form: dict[str, str], someone: dict[str, str]
    ) -> None:
        unknown = client.post(SOMEONE, someone | {"press": "a" * 32}, follow=True).content
        client.post("/enrol/", form)
        known = client.post(SOMEONE, someone | {"press": "b" * 32}, follow=True).content
        assert known == unknown

    def test_their_own_address_is_never_the_relatives(
        self, client: Client, someone: dict[str, str]
    ) -> None:
        page = client.post(SOMEONE, someone | {"mail": "Mary@example.org"}).content.decode()
        assert 'href="#id_mail"' in page
        without = client.post(SOMEONE, someone | {"mail": ""})
        assert without.status_code == 302  # who knows none of hers may enter her all the same

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"informant_name": ""}, "informant_name"),
            ({"informant_relation": ""}, "informant_relation"),
            ({"informant_consent": ""}, "informant_consent"),
            ({"informant_mail": "mum"}, "informant_mail"),
            ({"person-0-name": ""}, "person-0-name"),
        ],
    )
    def test_faults_are_beside_their_fields(
        self, client: Client, someone: dict[str, str], change: dict[str, str], field: str
    ) -> None:
        answer = client.post(SOMEONE, someone | change)
        assert answer.status_code == 422
        assert f'href="#id_{field}"' in answer.content.decode()
        assert not Registration.objects.exists()


class TestOrganisation:
    def test_its_code_decides_and_a_wrong_one_says_no_more_than_that(
        self, client: Client, form: dict[str, str]
    ) -> None:
        university = make_organisation("uni-x", "University of X")
        code = new_door_code(university)
        ok = client.post("/enrol/", form | {"organisation_code": code.lower().replace("-", " ")})
        assert ok.status_code == 302
        made = Registration.objects.first()
        assert made is not None
        assert (made.door, made.organisation) == (Door.ORGANISATION, university)
        old = new_door_code(university) and code
        faults = set()
        for wrong in (old, "uni-x", "zzz", "0"):
            page = client.post("/enrol/", form | {"organisation_code": wrong}).content.decode()
            faults.add(page[page.index('class="faults"') : page.index("<form")])
        assert len(faults) == 1
        assert "mend it, or leave it empty" in faults.pop()


class TestDesk:
    def test_an_officer_enrols_a_person_who_stands_there(
        self, desk: Client, author: Officer, form: dict[str, str]
    ) -> None:
        sent = form | {"document_seen": "yes"}
        done = desk.post("/desk/enrol/", sent)
        assert done.status_code == 302
        made = Registration.objects.order_by("pk")
        assert {(each.door, each.entered_by_id) for each in made} == {(Door.OFFICER, author.pk)}
        assert {each.assurance for each in made} == {Assurance.DOCUMENT_SEEN}
        page = desk.get(done["Location"]).content.decode()
        assert "Ada Byron" in page
        assert "/my/" not in page  # their link is theirs alone
        run_until_idle()
        code = code_in(letters_to("ada@example.org")[-1])
        said = {"reach": str(reach_at("ada@example.org").pk), "code": code}
        assert "confirmed" in desk.post(done["Location"], said, follow=True).content.decode()
        assert reach_at("ada@example.org").verified_at is not None

    def test_without_a_code_none_is_sent(self, desk: Client, form: dict[str, str]) -> None:
        desk.post("/desk/enrol/", form | {"without_code": "yes"})
        run_until_idle()
        assert not letters_to("ada@example.org")

    def test_another_officer_does_not_open_what_was_made(
        self, desk: Client, second_desk: Client, form: dict[str, str]
    ) -> None:
        done = desk.post("/desk/enrol/", form)["Location"]
        assert second_desk.get(done).status_code == 404

    def test_it_is_for_those_who_may(
        self, client: Client, officer_of: object, form: dict[str, str]
    ) -> None:
        viewer = signed_in(officer_of("viewer"))  # type: ignore[operator]
        for path in ("/desk/enrol/", "/desk/bursts/"):
            assert viewer.get(path).status_code == 403
            assert viewer.post(path, form).status_code == 403
            assert client.get(path).status_code == 302
        assert not Registration.objects.exists()
