"""Enrol, change and end stays. Each writes its matching rows and tells ``trips.placed``."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Max, Q

from wayhome.places import pack
from wayhome.places.placing import Placed
from wayhome.problems import Problem
from wayhome.travellers import services as travellers
from wayhome.travellers.models import (
    Assurance,
    ContactPoint,
    Door,
    Organisation,
    Party,
    Reach,
    Registration,
    Traveller,
)
from wayhome.trips import matchrows
from wayhome.trips.enrolment import (
    Checked,
    EnrolmentSaid,
    PersonSaid,
    StaySaid,
    check,
    check_days,
    check_stay,
)
from wayhome.trips.models import Leg, LegEnd, Stay, Trip, Watch
from wayhome.trips.queries import open_watches
from wayhome.work import clock
from wayhome.work.db import writes
from wayhome.work.services import tell

MOST_CLAIMS = 20  # of one stay, while a muster lasts


@dataclass(frozen=True)
class Enrolled:
    """What an enrolment made: one registration for each person, in the order they were named."""

    registrations: list[Registration]
    party: Party | None


def enrol(
    said: EnrolmentSaid,
    *,
    door: str = Door.SELF,
    entered_by: int | None = None,
    organisation: Organisation | None = None,
) -> Enrolled:
    """Write one enrolment whole, or raise Problems and write nothing.

    Every person gets a registration, a trip and stays of their own; an address given for all
    serves the party. Minors are in the care of the first adult.
    """
    return _write(check(said, clock.today()), door, entered_by, organisation)


@writes
def _write(
    checked: Checked, door: str, entered_by: int | None, organisation: Organisation | None
) -> Enrolled:
    said = checked.said
    first_adult: Traveller | None = None
    made: dict[int, Registration] = {}
    # Adults first, since minors need a guardian's row; the answer keeps the order of naming.
    for index, person in sorted(enumerate(said.people), key=lambda pair: pair[1].minor):
        is_reachable = said.verified_at or said.verified(person)
        registration = travellers.register(
            person.name,
            door=door,
            assurance=Assurance.REACHABLE if is_reachable else Assurance.SELF_DECLARED,
            guardian=first_adult if person.minor else None,
            entered_by=entered_by,
            organisation=organisation,
            reference=person.reference,
            original=_original(said, person),
        )
        first_adult = first_adult or registration.traveller
        made[index] = registration
    registrations = [made[index] for index in range(len(said.people))]
    party = travellers.make_party(registrations) if len(registrations) > 1 else None
    _write_reaches(said, registrations, party)
    for registration in registrations:
        _write_trip(registration, checked)
        tell("trips.placed", registration.traveller_id)
    return Enrolled(registrations, party)


def _write_reaches(
    said: EnrolmentSaid, registrations: list[Registration], party: Party | None
) -> None:
    speaker = next(r for r, p in zip(registrations, said.people, strict=True) if not p.minor)
    mail, phone = ContactPoint.Kind.MAIL, ContactPoint.Kind.PHONE
    own, emergency = Reach.Purpose.OWN, Reach.Purpose.EMERGENCY
    given = [
        (speaker, party, own, mail, said.mail, said.verified_at),
        (speaker, party, own, phone, said.phone, said.verified_at),
        (speaker, party, emergency, mail, said.emergency_mail, None),
        (speaker, party, emergency, phone, said.emergency_phone, None),
    ]
    for registration, person in zip(registrations, said.people, strict=True):
        given.append((registration, None, own, mail, person.mail, said.verified(person)))
        given.append((registration, None, own, phone, person.phone, said.verified(person)))
    for registration, served, purpose, kind, address, verified_at in given:
        if address:
            travellers.add_reach(
                registration,
                travellers.contact_point(kind, address, said.language),
                party=served,
                purpose=purpose,
                verified_at=verified_at,
            )


def _write_trip(registration: Registration, checked: Checked) -> None:
    now = clock.now()
    trip = Trip.objects.create(registration=registration, made_at=now)
    for line, (said, placed) in enumerate(zip(checked.said.stays, checked.stays, strict=True), 1):
        stay = Stay.objects.create(
            trip=trip,
            line=line,
            arrive=said.arrive,
            depart=said.depart,
            source=registration.door,
            said_at=now,
            **_fields(placed),
        )
        matchrows.write_stay(stay, registration.traveller_id)
    for line, (leg_said, ends) in enumerate(zip(checked.said.legs, checked.legs, strict=True), 1):
        leg = Leg.objects.create(
            trip=trip,
            line=line,
            mode=leg_said.mode,
            carrier=travellers.clean_words(leg_said.carrier)[:60],
            number=travellers.clean_words(leg_said.number)[:20],
            departs_at=leg_said.departs_at,
            arrives_at=leg_said.arrives_at,
        )
        moments = (leg_said.departs_at, leg_said.arrives_at)
        rows = [
            LegEnd.objects.create(leg=leg, at=at, **_fields(placed))
            for placed, at in zip(ends, moments, strict=True)
        ]
        matchrows.write_leg_ends(rows, registration.traveller_id)
    for area in checked.said.watches:
        watch(registration, area)


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
        **(_fields(placed) if placed is not None else _place_of(stay)),
    )
    traveller = stay.trip.registration.traveller_id
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
        replaced = current.filter(Q(line=origin) | Q(instead_of=origin)).exclude(pk=claim.pk)
        numbers = list(replaced.values_list("pk", flat=True))
        matchrows.remove(numbers)
        Stay.objects.filter(pk__in=numbers).update(is_current=False)
        Stay.objects.filter(pk=claim.pk).update(instead_of=None)
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
        values |= _fields(placed)
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


def _fields(placed: Placed) -> dict[str, object]:
    return {
        "words": placed.words[:200],
        "precision": placed.precision,
        "lon": placed.lon,
        "lat": placed.lat,
        "radius_m": placed.radius_m,
        "areas": [list(pair) for pair in placed.areas],
    }


def _original(said: EnrolmentSaid, person: PersonSaid) -> dict[str, object]:
    """The values as they came, of this person and of what the party said together."""
    together = asdict(replace(said, people=(person,)))
    values: dict[str, object] = _storable(json.loads(json.dumps(together, cls=DjangoJSONEncoder)))
    return values


def _storable(value: Any) -> Any:
    """The same without what PostgreSQL's JSON cannot hold: NUL and halves of characters."""
    if isinstance(value, str):
        return value.replace("\0", "\ufffd").encode("utf-16", "replace").decode("utf-16")
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {name: _storable(item) for name, item in value.items()}
    return value
