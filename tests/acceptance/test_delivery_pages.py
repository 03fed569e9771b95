# ruff: noqa: F811  (fixtures of another file are named as parameters)
"""Progress, stop, letters and one's own terms in a browser: small, without scripts, by keyboard."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from tests.acceptance.test_browser import browser, desk_of, fits, small  # noqa: F401
from tests.integration.web.conftest import PASSWORD
from tests.support.factories import enrol_one, publish, region, warning, work_but_sending
from tests.support.factories import make_staff as make_cast
from wayhome.links import TripsLink, trips_token
from wayhome.musters import services as musters
from wayhome.musters.models import RollEntry
from wayhome.officers.services import make_officer
from wayhome.travellers.models import Reach, Registration
from wayhome.work import clock
from wayhome.work.worker import run_until_idle

pytestmark = [pytest.mark.acceptance, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _officer(db: None) -> None:
    make_officer(
        email="o@example.org", name="Olga Officer", office="Here", role="officer", password=PASSWORD
    )


def sign_in(page: Page) -> None:
    page.goto("/desk/sign-in/")
    page.fill("#id_username", "o@example.org")
    page.fill("#id_password", PASSWORD)
    page.click("main button")


def test_an_issue_is_stopped_and_resumed_on_a_telephone_without_scripts(small: Page) -> None:
    enrol_one("Ann")
    issue = publish(make_cast(), warning(expires_at=clock.now() + timedelta(days=3)))
    work_but_sending()
    sign_in(small)
    small.goto(f"/desk/issues/{issue.pk}/")
    assert "unknown yet" in small.inner_text("#progress")
    assert fits(small)
    small.click("summary:text-is('Stop the sending')")
    small.fill("#why", "The road is open")
    small.click("button:text-is('Stop the sending')")
    assert "1 held" in small.inner_text(".stopped h2")
    assert "It is no correction." in small.inner_text(".stopped")
    assert fits(small)
    small.fill("#why", "It is not")
    small.click("button:text-is('Resume the sending')")
    assert small.locator(".stopped").count() == 0
    run_until_idle()
    small.reload()
    assert small.locator(".figures li:has-text('sent') b").first.inner_text() == "1"


def test_the_page_follows_the_sending_and_keeps_what_is_typed(
    browser: Browser,
    live_server: LiveServer,
) -> None:
    faults: list[str] = []
    page = desk_of(browser, live_server, "o@example.org", faults)
    enrol_one("Ann")
    issue = publish(make_cast(), warning(expires_at=clock.now() + timedelta(days=3)))
    page.goto(f"/desk/issues/{issue.pk}/")
    page.click("summary:text-is('Stop the sending')")
    page.fill("#why", "Half a reas")
    run_until_idle()
    page.wait_for_selector("#progress .figures li:has-text('sent') b:text-is('1')")
    assert page.input_value("#why") == "Half a reas"
    assert faults == []


def test_an_officer_writes_and_the_person_sets_their_terms(small: Page) -> None:
    enrol_one("Ann Ash")
    cast = make_cast()
    muster = musters.open_muster(
        cast.author, name="Mosul", region=region(), starts_at=clock.now() - timedelta(hours=1)
    )
    run_until_idle()
    sign_in(small)
    entry = RollEntry.objects.get()
    small.goto(f"/desk/musters/{muster.pk}/roll/{entry.pk}/")
    small.fill("#write-text", "Please call us.")
    small.click("button:text-is('Send the letter')")
    assert "owed" in small.inner_text("#letters + .cards")
    assert fits(small)
    run_until_idle()
    small.reload()
    assert "sent" in small.inner_text("#letters + .cards")

    registration, reach = Registration.objects.get(), Reach.objects.get()
    small.goto(f"/my/{trips_token(TripsLink(registration.pk, registration.link_epoch))}/")
    assert fits(small)
    small.click("text=Change hours, language or wording")
    small.fill("#id_quiet_from", "22:00")
    small.fill("#id_quiet_until", "07:00")
    small.select_option("#id_time_zone", "Asia/Kathmandu")
    assert fits(small)
    small.click("button:text-is('Keep this')")
    assert "quiet from 22:00 to 07:00 (Asia/Kathmandu)" in small.inner_text("main")
    small.click("text=Change hours, language or wording")
    small.check("#sure")
    small.click("button:text-is('Stop messages')")
    assert "A roll call covers you now" in small.inner_text("main")
    reach.refresh_from_db()
    assert (reach.stopped_at, reach.time_zone) == (None, "Asia/Kathmandu")


def test_a_link_is_asked_for_by_keyboard(browser: Browser, live_server: LiveServer) -> None:
    page = browser.new_context(base_url=live_server.url).new_page()
    page.goto("/")
    page.click("footer >> text=Send me my link again")
    page.focus("#id_mail")
    page.keyboard.type("nobody@example.org")
    page.keyboard.press("Enter")
    assert page.inner_text("h1") == "Look into your mailbox"
