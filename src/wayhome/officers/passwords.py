"""Passwords: judged, set, and checked in the same time whether or not there is such an officer."""

from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from wayhome.officers import sessions
from wayhome.officers.audit import Deed
from wayhome.officers.models import Officer
from wayhome.officers.noted import note
from wayhome.problems import Problem
from wayhome.work.db import writes

LONGEST = 200  # hashing a megabyte takes a server's time


def officer_by(request: HttpRequest, email: str, password: str) -> Officer | None:
    """The active officer whose mail address and password these are. Always hashes once."""
    found = authenticate(request, username=email.strip(), password=password[: LONGEST + 1])
    return found if isinstance(found, Officer) else None


def judge(password: str, officer: Officer | None = None) -> None:
    """Problem where this may be nobody's password."""
    if len(password) > LONGEST:
        raise Problem("password", "is too long", f"use at most {LONGEST} characters")
    try:
        validate_password(password, officer)
    except ValidationError as error:
        raise Problem("password", " ".join(error.messages), "choose another one") from error


@writes
def set_password(officer: Officer, password: str, *, keep_session: object = None) -> None:
    """Give an officer another password, which ends their sessions (all but ``keep_session``);
    Problem where it does not serve."""
    judge(password, officer)
    officer.set_password(password)
    officer.save(update_fields=["password"])
    sessions.end_all(officer, "the password was changed", but=keep_session)
    note(Deed.PASSWORD_SET, officer, by=officer)
