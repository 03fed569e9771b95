"""Random worlds: people near borders, the antimeridian and the poles, and regions drawn there.

A world keeps the facts that ``affects`` sees and writes the rows that matching reads, through the
writers that enrolment uses. Places, days and regions crowd around a few spots and edges, because
that is where the two could differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from tests.support.spots import drawn_points, places, regions, related_codes, spots
from wayhome.audience.affects import LegEndFacts, StayFacts, Window
from wayhome.places.affects import StayPlace
from wayhome.places.region import AnyRegion
from wayhome.trips import matchrows
from wayhome.trips.models import LegEnd, LegMatch, Stay, StayMatch

DAY_ZERO = date(2014, 6, 16)


@dataclass(frozen=True)
class StayOf:
    """A traveller's stay."""

    traveller: int
    facts: StayFacts


@dataclass(frozen=True)
class LegEndOf:
    """One end of a traveller's leg."""

    traveller: int
    facts: LegEndFacts


@dataclass(frozen=True)
class World:
    """Stays and leg ends are numbered from 1 in the order in which they stand."""

    stays: tuple[StayOf, ...]
    leg_ends: tuple[LegEndOf, ...]

    def write(self) -> None:
        """Replace all matching rows by those of this world."""
        StayMatch.objects.all().delete()
        LegMatch.objects.all().delete()
        for number, stay in enumerate(self.stays, 1):
            matchrows.write_stay(
                Stay(
                    pk=number,
                    trip_id=number,
                    line=1,
                    arrive=stay.facts.arrive,
                    depart=stay.facts.depart,
                    departure_confirmed=stay.facts.departure_confirmed,
                    **_placed(stay.facts.place),
                ),
                stay.traveller,
            )
        for number, end in enumerate(self.leg_ends, 1):
            row = LegEnd(pk=number, leg_id=number, at=end.facts.at, **_placed(end.facts.place))
            LegMatch.objects.bulk_create(matchrows.rows_of_leg_ends([row], end.traveller))


def _placed(place: StayPlace) -> dict[str, Any]:
    return {
        "lon": place.lon,
        "lat": place.lat,
        "radius_m": place.radius_m,
        "areas": [list(pair) for pair in place.areas],
    }


@st.composite
def windows(draw: st.DrawFn) -> Window:
    day = datetime(2014, 6, 16, tzinfo=UTC) + timedelta(days=draw(st.integers(-1, 1)))
    start = day + draw(
        st.sampled_from((timedelta(0), timedelta(hours=11), timedelta(hours=23, minutes=59)))
    )
    length = draw(st.sampled_from((0, 0, 1, 24, 72, 24 * 40)))
    return Window(
        start,
        start + timedelta(hours=length),
        lead_days=draw(st.sampled_from((0, 1, 7, 30))),
        grace_days=draw(st.sampled_from((0, 1, 7, 30))),
    )


_LENGTHS = (0, 1, 2, 7, 29, 30, 31, 32, 60, 364, 365, 366, 367, 800)


@st.composite
def _days(draw: st.DrawFn, window: Window) -> tuple[date, date | None, bool]:
    """Days that begin or end at an edge of what the window asks for, or a day off it."""
    off = draw(st.integers(-2, 2))
    if draw(st.integers(0, 9)) == 0:
        return date(1900, 1, 1), None, False
    if draw(st.booleans()):
        ends = draw(st.sampled_from((0, window.grace_days, window.grace_days + 1)))
        depart = window.first_day - timedelta(days=ends + off)
        arrive = depart - timedelta(days=draw(st.sampled_from(_LENGTHS)))
        return arrive, depart, draw(st.booleans())
    begins = draw(st.sampled_from((0, window.lead_days, window.lead_days + 1)))
    arrive = window.last_day + timedelta(days=begins + off)
    length = draw(st.sampled_from((*_LENGTHS, None)))
    if length is None:
        return arrive, None, False
    return arrive, arrive + timedelta(days=length), draw(st.booleans())


@st.composite
def _moments(draw: st.DrawFn, window: Window) -> datetime:
    hours = draw(st.sampled_from((-4, -3, -1, 0, 1, 3, 4)))
    begins = draw(
        st.sampled_from((window.start, window.end, window.end + timedelta(days=window.lead_days)))
    )
    off = draw(st.sampled_from((timedelta(0), timedelta(microseconds=1), timedelta(seconds=1))))
    return begins + timedelta(hours=hours) + off * draw(st.sampled_from((-1, 1)))


@st.composite
def asked_worlds(draw: st.DrawFn) -> tuple[World, AnyRegion, Window]:
    """A world, and a region and window that are asked of it."""
    there = draw(spots())
    region = draw(regions(there))
    window = draw(windows())
    where = places(there, drawn_points(region), related_codes(region))
    traveller = st.integers(1, 12)
    stays = []
    for _ in range(draw(st.integers(1, 14))):
        who, place, (arrive, depart, left) = draw(traveller), draw(where), draw(_days(window))
        stays.append(StayOf(who, StayFacts(place, arrive, depart, left)))
    legs = [
        LegEndOf(draw(traveller), LegEndFacts(draw(where), draw(_moments(window))))
        for _ in range(draw(st.integers(0, 3)))
    ]
    return World(tuple(stays), tuple(legs)), region, window
