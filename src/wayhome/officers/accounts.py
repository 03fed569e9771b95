"""What administrators do to officers' accounts. None of it to their own."""

from dataclasses import dataclass

from wayhome.officers import services, sessions
from wayhome.officers.access import require
from wayhome.officers.account_models import OfficerSession, Passkey, Recovery, Totp
from wayhome.officers.audit import Deed
from wayhome.officers.invitations import revoke_made_by
from wayhome.officers.models import Clearance, Officer
from wayhome.officers.noted import note
from wayhome.officers.roles import Role, Verb
from wayhome.problems import Problem
from wayhome.work.db import writes

MOST = 500  # officers on one page


@dataclass(frozen=True)
class OfficerLine:
    """One officer as administrators see the account."""

    officer: Officer
    clearances: tuple[str, ...]
    factors: tuple[str, ...]
    recovery: Recovery | None


def lines(administrator: Officer) -> list[OfficerLine]:
    """Every officer, the active ones first, by name; a handful of queries however many."""
    require(administrator, Verb.MANAGE_OFFICERS)
    return all_lines()


def all_lines() -> list[OfficerLine]:
    """The same, for the command line of the server, which asks nobody."""
    officers = list(Officer.objects.order_by("-is_active", "name", "pk")[:MOST])
    ids = [officer.pk for officer in officers]
    clearances: dict[int, list[str]] = {}
    for number, name in (
        Clearance.objects.filter(officer_id__in=ids)
        .order_by("compartment__name")
        .values_list("officer_id", "compartment__name")
    ):
        clearances.setdefault(number, []).append(name)
    passkeys = set(Passkey.objects.filter(officer_id__in=ids).values_list("officer_id", flat=True))
    apps = set(Totp.objects.filter(officer_id__in=ids).values_list("officer_id", flat=True))
    asked = {
        row.officer_id: row
        for row in Recovery.objects.filter(closed_at__isnull=True).select_related("asked_by")
    }
    return [
        OfficerLine(
            officer=officer,
            clearances=tuple(clearances.get(officer.pk, ())),
            factors=tuple(
                word
                for word, has in (("passkey", passkeys), ("code app", apps))
                if officer.pk in has
            ),
            recovery=asked.get(officer.pk),
        )
        for officer in officers
    ]


def line(administrator: Officer, officer_id: int) -> tuple[OfficerLine, list[OfficerSession]]:
    """One officer, and where they are signed in. Officer.DoesNotExist where there is none."""
    require(administrator, Verb.MANAGE_OFFICERS)
    officer = Officer.objects.get(pk=officer_id)
    names = officer.clearances.order_by("compartment__name").values_list(
        "compartment__name", flat=True
    )
    factors = []
    if Passkey.objects.filter(officer=officer).exists():
        factors.append("passkey")
    if Totp.objects.filter(officer=officer).exists():
        factors.append("code app")
    signed_in = sessions.open_sessions(officer)
    asked = (
        Recovery.objects.filter(officer=officer, closed_at__isnull=True)
        .select_related("asked_by")
        .first()
    )
    shown = OfficerLine(officer, tuple(names), tuple(factors), asked)
    return shown, signed_in


def count_without_factor() -> int:
    """How many officers who may come in have set no second factor."""
    passkeys, apps = Passkey.objects.values("officer"), Totp.objects.values("officer")
    bare = Officer.objects.filter(is_active=True).exclude(pk__in=passkeys).exclude(pk__in=apps)
    return bare.count()


@writes
def change(administrator: Officer, officer_id: int, *, role: str, office: str) -> Officer:
    """Give an officer another role or office; another role ends their sessions."""
    officer = _other(administrator, officer_id)
    if role not in list(Role):
        raise Problem("role", f"{role!r} is none", f"use one of {', '.join(Role)}")
    office = office.strip()
    if len(office) > 200:
        raise Problem("office", "is too long", "use at most 200 characters")
    if role != officer.role:
        _change_role(officer, role, "", administrator)
    if office != officer.office:
        officer.office = office
        officer.save(update_fields=["office"])
    return officer


@writes
def change_by_host(officer: Officer, role: str, why: str) -> None:
    """Another role, given by a command; the last administrator stays one here too."""
    _change_role(Officer.objects.select_for_update().get(pk=officer.pk), role, why, None)


def _change_role(officer: Officer, role: str, why: str, by: Officer | None) -> None:
    if officer.role == Role.ADMINISTRATOR and role in list(Role) and role != officer.role:
        _check_another_administrator(officer)
        revoke_made_by(officer, by=by)
    services.change_role(officer, role, why, by=by)


@writes
def deactivate(administrator: Officer, officer_id: int) -> Officer:
    """Close an account: it is out at once, and stays in the records of what it did."""
    officer = _other(administrator, officer_id)
    if officer.is_active:
        if officer.role == Role.ADMINISTRATOR:
            _check_another_administrator(officer)
            revoke_made_by(officer, by=administrator)
        officer.is_active = False
        officer.save(update_fields=["is_active"])
        sessions.end_all(officer, "the account was closed")
        note(Deed.ACCOUNT_CLOSED, officer, by=administrator)
    return officer


@writes
def reactivate(administrator: Officer, officer_id: int) -> Officer:
    officer = _other(administrator, officer_id)
    if not officer.is_active:
        officer.is_active = True
        officer.save(update_fields=["is_active"])
        note(Deed.ACCOUNT_OPENED, officer, by=administrator)
    return officer


@writes
def end_sessions(administrator: Officer, officer_id: int) -> int:
    """Sign an officer out everywhere, at once; how many sessions there were."""
    officer = _other(administrator, officer_id)
    note(Deed.SESSIONS_ENDED, officer, by=administrator)
    return sessions.end_all(officer, "an administrator ended it")


def _other(administrator: Officer, officer_id: int) -> Officer:
    """The officer, held until the transaction ends; never the administrator's own account."""
    require(administrator, Verb.MANAGE_OFFICERS)
    if officer_id == administrator.pk:
        raise Problem("officer", "is yourself", "ask another administrator")
    officer = Officer.objects.select_for_update().filter(pk=officer_id).first()
    if officer is None:
        raise Problem("officer", f"{officer_id} is none", "choose one of the list")
    return officer


def _check_another_administrator(officer: Officer) -> None:
    """Problem where nobody else could manage officers. Two who close each other at once: one waits
    here until the other is done, and then finds nobody."""
    active = list(
        Officer.objects.select_for_update()
        .filter(role=Role.ADMINISTRATOR, is_active=True)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    if not [number for number in active if number != officer.pk]:
        raise Problem("officer", "is the last administrator", "make another one first")
