"""Every odd answer at every stage, with and without pipelining: the same outcomes."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.support.smtp_batch import Handed, hand_to, plain_build
from tests.support.smtp_script import CLOSE, LOCKSTEP, PIPELINING, Say, ScriptedRelay
from wayhome.delivery.channels.smtp import session

pytestmark = pytest.mark.unit

BATCH = 4
GONE = "421 4.3.2 closing"
LONG = "250 " + "x" * 5000
MALFORMED = [
    "hello", "2", "25", "250_ok", "99 low", "199 low", "600 high", "2500 ok", "25x ok", "\0\0\0 x",
    "²50 ok", "250-one\r\n251 two", "\r\n".join(["250-x"] * 200) + "\r\n250 x", LONG, "",
]  # fmt: skip
ENVELOPE = ("MAIL", "RCPT", "DATA")
Script = dict[str, list[str | Say | None]]


@pytest.fixture(params=[PIPELINING, LOCKSTEP], ids=["pipelining", "lockstep"])
def offers(request: pytest.FixtureRequest) -> Sequence[str]:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "build", plain_build)


def run(script: Script, offers: Sequence[str], **more: bool) -> tuple[Handed, ScriptedRelay]:
    with ScriptedRelay(script, offers=offers, **more) as relay:
        handed = hand_to(relay, BATCH)
    return handed, relay


def second(stage: str, *answers: str | Say) -> Script:
    """The first message passes; the second meets these, one after another."""
    return {stage: [None, *answers]}


def at_each(stages: Sequence[str], answers: Sequence[str | Say]) -> list[tuple[str, str | Say]]:
    return [(stage, answer) for stage in stages for answer in answers]


@pytest.mark.parametrize(
    ("stage", "answer", "letters", "connections"),
    [
        # Accepted, in every way that RFC 5321 knows.
        ("MAIL", "250-2.1.0 a\r\n250-2.1.0 b\r\n250 2.1.0 c", "SSSS", 1),
        ("MAIL", "250", "SSSS", 1), ("MAIL", "250-\r\n250", "SSSS", 1),
        ("RCPT", "251 2.1.5 will forward", "SSSS", 1), ("RCPT", "252 2.1.5 will try", "SSSS", 1),
        ("RCPT", Say("250-2.1.5 a\r\n250 2.1.5 b", split=True), "SSSS", 1),
        ("DATA", Say("354-go\r\n354 on", split=True), "SSSS", 1),
        ("content", "250", "SSSS", 1), ("content", "252 2.0.0 queued", "SSSS", 1),
        ("content", Say("250-2.0.0 a\r\n250 2.0.0 b", split=True), "SSSS", 1),
        # About this addressee or this message.
        ("RCPT", "550 5.1.1 no such mailbox", "SRSS", 1), ("RCPT", "550 no", "SRSS", 1),
        ("RCPT", "500 5.5.2 line too long", "SRSS", 1), ("RCPT", "501 5.1.3 syntax", "SRSS", 1),
        ("RCPT", "551 5.1.6 moved", "SRSS", 1), ("RCPT", "552 5.2.2 mailbox full", "SRSS", 1),
        ("RCPT", "553 5.1.3 not a mailbox", "SRSS", 1), ("RCPT", "554 5.7.1 no", "SRSS", 1),
        ("RCPT", "556 5.1.10 null MX", "SRSS", 1), ("RCPT", "599 what", "SRSS", 1),
        ("RCPT", "550-5.1.1 no\r\n550 5.1.1 such mailbox", "SRSS", 1),
        ("RCPT", "450 4.2.0 greylisted", "SLSS", 1), ("RCPT", "451 4.3.0 oops", "SLSS", 1),
        ("RCPT", "452 4.5.3 too many", "SLSS", 1), ("RCPT", "499 what", "SLSS", 1),
        ("DATA", "451 4.3.0 not now", "SLSS", 1), ("DATA", "450 4.7.1 not now", "SLSS", 1),
        ("DATA", "554 5.7.1 no", "SRSS", 1), ("DATA", "550 5.1.1 no", "SRSS", 1),
        ("MAIL", "552 5.3.4 too big", "SRSS", 1), ("MAIL", "452 4.3.4 too big now", "SLSS", 1),
        ("MAIL", "550 5.6.7 not in UTF-8", "SRSS", 1),
        ("content", "451 4.3.0 disk", "SLSS", 1), ("content", "452 4.3.1 full", "SLSS", 1),
        ("content", "450 4.7.1 greylisted", "SLSS", 1), ("content", "550 5.1.1 no", "SRSS", 1),
        ("content", "552 5.3.4 too big", "SRSS", 1), ("content", "554 5.6.0 bad", "SRSS", 1),
        ("content", "554-5.7.1 spam,\r\n554 5.7.1 we think", "SRSS", 1),
        # About us: nothing is known against the address.
        ("MAIL", "550 5.7.1 not from you", "SD", 1), ("MAIL", "530 5.7.0 sign in", "SD", 1),
        ("MAIL", "535 5.7.8 sign in", "SD", 1), ("MAIL", "552 5.3.1 disk full", "SD", 1),
        ("MAIL", "552 storage", "SD", 1), ("MAIL", "452 4.3.1 disk full", "SD", 1),
        ("MAIL", "451 4.3.0 not now", "SD", 1), ("MAIL", "450 4.1.8 your domain", "SD", 1),
        ("MAIL", "501 5.1.7 bad sender", "SD", 1), ("MAIL", "555 5.5.4 what option", "SD", 1),
        ("MAIL", "521 no mail here", "SD", 1), ("MAIL", "502 5.5.1 what", "SD", 1),
        ("RCPT", "530 5.7.0 sign in", "SD", 1), ("RCPT", "535 5.7.8 sign in", "SD", 1),
        ("RCPT", "553 5.1.8 sender's domain", "SD", 1), ("RCPT", "550 5.7.26 DMARC", "SD", 1),
        ("RCPT", "550 5.4.5 daily sending quota exceeded", "SD", 1),
        ("RCPT", "503 5.5.1 what", "SD", 1), ("RCPT", "521 no mail here", "SD", 1),
        ("content", "550 5.7.26 not aligned", "SD", 1), ("content", "530 5.7.0 no", "SD", 1),
        # Relaying is denied to this one, but not in general: the first was taken.
        ("RCPT", "554 5.7.1 <p1@example.org>: Relay access denied", "SLSS", 1),
        # Replies and commands have come apart: one new connection.
        ("MAIL", "503 5.5.1 nested", "SSSS", 2), ("MAIL", "354 go", "SSSS", 2),
        ("RCPT", "354 go", "SSSS", 2), ("RCPT", "334 what", "SSSS", 2),
        ("DATA", "250 ok", "SSSS", 2), ("DATA", "334 what", "SSSS", 2),
        ("DATA", "503 5.5.1 what", "SSSS", 2), ("DATA", "502 5.5.1 what", "SSSS", 2),
        ("DATA", "354 go\r\n250 2.0.0 early", "SSSS", 2),
        ("content", "354 again", "SLSS", 2), ("content", GONE, "SLSS", 2),
        ("content", Say(GONE, close=True), "SLSS", 2), ("content", CLOSE, "SLSS", 2),
        ("content", Say("250 2.0.0 taken", close=True), "SSSS", 2),
    ],
)  # fmt: skip
def test_answer_to_the_second(
    stage: str, answer: str | Say, letters: str, connections: int, offers: Sequence[str]
) -> None:
    handed, relay = run(second(stage, answer), offers)
    assert handed.letters == letters
    assert relay.connections == connections
    taken = {mail.addressees[0] for mail in relay.accepted}
    assert taken == {f"p{n}@example.org" for n, letter in enumerate(letters) if letter == "S"}
    if "D" in letters:
        assert handed.down.startswith(f"127.0.0.1:{relay.port}: {str(answer)[:3]}")
        assert "@" not in handed.down
    elif "S" not in letters[1]:
        assert handed.outcomes[1].detail


@pytest.mark.parametrize(
    ("stage", "answer"),
    at_each(ENVELOPE, [*MALFORMED, GONE, Say(GONE, close=True), CLOSE]),
)
def test_connection_over_before_content(
    stage: str, answer: str | Say, offers: Sequence[str]
) -> None:
    """Untouched, tried again on a new connection, once."""
    answer = answer or Say("\r\n")
    handed, relay = run(second(stage, answer), offers)
    assert (handed.letters, relay.connections) == ("SSSS", 2)
    handed, relay = run(second(stage, answer, answer), offers)
    assert (handed.letters, relay.connections) == ("SD", 2)


@pytest.mark.parametrize("answer", MALFORMED)
def test_malformed_word_on_the_content(answer: str, offers: Sequence[str]) -> None:
    """Whether it was taken cannot be known."""
    handed, relay = run(second("content", answer or Say("\r\n")), offers)
    assert (handed.letters, relay.connections) == ("SLSS", 2)
    assert handed.outcomes[1].detail.endswith("whether it was taken cannot be known")


@pytest.mark.parametrize("bytes_told", range(len("250 2.0.0 taken\r\n")))
def test_taken_and_died_before_its_word(bytes_told: int, offers: Sequence[str]) -> None:
    handed, relay = run(second("content", Say("250 2.0.0 taken", cut=bytes_told)), offers)
    assert handed.letters == "SLSS"
    assert len(relay.accepted) == BATCH


@pytest.mark.parametrize("answer", ["500 what", "451 not now", "354 go", GONE, CLOSE, "nonsense"])
def test_reset_goes_wrong(answer: str | Say, offers: Sequence[str]) -> None:
    script: Script = {"RCPT": [None, "550 5.1.1 no"], "RSET": [answer]}
    handed, relay = run(script, offers)
    assert (handed.letters, relay.connections) == ("SRSS", 2)


@pytest.mark.parametrize("refusal", ["550 5.1.1 no", "450 4.2.0 later"])
def test_data_is_taken_without_an_addressee(refusal: str, offers: Sequence[str]) -> None:
    """RFC 2920 §3.1: a lone dot ends it, and nobody gets an empty message."""
    handed, relay = run(second("RCPT", refusal), offers, takes_data=True)
    assert (handed.letters, relay.connections) == ("SRSS" if "550" in refusal else "SLSS", 1)
    assert relay.empty == (1 if "PIPELINING" in offers else 0)
    assert [mail.addressees for mail in relay.accepted] == [
        (f"p{n}@example.org",) for n in (0, 2, 3)
    ]


@pytest.mark.parametrize("to_data", [GONE, Say(GONE, close=True), CLOSE, "250 ok", "334 x", "x"])
def test_connection_over_after_a_refusal(to_data: str | Say) -> None:
    """The refusal stands, whatever the rest of its group is answered."""
    script: Script = {"RCPT": [None, "550 5.1.1 no"], "DATA": [None, to_data]}
    handed, relay = run(script, PIPELINING, takes_data=True)
    assert (handed.letters, relay.connections) == ("SRSS", 2)


def test_sender_refused_but_data_taken() -> None:
    """No lone dot where an addressee may stand: it would be sent an empty message."""
    said = "552 5.3.4 too big\r\n250 2.1.5 odd\r\n354 odd"
    handed, relay = run(second("MAIL", said), PIPELINING)
    assert (handed.letters, relay.connections) == ("SRSS", 2)
    assert "." not in relay.commands


def test_a_word_on_the_content_before_it_was_sent(offers: Sequence[str]) -> None:
    """It is not believed: the true one may be another."""
    script: Script = {
        "DATA": [None, "354 go\r\n250 2.0.0 early"],
        "content": [None, "554 5.6.0 no"],
    }
    handed, relay = run(script, offers)
    assert (handed.letters, relay.connections) == ("SRSS", 2)


@pytest.mark.parametrize("answer", ["554 5.7.1 Relay access denied", "550 relay not permitted",
    "454 4.7.1 <p0@example.org>: Relay access denied", "550 5.7.1 Unable to relay",
    "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)",
    "550 Authentication required", "554 5.7.1 <x@y>: Sender address rejected: Access denied",
    "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.example",
])  # fmt: skip
def test_the_relay_takes_nothing_from_us(answer: str, offers: Sequence[str]) -> None:
    handed, relay = run({"RCPT": [answer]}, offers)
    assert (handed.letters, relay.accepted) == ("D", [])


@pytest.mark.parametrize("stage", ENVELOPE)
def test_group_of_the_next_is_lost_with_the_content(stage: str, offers: Sequence[str]) -> None:
    """The second's content gets no word; the third, already asked for, loses no try by that."""
    script = second("content", CLOSE)
    script[stage] = [None, None, CLOSE] if "PIPELINING" not in offers else [None, None, None, CLOSE]
    handed, relay = run(script, offers)
    assert handed.letters == "SLSS"
    assert relay.connections == 3


