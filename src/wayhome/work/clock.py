"""The two clocks: the instance's (what day it is for people) and the database's (for leases)."""

import time
from datetime import UTC, date, datetime, timedelta
from threading import Lock

from django.db import connection
from django.utils import timezone

from wayhome.problems import Problem

# Days before and after these are slips of the keyboard, and arithmetic about them fails.
EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)

_lock = Lock()
_offset: tuple[float, timedelta] | None = None
_follows = False
_OFFSET_KEPT_SECONDS = 1.0


def now() -> datetime:
    """The instance's time, aware UTC: real, unless an exercise plays another day."""
    return timezone.now() + _instance_offset()


def follow_database() -> None:
    """From now on this process tells time by the database's clock, whatever its host's says: a
    worker with a wrong clock must not take what holds for expired."""
    global _follows
    _follows = True
    forget_offset()


def today() -> date:
    return now().date()


def check_range(field: str, moment: datetime | None) -> None:
    """Problem where ``moment`` is in no year that anybody means."""
    if moment is not None and not EARLIEST <= moment <= LATEST:
        raise Problem(field, f"is in the year {moment.year}", "check the year")


def database_now() -> datetime:
    """The database's own real clock, aware UTC, so that every host agrees about leases."""
    if connection.vendor != "postgresql":
        return timezone.now()  # an embedded database's clock is this host's
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment.astimezone(UTC)


def forget_offset() -> None:
    """Read the exercise's offset again at the next call (it was just changed)."""
    global _offset
    with _lock:
        _offset = None


def _instance_offset() -> timedelta:
    global _offset
    with _lock:
        if _offset is not None and time.monotonic() - _offset[0] < _OFFSET_KEPT_SECONDS:
            return _offset[1]
    from wayhome.work.models import Instance

    offset = Instance.objects.values_list("clock_offset", flat=True).first() or timedelta(0)
    if _follows:
        offset += database_now() - timezone.now()
    with _lock:
        _offset = (time.monotonic(), offset)
    return offset
