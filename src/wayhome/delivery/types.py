"""What a channel knows: one message to one addressee, and how its handing over went."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol


class DeliveryKey(NamedTuple):
    """What a delivery is of, to where, and by which channel; of issue and letter one is 0."""

    issue_id: int
    letter_id: int
    contact_point_id: int
    channel: str


@dataclass(frozen=True)
class Outgoing:
    """One message, complete, for exactly one address. There is no second address field.

    ``message_id``: the same for every try of one delivery, without angle brackets. ``folder``:
    where the files channel keeps it. ``html``: the same words for readers that show HTML, or
    empty. ``headers``: threading and List-Unsubscribe. ``return_path``: the envelope's sender,
    to which bounces come back; empty: the route's own.
    """

    message_id: str
    folder: str
    address: str
    language: str
    subject: str
    text: str
    html: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    return_path: str = ""


Result = Literal["sent", "later", "refused"]


@dataclass(frozen=True)
class Outcome:
    """``sent``: the relay took it. ``later``: try again. ``refused``: never for this address.

    ``status``: the enhanced status code (RFC 3463), such as 5.1.1, where the relay gave one.
    """

    result: Result
    detail: str = ""
    status: str = ""


class RouteDown(Exception):
    """The relay itself cannot be used now; nothing is known against any address."""


class Session(Protocol):
    """An open way to a relay, used for one slice after another."""

    def send(self, messages: Iterable[Outgoing]) -> Iterator[Outcome]:
        """Hand messages over one after another; yield the outcome of each, in order, as soon as
        it is known.

        The next message is taken from ``messages`` no earlier than it can be put in flight, so
        that whoever feeds them may stop between two. Where the connection is lost, a message
        whose content was on its way gets the outcome *later* (whether the relay took it cannot
        be asked: the same Message-ID will go again); those that were taken and whose content had
        not begun get none, and RouteDown follows if no connection can be made again.
        """
        ...

    def close(self) -> None: ...
