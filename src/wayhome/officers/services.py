"""Make officers, change their roles, clear them for compartments, bind them to organisations."""

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from wayhome.officers import audit, sessions
from wayhome.officers.audit import Deed
from wayhome.officers.models import Binding, Clearance, Compartment, Officer
from wayhome.officers.notices import notify
from wayhome.officers.roles import Role
from wayhome.problems import Problem
from wayhome.work import clock
from wayhome.work.db import writes


@writes
def make_officer(
    *,
    email: str,
    name: str,
    office: str,
    role: str,
    password: str,
    by: Officer | None = None,
    invitation_id: int | None = None,
) -> Officer:
    """A new officer who can sign in; Problem where a field does not serve.

    ``by``: who makes them, or made the invitation that they took; None here and below: whoever
    runs the host, by a command.
    """
    email = email.strip().lower()
    _check_role(role)
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
    how = f"as {role}" + (f", who took invitation {invitation_id}" if invitation_id else "")
    audit.record(by, Deed.OFFICER_MADE, "officer", officer.pk, how)
    return officer


@writes
def change_role(officer: Officer, role: str, why: str, *, by: Officer | None = None) -> None:
    """Give ``officer`` another role, which ends their sessions. Nobody changes their own."""
    _check_role(role)
    _not_oneself(officer, by)
    locked = Officer.objects.select_for_update().get(pk=officer.pk)
    was = locked.role
    if was == role:
        raise Problem("role", f"is {role} already", "choose another")
    locked.role = officer.role = role
    locked.save(update_fields=["role"])
    told = f"{was} to {role}"
    audit.record(
        by, Deed.ROLE_CHANGED, "officer", officer.pk, f"{told}: {why}" if why.strip() else told
    )
    notify(officer, f"Your role was changed from {told}.")
    sessions.end_all(officer, "the role was changed")


@writes
def clear(officer: Officer, compartment: str, *, by: Officer | None = None) -> None:
    """Let ``officer`` see ``compartment``; twice is once. Nobody clears themselves."""
    _not_oneself(officer, by)
    name = compartment.strip()
    if not name or len(name) > 60:
        raise Problem("compartment", "has no name that serves", "use 1 to 60 characters")
    of, _ = Compartment.objects.get_or_create(name=name)
    _, made = Clearance.objects.get_or_create(
        officer=officer, compartment=of, defaults={"given_at": clock.now()}
    )
    if made:
        audit.record(by, Deed.CLEARED, "officer", officer.pk, of.name)


@writes
def unclear(officer: Officer, compartment: str, *, by: Officer | None = None) -> None:
    """Take a clearance back; Problem where there is none."""
    gone, _ = Clearance.objects.filter(officer=officer, compartment__name=compartment).delete()
    if not gone:
        raise Problem("compartment", "is none that they are cleared for", "check its name")
    audit.record(by, Deed.UNCLEARED, "officer", officer.pk, compartment)


@writes
def bind(officer: Officer, compartment: Compartment, *, by: Officer | None = None) -> None:
    """Let an officer of role *organisation* see what is in ``compartment``, and nothing else."""
    if officer.role != Role.ORGANISATION:
        raise Problem("officer", f"is {officer.role}", f"give them the role {Role.ORGANISATION}")
    Binding.objects.update_or_create(
        officer=officer, defaults={"compartment": compartment, "given_at": clock.now()}
    )
    audit.record(by, Deed.BOUND, "officer", officer.pk, compartment.name)


@writes
def set_closed(compartment: Compartment, closed: bool, *, by: Officer | None = None) -> None:
    """Close a compartment to whoever is not cleared, or open it; as it is already: so be it."""
    locked = Compartment.objects.select_for_update().get(pk=compartment.pk)
    if locked.closed != closed:
        locked.closed = closed
        locked.save(update_fields=["closed"])
        deed = Deed.COMPARTMENT_CLOSED if closed else Deed.COMPARTMENT_OPENED
        audit.record(by, deed, "compartment", compartment.pk, locked.name)
    compartment.closed = closed


@writes
def record_proved(officer: Officer) -> None:
    """They proved again who they are, before a step that asks for it."""
    audit.record(officer, Deed.PROVED, "officer", officer.pk)


def _check_role(role: str) -> None:
    if role not in list(Role):
        raise Problem("role", f"{role!r} is none", f"use one of {', '.join(Role)}")


def _not_oneself(officer: Officer, by: Officer | None) -> None:
    if by is not None and by.pk == officer.pk:
        raise Problem("officer", "is you", "another administrator must do it")
