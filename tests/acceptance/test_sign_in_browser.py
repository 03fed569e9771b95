"""Officers' accounts in a real browser: a passkey of its own device, a code app, a small screen.

The device is Chromium's virtual authenticator: it keeps keys and verifies its owner as a telephone
does, and the page's own script speaks to it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyotp
import pytest
from django.contrib.sessions.backends.db import SessionStore
from playwright.sync_api import Browser, BrowserContext, Page
from pytest_django.live_server_helper import LiveServer

from tests.acceptance.test_browser import SMALL, browser
from tests.acceptance.test_browser import fits as is_as_wide
from tests.integration.web.conftest import PASSWORD
from tests.integration.web.test_desk import compose_form
from wayhome.bulletins.models import Bulletin
from wayhome.officers import invitations
from wayhome.officers.account_models import Invitation, OfficerSession, Passkey, Totp
from wayhome.officers.models import Officer
from wayhome.officers.roles import Role
from wayhome.officers.services import make_officer
from wayhome.work.clock import database_now

__all__ = ["browser"]
pytestmark = [pytest.mark.acceptance, pytest.mark.once, pytest.mark.django_db(transaction=True)]
NEW_PASSWORD = "seven quiet lanterns"
SHOTS = os.environ.get("WAYHOME_TEST_SHOTS", "")


@pytest.fixture(autouse=True)
def live(settings: Any, live_server: LiveServer) -> None:
    settings.WAYHOME_PUBLIC_URL = live_server.url
    settings.WAYHOME_SECOND_FACTOR = "required"


@pytest.fixture
def context(browser: Browser, live_server: LiveServer) -> Iterator[BrowserContext]:
    made = browser.new_context(base_url=live_server.url, viewport=SMALL)
    yield made
    made.close()


@pytest.fixture
def faults() -> Iterator[list[str]]:
    found: list[str] = []
    yield found
    assert found == []


def watched(context: BrowserContext, faults: list[str]) -> Page:
    """A page whose scripts may complain of nothing; the policy of the site among it."""
    page = context.new_page()
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "console",
        lambda said: faults.append(said.text) if said.type in ("error", "warning") else None,
    )
    return page


def with_device(page: Page) -> tuple[Any, str]:
    """Let the browser's device keep passkeys; the session that speaks to it, and its number."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    made = session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session, str(made["authenticatorId"])


def fits(page: Page) -> bool:
    """As wide as the window, and nothing can be scrolled to beside it."""
    page.wait_for_load_state()
    width: int = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return is_as_wide(page) and width <= 0


def shot(page: Page, name: str) -> None:
    """A picture to look at, where somebody asks for it."""
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=True)


def type_password(page: Page, email: str, password: str = PASSWORD) -> None:
    page.fill("#id_username", email)
    page.fill("#id_password", password)
    page.click("main button:text-is('Sign in')")


def officer(role: str = Role.OFFICER) -> Officer:
    return make_officer(
        email="o@example.org", name="Olga", office="Here", role=role, password=PASSWORD
    )


