"""What an officer shows beside the password: a passkey, a code of an app, or a recovery code."""

from django.conf import settings

from wayhome.officers import recovery_codes, totp
from wayhome.officers.account_models import OfficerSession, Passkey, Totp
from wayhome.officers.audit import Deed
from wayhome.officers.models import Officer
from wayhome.officers.noted import note
from wayhome.problems import Problem
from wayhome.work.db import writes

REQUIRED = "required"


def is_required() -> bool:
    """Whether nobody comes in by a password alone."""
    said: str = settings.WAYHOME_SECOND_FACTOR
    return said == REQUIRED or (not said and not settings.WAYHOME_EXERCISE)


def has_any(officer: Officer) -> bool:
    """Whether this officer has a passkey or a code app. Recovery codes alone are none."""
    return (
        Passkey.objects.filter(officer=officer).exists()
        or Totp.objects.filter(officer=officer).exists()
    )


def use_code(officer: Officer, typed: str) -> OfficerSession.Way | None:
    """Take a code of the app or a recovery code, each good once; None where it is neither."""
    if totp.use(officer, typed):
        return OfficerSession.Way.TOTP
    if recovery_codes.use(officer, typed):
        return OfficerSession.Way.RECOVERY
    return None


@writes
def remove_passkey(officer: Officer, passkey_id: int) -> None:
    """Problem where it is the officer's last factor and one is required."""
    _check_not_last(
        officer,
        Passkey.objects.filter(officer=officer).exclude(pk=passkey_id).exists()
        or Totp.objects.filter(officer=officer).exists(),
    )
    if Passkey.objects.filter(officer=officer, pk=passkey_id).delete()[0]:
        note(Deed.FACTOR_REMOVED, officer, by=officer, why=f"passkey {passkey_id}")
    _forget_codes_without_factor(officer)


@writes
def remove_totp(officer: Officer) -> None:
    """Problem where it is the officer's last factor and one is required."""
    _check_not_last(officer, Passkey.objects.filter(officer=officer).exists())
    if Totp.objects.filter(officer=officer).delete()[0]:
        note(Deed.FACTOR_REMOVED, officer, by=officer, why="code app")
    _forget_codes_without_factor(officer)


@writes
def reset(officer: Officer) -> None:
    """Take everything away that an officer showed beside the password."""
    Passkey.objects.filter(officer=officer).delete()
    Totp.objects.filter(officer=officer).delete()
    recovery_codes.forget(officer)


def _check_not_last(officer: Officer, another: bool) -> None:
    Officer.objects.select_for_update().get(pk=officer.pk)  # two removals at once: one waits
    if is_required() and not another:
        raise Problem("factor", "is the only one you have", "add another one first")


def _forget_codes_without_factor(officer: Officer) -> None:
    if not has_any(officer):
        recovery_codes.forget(officer)
