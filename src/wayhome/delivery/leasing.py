"""Leases of slices: taken by the database's clock under a token, renewed with every batch."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from wayhome.delivery import recording, relays, sending_sql
from wayhome.delivery.models import Slice, SliceState
from wayhome.delivery.recording import Tried
from wayhome.delivery.types import DeliveryKey
from wayhome.work import clock
from wayhome.work.clock import database_now
from wayhome.work.db import writes
from wayhome.work.registry import set_right

# No honest lease ends later than this: the clock that wrote it has been set back since.
_ABSURD = timedelta(minutes=5)


class Overtaken(Exception):
    """The slice is no longer this worker's."""


@dataclass(frozen=True)
class Lease:
    slice: Slice
    way: relays.Way


def lease() -> Lease | None:
    """The slice due first, if any route has room for it."""
    now = database_now()
    # Idle workers look twice a second each: they must not queue for the write lock.
    return _lease() if sending_sql.is_any_due(now, _until(now) + _ABSURD) else None


@writes
def _lease() -> Lease | None:
    now = database_now()
    until = _until(now)
    full: set[str] = set()
    while True:
        found = sending_sql.next_slice(now, until + _ABSURD, full)
        if found is None:
            return None
        leased = Slice.objects.get(pk=found[0])
        way = relays.choose(leased.route, leased.size, now)
        if way is not None:
            break
        full.add(leased.route)
    if leased.lease_until is not None:
        _doubt(leased)
    leased.token = secrets.token_hex(16)
    leased.lease_until = until
    leased.relay = way.name
    leased.save(update_fields=["token", "lease_until", "relay"])
    return Lease(leased, way)


def _doubt(leased: Slice) -> None:
    """Its last worker never said how it ended: any of these may have gone, and the history must
    say so, for a correction follows whatever may have gone."""
    why, now = "a worker was lost: it may have gone", clock.now()
    recording.apply(
        [Tried(key, "later", why, "", leased.relay, now) for key in sending_sql.keys_of(leased.pk)]
    )


@writes
def record(
    leased: Slice, tried: Sequence[Tried], *, unsure: bool = False
) -> dict[DeliveryKey, int]:
    """Record a batch and renew the lease; returns how often each delivery has been tried.
    ``unsure``: some of it may be recorded already.

    Overtaken, and nothing recorded, where the token is no longer the slice's.
    """
    mine = Slice.objects.filter(pk=leased.pk, token=leased.token, state=SliceState.OPEN)
    if not mine.update(lease_until=_until(database_now())):
        raise Overtaken("another worker has taken it over")
    return recording.apply_rest(tried) if unsure else recording.apply(tried)


@writes
def close(leased: Slice) -> None:
    """All of it is done or in another slice: asserts that nothing in it is owed."""
    owed = sending_sql.count_in_slice(leased.pk)
    mine = Slice.objects.filter(pk=leased.pk, token=leased.token)
    if owed and mine.exists():
        raise RuntimeError(f"{leased} would be closed while it owes {owed} deliveries")
    mine.update(state=SliceState.DONE, lease_until=None, token="")


@writes
def release(leased: Slice, error: str = "") -> None:
    """Let anyone take what is left of it, at once."""
    values = {"tries": leased.tries + 1, "last_error": error[:300]} if error else {}
    Slice.objects.filter(pk=leased.pk, token=leased.token).update(
        lease_until=None, token="", **values
    )


@set_right
@writes
def slices_of_a_wrong_clock(now: datetime) -> str:
    """No slice was cut in the future."""
    absurd = Slice.objects.filter(state=SliceState.OPEN, cut_at__gt=now + _ABSURD)
    n = absurd.update(cut_at=now, due_at=now)
    return f"{n} slices" if n else ""


def _until(now: datetime) -> datetime:
    return now + timedelta(seconds=settings.WAYHOME_LEASE_SECONDS)
