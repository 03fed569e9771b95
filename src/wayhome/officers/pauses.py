"""How long whoever guessed wrong must wait. Pure: it reads no clock and no database.

What makes an officer wait are failures of their own account from their own place (the network, or
the browser where they have signed in before). Failures elsewhere only make it stricter for places
that the account does not know: nobody can shut an officer out, and one shared address of an
embassy shuts out nobody.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

FREE = 3  # tries that cost nothing
FIRST = timedelta(seconds=5)
FIRST_STRICT = timedelta(minutes=5)  # and no try but one is free
LONGEST = timedelta(minutes=15)
FORGOTTEN = timedelta(hours=24)  # after the last try of a place

# Failures within a day, from anywhere, after which unknown places are met strictly.
ACCOUNT_ATTACKED = 50
NETWORK_ATTACKS = 100
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Tries:
    """Tries without success, and when the last was."""

    count: float
    last_at: datetime


def pause_after(count: int, *, strict: bool) -> timedelta:
    """How long to wait after so many failures in a row."""
    free, first = (1, FIRST_STRICT) if strict else (FREE, FIRST)
    if count < free:
        return timedelta(0)
    doublings = min(count - free, 20)
    pause: timedelta = first * 2**doublings
    return min(pause, LONGEST)


def wait(place: Tries | None, now: datetime, *, strict: bool) -> timedelta:
    """How long this account must still wait at this place; nothing: it may be tried now."""
    if place is None or _is_forgotten(place, now):
        return timedelta(0)
    # A clock that was set back makes nobody wait longer than a pause.
    since = max(now - place.last_at, timedelta(0))
    return max(pause_after(round(place.count), strict=strict) - since, timedelta(0))


def tried(place: Tries | None, now: datetime) -> Tries:
    """The tries of an account at a place, with one more."""
    before = 0.0 if place is None or _is_forgotten(place, now) else place.count
    return Tries(before + 1, now)


def level(tries: Tries | None, now: datetime, most: int) -> float:
    """Failures from anywhere that still count, where ``most`` are forgotten in a day."""
    if tries is None:
        return 0.0
    gone = max(now - tries.last_at, timedelta(0)) / _DAY * most
    return max(tries.count - gone, 0.0)


def poured(tries: Tries | None, now: datetime, most: int) -> Tries:
    """The failures from anywhere, with one more; never above twice ``most``, so that an attack
    which has ended is forgotten within two days."""
    return Tries(min(level(tries, now, most) + 1, 2.0 * most), now)


def _is_forgotten(place: Tries, now: datetime) -> bool:
    return now - place.last_at >= FORGOTTEN
