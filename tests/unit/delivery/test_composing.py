"""Words of any kind in blocks: nothing reorders, nothing runs, addresses stay whole."""

from __future__ import annotations

import re
import unicodedata
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wayhome.delivery.composing import (
    Link,
    Piece,
    Sentence,
    banner,
    document,
    heading,
    labelled,
    note,
    prose,
    section,
    signature,
)
from wayhome.delivery.phrases import phrases
from wayhome.delivery.safe_text import (
    BIDI_CONTROLS,
    FSI,
    PDI,
    clean,
    direction_of,
    isolate,
    led,
    one_line,
    runs,
)

pytestmark = pytest.mark.unit

URL = "https://wayhome.example.org/r/WzEsMiwzLDFd:" + "A" * 43 + "/"
ARABIC = "غادروا الموصل"
MARKS = "\u200e\u200f"
# Any character, halves of characters and controls among them, and those that do harm often. A list:
# ``st.text`` would draw from the union of its alphabets, where these few are lost.
words = st.lists(
    st.one_of(
        st.characters(exclude_categories=()),
        st.sampled_from(sorted(BIDI_CONTROLS)),
        st.sampled_from("<>&\"'{}\r\n\t\0\x1b\x85\u2028 אبa1.-\ud800"),
        st.sampled_from(["+964 790 1234", "http://x", "Ann", ARABIC]),
    ),
    max_size=20,
).map("".join)
languages = st.sampled_from(["en", "ar", "fa", "fr", "he", "ku-Arab", "de-AT"])


