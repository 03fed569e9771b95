"""What comes back, read: real shapes, hostile ones, and anything at all."""

from __future__ import annotations

import base64
import gzip
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import returned
from wayhome.delivery.bounces import mime
from wayhome.delivery.bounces.reading import read
from wayhome.delivery.bounces.types import Said
from wayhome.delivery.models import Receipt

pytestmark = pytest.mark.unit

TO = "bounces+abc@wayhome.example"
ANN = "ann@there.example"


def only(raw: bytes, kind: str = "dsn") -> Said:
    seen = read(raw)
    assert seen.kind == kind
    assert TO in seen.addressed
    (said,) = seen.said
    return said


@pytest.mark.parametrize(
    ("make", "status"),
    [(returned.dsn, "5.1.1"), (returned.exim, "5.1.1"), (returned.exchange, "5.1.10"),
     (returned.gmail, "5.1.1"), (returned.in_utf8, "5.1.1")],
)  # fmt: skip
def test_servers_in_use_say_the_same(make: Callable[[str, str], bytes], status: str) -> None:
    said = only(make(TO, ANN))
    assert (said.word, said.status, said.recipients) == ("bounced", status, {ANN})
    assert said.standard
    assert said.detail
    assert "@there" not in said.detail.replace("…@there", "")


@pytest.mark.parametrize("encoding", ["8bit", "base64"])
def test_in_utf8_and_encoded(encoding: str) -> None:
    said = only(returned.in_utf8(TO, "ÄNN@there.example", encoding))
    assert said.recipients == {"änn@there.example"}
    assert "çöp" in said.detail
    escaped = only(returned.in_utf8(TO, r"\x{E4}nn@there.example", encoding))
    assert escaped.recipients == {"änn@there.example"}


@pytest.mark.parametrize(
    ("action", "status", "word"),
    [
        ("failed", "5.1.1", "bounced"),
        ("failed", "4.4.1", "bounced"),  # the relay has given up
        ("Failed (unknown user)", "5.1.1", "bounced"),
        ("error", "5.1.1", "bounced"),
        ("delayed", "4.4.1", "deferred"),
        ("delivered", "2.0.0", "delivered"),
        ("", "5.1.1", "bounced"),
        ("", "4.2.0", "deferred"),
    ],
)
def test_actions(action: str, status: str, word: str) -> None:
    said = only(returned.dsn(TO, ANN, status, action, "words"))
    assert (said.word, said.status) == (word, status)


@pytest.mark.parametrize("action", ["relayed", "expanded", "sung"])
def test_what_is_no_word_that_it_arrived(action: str) -> None:
    seen = read(returned.dsn(TO, ANN, "2.0.0", action, "250 2.0.0 fine"))
    assert (seen.kind, seen.said) == ("dsn", ())


@pytest.mark.parametrize(
    ("status", "words", "exact"),
    [
        ("5.0.0", "550-5.7.1 policy", "5.7.1"),
        ("5.1.1", "554 5.7.1 Service refused", "5.7.1"),
        ("5.1.1", "550 no such user", "5.1.1"),
        ("5.1.1", "550 5.0.0 bad", "5.1.1"),
        ("4.4.7", "550 5.1.1 no such user", "4.4.7"),
        ("5.0.0", "read about 5.1.1 at help.example", "5.0.0"),
    ],
)
def test_the_refusing_servers_own_code_is_taken(status: str, words: str, exact: str) -> None:
    assert only(returned.dsn(TO, ANN, status, words=words)).status == exact


def test_several_recipients_of_an_alias() -> None:
    blocks = "\n\n".join(
        f"Final-Recipient: rfc822; p{n}@there.example\nAction: failed\nStatus: 5.2.{n % 3}"
        for n in range(200)
    )
    seen = read(returned.report(f"Reporting-MTA: dns; x\n\n{blocks}", to=TO))
    assert len(seen.said) == 20  # and no more
    assert len({said.recipients for said in seen.said}) == 20


@pytest.mark.parametrize(
    ("kind", "word"),
    [("abuse", "complained"), ("fraud", "complained"), ("Opt-Out", "unsubscribed"),
     ("not-spam", None), ("auth-failure", None), ("sung", None)],
)  # fmt: skip
def test_complaints(kind: str, word: str | None) -> None:
    seen = read(returned.complaint("fbl@wayhome.example", kind, return_path=TO))
    assert seen.kind == "arf"
    assert [said.word for said in seen.said] == ([word] if word else [])
    assert TO in seen.addressed
    inside = f"Return-Path: <{TO}>\n{returned.OURS}"
    assert TO in read(returned.complaint("x@wayhome.example", kind, returned=inside)).addressed


def test_older_bounces_are_guessed_and_say_so() -> None:
    said = only(returned.qmail(TO, ANN), "text")
    assert (said.word, said.status, said.recipients) == ("bounced", "5.1.1", {ANN})
    assert not said.standard


def test_people_and_machines_are_told_apart() -> None:
    assert read(returned.out_of_office(TO)).kind == "automatic"
    # Words that mail systems use are no bounce when a person writes them.
    assert read(returned.from_a_person(TO)).kind == "other"
    forwarded = returned.message(
        f"From: ann@example.org\nTo: {TO}\nMIME-Version: 1.0\nContent-Type: message/rfc822", ""
    ) + returned.dsn("someone@elsewhere.example", ANN)
    assert read(forwarded).kind == "other"


