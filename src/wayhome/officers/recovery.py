"""Back in after everything was lost: one administrator asks, another confirms.

Confirmed, the officer's password, passkeys, code app and codes open nothing any more, their
sessions end, and a link (good once, three days) lets them begin anew. It is shown once to the
administrator who confirmed, to be handed over by a way on which the officer is recognised.
"""

from wayhome.officers import invitations, second_factor, sessions
from wayhome.officers.access import require
from wayhome.officers.account_models import Recovery
from wayhome.officers.audit import Deed
from wayhome.officers.invitations import Invited
from wayhome.officers.models import Officer
from wayhome.officers.noted import note
from wayhome.officers.notices import notify
from wayhome.officers.roles import Verb
from wayhome.problems import Problem
from wayhome.work.clock import database_now
from wayhome.work.db import writes


@writes
def ask(administrator: Officer, officer_id: int, why: str) -> Recovery:
    """Ask that an officer may begin anew; a second administrator confirms it."""
    require(administrator, Verb.MANAGE_OFFICERS)
    why = " ".join(why.split())
    if not why or len(why) > 300:
        raise Problem("why", "is empty or too long", "say how you know that it is they who ask")
    if officer_id == administrator.pk:
        raise Problem("officer", "is yourself", "ask another administrator")
    officer = Officer.objects.select_for_update().filter(pk=officer_id, is_active=True).first()
    if officer is None:
        raise Problem("officer", "is none, or closed", "choose one of the list")
    open_one = Recovery.objects.filter(officer=officer, closed_at__isnull=True).first()
    if open_one is not None:
        return open_one
    made = Recovery.objects.create(
        officer=officer, why=why, asked_by=administrator, asked_at=database_now()
    )
    note(Deed.RECOVERY_ASKED, officer, by=administrator, why=_row(made), loud=True)
    # Whoever still has a session learns of an attempt that is none of theirs.
    notify(
        officer,
        "An administrator asked to let you begin anew with another password. If you"
        " know nothing of it, tell another administrator now.",
    )
    return made


@writes
def confirm(administrator: Officer, recovery_id: int) -> Invited:
    """A second administrator agrees: the account is emptied; its link back."""
    row = _open(administrator, recovery_id)
    if administrator.pk in (row.asked_by_id, row.officer_id):
        raise Problem("recovery", "was asked for by you, or for you", "let another confirm it")
    if not (row.asked_by.is_active and row.asked_by.may(Verb.MANAGE_OFFICERS)):
        raise Problem("recovery", "was asked for by somebody who may not any more", "ask anew")
    _close(row, confirmed_by=administrator)
    note(Deed.RECOVERY_CONFIRMED, row.officer, by=administrator, why=_row(row), loud=True)
    return _begin_anew(administrator, row.officer)


@writes
def withdraw(administrator: Officer, recovery_id: int) -> None:
    row = _open(administrator, recovery_id)
    _close(row, withdrawn_by=administrator)
    note(Deed.RECOVERY_WITHDRAWN, row.officer, by=administrator, why=_row(row), loud=True)


@writes
def from_server(officer: Officer, why: str) -> Invited:
    """The last resort, from the command line of the server: no second person is asked."""
    note(Deed.RECOVERED, officer, by=None, why=why, loud=True)
    return _begin_anew(None, officer)


def _row(recovery: Recovery) -> str:
    return f"recovery {recovery.pk}"  # which keeps the reason


def _begin_anew(administrator: Officer | None, officer: Officer) -> Invited:
    officer.set_unusable_password()
    officer.save(update_fields=["password"])
    second_factor.reset(officer)
    sessions.end_all(officer, "the account was recovered")
    notify(
        officer,
        "Your password and second factors were reset, and every session was ended"
        + (
            ", from the command line of the server."
            if administrator is None
            else ", by two administrators."
        )
        + " If you did not ask for it, tell an administrator now.",
    )
    return invitations.link_back(administrator, officer)


def _open(administrator: Officer, recovery_id: int) -> Recovery:
    require(administrator, Verb.MANAGE_OFFICERS)
    row = (
        Recovery.objects.select_for_update(of=("self",))
        .select_related("officer", "asked_by")
        .filter(pk=recovery_id, closed_at__isnull=True)
        .first()
    )
    if row is None:
        raise Problem("recovery", "is open no more", "look at the list again")
    return row


def _close(
    row: Recovery, *, confirmed_by: Officer | None = None, withdrawn_by: Officer | None = None
) -> None:
    row.confirmed_by, row.withdrawn_by, row.closed_at = confirmed_by, withdrawn_by, database_now()
    row.save(update_fields=["confirmed_by", "withdrawn_by", "closed_at"])
