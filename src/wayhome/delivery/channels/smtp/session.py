"""A session with one relay: message after message over one connection, kept between slices."""

import contextlib
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import replace
from email.errors import MessageError

from wayhome.delivery.channels.mail import build
from wayhome.delivery.channels.smtp import transaction
from wayhome.delivery.channels.smtp.addresses import (
    BadAddress,
    EnvelopeAddress,
    envelope_address,
)
from wayhome.delivery.channels.smtp.content import as_content
from wayhome.delivery.channels.smtp.opening import Link, open_link, tls_context
from wayhome.delivery.channels.smtp.relays import Relay
from wayhome.delivery.channels.smtp.transaction import MailPiece, NotUs
from wayhome.delivery.channels.smtp.wire import Deadline, Lapsed, Lost
from wayhome.delivery.types import Outcome, Outgoing, RouteDown, Session
from wayhome.problems import Problem

_TRIES = 2  # of a message of whose content nothing has left
_GOODBYE_SECONDS = 2
_KEEP_SECONDS = 60  # idle; beyond it a firewall may have forgotten the connection without a word


def open_session(
    relay: Relay,
    sender: str,
    envelope_from: str,
    *,
    timeout_seconds: float,
    answer_seconds: float,
    has_sent: bool = False,
    has_others: bool = False,
) -> Session:
    """A session with ``relay``; it connects at the first message.

    ``sender``: the From header. ``envelope_from``: the envelope's sender of messages without a
    return path of their own. ``timeout_seconds``: between two outcomes, at most, without the time
    that the caller takes to give the next message; connecting again counts. ``answer_seconds``: for
    the answer to a whole content, with None each ``timeout_seconds``. ``has_sent``: this
    relay has taken mail of ours before, so that *relaying denied* speaks of one addressee.
    ``has_others``: another relay may take what this one cannot carry.
    """
    try:
        own = envelope_address(envelope_from)
    except BadAddress as error:
        raise Problem("WAYHOME_MAIL_FROM", str(error), "set name@domain") from error
    return _Smtp(
        relay, sender, own, Deadline(timeout_seconds), answer_seconds, has_sent, has_others
    )


class _Smtp:
    """The connection, and which call of ``send`` has it."""

    def __init__(
        self,
        relay: Relay,
        sender: str,
        envelope_from: EnvelopeAddress,
        deadline: Deadline,
        answer_seconds: float,
        has_sent: bool,
        has_others: bool,
    ) -> None:
        self.relay = relay
        self.deadline = deadline
        self.answer_seconds = answer_seconds
        self.has_sent = has_sent
        self.has_others = has_others
        self.turn: _Turn | None = None
        self._sender = sender
        self._envelope_from = envelope_from
        self._context = tls_context(relay)
        self._link: Link | None = None
        self._idle_since = 0.0

    def send(
        self, messages: Iterable[Outgoing], still_goes: Callable[[], bool]
    ) -> Iterator[Outcome | None]:
        """See ``types.Session``. Only one call at a time has the connection: the newest."""
        if self.turn is not None or not self._is_fresh():
            self.drop()  # in the middle of an earlier call, or no longer of use
        self.turn = turn = _Turn(self, messages, still_goes)
        try:
            yield from turn.outcomes()
        except BaseException:
            # Closed early, or failed: what is in flight on the connection is nobody's now.
            if self.turn is turn:
                self.drop()
            raise
        finally:
            self._idle_since = time.monotonic()
            if self.turn is turn:
                self.turn = None

    def close(self) -> None:
        """Say goodbye where the connection is between two messages."""
        link, self._link = self._link, None
        is_between = self.turn is None
        self.turn = None
        if link is None:
            return
        if is_between:
            with contextlib.suppress(Lost):
                self.deadline.restart(min(_GOODBYE_SECONDS, self.deadline.seconds))
                link.wire.write(b"QUIT\r\n")
                link.wire.read_reply()
        link.wire.close()

    def link(self) -> Link:
        """The open connection, or a new one; RouteDown."""
        if self._link is None:
            self._link = open_link(self.relay, self._context, self.deadline)
        return self._link

    def drop(self) -> None:
        link, self._link = self._link, None
        if link is not None:
            link.wire.close()

    def _is_fresh(self) -> bool:
        """Whether a kept connection is short idle, and the relay neither closed it nor spoke."""
        if self._link is None:
            return True
        is_short = time.monotonic() - self._idle_since < _KEEP_SECONDS
        return is_short and self._link.wire.is_quiet()

    def prepare(self, message: Outgoing) -> MailPiece | Outcome:
        """All that needs no relay; an outcome where the message can go to none."""
        try:
            addressee = envelope_address(message.address)
        except BadAddress as error:
            return Outcome("refused", f"address: {error}", "5.1.3")
        try:
            path = message.return_path
            sender = envelope_address(path) if path else self._envelope_from
        except BadAddress as error:
            return Outcome("refused", f"return path: {error}", "5.1.7")
        try:
            content = as_content(build(message, self._sender))
        except (ValueError, LookupError, MessageError) as error:
            # One message that cannot be written must not hold back the others, nor be forgotten.
            return Outcome("later", f"it cannot be written: {type(error).__name__}")
        addresses = {message.address, addressee.path.decode(), sender.path.decode()}
        return MailPiece(sender, addressee, content, tuple(addresses))


