"""Relays that do as a test says: scripted sessions in the place of real connections."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from wayhome.delivery import relays
from wayhome.delivery.relays import Way
from wayhome.delivery.types import Outcome, Outgoing, RouteDown

Answer = Callable[[Outgoing], Outcome]


def takes(_message: Outgoing) -> Outcome:
    return Outcome("sent", "250 taken")


def puts_off(_message: Outgoing) -> Outcome:
    return Outcome("later", "451 try again later", "4.2.1")


def refuses(_message: Outgoing) -> Outcome:
    return Outcome("refused", "550 no such mailbox", "5.1.1")


def is_down(_message: Outgoing) -> Outcome:
    raise RouteDown("connection refused")


@dataclass
class Scripted:
    """One relay; ``answer`` may be changed while it runs, ``got`` is all that it was handed.

    ``silences``: how often its time runs out before it answers to a content.
    """

    name: str = "relay:25"
    answer: Answer = takes
    weight: float = 1
    rate: float = 0
    connections: int = 0
    silences: int = 0
    got: list[Outgoing] = field(default_factory=list)

    def send(
        self, messages: Iterable[Outgoing], still_goes: Callable[[], bool]
    ) -> Iterator[Outcome | None]:
        for message in messages:
            if not still_goes():
                continue
            outcome = self.answer(message)
            if outcome.result == "sent":
                self.got.append(message)
            yield from [None] * self.silences
            yield outcome

    def close(self) -> None:
        """Nothing is open."""

    @property
    def addresses(self) -> list[str]:
        return [message.address for message in self.got]

    @property
    def way(self) -> Way:
        return Way(self.name, lambda _: self, self.weight, self.rate, self.connections)


def set_relays(monkeypatch: pytest.MonkeyPatch, settings: Any, *scripted: Scripted) -> None:
    """Mail goes by these relays from now on, and by no other way."""
    settings.WAYHOME_SMTP_URL = "smtp://relay.example"
    set_ways = [each.way for each in scripted]
    whole = relays.ways
    monkeypatch.setattr(
        relays, "ways", lambda route: set_ways if route == relays.SMTP else whole(route)
    )
