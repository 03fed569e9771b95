"""Officers write to a person on a roll, send their link, and decide about their addresses."""

from __future__ import annotations

import email
import email.policy
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests.integration.web.conftest import signed_in
from tests.support.factories import enrol_one
from wayhome.bulletins.models import Issue
from wayhome.delivery.models import Delivery
from wayhome.letters.models import Letter
from wayhome.links import TripsLink, read_trips
from wayhome.musters import services as musters
from wayhome.musters.claims import stop_by
from wayhome.musters.models import Muster, RollEntry
from wayhome.musters.writing import send_link, write_to
from wayhome.officers.access import Refused, access_for
from wayhome.officers.models import Look, Officer
from wayhome.officers.services import clear
from wayhome.places.reading import read
from wayhome.problems import Problem
from wayhome.travellers import services as travellers
from wayhome.travellers.contact_policy import mark_hostile
from wayhome.travellers.models import ContactPoint, Reach, Registration
from wayhome.work import clock
from wayhome.work.worker import run_until_idle

pytestmark = [pytest.mark.integration, pytest.mark.django_db]


@pytest.fixture
def muster(author: Officer, issue: Issue) -> Muster:
    opened = musters.open_muster(
        author,
        name="Mosul",
        region=read("Nineveh, Iraq"),
        starts_at=clock.now() - timedelta(hours=1),
        threads=[issue.bulletin],
    )
    run_until_idle()
    return opened


@pytest.fixture
def entry(muster: Muster, family: list[Registration]) -> RollEntry:
    return RollEntry.objects.get(muster=muster, traveller_id=family[0].traveller_id)


@pytest.fixture
def path(muster: Muster, entry: RollEntry) -> str:
    return f"/desk/musters/{muster.pk}/roll/{entry.pk}/"


@pytest.fixture
def way(family: list[Registration]) -> str:
    point = ContactPoint.objects.get(kind="mail")
    return f"{point.pk}-{family[0].pk}"


def letters(outbox: Path) -> list[str]:
    found = []
    for file in sorted((outbox / "letters").glob("*.eml")):
        mail = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        body = mail.get_body(("plain",))  # type: ignore[attr-defined]
        found.append(f"{mail['To']}\n{mail['Subject']}\n{body.get_content()}")
    return found


