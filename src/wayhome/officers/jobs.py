"""The audit trail is closed batch by batch; what nobody need keep of signing in is forgotten."""

from datetime import timedelta

from django.contrib.sessions.models import Session

from wayhome.officers import audit_chain, guard
from wayhome.officers.account_models import OfficerSession
from wayhome.work.clock import database_now
from wayhome.work.db import writes
from wayhome.work.registry import job

HOUR = 3600
_KEPT = timedelta(days=90)  # sessions that have ended
_AT_ONCE = 500


@job("officers.close_audit", every=300)
def close_audit(_key: str) -> None:
    audit_chain.close_due()


@job("officers.tidy", every=HOUR)
def tidy(_key: str) -> None:
    """Tries of two days ago, sessions of three months ago, and what browsers held of them."""
    while guard.tidy():
        pass
    while _forget_sessions():
        pass


@writes
def _forget_sessions() -> int:
    now = database_now()
    held = list(
        Session.objects.filter(expire_date__lt=now).values_list("session_key", flat=True)[:_AT_ONCE]
    )
    old = list(
        OfficerSession.objects.filter(began_at__lt=now - _KEPT)
        .exclude(ended_at__isnull=True, seen_at__gt=now - _KEPT)
        .values_list("pk", flat=True)[:_AT_ONCE]
    )
    gone = Session.objects.filter(session_key__in=held).delete()[0]
    return gone + OfficerSession.objects.filter(pk__in=old).delete()[0]
