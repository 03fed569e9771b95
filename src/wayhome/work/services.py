"""Owe work, tell facts, and do what is due under a lease."""

import logging
import secrets
import threading
import traceback
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.models import Q, QuerySet

from wayhome.work import registry
from wayhome.work.clock import database_now
from wayhome.work.db import stored, writes
from wayhome.work.errors import without_values
from wayhome.work.models import Owed

log = logging.getLogger(__name__)

_current = threading.local()

_FIRST_PAUSE = timedelta(seconds=2)
LONGEST_PAUSE = timedelta(minutes=10)
_ERROR_LENGTH = 2000
_ABSURD = timedelta(minutes=5)
_IN_STATEMENT = 200  # four parameters each: within SQLite's limit on old builds

_OWED_ROW = "(%s, %s, 1, %s, %s, 0, '', '')"
_OWE = """
INSERT INTO owed (job, key, asks, since, due_at, tries, last_error, token)
VALUES {rows}
ON CONFLICT (job, key) DO UPDATE SET
  asks = owed.asks + 1,
  due_at = CASE WHEN excluded.due_at < owed.due_at THEN excluded.due_at ELSE owed.due_at END
"""


def owe(job: str, key: object = "", due_at: datetime | None = None) -> None:
    """Owe ``job`` for ``key``; call it in the transaction of the fact that makes it owed.

    Owing what is owed already keeps one row, due at the earlier time.
    """
    registry.get(job)  # a job that nobody does must fail here, not wait for ever
    now = database_now()
    with connection.cursor() as cursor:
        cursor.execute(
            _OWE.format(rows=_OWED_ROW), [job, str(key), stored(now), stored(due_at or now)]
        )


def owe_many(job: str, keys: Iterable[object]) -> None:
    """Owe ``job`` for each of these keys, now, in few statements."""
    registry.get(job)
    _owe_all({(job, str(key)) for key in keys})


def tell(fact: str, key: object) -> None:
    """Say that ``fact`` happened: every job that follows from it is owed with ``key``."""
    for job in registry.following(fact):
        owe(job.name, key)


def tell_many(fact: str, keys: Iterable[object]) -> None:
    """Say that ``fact`` happened of each of these keys, in few statements."""
    tell_all({fact: keys})


def tell_all(facts: Mapping[str, Iterable[object]]) -> None:
    """Say of each of these facts that it happened of its keys; what follows from several of them
    for one key is owed once."""
    _owe_all(
        {
            (job.name, str(key))
            for fact, keys in facts.items()
            for jobs in [registry.following(fact)]
            for key in keys
            for job in jobs
        }
    )


def _owe_all(wanted: set[tuple[str, str]]) -> None:
    owed = sorted(wanted)  # in one order, so that two do not wait for each other for ever
    now = stored(database_now()) if owed else None
    for start in range(0, len(owed), _IN_STATEMENT):
        chunk = owed[start : start + _IN_STATEMENT]
        rows = ", ".join([_OWED_ROW] * len(chunk))
        values = [value for job, key in chunk for value in (job, key, now, now)]
        with connection.cursor() as cursor:
            cursor.execute(_OWE.format(rows=rows), values)


def run_one_due() -> bool:
    """Lease the work due longest (and what may go with it), do it, and record how it went: of what
    follows from facts first, then of what is done by the clock. False where none is due."""
    return run_one_following() or run_one_scheduled()


def run_one_following() -> bool:
    """The same, of what follows from facts alone."""
    return _run_one([job.name for job in registry.jobs() if job.every is None])


def run_one_scheduled() -> bool:
    """The same, of what is done by the clock alone: some of it takes minutes, and no warning is to
    wait for it."""
    return _run_one([job.name for job in registry.jobs() if job.every is not None])


def _run_one(jobs: list[str]) -> bool:
    leased = _lease(jobs)
    if not leased:
        return False
    _current.leased = leased
    try:
        registry.get(leased[0].job).run([row.key for row in leased])
    except Exception as error:
        log.warning("%s failed: %s", leased[0], error, exc_info=True)
        _put_back(leased, without_values(traceback.format_exc())[-_ERROR_LENGTH:])
    else:
        _finish(leased)
    finally:
        _current.leased = None
    return True


