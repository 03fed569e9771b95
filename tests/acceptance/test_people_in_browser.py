"""People in a real browser: found as one types, and at 320 px by keyboard without scripts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from tests.acceptance.test_browser import browser as browser
from tests.acceptance.test_browser import desk_of
from tests.integration.web.conftest import PASSWORD
from tests.support.factories import enrol, enrol_one, run_schedules, stay, work
from wayhome.officers.models import Look
from wayhome.officers.services import make_officer
from wayhome.travellers.models import Joining
from wayhome.trips.enrolment import PersonSaid

pytestmark = [pytest.mark.acceptance, pytest.mark.once, pytest.mark.django_db(transaction=True)]
TINY = {"width": 320, "height": 640}


@pytest.fixture
def people(db: None) -> None:
    enrol("Amina Haddad", PersonSaid("Bo Haddad", minor=True), mail="amina@example.org")
    enrol_one("أمينة حداد", mail="amina@example.org", stays=[stay("Erbil", -1, 9)])
    enrol_one("王伟", mail="wang@example.org")
    enrol_one("Maximiliane-Alexandrina von und zu Hohenzollern-Sigmaringen", mail="m@example.org")
    make_officer(
        email="officer@example.org",
        name="Olga Officer",
        office="Baghdad",
        role="officer",
        password=PASSWORD,
    )
    run_schedules()
    work()


def picture(page: Page, name: str) -> None:
    """For whoever wants to see: ``WAYHOME_TEST_PICTURES`` names a folder."""
    if folder := os.environ.get("WAYHOME_TEST_PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def test_found_as_one_types(browser: Browser, live_server: LiveServer, people: None) -> None:
    faults: list[str] = []
    page = desk_of(browser, live_server, "officer@example.org", faults)
    page.click("nav >> text=People")
    page.fill("#purpose", "her brother calls")
    page.locator("#q").press_sequentially("hadd")
    page.wait_for_selector("#found .card")
    assert page.locator("#found .card").count() == 2
    assert page.inner_text("#found [role=status]") == "2 people are found."
    page.fill("#q", "伟")
    page.wait_for_selector("#found >> text=王伟")
    assert page.url.endswith("/desk/people/")  # no name in an address
    picture(page, "people")
    page.fill("#q", "امينه")
    page.wait_for_selector("#found >> text=أمينة حداد")
    page.click("#found a")
    page.wait_for_selector("h1 >> text=أمينة حداد")
    picture(page, "person")
    page.click("text=Beside")
    page.wait_for_selector("h1 >> text=One person, or two?")
    picture(page, "beside")
    page.fill("#why", "One passport")
    page.click("text=One person: join the records")
    page.wait_for_selector("h1 >> text=Amina Haddad")
    assert Joining.objects.get().why == "One passport"
    picture(page, "joined")
    assert faults == []


def test_on_a_tiny_telephone_by_keyboard_without_scripts(
    browser: Browser, live_server: LiveServer, people: None
) -> None:
    signed_in = desk_of(browser, live_server, "officer@example.org", [])
    context = browser.new_context(
        viewport=TINY,
        java_script_enabled=False,
        base_url=live_server.url,
        storage_state=signed_in.context.storage_state(),
    )
    page = context.new_page()
    page.goto("/desk/people/")
    page.focus("#purpose")
    page.keyboard.type("her brother calls")
    page.keyboard.press("Tab")
    page.keyboard.type("haddad")
    page.keyboard.press("Enter")
    page.wait_for_selector("#found .card")
    # Every field has a name that a screen reader reads.
    for field in page.locator("main input:not([type=hidden])").all():
        assert page.locator(f"label[for={field.get_attribute('id')}]").count() == 1
    picture(page, "people-tiny")
    page.focus("#found a >> nth=0")
    page.keyboard.press("Enter")
    page.wait_for_selector("h1 >> text=Amina Haddad")
    picture(page, "person-tiny")
    for path in (page.url, "/desk/people/likely/"):
        page.goto(path)
        box, body = page.locator("main").bounding_box(), page.locator("body").bounding_box()
        assert box is not None
        assert body is not None
        assert box["width"] <= body["width"] <= TINY["width"]
    page.click("main .cards a >> nth=0")
    page.wait_for_selector("h1 >> text=One person, or two?")
    picture(page, "beside-tiny")
    assert Look.objects.filter(purpose="her brother calls").exists()
    context.close()
