"""The audit trail: ``record`` appends what was done, in the transaction that does it."""

from enum import StrEnum

from django.db import connection

from wayhome.officers.models import AuditRow, Officer
from wayhome.work.clock import database_now

WHY_LENGTH = 300


class Deed(StrEnum):
    """What is done by officers, or by whoever runs the host, and can be asked about later."""

    SIGNED_IN = "signed in"
    PROVED = "proved again who they are"
    OFFICER_MADE = "made an officer"
    ROLE_CHANGED = "changed a role"
    INVITED = "invited an officer"
    INVITATION_REVOKED = "revoked an invitation"
    ACCOUNT_CLOSED = "closed an account"
    ACCOUNT_OPENED = "opened an account again"
    SESSIONS_ENDED = "ended sessions"
    PASSWORD_SET = "set a password"
    FACTOR_ADDED = "added a second factor"
    FACTOR_REMOVED = "removed a second factor"
    CODES_MADE = "made recovery codes"
    RECOVERY_ASKED = "asked for a recovery"
    RECOVERY_CONFIRMED = "confirmed a recovery"
    RECOVERY_WITHDRAWN = "withdrew a recovery"
    RECOVERED = "recovered an account"
    CAME_BACK = "came back by a recovery link"
    CLEARED = "cleared for a compartment"
    UNCLEARED = "took a clearance back"
    BOUND = "bound to an organisation"
    GLASS_BROKEN = "broke glass"
    GLASS_ACKNOWLEDGED = "acknowledged broken glass"
    ORGANISATION_MADE = "made an organisation"
    COMPARTMENT_CLOSED = "closed a compartment"
    COMPARTMENT_OPENED = "opened a compartment"
    SUBMITTED = "submitted"
    RETURNED = "returned to its author"
    SIGNED = "signed"
    PUBLISHED = "published"
    SENDING_STOPPED = "stopped the sending"
    SENDING_RESUMED = "resumed the sending"
    INCIDENT_RECORDED = "recorded an incident"
    MUSTER_OPENED = "opened a muster"
    MUSTER_CLOSED = "closed a muster"
    ENTRY_DECIDED = "set an entry"
    ENTRY_CLOSED = "closed an entry"
    REPLY_TOLD = "recorded what was told"
    LETTER_WRITTEN = "wrote a letter"
    LINK_SENT = "sent a link"
    ADDRESS_LIFTED = "lifted a suppression"
    ADDRESS_HOSTILE = "marked an address hostile"
    ADDRESS_SAFE = "lifted an address from hostile"
    REACH_CHANGED = "changed the terms of a reach"
    REACH_STOP_ASKED = "kept that a stop was asked for"
    REACH_STOPPED = "stopped a reach"
    REACH_RESUMED = "resumed a reach"
    ASSURANCE_SET = "said how sure a registration is"
    BURST_RELEASED = "released a burst"
    BURST_DECLINED = "declined a burst"
    REGISTRATION_REPOINTED = "repointed a registration"
    EXPORTED = "exported"
    ERASURE_ENTERED = "entered an ask to be forgotten"
    ERASED = "erased"
    HOLD_PLACED = "placed a legal hold"
    HOLD_LIFTED = "lifted a legal hold"
    PRIVATE_SET = "set a private fact"
    PRIVATE_REMOVED = "removed a private fact"
    DELETED_BY_RULE = "deleted by rule"


def record(
    officer: Officer | int | None, deed: Deed, kind: str, number: int | None, why: str = ""
) -> AuditRow:
    """Append one deed. Call it in the transaction of the deed, so that both stand or neither.

    ``officer`` None: whoever runs the host, by a command. ``kind`` and ``number`` name the object;
    where its reason may speak of a person, name the row that keeps the reason and leave ``why``
    empty: what stands here is for ever, and erasure must not need to reach it.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("audit: a deed is recorded in the transaction that does it")
    return AuditRow.objects.create(
        at=database_now(),
        officer_id=officer.pk if isinstance(officer, Officer) else officer,
        deed=deed.value,
        kind=kind,
        number=number,
        why=_one_line(why),
    )


def _one_line(words: str) -> str:
    """Without what no database takes."""
    shown = "".join(each if each.isprintable() else " " for each in words)
    return " ".join(shown.split())[:WHY_LENGTH]
