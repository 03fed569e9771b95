"""What a channel knows: one message to one addressee, and how its handing over went."""

from collections.abc import Callable, Iterable, Iterator, Mapping
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
    ``doubt``: it is tried again, and the relay may have taken it all the same.
    """

    result: Result
    detail: str = ""
    status: str = ""
    doubt: bool = False


class RouteDown(Exception):
    """The relay itself cannot be used now; nothing is known against any address.

    ``at_message``: it said so of the first message without an outcome, and had taken the
    connection: it may yet be that message alone.
    """

    def __init__(self, words: str, *, at_message: bool = False) -> None:
        super().__init__(words)
        self.at_message = at_message


class Session(Protocol):
    """An open way to a relay, used for one slice after another."""

    def send(
        self, messages: Iterable[Outgoing], still_goes: Callable[[], bool]
    ) -> Iterator[Outcome | None]:
        """Hand messages over one after another; yield the outcome of each, in order, as soon as
        it is known. None in between: the relay has a whole message and has not answered yet;
        whoever sends may use the moment, or close this iterator and live with the doubt.

        The next message is taken from ``messages`` no earlier than it can be put in flight, so
        that whoever feeds them may stop between two. Before its content leaves, ``still_goes`` is
        asked about the first message without an outcome: where it says no, that one is left out
        and has none. Where the connection is lost, a message
        whose content was on its way gets the outcome *later* (whether the relay took it cannot
        be asked: the same Message-ID will go again); those that were taken and whose content had
        not begun get none, and RouteDown follows if no connection can be made again.
        """
        ...

    def close(self) -> None: ...
