"""Whom to hold against the others, in a small table of its own: it can wait, warnings cannot.

A piece of owed work for each enrolment would stand before the late joiners of a surge, who are
warned at once; this is done a few seconds at a time instead.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

from django.db import connection

from wayhome.travellers.models import Compared
from wayhome.work import clock
from wayhome.work.db import stored, writes

CHUNK = 20
_IN_STATEMENT = 200  # three parameters each: within SQLite's limit on old builds


@writes
def ask(traveller_ids: Iterable[int]) -> None:
    """These records are new, or have something new: hold them against the others, in time."""
    ids = sorted(set(traveller_ids))  # in one order, or two at once deadlock
    now = stored(clock.now())
    with connection.cursor() as cursor:
        for start in range(0, len(ids), _IN_STATEMENT):
            chunk = ids[start : start + _IN_STATEMENT]
            rows = ", ".join(["(%s, %s, %s)"] * len(chunk))
            cursor.execute(
                f"INSERT INTO compared (traveller_id, crowded, asked_at) VALUES {rows}"
                " ON CONFLICT (traveller_id) DO UPDATE SET asked_at = excluded.asked_at",
                [value for number in chunk for value in (number, False, now)],
            )


def compare_asked(compare: Callable[[list[int]], object], more: Callable[[], bool]) -> int:
    """Compare who was asked for longest, as long as there is ``more`` time; returns how many."""
    done = 0
    while more():
        waiting = Compared.objects.filter(asked_at__isnull=False).order_by("asked_at", "pk")
        rows = list(waiting.values_list("pk", "asked_at")[:CHUNK])
        if not rows:
            break
        _compare(compare, rows)
        done += len(rows)
    return done


@writes
def _compare(
    compare: Callable[[list[int]], object], rows: list[tuple[int, datetime | None]]
) -> None:
    compare([number for number, _ in rows])
    for number, asked in rows:  # asked for again meanwhile: once more
        Compared.objects.filter(pk=number, asked_at=asked).update(asked_at=None)
