"""Which relays carry a route, which of them may take the next slice, and how they fare.

A relay with a rate gets its next slice no sooner than the last one's messages are worth; one with
a limit of connections has no more slices out than that; one that is down rests, longer each time,
while the others go on.
"""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import formataddr

from django.conf import settings
from django.db import transaction
from django.db.models import F

from wayhome.delivery.channels import files, smtp
from wayhome.delivery.models import Channel, Relay, Slice, SliceState
from wayhome.delivery.types import Session
from wayhome.work.db import writes

FILES, SMTP = "files", "smtp"
MOST_IN_SLICE = 500
_FIRST_REST = timedelta(seconds=15)
_LONGEST_REST = timedelta(minutes=15)
_SLACK = timedelta(minutes=5)
_LONGEST_MESSAGE_SECONDS = 30.0


@dataclass(frozen=True)
class Way:
    """One relay of a route. ``rate`` messages a second and ``connections``: 0 is no limit.

    ``open`` is told whether the relay has taken mail of ours before. ``is_well``: it took some
    since it last failed, or since a message was last blamed for its failing.
    """

    name: str
    open: Callable[[bool], Session]
    weight: float = 1
    rate: float = 0
    connections: int = 0
    has_sent: bool = False
    is_well: bool = False


def route_of(channel: str) -> str:
    """Mail goes to the relays where any is set; whatever has no relay goes to files."""
    return SMTP if channel == Channel.MAIL and settings.WAYHOME_SMTP_URL else FILES


def slice_size(route: str) -> int:
    """About one second of the route, at most 500 messages."""
    if route == FILES:
        return MOST_IN_SLICE
    slowest = min((way.rate or settings.WAYHOME_MAIL_RATE for way in ways(route)), default=1)
    return min(MOST_IN_SLICE, max(1, int(slowest)))


def ways(route: str) -> list[Way]:
    """The relays of a route; none where it was set when a slice was cut and is no longer."""
    address = settings.WAYHOME_MAIL_FROM
    sender = formataddr((settings.WAYHOME_SENDER_NAME, address))
    if route == FILES:
        outbox = settings.WAYHOME_DATA_DIR / "outbox"
        return [Way(FILES, lambda _: files.open_session(outbox, sender))]
    if not settings.WAYHOME_SMTP_URL:
        return []
    # A relay that stalls must not outlast the lease that its message is sent under.
    seconds = min(_LONGEST_MESSAGE_SECONDS, settings.WAYHOME_LEASE_SECONDS / 2)

    set_relays = smtp.read_relays(settings.WAYHOME_SMTP_URL)

    def opener(relay: smtp.Relay) -> Callable[[bool], Session]:
        return lambda has_sent: smtp.open_session(
            relay,
            sender,
            address,
            timeout_seconds=seconds,
            answer_seconds=settings.WAYHOME_ANSWER_SECONDS,
            has_sent=has_sent,
            has_others=len(set_relays) > 1,
        )

    return [
        Way(relay.name, opener(relay), relay.weight, relay.rate or 0, relay.connections or 0)
        for relay in set_relays
    ]


def choose(route: str, size: int, now: datetime) -> Way | None:
    """The relay for the next slice of ``size`` messages, by weight among those that may have it;
    None where none may. Inside the transaction that leases the slice."""
    of_route = ways(route)
    rows = {row.name: row for row in _rows([way.name for way in of_route])}
    busy = _busy(now)
    free = [way for way in of_route if _may(way, rows[way.name], size, busy[way.name], now)]
    if not free:
        return None
    chosen = random.choices(free, [way.weight for way in free])[0]
    if chosen.rate:
        Relay.objects.filter(name=chosen.name).update(free_at=now + _worth(chosen, size))
    row = rows[chosen.name]
    return replace(chosen, has_sent=row.sent > 0, is_well=row.sent > 0 and not row.failures)


@writes
def mark_down(name: str, error: str, now: datetime, *, grows: bool = True) -> None:
    """It failed as a whole: let it rest, longer each time unless it ``grows`` no longer."""
    row = Relay.objects.get(name=name)
    doublings: int = 2 ** min(row.failures if grows else max(row.failures - 1, 0), 10)
    Relay.objects.filter(name=name).update(
        failures=F("failures") + 1 if grows else F("failures"),
        down_until=now + min(_FIRST_REST * doublings, _LONGEST_REST),
        last_error=error[:300],
    )


@writes
def note_blamed(name: str) -> None:
    """A message was blamed for its failing; no other is until it has taken something again."""
    Relay.objects.filter(name=name, failures=0).update(failures=1)


@writes
def note_sent(name: str, sent: int, seconds: float) -> None:
    """A slice went through it: where it took anything, it is well again."""
    well = {"failures": 0, "down_until": None, "last_error": ""} if sent else {}
    Relay.objects.filter(name=name).update(
        sent=F("sent") + sent, sending_seconds=F("sending_seconds") + seconds, **well
    )


def _may(way: Way, row: Relay, size: int, busy: int, now: datetime) -> bool:
    has_room = not way.connections or busy < way.connections
    if not has_room or rests_until(row, now):
        return False
    return not way.rate or not _holds(row.free_at, now, _worth(way, max(size, MOST_IN_SLICE)))


def rests_until(row: Relay, now: datetime) -> datetime | None:
    """When a relay that is down is tried again; None where it may be tried."""
    return row.down_until if _holds(row.down_until, now, _LONGEST_REST) else None


def _holds(until: datetime | None, now: datetime, longest: timedelta) -> bool:
    """Whether it is yet to come, and no further off than a clock can have written that has not
    been set back since."""
    return until is not None and now < until <= now + longest + _SLACK


def _worth(way: Way, messages: int) -> timedelta:
    """The time that the relay's rate gives to so many."""
    return timedelta(seconds=messages / way.rate)


def _rows(names: list[str]) -> list[Relay]:
    """The rows of these relays, made where new, locked so that limits hold among workers."""
    known = list(Relay.objects.select_for_update().filter(name__in=names).order_by("name"))
    if len(known) < len(names):
        with transaction.atomic():
            Relay.objects.bulk_create([Relay(name=name) for name in names], ignore_conflicts=True)
        known = list(Relay.objects.select_for_update().filter(name__in=names).order_by("name"))
    return known


def _busy(now: datetime) -> Counter[str]:
    """Slices out at this moment, by relay."""
    rows = Slice.objects.filter(state=SliceState.OPEN, lease_until__gte=now)
    return Counter(rows.values_list("relay", flat=True))
