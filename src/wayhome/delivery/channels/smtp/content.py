"""A message's content as it goes over the wire (RFC 5321 §2.3.8 and §4.5.2)."""

import re
from dataclasses import dataclass

_LINE_END = re.compile(rb"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Content:
    """``wire``: with dots doubled and the final dot. ``size``: without either (RFC 1870)."""

    wire: bytes
    size: int
    is_8bit: bool


def as_content(mail: bytes) -> Content:
    """Every line ends in CRLF: a bare CR or LF could end the content early at a careless relay."""
    ends = mail.count(b"\r\n")
    if mail.count(b"\n") != ends or mail.count(b"\r") != ends:
        mail = _LINE_END.sub(b"\r\n", mail)
    if not mail.endswith(b"\r\n"):
        mail += b"\r\n"
    wire = mail.replace(b"\r\n.", b"\r\n..")
    if wire.startswith(b"."):
        wire = b"." + wire
    return Content(wire + b".\r\n", len(mail), not mail.isascii())
