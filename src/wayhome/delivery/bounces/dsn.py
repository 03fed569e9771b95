"""Delivery status notifications (RFC 3464, in UTF-8: RFC 6533), as servers really write them.

*Relayed* (handed to a system that reports nothing) and *expanded* (an alias became several
addresses) are no word that anything arrived, and are counted as nothing.
"""

import re
from collections.abc import Iterator
from email.message import Message

from wayhome.delivery.bounces.mime import blocks_of, line, value
from wayhome.delivery.bounces.types import Said

TYPES = frozenset({"message/delivery-status", "message/global-delivery-status"})
_MOST_RECIPIENTS = 20
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
# "smtp; 550 5.1.1 ..." and "smtp; 550-5.1.1 ...": the words of the server that refused.
_REPLY = re.compile(r"smtp\s*;\s*(?:<[^>]*>:?\s*)?\d{3}[ -]+#?([245]\.\d{1,3}\.\d{1,3})\b", re.I)
# A mail address in somebody's words is somebody's: only its domain is kept.
_ADDRESS = re.compile(r"[^\s<>()\[\]:;,\"'=]+@([\w.-]+)")


def said_in(part: Message) -> Iterator[Said]:
    """What each group of fields for a recipient says (the first group is about the message)."""
    groups = [block for block in blocks_of(part) if _is_about_a_recipient(block)]
    for block in groups[:_MOST_RECIPIENTS]:
        said = _said(block)
        if said is not None:
            yield said


def hide_addresses(text: str) -> str:
    """``no user ann@example.org`` becomes ``no user …@example.org``."""
    return _ADDRESS.sub(r"…@\1", text)


def status_in(text: str) -> str:
    """The first enhanced status code (RFC 3463) in some words, or empty."""
    found = _STATUS.search(text)
    return found.group(1) if found else ""


def _is_about_a_recipient(block: Message) -> bool:
    return any(name in block for name in ("Final-Recipient", "Original-Recipient", "Action"))


def _said(block: Message) -> Said | None:
    diagnostic = value(block, "Diagnostic-Code")
    status = _most_exact(status_in(value(block, "Status")), diagnostic)
    word = _word(value(block, "Action").lower(), status)
    if word is None:
        return None
    return Said(
        word=word,
        status=status,
        detail=hide_addresses(line(diagnostic.partition(";")[2] or diagnostic))[:300],
        recipients=frozenset(
            filter(
                None, (_address(block, name) for name in ("Final-Recipient", "Original-Recipient"))
            )
        ),
    )


def _word(action: str, status: str) -> str | None:
    """Actions come with comments behind them; OpenSMTPD writes *error* for *failed*."""
    for beginning, word in (
        ("fail", "bounced"),
        ("error", "bounced"),
        ("delay", "deferred"),
        ("deliver", "delivered"),
    ):
        if action.startswith(beginning):
            return word
    if not action:  # a required field, but its absence must not hide a bounce
        return {"5": "bounced", "4": "deferred"}.get(status[:1])
    return None


def _most_exact(status: str, diagnostic: str) -> str:
    """The refusing server's own code where the reporting one has a vaguer or another.

    Exim writes 5.0.0 whatever it was told; Sendmail and others make 5.1.1 of every bare 550, and
    keep what was meant (a policy, 5.7.1) in the diagnostic alone.
    """
    reply = _REPLY.search(diagnostic)
    if reply is None or (status and reply.group(1)[0] != status[0]):
        return status
    return status if reply.group(1).endswith(".0.0") and status else reply.group(1)


def _address(block: Message, name: str) -> str:
    """``rfc822; ann@example.org`` or ``utf-8; …`` (RFC 6533: with ``\\x{…}`` for what is not
    ASCII), in small letters as contact points are."""
    kind, semicolon, address = value(block, name).partition(";")
    bare = (address if semicolon else kind).strip().strip("<>").strip('"')
    bare = re.sub(r"\\x\{([0-9A-Fa-f]{1,6})\}", _character, bare)
    return bare.lower()[:320]


def _character(escaped: re.Match[str]) -> str:
    number = int(escaped.group(1), 16)
    character = chr(number) if number <= 0x10FFFF else ""
    return character if character.isprintable() else ""
