"""The connection between messages, slices and failures, and the time that a message has."""

from __future__ import annotations

import re
import select
import socket
import time
from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from tests.support import smtp_batch
from tests.support.instance import wait_for
from tests.support.smtp_batch import check, hand, message, plain_build, session_with
from tests.support.smtp_script import (
    CLOSE,
    LOCKSTEP,
    PIPELINING,
    SILENCE,
    Say,
    ScriptedRelay,
)
from wayhome.delivery.channels.smtp import (
    open_session,
    opening,
    read_relays,
    session,
    transaction,
    wire,
)
from wayhome.delivery.channels.smtp.addresses import EnvelopeAddress
from wayhome.delivery.channels.smtp.content import as_content
from wayhome.delivery.channels.smtp.opening import Link
from wayhome.delivery.types import Outgoing, RouteDown
from wayhome.problems import Problem

pytestmark = pytest.mark.unit

MODES = pytest.mark.parametrize("offers", [PIPELINING, LOCKSTEP], ids=["pipelining", "lockstep"])


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "build", plain_build)


def batch(*numbers: int) -> list[Outgoing]:
    return [message(number) for number in numbers]


@MODES
def test_one_connection_for_slice_after_slice(offers: Sequence[str]) -> None:
    with ScriptedRelay(offers=offers) as relay:
        client = session_with(relay)
        done = [hand(client, batch(0, 1)), hand(client, []), hand(client, batch(2, 3))]
        client.close()
        check(relay, *done)
    assert [handed.letters for handed in done] == ["SS", "", "SS"]
    assert relay.connections == 1
    assert relay.commands[-1] == "QUIT"


@MODES
@pytest.mark.parametrize("how", ["closed", "421"])
def test_closed_while_idle(offers: Sequence[str], how: str) -> None:
    """Reconnected without a word, and the message still has both its tries."""
    last = Say("250 2.0.0 taken\r\n421 4.4.2 idle", close=how == "closed")
    with ScriptedRelay({"content": [None, last]}, offers=offers) as relay:
        client = session_with(relay)
        first = hand(client, batch(0, 1))
        relay.script["MAIL"] = [CLOSE]
        second = hand(client, batch(2))
        client.close()
        check(relay, first, second)
    assert (first.letters, second.letters) == ("SS", "S")


@MODES
def test_hung_up_while_idle(offers: Sequence[str]) -> None:
    with ScriptedRelay(offers=offers) as relay:
        client = session_with(relay)
        first = hand(client, batch(0))
        relay.hang_up()
        second = hand(client, batch(1))
        client.close()
        check(relay, first, second)
    assert (first.letters, second.letters, relay.connections) == ("S", "S", 2)


def test_a_long_idle_connection_is_not_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedRelay() as relay:
        client = session_with(relay)
        hand(client, batch(0))
        later = SimpleNamespace(monotonic=lambda: time.monotonic() + 3600)
        monkeypatch.setattr(session, "time", later)
        assert hand(client, batch(1)).letters == "S"
        client.close()
    assert relay.connections == 2


@MODES
@pytest.mark.parametrize("after", [1, 2])
def test_the_consumer_stops_early(offers: Sequence[str], after: int) -> None:
    """What was in flight is untouched, and the next slice is not mixed up with it."""
    with ScriptedRelay(offers=offers) as relay:
        client = session_with(relay)
        outcomes = client.send(batch(0, 1, 2, 3), lambda: True)
        got = [next(outcomes) for _ in range(after)]
        outcomes.close()  # type: ignore[attr-defined]
        assert [mail.addressees for mail in relay.accepted] == [
            (f"p{n}@example.org",) for n in range(after)
        ]
        rest = hand(client, batch(5, 6))
        client.close()
    assert len(got) == after
    assert rest.letters == "SS"
    assert len(relay.accepted) == after + 2


def test_a_newer_slice_takes_the_connection_over() -> None:
    with ScriptedRelay() as relay:
        client = session_with(relay)
        left = client.send(batch(0, 1, 2), lambda: True)
        next(left)
        newer = hand(client, batch(5))
        with pytest.raises(RuntimeError, match="used for another slice"):
            next(left)
        again = hand(client, batch(6))
        client.close()
    assert (newer.letters, again.letters) == ("S", "S")
    assert [mail.addressees[0][:2] for mail in relay.accepted] == ["p0", "p5", "p6"]


@pytest.mark.parametrize("is_closed", [True, False])
def test_left_in_the_middle_while_the_relay_thinks(is_closed: bool) -> None:
    """Its answer, when it comes, is to a message that is nobody's now."""
    with ScriptedRelay({"MAIL": [None, None, SILENCE]}) as relay:
        client = session_with(relay, seconds=5)
        assert hand(client, batch(9)).letters == "S"
        left = client.send(batch(0, 1, 2), lambda: True)
        next(left)
        if is_closed:
            left.close()  # type: ignore[attr-defined]
        newer = hand(client, batch(5))
        client.close()
    assert newer.letters == "S"
    assert relay.connections == 2


