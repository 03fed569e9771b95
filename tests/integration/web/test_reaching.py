"""A person's own terms, and their link sent again to whoever can show the address is theirs."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.integration.web.conftest import Links
from tests.integration.web.test_writing import letters
from tests.support.factories import enrol, enrol_one
from wayhome.letters.models import Letter
from wayhome.links import TripsLink, read_trips, trips_token
from wayhome.musters import services as musters
from wayhome.officers.models import Officer
from wayhome.places.reading import read
from wayhome.travellers import contact_policy
from wayhome.travellers.models import Reach, Registration
from wayhome.trips.enrolment import PersonSaid
from wayhome.work import clock
from wayhome.work.models import Owed
from wayhome.work.worker import run_until_idle

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

ASK = "/my-link/"


class TestTerms:
    @pytest.fixture
    def reach(self, family: list[Registration]) -> Reach:
        return Reach.objects.get(contact_point__kind="mail")

    @pytest.fixture
    def path(self, links: Links, reach: Reach) -> str:
        return f"{links.trips}reach/{reach.pk}/"

    def test_they_are_shown_masked_and_set(
        self, client: Client, links: Links, path: str, reach: Reach
    ) -> None:
        page = client.get(links.trips).content.decode()
        assert "a…@example.org" in page
        assert "+964…67" in page
        for whole in ("amina@example.org", "+9647901234567"):
            assert whole not in page
        assert path in page
        form = client.get(path).content.decode()
        assert '<option value="Asia/Baghdad" selected>' in form  # where they stay
        assert '<option value="ar" selected>' in form
        sent = {
            "quiet_from": "22:00", "quiet_until": "07:00", "time_zone": "Asia/Baghdad",
            "language": "fr", "neutral": "on",
        }  # fmt: skip
        page = client.post(path, sent, follow=True).content.decode()
        assert "is kept" in page
        assert "quiet from 22:00 to 07:00 (Asia/Baghdad)" in page
        reach.refresh_from_db()
        assert (reach.language, reach.wording, reach.time_zone) == (
            "fr", "neutral", "Asia/Baghdad",
        )  # fmt: skip
        assert reach.steps.get().said_by_id == reach.registration_id

    def test_a_get_changes_nothing(self, client: Client, path: str) -> None:
        before = Reach.objects.order_by("pk").values()
        client.get(path)
        assert client.get(f"{path}stop/").status_code == 405
        assert list(Reach.objects.order_by("pk").values()) == list(before)

    def test_faults_are_shown_beside_their_fields(
        self, client: Client, path: str, reach: Reach
    ) -> None:
        for sent, field in (
            ({"quiet_from": "22:00"}, "quiet_until"),
            ({"quiet_from": "22:00", "quiet_until": "22:00", "time_zone": "UTC"}, "quiet_until"),
            ({"quiet_from": "22:00", "quiet_until": "07:00"}, "time_zone"),
            ({"quiet_from": "x", "quiet_until": "07:00", "time_zone": "UTC"}, "quiet_from"),
            (
                {"quiet_from": "22:00", "quiet_until": "07:00", "time_zone": "Mars/X"},
                "time_zone",
            ),
            ({"language": "xx"}, "language"),
        ):
            answer = client.post(path, sent)
            assert answer.status_code == 422, sent
            assert f'href="#id_{field}"' in answer.content.decode(), sent
        assert not reach.steps.exists()

    def test_a_telephone_may_be_for_text_messages_only(self, client: Client, links: Links) -> None:
        phone = Reach.objects.get(contact_point__kind="phone")
        path = f"{links.trips}reach/{phone.pk}/"
        assert "Text messages only" in client.get(path).content.decode()
        assert client.post(path, {"language": "ar", "sms_only": "on"}).status_code == 302
        phone.refresh_from_db()
        assert phone.channels == ",sms,"

    def test_another_s_address_is_no_page(self, client: Client, links: Links) -> None:
        enrol_one("Bob")
        other = Reach.objects.get(contact_point__address="bob@example.org")
        path = f"{links.trips}reach/{other.pk}/"
        assert client.get(path).status_code == 404
        assert client.post(f"{path}stop/", {"sure": "yes"}).status_code == 404
        other.refresh_from_db()
        assert other.stopped_at is None

    def test_stop_is_meant_and_can_be_taken_back(
        self, client: Client, path: str, reach: Reach
    ) -> None:
        unsure = client.post(f"{path}stop/")
        assert unsure.status_code == 422
        assert "tick that nothing more" in unsure.content.decode()
        page = client.post(f"{path}stop/", {"sure": "yes"}, follow=True).content.decode()
        assert "Nothing more goes to that address." in page
        assert "not even warnings" in page
        reach.refresh_from_db()
        assert reach.stopped_at is not None
        page = client.post(f"{path}stop/", {"do": "resume"}, follow=True).content.decode()
        assert "Messages go to that address again." in page
        reach.refresh_from_db()
        assert reach.stopped_at is None

    def test_while_a_muster_covers_them_it_is_kept_as_said(
        self, client: Client, author: Officer, path: str, reach: Reach
    ) -> None:
        musters.open_muster(author, name="M", region=read("Nineveh, Iraq"), starts_at=clock.now())
        run_until_idle()
        page = client.post(f"{path}stop/", {"sure": "yes"}, follow=True).content.decode()
        assert "Your wish is kept as you said it. A roll call covers you now" in page
        reach.refresh_from_db()
        assert reach.stopped_at is None
        assert reach.stop_asked_at is not None
        assert "It is done when no roll call covers you" in client.get(path).content.decode()

    def test_whoever_holds_the_link_does_not_learn_that_the_address_is_marked(
        self, client: Client, author: Officer, reach: Reach, family: list[Registration]
    ) -> None:
        contact_policy.mark_hostile(author, reach.pk, "a stranger answered")
        family[0].refresh_from_db()
        token = trips_token(TripsLink(family[0].pk, family[0].link_epoch))
        page = client.get(f"/my/{token}/").content.decode()
        assert "a…@example.org" in page
        assert "hostile" not in page
        assert "stranger" not in page


class TestAskedFor:
    def test_a_verified_address_gets_its_links_once_in_a_quarter_of_an_hour(
        self, client: Client, outbox: Path
    ) -> None:
        made = enrol("Ann Ash", "Bob Ash", PersonSaid("Cy Ash", minor=True), mail="a@example.org")
        at = clock.now().replace(minute=1, second=0, microsecond=0) + timedelta(hours=1)

        def ask(minutes: int) -> int:
            with time_machine.travel(at + timedelta(minutes=minutes), tick=False):
                clock.forget_offset()
                assert client.post(ASK, {"mail": " A@Example.org"}).status_code == 302
                Owed.objects.update(due_at=clock.now() - timedelta(days=400))
                run_until_idle()
            return len(letters(outbox))

        assert [ask(0), ask(1), ask(13), ask(14)] == [1, 1, 1, 2]
        text = letters(outbox)[0]
        tokens = re.findall(r"/my/([^/\s]+)/", text)
        adults = {registration.pk for registration in made[:2]}
        assert {read_trips(token).registration_id for token in tokens} == adults
        for token in tokens:
            assert client.get(f"/my/{token}/").status_code == 200
        assert set(Letter.objects.values_list("text", flat=True)) == {""}

    @pytest.mark.parametrize(
        "change",
        ["verified_at", "ended_at", "stopped_at", "hostile_since", "emergency", "suppressed"],
    )
    def test_no_other_address_gets_any(self, client: Client, outbox: Path, change: str) -> None:
        enrol_one("Ann")
        reach, now = Reach.objects.get(), clock.now()
        if change == "emergency":
            Reach.objects.update(purpose="emergency contact")
        elif change == "suppressed":
            type(reach.contact_point).objects.update(suppressed_at=now)
        else:
            Reach.objects.update(**{change: None if change == "verified_at" else now})
        client.post(ASK, {"mail": "ann@example.org"})
        run_until_idle()
        assert not Letter.objects.exists()
        assert letters(outbox) == []

    def test_the_same_words_work_and_size_whether_or_not_it_is_known(self, client: Client) -> None:
        enrol_one("Ann")
        run_until_idle()
        seen = []
        for address in ("ann@example.org", "eve@example.org"):
            with CaptureQueriesContext(connection) as queries:
                answer = client.post(ASK, {"mail": address})
                page = client.get(answer["Location"])
            statements = [re.sub(r"'[^']*'|\d+", "?", q["sql"]) for q in queries.captured_queries]
            seen.append((answer.status_code, answer["Location"], page.content, statements))
        assert seen[0] == seen[1]
        assert Owed.objects.filter(job="delivery.send_links").count() == 2

    def test_what_is_owed_names_no_address(self, client: Client, desk: Client) -> None:
        client.post(ASK, {"mail": "ann@example.org"})
        assert "ann@" not in "".join(Owed.objects.values_list("key", flat=True))
        assert "ann@" not in desk.get("/desk/owed/").content.decode()

    def test_what_is_no_address_is_said(self, client: Client) -> None:
        for wrong in ("", "ann", "ann@", "a b@example.org"):
            answer = client.post(ASK, {"mail": wrong})
            assert answer.status_code == 422
            assert 'href="#id_mail"' in answer.content.decode()
        assert not Owed.objects.filter(job="delivery.send_links").exists()

    def test_a_neutral_address_gets_no_name(self, client: Client, outbox: Path) -> None:
        enrol_one("Ann Ash")
        Reach.objects.update(wording="neutral")
        client.post(ASK, {"mail": "ann@example.org"})
        run_until_idle()
        (text,) = letters(outbox)
        assert "\nA message for you\n" in text
        assert "Ash" not in text
        assert "/my/" in text

    def test_an_address_of_many_gets_one_letter_of_some(self, client: Client, outbox: Path) -> None:
        for n in range(23):
            enrol_one(f"P{n}", mail="all@example.org")
        client.post(ASK, {"mail": "all@example.org"})
        run_until_idle()
        (text,) = letters(outbox)
        assert len(re.findall(r"/my/", text)) == 20
