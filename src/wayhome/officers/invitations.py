"""Invitations: a signed link, good once and for three days, by which somebody becomes an officer.

It is shown once to whoever made it, to be handed over by a second way (in person, by telephone):
a link that went by mail would make whoever reads that mailbox an officer.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import QuerySet
from django.utils.crypto import constant_time_compare

from wayhome.officers import audit
from wayhome.officers.access import require
from wayhome.officers.account_models import Invitation
from wayhome.officers.audit import Deed
from wayhome.officers.models import Officer
from wayhome.officers.noted import note
from wayhome.officers.passwords import judge, set_password
from wayhome.officers.roles import Role, Verb
from wayhome.officers.services import make_officer
from wayhome.problems import Problem
from wayhome.work.clock import database_now
from wayhome.work.db import writes

LIFE = timedelta(hours=72)
_SALT = "wayhome.officers.invitation"
_LONGEST = 300


@dataclass(frozen=True)
class Invited:
    """An invitation and its link, which is kept nowhere."""

    invitation: Invitation
    link: str


@writes
def invite(
    administrator: Officer | None, *, email: str, name: str, office: str, role: str
) -> Invited:
    """Invite somebody; an earlier invitation to that address holds no more.

    ``administrator`` None: the command line on the server. Problem where a field does not serve.
    """
    if administrator is not None:
        require(administrator, Verb.MANAGE_OFFICERS)
    email = email.strip().casefold()
    try:
        validate_email(email)
    except ValidationError as error:
        raise Problem("email", f"{email[:80]!r} is no mail address", "check it") from error
    name = " ".join(name.split())
    if not name or len(name) > 200:
        raise Problem("name", "is empty or too long", "write it as colleagues know it")
    if len(office) > 200:
        raise Problem("office", "is too long", "use at most 200 characters")
    if role not in list(Role):
        raise Problem("role", f"{role!r} is none", f"use one of {', '.join(Role)}")
    if Officer.objects.filter(email__iexact=email).exists():
        raise Problem("email", f"{email} is an officer already", "use another address")
    now = database_now()
    _unused().filter(email=email).update(revoked_at=now)
    made = _make(administrator, email=email, name=name, office=office.strip(), role=role)
    audit.record(administrator, Deed.INVITED, "invitation", made.invitation.pk, f"as {role}")
    return made


@writes
def link_back(administrator: Officer | None, officer: Officer) -> Invited:
    """A link by which an officer who has lost everything begins anew; older ones hold no more."""
    _unused().filter(officer=officer).update(revoked_at=database_now())
    return _make(
        administrator,
        email=officer.email,
        name=officer.name,
        office=officer.office,
        role=officer.role,
        officer=officer,
    )


@writes
def revoke(administrator: Officer, invitation_id: int) -> None:
    """From now on this link opens nothing."""
    require(administrator, Verb.MANAGE_OFFICERS)
    if _unused().filter(pk=invitation_id).update(revoked_at=database_now()):
        audit.record(administrator, Deed.INVITATION_REVOKED, "invitation", invitation_id)


@writes
def revoke_made_by(officer: Officer, *, by: Officer | None) -> None:
    """Whoever manages officers no more has invited nobody."""
    open_ones = _unused().filter(made_by=officer, expires_at__gt=database_now())
    for number in open_ones.order_by("pk").values_list("pk", flat=True):
        if _unused().filter(pk=number).update(revoked_at=database_now()):
            audit.record(by, Deed.INVITATION_REVOKED, "invitation", number)


def waiting(administrator: Officer) -> list[Invitation]:
    """Invitations that may still be taken, the newest first."""
    require(administrator, Verb.MANAGE_OFFICERS)
    still = _unused().filter(expires_at__gt=database_now())
    return list(still.select_related("made_by").order_by("-made_at", "-pk")[:200])


def read(token: str) -> Invitation:
    """The invitation of a link; one Problem whatever is wrong with it."""
    if len(token) > _LONGEST:
        raise invalid()
    try:
        value = signing.Signer(salt=_SALT).unsign_object(token)
    except signing.BadSignature as error:
        raise invalid() from error
    if not (isinstance(value, list) and len(value) == 2):
        raise invalid()
    number, secret = value
    row = still_open(int(number))
    if not constant_time_compare(row.secret_hash, _hash(str(secret))):
        raise invalid()
    return row


def still_open(invitation_id: int) -> Invitation:
    """An invitation that may be taken now; Problem otherwise."""
    row = _unused().filter(pk=invitation_id, expires_at__gt=database_now()).first()
    if row is None:
        raise invalid()
    return row


@writes
def accept(invitation_id: int, password: str) -> Officer:
    """Take it, with a password of one's own. The officer still needs a second factor.

    Problem where it holds no more, or the password does not serve (then it can be tried again).
    """
    row = still_open(invitation_id)
    judge(password, row.officer)
    if _unused().filter(pk=row.pk).update(used_at=database_now()) != 1:
        raise invalid()  # of two who take it at once, one is too late
    if row.officer is not None:
        officer = row.officer
        if not officer.is_active:
            raise invalid()
        set_password(officer, password)
        note(Deed.CAME_BACK, officer, by=officer)
        return officer
    officer = make_officer(
        email=row.email,
        name=row.name,
        office=row.office,
        role=row.role,
        password=password,
        by=row.made_by,
        invitation_id=row.pk,
    )
    Invitation.objects.filter(pk=row.pk).update(officer=officer)
    return officer


def invalid() -> Problem:
    """The one answer to a link that does not hold, whatever the cause."""
    return Problem("link", "does not hold", "ask whoever sent it to you for a new one")


def _unused() -> QuerySet[Invitation]:
    return Invitation.objects.filter(used_at__isnull=True, revoked_at__isnull=True)


def _make(administrator: Officer | None, **fields: object) -> Invited:
    secret = secrets.token_urlsafe(24)
    now = database_now()
    row = Invitation.objects.create(
        secret_hash=_hash(secret),
        made_at=now,
        expires_at=now + LIFE,
        made_by=administrator,
        **fields,
    )
    token = signing.Signer(salt=_SALT).sign_object([row.pk, secret])
    return Invited(row, f"{settings.WAYHOME_PUBLIC_URL}/desk/invited/{token}/")


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
