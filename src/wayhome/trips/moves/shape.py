"""What stands in a file of people who move: checked as strictly as a form.

One *unit* a line: people who belong together by care, party or joined records, whole. Numbers name
rows within a unit; a registration's ``id`` is its instance's name and number, and stays the same
however often it moves.
"""

from datetime import date, time
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from wayhome.travellers.contact_policy import CHANNELS
from wayhome.travellers.models import Assurance, ContactPoint, Door, Reach, ReachStep
from wayhome.trips.models import MAX_RADIUS_M, Leg, Precision

FORMAT = "wayhome move"
VERSION = 1
Id = Annotated[str, Field(pattern=r"^[0-9a-f]{16}/[1-9]\d{0,17}$")]
Text = Annotated[str, Field(max_length=300)]
_WAYS = {name for names in CHANNELS.values() for name in names}


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TravellerShape(Shape):
    n: int
    name: Annotated[str, Field(min_length=1, max_length=200)]
    guardian: int | None
    made_at: AwareDatetime


class OrganisationShape(Shape):
    code: Annotated[str, Field(max_length=40)]
    name: Annotated[str, Field(max_length=200)]


class RegistrationShape(Shape):
    id: Id
    traveller: int
    door: Door
    organisation: OrganisationShape | None
    reference: Annotated[str, Field(max_length=120)]
    assurance: Assurance
    by_officer: bool
    original: dict[str, Any]
    made_at: AwareDatetime


class MemberShape(Shape):
    registration: Id
    since: AwareDatetime
    until: AwareDatetime | None


class PartyShape(Shape):
    n: int
    made_at: AwareDatetime
    members: list[MemberShape]


class StepShape(Shape):
    did: ReachStep.Did
    what: Text
    by_self: bool
    why: Text
    at: AwareDatetime


class ReachShape(Shape):
    registration: Id
    party: int | None
    kind: ContactPoint.Kind
    address: Annotated[str, Field(max_length=320)]
    address_language: Annotated[str, Field(max_length=10)]
    suppressed_at: AwareDatetime | None
    suppressed_why: Text
    purpose: Reach.Purpose
    verified_at: AwareDatetime | None
    consent_at: AwareDatetime | None
    valid_until: AwareDatetime | None
    channels: list[str]
    quiet_from: time | None
    quiet_until: time | None
    time_zone: Annotated[str, Field(max_length=40)]
    language: Annotated[str, Field(max_length=10)]
    wording: Reach.Wording
    stop_asked_at: AwareDatetime | None
    stopped_at: AwareDatetime | None
    hostile_since: AwareDatetime | None
    ended_at: AwareDatetime | None
    made_at: AwareDatetime
    steps: list[StepShape]

    @model_validator(mode="after")
    def _whole(self) -> "ReachShape":
        if set(self.channels) - _WAYS:
            raise ValueError("channels are unknown")
        if (self.quiet_from is None) != (self.quiet_until is None):
            raise ValueError("quiet hours have one end")
        return self


class PlaceShape(Shape):
    words: Annotated[str, Field(max_length=200)]
    precision: Precision
    lon: Annotated[float, Field(ge=-180, le=180)] | None
    lat: Annotated[float, Field(ge=-90, le=90)] | None
    radius_m: Annotated[int, Field(ge=0, le=MAX_RADIUS_M)]
    areas: list[tuple[Annotated[str, Field(max_length=10)], Annotated[int, Field(ge=0, le=2)]]]


class StayShape(Shape):
    line: Annotated[int, Field(ge=1, le=10_000)]
    version: Annotated[int, Field(ge=1, le=10_000)]
    is_current: bool
    place: PlaceShape
    arrive: date
    depart: date | None
    departure_confirmed: bool
    instead_of: int | None
    source: Annotated[str, Field(max_length=60)]
    said_at: AwareDatetime

    @model_validator(mode="after")
    def _in_order(self) -> "StayShape":
        if self.depart is not None and self.depart < self.arrive:
            raise ValueError("it departs before it arrives")
        return self


class EndShape(Shape):
    at: AwareDatetime
    place: PlaceShape


class LegShape(Shape):
    line: Annotated[int, Field(ge=1, le=10_000)]
    mode: Leg.Mode
    carrier: Annotated[str, Field(max_length=60)]
    number: Annotated[str, Field(max_length=20)]
    departs_at: AwareDatetime
    arrives_at: AwareDatetime
    ends: list[EndShape]


class TripShape(Shape):
    registration: Id
    made_at: AwareDatetime
    stays: list[StayShape]
    legs: list[LegShape]


class WatchShape(Shape):
    registration: Id
    area: Annotated[str, Field(max_length=10)]
    since: AwareDatetime
    until: AwareDatetime | None


class JoinShape(Shape):
    """A registration was given to another traveller: how records were joined and parted."""

    registration: Id
    from_traveller: int
    to_traveller: int
    why: Text
    at: AwareDatetime


class Unit(Shape):
    travellers: list[TravellerShape]
    registrations: list[RegistrationShape]
    parties: list[PartyShape]
    reaches: list[ReachShape]
    trips: list[TripShape]
    watches: list[WatchShape]
    joins: list[JoinShape]

    @model_validator(mode="after")
    def _refers_to_itself(self) -> "Unit":
        people = {each.n: each for each in self.travellers}
        ids = {each.id for each in self.registrations}
        parties = {each.n for each in self.parties}
        if len(people) != len(self.travellers) or len(ids) != len(self.registrations):
            raise ValueError("numbers are given twice")
        named = {each.traveller for each in self.registrations}
        named |= {each.guardian for each in self.travellers if each.guardian is not None}
        named |= {n for each in self.joins for n in (each.from_traveller, each.to_traveller)}
        used = {each.registration for each in self.reaches}
        used |= {each.registration for each in self.trips}
        used |= {each.registration for each in self.watches}
        used |= {each.registration for each in self.joins}
        used |= {member.registration for party in self.parties for member in party.members}
        reached = {each.party for each in self.reaches if each.party is not None}
        if named - set(people) or used - ids or reached - parties:
            raise ValueError("something is named that is not there")
        for each in self.travellers:
            if each.guardian is not None and people[each.guardian].guardian is not None:
                raise ValueError("a guardian is a minor")
        return self


class Header(Shape):
    format: Literal["wayhome move"]
    version: Literal[1]
    made_at: AwareDatetime
    expires_at: AwareDatetime
    purpose: Annotated[str, Field(min_length=1, max_length=200)]
    by: Annotated[str, Field(max_length=200)]
    of: Annotated[str, Field(max_length=200)]
    mark: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]


class End(Shape):
    """The last line: what stood before it, and the sender's signature of all of it."""

    units: int
    registrations: int
    signed_by: str
    signature: Annotated[str, Field(pattern=r"^[0-9a-f]{128}$")]