def test_no_byte_of_the_content_left() -> None:
    """The connection was gone before: untouched, not in doubt."""
    ours, theirs = socket.socketpair()
    theirs.close()
    address = EnvelopeAddress(b"p0@example.org", False)
    letter = transaction.MailPiece(address, address, as_content(b"x"), ())
    link = Link(wire.Wire(ours, wire.Deadline(30)))
    with pytest.raises(wire.Lost) as lost:
        transaction.hand_content(letter, link, has_sent=False)
    ours.close()
    assert lost.value.written == 0


def test_closed_in_mid_slice() -> None:
    with ScriptedRelay() as relay:
        client = session_with(relay)
        outcomes = client.send(batch(0, 1, 2), lambda: True)
        next(outcomes)
        client.close()
        with pytest.raises(RuntimeError, match="closed"):
            next(outcomes)
        client.close()
    assert len(relay.accepted) == 1
    assert "QUIT" not in relay.commands  # it stands behind a DATA that may be waiting


@MODES
@pytest.mark.parametrize("good", [0, 1, 3])
def test_the_feeder_fails(offers: Sequence[str], good: int) -> None:
    """The outcome of what was on its way is told before the failure."""

    def feed() -> Iterator[Outgoing]:
        yield from batch(*range(good))
        raise KeyError("lease lost")

    with ScriptedRelay(offers=offers) as relay:
        client = session_with(relay)
        outcomes = client.send(feed(), lambda: True)
        assert [next(outcomes).result for _ in range(good)] == ["sent"] * good
        with pytest.raises(KeyError, match="lease lost"):
            next(outcomes)
        assert len(relay.accepted) == good
        assert hand(client, batch(9)).letters == "S"
        client.close()


