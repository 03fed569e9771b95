"""The pieces of the SMTP client that need no connection."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wayhome.delivery.channels.smtp.addresses import BadAddress, envelope_address
from wayhome.delivery.channels.smtp.content import as_content
from wayhome.delivery.channels.smtp.replies import MalformedReply, Reply, ReplyBuffer
from wayhome.delivery.channels.smtp.verdicts import Stage, Verdict, judge

pytestmark = pytest.mark.unit

texts = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=40)
replies = st.builds(
    lambda code, lines: (code, lines),
    st.integers(200, 599),
    st.lists(texts, min_size=1, max_size=5),
)


def on_the_wire(code: int, lines: list[str], end: str) -> bytes:
    marks = ["-"] * (len(lines) - 1) + [" "]
    said = (f"{code}{mark}{line}{end}" for mark, line in zip(marks, lines, strict=True))
    return "".join(said).encode()


@given(st.lists(replies, max_size=4), st.sampled_from(["\r\n", "\n"]), st.data())
def test_replies_cut_at_any_byte(
    said: list[tuple[int, list[str]]], end: str, data: st.DataObject
) -> None:
    stream = b"".join(on_the_wire(code, lines, end) for code, lines in said)
    buffer, got = ReplyBuffer(), []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        buffer.feed(stream[:size])
        stream = stream[size:]
        while (reply := buffer.take()) is not None:
            got.append((reply.code, [line.decode() for line in reply.lines]))
    assert got == said
    assert not buffer


@given(st.binary(max_size=200))
def test_bytes_that_are_no_reply(data: bytes) -> None:
    """Never anything but a reply, the wish for more, or MalformedReply."""
    buffer = ReplyBuffer()
    buffer.feed(data)
    try:
        while (reply := buffer.take()) is not None:
            assert 200 <= reply.code < 600
            assert reply.words.isprintable()
    except MalformedReply:
        pass


def test_a_line_without_an_end_is_given_up() -> None:
    buffer = ReplyBuffer()
    for _ in range(4):
        buffer.feed(b"250 " + b"x" * 1000)
        assert buffer.take() is None
    buffer.feed(b"x" * 1000)
    with pytest.raises(MalformedReply, match="too long"):
        buffer.take()


lines = st.lists(st.sampled_from([b"", b".", b"..", b".x", b"x.", b"\r", b"\n", b"\0", b"\xff"]))


@given(lines.map(b"\r\n".join) | st.binary(max_size=60))
def test_content_comes_out_as_it_went_in(mail: bytes) -> None:
    """Read as a relay reads it: up to the first lone dot, doubled dots made single."""
    content = as_content(mail)
    assert content.wire.endswith(b"\r\n.\r\n")
    assert (b"\r\n" + content.wire).index(b"\r\n.\r\n") == len(content.wire) - 3
    assert b"\r" not in content.wire.replace(b"\r\n", b"")
    assert b"\n" not in content.wire.replace(b"\r\n", b"")
    received = content.wire[:-3].split(b"\r\n")
    undoubled = b"\r\n".join(line[1:] if line.startswith(b".") else line for line in received)
    with_ends = mail.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", b"\r\n")
    assert undoubled in (with_ends, with_ends + b"\r\n")
    assert undoubled.endswith(b"\r\n")
    assert content.size == len(undoubled)
    assert content.is_8bit == any(byte > 127 for byte in mail)


@given(st.text(max_size=30) | st.builds("{}@{}".format, st.text(max_size=9), st.text(max_size=9)))
def test_an_address_is_one_address(text: str) -> None:
    try:
        address = envelope_address(text)
    except BadAddress:
        return
    assert not set(address.path) & set(b"\r\n\0 <>\t\x7f,;")
    local, _, domain = address.path.rpartition(b"@")
    assert local
    assert domain
    assert domain.isascii()
    assert address.is_utf8 == (not local.isascii())


@pytest.mark.parametrize(
    ("address", "path", "is_utf8"),
    [
        ("ann@example.org", b"ann@example.org", False),
        ("o'neil+x=y/z@Example.ORG", b"o'neil+x=y/z@Example.ORG", False),
        ("ann@[192.0.2.1]", b"ann@[192.0.2.1]", False),
        ("ann@bücher.example", b"ann@xn--bcher-kva.example", False),
        ("ann@straße.example", b"ann@xn--strae-oqa.example", False),  # IDNA 2008, not 2003
        ("ann@مثال.إختبار", b"ann@xn--mgbh0fb.xn--kgbechtv", False),
        ("müller@example.org", "müller@example.org".encode(), True),
        ("用户@例え.テスト", "用户@xn--r8jz45g.xn--zckzah".encode(), True),
    ],
)
def test_addresses(address: str, path: bytes, is_utf8: bool) -> None:
    found = envelope_address(address)
    assert (found.path, found.is_utf8) == (path, is_utf8)


# What real relays say, word for word.
REAL: list[tuple[Stage, str, Verdict]] = [
    # Postfix
    ("RCPT", "550 5.1.1 <p@x.example>: Recipient address rejected: User unknown in relay "
     "recipient table", "refused"),
    ("RCPT", "550 5.1.1 <p@x.example>: Recipient address rejected: undeliverable address: host "
     "mx.example said: 550 authentication required", "refused"),
    ("RCPT", "554 5.7.1 <p@x.example>: Relay access denied", "route"),
    ("RCPT", "454 4.7.1 <p@x.example>: Relay access denied", "route"),
    ("RCPT", "554 5.7.1 <p@x.example>: Recipient address rejected: Access denied", "refused"),
    ("RCPT", "553 5.7.1 <a@y.example>: Sender address rejected: not owned by user desk", "route"),
    ("RCPT", "550 5.1.8 <a@y.example>: Sender address rejected: Domain not found", "route"),
    ("RCPT", "450 4.1.8 <a@y.example>: Sender address rejected: Domain not found", "later"),
    ("RCPT", "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using "
     "zen.spamhaus.org", "route"),
    ("RCPT", "504 5.5.2 <x>: Helo command rejected: need fully-qualified hostname", "route"),
    ("RCPT", "450 4.2.0 <p@x.example>: Recipient address rejected: Greylisted", "later"),
    ("RCPT", "452 4.5.3 Error: too many recipients", "later"),
    ("MAIL", "530 5.7.0 Must issue a STARTTLS command first", "route"),
    ("MAIL", "552 5.3.4 Message size exceeds fixed limit", "refused"),
    ("MAIL", "452 4.3.1 Insufficient system storage", "route"),
    ("DATA", "554 5.5.1 Error: no valid recipients", "refused"),
    ("content", "554 5.7.1 Message rejected as spam", "refused"),
    ("content", "552 5.3.4 Error: message file too big", "refused"),
    ("content", "451 4.3.0 Error: queue file write error", "later"),
    # Exim
    ("RCPT", "550 Unrouteable address", "refused"),
    ("RCPT", "550 Unknown user", "refused"),
    ("RCPT", "550 relay not permitted", "route"),
    ("RCPT", "550 Sender verify failed", "route"),
    ("RCPT", "550 Verification failed for <a@y.example>", "route"),
    ("RCPT", "550 Administrative prohibition", "refused"),
    ("RCPT", "501 p: recipient address must contain a domain", "refused"),
    ("MAIL", "552 Message size exceeds maximum permitted", "refused"),
    ("MAIL", "452 space shortage, please try later", "route"),
    # OpenSMTPD
    ("RCPT", "550 Invalid recipient: <p@x.example>", "refused"),
    ("RCPT", "550 5.1.1 Invalid recipient: <p@x.example>", "refused"),
    ("RCPT", "524 5.2.4 Mailing list expansion problem: <p@x.example>", "refused"),
    ("MAIL", "552 5.3.4 Message too large", "refused"),
    ("MAIL", "552 Message too large", "refused"), ("MAIL", "552 Disk quota exceeded", "route"),
    ("MAIL", "503 5.5.1 Invalid command: Already in transaction", "lost"),
    # Sendmail, qmail, Exchange, Gmail, SES
    ("RCPT", "550 5.7.1 <p@x.example>... Relaying denied", "route"),
    ("RCPT", "550 5.7.1 <p@x.example>... Relaying denied. Proper authentication required.",
     "route"),
    ("RCPT", "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", "route"),
    ("RCPT", "550 sorry, no mailbox here by that name. (#5.1.1)", "refused"),
    ("RCPT", "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain", "route"),
    ("MAIL", "550 5.7.60 SMTP; Client does not have permissions to send as this sender", "route"),
    ("RCPT", "550 5.4.1 Recipient address rejected: Access denied.", "refused"),
    ("RCPT", "550-5.1.1 The email account that you tried to reach does not exist.", "refused"),
    ("RCPT", "552 5.2.2 The email account that you tried to reach is over quota", "refused"),
    ("RCPT", "450 4.2.1 The user you are trying to contact is receiving mail too quickly",
     "later"),
    ("content", "550 5.4.5 Daily user sending limit exceeded.", "route"),
    ("content", "550 5.7.26 Unauthenticated email is not accepted due to DMARC policy", "route"),
    ("content", "454 Throttling failure: Maximum sending rate exceeded.", "later"),
    ("content", "554 Message rejected: Sending limit exceeded: daily sending quota", "route"),
    ("RCPT", "530 5.7.1 Authentication required", "route"),
    ("RCPT", "550 mailbox quota exceeded", "refused"),
    # A mailbox named so that the words of its refusal would stop the route.
    ("RCPT", "550 <spf@x.example> no such user", "refused"),
    ("RCPT", "550 relay.denied@x.example: no such user", "refused"),
    ("RCPT", "550 No such user: DMARC@x.example", "refused"),
]  # fmt: skip


def reply_of(text: str) -> Reply:
    buffer = ReplyBuffer()
    buffer.feed(text.replace("550-", "550 ").encode() + b"\r\n")
    reply = buffer.take()
    assert reply is not None
    return reply


@pytest.mark.parametrize(("stage", "text", "verdict"), REAL)
def test_what_real_relays_say(stage: Stage, text: str, verdict: Verdict) -> None:
    own = ("p@x.example", "a@y.example", "dmarc@x.example", "relay.denied@x.example")
    assert judge(stage, reply_of(text), own, has_sent=False) == verdict


@pytest.mark.parametrize(("stage", "text", "verdict"), REAL)
def test_words_on_us_are_not_believed_of_a_relay_that_has_taken_mail(
    stage: Stage, text: str, verdict: Verdict
) -> None:
    """A status code is; a daily quota may be used up; but MAIL is the same for all."""
    reply = reply_of(text)
    got = judge(stage, reply, (), has_sent=True)
    if verdict != "route":
        assert got in (verdict, "later")
    else:
        assert got in ("route", "later")
        assert got == "route" or stage != "MAIL"