class _Turn:
    """One call of ``send``."""

    def __init__(
        self, session: _Smtp, messages: Iterable[Outgoing], still_goes: Callable[[], bool]
    ) -> None:
        self._session = session
        self._messages = iter(messages)
        self._still_goes = still_goes
        self._next: MailPiece | Outcome | None = None
        self._failure: Exception | None = None
        self._is_at_end = False

    def outcomes(self) -> Iterator[Outcome | None]:
        while (item := self._taken()) is not None:
            if isinstance(item, Outcome):
                yield from self._told(item)
                continue
            self._session.deadline.restart()
            outcome = yield from self._outcome(item)
            if outcome is not None:
                yield from self._told(outcome)

    def _told(self, outcome: Outcome | None) -> Iterator[Outcome | None]:
        yield outcome
        if self._session.turn is not self:
            raise RuntimeError("this session was closed, or used for another slice, meanwhile")

    def _taken(self) -> MailPiece | Outcome | None:
        if self._failure is not None:
            raise self._failure
        item, self._next = self._next, None
        return item if item is not None else self._take()

    def _take(self) -> MailPiece | Outcome | None:
        """The next message, ready to leave; None at the end."""
        if self._is_at_end:
            return None
        message = next(self._messages, None)
        if message is None:
            self._is_at_end = True
            return None
        return self._session.prepare(message)

    def _outcome(self, piece: MailPiece) -> Generator[Outcome | None, None, Outcome | None]:
        """Hand it over, on a new connection if need be; None where it was no longer to go.
        RouteDown where it is of no use."""
        session = self._session
        lost: Lost | None = None
        for _ in range(_TRIES):
            if lost is not None and session.deadline.left() <= 0:
                break
            link = session.link()
            try:
                return (yield from self._hand_over(piece, link))
            except Lost as error:
                lost = error
                session.drop()
            except NotUs as error:
                raise RouteDown(f"{session.relay.name}: {error}", at_message=True) from error
        raise RouteDown(f"{session.relay.name}: {lost}", at_message=True) from lost

    def _hand_over(
        self, piece: MailPiece, link: Link
    ) -> Generator[Outcome | None, None, Outcome | None]:
        """Lost: nothing of its content has left, it may be tried again."""
        session = self._session
        if (outcome := transaction.unfit(piece, link)) is not None:
            return replace(outcome, result="later") if session.has_others else outcome
        if link.in_flight is not piece:
            transaction.begin(piece, link)
        outcome = transaction.hand_envelope(piece, link, session.has_sent)
        if outcome is None and not self._still_goes():
            session.drop()  # its DATA has left: the relay would take anything for its content
            return None
        outcome = outcome or transaction.hand_content(piece, link, session.has_sent)
        if outcome is None:
            self._look_ahead(link)
            outcome = yield from self._answer(piece, link)
        link.has_taken = link.has_taken or outcome.result == "sent"
        session.has_sent = session.has_sent or link.has_taken
        if link.is_over:
            session.drop()
        return outcome

    def _answer(self, piece: MailPiece, link: Link) -> Generator[Outcome | None, None, Outcome]:
        """What the relay says of a content that it has. Relays that look for spam and viruses take
        their time (RFC 5321 §4.5.3.2.6), and what is sent again meanwhile comes twice."""
        session, began = self._session, time.monotonic()
        session.deadline.restart(min(session.answer_seconds, session.deadline.left()))
        while True:
            try:
                return transaction.read_content_outcome(piece, link, session.has_sent)
            except Lapsed:
                left = began + session.answer_seconds - time.monotonic()
                if left <= 0:
                    break
                yield from self._told(None)
                session.deadline.restart(min(left, session.deadline.seconds))
        link.is_over = True
        words = f"no answer to a whole message within {session.answer_seconds:g} seconds"
        if not link.has_taken and self._failure is None:
            # Not this message: it would be so with the next one. They take another relay, or wait.
            self._failure = RouteDown(f"{session.relay.name}: {words}")
        return transaction.in_doubt(words)

    def _look_ahead(self, link: Link) -> None:
        """While the relay reads a content: take the next message, and send its envelope."""
        if not link.pipelining:
            return
        began = time.monotonic()
        try:
            self._next = self._take()
        except Exception as error:  # noqa: BLE001  (raised once the content's outcome is told)
            self._failure = error
        self._session.deadline.prolong(time.monotonic() - began)
        if not isinstance(self._next, MailPiece) or transaction.unfit(self._next, link) is not None:
            link.wire.flush()
            return
        try:
            transaction.begin(self._next, link)
        except Lost:
            link.is_over = True  # the content's reply may still come
