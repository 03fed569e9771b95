"""Complaints and their kind (feedback reports, RFC 5965; its types: IANA's registry)."""

from email.message import Message

from wayhome.delivery.bounces.mime import blocks_of, value
from wayhome.delivery.bounces.types import Said

TYPE = "message/feedback-report"
# auth-failure (RFC 6591) speaks of our domain's set-up and not-spam is praise: nothing to count.
_WORDS = {
    "abuse": "complained",
    "fraud": "complained",
    "virus": "complained",
    "other": "complained",
    "opt-out": "unsubscribed",
    "opt-out-list": "unsubscribed",
}


def said_in(part: Message) -> tuple[list[Said], list[str]]:
    """What it says, and the return path of what it complains about."""
    blocks = blocks_of(part)
    if not blocks:
        return [], []
    report = blocks[0]
    kind = value(report, "Feedback-Type").lower()
    agent = value(report, "User-Agent")[:100]
    said = [Said(_WORDS[kind], detail=f"{kind} ({agent})")] if kind in _WORDS else []
    return said, [value(report, "Original-Mail-From")]
