"""The bytes of a message: one addressee, no header but ours, the same words when read back."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.headerregistry import AddressHeader
from email.message import EmailMessage
from email.utils import format_datetime, formataddr, getaddresses

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wayhome.delivery.channels.mail import build, header_address
from wayhome.delivery.types import Outgoing, RouteDown
from wayhome.problems import Problem
from wayhome.work import clock

pytestmark = pytest.mark.unit

NOW = datetime(2014, 6, 10, 9, 30, tzinfo=UTC)
SENDER = "Wayhome <alerts@example.org>"
REFERENCE = "<wh-0@example.org>"
# A list: ``st.text`` would draw from the union of its alphabets, where these few are lost.
words = st.lists(
    st.one_of(
        st.characters(exclude_categories=()),
        st.sampled_from("=?_\r\n\t\0\x0b\x85\u2028\u202e. -é\ud800"),
        st.sampled_from(
            ["From ", "\r\nTo: b@example.org", "=?utf-8?q?", "?=", "a@b", ",", "x" * 80]
        ),
    ),
    max_size=30,
).map("".join)


@pytest.fixture(autouse=True, scope="module")
def _fixed_time() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: NOW)
        yield


def outgoing(**changes: object) -> Outgoing:
    values: dict[str, object] = {
        "message_id": "wh-1@example.org",
        "folder": "issue-1",
        "address": "ann@example.org",
        "language": "en",
        "subject": "Leave Mosul now",
        "text": "Leave.\n",
        "html": "<p>Leave.</p>\n",
        "headers": {"In-Reply-To": REFERENCE, "References": REFERENCE},
    }
    return Outgoing(**(values | changes))  # type: ignore[arg-type]


def read(content: bytes) -> EmailMessage:
    parsed = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(parsed, EmailMessage)
    assert not parsed.defects
    return parsed


def by_library(message: Outgoing, sender: str) -> EmailMessage:
    """The same message as the standard library builds it."""
    mail = EmailMessage(policy=email.policy.SMTP)
    mail["From"] = sender
    mail["To"] = message.address
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(NOW)
    mail["Message-ID"] = f"<{message.message_id}>"
    mail["Auto-Submitted"] = "auto-generated"
    for name, value in message.headers.items():
        mail[name] = value
    mail.set_content(message.text, cte="quoted-printable")
    if message.html:
        mail.add_alternative(message.html, subtype="html", cte="quoted-printable")
    mail["Content-Language"] = message.language  # set_content drops it
    return read(mail.as_bytes())


def contents(mail: EmailMessage) -> list[tuple[str, str]]:
    return [
        (part.get_content_type(), part.get_content().replace("\r\n", "\n"))
        for part in mail.walk()
        if not part.is_multipart()
    ]


def one_line(text: str) -> str:
    """What of a header can be kept: words, single blanks between them."""
    gone = re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]", " ", text)
    return " ".join(gone.split())


@given(words, words, words)
@example("=?utf-8?q?To=3A?= x", "From here\n.\n", "")
@example("a" * 200 + " é", "a" * 2000, "b" * 2000)
@example("x " * 90 + "y", "\r\r\n\r", "\n\n")
@example("é" * 150, "", "--=_\n")
def test_read_back_it_is_what_was_given(subject: str, text: str, html: str) -> None:
    message = outgoing(subject=subject, text=text, html=html)
    content = build(message, SENDER)
    mail = read(content)
    names = [name for name, _ in mail.items()]
    fixed = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version"]
    assert names[:7] == fixed
    assert names[7:10] == ["Content-Language", "In-Reply-To", "References"]
    assert set(names[10:]) <= {"Content-Type", "Content-Transfer-Encoding"}
    assert mail["Subject"] == one_line(subject)

    def lines(said: str) -> str:
        whole = said.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n") + "\n"
        return whole.encode("utf-8", "replace").decode()

    wanted = [("text/plain", lines(text))] + ([("text/html", lines(html))] if html else [])
    assert contents(mail) == wanted


@given(words, words, words)
def test_any_relay_takes_it(subject: str, text: str, html: str) -> None:
    content = build(outgoing(subject=subject, text=text, html=html), SENDER)
    assert content.isascii()
    assert b"\0" not in content
    assert re.search(rb"(?<!\r)\n|\r(?!\n)", content) is None
    assert max(map(len, content.split(b"\r\n"))) <= 998
    head = content.partition(b"\r\n\r\n")[0]
    assert max(map(len, head.split(b"\r\n"))) <= 78


plain = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=80)


@given(plain, st.lists(plain).map("\n".join), st.lists(plain).map("\n".join))
def test_it_is_the_message_that_the_library_builds(subject: str, text: str, html: str) -> None:
    message = outgoing(subject=" ".join(subject.split()), text=text + "\n", html=html)
    ours, theirs = read(build(message, SENDER)), by_library(message, SENDER)
    assert contents(ours) == contents(theirs)
    shape = {"Content-Type", "Subject", "MIME-Version", "Content-Transfer-Encoding"}
    assert {n: str(v) for n, v in ours.items() if n not in shape} == {
        n: str(v) for n, v in theirs.items() if n not in shape
    }
    assert ours.get_content_type() == theirs.get_content_type()


def test_the_same_message_has_the_same_bytes() -> None:
    assert build(outgoing(), SENDER) == build(outgoing(), SENDER)
    other = build(outgoing(message_id="wh-2@example.org"), SENDER)
    assert read(other).get_boundary() != read(build(outgoing(), SENDER)).get_boundary()


@given(
    st.one_of(
        words,
        st.sampled_from(
            [
                "a@b.example,c@d.example",
                "a@b.example c@d.example",
                "a@b.example\r\nBcc: c@d.example",
                "<a@b.example>",
                '"a, c@d.example"@b.example',
                "a@b@c.example",
                "(a)b@c.example",
                "x: a@b.example;",
                "",
                "a@",
                "=?utf-8?q?a=2Cb?=@c.example",
                "a\u202e@b.example",
            ]
        ),
    )
)
def test_to_is_one_address_or_nothing_is_built(address: str) -> None:
    try:
        content = build(outgoing(address=address), SENDER)
    except Problem:
        return
    mail = read(content)
    assert len(mail.get_all("To")) == 1
    to = mail["To"]
    assert isinstance(to, AddressHeader)
    assert len(to.addresses) == 1
    assert to.addresses[0].addr_spec == header_address(address)
    assert not mail.get_all("Cc", []) + mail.get_all("Bcc", [])


@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("ann@example.org", "ann@example.org"),
        ("ann@bücher.example", "ann@xn--bcher-kva.example"),
        ("ann@straße.example", "ann@xn--strae-oqa.example"),
        ("أمينة@مثال.example", "أمينة@xn--mgbh0fb.example"),
        ("+9647901234567", "+9647901234567"),
    ],
)
def test_addresses_outside_ascii(address: str, written: str) -> None:
    content = build(outgoing(address=address), SENDER)
    assert f"\r\nTo: {written}\r\n".encode() in content


@pytest.mark.parametrize("name", ["Cc", "Bcc", "To", "From", "Resent-To", "X-Any", "Subject"])
def test_no_other_header_can_be_set(name: str) -> None:
    with pytest.raises(RouteDown, match=name):
        build(outgoing(headers={name: "bo@example.org"}), SENDER)


@given(words)
def test_a_given_header_holds_no_second_one(value: str) -> None:
    try:
        content = build(outgoing(headers={"References": value}), SENDER)
    except RouteDown:
        return
    assert read(content)["References"] == value


@pytest.mark.parametrize(
    "message_id", ["a b@example.org", "x@exämple.org", "x\r\nTo: y@z", "", "x>@y", "a" * 999 + "@b"]
)
def test_a_message_id_that_is_none(message_id: str) -> None:
    """It comes of a wrong setting: everybody's messages wait, nobody's is given up."""
    with pytest.raises(RouteDown, match="Message-ID"):
        build(outgoing(message_id=message_id), SENDER)


@pytest.mark.parametrize(
    "name",
    ["Wayhome", "Außenamt, Büro 2", "وزارة الخارجية", 'The "Desk"', "x" * 300, "é " * 200, ""],
)
def test_the_sender_s_name_arrives(name: str) -> None:
    sender = formataddr((name, "alerts@example.org"))
    # The library's newer parser puts blanks between the encoded words of a phrase; this one not.
    raw = email.message_from_bytes(build(outgoing(), sender))["From"]
    ((shown, address),) = getaddresses([raw])
    assert str(make_header(decode_header(shown))) == " ".join(name.split())
    assert address == "alerts@example.org"
    assert len(read(build(outgoing(), sender))["From"].addresses) == 1


@pytest.mark.parametrize("sender", ["", "Wayhome", "a@b.example, c@d.example", "<a@b@c>"])
def test_a_sender_that_is_none_stops_the_route_and_no_address(sender: str) -> None:
    with pytest.raises(RouteDown, match="WAYHOME_MAIL_FROM"):
        build(outgoing(), sender)


def test_a_sender_s_line_ends_end_no_header() -> None:
    mail = read(build(outgoing(), "Way\r\nBcc: x <alerts@example.org>"))
    assert "Bcc" not in mail
