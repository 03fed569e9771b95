"""Glass, proof, files and looks in a real browser: small without scripts, and on a desktop."""

from __future__ import annotations

import csv
import os
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from tests.acceptance.test_browser import browser, desk_of  # noqa: F401  (a fixture)
from tests.integration.web.conftest import PASSWORD
from tests.support.factories import enrol_one, region, work
from wayhome.musters import services as musters
from wayhome.musters.models import Muster
from wayhome.officers.models import Officer
from wayhome.officers.roles import Role
from wayhome.officers.services import clear, make_officer
from wayhome.work import clock

pytestmark = [pytest.mark.acceptance, pytest.mark.once, pytest.mark.django_db(transaction=True)]
NARROW = {"width": 320, "height": 640}


def officer_of(role: Role) -> Officer:
    return make_officer(
        email=f"{role.name.lower()}@example.org",
        name=f"Olga {role.value.title()}",
        office="Baghdad",
        role=role,
        password=PASSWORD,
    )


def signed_in(page: Page, officer: Officer) -> None:
    page.goto("/desk/sign-in/")
    page.fill("#id_username", officer.email)
    page.fill("#id_password", PASSWORD)
    page.click("main button")


def fits(page: Page) -> bool:
    """Nothing sticks out sideways: tables scroll within themselves."""
    return bool(page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"])


@pytest.fixture
def muster() -> Muster:
    lead = officer_of(Role.MUSTER_LEAD)
    clear(officer_of(Role.APPROVER), "cases")
    enrol_one("Ann Ash")
    enrol_one("آمنة حداد", mail="amna@example.org")
    opened = musters.open_muster(
        lead, name="Mosul", region=region(), starts_at=clock.now() - timedelta(days=1)
    )
    work()
    return opened


def test_on_a_small_screen_without_scripts(
    browser: Browser,  # noqa: F811
    live_server: LiveServer,
    muster: Muster,
    tmp_path: Path,
    outbox: Path,
) -> None:
    context = browser.new_context(
        viewport=NARROW, java_script_enabled=False, base_url=live_server.url
    )
    page = context.new_page()
    signed_in(page, Officer.objects.get(role=Role.MUSTER_LEAD))
    _age(page, live_server)

    page.goto("/desk/glass/break/")
    assert _narrow(browser, live_server, page)
    page.fill("#why", "Her brother is at the gate and asks for her")
    page.click("main button")
    assert page.inner_text("h1") == "Is it you?"
    _shot(page, "prove")
    page.fill("#id_password", PASSWORD)
    page.click("main button")
    page.click("text=Send it now")
    assert "Open to you until" in page.inner_text("main")
    assert "Her brother is at the gate" in page.inner_text("main")
    _shot(page, "break-glass")

    page.goto(f"/desk/musters/{muster.pk}/roll/?state=silent")
    page.click("text=Take these out in a file")
    page.fill("#purpose", "seats for the convoy on Friday")
    _shot(page, "export")
    with page.expect_download() as waiting:
        page.click("main button")
    file = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(file)
    assert "2-rows" in file.name
    rows = list(csv.reader(file.open(encoding="utf-8-sig", newline="")))
    assert {"Ann Ash", "آمنة حداد"} <= {line[1] for line in rows if len(line) > 1}

    page.click("text=Sign out")
    signed_in(page, officer_of(Role.AUDITOR))
    assert "Glass broken:" in page.inner_text("main")
    for path in ("/desk/looks/", "/desk/audit/", "/desk/glass/"):
        page.goto(path)
        assert "Ann Ash" not in page.content()
        assert _narrow(browser, live_server, page)
        _shot(page, path.split("/")[2])
    page.click("text=I have asked Olga Muster Lead about it")
    assert "Acknowledged, with your name" in page.inner_text("main")
    context.close()


def test_on_a_desktop_nothing_is_complained_about(
    browser: Browser,  # noqa: F811
    live_server: LiveServer,
    muster: Muster,
    outbox: Path,
) -> None:
    officer_of(Role.AUDITOR)
    faults: list[str] = []
    lead = desk_of(browser, live_server, "muster_lead@example.org", faults)
    for path in ("glass/break/", "glass/", f"musters/{muster.pk}/roll/export/"):
        lead.goto(f"/desk/{path}")
        _shot(lead, f"wide-{path.strip('/').replace('/', '-')}")
    auditor = desk_of(browser, live_server, "auditor@example.org", faults)
    for path in ("looks/", "audit/", f"musters/{muster.pk}/"):
        auditor.goto(f"/desk/{path}")
        _shot(auditor, f"wide-{path.strip('/').replace('/', '-')}")
    assert "silent" in auditor.inner_text("#board")
    assert auditor.locator("#board .figures a").count() == 0
    assert faults == []


def _age(page: Page, live_server: LiveServer) -> None:
    """The sign-in was twenty minutes ago."""
    from django.contrib.sessions.backends.db import SessionStore

    (cookie,) = [each for each in page.context.cookies() if each.get("name") == "wayhome"]
    session = SessionStore(cookie.get("value"))
    session["proved_at"] -= 20 * 60
    session.save()


def _narrow(browser: Browser, live_server: LiveServer, page: Page) -> bool:  # noqa: F811
    """The same page with scripts, measured."""
    state = page.context.storage_state()
    context = browser.new_context(viewport=NARROW, base_url=live_server.url, storage_state=state)
    twin = context.new_page()
    twin.goto(page.url)
    answer = fits(twin)
    context.close()
    return answer


def _shot(page: Page, name: str) -> None:
    """A picture for whoever wants to look, where ``WAYHOME_TEST_PICTURES`` names a folder."""
    folder = os.environ.get("WAYHOME_TEST_PICTURES")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
