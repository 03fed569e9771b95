"""Write trips: stays, legs and watches, with the narrow rows that matching reads."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Model

from wayhome.places import pack
from wayhome.places.placing import Placed
from wayhome.travellers.services import clean_words
from wayhome.trips.enrolment import Checked
from wayhome.trips.matchrows import day_number, match_values
from wayhome.trips.models import NO_END, Leg, LegEnd, LegMatch, Stay, StayMatch, Trip, Watch
from wayhome.trips.rows import place_values
from wayhome.work import clock
from wayhome.work.db import writes
from wayhome.work.rows import Reserved, Value, insert
from wayhome.work.services import tell_many

Row = tuple[Value, ...]

_PLACE = ("words", "precision", "lon", "lat", "radius_m", "areas")
_MATCH = ("key", "area", "certainty", "lon", "lat", "radius_m")


@dataclass(frozen=True)
class TripOf:
    """One trip that is to be written: numbers of its registration and traveller, the door that its
    stays came through, and what was said of them."""

    registration: int
    traveller: int
    source: str
    checked: Checked


@writes
def write_trips(trips: Iterable[TripOf]) -> None:
    """Write these trips of people who are enrolled, and what is owed to whoever is placed."""
    made = list(trips)
    free = Reserved(rows_of_trips([trip.checked for trip in made]))
    tell_many("trips.placed", write_trip_rows(made, free, clock.now()))


def rows_of_trips(trips: Sequence[Checked]) -> dict[type[Model], int]:
    """How many rows of each table ``write_trip_rows`` takes numbers for."""
    legs = sum(len(each.said.legs) for each in trips)
    stays = sum(len(each.said.stays) for each in trips)
    return {Trip: len(trips), Stay: stays, Leg: legs, LegEnd: 2 * legs}


def write_trip_rows(trips: Sequence[TripOf], free: Reserved, now: datetime) -> set[int]:
    """Write these trips and the rows that matching reads, inside the transaction of what makes
    them; the travellers whom they place, for whoever tells it."""
    numbered = [(free.take(Trip), trip) for trip in trips]
    insert(
        Trip,
        ("id", "registration_id", "made_at"),
        ((number, trip.registration, now) for number, trip in numbered),
    )
    _write_stays(numbered, free, now)
    _write_legs(numbered, free)
    insert(
        Watch,
        ("registration_id", "area", "since"),
        (
            (trip.registration, code, now)
            for trip in trips
            for code in dict.fromkeys(pack.area(area).code for area in trip.checked.said.watches)
        ),
    )
    return {trip.traveller for trip in trips}


def _write_stays(trips: list[tuple[int, TripOf]], free: Reserved, now: datetime) -> None:
    stays: list[Row] = []
    matches: list[Row] = []
    for trip_number, trip in trips:
        pairs = zip(trip.checked.said.stays, trip.checked.stays, strict=True)
        for line, (said, placed) in enumerate(pairs, 1):
            number = free.take(Stay)
            stays.append(
                (number, trip_number, line, said.arrive, said.depart, trip.source, now,
                 *place_values(placed))
            )  # fmt: skip
            depart = NO_END if said.depart is None else day_number(said.depart)
            days = (trip.traveller, number, day_number(said.arrive), depart, False)
            matches += [(*where, *days) for where in match_values(placed)]
    insert(
        Stay,
        ("id", "trip_id", "line", "arrive", "depart", "source", "said_at", *_PLACE),
        stays,
    )
    insert(
        StayMatch,
        (*_MATCH, "traveller_id", "stay_id", "arrive", "depart", "departed"),
        matches,
    )


def _write_legs(trips: list[tuple[int, TripOf]], free: Reserved) -> None:
    legs: list[Row] = []
    ends: list[tuple[int, datetime, Placed, int]] = []
    for trip_number, trip in trips:
        pairs = zip(trip.checked.said.legs, trip.checked.legs, strict=True)
        for line, (said, placed) in enumerate(pairs, 1):
            number = free.take(Leg)
            legs.append(
                (number, trip_number, line, said.mode, clean_words(said.carrier)[:60],
                 clean_words(said.number)[:20], said.departs_at, said.arrives_at)
            )  # fmt: skip
            for end, at in zip(placed, (said.departs_at, said.arrives_at), strict=True):
                ends.append((number, at, end, trip.traveller))
    insert(
        Leg,
        ("id", "trip_id", "line", "mode", "carrier", "number", "departs_at", "arrives_at"),
        legs,
    )
    numbered = [(free.take(LegEnd), end) for end in ends]
    insert(
        LegEnd,
        ("id", "leg_id", "at", *_PLACE),
        ((number, leg, at, *place_values(end)) for number, (leg, at, end, _) in numbered),
    )
    insert(
        LegMatch,
        (*_MATCH, "traveller_id", "leg_end_id", "at"),
        (
            (*where, traveller, number, at)
            for number, (_, at, end, traveller) in numbered
            for where in match_values(end)
        ),
    )
