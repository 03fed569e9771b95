"""Read people as units of a move: the rows of some hundred registrations by a query a table."""

from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property
from typing import Any, TypeVar

from wayhome.travellers.models import (
    Party,
    PartyMember,
    Reach,
    ReachStep,
    Registration,
    Repointing,
    Traveller,
)
from wayhome.trips.models import Leg, LegEnd, PlacedFields, Stay, Trip, Watch

Value = dict[str, Any]
R = TypeVar("R")


def _by(rows: Iterable[R], name: str) -> dict[int, list[R]]:
    found: dict[int, list[R]] = defaultdict(list)
    for row in rows:
        found[getattr(row, name)].append(row)
    return found


class Units:
    """What belongs to these registrations, read together, given out unit by unit."""

    def __init__(self, sender: str, numbers: list[int]) -> None:
        self._sender = sender
        rows = Registration.objects.filter(pk__in=numbers).select_related("organisation")
        self._registrations = {row.pk: row for row in rows}
        self._joins = _by(
            Repointing.objects.filter(registration__in=numbers).order_by("pk"), "registration_id"
        )
        named = {row.traveller_id for row in rows}
        for joins in self._joins.values():
            for join in joins:
                named |= {join.from_traveller_id, join.to_traveller_id}
        travellers = {row.pk: row for row in Traveller.objects.filter(pk__in=named)}
        guardians = {row.guardian_id for row in travellers.values()} - set(travellers)
        travellers |= Traveller.objects.in_bulk([pk for pk in guardians if pk is not None])
        self._travellers = travellers
        self._members = _by(
            PartyMember.objects.filter(registration__in=numbers).order_by("pk"), "registration_id"
        )
        self._reaches = _by(
            Reach.objects.filter(registration__in=numbers)
            .select_related("contact_point")
            .order_by("pk"),
            "registration_id",
        )
        self._trips = _by(
            Trip.objects.filter(registration__in=numbers).order_by("pk"), "registration_id"
        )
        self._watches = _by(
            Watch.objects.filter(registration__in=numbers).order_by("pk"), "registration_id"
        )

    @property
    def people(self) -> list[int]:
        return list(self._travellers)

    @cached_property
    def _parties(self) -> dict[int, Party]:
        parties = {member.party_id for rows in self._members.values() for member in rows}
        return Party.objects.in_bulk(parties)

    @cached_property
    def _steps(self) -> dict[int, list[ReachStep]]:
        reaches = [reach.pk for rows in self._reaches.values() for reach in rows]
        return _by(ReachStep.objects.filter(reach__in=reaches).order_by("pk"), "reach_id")

    @cached_property
    def _stays(self) -> dict[int, list[Stay]]:
        trips = [trip.pk for rows in self._trips.values() for trip in rows]
        rows = Stay.objects.filter(trip__in=trips).order_by("line", "version")
        return _by(rows, "trip_id")

    @cached_property
    def _legs(self) -> dict[int, list[Leg]]:
        trips = [trip.pk for rows in self._trips.values() for trip in rows]
        return _by(Leg.objects.filter(trip__in=trips).order_by("line"), "trip_id")

    @cached_property
    def _ends(self) -> dict[int, list[LegEnd]]:
        legs = [leg.pk for rows in self._legs.values() for leg in rows]
        return _by(LegEnd.objects.filter(leg__in=legs).order_by("pk"), "leg_id")

    def unit(self, numbers: list[int]) -> Value:
        """One unit, as ``shape.Unit``; the same people give the same unit on every instance."""
        mine = [self._registrations[number] for number in numbers]
        joins = [join for number in numbers for join in self._joins[number]]
        # Numbered as they are named, so that the same people are numbered alike everywhere.
        named = [row.traveller_id for row in mine]
        named += [n for join in joins for n in (join.from_traveller_id, join.to_traveller_id)]
        named += [self._travellers[n].guardian_id or n for n in named]
        n_of = {pk: n for n, pk in enumerate(dict.fromkeys(named), 1)}
        members = [member for number in numbers for member in self._members[number]]
        parties = {pk: n for n, pk in enumerate(sorted({m.party_id for m in members}), 1)}
        return {
            "travellers": [self._traveller(pk, n_of) for pk in n_of],
            "registrations": [self._registration(row, n_of) for row in mine],
            "parties": [self._party(pk, n, members) for pk, n in parties.items()],
            "reaches": [
                self._reach(reach, parties) for number in numbers for reach in self._reaches[number]
            ],
            "trips": [self._trip(trip) for number in numbers for trip in self._trips[number]],
            "watches": [
                {
                    "registration": self._id(number),
                    "area": watch.area,
                    "since": watch.since,
                    "until": watch.until,
                }
                for number in numbers
                for watch in self._watches[number]
            ],
            "joins": [
                {
                    "registration": self._id(join.registration_id),
                    "from_traveller": n_of[join.from_traveller_id],
                    "to_traveller": n_of[join.to_traveller_id],
                    "why": join.why,
                    "at": join.at,
                }
                for join in joins
            ],
        }

    def _id(self, number: int) -> str:
        moved = self._registrations[number].original.get("moved")
        return str(moved["id"]) if moved else f"{self._sender}/{number}"

    def _traveller(self, pk: int, n_of: dict[int, int]) -> Value:
        row = self._travellers[pk]
        return {
            "n": n_of[pk],
            "name": row.name,
            "guardian": None if row.guardian_id is None else n_of[row.guardian_id],
            "made_at": row.made_at,
        }

    def _registration(self, row: Registration, n_of: dict[int, int]) -> Value:
        original = dict(row.original)
        moved = original.pop("moved", None)
        organisation = row.organisation
        came = moved or {
            "door": row.door,
            "organisation": (
                {"code": organisation.code, "name": organisation.name} if organisation else None
            ),
            "reference": row.reference,
            "by_officer": row.entered_by_id is not None,
        }
        return {
            "id": self._id(row.pk),
            "traveller": n_of[row.traveller_id],
            **{name: came[name] for name in ("door", "organisation", "reference", "by_officer")},
            "assurance": row.assurance,
            "original": original,
            "made_at": row.made_at,
        }

    def _party(self, pk: int, n: int, members: list[PartyMember]) -> Value:
        return {
            "n": n,
            "made_at": self._parties[pk].made_at,
            "members": [
                {
                    "registration": self._id(member.registration_id),
                    "since": member.since,
                    "until": member.until,
                }
                for member in members
                if member.party_id == pk
            ],
        }

    def _reach(self, row: Reach, parties: dict[int, int]) -> Value:
        point = row.contact_point
        same = (
            *("purpose", "verified_at", "consent_at", "valid_until", "quiet_from", "quiet_until"),
            *("time_zone", "language", "wording", "stop_asked_at", "stopped_at", "hostile_since"),
            *("ended_at", "made_at"),
        )
        return {
            "registration": self._id(row.registration_id),
            "party": None if row.party_id is None else parties[row.party_id],
            "kind": point.kind,
            "address": point.address,
            "address_language": point.language,
            "suppressed_at": point.suppressed_at,
            "suppressed_why": point.suppressed_why,
            "channels": [name for name in row.channels.split(",") if name],
            **{name: getattr(row, name) for name in same},
            "steps": [
                {
                    "did": step.did,
                    "what": step.what,
                    "by_self": step.said_by_id is not None,
                    "why": step.why,
                    "at": step.at,
                }
                for step in self._steps[row.pk]
            ],
        }

    def _trip(self, trip: Trip) -> Value:
        same = ("line", "version", "is_current", "arrive", "depart", "departure_confirmed",
                "instead_of", "source", "said_at")  # fmt: skip
        of_leg = ("line", "mode", "carrier", "number", "departs_at", "arrives_at")
        return {
            "registration": self._id(trip.registration_id),
            "made_at": trip.made_at,
            "stays": [
                {"place": _place(stay)} | {name: getattr(stay, name) for name in same}
                for stay in self._stays[trip.pk]
            ],
            "legs": [
                {name: getattr(leg, name) for name in of_leg}
                | {"ends": [{"at": end.at, "place": _place(end)} for end in self._ends[leg.pk]]}
                for leg in self._legs[trip.pk]
            ],
        }


def _place(row: PlacedFields) -> Value:
    names = ("words", "precision", "lon", "lat", "radius_m", "areas")
    return {name: getattr(row, name) for name in names}