class TestRequest:
    def test_a_double_click_is_one_letter_in_the_officer_s_words(
        self, desk: Client, author: Officer, path: str, way: str, outbox: Path
    ) -> None:
        page = desk.get(path).content.decode()
        assert "The letter says nothing of the case by itself" in page
        press = re.search(r'name="press" value="([^"]+)"', page)
        assert press
        sent = {
            "press": press[1], "way": way, "language": "fr", "text": "Appelez-nous <vite>.",
        }  # fmt: skip
        for _ in range(2):
            assert desk.post(f"{path}write/", sent).status_code == 302
        page = desk.get(path).content.decode()
        assert "<strong>owed</strong>" in page
        run_until_idle()
        (text,) = letters(outbox)
        assert text.startswith("amina@example.org\nUn agent vous demande de répondre\n")
        assert "Appelez-nous <vite>." in text
        assert "/my-link/" in text
        assert "Amina" not in text  # no case details by itself
        made = Letter.objects.get()
        assert (made.officer_id, made.kind) == (author.pk, "request")
        lives = made.expires_at - made.made_at
        assert timedelta(hours=47) < lives <= timedelta(hours=48)
        page = desk.get(path).content.decode()
        assert "An officer&#x27;s request</strong> to amina@example.org" in page
        assert "sent " in page[page.index('id="letters"') :]
        assert "Appelez-nous &lt;vite&gt;." in page
        assert Look.objects.filter(view="letter", officer_id=author.pk).exists()

    def test_faults_keep_what_was_written(self, desk: Client, path: str, way: str) -> None:
        for sent, words in (
            ({"way": way, "language": "en", "text": " "}, "is empty"),
            ({"way": way, "language": "xx", "text": "Hello"}, "Select a valid choice"),
            ({"way": "1-999", "language": "en", "text": "Hello"}, "Select a valid choice"),
            ({"way": way, "language": "en", "text": "Hello" * 1000}, "at most"),
        ):
            answer = desk.post(f"{path}write/", sent)
            assert answer.status_code == 422, sent
            page = answer.content.decode()
            assert words in page
            assert sent["text"].strip()[:40] in page
        assert not Letter.objects.exists()

    def test_only_verified_addresses_of_one_s_own_are_offered(
        self, desk: Client, path: str, family: list[Registration]
    ) -> None:
        Reach.objects.filter(contact_point__kind="phone").update(verified_at=None)
        Reach.objects.filter(contact_point__kind="mail").update(purpose="emergency contact")
        page = desk.get(path).content.decode()
        assert "No verified address of their own can be written to now." in page
        assert "Send them their link again" not in page

    def test_a_neutral_address_gets_a_neutral_subject(
        self, desk: Client, path: str, way: str, outbox: Path
    ) -> None:
        Reach.objects.update(wording="neutral")
        desk.post(f"{path}write/", {"way": way, "language": "en", "text": "Call us."})
        run_until_idle()
        (text,) = letters(outbox)
        assert text.startswith("amina@example.org\nA message for you\n")

    def test_a_letter_is_withdrawn_where_the_person_stopped_and_the_page_says_why(
        self, desk: Client, path: str, way: str, outbox: Path
    ) -> None:
        desk.post(f"{path}write/", {"way": way, "language": "en", "text": "Call us."})
        Reach.objects.update(stopped_at=clock.now())
        run_until_idle()
        page = desk.get(path).content.decode()
        assert "<strong>withdrawn</strong>: <bdi>nobody is reached there any more" in page
        assert "They want nothing more there" in page
        assert letters(outbox) == []


class TestLink:
    def test_it_goes_to_the_person_and_opens_their_trips(
        self, desk: Client, path: str, way: str, outbox: Path, family: list[Registration]
    ) -> None:
        for _ in range(2):
            desk.post(f"{path}link/", {"press": "a1", "way": way})
        run_until_idle()
        (text,) = letters(outbox)
        assert "رابط رحلاتك" in text  # in the language of the address
        (token,) = re.findall(r"/my/([^/\s]+)/", text)
        assert read_trips(token) == TripsLink(family[0].pk, family[0].link_epoch)
        assert Letter.objects.get().text == ""
        page = desk.get(path).content.decode()
        assert "A link</strong> to amina@example.org" in page
        assert token not in page

    def test_for_a_child_it_is_the_guardian_s(
        self, desk: Client, muster: Muster, outbox: Path, family: list[Registration]
    ) -> None:
        child = RollEntry.objects.get(muster=muster, traveller_id=family[1].traveller_id)
        path = f"/desk/musters/{muster.pk}/roll/{child.pk}/"
        page = desk.get(path).content.decode()
        way = re.search(r'<option value="(\d+-\d+)">amina@example.org \(Amina', page)
        assert way
        desk.post(f"{path}link/", {"way": way[1]})
        run_until_idle()
        (text,) = letters(outbox)
        (token,) = re.findall(r"/my/([^/\s]+)/", text)
        assert read_trips(token).registration_id == family[0].pk

    def test_a_child_s_own_telephone_gets_no_link(
        self, author: Officer, muster: Muster, family: list[Registration]
    ) -> None:
        child = family[1]
        Reach.objects.update(verified_at=None)
        point = travellers.contact_point("phone", "+9647909999999")
        travellers.add_reach(child, point, verified_at=clock.now())
        entry = RollEntry.objects.get(muster=muster, traveller_id=child.traveller_id)
        access = access_for(author, "test")
        with pytest.raises(Problem, match="child"):
            send_link(author, access, entry.pk, way=f"{point.pk}-{child.pk}")
        assert not Letter.objects.exists()