def test_a_passkey_from_invitation_to_signing_in(
    context: BrowserContext, faults: list[str]
) -> None:
    link = invitations.invite(
        None, email="ada@example.org", name="Ada Byron", office="Rome", role=Role.OFFICER
    ).link
    page = watched(context, faults)
    session, device = with_device(page)
    page.goto(link)
    shot(page, "invited")
    assert fits(page)
    page.click("text=That is me: go on")
    page.fill("[name=password]", NEW_PASSWORD)
    page.fill("[name=again]", NEW_PASSWORD)
    shot(page, "password")
    page.click("main button")
    page.wait_for_url("**/desk/sign-in/set-up/")
    shot(page, "set-up")
    assert fits(page)
    page.fill("[name=name]", "Ada’s phone")
    page.click("text=Make a passkey")
    page.wait_for_selector("h1:text-is('Keep these codes')")
    shot(page, "codes")
    assert page.locator(".codes li").count() == 10
    assert fits(page)
    page.click("text=I have kept them")
    page.wait_for_url("**/desk/")
    (key,) = session.send("WebAuthn.getCredentials", {"authenticatorId": device})["credentials"]
    assert key["isResidentCredential"]
    assert key["rpId"] == "localhost"
    assert Passkey.objects.get().name == "Ada’s phone"

    # Out, and in again with nothing typed.
    page.click("text=Sign out")
    page.wait_for_url("**/desk/sign-in/**")
    shot(page, "sign-in")
    assert fits(page)
    page.click("text=Sign in with a passkey")
    page.wait_for_url("**/desk/")
    assert "Ada Byron" in page.inner_text(".who")
    assert OfficerSession.objects.latest("pk").way == OfficerSession.Way.PASSKEY

    # Whoever holds the device and is not its owner does not come in.
    page.click("text=Sign out")
    page.wait_for_url("**/desk/sign-in/**")
    session.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": False})
    page.click("text=Sign in with a passkey")
    page.wait_for_selector("[data-said]:has-text('The device gave no passkey')")
    page.goto("/desk/")
    assert "/sign-in/" in page.url


def test_a_code_app_without_scripts(browser: Browser, live_server: LiveServer) -> None:
    officer()
    context = browser.new_context(
        viewport={"width": 320, "height": 640},
        java_script_enabled=False,
        base_url=live_server.url,
    )
    page = context.new_page()
    page.goto("/desk/sign-in/")
    assert not page.locator("text=Sign in with a passkey").is_visible()
    type_password(page, "o@example.org", "no such password")
    assert "do not belong together" in page.inner_text(".faults")
    type_password(page, "o@example.org")
    assert page.inner_text("h1") == "A second factor"
    picture = page.locator(".code-picture svg")
    box = picture.bounding_box()
    assert box
    assert box["width"] == box["height"] > 200
    shot(page, "app")
    assert fits(page)
    page.click("text=It cannot see the picture")
    app = pyotp.TOTP(page.inner_text("#secret"))
    page.fill("[name=code]", app.at(database_now()))
    page.click("text=Use this app")
    codes = page.locator(".codes li").all_inner_texts()
    page.click("text=I have kept them")
    assert page.inner_text("h1") == "Today"
    page.click("text=Sign out")

    type_password(page, "o@example.org")
    assert page.inner_text("h1") == "Your code"
    shot(page, "factor")
    page.fill("[name=code]", "123")
    page.click("main button:text-is('Sign in')")
    assert "not right" in page.inner_text(".faults")
    Totp.objects.update(used_step=0)  # half a minute later
    page.fill("[name=code]", app.at(database_now()))
    page.click("main button:text-is('Sign in')")
    assert page.inner_text("h1") == "Today"
    page.click("text=Sign out")

    type_password(page, "o@example.org")
    page.fill("[name=code]", codes[3])
    page.click("main button:text-is('Sign in')")
    assert "9 are left" in page.inner_text("main")
    page.click(".who a")
    shot(page, "account")
    assert fits(page)
    context.close()


def test_what_was_typed_survives_a_passkey(context: BrowserContext, faults: list[str]) -> None:
    officer()
    page = watched(context, faults)
    with_device(page)
    page.goto("/desk/")
    type_password(page, "o@example.org")
    page.click("text=Make a passkey")
    page.click("text=I have kept them")
    page.wait_for_url("**/desk/")
    page.goto("/desk/bulletins/new/")
    page.fill("[name=en-headline]", "Typed for an hour")
    page.fill("[name=hazard]", compose_form()["hazard"])
    page.fill("[name=region]", "Nineveh, Iraq")
    page.wait_for_selector("#preview svg")
    page.evaluate("htmx.remove(htmx.find('#preview'))")  # nothing more is asked meanwhile
    OfficerSession.objects.update(ended_at=database_now())
    faults_before = list(faults)
    page.click("text=Keep the draft")
    page.wait_for_selector("text=What you typed is not lost")
    page.click("text=Sign in with a passkey")
    page.click("text=Send it now")
    page.wait_for_url("**/desk/bulletins/*/")
    assert Bulletin.objects.get().texts.get(language="en").headline == "Typed for an hour"
    # The browser says of itself that the page was answered with 401.
    faults[:] = [each for each in faults if each not in faults_before and "401" not in each]


