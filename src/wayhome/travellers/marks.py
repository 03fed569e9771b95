"""How often a public door was used, from where and how alike: under marks that last a day.

A mark is a keyed hash with a key of the day: what is kept for a day tells nobody's network or name,
and nothing can be said of it afterwards.
"""

import hashlib
import hmac
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from django.conf import settings
from django.db import connection

from wayhome.travellers.door_models import Arrival
from wayhome.work import clock
from wayhome.work.db import stored, writes
from wayhome.work.rows import insert

KEPT = timedelta(hours=24)
IN_CHUNK = 1000


def mark(what: str, value: str) -> str:
    """The mark of a value today: 32 hex digits; empty for no value."""
    if not value:
        return ""
    day = clock.today().isoformat()
    key = hashlib.sha256(f"wayhome.marks {day} {settings.SECRET_KEY}".encode()).digest()
    return hmac.new(key, f"{what}:{value}".encode(), hashlib.sha256).hexdigest()[:32]


@writes
def came(marks: Iterable[str]) -> None:
    """Somebody used a door, under each of these marks; empty ones are left out."""
    now = clock.now()
    insert(Arrival, ("mark", "at"), [(each, now) for each in marks if each])


@dataclass(frozen=True)
class Limit:
    """So many under one mark, within this time, are often."""

    mark: str
    within: timedelta
    many: int


def often(*limits: Limit) -> list[bool]:
    """Of each of these, whether as many came lately: one question, which reads no more than that
    many of each. An empty mark never came."""
    now = clock.now()
    asked = [each for each in limits if each.mark]
    if not asked:
        return [False] * len(limits)
    count = "(SELECT count(*) FROM (SELECT 1 FROM arrival WHERE mark = %s AND at > %s LIMIT %s) a)"
    values = [[each.mark, stored(now - each.within), each.many] for each in asked]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {', '.join([count] * len(asked))}", [value for row in values for value in row]
        )
        found = dict(zip(asked, cursor.fetchone(), strict=True))
    return [found.get(each, 0) >= each.many for each in limits]


_crowd_lock = Lock()
_crowd: tuple[float, str, bool] | None = None


def crowded(limit: Limit) -> bool:
    """``often`` for a mark that all share: looked at once a second in each process."""
    global _crowd
    with _crowd_lock:
        if _crowd is not None and _crowd[1] == limit.mark and time.monotonic() - _crowd[0] < 1:
            return _crowd[2]
    (found,) = often(limit)
    with _crowd_lock:
        _crowd = (time.monotonic(), limit.mark, found)
    return found


def forget_crowd() -> None:
    """Look again at the next call."""
    global _crowd
    with _crowd_lock:
        _crowd = None


def forget() -> None:
    """Delete what is older than a day, in chunks."""
    before = clock.now() - KEPT
    while _forget_some(before):
        pass


@writes
def _forget_some(before: datetime) -> int:
    old = Arrival.objects.filter(at__lt=before).order_by("at").values_list("pk", flat=True)
    numbers = list(old[:IN_CHUNK])
    Arrival.objects.filter(pk__in=numbers).delete()
    return len(numbers)
