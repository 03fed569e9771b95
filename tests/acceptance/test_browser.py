"""The pages in a real browser: small screen without scripts, and the desk of two officers.

Needs Chromium (``WAYHOME_CHROMIUM``, or one on the path). Without it these tests are skipped, or
fail where ``WAYHOME_REQUIRE_SERVICES`` is set.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from tests.integration.web.conftest import ARABIC, PASSWORD
from wayhome.bulletins.models import Issue
from wayhome.links import ReplyLink, reply_token
from wayhome.officers.services import make_officer
from wayhome.travellers.models import ContactPoint, Reach, Registration
from wayhome.travellers.services import suppress
from wayhome.work import clock
from wayhome.work.worker import run_until_idle

pytestmark = [pytest.mark.acceptance, pytest.mark.django_db(transaction=True)]

PLAIN = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SMALL = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = os.environ.get("WAYHOME_CHROMIUM") or shutil.which("chromium")
    if path is None:
        words = "Chromium is not to be had: the pages were not tried in a browser"
        if os.environ.get("WAYHOME_REQUIRE_SERVICES", "") not in ("", "0"):
            pytest.fail(words)
        pytest.skip(words)
    # Playwright keeps an event loop in this thread; the tests themselves are not asynchronous.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=PLAIN)
        yield started
        started.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
    else:
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = before


@pytest.fixture
def small(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    """A telephone that runs no scripts."""
    context = browser.new_context(
        viewport=SMALL, java_script_enabled=False, base_url=live_server.url
    )
    yield context.new_page()
    context.close()


def desk_of(browser: Browser, live_server: LiveServer, email: str, faults: list[str]) -> Page:
    """A signed-in officer's browser; what it complains about is added to ``faults``."""
    page = browser.new_context(base_url=live_server.url).new_page()
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "console",
        lambda said: faults.append(said.text) if said.type in ("error", "warning") else None,
    )
    page.goto("/desk/sign-in/")
    page.fill("#id_username", email)
    page.fill("#id_password", PASSWORD)
    page.click("main button")
    page.wait_for_url("**/desk/")
    return page


def fits(page: Page) -> bool:
    """Nothing sticks out sideways: the page is as wide as the window."""
    box = page.locator("html").bounding_box()
    body = page.locator("main").bounding_box()
    return bool(box and body and body["width"] <= box["width"] <= SMALL["width"])


def enrol(page: Page) -> None:
    today = clock.today()
    page.goto("/")
    page.click("text=Enrol a stay")
    page.fill("[name=person-0-name]", "Amina Haddad")
    page.click("text=Add another person")
    assert page.input_value("[name=person-0-name]") == "Amina Haddad"
    page.fill("[name=person-1-name]", "Bo Haddad")
    page.check("[name=person-1-minor]")
    page.fill("[name=stay-0-place]", "Mosul, Iraq")
    page.fill("[name=stay-0-arrive]", today.isoformat())
    page.click("main button:text-is('Enrol')")
    assert page.locator(".faults li").count() == 2  # last day, and a way to reach them
    page.click(".faults a >> nth=0")
    assert page.url.endswith("#id_stay-0-depart")
    page.fill("[name=stay-0-depart]", (today + timedelta(days=9)).isoformat())
    page.fill("[name=mail]", "amina@example.org")
    page.select_option("[name=language]", "ar")
    page.click("main button:text-is('Enrol')")
    assert page.inner_text("h1") == "You are enrolled"
    assert fits(page)