class LeaseLost(Exception):
    """Another worker has taken over the work that this one was too slow with."""


@writes
def keep_lease() -> None:
    """A long job calls this between its chunks; raises LeaseLost where it was taken over.

    Outside a worker (a command or test that runs the job itself) it does nothing.
    """
    leased: list[Owed] | None = getattr(_current, "leased", None)
    if not leased:
        return
    until = database_now() + timedelta(seconds=settings.WAYHOME_LEASE_SECONDS)
    mine = Owed.objects.filter(id__in=[row.id for row in leased], token=leased[0].token)
    if mine.update(lease_until=until) != len(leased):
        raise LeaseLost(str(leased[0]))


@writes
def reconcile() -> int:
    """Owe whatever the tables say is owed and no row asks for; returns how many rows it made."""
    made = 0
    for job in registry.jobs():
        keys = [""] if job.every is not None else list(job.reconcile() if job.reconcile else ())
        known = set(Owed.objects.filter(job=job.name, key__in=keys).values_list("key", flat=True))
        for key in set(keys) - known:
            owe(job.name, key)
            made += 1
    return made


def _lease(jobs: list[str]) -> list[Owed]:
    # Idle workers look four times a second: they must not queue for the write lock.
    return _lease_due(jobs) if _due(jobs, database_now()).exists() else []


def _due(jobs: list[str], now: datetime) -> "QuerySet[Owed]":
    # No honest lease ends later than this: the clock that wrote it has been set back since.
    absurd = now + timedelta(seconds=settings.WAYHOME_LEASE_SECONDS) + _ABSURD
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now) | Q(lease_until__gt=absurd)
    # A job that only a newer version knows waits for that version's workers and blocks nothing.
    return Owed.objects.filter(free, due_at__lte=now, job__in=jobs).order_by("due_at", "id")


@writes
def _lease_due(jobs: list[str]) -> list[Owed]:
    now = database_now()
    due = _due(jobs, now).select_for_update(skip_locked=True)
    first = due.first()
    if first is None:
        return []
    leased = [first]
    more = registry.get(first.job).batch - 1
    if more and first.tries == 0:
        leased += due.filter(job=first.job, tries=0).exclude(id=first.id)[:more]
    token = secrets.token_hex(16)
    Owed.objects.filter(id__in=[row.id for row in leased]).update(
        token=token, lease_until=now + timedelta(seconds=settings.WAYHOME_LEASE_SECONDS)
    )
    for row in leased:
        row.token = token
    return leased


@writes
def _finish(leased: list[Owed]) -> None:
    mine = Owed.objects.filter(id__in=[row.id for row in leased], token=leased[0].token)
    every = registry.get(leased[0].job).every
    if every is not None:
        due = database_now() + timedelta(seconds=every)
        mine.update(lease_until=None, token="", due_at=due, since=due, tries=0, last_error="")
        return
    asked_as_leased = Q()
    for asks in {row.asks for row in leased}:
        asked_as_leased |= Q(id__in=[row.id for row in leased if row.asks == asks], asks=asks)
    mine.filter(asked_as_leased).delete()
    # What is left was asked for again while it ran: once more.
    mine.update(lease_until=None, token="", tries=0, last_error="")


@writes
def _put_back(leased: list[Owed], error: str) -> None:
    """One failure pauses, longer each time; a failed batch comes back at once, key by key."""
    alone = len(leased) == 1
    pause = min(_FIRST_PAUSE * 2 ** min(leased[0].tries, 12), LONGEST_PAUSE)
    Owed.objects.filter(id__in=[row.id for row in leased], token=leased[0].token).update(
        lease_until=None,
        token="",
        tries=leased[0].tries + 1,
        last_error=error,
        due_at=database_now() + (pause if alone else timedelta(0)),
    )