class Page(HTMLParser):
    """What a reader of the HTML gets: tags with their attributes, and the text between them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.shown = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.shown += data


def whole(said: str, name: str, language: str) -> tuple[str, str]:
    frame = phrases(language)
    say = frame.language
    return document(
        [
            banner(Sentence(frame.exercise, say)),
            heading(said, language),
            prose(said, language),
            labelled(Sentence(frame.what_to_do, say), said, language),
            note(Sentence(frame.source, say, {"source": name})),
            section(
                [Sentence(frame.about, say, {"people": [name, "Ann"]}, frame.comma)],
                Link(URL, Sentence(frame.answer, say)),
            ),
            signature(Sentence(frame.signed, say, {"sender": name})),
        ],
        title=said,
        language=language,
    )


@given(words, words, languages)
def test_no_control_of_theirs_is_left(said: str, name: str, language: str) -> None:
    text, html = whole(said, name, language)
    assert not BIDI_CONTROLS & set(html)
    # In the text only ours: isolates, opened and closed on the same line, never one in another;
    # and a mark as the first character of a line.
    for line in text.split("\n"):
        body = line[1:] if line[:1] and line[0] in MARKS else line
        assert not (BIDI_CONTROLS - {FSI, PDI}) & set(body)
        assert re.fullmatch(f"([^{FSI}{PDI}]|{FSI}[^{FSI}{PDI}]*{PDI})*", body)
    for out in (text, html):
        assert {char for char in out if unicodedata.category(char) in ("Cc", "Cs")} <= {"\n"}
        out.encode()


@given(words, words, languages)
def test_nothing_that_runs_or_comes_from_elsewhere(said: str, name: str, language: str) -> None:
    page = Page(whole(said, name, language)[1])
    ours = ["html", "head", "meta", "title", "body", "div", "h1", "p", "strong", "bdi", "a", "br"]
    assert {tag for tag, _ in page.tags} <= set(ours)
    for tag, attributes in page.tags:
        assert set(attributes) <= {"lang", "dir", "style", "href", "charset", "name", "content"}
        assert attributes.get("dir", "ltr") in ("ltr", "rtl")
        assert "url" not in (attributes.get("style") or "")
        if tag == "a":
            assert attributes["href"] == URL
        if tag == "bdi":
            assert attributes["dir"] in ("ltr", "rtl")
    assert page.shown.count(one_line(said)) >= 1
    assert one_line(name) in page.shown


@given(words, words, languages)
def test_the_address_stands_alone_on_its_line(said: str, name: str, language: str) -> None:
    text, html = whole(said, name, language)
    assert URL in text.split("\n")
    assert Page(html).shown.count(URL) == 1


@given(words, languages)
def test_every_word_arrives(said: str, language: str) -> None:
    text, html = document([prose(said, language)], title="t", language=language)
    wanted = [line.split() for line in clean(said).split("\n")]
    bare = re.sub(f"[{MARKS}{FSI}{PDI}]", "", text)
    assert [line.split() for line in bare.removesuffix("\n").split("\n")] == wanted
    shown = Page(html[html.index("<body") :]).shown.split()
    assert shown == [word for line in wanted for word in line]


@given(words)
def test_cleaning_twice_changes_nothing(said: str) -> None:
    assert clean(clean(said)) == clean(said)
    assert one_line(one_line(said)) == one_line(said)


@pytest.mark.parametrize(
    ("text", "around", "isolated"),
    [
        ("Ann Ash", "ltr", False),
        ("Ann (2)", "ltr", False),
        ("أمينة", "ltr", True),
        ("١٢", "ltr", True),
        ("Ann Ash", "rtl", True),
        ("2014-06-10 12:00 UTC", "rtl", True),
        ("أمينة", "rtl", True),
    ],
)
def test_what_is_isolated(text: str, around: str, isolated: bool) -> None:
    wanted = f"{FSI}{text}{PDI}" if isolated else text
    assert isolate(text, around) == wanted  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("line", "direction", "mark"),
    [
        ("Leave Mosul", "ltr", ""),
        (ARABIC, "rtl", ""),
        (f"BBC: {ARABIC}", "rtl", "\u200f"),
        (f"{ARABIC} (Mosul)", "ltr", "\u200e"),
        (URL, "rtl", ""),
        (ARABIC, "ltr", ""),
        ("+964 790 123", "rtl", ""),
        ("", "rtl", ""),
    ],
)
def test_how_a_line_is_led(line: str, direction: str, mark: str) -> None:
    assert led(line, direction) == mark + line  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "language", "direction"),
    [
        ("Leave", "en", "ltr"),
        (f"BBC {ARABIC}", "ar", "rtl"),
        ("12 Main Street", "ar", "ltr"),
        ("1234", "ar", "rtl"),
        (ARABIC, "en", "rtl"),
        (ARABIC + " Mosul", "en", "ltr"),
    ],
)
def test_direction_of_a_paragraph(text: str, language: str, direction: str) -> None:
    assert direction_of(text, language) == direction


def test_languages_run_their_way() -> None:
    assert [runs(tag) for tag in ("ar", "AR-iq", "fa", "he", "ckb", "ku-Arab")] == ["rtl"] * 6
    assert [runs(tag) for tag in ("en", "fr", "ku", "es-419", "")] == ["ltr"] * 5


def test_names_of_both_scripts_in_one_arabic_sentence() -> None:
    frame = phrases("ar")
    about = Sentence(frame.about, "ar", {"people": ["Ann {x}", "أمينة"]}, frame.comma)
    assert about.text() == f"بخصوص: {FSI}Ann {{x}}{PDI}، {FSI}أمينة{PDI}"
    assert about.html() == 'بخصوص: <bdi dir="ltr">Ann {x}</bdi>، <bdi dir="rtl">أمينة</bdi>'


def test_a_sentence_that_begins_with_a_foreign_name_keeps_its_direction() -> None:
    signed = Sentence(phrases("ar").signed, "ar", {"sender": "Wayhome"})
    assert signed.text().startswith(f"\u200f{FSI}Wayhome{PDI}. ")


def test_telephone_numbers_keep_their_order_amid_arabic() -> None:
    number = "+964 (790) 123-4567"
    said = f"الهاتف: {number} أو {number}."
    piece = prose(said, "ar")
    assert piece.text == said.replace(number, f"{FSI}{number}{PDI}")
    assert piece.html.count(f'<bdi dir="ltr">{number}</bdi>') == 2
    assert prose(f"Call {number}.", "en").text == f"Call {number}."
    assert "<bdi" not in prose(f"Call {number}.", "en").html


def test_a_line_in_the_other_script_stands_for_itself() -> None:
    piece = prose(f"{ARABIC}:\n12 Main St.", "ar")
    assert '<bdi dir="ltr">12 Main St.</bdi>' in piece.html
    assert piece.text == f"{ARABIC}:\n12 Main St."


def test_only_own_addresses_become_links() -> None:
    said = f"Your page:\n{URL}\nhttps://evil.example/\nsee {URL}"
    piece = prose(said, "en", linked="https://wayhome.example.org")
    page = Page(piece.html)
    assert [attributes["href"] for tag, attributes in page.tags if tag == "a"] == [URL]
    assert piece.text == said
    other = prose(
        "https://wayhome.example.org.evil.example/", "en", linked="https://wayhome.example.org"
    )
    assert "<a" not in other.html


def test_empty_pieces_leave_no_gap() -> None:
    text, _ = document([Piece("a", ""), Piece("", ""), Piece("b", "")], title="", language="en")
    assert text == "a\n\nb\n"
