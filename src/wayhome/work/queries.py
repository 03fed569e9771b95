"""What is owed, for how long, and why it is late."""

from dataclasses import dataclass
from datetime import datetime

from wayhome.work import registry
from wayhome.work.clock import database_now
from wayhome.work.models import Owed


@dataclass(frozen=True)
class OwedLine:
    """One line of the list of owed work; ``seconds`` since it became owed."""

    job: str
    key: str
    since: datetime
    seconds: int
    due_at: datetime
    tries: int
    leased: bool
    last_error: str


def owed(limit: int = 200) -> list[OwedLine]:
    """Work owed now, the oldest first; schedules that merely wait for their time are left out."""
    now = database_now()
    rows = Owed.objects.exclude(job__in=_scheduled(), due_at__gt=now).order_by("since")[:limit]
    return [
        OwedLine(
            job=row.job,
            key=row.key,
            since=row.since,
            seconds=max(0, int((now - row.since).total_seconds())),
            due_at=row.due_at,
            tries=row.tries,
            leased=bool(row.lease_until and row.lease_until > now),
            last_error=row.last_error.strip().splitlines()[-1] if row.last_error else "",
        )
        for row in rows
    ]


def count_owed() -> int:
    """How many pieces of work are owed, schedules apart."""
    return Owed.objects.exclude(job__in=_scheduled()).count()


def _scheduled() -> list[str]:
    return [job.name for job in registry.jobs() if job.every is not None]
