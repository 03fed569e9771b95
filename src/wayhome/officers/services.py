"""Make officers and clear them for compartments."""

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from wayhome.officers.models import Clearance, Compartment, Officer
from wayhome.officers.roles import Role
from wayhome.problems import Problem
from wayhome.work import clock
from wayhome.work.db import writes


@writes
def make_officer(*, email: str, name: str, office: str, role: str, password: str) -> Officer:
    """A new officer who can sign in; Problem where a field does not serve."""
    email = email.strip().lower()
    if role not in list(Role):
        raise Problem("role", f"{role!r} is none", f"use one of {', '.join(Role)}")
    if Officer.objects.filter(email__iexact=email).exists():
        raise Problem("email", f"{email} is an officer already", "use another address")
    officer = Officer(email=email, name=name.strip(), office=office.strip(), role=role)
    try:
        validate_password(password, officer)
        officer.set_password(password)
        officer.full_clean()
    except ValidationError as error:
        field, words = (
            next(iter(error.message_dict.items()))
            if hasattr(error, "error_dict")
            else ("password", error.messages)
        )
        raise Problem(field, " ".join(words), "mend it and try again") from error
    officer.save()
    return officer


@writes
def clear(officer: Officer, compartment: str) -> None:
    """Let ``officer`` see ``compartment``; twice is once."""
    of, _ = Compartment.objects.get_or_create(name=compartment)
    Clearance.objects.get_or_create(
        officer=officer, compartment=of, defaults={"given_at": clock.now()}
    )
