"""Enrol, change and end stays. Each writes its matching rows and tells ``trips.placed``."""

from collections.abc import Iterable
from datetime import date

from django.db.models import Max, Q

from wayhome.places import pack
from wayhome.places.placing import Placed
from wayhome.problems import Problem
from wayhome.travellers.models import (
    Door,
    Organisation,
    Registration,
)
from wayhome.travellers.queries import own_registrations
from wayhome.trips import matchrows
from wayhome.trips.enrolment import (
    EnrolmentSaid,
    StaySaid,
    check,
    check_days,
    check_stay,
)
from wayhome.trips.models import LegEnd, Stay, Trip, Watch
from wayhome.trips.queries import open_watches
from wayhome.trips.rows import place_fields
from wayhome.trips.writing import enrol_many
from wayhome.work import clock
from wayhome.work.db import writes
from wayhome.work.services import tell

MOST_CLAIMS = 20  # of one stay, while a muster lasts


def enrol(
    said: EnrolmentSaid,
    *,
    door: str = Door.SELF,
    entered_by: int | None = None,
    organisation: Organisation | None = None,
) -> list[Registration]:
    """Write one enrolment whole, or raise Problems and write nothing.

    Every person gets a registration (answered in the order they were named), a trip and stays of
    their own; an address given for all serves the party. Minors are in the care of the first adult.
    """
    checked = check(said, clock.today())
    (written,) = enrol_many([checked], door=door, entered_by=entered_by, organisation=organisation)
    return own_registrations(written.registrations)


@writes
def watch(registration: Registration, area: str) -> Watch:
    """Hear about ``area`` (a code, former ones understood) without being there."""
    made, _ = Watch.objects.get_or_create(
        registration=registration,
        area=pack.area(area).code,
        until=None,
        defaults={"since": clock.now()},
    )
    return made


@writes
def end_watches(registration: Registration, areas: Iterable[str]) -> int:
    """End the watches of these areas by an adult and the minors in their care; how many ended.

    Their stays are untouched: a person who is there cannot be taken off by this.
    """
    watches = open_watches(registration).filter(area__in=list(areas))
    return watches.update(until=clock.now())


@writes
def change_stay(
    stay_id: int,
    *,
    said: StaySaid | None = None,
    depart: date | None = None,
    source: str = Door.SELF,
) -> Stay:
    """A new version of a current stay: another place and days, or only another last day.

    The words of the place as they stand keep it exactly: read again they might mean another.
    """
    stay = _current(stay_id)
    placed: Placed | None = None
    changes: dict[str, object] = {"departure_confirmed": False}
    if said is not None:
        if said.country is None and said.place.strip() == stay.words:
            check_days(said, clock.today())
        else:
            placed = check_stay(said, clock.today())
        changes |= {"arrive": said.arrive, "depart": said.depart}
    elif depart is not None:
        if depart < stay.arrive:
            raise Problem("depart", f"{depart} is before the arrival {stay.arrive}", "mend the day")
        changes["depart"] = depart
    return _new_version(stay, placed, source, changes)


@writes
def claim_stay(stay_id: int, said: StaySaid) -> Stay:
    """Another place or other days, said by somebody who is being looked for: kept beside the stay
    that it is said instead of, and both count until ``settle_claims``."""
    stay = _current(stay_id)
    placed: Placed | None = None
    if said.country is None and said.place.strip() == stay.words:
        check_days(said, clock.today())
    else:
        placed = check_stay(said, clock.today())
    origin = stay.instead_of or stay.line
    of_trip = Stay.objects.filter(trip=stay.trip)
    if of_trip.filter(instead_of=origin, is_current=True).count() >= MOST_CLAIMS:
        raise Problem("stay", "was changed very often", "tell an officer where you are")
    fresh = Stay.objects.create(
        trip=stay.trip,
        line=(of_trip.aggregate(n=Max("line"))["n"] or 0) + 1,
        arrive=said.arrive,
        depart=said.depart,
        source=Door.SELF,
        said_at=clock.now(),
        instead_of=origin,
        **(place_fields(placed) if placed is not None else _place_of(stay)),
    )
    traveller = stay.trip.registration.traveller_id
    matchrows.write_stay(fresh, traveller)
    tell("trips.placed", traveller)
    return fresh


