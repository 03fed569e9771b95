"""What kind of message came back, and what it says. Never raises, whatever the octets are."""

import hashlib
import logging
from dataclasses import replace
from email.message import Message
from email.utils import getaddresses, parseaddr

from flufl.bounce import all_failures

from wayhome.delivery.bounces import arf, dsn, mime
from wayhome.delivery.bounces.types import Kind, Read, Said

log = logging.getLogger(__name__)

# Where delivery agents note the envelope's recipient, the surest first; a report's To is it too.
_ADDRESSED = ("X-Original-To", "Delivered-To", "Envelope-To", "X-Envelope-To", "To")
_MOST_ADDRESSED = 12
_RETURNED = frozenset(
    {"message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers"}
)
_DAEMONS = ("mailer-daemon", "postmaster", "mail-daemon", "mailerdaemon", "mdaemon", "root")
# Kept small: heuristics look at every line with some hundred expressions.
_TEXT_LINES, _LINE_LENGTH = 80, 160


def read(raw: bytes) -> Read:
    """One message; what cannot be read is *other*, and so kept for a person."""
    try:
        return _read(mime.parse(raw))
    except (mime.Unreadable, RecursionError) as error:
        log.warning("a message that came back is not readable: %s", error)
    except Exception:
        log.exception("a message that came back is not readable")
    return Read("other")


def _read(message: Message) -> Read:
    parts = list(mime.leaves(message))
    seen = Read(
        "other",
        addressed=tuple(_addressed(message)),
        message_id=mime.value(message, "Message-ID").strip("<>"),
    )
    statuses = [part for kind, part in parts if kind in dsn.TYPES]
    complaint = next((part for kind, part in parts if kind == arf.TYPE), None)
    if statuses:
        said = [each for part in statuses for each in dsn.said_in(part)]
        return _saying(seen, "dsn", message, said)
    if complaint is not None:
        said, paths = arf.said_in(complaint)
        # It goes to an address once agreed upon; what it complains about tells whose message.
        paths = [parseaddr(path)[1] for path in paths] + _returned_paths(parts)
        seen = replace(seen, addressed=(*seen.addressed, *paths))
        return _saying(seen, "arf", message, said)
    if _is_from_a_daemon(message) and (said := _guessed(message, parts)):
        return _saying(seen, "text", message, said)
    return replace(seen, kind="automatic") if _is_automatic(message) else seen


def _saying(seen: Read, kind: Kind, message: Message, said: list[Said]) -> Read:
    identity = seen.message_id or _identity(message, said)
    return replace(seen, kind=kind, said=tuple(said), identity=identity)


def _addressed(message: Message) -> list[str]:
    fields = [field for name in _ADDRESSED for field in mime.values(message, name)]
    return [address for _, address in getaddresses(fields[:_MOST_ADDRESSED]) if address]


def _returned_paths(parts: list[tuple[str, Message]]) -> list[str]:
    """Return-Path of the message that a report returns."""
    found = []
    for kind, part in parts:
        if kind in _RETURNED:
            head = mime.text_of(part)[: 16 * 1024].replace("\r\n", "\n").split("\n\n")[0]
            found += mime.values(mime.headers(head), "Return-Path")
    return [parseaddr(path)[1] for path in found[:_MOST_ADDRESSED]]


def _identity(message: Message, said: list[Said]) -> str:
    """Of a report whose server gave it no Message-ID: what it says, who says it and when."""
    facts = [mime.value(message, "Date"), mime.value(message, "From")]
    facts += [f"{each.word} {each.status} {sorted(each.recipients)} {each.detail}" for each in said]
    return hashlib.sha256("\n".join(facts).encode("utf-8", "replace")).hexdigest()


def _is_from_a_daemon(message: Message) -> bool:
    """Whether a machine says this of mail (RFC 3834): a person's words are no bounce, whatever
    they are."""
    _, sender = parseaddr(mime.value(message, "From"))
    path = message.get("Return-Path")
    return (
        sender.partition("@")[0].casefold() in _DAEMONS
        or "X-Failed-Recipients" in message
        or (path is not None and mime.line(path).strip("<> ") == "")
    )


def _is_automatic(message: Message) -> bool:
    """An answer by a machine (RFC 3834, and two fields older than it): nobody wrote it."""
    submitted = mime.value(message, "Auto-Submitted").partition(";")[0].strip().lower()
    return (
        submitted not in ("", "no")
        or "X-Autoreply" in message
        or "X-Autorespond" in message
        or mime.value(message, "Precedence").lower() == "auto_reply"
    )


def _guessed(message: Message, parts: list[tuple[str, Message]]) -> list[Said]:
    """Bounces older than any standard, by the expressions that Mailman has gathered."""
    text = "\n".join(
        line[:_LINE_LENGTH]
        for kind, part in parts
        if kind == "text/plain"
        for line in mime.text_of(part)[: _TEXT_LINES * _LINE_LENGTH].splitlines()
    )
    plain = Message()
    for name in ("From", "To", "Subject", "X-Failed-Recipients", "X-Mailer"):
        if name in message:
            plain[name] = mime.value(message, name)
    plain.set_payload("\n".join(text.splitlines()[:_TEXT_LINES]))
    later, never = all_failures(plain)
    return [
        Said(
            word,
            status=dsn.status_in(text),
            detail=dsn.hide_addresses(mime.line(text))[:300],
            recipients=frozenset(
                address.decode("ascii", "replace").casefold() for address in addresses
            ),
            standard=False,
        )
        for word, addresses in (("deferred", later), ("bounced", never))
        if addresses
    ]
