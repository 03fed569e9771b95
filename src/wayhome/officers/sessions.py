"""Where officers are signed in. A session that was ended, or has grown old, opens nothing."""

from datetime import datetime, timedelta

from django.conf import settings

from wayhome.officers import audit
from wayhome.officers.account_models import OfficerSession
from wayhome.officers.audit import Deed
from wayhome.officers.models import Officer
from wayhome.officers.noted import note
from wayhome.officers.second_factor import is_required
from wayhome.work.clock import database_now
from wayhome.work.db import writes

# A session that is in use is marked as seen no more often than this.
SEEN_EVERY = timedelta(minutes=1)
Way = OfficerSession.Way


@writes
def begin(officer: Officer, way: str, *, device: str, network: str) -> OfficerSession:
    """Somebody signed in as ``officer``, in this way: one session, one line of the trail."""
    audit.record(officer, Deed.SIGNED_IN, "officer", officer.pk, Way(way).label)
    now = database_now()
    return OfficerSession.objects.create(
        officer=officer,
        way=way,
        device=device[:80],
        network=network[:45],
        began_at=now,
        seen_at=now,
    )


def is_open(session_id: object, officer: Officer, *, used: bool) -> bool:
    """Whether this session still opens the desk to this officer; asked at every request.

    ``used``: the officer does something, rather than a page that keeps itself fresh.
    """
    if not isinstance(session_id, int):
        return False
    row = OfficerSession.objects.filter(
        pk=session_id, officer=officer, ended_at__isnull=True
    ).first()
    if row is None or not officer.is_active:
        return False
    now = database_now()
    if _is_old(row, now) or (row.way == Way.PASSWORD and is_required()):
        _end([row.pk], "its time was up" if _is_old(row, now) else "a second factor is needed")
        return False
    if used and now - row.seen_at >= min(SEEN_EVERY, idle() / 4):
        _seen(row.pk, now)
    return True


def open_sessions(officer: Officer) -> list[OfficerSession]:
    """Where an officer is signed in now, the newest first."""
    now = database_now()
    rows = OfficerSession.objects.filter(officer=officer, ended_at__isnull=True)
    alive = rows.filter(seen_at__gt=now - idle(), began_at__gt=now - life())
    return list(alive.order_by("-began_at", "-pk")[:100])


@writes
def end(session_id: int, officer: Officer, why: str) -> bool:
    """End one session of this officer; whether there was such a one."""
    mine = OfficerSession.objects.filter(pk=session_id, officer=officer, ended_at__isnull=True)
    return mine.update(ended_at=database_now(), ended_why=why[:60]) == 1


@writes
def end_all(officer: Officer, why: str, *, but: object = None) -> int:
    """End an officer's sessions, all or all but one; how many were open."""
    mine = OfficerSession.objects.filter(officer=officer, ended_at__isnull=True)
    if isinstance(but, int):
        mine = mine.exclude(pk=but)
    return mine.update(ended_at=database_now(), ended_why=why[:60])


@writes
def end_own(officer: Officer, session_id: int) -> bool:
    """An officer ends one of their own; whether there was such a one."""
    ended: bool = end(session_id, officer, "ended by its officer")
    if ended:
        note(Deed.SESSIONS_ENDED, officer, by=officer)
    return ended


@writes
def end_others(officer: Officer, but: object) -> int:
    """An officer ends every session of theirs but this one; how many were open."""
    note(Deed.SESSIONS_ENDED, officer, by=officer)
    ended: int = end_all(officer, "ended by its officer", but=but)
    return ended


@writes
def end_by_host(officer: Officer) -> int:
    """Whoever runs the host signs an officer out everywhere; how many sessions were open."""
    note(Deed.SESSIONS_ENDED, officer, by=None)
    ended: int = end_all(officer, "ended from the command line")
    return ended


def idle() -> timedelta:
    return timedelta(minutes=settings.WAYHOME_SESSION_IDLE_MINUTES)


def life() -> timedelta:
    return timedelta(hours=settings.WAYHOME_SESSION_HOURS)


def _is_old(row: OfficerSession, now: datetime) -> bool:
    return now - row.seen_at >= idle() or now - row.began_at >= life()


@writes
def _end(ids: list[int], why: str) -> None:
    OfficerSession.objects.filter(pk__in=ids, ended_at__isnull=True).update(
        ended_at=database_now(), ended_why=why
    )


@writes
def _seen(session_id: int, now: datetime) -> None:
    OfficerSession.objects.filter(pk=session_id, ended_at__isnull=True).update(seen_at=now)
