"""What a message looks like: blocks of words, each as plain text and as HTML.

Plain text wraps nothing, so no address is ever broken; each address stands alone on its line, with
no invisible character beside it that a mail program could take for a part of it. The HTML needs
nothing but itself: no table, image, script or style sheet, nothing remote. It names no colours of
letters or ground, so that it is read in a dark mailbox as in a light one, and says the direction of
every paragraph outright, because Outlook does not know ``dir="auto"``.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

from wayhome.delivery.safe_text import (
    Direction,
    clean,
    direction_of,
    first_strong,
    isolate,
    led,
    one_line,
    runs,
    telephones_apart,
)

Value = str | Sequence[str]  # several: names, with the language's comma between them


@dataclass(frozen=True)
class Piece:
    """One block, rendered: joined by ``document``."""

    text: str
    html: str


@dataclass(frozen=True)
class Sentence:
    """One of the fixed phrases with what others wrote put into it, each isolated."""

    template: str
    language: str
    values: Mapping[str, Value] = field(default_factory=dict)
    comma: str = ", "

    @property
    def direction(self) -> Direction:
        return runs(self.language)

    def text(self) -> str:
        around = self.direction
        parts = {
            name: self.comma.join(isolate(one_line(part), around) for part in _parts(value))
            for name, value in self.values.items()
        }
        return led(self.template.format(**parts), around)

    def html(self) -> str:
        parts = {
            name: escape(self.comma).join(
                _bdi(one_line(part), self.language) for part in _parts(value)
            )
            for name, value in self.values.items()
        }
        return escape(self.template).format(**parts)


@dataclass(frozen=True)
class Link:
    """An address with the words of its button. The address is shown too: people are right to look
    before they press, and some readers show no links."""

    url: str
    words: Sentence


def heading(words: str, language: str) -> Piece:
    """What the message says, in one line."""
    line = one_line(words)
    style = "margin:0 0 16px;font-size:22px;line-height:1.3"
    way = direction_of(line, language)
    html = _tag("h1", _line_html(line, way, language), language, style, way)
    return Piece(_line_text(line, runs(language)), html)


def prose(words: str, language: str, *, linked: str = "") -> Piece:
    """Paragraphs as somebody wrote them. A line that is wholly an address under ``linked`` (this
    instance's own, or none) becomes a link."""
    return Piece(_prose_text(words, language), _prose_html(words, language, linked))


def labelled(label: Sentence, words: str, language: str) -> Piece:
    """Words under a label: what to do."""
    head = _tag("p", f"<strong>{label.html()}</strong>", label.language, "margin:0 0 4px")
    return Piece(
        f"{label.text()}\n{_prose_text(words, language)}",
        _box(head + _prose_html(words, language), label.language),
    )


def note(sentence: Sentence) -> Piece:
    """A sentence about the message: its source, until when it holds."""
    style = "margin:0 0 4px;font-size:14px"
    return Piece(sentence.text(), _tag("p", sentence.html(), sentence.language, style))


def banner(sentence: Sentence) -> Piece:
    """What must not be overlooked: this is an exercise."""
    style = "margin:16px 0;padding:8px 12px;border:3px dashed;font-weight:bold"
    return Piece(sentence.text(), _tag("p", sentence.html(), sentence.language, style))


def section(sentences: Sequence[Sentence], link: Link) -> Piece:
    """Something for certain people: who, what is asked, and the link."""
    lines = [*(sentence.text() for sentence in sentences), link.url]
    html = "".join(
        _tag("p", sentence.html(), sentence.language, "margin:0 0 8px") for sentence in sentences
    )
    return Piece("\n".join(lines), _box(html + _link_html(link), link.words.language))


def signature(sentence: Sentence) -> Piece:
    """Who says all this."""
    style = "margin:24px 0 0;padding:12px 0 0;border-top:1px solid #888888;font-size:14px"
    return Piece(sentence.text(), _tag("p", sentence.html(), sentence.language, style))


def document(pieces: Iterable[Piece], *, title: str, language: str) -> tuple[str, str]:
    """(text, html) of a whole message in ``language``."""
    pieces = list(pieces)
    text = "\n\n".join(piece.text for piece in pieces if piece.text) + "\n"
    lang, way = escape(language), runs(language)
    # Mailboxes drop html and body tags: the division inside repeats what they say.
    html = (
        f'<!doctype html>\n<html lang="{lang}" dir="{way}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        '<meta name="supported-color-schemes" content="light dark">\n'
        f"<title>{escape(one_line(title))}</title>\n</head>\n"
        f'<body style="margin:0">\n<div lang="{lang}" dir="{way}" style="max-width:600px;'
        "margin:0 auto;padding:16px;font-family:Arial,Helvetica,sans-serif;font-size:16px;"
        'line-height:1.5;overflow-wrap:break-word;word-wrap:break-word">\n'
        + "\n".join(piece.html for piece in pieces if piece.html)
        + "\n</div>\n</body>\n</html>\n"
    )
    return text, html


def _prose_text(words: str, language: str) -> str:
    return "\n".join(_line_text(line, runs(language)) for line in clean(words).split("\n"))


def _line_text(line: str, way: Direction) -> str:
    parts = telephones_apart(line, way)
    return led("".join(isolate(part, way) if alone else part for part, alone in parts), way)


def _prose_html(words: str, language: str, linked: str = "") -> str:
    paragraphs = [part.strip("\n") for part in clean(words).split("\n\n")]
    return "\n".join(
        _tag(
            "p",
            "<br>\n".join(
                _line_html(line, direction_of(part, language), language, linked)
                for line in part.split("\n")
            ),
            language,
            "margin:0 0 12px",
            direction_of(part, language),
        )
        for part in paragraphs
        if part
    )


def _line_html(line: str, around: Direction, language: str, linked: str = "") -> str:
    """One line of a paragraph that is laid out ``around`` it."""
    if linked and line.startswith(f"{linked}/") and not any(map(str.isspace, line)):
        return _address_html(line)
    if direction_of(line, language) != around:  # an address, or a quotation, in the other script
        return _bdi(line, language)
    return "".join(
        f'<bdi dir="ltr">{escape(part)}</bdi>' if alone else escape(part)
        for part, alone in telephones_apart(line, around)
    )


def _box(inner: str, language: str) -> str:
    style = "margin:16px 0;padding:12px 12px 4px;border:1px solid #888888"
    return _tag("div", inner, language, style)


def _link_html(link: Link) -> str:
    url = escape(link.url)
    button = (
        f'<a href="{url}" style="display:inline-block;padding:10px 16px;border:2px solid;'
        f'font-weight:bold">{link.words.html()}</a>'
    )
    return _tag("p", button, link.words.language, "margin:8px 0 12px") + (
        f'<p dir="ltr" style="margin:0 0 8px;font-size:13px">{_address_html(link.url)}</p>'
    )


def _address_html(url: str) -> str:
    # Broken anywhere, or a telephone's page becomes as wide as the address.
    return f'<a href="{escape(url)}" dir="ltr" style="word-break:break-all">{escape(url)}</a>'


def _tag(name: str, inner: str, language: str, style: str, way: Direction | None = None) -> str:
    way = way or runs(language)
    return f'<{name} lang="{escape(language)}" dir="{way}" style="{style}">{inner}</{name}>'


def _bdi(text: str, around: str) -> str:
    return f'<bdi dir="{first_strong(text) or runs(around)}">{escape(text)}</bdi>'


def _parts(value: Value) -> Sequence[str]:
    return (value,) if isinstance(value, str) else value