def test_from_enrolment_to_muster(browser: Browser, live_server: LiveServer, small: Page) -> None:
    enrol(small)
    assert [r.traveller.name for r in Registration.objects.order_by("pk")] == [
        "Amina Haddad",
        "Bo Haddad",
    ]
    trips = small.locator("a.long").get_attribute("href") or ""
    Reach.objects.update(verified_at=clock.now())  # as a code sent there would do
    for role in ("officer", "approver"):
        make_officer(
            email=f"{role}@example.org",
            name=f"Olga {role.title()}",
            office="Baghdad",
            role=role,
            password=PASSWORD,
        )
    faults: list[str] = []

    # An officer composes; the preview follows what is typed.
    author = desk_of(browser, live_server, "officer@example.org", faults)
    author.click("text=Compose a bulletin")
    author.locator("[name=region]").press_sequentially("Nineveh, Iraq")
    author.wait_for_selector("#preview svg")
    assert "Nineveh (Iraq)" in author.inner_text("#preview")
    assert author.locator("#preview .figures b").first.inner_text() == "2"
    author.fill("[name=source]", "Foreign Ministry")
    author.fill("[name=hazard]", "Fighting in Mosul")
    until = clock.now() + timedelta(days=3)
    author.fill("[name=expires_at]", until.strftime("%Y-%m-%dT%H:%M"))
    for name, words in (
        ("headline", "Leave Mosul"),
        ("body", "There is fighting."),
        ("instruction", "Go north."),
        ("correction", "Mosul is calm."),
    ):
        author.fill(f"[name=en-{name}]", words)
    author.click("summary:text-is('Arabic')")
    author.fill("[name=ar-headline]", ARABIC)
    author.fill("[name=ar-body]", "هناك قتال.")
    author.fill("[name=ar-instruction]", "اذهب شمالاً.")
    author.fill("[name=ar-correction]", "الموصل هادئة.")
    assert author.locator("[name=ar-body]").evaluate("e => getComputedStyle(e).direction") == "rtl"
    author.click("text=Keep the draft")
    author.click("text=Submit for signature")
    author.wait_for_selector("text=Storage is being read back. This page")
    assert author.locator("text=Sign this readback").count() == 0

    # What was read back appears by itself; the second officer signs it.
    run_until_idle()
    author.wait_for_selector("#in-hand svg.region-map")
    second = desk_of(browser, live_server, "approver@example.org", faults)
    second.click("text=Leave Mosul")
    assert "Nineveh (Iraq)" in second.inner_text("#in-hand")
    second.click("text=Sign this readback")
    author.reload()
    author.click("button:text-is('Publish')")
    author.wait_for_url("**/desk/issues/*/")
    run_until_idle()
    author.wait_for_selector("#progress li:has-text('1')")
    issue = Issue.objects.get()

    # The traveller reads it in Arabic, from right to left, and answers.
    point = ContactPoint.objects.get()
    adult = Registration.objects.order_by("pk")[0]
    link = reply_token(ReplyLink(issue.pk, point.pk, adult.pk, point.link_epoch))
    small.goto(f"/r/{link}/")
    heading = small.locator("h1")
    assert heading.inner_text() == ARABIC
    assert (heading.get_attribute("dir"), heading.get_attribute("lang")) == ("auto", "ar")
    for part in (heading, small.locator(".said .do")):
        assert part.evaluate("e => getComputedStyle(e).direction") == "rtl"
    small.check("text=Bo H.")
    small.fill("[name=words]", "في الفندق")
    small.click("text=I need help")
    assert re.search(r"Amina H\.: needs help", small.inner_text("main"))
    assert fits(small)
    run_until_idle()

    # The muster shows it.
    author.goto("/desk/musters/new/")
    author.fill("[name=name]", "Mosul")
    author.fill("[name=region]", "Nineveh, Iraq")
    begins = clock.now() - timedelta(hours=1)
    author.fill("[name=starts_at]", begins.strftime("%Y-%m-%dT%H:%M"))
    author.check("text=Leave Mosul")
    author.click("button:text-is('Open the muster')")
    run_until_idle()
    author.reload()
    author.wait_for_selector(".figures .needs-help b:text-is('2')")
    author.click(".figures >> text=needs help")
    author.click("text=Amina Haddad")
    assert "في الفندق" in author.inner_text("main")
    assert "amina@example.org" in author.inner_text("main")

    small.goto(trips.replace("http://127.0.0.1:8000", live_server.url))
    assert "needs help" in small.inner_text("main")
    assert fits(small)
    assert faults == []


def test_the_desk_works_without_scripts(
    browser: Browser, live_server: LiveServer, small: Page
) -> None:
    make_officer(
        email="o@example.org", name="Olga", office="Here", role="officer", password=PASSWORD
    )
    small.goto("/desk/")
    small.fill("#id_username", "o@example.org")
    small.fill("#id_password", PASSWORD)
    small.click("main button")
    small.click("text=Compose a bulletin")
    small.fill("[name=region]", "within 25 km of Baghdad, Iraq")
    small.click("button:text-is('Preview'):visible")
    assert "within 25 km of Baghdad" in small.inner_text("#preview")
    assert small.input_value("[name=region]") == "within 25 km of Baghdad, Iraq"
    small.fill("[name=en-headline]", "Demonstrations")
    small.click("text=Keep the draft")
    assert "Missing before it can be submitted" in small.inner_text("main")
    assert fits(small)
    small.goto("/desk/")
    link = small.locator("td a").bounding_box()
    assert link
    assert link["height"] < 40  # one line: the word is not broken
    assert fits(small)


def test_a_region_that_may_mean_several_things_is_chosen(
    browser: Browser, live_server: LiveServer, small: Page
) -> None:
    make_officer(
        email="o@example.org", name="Olga", office="Here", role="officer", password=PASSWORD
    )
    small.goto("/desk/")
    small.fill("#id_username", "o@example.org")
    small.fill("#id_password", PASSWORD)
    small.click("main button")
    small.click("text=Compose a bulletin")
    small.fill("[name=region]", "border areas of Iraq with Iran")
    small.click("button:text-is('Preview'):visible")
    small.click("button:has-text('within 10 km')")
    assert small.input_value("[name=region]") == "within 10 km of the border of Iraq with Iran"
    shown = small.inner_text("#preview")
    assert "within 10 km of the border of Iraq with Iran" in shown
    assert "lies up to 5 km off" in shown
    assert small.locator("#preview svg").count() == 1
    assert fits(small)


def test_the_keyboard_is_enough(browser: Browser, live_server: LiveServer) -> None:
    context = browser.new_context(viewport=SMALL, base_url=live_server.url)
    page = context.new_page()
    page.goto("/enrol/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
    assert page.locator(".skip").bounding_box()["width"] > 50  # type: ignore[index]
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.name") == "person-0-name"
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    context.close()


def test_a_suppressed_address_is_lifted(
    browser: Browser, live_server: LiveServer, small: Page
) -> None:
    make_officer(
        email="o@example.org", name="Olga", office="Here", role="officer", password=PASSWORD
    )
    enrol(small)
    point = ContactPoint.objects.get()
    suppress(point, "5.1.1: 550 5.1.1 there is no such mailbox")
    small.goto("/desk/")
    small.fill("#id_username", "o@example.org")
    small.fill("#id_password", PASSWORD)
    small.click("main button")
    small.click("nav >> text=Addresses")
    assert "no such mailbox" in small.inner_text("main .card")
    assert "No other address" in small.inner_text("main .card")
    assert fits(small)
    small.click("summary:text-is('Write to it again')")
    small.click("main .card button")
    small.click(".faults a")
    assert small.url.endswith(f"#lift-{point.pk}-reason")
    assert fits(small)
    small.fill("[name=reason]", "She called, and reads it again")
    small.click("main .card button")
    assert "It is written to again" in small.inner_text("main")
    point.refresh_from_db()
    assert point.suppressed_at is None
