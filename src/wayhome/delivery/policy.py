"""The contact policy, asked once more at hand-off: may this message go to this address now?

Pure: it reads no clock and no database, so that every rule can be tried by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from wayhome.delivery.sending_sql import OwedDelivery, Served


@dataclass(frozen=True)
class Go:
    """It may, for these travellers."""

    served: tuple[Served, ...]


@dataclass(frozen=True)
class Withdrawn:
    """It may not any more, and why."""

    why: str


@dataclass(frozen=True)
class NotBefore:
    """Not now: it is night there. ``moment`` is the instance's time, aware UTC."""

    moment: datetime


@dataclass(frozen=True)
class Occasion:
    """What is to be sent, as far as the policy asks.

    ``waits``: it keeps to the hours that people chose (a warning does not, nor a code that was
    asked for this minute). ``without_people``: it goes to its address even where nobody is served
    there any longer: a correction follows what it corrects, a canary serves nobody.
    """

    now: datetime
    waits: bool
    verified_only: bool = False
    without_people: bool = False


Verdict = Go | Withdrawn | NotBefore


def deciding(served: Sequence[Served]) -> Sequence[Served]:
    """Those whose wishes hold for one message to all: where somebody has shown that the address is
    theirs, whoever has only typed it decides nothing about its words, language or hours."""
    return [row for row in served if row.verified] or served


def decide(occasion: Occasion, delivery: OwedDelivery, served: Sequence[Served]) -> Verdict:
    """Whether a delivery may be handed over; the first rule that holds decides."""
    if delivery.withheld:
        return Withdrawn(delivery.withheld)
    if occasion.verified_only:
        served = [row for row in served if row.verified]
    if not served:
        return Go(()) if occasion.without_people else Withdrawn("nobody is reached there any more")
    if occasion.waits:
        ends = [_quiet_ends(row, occasion.now) for row in deciding(served)]
        asleep = [end for end in ends if end is not None]
        if len(asleep) == len(ends):
            return NotBefore(min(asleep))
    return Go(tuple(served))


def _quiet_ends(row: Served, now: datetime) -> datetime | None:
    """When the quiet hours of a reach that last now will end, aware UTC; None outside them."""
    if row.quiet_from is None or row.quiet_until is None or row.quiet_from == row.quiet_until:
        return None
    local = now.astimezone(_zone(row.time_zone))
    at = local.time().replace(tzinfo=None)
    if row.quiet_from < row.quiet_until:
        quiet, next_day = row.quiet_from <= at < row.quiet_until, False
    else:  # over midnight
        quiet, next_day = at >= row.quiet_from or at < row.quiet_until, at >= row.quiet_from
    if not quiet:
        return None
    day = local.date() + timedelta(days=1 if next_day else 0)
    ends = datetime.combine(day, row.quiet_until, local.tzinfo).astimezone(UTC)
    return max(ends, now + timedelta(minutes=1))  # a clock set back in the night


def _zone(name: str) -> tzinfo:
    """A zone that this host does not know (any more) must not keep a message from going."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC
