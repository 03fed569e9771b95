"""Enrolling by the form: once, whole, and nothing lost when something is wrong."""

from __future__ import annotations

import re
import time
from datetime import timedelta

import pytest
from django.test import Client

from wayhome.officers.models import Officer
from wayhome.travellers import references
from wayhome.travellers.models import ContactPoint, Registration, Traveller
from wayhome.trips.models import Stay
from wayhome.work import clock

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


def test_enrols_a_family_and_shows_what_was_kept(client: Client, form: dict[str, str]) -> None:
    done = client.post("/enrol/", form, follow=True)

    assert done.status_code == 200
    assert done.redirect_chain[0][0].startswith("/enrol/done/")
    page = done.content.decode()
    assert [t.name for t in Traveller.objects.order_by("pk")] == ["Ada Byron", "Bo Byron"]
    assert Stay.objects.filter(words="Mosul, Iraq", is_current=True).count() == 2
    for shown in ("Ada Byron", "Bo Byron", "Mosul, Iraq", "ada@example.org", "not verified"):
        assert shown in page
    links = re.findall(r"href=\"http://127\.0\.0\.1:8000(/my/[^\"]+/)\"", page)
    assert len(links) == 1  # the child has none
    assert client.get(links[0]).status_code == 200


def test_the_first_pages_are_light_and_need_no_scripts(client: Client) -> None:
    css = client.get("/static/wayhome/wayhome.css")
    weight = sum(len(part) for part in css.streaming_content)  # type: ignore[attr-defined]
    for path in ("/", "/enrol/"):
        page = client.get(path).content
        assert b"<script" not in page
        assert len(page) + weight < 30_000


def test_a_row_is_added_without_scripts_and_keeps_what_was_typed(
    client: Client, form: dict[str, str]
) -> None:
    page = client.post("/enrol/", form | {"more": "person"}).content.decode()

    assert 'name="person-2-name"' in page
    assert 'value="Ada Byron"' in page
    assert re.search(r'name="person-1-minor"[^>]*checked', page)
    assert f'value="{form["stay-0-arrive"]}"' in page
    assert "Please mend" not in page
    assert Traveller.objects.count() == 0
    page = client.post("/enrol/", form | {"more": "stay"}).content.decode()
    assert 'name="stay-1-place"' in page


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"person-0-name": "", "person-1-name": ""}, "id_person-0-name", "is empty"),
        ({"person-0-minor": "on"}, "", "no adult is named"),
        ({"stay-0-place": "Mosssul Xyz"}, "id_stay-0-place", "known"),
        ({"stay-0-place": ""}, "id_stay-0-place", "empty"),
        ({"stay-0-country": "Atlantis"}, "id_stay-0-country", "Atlantis"),
        ({"stay-0-arrive": ""}, "id_stay-0-arrive", "is empty"),
        ({"stay-0-arrive": "soon"}, "id_stay-0-arrive", "is no day"),
        ({"stay-0-arrive": "1492-10-12"}, "id_stay-0-arrive", "out of range"),
        ({"stay-0-depart": ""}, "id_stay-0-depart", "I live here"),
        ({"stay-0-resident": "on"}, "id_stay-0-depart", "I live here"),
        ({"stay-0-depart": "2001-01-01"}, "id_stay-0-depart", "before the arrival"),
        ({"mail": "ada at example"}, "id_mail", "no mail address"),
        ({"mail": ""}, "id_mail", "no way to reach"),
        ({"phone": "0790 123"}, "id_phone", "country code"),
        ({"emergency_mail": "mum"}, "id_emergency_mail", "no mail address"),
        ({"emergency_phone": "12"}, "id_emergency_phone", "country code"),
        ({"language": "tlh"}, "id_language", "not offered"),
        ({"person-0-name": "A\x00da"}, "id_person-0-name", "ull characters"),
    ],
)
def test_a_fault_is_said_beside_its_field_and_keeps_everything(
    client: Client, form: dict[str, str], change: dict[str, str], field: str, words: str
) -> None:
    sent = form | change
    answer = client.post("/enrol/", sent)
    page = answer.content.decode()

    assert answer.status_code == 422
    assert Registration.objects.count() == Stay.objects.count() == 0
    assert ContactPoint.objects.count() == 0
    summary = page[page.index('class="faults"') : page.index("<form")]
    assert words in summary
    if field:
        assert f'href="#{field}"' in summary
        assert f'id="{field}"' in page
    for name in ("person-0-name", "stay-0-place", "mail", "phone", "stay-0-depart", "press"):
        if sent[name] and "\x00" not in sent[name]:
            assert f'value="{sent[name]}"' in page


def test_every_fault_is_found_at_once(client: Client, form: dict[str, str]) -> None:
    change = {"person-0-name": "", "stay-0-arrive": "", "mail": "x", "stay-0-place": "Qqqqqq"}
    page = client.post("/enrol/", form | change | {"person-1-name": ""}).content.decode()
    summary = page[page.index('class="faults"') : page.index("<form")]
    assert summary.count("<li>") == 4


def test_empty_rows_are_left_out_and_faults_name_the_right_row(
    client: Client, form: dict[str, str]
) -> None:
    today = clock.today()
    form |= {
        "people": "3",
        "stays": "3",
        "person-2-name": "Cy Byron",
        "person-1-name": "",
        "person-1-minor": "",
        "stay-2-place": "Qqqqqq",
        "stay-2-arrive": today.isoformat(),
        "stay-2-resident": "on",
    }
    page = client.post("/enrol/", form).content.decode()
    assert 'href="#id_stay-2-place"' in page
    form["stay-2-place"] = "Erbil, Iraq"
    assert client.post("/enrol/", form).status_code == 302
    assert Registration.objects.count() == 2
    assert Stay.objects.filter(depart=None).count() == 2


def test_a_form_sent_twice_enrols_once(client: Client, form: dict[str, str]) -> None:
    first = client.post("/enrol/", form, follow=True)
    again = client.post("/enrol/", form, follow=True)

    assert Registration.objects.count() == 2
    link = re.search(rb"/my/[^\"]+/", first.content)
    assert link
    assert link[0].split(b":")[0] in again.content


def test_the_form_changed_and_sent_again_is_another_enrolment(
    client: Client, form: dict[str, str]
) -> None:
    client.post("/enrol/", form)
    client.post("/enrol/", form | {"person-0-name": "Someone Else"})
    assert Registration.objects.count() == 4


@pytest.mark.django_db(transaction=True)
def test_another_process_that_took_the_same_press_is_no_fault(
    client: Client, form: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both look before either writes: the second finds the row by its key."""
    client.post("/enrol/", form)
    real, looks = references.by_references, iter([True])

    def late(door: str, references: list[str]) -> list[references.Kept]:
        return [] if next(looks, False) else real(door, references)

    monkeypatch.setattr(references, "by_references", late)
    assert client.post("/enrol/", form).status_code == 302
    assert Registration.objects.count() == 2


def test_a_resident_has_no_last_day(client: Client, form: dict[str, str]) -> None:
    form |= {"stay-0-depart": "", "stay-0-resident": "on"}
    page = client.post("/enrol/", form, follow=True).content.decode()
    assert "no last day" in page
    assert Stay.objects.filter(depart=None).count() == 2


def test_the_page_of_links_is_not_shown_for_ever(
    client: Client, form: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    done = client.post("/enrol/", form)["Location"]
    assert client.get(done).status_code == 200
    later = time.time() + 2 * 3600
    monkeypatch.setattr("django.core.signing.time.time", lambda: later)
    assert client.get(done).status_code == 404


def test_rows_are_bounded(client: Client, form: dict[str, str]) -> None:
    page = client.post("/enrol/", form | {"people": "99999999", "more": "person"})
    assert page.status_code == 200
    page = client.post("/enrol/", form | {"people": "5000", "stays": "-1", "more": "person"})
    assert page.content.decode().count('type="checkbox"') < 100


def test_it_needs_no_cookie_and_sets_none(form: dict[str, str]) -> None:
    for path in ("/", "/enrol/", "/my-link/"):
        page = Client().get(path)
        assert (page.status_code, len(page.cookies)) == (200, 0)
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post("/enrol/", form)
    assert answer.status_code == 302
    assert not answer.cookies
    assert Registration.objects.count() == 2


def test_the_desk_checks_and_says_what_to_do(author: Officer) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(author)
    answer = strict.post("/desk/bulletins/new/", {"hazard": "Fighting"})
    assert answer.status_code == 403
    assert "Go back, reload the page" in answer.content.decode()


def test_days_far_ahead_are_refused(client: Client, form: dict[str, str]) -> None:
    form["stay-0-depart"] = (clock.today() + timedelta(days=4000)).isoformat()
    assert "five years" in client.post("/enrol/", form).content.decode()
