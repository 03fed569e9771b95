"""The privacy page in a real browser: a narrow telephone without scripts, the keyboard, right to
left."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from tests.acceptance.test_browser import browser  # noqa: F401  (a fixture)

pytestmark = [pytest.mark.acceptance, pytest.mark.once, pytest.mark.django_db(transaction=True)]


def fits(page: Page) -> bool:
    """Nothing sticks out sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


@pytest.mark.parametrize("width", [320, 360, 1280])
def test_it_is_read_at_every_width_without_scripts(
    browser: Browser,  # noqa: F811
    live_server: LiveServer,
    width: int,
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 740},
        java_script_enabled=False,
        base_url=live_server.url,
    )
    page = context.new_page()
    page.goto("/")
    page.click("footer >> text=Your data")
    assert page.locator("h1").inner_text().startswith("Your data")
    assert page.locator("text=How to be forgotten").is_visible()
    assert page.locator("tbody tr").count() > 10
    assert fits(page)
    if folder := os.environ.get("WAYHOME_TEST_SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"privacy-{width}.png", full_page=True)
    page.goto("/privacy/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.evaluate("document.documentElement.dir = 'rtl'")
    assert fits(page)
    context.close()