@MODES
def test_no_message_waits_for_the_next(offers: Sequence[str]) -> None:
    """Whoever feeds slowly does not hold back what was given: it is taken meanwhile."""
    with ScriptedRelay(offers=offers) as relay:

        def feed() -> Iterator[Outgoing]:
            for number in range(3):
                wait_for(lambda given=number: len(relay.accepted) == given, "the one before")  # type: ignore[misc]
                yield message(number)

        client = session_with(relay)
        assert [outcome.result for outcome in client.send(feed(), lambda: True)] == ["sent"] * 3
        client.close()


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A clock of the test's: when the relay says nothing, all patience is over at once.

    ``step``: seconds that pass in each wait for the relay besides.
    """
    clock = SimpleNamespace(now=0.0, step=0.0, relay=None)

    class Poll:
        def __init__(self) -> None:
            self.poller = select.poll()
            self.register = self.poller.register

        def poll(self, milliseconds: float) -> list[tuple[int, int]]:
            clock.now += clock.step
            while not (ready := self.poller.poll(10)):
                if clock.relay.is_silent.is_set():
                    clock.now += milliseconds / 1000
                    return []
            return ready

    fake = SimpleNamespace(poll=Poll, POLLIN=select.POLLIN, POLLOUT=select.POLLOUT)
    monkeypatch.setattr(wire, "select", fake)
    for module in (wire, session):
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: clock.now))
    return clock


@MODES
@pytest.mark.parametrize("stage", ["greeting", "EHLO", "MAIL", "RCPT", "DATA", "content"])
def test_silence(offers: Sequence[str], stage: str, patience: Any) -> None:
    nth: list[str | Say | None] = [SILENCE] if stage in ("greeting", "EHLO") else [None, SILENCE]
    with ScriptedRelay({stage: nth}, offers=offers) as relay:
        patience.relay = relay
        client = session_with(relay, seconds=30)
        handed = hand(client, batch(0, 1))
        client.close()
        check(relay, handed)
    expected = {"greeting": "D", "EHLO": "D", "content": "SL"}.get(stage, "SD")
    assert handed.letters == expected
    assert re.search(
        "no answer (to a whole message )?within 30 seconds",
        handed.down or handed.outcomes[-1].detail,
    )


def test_the_deadline_is_for_all_replies_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """A relay that drips, each byte in time, does not hold a lease for ever."""
    ours, theirs = socket.socketpair()
    drip = iter("".join(f"250-{n}\r\n" for n in range(50)))
    clock = SimpleNamespace(now=0.0)

    class Poll:
        def register(self, *_: object) -> None: ...

        def poll(self, milliseconds: float) -> bool:
            clock.now += 1
            theirs.send(next(drip).encode())
            return True

    monkeypatch.setattr(wire, "select", SimpleNamespace(poll=Poll, POLLIN=1, POLLOUT=4))
    monkeypatch.setattr(wire, "time", SimpleNamespace(monotonic=lambda: clock.now))
    with ours, theirs:
        dripping = wire.Wire(ours, wire.Deadline(30))
        with pytest.raises(wire.Lost, match="no answer within 30 seconds"):
            dripping.read_reply()
    assert clock.now == 30


def test_time_of_the_feeder_does_not_count(patience: Any) -> None:
    with ScriptedRelay() as relay:
        patience.relay = relay

        def feed() -> Iterator[Outgoing]:
            for number in range(3):
                patience.now += 1000
                yield message(number)

        client = session_with(relay, seconds=30)
        for outcome in client.send(feed(), lambda: True):
            assert outcome.result == "sent"
            assert client.deadline.left() > 0  # type: ignore[attr-defined]
        client.close()


LARGE = ("x" * 70 + "\n") * 200_000  # more than the buffers on the way hold
ANY_SIZE = [[offer for offer in mode if "SIZE" not in offer] for mode in (PIPELINING, LOCKSTEP)]


@pytest.mark.parametrize("offers", ANY_SIZE, ids=["pipelining", "lockstep"])
def test_a_relay_that_stops_reading(offers: Sequence[str], patience: Any) -> None:
    """Some of the content has left: later."""
    script: dict[str, list[str | Say | None]] = {"DATA": [Say("354 go", is_deaf=True)]}
    with ScriptedRelay(script, offers=offers) as relay:
        patience.relay = relay
        client = session_with(relay, seconds=30)
        handed = hand(client, [message(0, LARGE), message(1)])
        relay.is_silent.clear()
        relay.is_over.set()
        client.close()
        check(relay, handed)
    assert handed.letters[0] == "L"
    assert "no answer within 30 seconds: whether" in handed.outcomes[0].detail


@pytest.mark.parametrize("offers", ANY_SIZE, ids=["pipelining", "lockstep"])
@pytest.mark.parametrize(("said", "letter"), [("552 5.3.4 too much", "R"), ("451 no", "L")])
@pytest.mark.parametrize("reset", [False, True], ids=["fin", "rst"])
def test_the_relay_has_seen_enough_in_mid_content(
    offers: Sequence[str], said: str, letter: str, reset: bool
) -> None:
    """Its word is read although the rest of the content could not leave."""
    script: dict[str, list[str | Say | None]] = {"in content": [Say(said, close=True)]}
    with ScriptedRelay(script, offers=offers, reset=reset) as relay:
        client = session_with(relay)
        handed = hand(client, [message(0, LARGE), message(1)])
        client.close()
        check(relay, handed)
    assert handed.letters == letter + "S"
    assert said in handed.outcomes[0].detail


@pytest.mark.parametrize("sender", ["", "nobody", "a b@c.example", "a@b.example>\r\nDATA"])
def test_the_route_s_own_sender_is_checked_at_once(sender: str) -> None:
    (relay,) = read_relays("smtp://127.0.0.1:1")
    with pytest.raises(Problem, match="WAYHOME_MAIL_FROM"):
        open_session(relay, "Wayhome", sender, timeout_seconds=1, answer_seconds=1)


@MODES
def test_a_message_that_cannot_be_written(
    offers: Sequence[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It holds no other back, and is not forgotten."""

    def build(mail: Outgoing, sender: str) -> bytes:
        if mail.message_id.startswith("m1@"):
            raise ValueError("a header with a line end: secret words")
        return plain_build(mail, sender)

    monkeypatch.setattr(session, "build", build)
    with ScriptedRelay(offers=offers) as relay:
        client = session_with(relay)
        handed = hand(client, batch(0, 1, 2))
        client.close()
        check(relay, handed)
    assert handed.letters == "SLS"
    assert handed.outcomes[1].detail == "it cannot be written: ValueError"


def test_nobody_listens() -> None:
    with ScriptedRelay() as relay:
        port = relay.port
    (read,) = read_relays(f"smtp://127.0.0.1:{port}")
    client = open_session(read, "Wayhome", smtp_batch.FROM, timeout_seconds=30, answer_seconds=30)
    with pytest.raises(RouteDown, match=rf"^127.0.0.1:{port}: cannot be reached: "):
        next(client.send(batch(0), lambda: True))


def test_a_name_that_is_not_known() -> None:
    (read,) = read_relays("smtp://relay.invalid")
    client = open_session(read, "Wayhome", smtp_batch.FROM, timeout_seconds=30, answer_seconds=30)
    with pytest.raises(RouteDown, match=r"^relay\.invalid:25: its name is not known"):
        next(client.send(batch(0), lambda: True))


def test_a_host_without_a_full_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "_own_name", lambda: "[192.0.2.99]")
    with ScriptedRelay() as relay:
        client = session_with(relay)
        hand(client, batch(0))
        client.close()
    assert relay.commands[0] == "ehlo [127.0.0.1]"
