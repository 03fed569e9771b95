"""A database's clock that was ahead and is set back leaves dates that would be waited for.

Leases see to that themselves (none ends later than an honest one). What is due later is set right
here, once a minute in every worker: by a thread of its own, for the work itself may be waiting.
"""

import logging
import threading
from datetime import datetime, timedelta

from django.db import DatabaseError, InterfaceError, close_old_connections, connection
from django.db.models import Q

from wayhome.work import registry
from wayhome.work.clock import database_now
from wayhome.work.db import writes
from wayhome.work.models import Owed
from wayhome.work.services import LONGEST_PAUSE

log = logging.getLogger(__name__)

# What was written so far in the future was written by a clock that has been set back since.
ABSURD = timedelta(minutes=5)
_EVERY_SECONDS = 60


@registry.service("work.clock")
def watch(stop: threading.Event) -> None:
    try:
        while not stop.is_set():
            try:
                close_old_connections()
                set_right()
            except (DatabaseError, InterfaceError) as error:
                log.error("database: %s", str(error).strip())
            stop.wait(_EVERY_SECONDS)
    finally:
        connection.close()


def set_right() -> None:
    """What the clock that was ahead put off is due now."""
    now = database_now()
    for right in registry.sets_right():
        if changed := right(now):
            log.warning("the database's clock was set back: %s are due now", changed)


@registry.set_right
@writes
def owed(now: datetime) -> str:
    periodic = [(job.name, job.every) for job in registry.jobs() if job.every is not None]
    # Work that is owed is never asked for in the future; what comes again, no later than its turn.
    absurd = Q(since__gt=now + ABSURD) & ~Q(job__in=[name for name, _ in periodic])
    absurd |= Q(tries__gt=0, due_at__gt=now + LONGEST_PAUSE + ABSURD)
    for name, every in periodic:
        absurd |= Q(job=name, due_at__gt=now + timedelta(seconds=every) + ABSURD)
    n = Owed.objects.filter(absurd).update(since=now, due_at=now)
    return f"{n} pieces of work" if n else ""
