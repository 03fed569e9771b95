"""How fresh it is what we know of a stay: it decays from the last time that somebody said so.

Pure, but for the words of the SQL that says the same of many stays at once.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

FRESH_DAYS = 30
STALE_DAYS = 90
BEFORE_DAYS = 7  # a stay that begins is asked about so long before
EVERY_DAYS = 30  # while a long one lasts
LONG_DAYS = 45  # shorter ones are not asked about while they last
JUST_SAID_DAYS = 14  # what was said so lately is not asked again


class Freshness(StrEnum):
    FRESH = "fresh"
    AGEING = "ageing"
    STALE = "stale"


def freshness(said: date, depart: date | None, today: date) -> Freshness:
    """Of a stay last said or confirmed on ``said``. Once its last day has passed it is ageing at
    best: nobody has said that they stayed."""
    age = (today - said).days
    if age > STALE_DAYS:
        return Freshness.STALE
    if age > FRESH_DAYS or (depart is not None and depart < today):
        return Freshness.AGEING
    return Freshness.FRESH


class Occasion(StrEnum):
    BEFORE = "before"
    DURING = "during"
    AFTER = "after"


@dataclass(frozen=True)
class Ask:
    """When somebody is asked about a stay next, and on which occasion."""

    due: date
    occasion: Occasion


def next_ask(
    arrive: date, depart: date | None, said: date, asked: date | None, *, departed: bool
) -> Ask | None:
    """The next question about a stay last said on ``said`` and last asked about on ``asked``.

    Once before it begins, every thirty days while a long one lasts, once when it has ended; an
    occasion that was asked about is past, answered or not, and what was said just before it is not
    asked again. None where departure is confirmed or nothing is left to ask.
    """
    if departed:
        return None
    past = asked or date.min
    before = arrive - timedelta(days=BEFORE_DAYS)
    if past < before and said < before - timedelta(days=JUST_SAID_DAYS - BEFORE_DAYS):
        return Ask(before, Occasion.BEFORE)
    after = None if depart is None else depart + timedelta(days=1)
    if after is None or (depart is not None and (depart - arrive).days >= LONG_DAYS):
        during = max(arrive, said, past) + timedelta(days=EVERY_DAYS)
        if after is None or during < after - timedelta(days=JUST_SAID_DAYS):
            return Ask(during, Occasion.DURING)
    if after is not None and past < after and said < after:
        return Ask(after, Occasion.AFTER)
    return None