class TestRules:
    def test_not_without_the_verb_nor_from_a_closed_muster_nor_on_a_case(
        self,
        desk: Client,
        author: Officer,
        signer: Officer,
        officer_of: Any,
        muster: Muster,
        entry: RollEntry,
        path: str,
        way: str,
    ) -> None:
        viewer = officer_of("viewer")
        sent = {"way": way, "language": "en", "text": "Hello"}
        assert "Write to this person" not in signed_in(viewer).get(path).content.decode()
        for what in ("write", "link", "address"):
            assert signed_in(viewer).post(f"{path}{what}/", sent).status_code == 403
        with pytest.raises(Refused):
            write_to(viewer, access_for(viewer, "x"), entry.pk, **sent)

        clear(signer, "cases")
        musters.decide(signer, entry.pk, "detained", reason="His brother")
        for what in ("write", "link", "address"):
            assert desk.post(f"{path}{what}/", sent).status_code == 404
        with pytest.raises(Refused):
            write_to(author, access_for(author, "x"), entry.pk, **sent)
        assert signed_in(signer).post(f"{path}write/", sent).status_code == 302

        musters.close_muster(signer, muster.pk)
        assert signed_in(signer).post(f"{path}write/", sent).status_code == 422
        assert Letter.objects.count() == 1


class TestAddresses:
    def test_hostile_hands_take_effect_on_what_is_queued(
        self, desk: Client, author: Officer, path: str, way: str, outbox: Path
    ) -> None:
        reach = Reach.objects.get(contact_point__kind="mail")
        desk.post(f"{path}write/", {"way": way, "language": "en", "text": "Call us."})
        no_reason = desk.post(f"{path}address/", {"reach": reach.pk, "do": "hostile", "why": ""})
        assert no_reason.status_code == 422
        assert "say how you know" in no_reason.content.decode()
        marked = {"reach": reach.pk, "do": "hostile", "why": "A <stranger> answered"}
        page = desk.post(f"{path}address/", marked, follow=True).content.decode()
        for shown in ("In hostile hands since", "A &lt;stranger&gt; answered", author.name):
            assert shown in page
        assert f'value="{way}"' not in page
        run_until_idle()
        assert letters(outbox) == []
        assert Delivery.objects.get(issue_id=0).state == "withdrawn"
        lifted = {"reach": reach.pk, "do": "lift", "why": "She is here"}
        page = desk.post(f"{path}address/", lifted, follow=True).content.decode()
        assert "no longer in hostile hands" in page
        assert f'value="{way}"' in page

    def test_an_address_that_is_not_theirs_is_unknown(
        self, desk: Client, path: str, family: list[Registration]
    ) -> None:
        enrol_one("Bob")
        other = Reach.objects.get(contact_point__address="bob@example.org")
        sent = {"reach": other.pk, "do": "hostile", "why": "x"}
        assert desk.post(f"{path}address/", sent).status_code == 404
        own = Reach.objects.get(contact_point__address="amina@example.org")
        assert desk.post(f"{path}address/", sent | {"reach": own.pk, "do": "x"}).status_code == 404
        other.refresh_from_db()
        assert other.hostile_since is None

    def test_one_marked_for_another_person_is_shown(
        self, desk: Client, author: Officer, path: str
    ) -> None:
        enrol_one("Bob", mail="amina@example.org")
        bob = Reach.objects.get(registration__traveller__name="Bob")
        mark_hostile(author, bob.pk, "taken")
        page = desk.get(path).content.decode()
        assert "In hostile hands (marked for another person): do not use." in page

    def test_a_stop_that_was_asked_for_is_shown_and_carried_out(
        self, desk: Client, path: str, family: list[Registration]
    ) -> None:
        reach = Reach.objects.get(contact_point__kind="mail")
        stop_by(family[0], reach.pk)
        page = desk.get(path).content.decode()
        assert "Asked that nothing more comes there" in page
        assert "said on their own page" in page
        done = {"reach": reach.pk, "do": "stop", "why": "Spoke to her"}
        page = desk.post(f"{path}address/", done, follow=True).content.decode()
        assert "They want nothing more there" in page
        assert "Spoke to her" in page