def test_an_administrator_at_a_small_screen(context: BrowserContext, faults: list[str]) -> None:
    officer(Role.ADMINISTRATOR)
    other = make_officer(
        email="very.long.address.of.somebody@ministry.example.org",
        name="عائشة عبد الرحمن",
        office="السفارة في روما",
        role=Role.OFFICER,
        password=PASSWORD,
    )
    page = watched(context, faults)
    with_device(page)
    page.goto("/desk/")
    type_password(page, "o@example.org")
    page.click("text=Make a passkey")
    page.click("text=I have kept them")
    page.click("nav >> text=Officers")
    shot(page, "officers")
    assert fits(page)
    page.fill("[name=email]", "new@example.org")
    page.fill("[name=name]", "Newt")
    page.click("text=Make the link")
    page.wait_for_selector("#link")
    shot(page, "link")
    assert fits(page)
    page.click("text=Back to officers")
    assert "Newt" in page.inner_text("main")
    page.click("text=عائشة")
    shot(page, "officer")
    assert fits(page)
    page.fill("[name=why]", "She called")
    page.click("text=Ask for it")
    assert "Another administrator must confirm it" in page.inner_text("main")
    page.click("text=Close it and sign them out")
    page.wait_for_selector("text=The account is closed")
    other.refresh_from_db()
    assert not other.is_active
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto("/desk/account/")
    shot(page, "account-wide")
    page.goto("/desk/officers/")
    shot(page, "officers-wide")


def test_who_signed_in_long_ago_proves_it_with_a_passkey_and_types_nothing_twice(
    context: BrowserContext, faults: list[str]
) -> None:
    officer(Role.ADMINISTRATOR)
    page = watched(context, faults)
    session, device = with_device(page)
    page.goto("/desk/")
    type_password(page, "o@example.org")
    page.click("text=Make a passkey")
    page.click("text=I have kept them")
    page.click("nav >> text=Officers")
    (cookie,) = [each for each in context.cookies() if each.get("name") == "wayhome"]
    kept = SessionStore(cookie.get("value"))
    kept["proved_at"] -= 20 * 60
    kept.save()
    page.fill("[name=email]", "new@example.org")
    page.fill("[name=name]", "Newt")
    page.click("text=Make the link")
    page.wait_for_selector("h1:text-is('Is it you?')")
    shot(page, "prove")
    assert fits(page)
    assert not Invitation.objects.exists()
    session.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": False})
    page.click("text=Prove it with a passkey")
    page.wait_for_selector("[data-said]:has-text('The device gave no passkey')")
    session.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": True})
    page.click("text=Prove it with a passkey")
    page.click("text=Send it now")
    page.wait_for_selector("#link")
    assert Invitation.objects.get().name == "Newt"
    # The browser says of itself that the page was answered with 401.
    faults[:] = [each for each in faults if "401" not in each]


def test_the_keyboard_is_enough(context: BrowserContext, faults: list[str]) -> None:
    officer()
    page = watched(context, faults)
    with_device(page)
    page.goto("/desk/sign-in/")
    page.focus("#id_username")
    page.keyboard.type("o@example.org")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:text-is('A second factor')")
    page.focus("[name=name]")
    page.keyboard.press("Enter")
    page.wait_for_selector("h1:text-is('Keep these codes')")
    assert Passkey.objects.get().officer == Officer.objects.get()
