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
_LONGEST_MESSAGE_SECONDS = 30.0


@dataclass(frozen=True)
class Way:
    """One relay of a route. ``rate`` messages a second and ``connections``: 0 is no limit.

    ``open`` is told whether the relay has taken mail of ours before.
    """

    name: str
    open: Callable[[bool], Session]
    weight: float = 1
    rate: float = 0
    connections: int = 0
    has_sent: bool = False


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

    def opener(relay: smtp.Relay) -> Callable[[bool], Session]:
        return lambda has_sent: smtp.open_session(
            relay, sender, address, timeout_seconds=seconds, has_sent=has_sent
        )

    return [
        Way(relay.name, opener(relay), relay.weight, relay.rate or 0, relay.connections or 0)
        for relay in smtp.read_relays(settings.WAYHOME_SMTP_URL)
    ]


def choose(route: str, size: int, now: datetime) -> Way | None:
    """The relay for the next slice of ``size`` messages, by weight among those that may have it;
    None where none may. Inside the transaction that leases the slice."""
    of_route = ways(route)
    rows = {row.name: row for row in _rows([way.name for way in of_route])}
    busy = _busy(now)
    free = [way for way in of_route if _may(way, rows[way.name], busy[way.name], now)]
    if not free:
        return None
    chosen = random.choices(free, [way.weight for way in free])[0]
    if chosen.rate:
        took = timedelta(seconds=size / chosen.rate)
        begins = max(now, rows[chosen.name].free_at or now)
        Relay.objects.filter(name=chosen.name).update(free_at=begins + took)
    return replace(chosen, has_sent=rows[chosen.name].sent > 0)


@writes
def mark_down(name: str, error: str, now: datetime) -> None:
    """It failed as a whole: let it rest."""
    row = Relay.objects.get(name=name)
    doublings: int = 2 ** min(row.failures, 10)
    Relay.objects.filter(name=name).update(
        failures=F("failures") + 1,
        down_until=now + min(_FIRST_REST * doublings, _LONGEST_REST),
        last_error=error[:300],
    )


@writes
def note_sent(name: str, sent: int, seconds: float) -> None:
    """A slice went through it: it is well again."""
    Relay.objects.filter(name=name).update(
        failures=0,
        down_until=None,
        last_error="",
        sent=F("sent") + sent,
        sending_seconds=F("sending_seconds") + seconds,
    )


def _may(way: Way, row: Relay, busy: int, now: datetime) -> bool:
    is_up = row.down_until is None or row.down_until <= now
    has_room = not way.connections or busy < way.connections
    return is_up and has_room and (not way.rate or row.free_at is None or row.free_at <= now)


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
