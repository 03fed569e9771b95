"""``affects``: the one definition of who is concerned. Every fast path must equal it.

Written to be read, not to be quick: no prefilter, no index, one stay at a time.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from wayhome.audience.models import Reason
from wayhome.places.affects import StayPlace, place_certainty
from wayhome.places.resolve import Resolved

SLACK_DAYS = 1  # days are local calendar days, a window is UTC
TRANSIT = timedelta(hours=3)  # how long one is about an airport before leaving, after arriving

NO, POSSIBLE, CERTAIN = 0, 1, 2


@dataclass(frozen=True)
class Window:
    """The time asked about, aware UTC, ends included; days before arrival and after departure
    for which a stay is warned all the same."""

    start: datetime
    end: datetime
    lead_days: int = 7
    grace_days: int = 7

    @property
    def first_day(self) -> date:
        return self.start.date()

    @property
    def last_day(self) -> date:
        return self.end.date()


@dataclass(frozen=True)
class StayFacts:
    """A stay as ``affects`` sees it: place, local days, whether departure was confirmed."""

    place: StayPlace
    arrive: date
    depart: date | None
    departure_confirmed: bool = False


@dataclass(frozen=True)
class LegEndFacts:
    """Where and when one boards, changes or alights."""

    place: StayPlace
    at: datetime


@dataclass(frozen=True)
class Affected:
    certainty: int  # POSSIBLE or CERTAIN
    reason: Reason


def affects(subject: StayFacts | LegEndFacts, region: Resolved, window: Window) -> Affected | None:
    """Whether the region concerns this stay or leg end in the window, how surely, and why."""
    where = place_certainty(subject.place, region)
    if where == NO:
        return None
    when = _leg(subject, window) if isinstance(subject, LegEndFacts) else _days(subject, window)
    if when is None:
        return None
    certainty, reason = when
    return Affected(min(where, certainty), reason)


def _days(stay: StayFacts, window: Window) -> tuple[int, Reason] | None:
    arrive, depart = stay.arrive, stay.depart or date.max
    slack = timedelta(days=SLACK_DAYS)

    def meets(first: date, last: date) -> bool:
        return first <= window.last_day and last >= window.first_day

    if meets(arrive, depart):
        return CERTAIN, Reason.THERE
    if meets(arrive - slack, _plus(depart, slack)):
        return POSSIBLE, Reason.THERE
    if meets(arrive - slack - timedelta(days=window.lead_days), arrive):
        return CERTAIN, Reason.DUE_TO_ARRIVE
    if not stay.departure_confirmed and meets(
        depart, _plus(depart, slack + timedelta(days=window.grace_days))
    ):
        return POSSIBLE, Reason.DUE_TO_HAVE_LEFT
    return None


def _leg(end: LegEndFacts, window: Window) -> tuple[int, Reason] | None:
    if window.start - TRANSIT <= end.at <= window.end + TRANSIT:
        return CERTAIN, Reason.IN_TRANSIT
    if window.end < end.at <= window.end + timedelta(days=window.lead_days):
        return CERTAIN, Reason.DUE_THROUGH
    return None


def _plus(day: date, more: timedelta) -> date:
    return day if day > date.max - more else day + more
