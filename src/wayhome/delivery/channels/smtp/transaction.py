"""One message's part of a connection: its commands, and what was answered to them.

Where PIPELINING is offered (RFC 2920), MAIL, RCPT and DATA leave as one group, and the group of
the next message right behind the content of the one before. DATA is the last of its group, and no
byte of content leaves before its 354, so that one content at most is ever on its way.
"""

from dataclasses import dataclass

from wayhome.delivery.channels.smtp.addresses import EnvelopeAddress
from wayhome.delivery.channels.smtp.content import Content
from wayhome.delivery.channels.smtp.opening import Link
from wayhome.delivery.channels.smtp.replies import Reply
from wayhome.delivery.channels.smtp.verdicts import Stage, Verdict, judge
from wayhome.delivery.channels.smtp.wire import Lapsed, Lost
from wayhome.delivery.types import Outcome

DOUBT = "whether it was taken cannot be known"


class NotUs(Exception):
    """The relay takes no mail from us: nothing is known against the address."""


_LEAST_SIZE = 64 * 1024  # bytes


@dataclass(slots=True)
class MailPiece:
    """A message ready to leave. ``addresses``: what is kept out of words about the route."""

    sender: EnvelopeAddress
    addressee: EnvelopeAddress
    content: Content
    addresses: tuple[str, ...]


def unfit(piece: MailPiece, link: Link) -> Outcome | None:
    """Why the piece cannot go over this link, if so; nothing was written then."""
    if (piece.addressee.is_utf8 or piece.sender.is_utf8) and not link.smtputf8:
        return Outcome("refused", "the relay takes no address outside ASCII (SMTPUTF8)", "5.6.7")
    # A smaller limit than every relay must take (RFC 5321, 4.5.3.1.7) is a slip: let it answer.
    if link.size >= _LEAST_SIZE and piece.content.size > link.size:
        return Outcome(
            "refused",
            f"the message has {piece.content.size} bytes, the relay takes {link.size} (SIZE)",
            "5.3.4",
        )
    return None


def begin(piece: MailPiece, link: Link) -> None:
    """Set the commands out; where the relay takes them together, send them. Lost."""
    link.steps = _steps(piece, link)
    link.needs_reset = False
    link.in_flight = piece
    if link.pipelining:
        link.wire.write(b"".join(command for _, command in link.steps))


def hand_envelope(piece: MailPiece, link: Link, has_sent: bool) -> Outcome | None:
    """To the relay's 354: None. Otherwise why not: an outcome, NotUs, or Lost (untouched)."""
    link.in_flight = None
    for place, (stage, command) in enumerate(link.steps):
        if not link.pipelining:
            link.wire.write(command)
        reply = link.wire.read_reply()
        verdict = judge(stage, reply, piece.addresses, has_sent)
        if verdict == "go on":
            continue
        outcome = _outcome(verdict, reply, piece)
        link.needs_reset = True
        if link.pipelining:
            _settle(link, link.steps[place + 1 :], stage == "RCPT")
        return outcome
    if link.wire.has_surplus():
        raise Lost("connection given up: the relay answered what it was not asked")
    return None


def hand_content(piece: MailPiece, link: Link, has_sent: bool) -> Outcome | None:
    """Send the content: None. Lost where no byte of it left, else what its loss means."""
    try:
        link.wire.write(piece.content.wire, more_follows=link.pipelining)
    except Lost as lost:
        if not lost.written:
            raise
        link.is_over = True
        # A relay that has seen enough may say why, and close, in the middle of the content.
        reply = link.wire.last_reply()
        if reply is None or reply.code < 400:
            return in_doubt(str(lost))
        return _content_outcome(piece, link, reply, has_sent)
    return None


def read_content_outcome(piece: MailPiece, link: Link, has_sent: bool) -> Outcome:
    """The relay's word on the content that was sent; NotUs. Lapsed: it has not said it yet."""
    try:
        reply = link.wire.read_reply()
    except Lapsed:
        raise
    except Lost as lost:
        link.is_over = True
        return in_doubt(str(lost))
    return _content_outcome(piece, link, reply, has_sent)


def in_doubt(why: str) -> Outcome:
    """Its content was on its way, and no answer to it will be heard."""
    return Outcome("later", f"{why}: {DOUBT}", doubt=True)


def _content_outcome(piece: MailPiece, link: Link, reply: Reply, has_sent: bool) -> Outcome:
    verdict = judge("content", reply, piece.addresses, has_sent)
    if verdict == "over":
        link.is_over = True
        return Outcome("later", reply.words, reply.status)
    if verdict == "lost":
        link.is_over = True
        return in_doubt(f"connection given up at {reply.words}")
    if verdict != "sent" and link.in_flight is None:
        link.needs_reset = True  # RFC 5321 §4.1.1.4 makes it needless; not all have read it
    return _outcome(verdict, reply, piece)


def _steps(piece: MailPiece, link: Link) -> list[tuple[Stage, bytes]]:
    options = b""
    if link.states_size:
        options += b" SIZE=%d" % piece.content.size  # RFC 1870
    if link.eightbit and piece.content.is_8bit:
        options += b" BODY=8BITMIME"  # RFC 6152; without the offer the bytes go as they are
    if piece.addressee.is_utf8 or piece.sender.is_utf8:
        options += b" SMTPUTF8"  # RFC 6531
    steps: list[tuple[Stage, bytes]] = [
        ("MAIL", b"MAIL FROM:<%b>%b\r\n" % (piece.sender.path, options)),
        ("RCPT", b"RCPT TO:<%b>\r\n" % piece.addressee.path),
        ("DATA", b"DATA\r\n"),
    ]
    return [("RSET", b"RSET\r\n"), *steps] if link.needs_reset else steps


def _outcome(verdict: Verdict, reply: Reply, piece: MailPiece) -> Outcome:
    match verdict:
        case "sent" | "later" | "refused":
            return Outcome(verdict, reply.words, reply.status)
        case "over" | "lost":
            raise Lost(f"connection lost: {reply.words_without(piece.addresses)}")
        case _:
            raise NotUs(reply.words_without(piece.addresses))


def _settle(link: Link, rest: list[tuple[Stage, bytes]], no_addressee: bool) -> None:
    """Read the answers to what had left already; the message's outcome stands whatever they are.

    RFC 2920 §3.1: DATA may be answered 354 although the only addressee was refused; a lone dot
    ends it then. Where an addressee may have been accepted, a dot would send an empty message:
    the connection is given up instead.
    """
    try:
        for stage, _ in rest:
            reply = link.wire.read_reply()
            if stage == "DATA" and reply.code == 354 and no_addressee:
                link.wire.write(b".\r\n")
                reply = link.wire.read_reply()
            elif stage == "DATA" and reply.code < 400:
                link.is_over = True
            if reply.code == 421 or reply.code // 100 == 3:
                link.is_over = True
    except Lost:
        link.is_over = True
