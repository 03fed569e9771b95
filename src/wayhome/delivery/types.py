"""What a channel knows: one message to one addressee, and how its handing over went."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol


@dataclass(frozen=True)
class Outgoing:
    """One message, complete, for exactly one address. There is no second address field."""

    message_id: str  # stable: the same for every try of one delivery, without angle brackets
    issue_id: int
    address: str
    language: str
    subject: str
    text: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """``sent``: the relay took it. ``later``: try again. ``refused``: never for this address."""

    result: Literal["sent", "later", "refused"]
    detail: str = ""


class RouteDown(Exception):
    """The relay itself cannot be used now; nothing is known against any address."""


class Session(Protocol):
    """An open way to a relay. ``send`` is called for one message after another."""

    def send(self, message: Outgoing) -> Outcome: ...

    def close(self) -> None: ...
