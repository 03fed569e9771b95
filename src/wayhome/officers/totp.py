"""Codes of an app (TOTP, RFC 6238): six digits, new every thirty seconds, each taken once."""

from datetime import datetime

import pyotp
import segno
from django.conf import settings

from wayhome.officers.account_models import Totp
from wayhome.officers.audit import Deed
from wayhome.officers.models import Officer
from wayhome.officers.noted import note
from wayhome.officers.sealing import seal, unseal
from wayhome.problems import Problem
from wayhome.work.clock import database_now
from wayhome.work.db import writes

_STEP_SECONDS = 30
_SLACK_STEPS = 1  # a telephone's clock may be half a minute off
_DIGITS = 6


def new_secret() -> str:
    """160 random bits in base 32, as RFC 4226 asks."""
    return pyotp.random_base32(32)


def address(officer: Officer, secret: str) -> str:
    """What a code app reads from the picture (an otpauth:// address)."""
    return pyotp.TOTP(secret).provisioning_uri(
        name=officer.email, issuer_name=settings.WAYHOME_SENDER_NAME
    )


def picture(of: str) -> str:
    """A QR code as SVG that carries no style of its own."""
    return segno.make(of, error="m", micro=False).svg_inline(
        scale=5, border=4, dark="#000", light="#fff", svgclass="qr", lineclass=None
    )


def step_of(secret: str, typed: str, now: datetime) -> int | None:
    """Which thirty seconds since 1970 a code belongs to; None where it is none of these minutes."""
    code = "".join(letter for letter in typed if not letter.isspace())
    if not (len(code) == _DIGITS and code.isascii() and code.isdigit()):
        return None
    try:
        return pyotp.TOTP(secret, interval=_STEP_SECONDS).verify_and_get_timecode(
            code, for_time=now, valid_window=_SLACK_STEPS
        )
    except pyotp.exceptions.OTPVerificationError:
        return None


@writes
def confirm(officer: Officer, secret: str, typed: str) -> None:
    """Let this secret be the officer's, if the app with it shows this code; Problem otherwise."""
    now = database_now()
    step = step_of(secret, typed, now)
    if step is None:
        raise Problem("code", "is not what the app should show now", "type the newest one")
    Totp.objects.update_or_create(
        officer=officer,
        defaults={
            "sealed": seal(secret),
            "used_step": step,  # the code that was just typed opens nothing else
            "made_at": now,
            "last_used_at": None,
        },
    )
    note(Deed.FACTOR_ADDED, officer, by=officer, why="code app")


@writes
def use(officer: Officer, typed: str) -> bool:
    """Whether the officer's app shows this code and neither it nor a later one was taken."""
    row = Totp.objects.filter(officer=officer).first()
    secret = unseal(row.sealed) if row else None
    if row is None or secret is None:
        return False
    now = database_now()
    step = step_of(secret, typed, now)
    if step is None:
        return False
    # Of two who bring one code at once, one finds it taken.
    fresh = Totp.objects.filter(pk=row.pk, used_step__lt=step)
    return fresh.update(used_step=step, last_used_at=now) == 1
