"""The HTML of a message in a real browser, as wide as a telephone, by day and by night."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.acceptance.test_browser import SMALL, browser
from wayhome.delivery.composing import Link, Sentence, banner, document, heading, prose, section
from wayhome.delivery.phrases import phrases

pytestmark = [pytest.mark.acceptance, pytest.mark.once]

__all__ = ["browser"]  # the fixture

URL = "https://wayhome.example.org/r/WzEsMiwzLDFd:" + "kX0u2s-6pVb1Gq9cQmYt3nHkL8w" * 3 + "/"
NUMBER = "+964 790 123 4567"


def message(language: str, said: str) -> str:
    frame = phrases(language)
    people = {"people": ["Ann (2)", "أمينة"]}
    return document(
        [
            banner(Sentence(frame.exercise, language)),
            heading(said, language),
            prose(f"{said} {NUMBER}\n{'x' * 120}", language),
            section(
                [Sentence(frame.about, language, people, frame.comma)],
                Link(URL, Sentence(frame.answer, language)),
            ),
        ],
        title=said,
        language=language,
    )[1]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("language", "said", "way"), [("en", "Leave Mosul now", "ltr"), ("ar", "غادروا الموصل", "rtl")]
)
def test_it_fits_and_reads_in_its_direction(
    browser: Browser,
    language: str,
    said: str,
    way: str,
    scheme: str,
) -> None:
    asked: list[str] = []
    context = browser.new_context(viewport=SMALL, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.set_content(message(language, said))
    assert asked == []  # nothing is loaded from anywhere
    assert page.evaluate("document.documentElement.scrollWidth") <= SMALL["width"]
    for block in page.locator("h1, p:has-text('964')").all():
        assert block.evaluate("e => getComputedStyle(e).direction") == way
    # What is on the left of the screen: + comes before the last digit, whatever the direction.
    ends = page.evaluate(
        """number => {
            const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
            for (let node; (node = walker.nextNode()); ) {
                const at = node.data.indexOf(number);
                if (at < 0) continue;
                return [at, at + number.length - 1].map(i => {
                    const range = document.createRange();
                    range.setStart(node, i);
                    range.setEnd(node, i + 1);
                    return range.getBoundingClientRect().left;
                });
            }
        }""",
        NUMBER,
    )
    assert ends[0] < ends[1]
    letters = page.evaluate("getComputedStyle(document.querySelector('h1')).color")
    assert (letters == "rgb(255, 255, 255)") is (scheme == "dark")
    assert page.locator(f"a:text-is('{URL}')").get_attribute("href") == URL
    context.close()
