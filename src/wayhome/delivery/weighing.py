"""What a bounce or a refusal says of the address itself: the only thing that may silence it.

An address that was wrongly suppressed loses its owner the next warning, while writing once more
to a dead one costs a bounce. So only a word about the *address* counts, and the codes that
servers use for something else as well are weighed by what they say besides. Codes: RFC 3463 and
IANA's registry of enhanced status codes; practice: what large receivers are known to send.

====================  =======  ===================================================================
code                  weight   why
====================  =======  ===================================================================
5.1.1                 address  no such mailbox
5.1.3                 address  no mailbox can be called that
5.1.6                 address  the mailbox has moved, and nobody says where to
5.1.10                address  the domain takes no mail (RFC 7505); Exchange: no such recipient
5.2.1                 address  the mailbox is closed. Gmail uses it for "too much mail at the
                               moment" too, which the words tell
5.0.0, 5.1.0, 5.2.0,  unclear  "something is wrong": Exim and Yahoo say no more of a mailbox that
no code                        does not exist
5.1.2, other 5.1.x    unclear  no such domain: as often a name server that is away, here or there
5.5.0                 unclear  a protocol error by the book; Outlook says it of a missing mailbox
5.2.4                 unclear  a list behind the address is broken
5.1.7, 5.1.8          other    our sender address
5.2.2, 5.2.3          other    full, or the message is too long: it is emptied, and nobody tells us
5.3.x                 other    their system, or the size of the message (5.3.4)
5.4.x                 other    the way there: no answer, loops, time run out
5.5.x                 other    how servers talk with each other
5.6.x                 other    the message's form
5.7.x                 other    policy: our relay, our domain, the message
4.x.x                 other    not for good, even where the relay has given up
====================  =======  ===================================================================

Words of policy, rate or passing trouble outweigh any code: servers that know one code for every
refusal send 5.1.1 with "listed in our block list".
"""

import re
from enum import Enum


class Weight(Enum):
    ADDRESS = "address"  # suppresses at once
    UNCLEAR = "unclear"  # suppresses when it comes again and again
    OTHER = "other"  # says nothing against the address


_ADDRESS = frozenset({"5.1.1", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})
_UNCLEAR = frozenset({"", "5.0.0", "5.2.0", "5.2.4", "5.5.0"})
_SENDER = frozenset({"5.1.7", "5.1.8"})
_REPLY = re.compile(r"5\d\d\b")  # an SMTP code for good
# Where RFC 2034 has it; qmail wrote it in brackets behind the words.
_STATUS = re.compile(r"(?:5\d\d )?(5\.\d{1,3}\.\d{1,3})(?![\d.])")
_STATUS_BEHIND = re.compile(r"5\d\d .*\(#(5\.\d{1,3}\.\d{1,3})\)")
_DOUBT = re.compile(
    r"spam|unsolicited|\bspf\b|\bdkim\b|dmarc|polic|reputation|block|black.?list|deny.?list"
    r"|\blisted\b|dnsbl|\brbl|\bbanned\b|virus|malware|phish|content|sender|from address"
    r"|relay(ing)? (access )?(denied|not permitted)|grey|\brate\b|rate.?limit|quota|\bfull\b"
    r"|too many|too much|exceed|\blimits?\b|throttl|defer|tempor|try again|\blater\b|time.?out"
    r"|timed|\bdns\b",
    re.IGNORECASE,
)


def status_in(detail: str) -> str:
    """The enhanced status code in what is kept of a refusal, or empty."""
    found = _STATUS.match(detail) or _STATUS_BEHIND.match(detail)
    return found[1] if found else ""


def weigh_refusal(status: str, detail: str) -> Weight:
    """The weight of one refusal at hand-off: what a relay said. What we say ourselves without any
    code (*given up*, no file could be written) says nothing against the address."""
    return weigh(status, detail) if status or _REPLY.match(detail) else Weight.OTHER


def weigh(status: str, words: str = "") -> Weight:
    """The weight of one bounce, by its enhanced status code and the server's own words."""
    if _DOUBT.search(words):
        return Weight.OTHER
    if status in _ADDRESS:
        return Weight.ADDRESS
    if status in _UNCLEAR or (status.startswith("5.1.") and status not in _SENDER):
        return Weight.UNCLEAR
    return Weight.OTHER
