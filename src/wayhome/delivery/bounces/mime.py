"""Take a message apart, whatever it is: bounded, never deeper than its own multiparts.

The standard parser reads ``message/*`` parts as messages of their own. Here they stay octets:
a bounce inside a message that someone forwards is not a bounce of ours, and a part in base64
(RFC 6533 allows it for ``message/global-delivery-status``) can be decoded before it is read.
Nothing is ever decompressed.
"""

from collections.abc import Iterator
from email.header import Header
from email.message import Message
from email.parser import BytesParser, HeaderParser
from email.policy import compat32
from itertools import islice

# Reports come before the message that they return; what lies beyond is not needed.
MOST_OCTETS = 256 * 1024
_MOST_MULTIPARTS = 20
_MOST_PARTS = 60
_MOST_BLOCKS = 60
_VALUE_LENGTH = 2000


class Unreadable(Exception):
    """It cannot be taken apart within bounds."""


class _Closed(Message):
    """A message whose ``message/*`` parts the parser does not open."""

    def get_content_type(self) -> str:
        return super().get_content_type().replace("message/", "closed/", 1)


def parse(raw: bytes) -> Message:
    """The message; Unreadable where its nesting is that of no honest mail."""
    head = raw[:MOST_OCTETS]
    if head.lower().count(b"multipart/") > _MOST_MULTIPARTS:
        raise Unreadable("too many multiparts")
    return BytesParser(_Closed, policy=compat32).parsebytes(head)


def leaves(message: Message) -> Iterator[tuple[str, Message]]:
    """Its parts that hold no others, each with its content type."""
    found = 0
    for part in message.walk():
        if part.is_multipart():
            continue
        found += 1
        if found > _MOST_PARTS:
            return
        yield Message.get_content_type(part), part


def text_of(part: Message) -> str:
    """What a part says, its transfer encoding undone; a charset that nobody knows is read over."""
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    try:
        return payload.decode(str(part.get_content_charset() or "utf-8"), "replace")
    except (LookupError, ValueError):
        return payload.decode("utf-8", "replace")


def blocks_of(part: Message) -> list[Message]:
    """The groups of fields of a report, which empty lines part (RFC 3464, 2.1)."""
    lines = text_of(part).replace("\r\n", "\n").replace("\r", "\n")
    groups = "\n".join(line if line.strip() else "" for line in lines.split("\n")).split("\n\n")
    parser = HeaderParser(policy=compat32)
    filled = (group.strip("\n") for group in groups if group.strip())
    return [parser.parsestr(group) for group in islice(filled, _MOST_BLOCKS)]


def value(message: Message, name: str) -> str:
    """A field on one line, printable, not too long; empty where there is none."""
    return line(message.get(name, ""))


def values(message: Message, name: str) -> list[str]:
    return [line(each) for each in message.get_all(name, [])]


def line(text: str | Header | None) -> str:
    """Words on one line, without what no database takes."""
    shown = "".join(c if c.isprintable() else " " for c in str(text or "")[: 4 * _VALUE_LENGTH])
    return " ".join(shown.split())[:_VALUE_LENGTH]


def headers(text: str) -> Message:
    """The fields of a message of which only these were returned."""
    return HeaderParser(policy=compat32).parsestr(text)
