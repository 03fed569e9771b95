"""Write units of people who moved here: what is known stays, what is new comes in whole."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F

from wayhome.problems import Problem
from wayhome.travellers import comparing, searching
from wayhome.travellers.addresses import address_hash, normalise
from wayhome.travellers.models import (
    Assurance,
    ContactPoint,
    Door,
    Organisation,
    Party,
    PartyMember,
    Reach,
    ReachStep,
    Registration,
    Repointing,
    Suppression,
    Traveller,
)
from wayhome.travellers.services import clean_name
from wayhome.trips import matchrows
from wayhome.trips.models import Leg, LegEnd, LegMatch, Stay, StayMatch, Trip, Watch
from wayhome.trips.moves.keys import ExchangeKey, own_key
from wayhome.trips.moves.shape import Header, PlaceShape, ReachShape, RegistrationShape, Unit
from wayhome.trips.writing import contact_points
from wayhome.work import clock
from wayhome.work.db import writes
from wayhome.work.rows import Reserved
from wayhome.work.services import tell_many

PREFIX = "whm "  # of references that are the names of registrations elsewhere
PointKey = tuple[str, str]


def known_of(units: Iterable[Unit], own: str) -> dict[str, int]:
    """Registrations of these that are here, by their names: brought in before, or from here.

    What came from here and is here no more is known too, as 0: it was erased, and stays so.
    """
    ids = [each.id for unit in units for each in unit.registrations]
    rows = Registration.objects.filter(reference__in=[PREFIX + each for each in ids])
    known = {reference[len(PREFIX) :]: pk for reference, pk in rows.values_list("reference", "pk")}
    ours = {each: int(each.partition("/")[2]) for each in ids if each.startswith(f"{own}/")}
    here = set(Registration.objects.filter(pk__in=ours.values()).values_list("pk", flat=True))
    return known | {name: pk if pk in here else 0 for name, pk in ours.items()}


@dataclass(frozen=True)
class Settler:
    """By which door people come in, and how much of the sender's word is taken."""

    header: Header
    sender: ExchangeKey
    organisation: Organisation | None
    cap: Assurance
    trust_verification: bool

    def check(self, unit: Unit) -> None:
        """Problem where an address or a name is none by the rules of enrolment."""
        for person in unit.travellers:
            clean_name(person.name)
        for reach in unit.reaches:
            normalise(reach.kind, reach.address)

    @writes
    def settle(self, units: list[Unit]) -> None:
        """Write what is new of these units; one transaction, and late joiners are owed in it."""
        known = known_of(units, own_key().name)  # again, now that nobody else can bring it in
        settled = _Settled(self, known)
        for unit in units:
            settled.people(unit)
        settled.parties(units)
        reached = settled.reaches(units)
        settled.trips(units)
        settled.watches(units)
        settled.joins(units)
        new = list(settled.fresh.values())
        people = {each.traveller_id for each in new}
        searching.index(people)
        comparing.ask(people)
        tell_many("travellers.reach_added", reached)
        tell_many("trips.placed", people)
        tell_many("travellers.entered_by_other", [each.pk for each in new])

    def assurance(self, sent: Assurance) -> Assurance:
        level = min(sent, self.cap)
        if level == Assurance.REACHABLE and not self.trust_verification:
            return Assurance.SELF_DECLARED
        return Assurance(level)

    def original(self, each: RegistrationShape) -> dict[str, object]:
        came = each.organisation
        return each.original | {
            "moved": {
                "id": each.id,
                "door": str(each.door),
                "organisation": came.model_dump() if came else None,
                "reference": each.reference,
                "by_officer": each.by_officer,
                "assurance": int(each.assurance),
                "assured_by": f"{self.header.by} ({self.sender.name})",
                "assured_at": self.header.made_at.isoformat(),
                "at": clock.now().isoformat(),
            }
        }