def test_the_same_report_has_one_identity_whatever_way_it_came() -> None:
    one = returned.dsn(TO, ANN)
    again = b"Received: from a by b\r\nReturn-Path: <>\r\n" + one
    assert read(one).identity == read(again).identity
    nameless = returned.dsn(TO, ANN, message_id="")
    assert read(nameless).identity == read(b"Received: from a by b\r\n" + nameless).identity
    others = [returned.dsn(TO, ANN, message_id="<2@mx.example>"), nameless,
              returned.dsn(TO, ANN, "5.2.1", message_id="")]  # fmt: skip
    assert len({read(each).identity for each in (one, *others)}) == 4


# Hostile input. Each must be read (as anything) without raising and within bounds.


def test_nesting_without_end() -> None:
    deep = b"".join(
        b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (n, n)
        for n in range(3000)
    )
    assert read(deep + returned.dsn(TO, ANN)).kind == "other"
    with pytest.raises(mime.Unreadable):
        mime.parse(deep)


def test_what_lies_beyond_the_bound_is_not_read() -> None:
    huge = returned.OURS + "x" * 20_000_000
    assert only(returned.dsn(TO, ANN, returned=huge)).word == "bounced"
    assert read(b"Subject: x\r\n\r\n" + b"\r\n" * 5_000_000).kind == "other"
    assert read(b"X: " + b"y\r\n " * 2_000_000).kind == "other"


def test_nothing_is_decompressed(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise AssertionError("decompressed")

    bomb = base64.encodebytes(gzip.compress(bytes(50_000_000))).decode()
    for module, name in ((zlib, "decompress"), (zlib, "decompressobj"), (gzip, "decompress")):
        monkeypatch.setattr(module, name, refused)
    raw = returned.dsn(TO, ANN, returned=bomb, returned_type="application/gzip")
    assert only(raw).word == "bounced"
    encoded = raw.replace(b"MIME-Version", b"Content-Encoding: gzip\r\nMIME-Version")
    assert only(encoded).word == "bounced"


@pytest.mark.parametrize("charset", ["x-nobody", "utf-7", "\x00", "utf-16", "idna", "rot13", "hex"])
def test_charsets(charset: str) -> None:
    raw = returned.dsn(TO, ANN).replace(b"message/delivery-status",
        b"message/delivery-status; charset=" + charset.encode())  # fmt: skip
    assert read(raw).kind == "dsn"


@pytest.mark.parametrize(
    "broken",
    [
        b"", b"\x00" * 100, b"\r\n\r\n", b"--=_b--", b":\r\n", b"From \r\n", b"=?utf-8?q?=00?=",
        b"Content-Type: multipart/report; boundary=\r\n\r\n--\r\n\r\n",
        b"Content-Type: message/delivery-status\r\n\r\nAction: failed\r\n",
        b"Content-Type: multipart/report; boundary*=utf-8''%00\r\n\r\n--\x00\r\n",
        b"Content-Type: multipart/digest; boundary=a\r\n\r\n--a\r\n\r\nx\r\n",
        b"Content-Transfer-Encoding: x-uuencode\r\nContent-Type: message/delivery-status\r\n\r\nx",
        b"Message-ID: <\xff\xfe\x00>\r\nFrom: \xff\r\nTo: \"\r\n\r\n",
    ],
)  # fmt: skip
def test_broken_mail_is_read_as_something(broken: bytes) -> None:
    assert read(broken).kind in ("dsn", "arf", "text", "automatic", "other")


FIELDS = st.sampled_from(
    [b"From: MAILER-DAEMON@x", b"Return-Path: <>", b"Content-Type: multipart/report; boundary=b",
     b"Content-Type: message/delivery-status", b"Content-Type: message/feedback-report", b"--b",
     b"--b--", b"", b"Action: failed", b"Status: 5.1.1", b"Final-Recipient: rfc822; a@b",
     b"Diagnostic-Code: smtp; 550 5.1.1 x", b"Content-Transfer-Encoding: base64", b" folded",
     b"Content-Type: text/plain; charset=utf-16", b"Feedback-Type: abuse", b"Auto-Submitted: no",
     b"Hi. This is the qmail-send program at x.", b"<a@b>:", b"Message-ID: <wh-1-ab@x>"]
)  # fmt: skip


@given(st.one_of(st.binary(max_size=400), st.lists(st.one_of(FIELDS, st.binary(max_size=60))).map(
    lambda lines: b"\r\n".join(lines))))  # fmt: skip
def test_any_octets(raw: bytes) -> None:
    seen = read(raw)
    assert {said.word for said in seen.said} <= set(Receipt.Word.values)
    for said in seen.said:
        for text in (said.status, said.detail, seen.identity, seen.message_id):
            assert text.isprintable()  # no NUL, which PostgreSQL refuses
            assert len(text) <= 2000
        assert len(said.detail) <= 300


@given(st.binary(max_size=60), st.integers(0, 2000), st.integers(0, 40))
def test_any_damage(noise: bytes, at: int, gone: int) -> None:
    """A report with octets put in or taken out is read, and makes nobody else's."""
    whole = returned.dsn(TO, ANN)
    at = min(at, len(whole))
    for damaged in (whole[:at] + noise + whole[at:], whole[:at] + whole[at + gone :]):
        seen = read(damaged)
        assert {said.word for said in seen.said} <= set(Receipt.Word.values)