@pytest.mark.parametrize(
    ("always", "words"),
    [
        ({"greeting": "554 5.3.2 go away"}, "554 5.3.2 go away"),
        ({"greeting": "421 4.3.2 busy"}, "421 4.3.2 busy"),
        ({"greeting": "nonsense"}, "no SMTP reply"), ({"greeting": CLOSE}, "closed"),
        ({"greeting": Say("220 x", cut=3)}, "closed"), ({"greeting": LONG}, "too long"),
        ({"EHLO": "502 what", "HELO": "502 what"}, "502 what"),
        ({"EHLO": "421 4.3.2 busy", "HELO": "421 4.3.2 busy"}, "421 4.3.2 busy"),
        ({"EHLO": CLOSE}, "closed"), ({"EHLO": "250-a\r\n251 b"}, "different codes"),
    ],
)  # fmt: skip
def test_no_way_in(always: dict[str, str | Say], words: str) -> None:
    with ScriptedRelay(always=always) as relay:
        handed = hand_to(relay, BATCH)
    assert handed.letters == "D"
    assert handed.down.startswith(f"127.0.0.1:{relay.port}: ")
    assert words in handed.down


def test_an_old_relay_knows_only_helo() -> None:
    with ScriptedRelay(always={"EHLO": "500 what"}) as relay:
        handed = hand_to(relay, BATCH)
    assert handed.letters == "SSSS"
    assert all(mail.mail == "MAIL FROM:<alerts@wayhome.example>" for mail in relay.accepted)


def test_no_second_connection_to_be_had(offers: Sequence[str]) -> None:
    with ScriptedRelay(second("content", CLOSE), offers=offers, connections=1) as relay:
        handed = hand_to(relay, BATCH)
    assert handed.letters == "SLD"
    assert "cannot be reached" in handed.down


def test_one_round_trip_a_message() -> None:
    """An envelope leaves behind the content before it, and DATA is the last of its group."""
    _, relay = run({}, PIPELINING)
    sent = b"".join(relay.groups)
    for number in range(1, BATCH):
        assert b"\r\n.\r\nMAIL FROM:<alerts@wayhome.example> SIZE=" in sent
        group = b"RCPT TO:<p%d@example.org>\r\nDATA\r\n" % number
        assert sum(read.endswith(group) for read in relay.groups) == 1
