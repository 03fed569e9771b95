"""What a relay's reply at each stage of a transaction means for the message.

| stage     | reply                                   | verdict                                    |
|-----------|-----------------------------------------|--------------------------------------------|
| any       | 421                                     | over: the relay closes the connection      |
| RSET      | 2xx                                     | go on                                      |
|           | other                                   | lost: begin again on a new connection      |
| MAIL FROM | 2xx                                     | go on                                      |
|           | 503                                     | lost: it is still in another transaction   |
|           | x.3.4, x.2.3, words: size; x.6.x: form  | this message's: 4xx later, 5xx refused     |
|           | other 4xx, 5xx: 530, 535, 550, 452, 552 | route: it takes no mail from us now        |
| RCPT TO   | 2xx                                     | go on                                      |
|           | 4xx (450 greylisting, 451, 452)         | later                                      |
|           | 5.1.7, 5.1.8, 5.4.5, 5.7.8 to 5.7.11,   | route: sender, quota, sign-in, trust       |
|           | 5.7.20 to 5.7.29, 5.7.60                |                                            |
|           | other 5.1.x, 5.2.x                      | refused: address, mailbox                  |
|           | 530, 534, 535, 538, words on a quota    | route                                      |
|           | 502, 503, 504, 521, 555                 | route: it does not speak as it offered     |
|           | words that relaying is denied (4xx too) | route; later where this session has        |
|           | words on sender, sign-in, our host      | already handed mail to this relay          |
|           | other 5xx (500, 501, 550 to 554, 556)   | refused                                    |
| DATA      | 354                                     | go on                                      |
|           | 502, 503, 504, 521, 555                 | lost: it has lost the thread               |
|           | other 4xx, 5xx                          | as at RCPT                                 |
| content   | 2xx                                     | sent                                       |
|           | 4xx                                     | later                                      |
|           | 5xx                                     | as at RCPT                                 |
| any       | anything else, such as 250 to DATA      | lost: replies and commands have come apart |

*route* becomes RouteDown: nothing is held against any address. A status code is believed before
words, and words before the bare code: relays that judge sender and host only at RCPT (Postfix
with ``smtpd_delay_reject``) do so with the same 550 and 554 as a missing mailbox. Words are read
without the addresses in them, so that nobody stops a route by the name of their mailbox.

Sources: RFC 5321 §4.2 and §4.3.2, RFC 3463 and the IANA registry of its codes, RFC 1870 (SIZE),
RFC 4954 §6 (AUTH), RFC 7504 (521, 556).
"""

import re
from collections.abc import Iterable
from typing import Literal

from wayhome.delivery.channels.smtp.replies import Reply

Stage = Literal["RSET", "MAIL", "RCPT", "DATA", "content"]
Verdict = Literal["go on", "sent", "later", "refused", "route", "over", "lost"]

_OF_MESSAGE = re.compile(r"[45]\.(3\.4|2\.3|6\.\d+)")
_OF_US = re.compile(r"5\.(1\.[78]|4\.5|7\.([89]|1[01]|2[0-9]|60))")
_OF_ADDRESS = re.compile(r"5\.[12]\.\d+")
_SIGN_IN = frozenset({530, 534, 535, 538})
_NOT_SPOKEN = frozenset({502, 503, 504, 521, 555})

_SIZE_WORDS = re.compile(
    r"message (size |file )?(is )?too (big|large)|message size exceeds", re.IGNORECASE
)
_QUOTA_WORDS = re.compile(
    r"\b(daily|hourly|sending|outgoing|rate)([ -]\w+){0,3}[ -](quota|limit)"
    r"|too many (messages|mails|emails|connections)",
    re.IGNORECASE,
)
# "Relay access denied" speaks of us, "User unknown in relay recipient table" of the address.
_RELAYING_WORDS = re.compile(
    r"\brelay(ing)?( access| mail)?( is| was)?"
    r" (denied|not permitted|not allowed|prohibited|forbidden|rejected|refused|disabled)"
    r"|\b(unable|not allowed|not permitted|refus\w+|declin\w+|cannot|can't|don't|not|no)( to)?"
    r" relay(ing)?\b"
    r"|\brcpthosts\b",
    re.IGNORECASE,
)
_WORDS_OF_US = re.compile(
    r"(authentication|login|log in|sign-in|starttls|encryption)( is)? (required|needed|first)"
    r"|must (issue a starttls|authenticate|log ?in|sign in)|not authenticated"
    r"|sender (address )?(rejected|verif|denied|not|blocked|must|domain)|verification failed for <"
    r"|helo command rejected|client host (rejected|\S+ blocked)|\b(your|client) (ip|host)\b"
    r"|not owned by user|send as denied|\b(spamhaus|dmarc|spf|dkim)\b",
    re.IGNORECASE,
)


def judge(stage: Stage, reply: Reply, addresses: Iterable[str], has_sent: bool) -> Verdict:
    """The table above. ``addresses``: those of the message; ``has_sent``: this session has."""
    code, family = reply.code, reply.code // 100
    if code == 421:
        return "over"
    if stage == "DATA":
        if code == 354:
            return "go on"
        if family in (2, 3) or code in _NOT_SPOKEN:
            return "lost"
    elif family == 2:
        return "sent" if stage == "content" else "go on"
    elif family == 3 or stage == "RSET":
        return "lost"
    elif stage == "MAIL":
        return _of_sender(reply)
    elif stage == "content" and family == 4:
        return "later"
    return _of_addressee(reply, addresses, has_sent)


def _of_sender(reply: Reply) -> Verdict:
    if reply.code == 503:
        return "lost"
    is_of_message = _OF_MESSAGE.fullmatch(reply.status) or _SIZE_WORDS.search(reply.words)
    return _by_family(reply) if is_of_message else "route"


def _of_addressee(reply: Reply, addresses: Iterable[str], has_sent: bool) -> Verdict:
    words = reply.words_without(addresses)
    if reply.code < 500:
        is_route = _RELAYING_WORDS.search(words) is not None and not has_sent
        return "route" if is_route else "later"
    if _OF_US.fullmatch(reply.status):
        return "route"
    if _OF_ADDRESS.fullmatch(reply.status):
        return "refused"
    if reply.code in _SIGN_IN or reply.code in _NOT_SPOKEN or _QUOTA_WORDS.search(words):
        return "route"
    if _RELAYING_WORDS.search(words) or _WORDS_OF_US.search(words):
        # It took others of the same sender: what it says is true of this one at most.
        return "later" if has_sent else "route"
    return "refused"


def _by_family(reply: Reply) -> Verdict:
    return "refused" if reply.code >= 500 else "later"
