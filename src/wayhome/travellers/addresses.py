"""Addresses made comparable: one address, one contact point, however it was typed."""

import hashlib
import hmac

import phonenumbers
from django.conf import settings
from email_validator import EmailNotValidError, validate_email

from wayhome.problems import Problem
from wayhome.travellers.models import ContactPoint


def normalise_mail(text: str) -> str:
    """``Ann@EXAMPLE.org`` to ``ann@example.org``; Problem where it cannot be an address.

    The local part is folded too: no relay in use tells cases apart, people mix them up daily.
    """
    try:
        # Names reserved for tests and drills are real addresses of an exercise.
        valid = validate_email(text.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise Problem("mail", f"{text[:80]!r} is no mail address", str(error)) from error
    return valid.normalized.casefold()


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