@writes
def add_stay(trip: Trip, said: StaySaid, source: str) -> Stay:
    """One more stay of a trip, after those that it has."""
    placed = check_stay(said, clock.today())
    newest = Stay.objects.filter(trip=trip).aggregate(n=Max("line"))["n"] or 0
    fresh = Stay.objects.create(
        trip=trip,
        line=newest + 1,
        arrive=said.arrive,
        depart=said.depart,
        source=source,
        said_at=clock.now(),
        **place_fields(placed),
    )
    traveller = trip.registration.traveller_id
    matchrows.write_stay(fresh, traveller)
    tell("trips.placed", traveller)
    return fresh


def travellers_with_claims() -> dict[int, list[int]]:
    """Trips with stays that are said instead of others, by traveller."""
    found: dict[int, list[int]] = {}
    rows = Stay.objects.filter(is_current=True, instead_of__isnull=False)
    pairs = rows.values_list("trip__registration__traveller_id", "trip_id").distinct()
    for traveller_id, trip_id in pairs.order_by("trip_id"):
        found.setdefault(traveller_id, []).append(trip_id)
    return found


@writes
def settle_claims(trip_id: int) -> None:
    """Nobody is looked for any more: what was said last holds, and what it was said instead of is
    history."""
    current = Stay.objects.filter(trip_id=trip_id, is_current=True)
    last: dict[int, Stay] = {}
    for claim in current.filter(instead_of__isnull=False).order_by("pk"):
        last[claim.instead_of or 0] = claim
    for origin, claim in last.items():
        said = current.filter(Q(line=origin) | Q(instead_of=origin))
        newest = said.order_by("pk").last() or claim  # the first place may have been said again
        numbers = list(said.exclude(pk=newest.pk).values_list("pk", flat=True))
        matchrows.remove(numbers)
        Stay.objects.filter(pk__in=numbers).update(is_current=False)
        Stay.objects.filter(pk=newest.pk).update(instead_of=None)
    if last:
        registration = Registration.objects.get(pk=Trip.objects.get(pk=trip_id).registration_id)
        tell("trips.placed", registration.traveller_id)


@writes
def confirm_departure(stay_id: int, on: date, source: str = Door.OFFICER) -> Stay:
    """The person has left for certain (an officer or an arrival says so): no days of grace."""
    stay = _current(stay_id)
    if on < stay.arrive:
        raise Problem("departed", f"{on} is before the arrival {stay.arrive}", "mend the day")
    return _new_version(stay, None, source, {"depart": on, "departure_confirmed": True})


@writes
def withdraw_stay(stay_id: int) -> None:
    """Somebody will not be there after all: the stay is history."""
    stay = _current(stay_id)
    Stay.objects.filter(pk=stay.pk).update(is_current=False)
    matchrows.remove([stay.pk])
    tell("trips.placed", stay.trip.registration.traveller_id)


@writes
def repoint(registration: Registration) -> None:
    """Matching rows follow a registration that was given to another traveller."""
    trips = Trip.objects.filter(registration=registration)
    matchrows.repoint(
        list(Stay.objects.filter(trip__in=trips).values_list("pk", flat=True)),
        list(LegEnd.objects.filter(leg__trip__in=trips).values_list("pk", flat=True)),
        registration.traveller_id,
    )
    tell("trips.placed", registration.traveller_id)


def _current(stay_id: int) -> Stay:
    stay = Stay.objects.select_related("trip__registration").filter(pk=stay_id).first()
    if stay is None:
        raise Problem("stay", f"{stay_id} is unknown", "reload the page")
    if not stay.is_current:
        raise Problem("stay", "was changed meanwhile", "reload the page and change the newest")
    return stay


def _new_version(
    stay: Stay, placed: Placed | None, source: str, changes: dict[str, object]
) -> Stay:
    if not Stay.objects.filter(pk=stay.pk, is_current=True).update(is_current=False):
        raise Problem("stay", "was changed meanwhile", "reload the page and change the newest")
    newest = Stay.objects.filter(trip=stay.trip, line=stay.line).aggregate(n=Max("version"))["n"]
    values: dict[str, object] = _place_of(stay) | {
        "arrive": stay.arrive,
        "depart": stay.depart,
        "instead_of": stay.instead_of,
    }
    if placed is not None:
        values |= place_fields(placed)
    fresh = Stay.objects.create(
        trip=stay.trip,
        line=stay.line,
        version=newest + 1,
        source=source,
        said_at=clock.now(),
        **(values | changes),
    )
    traveller = stay.trip.registration.traveller_id
    matchrows.write_stay(fresh, traveller)
    tell("trips.placed", traveller)
    return fresh


def _place_of(stay: Stay) -> dict[str, object]:
    names = ("words", "precision", "lon", "lat", "radius_m", "areas")
    return {name: getattr(stay, name) for name in names}
