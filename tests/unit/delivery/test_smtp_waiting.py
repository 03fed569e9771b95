"""A relay that has a whole message and says nothing: waited for, left; the next is asked again."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.support.smtp_batch import check, hand, message, plain_build, session_with
from tests.support.smtp_script import LOCKSTEP, PIPELINING, SILENCE, Say, ScriptedRelay
from wayhome.delivery.channels.smtp import open_session, read_relays, session
from wayhome.delivery.types import Outgoing

pytestmark = pytest.mark.unit

MODES = pytest.mark.parametrize("offers", [PIPELINING, LOCKSTEP], ids=["pipelining", "lockstep"])
LATE = Say("250 2.0.0 taken after all", after=2.5)


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "build", plain_build)


def batch(*numbers: int) -> list[Outgoing]:
    return [message(number) for number in numbers]


@MODES
def test_a_late_answer_is_an_answer(offers: Sequence[str]) -> None:
    with ScriptedRelay({"content": [None, LATE]}, offers=offers) as relay:
        client = session_with(relay, seconds=1, answer_seconds=60)
        handed = hand(client, batch(0, 1, 2))
        client.close()
        check(relay, handed)
    assert handed.letters == "SSS"
    assert handed.waited >= 1
    assert (relay.connections, len(relay.accepted)) == (1, 3)


@MODES
def test_one_that_never_comes_is_of_that_message(offers: Sequence[str]) -> None:
    with ScriptedRelay({"content": [None, SILENCE]}, offers=offers) as relay:
        client = session_with(relay, seconds=1, answer_seconds=2)
        handed = hand(client, batch(0, 1, 2))
        client.close()
        check(relay, handed)
    assert handed.letters == "SLS"
    assert handed.outcomes[1].doubt
    assert "whether it was taken cannot be known" in handed.outcomes[1].detail


@MODES
def test_where_none_comes_the_relay_is_left(offers: Sequence[str]) -> None:
    with ScriptedRelay({"content": [None, SILENCE, SILENCE]}, offers=offers) as relay:
        client = session_with(relay, seconds=1, answer_seconds=2)
        handed = hand(client, batch(0, 1, 2, 3))
        client.close()
        check(relay, handed)
    assert handed.letters == "SLLD"
    assert "no answer to a whole message within 2 seconds" in handed.down


@MODES
def test_the_wait_can_be_left(offers: Sequence[str]) -> None:
    with ScriptedRelay({"content": [SILENCE]}, offers=offers) as relay:
        client = session_with(relay, seconds=1, answer_seconds=600)
        outcomes = client.send(batch(0, 1), lambda: True)
        assert next(outcomes) is None
        outcomes.close()  # type: ignore[attr-defined]
        newer = hand(client, batch(5))
        client.close()
    assert newer.letters == "S"
    assert relay.connections == 2


@MODES
@pytest.mark.parametrize("stopped", [0, 1, 2])
def test_what_is_no_longer_to_go_does_not(offers: Sequence[str], stopped: int) -> None:
    """Asked when the message before it has its outcome: no byte of its content leaves."""
    asked: list[int] = []
    with ScriptedRelay(offers=offers) as relay:
        client = session_with(relay)
        done = 0

        def still_goes() -> bool:
            asked.append(done)
            return len(asked) - 1 != stopped

        outcomes = []
        for outcome in client.send(batch(0, 1, 2, 3), still_goes):
            outcomes.append(outcome)
            done += 1
        client.close()
    went = [number for number in range(4) if number != stopped]
    assert [mail.addressees for mail in relay.accepted] == [(f"p{n}@example.org",) for n in went]
    assert [outcome.result for outcome in outcomes if outcome] == ["sent"] * 3
    assert asked == sorted([*range(4)][: stopped + 1] + [n - 1 for n in range(4) if n > stopped])
    assert not relay.empty


@MODES
def test_asked_after_the_answer_to_the_one_before(offers: Sequence[str]) -> None:
    """Under pipelining the next message is taken while the relay thinks; what is decided in that
    time holds."""
    held: list[str] = []
    with ScriptedRelay({"content": [LATE]}, offers=offers) as relay:
        client = session_with(relay, seconds=1, answer_seconds=60)
        outcomes = []
        for outcome in client.send(batch(0, 1), lambda: not held):
            if outcome is None:
                held.append("an officer cancels while the relay thinks")
            else:
                outcomes.append(outcome)
        client.close()
    assert [outcome.result for outcome in outcomes] == ["sent"]
    assert len(relay.accepted) == 1


@pytest.mark.parametrize("has_others", [False, True])
@pytest.mark.parametrize("unfit", ["size", "utf8"])
def test_what_one_relay_cannot_carry_another_may(has_others: bool, unfit: str) -> None:
    mail = message(0, "x" * 200_000) if unfit == "size" else message(0, address="ü@example.org")
    with ScriptedRelay(offers=["SIZE 100000"]) as relay:
        (read,) = read_relays(f"smtp://127.0.0.1:{relay.port}")
        client = open_session(
            read,
            "Wayhome <alerts@wayhome.example>",
            "alerts@wayhome.example",
            timeout_seconds=30,
            answer_seconds=30,
            has_others=has_others,
        )
        assert hand(client, [mail]).letters == ("L" if has_others else "R")
        client.close()
    assert relay.accepted == []
