"""Addresses made comparable: one address, one contact point, however it was typed."""

import hashlib
import hmac
import re
from functools import lru_cache

import phonenumbers
from django.conf import settings
from email_validator import EmailNotValidError, validate_email

from wayhome.problems import Problem
from wayhome.travellers.models import ContactPoint

# What readers of a header take for something else (RFC 2047).
_ENCODED_WORD = re.compile(r"=\?[^?]+\?[bq]\?[^?]*\?=", re.IGNORECASE)


def normalise_mail(text: str) -> str:
    """``Ann@EXAMPLE.org`` to ``ann@example.org``; Problem where it cannot be an address.

    The local part is in small letters too: no relay in use tells cases apart, people mix them up
    daily. A domain stays as IDNA 2008 has it: ``straße`` and ``strasse`` have different owners.
    """
    return _plain_mail(text.strip()) or _whole_mail(text)


# What needs no closer look before an @ (lists hold very many of these, at few domains).
_PLAIN_LOCAL = re.compile(r"(?=.{1,64}@)[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@", re.ASCII)
_LONGEST = 254


def _plain_mail(text: str) -> str | None:
    """The same for a plain address, in a tenth of the time; None where it is none."""
    local = _PLAIN_LOCAL.match(text)
    if local is None:
        return None
    try:
        whole = local[0].lower() + _domain(text[local.end() :])
    except EmailNotValidError:
        return None
    return whole if len(whole) <= _LONGEST else None


@lru_cache(maxsize=1024)
def _domain(text: str) -> str:
    valid = validate_email(f"a@{text}", check_deliverability=False, test_environment=True)
    return str(valid.domain)


def _whole_mail(text: str) -> str:
    try:
        # Names reserved for tests and drills are real addresses of an exercise.
        valid = validate_email(text.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise Problem("mail", f"{text[:80]!r} is no mail address", str(error)) from error
    if _ENCODED_WORD.search(valid.normalized):
        raise Problem("mail", f"{text[:80]!r} is no mail address", "check how it is written")
    return f"{valid.local_part.lower()}@{valid.domain}"


def normalise_phone(text: str) -> str:
    """To E.164, for example ``+9647901234567``; Problem without a country code or if impossible."""
    try:
        number = phonenumbers.parse(text.strip(), None)
    except phonenumbers.NumberParseException as error:
        raise Problem(
            "phone",
            f"{text[:40]!r} is no international number",
            "start with + and the country code, for example +9647901234567",
        ) from error
    if not phonenumbers.is_possible_number(number):
        raise Problem("phone", f"{text[:40]!r} is too long or too short", "check the number")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def normalise(kind: str, text: str) -> str:
    return normalise_mail(text) if kind == ContactPoint.Kind.MAIL else normalise_phone(text)


def address_hash(kind: str, normalised: str) -> str:
    """Keyed hash (HMAC-SHA-256, hex) under which a contact point is unique."""
    key = hashlib.sha256(b"wayhome.address" + settings.SECRET_KEY.encode()).digest()
    return hmac.new(key, f"{kind}:{normalised}".encode(), hashlib.sha256).hexdigest()
