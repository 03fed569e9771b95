"""Addresses as they stand in an envelope (RFC 5321 §4.1.2, RFC 6531)."""

import re
from dataclasses import dataclass

import idna

_LONGEST = 254  # RFC 5321 §4.5.3.1.3: a path has 256 octets, two of them brackets
# "<", ">" and blanks end the path early; "," and ";" make two addresses of one in a header. All
# other blanks and control signs are not printable.
_NEVER = re.compile('[ <>,;"]')
_HOST_NAME = re.compile(r"[a-z0-9.-]+")


class BadAddress(ValueError):
    """It could not stand in an envelope as exactly one address."""


@dataclass(frozen=True, slots=True)
class EnvelopeAddress:
    """``path``: without brackets. ``is_utf8``: the relay must offer SMTPUTF8 for it."""

    path: bytes
    is_utf8: bool


def envelope_address(text: str) -> EnvelopeAddress:
    """Checked, its domain in ASCII (A-labels, RFC 5891); BadAddress.

    The domain is always sent as A-labels, so that SMTPUTF8 is needed by the local part alone.
    """
    if not text.isprintable() or _NEVER.search(text):
        raise BadAddress("the address holds a sign that no address has")
    local, _, domain = text.rpartition("@")
    if not local or not domain or local.startswith("@"):
        raise BadAddress("the address is not of the form name@domain")
    if not domain.isascii():
        try:
            domain = idna.encode(domain, uts46=True).decode("ascii")
        except UnicodeError:
            domain = ""
        if not _HOST_NAME.fullmatch(domain):
            raise BadAddress("the domain of the address cannot be written in ASCII")
    path = f"{local}@{domain}".encode()
    if len(path) > _LONGEST:
        raise BadAddress(f"the address is longer than {_LONGEST} octets")
    return EnvelopeAddress(path, not local.isascii())
