"""The connection is lost at each byte, and at random: nobody is lost, doubled or mixed up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.smtp_batch import check, hand, hand_to, message, plain_build, session_with
from tests.support.smtp_script import CLOSE, LOCKSTEP, PIPELINING, Say, ScriptedRelay
from wayhome.delivery.channels.smtp import session

pytestmark = pytest.mark.unit

BATCH = 3
MODES = pytest.mark.parametrize("offers", [PIPELINING, LOCKSTEP], ids=["pipelining", "lockstep"])


@pytest.fixture(autouse=True, scope="module")
def _plain() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session, "build", plain_build)
        yield


def whole(offers: Sequence[str]) -> tuple[bytes, list[int]]:
    """What the client says in an undisturbed session, and how long each content is in it."""
    with ScriptedRelay(offers=offers) as relay:
        assert hand_to(relay, BATCH).letters == "S" * BATCH
    return b"".join(relay.groups), [len(mail.content) for mail in relay.accepted]


def contents(stream: bytes) -> list[tuple[int, int]]:
    """Where each content begins and ends, final dot included."""
    found, at = [], 0
    while (begin := stream.find(b"DATA\r\n", at)) >= 0:
        # A group of the next message stands behind a content, its own content behind that.
        begin += len(b"DATA\r\n")
        at = stream.index(b"\r\n.\r\n", begin) + 5
        found.append((begin, at))
    return found


@MODES
def test_relay_dies_after_each_byte_that_it_read(offers: Sequence[str]) -> None:
    """Untouched messages are tried again; one whose content was on its way is *later*."""
    stream, lengths = whole(offers)
    spans = contents(stream)
    assert len(spans) == len(lengths) == BATCH
    first_mail = stream.index(b"MAIL")
    for cut in range(len(stream)):
        with ScriptedRelay(offers=offers, read_cuts=[cut]) as relay:
            handed = hand_to(relay, BATCH)
        if cut < first_mail:
            assert handed.letters == "D", cut  # it never got as far as to take mail
            continue
        expected = ["S"] * BATCH
        for number, (begin, end) in enumerate(spans):
            # At ``begin`` the relay has said 354 only if it read on; at ``end`` it has the dot.
            if begin <= cut < end:
                expected[number] = "L"
        got = handed.letters
        assert got == "".join(expected), (cut, stream[:cut][-60:])


@MODES
def test_relay_dies_after_each_byte_that_it_said(offers: Sequence[str]) -> None:
    with ScriptedRelay(offers=offers, reply_cuts=[10**6]) as relay:
        hand_to(relay, BATCH)
    greeting = len(relay.always["greeting"]) + len(relay.always["EHLO"]) + 4  # type: ignore[arg-type]
    envelope = sum(len(relay.always[stage]) + 2 for stage in ("MAIL", "RCPT", "DATA"))  # type: ignore[arg-type]
    word = len(relay.always["content"]) + 2  # type: ignore[arg-type]
    for cut in range(greeting + BATCH * (envelope + word)):
        with ScriptedRelay(offers=offers, reply_cuts=[cut]) as relay:
            handed = hand_to(relay, BATCH)
        if cut < greeting:
            assert handed.letters == "D", cut
            continue
        number, rest = divmod(cut - greeting, envelope + word)
        # From its whole 354 to its whole word the content is on its way.
        expected = "".join("L" if n == number and rest >= envelope else "S" for n in range(BATCH))
        assert handed.letters == expected, cut


@MODES
@pytest.mark.parametrize("cut_at", range(0, 900, 7))
def test_reset_at_any_byte(offers: Sequence[str], cut_at: int) -> None:
    """RST destroys answers that were on their way: less is known, nothing is lost or doubled."""
    with ScriptedRelay(offers=offers, read_cuts=[cut_at], reset=True) as relay:
        handed = hand_to(relay, BATCH)
    assert handed.letters.count("L") <= 1
    assert "R" not in handed.letters


ANSWERS: dict[str, list[str | Say]] = {
    "MAIL": ["250 ok", "550 5.7.1 no", "452 4.3.1 full", "552 5.3.4 big", "503 nested", "354 x"],
    "RCPT": ["250 ok", "550 5.1.1 no", "450 4.2.0 grey", "554 Relay access denied", "354 x"],
    "DATA": ["354 go", "451 no", "554 no", "503 no", "250 x", "354 a\r\n250 b"],
    "content": ["250 ok", "451 no", "554 no", "550 5.7.26 no", "354 x", "250-a\r\n250 b"],
    "RSET": ["250 ok", "500 no", "250-a\r\n251 b"],
}
ANYWHERE: list[str | Say] = [
    CLOSE, "421 bye", Say("421 bye", close=True), "nonsense", Say("250 ok", cut=3),
    Say("250 ok", close=True), Say("250 ok", split=True),
]  # fmt: skip


def answers(stage: str) -> st.SearchStrategy[list[str | Say | None]]:
    usual = st.none()
    odd = st.sampled_from([*ANSWERS[stage], *ANYWHERE])
    return st.lists(usual | usual | odd, max_size=10)


scripts = st.fixed_dictionaries({stage: answers(stage) for stage in ANSWERS})
cuts = st.lists(st.none() | st.integers(0, 1500), max_size=4)
texts = st.lists(st.sampled_from(["a", ".", "..\n.", "\r", "\n.\n", "x" * 1200, "é"]), max_size=6)


@settings(max_examples=300)
@given(
    script=scripts,
    offers=st.sampled_from([PIPELINING, LOCKSTEP]),
    read_cuts=cuts,
    reply_cuts=cuts,
    reset=st.booleans(),
    takes_data=st.booleans(),
    batches=st.lists(st.lists(texts.map("".join), max_size=5), min_size=1, max_size=3),
)
def test_anything(
    script: dict[str, list[str | Say | None]],
    offers: Sequence[str],
    read_cuts: list[int | None],
    reply_cuts: list[int | None],
    reset: bool,
    takes_data: bool,
    batches: list[list[str]],
) -> None:
    """Random answers and cuts against random batches over one session."""
    with ScriptedRelay(
        script,
        offers=offers,
        read_cuts=read_cuts,
        reply_cuts=reply_cuts,
        reset=reset,
        takes_data=takes_data,
    ) as relay:
        client = session_with(relay)
        done = []
        for number, batch in enumerate(batches):
            mails = [message(100 * number + place, text) for place, text in enumerate(batch)]
            done.append(hand(client, mails))
        client.close()
        check(relay, *done)