class _Settled:
    """Rows of one transaction on their way."""

    def __init__(self, settler: Settler, known: dict[str, int]) -> None:
        self._by = settler
        self._known = known
        self._registrations = Registration.objects.in_bulk([pk for pk in known.values() if pk])
        self.fresh: dict[str, Registration] = {}
        self._travellers: dict[tuple[int, int], Traveller] = {}  # unit, number
        self._parties: dict[tuple[int, int], Party] = {}
        self._now = clock.now()

    def people(self, unit: Unit) -> None:
        """Travellers, adults first, and registrations; a traveller of a known one is its own."""
        mark = id(unit)
        for each in unit.registrations:
            if found := self._registrations.get(self._known.get(each.id, 0)):
                self._travellers.setdefault((mark, each.traveller), found.traveller)
        new = [each for each in unit.registrations if each.id not in self._known]
        needed = _needed(unit, {each.id for each in new})
        for person in sorted(unit.travellers, key=lambda each: each.guardian is not None):
            if person.n in needed and (mark, person.n) not in self._travellers:
                guardian = person.guardian
                self._travellers[mark, person.n] = Traveller.objects.create(
                    name=clean_name(person.name),
                    guardian=None if guardian is None else self._travellers[mark, guardian],
                    made_at=person.made_at,
                )
        organisation = self._by.organisation
        made = Registration.objects.bulk_create(
            [
                Registration(
                    traveller=self._travellers[mark, each.traveller],
                    door=Door.ORGANISATION if organisation else Door.LIST,
                    organisation=organisation,
                    assurance=self._by.assurance(each.assurance),
                    reference=PREFIX + each.id,
                    original=self._by.original(each),
                    made_at=each.made_at,
                )
                for each in new
            ]
        )
        self.fresh |= {each.id: row for each, row in zip(new, made, strict=True)}

    def _here(self, name: str) -> Registration | None:
        return self.fresh.get(name) or self._registrations.get(self._known.get(name, 0))

    def parties(self, units: list[Unit]) -> None:
        members = []
        for unit in units:
            for party in unit.parties:
                new = [each for each in party.members if each.registration in self.fresh]
                if not new:
                    continue
                row = self._known_party([each.registration for each in party.members])
                row = row or Party.objects.create(made_at=party.made_at)
                self._parties[id(unit), party.n] = row
                members += [
                    PartyMember(
                        party=row,
                        registration=self.fresh[each.registration],
                        since=each.since,
                        until=each.until,
                    )
                    for each in new
                ]
        PartyMember.objects.bulk_create(members)

    def _known_party(self, names: list[str]) -> Party | None:
        """The party that those of its members who are here share."""
        here = [self._known[name] for name in names if self._known.get(name)]
        rows = PartyMember.objects.filter(registration__in=here).order_by("party_id")
        by_party: dict[int, set[int]] = defaultdict(set)
        for party, registration in rows.values_list("party_id", "registration_id"):
            by_party[party].add(registration)
        shared = [party for party, found in by_party.items() if found == set(here)]
        return Party.objects.get(pk=shared[0]) if shared else None

    def reaches(self, units: list[Unit]) -> set[int]:
        """Reaches with their terms and history; the travellers whom new ones serve."""
        sent = [
            (unit, reach)
            for unit in units
            for reach in unit.reaches
            if reach.registration in self.fresh
        ]
        points = self._points([reach for _, reach in sent])
        rows = Reach.objects.bulk_create(
            [self._reach(unit, reach, points[_key(reach)]) for unit, reach in sent]
        )
        steps = [
            ReachStep(
                reach=row,
                did=step.did,
                what=step.what,
                said_by_id=self.fresh[reach.registration].pk if step.by_self else None,
                why=step.why,
                at=step.at,
            )
            for row, (_, reach) in zip(rows, sent, strict=True)
            for step in reach.steps
        ]
        ReachStep.objects.bulk_create(steps)
        hostile = {row.contact_point_id for row in rows if row.hostile_since}
        # What is in hostile hands there is so here, for anyone, and no link sent there opens.
        ContactPoint.objects.filter(pk__in=hostile).update(link_epoch=F("link_epoch") + 1)
        return self._served(rows)

    def _reach(self, unit: Unit, reach: ReachShape, point: int) -> Reach:
        return Reach(
            registration=self.fresh[reach.registration],
            party=self._parties[id(unit), reach.party] if reach.party is not None else None,
            contact_point_id=point,
            purpose=reach.purpose,
            verified_at=reach.verified_at if self._by.trust_verification else None,
            consent_at=reach.consent_at,
            valid_until=reach.valid_until,
            channels=f",{','.join(reach.channels)}," if reach.channels else "",
            quiet_from=reach.quiet_from,
            quiet_until=reach.quiet_until,
            time_zone=reach.time_zone,
            language=reach.language,
            wording=reach.wording,
            stop_asked_at=reach.stop_asked_at,
            stopped_at=reach.stopped_at,
            hostile_since=reach.hostile_since,
            ended_at=reach.ended_at,
            made_at=reach.made_at,
        )

    def _points(self, reaches: list[ReachShape]) -> dict[PointKey, int]:
        """Contact points by key; one that is new here is suppressed where it was there."""
        wanted: dict[PointKey, tuple[str, str]] = {}
        suppressed: dict[PointKey, tuple[datetime, str]] = {}
        for reach in reaches:
            key = _key(reach)
            wanted.setdefault(key, (normalise(reach.kind, reach.address), reach.address_language))
            if reach.suppressed_at:
                suppressed[key] = (reach.suppressed_at, reach.suppressed_why)
        before = set(
            ContactPoint.objects.filter(
                kind__in={kind for kind, _ in suppressed},
                address_hash__in=[hashed for _, hashed in suppressed],
            ).values_list("kind", "address_hash")
        )
        points = contact_points(wanted, Reserved({ContactPoint: len(wanted)}), self._now)
        for key, (at, why) in suppressed.items():
            if key not in before:
                rows = ContactPoint.objects.filter(pk=points[key])
                rows.update(suppressed_at=at, suppressed_why=why)
                Suppression.objects.create(
                    contact_point_id=points[key], did=Suppression.Did.SUPPRESSED, why=why, at=at
                )
        return points

    def _served(self, rows: list[Reach]) -> set[int]:
        parties = {row.party_id for row in rows if row.party_id is not None}
        members = PartyMember.objects.filter(party__in=parties, until=None)
        served = {row.registration.traveller_id for row in rows}
        return served | set(members.values_list("registration__traveller_id", flat=True))

    def trips(self, units: list[Unit]) -> None:
        sent = [trip for unit in units for trip in unit.trips if trip.registration in self.fresh]
        trips = Trip.objects.bulk_create(
            [Trip(registration=self.fresh[t.registration], made_at=t.made_at) for t in sent]
        )
        same = ("line", "version", "is_current", "arrive", "depart", "departure_confirmed",
                "instead_of", "source", "said_at")  # fmt: skip
        stays = Stay.objects.bulk_create(
            [
                Stay(
                    trip=trip,
                    **{name: getattr(stay, name) for name in same},
                    **_place(stay.place),
                )
                for trip, shape in zip(trips, sent, strict=True)
                for stay in shape.stays
            ]
        )
        whose = {trip.pk: trip.registration.traveller_id for trip in trips}
        matches: list[StayMatch] = []
        for stay in stays:
            if stay.is_current:
                matches += matchrows.rows_of_stay(stay, whose[stay.trip_id])
        StayMatch.objects.bulk_create(matches)
        of_leg = ("line", "mode", "carrier", "number", "departs_at", "arrives_at")
        pairs = [(trip, leg) for trip, s in zip(trips, sent, strict=True) for leg in s.legs]
        legs = Leg.objects.bulk_create(
            [Leg(trip=trip, **{name: getattr(leg, name) for name in of_leg}) for trip, leg in pairs]
        )
        ends = LegEnd.objects.bulk_create(
            [
                LegEnd(leg=row, at=end.at, **_place(end.place))
                for row, (_, leg) in zip(legs, pairs, strict=True)
                for end in leg.ends
            ]
        )
        leg_matches: list[LegMatch] = []
        for end in ends:
            leg_matches += matchrows.rows_of_leg_ends([end], whose[end.leg.trip_id])
        LegMatch.objects.bulk_create(leg_matches)

    def watches(self, units: list[Unit]) -> None:
        Watch.objects.bulk_create(
            [
                Watch(
                    registration=self.fresh[each.registration],
                    area=each.area,
                    since=each.since,
                    until=each.until,
                )
                for unit in units
                for each in unit.watches
                if each.registration in self.fresh
            ]
        )

    def joins(self, units: list[Unit]) -> None:
        Repointing.objects.bulk_create(
            [
                Repointing(
                    registration=self.fresh[each.registration],
                    from_traveller=self._travellers[id(unit), each.from_traveller],
                    to_traveller=self._travellers[id(unit), each.to_traveller],
                    why=each.why,
                    at=each.at,
                )
                for unit in units
                for each in unit.joins
                if each.registration in self.fresh
            ]
        )


def _needed(unit: Unit, new: set[str]) -> set[int]:
    """Travellers whom the new registrations of a unit speak of, and their guardians."""
    needed = {each.traveller for each in unit.registrations if each.id in new}
    for join in unit.joins:
        if join.registration in new:
            needed |= {join.from_traveller, join.to_traveller}
    cared = {each.n: each.guardian for each in unit.travellers}
    return needed | {cared[n] or n for n in needed}


def _key(reach: ReachShape) -> PointKey:
    return str(reach.kind), address_hash(reach.kind, normalise(reach.kind, reach.address))


def _place(place: PlaceShape) -> dict[str, object]:
    areas = [list(pair) for pair in place.areas]
    return {**place.model_dump(exclude={"areas"}), "areas": areas}


def assurance_called(text: str) -> Assurance:
    """The level that a word names; Problem where it names none."""
    words = {level.label: level for level in Assurance}
    if text not in words:
        raise Problem("cap", f"{text[:20]!r} is no assurance", f"use {', '.join(words)}")
    return words[text]
