"""Batches of messages handed to a scripted relay, and the oracle: what it took against the word.

Every message is sent, later, refused or untouched; one that is *sent* was taken once, one that is
refused or untouched never, and one that is *later* at most once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from email.utils import formataddr

from tests.support.smtp_script import ScriptedRelay
from wayhome.delivery.channels.smtp import open_session, read_relays
from wayhome.delivery.types import Outcome, Outgoing, RouteDown, Session

FROM = "alerts@wayhome.example"
SENDER = formataddr(("Wayhome", FROM))


def message(
    number: int, text: str = "Leave by the east gate.\n.\n..two\n", **more: str
) -> Outgoing:
    address = more.pop("address", f"p{number}@example.org")
    return Outgoing(f"m{number}@wayhome.example", "f", address, "en", "Warning", text, **more)


def plain_build(message: Outgoing, sender: str) -> bytes:
    """Instead of MIME work, which is not what these tests are about."""
    head = (
        f"From: {sender}\r\nTo: {message.address}\r\nMessage-ID: <{message.message_id}>\r\n"
        "Date: Tue, 10 Jun 2014 06:00:00 +0000\r\n\r\n"
    )
    return (head + message.text).encode("utf-8", "surrogateescape")


def content(message: Outgoing) -> bytes:
    """What must arrive, byte for byte."""
    text = plain_build(message, SENDER).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    text = text.replace(b"\n", b"\r\n")
    return text if text.endswith(b"\r\n") else text + b"\r\n"


def session_with(
    relay: ScriptedRelay, scheme: str = "smtp", seconds: float = 30, answer_seconds: float = 0
) -> Session:
    (read,) = read_relays(f"{scheme}://127.0.0.1:{relay.port}")
    return open_session(
        read,
        SENDER,
        FROM,
        timeout_seconds=seconds,
        answer_seconds=answer_seconds or seconds,
    )


@dataclass
class Handed:
    """How a batch went. ``taken``: how many messages were asked for; ``waited``: how often
    there was no answer yet."""

    messages: list[Outgoing]
    outcomes: list[Outcome] = field(default_factory=list)
    taken: int = 0
    down: str = ""
    waited: int = 0

    @property
    def letters(self) -> str:
        """One letter a message: S, L, R; D at the end where the route is down."""
        results = "".join(outcome.result[0].upper() for outcome in self.outcomes)
        return results + ("D" if self.down else "")

    def feed(self) -> Iterator[Outgoing]:
        for message in self.messages:
            self.taken += 1
            yield message


def hand(session: Session, messages: list[Outgoing]) -> Handed:
    handed = Handed(messages)
    try:
        for outcome in session.send(handed.feed(), lambda: True):
            if outcome is None:
                handed.waited += 1
                continue
            handed.outcomes.append(outcome)
            assert handed.taken <= len(handed.outcomes) + 1, "more than one was taken ahead"
    except RouteDown as error:
        handed.down = str(error)
    return handed


def hand_to(relay: ScriptedRelay, number: int) -> Handed:
    """A whole session of so many messages, held against what the relay took."""
    session = session_with(relay)
    handed = hand(session, [message(n) for n in range(number)])
    session.close()
    check(relay, handed)
    return handed


def check(relay: ScriptedRelay, *batches: Handed) -> None:
    """The oracle."""
    taken = [(mail.addressees, mail.content) for mail in list(relay.accepted)]
    known = {((m.address,), content(m)) for batch in batches for m in batch.messages}
    assert set(taken) <= known, "it took what was never handed over in this form"
    for batch in batches:
        assert len(batch.outcomes) == len(batch.messages) or batch.down, "messages were forgotten"
        for place, mail in enumerate(batch.messages):
            times = taken.count(((mail.address,), content(mail)))
            if place >= len(batch.outcomes):
                assert times == 0, f"{mail.address} is untouched, and was taken"
            elif batch.outcomes[place].result == "sent":
                assert times == 1, f"{mail.address} is sent, and was taken {times} times"
            elif batch.outcomes[place].result == "refused":
                assert times == 0, f"{mail.address} is refused, and was taken"
            else:
                assert times <= 1, f"{mail.address} is later, and was taken {times} times"
