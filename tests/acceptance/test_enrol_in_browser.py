"""Enrolment as people meet it: by keyboard on the smallest telephone, without scripts, read from
right to left, by a text-only browser, and light enough for a bad network."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from datetime import timedelta
from html.parser import HTMLParser
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from tests.acceptance.test_browser import browser as browser
from tests.support.portal import code_in, letters_to, link_in
from wayhome.travellers.models import Registration
from wayhome.trips.models import Leg, Stay
from wayhome.work import clock
from wayhome.work.worker import run_until_idle

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.once,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("outbox"),
]
SMALLEST = {"width": 320, "height": 560}


@pytest.fixture
def phone(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    """A telephone of 320 pixels that runs no scripts and keeps no cookies."""
    context = browser.new_context(
        viewport=SMALLEST, java_script_enabled=False, base_url=live_server.url
    )
    page = context.new_page()
    yield page
    assert not context.cookies()
    context.close()


def fits(page: Page) -> bool:
    """Nothing sticks out sideways: what is laid out is no wider than the screen."""
    boxes = [page.locator(part).bounding_box() for part in ("main", "form >> nth=0")]
    return all(box and box["x"] >= 0 and box["x"] + box["width"] <= 320 for box in boxes)


def focused(page: Page) -> str:
    """The name of the element that has the focus; no script of the page is needed for it."""
    found = page.locator(":focus")
    return (found.get_attribute("name") or "") if found.count() else ""


def tab_to(page: Page, name: str, value: str = "") -> None:
    for _ in range(80):
        page.keyboard.press("Tab")
        at = page.locator(":focus")
        if focused(page) == name and (not value or at.get_attribute("value") == value):
            return
    raise AssertionError(f"{name} is not reached by the tabulator key")


def test_by_keyboard_alone_at_320_pixels(phone: Page, live_server: LiveServer) -> None:
    """From the first key to a confirmed address, without touching anything."""
    today = clock.today()
    phone.goto("/enrol/")
    phone.keyboard.press("Tab")
    assert phone.locator(":focus").inner_text() == "Skip to content"
    assert fits(phone)
    tab_to(phone, "person-0-name")
    phone.keyboard.type("Amina Haddad")
    tab_to(phone, "stay-0-place")
    phone.keyboard.type("Mosul, Iraq")
    tab_to(phone, "stay-0-arrive")
    phone.keyboard.type(today.strftime("%m%d%Y"))
    tab_to(phone, "stay-0-resident")
    phone.keyboard.press("Space")
    tab_to(phone, "more", "leg")
    phone.keyboard.press("Enter")
    phone.wait_for_selector("[name=leg-0-departs_from]")
    assert phone.input_value("[name=person-0-name]") == "Amina Haddad"
    assert fits(phone)
    tab_to(phone, "mail")
    phone.keyboard.type("amina@example.org")
    phone.keyboard.press("Enter")  # sends the form, and adds no row
    phone.wait_for_url("**/enrol/done/**")
    assert phone.inner_text("h1") == "You are enrolled"
    assert fits(phone)
    assert Stay.objects.get().depart is None
    assert not Leg.objects.exists()
    run_until_idle()
    tab_to(phone, "code")
    phone.keyboard.type(code_in(letters_to("amina@example.org")[-1]))
    phone.keyboard.press("Enter")
    phone.wait_for_selector("text=Your address is confirmed")
    trips = phone.locator("a.long").get_attribute("href") or ""
    phone.goto(re.sub(r"http://[^/]+", live_server.url, trips))
    assert "verified" in phone.inner_text("#reaches ~ ul")
    assert fits(phone)


def test_every_field_has_a_name_that_is_read_aloud(phone: Page) -> None:
    """What a screen reader says: each control by its label, each group by its legend, faults as an
    alert with links that lead to their fields."""
    for path in ("/enrol/", "/enrol/for-someone/"):
        phone.goto(path)
        phone.click("button[name=more][value=leg]")
        for control in phone.locator("main input:not([type=hidden]), main select").all():
            number = control.get_attribute("id")
            label = phone.locator(f"label[for='{number}']")
            assert label.count() == 1, control.get_attribute("name")
            assert label.inner_text().strip()
            described = control.get_attribute("aria-describedby")
            assert not described or phone.locator(f"[id='{described}']").count() == 1
        for group in phone.locator("main fieldset").all():
            assert group.locator("legend").first.inner_text().strip()
        assert phone.locator("html").get_attribute("lang") == "en"
        phone.click("main .actions button >> nth=0")
        assert phone.locator("[role=alert] a").count() >= 3
        assert phone.title().startswith("Please mend this")
        for link in phone.locator("[role=alert] a").all():
            target = (link.get_attribute("href") or "")[1:]
            assert phone.locator(f"[id='{target}'][aria-invalid=true]").count() == 1


def test_by_ear_alone(phone: Page, live_server: LiveServer) -> None:
    """A screen reader knows controls by role and name, a page by head, landmarks and groups: all
    that is used here, faults and the code from the letter included."""
    phone.goto("/")
    phone.get_by_role("link", name="Enrol a stay").first.click()
    assert phone.get_by_role("main").count() == 1
    assert phone.get_by_role("heading", level=1).count() == 1
    assert phone.get_by_role("group").count() > 1  # each with its legend
    send = phone.get_by_role("button", name="Enrol", exact=True)
    send.click()
    alert = phone.get_by_role("alert")
    assert "name" in alert.inner_text().lower()
    alert.get_by_role("link").first.press("Enter")
    assert focused(phone) or phone.url.endswith("#id_person-0-name")
    name = phone.get_by_role("textbox", name="Name, as in the travel document")
    name.fill("Amina Haddad")
    phone.get_by_role("textbox", name="Place", exact=True).fill("Mosul, Iraq")
    phone.get_by_label("First day").fill(clock.today().isoformat())
    phone.get_by_role("checkbox", name="I live here (no last day)").check()
    phone.get_by_role("textbox", name="Mail address", exact=True).fill("amina@example.org")
    send.click()
    assert phone.get_by_role("heading", level=1).inner_text() == "You are enrolled"
    run_until_idle()
    phone.get_by_role("textbox", name="Code").fill(code_in(letters_to("amina@example.org")[-1]))
    phone.get_by_role("button", name="Confirm").first.click()
    assert phone.get_by_role("status").or_(phone.get_by_role("alert")).count() >= 1
    assert "confirmed" in phone.get_by_role("main").inner_text()


def test_a_form_that_was_left_is_taken_up_on_another_telephone(
    phone: Page, browser: Browser, live_server: LiveServer
) -> None:
    phone.goto("/enrol/")
    phone.fill("[name=person-0-name]", "Amina Haddad")
    phone.click("button[name=keep]")
    assert "we keep nothing until you send it" in phone.inner_text("main")
    assert fits(phone)
    other = browser.new_context(base_url=live_server.url).new_page()
    other.goto(phone.url)
    assert other.input_value("[name=person-0-name]") == "Amina Haddad"
    assert not Registration.objects.exists()


def test_from_right_to_left(browser: Browser, live_server: LiveServer, settings: object) -> None:
    """The page follows the language's direction; what people write follows its own."""
    settings.LANGUAGES = [("en", "English"), ("ar", "العربية")]  # type: ignore[attr-defined]
    context = browser.new_context(
        viewport=SMALLEST, java_script_enabled=False, base_url=live_server.url, locale="ar"
    )
    page = context.new_page()
    page.goto("/enrol/")
    assert page.locator("html").get_attribute("dir") == "rtl"
    assert fits(page)
    tick = page.locator("[name=person-0-minor]").bounding_box()
    label = page.locator("label[for=id_person-0-minor]").bounding_box()
    assert tick is not None
    assert label is not None
    assert tick["x"] > label["x"]  # the tick stands where reading begins
    page.fill("[name=person-0-name]", "أمينة حداد")
    page.fill("[name=stay-0-place]", "الموصل")
    page.fill("[name=stay-0-arrive]", clock.today().isoformat())
    page.check("[name=stay-0-resident]")
    page.fill("[name=mail]", "amina@example.org")
    page.click("main .actions button >> nth=0")
    assert Stay.objects.get().words == "Mosul, Iraq"
    assert fits(page)
    context.close()


def test_the_first_load_weighs_under_30_kb(live_server: LiveServer) -> None:
    """The page and all that it makes a browser fetch, as a compressing proxy hands it out; and even
    as it is."""
    html = _get(f"{live_server.url}/enrol/")
    needed = re.findall(r'<(?:link|script|img)[^>]+(?:href|src)="([^"]+)"', html)
    assert any(address.endswith(".css") for address in needed)
    parts = [html, *(_get(live_server.url + address) for address in needed)]
    assert sum(len(gzip.compress(part.encode(), 6)) for part in parts) < 10_000
    assert sum(len(part.encode()) for part in parts) < 30_000


class _Form(HTMLParser):
    """A text-only browser: it knows forms, their fields, what is written beside them, and no more.
    ``words`` is what it shows."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.action, self.fields, self.labels = "", {}, {}  # type: ignore[var-annotated]
        self.words: list[str] = []
        self._label = ""
        self._select = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        got = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action = got.get("action", "")
        elif tag == "label":
            self._label = got["for"]
        elif tag == "select":
            self._select = got["name"]
        elif tag == "option" and (self._select not in self.fields or "selected" in got):
            self.fields[self._select] = got.get("value", "")
        elif tag == "input" and got.get("name") and got.get("type") != "checkbox":
            self.fields[got["name"]] = got.get("value", "")
        if got.get("id") and got.get("name"):
            self.labels[got["id"]] = got["name"]

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.words.append(data.strip())
            if self._label:
                self.labels[data.strip()] = self._label
                self._label = ""

    def fill(self, label: str, value: str) -> None:
        """By the label alone, as whoever reads it does."""
        self.fields[self.labels[self.labels[label]]] = value


def test_in_a_text_only_browser(live_server: LiveServer) -> None:
    form = _Form(_get(f"{live_server.url}/enrol/"))
    form.fill("Name, as in the travel document", "Amina Haddad")
    form.fill("Place", "Mosul, Iraq")
    form.fill("First day", clock.today().isoformat())
    wrong = _Form(_post(live_server.url + form.action, form.fields))
    assert "Please mend this first" in wrong.words
    assert wrong.fields["person-0-name"] == "Amina Haddad"
    wrong.fill("Last day", (clock.today() + timedelta(days=3)).isoformat())
    wrong.fill("Mail address", "amina@example.org")
    done = _Form(_post(live_server.url + wrong.action, wrong.fields))
    assert "You are enrolled" in done.words
    run_until_idle()
    path = link_in(letters_to("amina@example.org")[-1], "v")
    assert "Is this address yours?" in _Form(_get(live_server.url + path)).words
    mine = _Form(_post(live_server.url + path, {"do": "mine"}))
    assert "Your address is confirmed." in mine.words


def _get(address: str) -> str:
    with urlopen(Request(address)) as answer:
        text: str = answer.read().decode()
    return text


def _post(address: str, fields: dict[str, str]) -> str:
    try:
        with urlopen(Request(address, urlencode(fields).encode())) as answer:
            text: str = answer.read().decode()
    except HTTPError as error:  # a form to mend
        text = error.read().decode()
    return text
