"""Read people; every query that returns them takes an ``Access`` and records the look."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, F, OuterRef, Q

from wayhome.officers.access import Access
from wayhome.travellers.models import (
    ContactPoint,
    PartyMember,
    Reach,
    ReachStep,
    Registration,
    Repointing,
    Suppression,
    Traveller,
)
from wayhome.travellers.sql import verified_ways
from wayhome.work import clock


def names(access: Access, view: str, traveller_ids: Iterable[int]) -> dict[int, str]:
    """Names of these travellers by number."""
    ids = list(set(traveller_ids))
    access.record(view, ids)
    return dict(Traveller.objects.filter(pk__in=ids).values_list("pk", "name"))


def ways_to_reach(access: Access, view: str, traveller_id: int) -> list[Reach]:
    """Open reaches of one traveller, their party's and their guardian's among them, with their
    contact points, the verified first. ``hostile_elsewhere``: marked for another person."""
    access.record(view, [traveller_id])
    person = Traveller.objects.get(pk=traveller_id)
    speakers = [number for number in (person.pk, person.guardian_id) if number is not None]
    parties = PartyMember.objects.filter(
        registration__traveller_id__in=speakers, until=None
    ).values("party_id")
    return list(
        Reach.objects.filter(
            Q(registration__traveller_id__in=speakers) | Q(party_id__in=parties), ended_at=None
        )
        .annotate(
            hostile_elsewhere=Exists(
                Reach.objects.filter(
                    contact_point_id=OuterRef("contact_point_id"), hostile_since__isnull=False
                ).exclude(pk=OuterRef("pk"))
            )
        )
        .select_related("contact_point", "registration__traveller")
        .order_by(F("verified_at").desc(nulls_last=True), "pk")
    )


def by_references(door: str, references: Iterable[str]) -> list[Registration]:
    """Registrations that came through ``door`` under these references, in order of making."""
    rows = Registration.objects.filter(door=door, reference__in=list(references))
    return list(rows.select_related("traveller").order_by("pk"))


def own_registrations(registration_ids: Iterable[int]) -> list[Registration]:
    """These registrations with their travellers, for the people themselves."""
    rows = Registration.objects.filter(pk__in=list(registration_ids))
    return list(rows.select_related("traveller").order_by("pk"))


def in_care(adult: Traveller) -> list[Traveller]:
    """The minors in an adult's care, those among them who came with a record that was joined to
    this adult's; minors whose own records were joined elsewhere are left out."""
    joined = Repointing.objects.filter(
        registration__traveller=adult, from_traveller__registrations__isnull=True
    )
    minors = Traveller.objects.filter(
        Q(guardian=adult) | Q(guardian__in=joined.values("from_traveller")),
        registrations__isnull=False,
    )
    return list(minors.distinct().order_by("pk"))


def spoken_for(registration: Registration) -> list[Registration]:
    """What one adult's own page covers: their registration, and those of the minors in their
    care who came with it."""
    minors = Registration.objects.filter(
        traveller__in=in_care(registration.traveller),
        memberships__until=None,
        memberships__party__members__registration=registration,
        memberships__party__members__until=None,
    )
    return [registration, *minors.select_related("traveller").distinct().order_by("pk")]


def opens_all(registration: Registration) -> bool:
    """Whether a registration's own link opens what other registrations of its person hold.

    Records are joined by officers, and anybody may have enrolled a person by name: only where an
    address of this very registration was shown to be theirs, or where there is nothing else.
    """
    proven = Reach.objects.filter(
        registration=registration,
        purpose=Reach.Purpose.OWN,
        verified_at__isnull=False,
        hostile_since=None,
        ended_at=None,
    )
    others = Registration.objects.filter(traveller=registration.traveller_id)
    return proven.exists() or not others.exclude(pk=registration.pk).exists()


def name_entered(registration: Registration) -> str:
    """The name that this registration came with, whatever record it was joined to."""
    people = registration.original.get("people") or [{}]
    return str(people[0].get("name") or registration.traveller.name)


def language_of(contact_point_id: int) -> str:
    """The language that messages to this address are written in."""
    rows = ContactPoint.objects.filter(pk=contact_point_id).values_list("language", flat=True)
    return rows.first() or "en"


NAMED = 5  # people whom a list names for one address; an organisation's may serve thousands


@dataclass(frozen=True)
class Served:
    """Somebody whom an address serves; ``otherwise``: whether another that works does too."""

    name: str
    otherwise: bool


@dataclass(frozen=True)
class Address:
    """A contact point to which messages come back, whom it serves, and what was decided."""

    contact_point_id: int
    kind: str
    address: str
    bounces: int
    suppressed_at: datetime | None
    why: str
    people: list[Served]
    unnamed: int
    history: list[Suppression]

    @property
    def without_another(self) -> list[str]:
        return [person.name for person in self.people if not person.otherwise]


def suppressed_addresses(
    access: Access, view: str, *, after: tuple[datetime, int] | None = None, limit: int = 50
) -> list[Address]:
    """Addresses that nothing is sent to, the latest first; ``after``: when and number of the last
    one of the page before."""
    rows = ContactPoint.objects.filter(suppressed_at__isnull=False)
    if after is not None:
        at, number = after
        rows = rows.filter(Q(suppressed_at__lt=at) | Q(suppressed_at=at, pk__lt=number))
    return _addresses(access, view, list(rows.order_by("-suppressed_at", "-pk")[:limit]))


def bouncing_addresses(access: Access, view: str, *, limit: int = 50) -> list[Address]:
    """Addresses from which messages came back and that are still written to, the worst first."""
    rows = ContactPoint.objects.filter(bounces__gt=0, suppressed_at=None)
    return _addresses(access, view, list(rows.order_by("-bounces", "-pk")[:limit]))


def _addresses(access: Access, view: str, points: Sequence[ContactPoint]) -> list[Address]:
    ids = [point.pk for point in points]
    served = _served_by(ids)
    shown = {point: sorted(people)[:NAMED] for point, people in served.items()}
    named = {number for people in shown.values() for number in people}
    known = names(access, view, named)
    working = _working_points(named)
    history: dict[int, list[Suppression]] = defaultdict(list)
    for step in Suppression.objects.filter(contact_point_id__in=ids).order_by("-at", "-pk"):
        history[step.contact_point_id].append(step)
    return [
        Address(
            contact_point_id=point.pk,
            kind=point.kind,
            address=point.address,
            bounces=point.bounces,
            suppressed_at=point.suppressed_at,
            why=point.suppressed_why,
            people=[
                Served(known[number], otherwise=bool(working[number] - {point.pk}))
                for number in shown.get(point.pk, [])
            ],
            unnamed=max(0, len(served[point.pk]) - NAMED),
            history=history[point.pk],
        )
        for point in points
    ]


def _served_by(contact_point_ids: Sequence[int]) -> dict[int, set[int]]:
    """Travellers by contact point: those of its open reaches and of their parties."""
    served: dict[int, set[int]] = defaultdict(set)
    for point, traveller in _uses(Q(contact_point_id__in=contact_point_ids)):
        served[point].add(traveller)
    return served


def _working_points(traveller_ids: Iterable[int]) -> dict[int, set[int]]:
    """Contact points that are written to, by the travellers whom they serve."""
    ids = set(traveller_ids)
    working: dict[int, set[int]] = defaultdict(set)
    members = PartyMember.objects.filter(until=None, registration__traveller_id__in=ids)
    own = Q(registration__traveller_id__in=ids) | Q(party_id__in=members.values("party_id"))
    written_to = Q(purpose=Reach.Purpose.OWN, stopped_at=None, hostile_since=None)
    for point, traveller in _uses(own & written_to & Q(contact_point__suppressed_at=None)):
        working[traveller].add(point)
    return working


def _uses(which: Q) -> set[tuple[int, int]]:
    """(contact point, traveller) of open reaches: a registration's own, or its party's."""
    reaches = Reach.objects.filter(which, ended_at=None)
    uses = set(reaches.values_list("contact_point_id", "registration__traveller_id"))
    return uses | set(
        reaches.filter(party__members__until=None, party__isnull=False).values_list(
            "contact_point_id", "party__members__registration__traveller_id"
        )
    )


def is_contact_point(contact_point_id: int) -> bool:
    return ContactPoint.objects.filter(pk=contact_point_id).exists()


@dataclass(frozen=True)
class OwnWay:
    """A verified address of a person's own that may be written to now, for one registration."""

    contact_point_id: int
    registration_id: int
    kind: str
    address: str
    whose: str
    language: str
    neutral: bool

    @property
    def key(self) -> str:
        """As a form names it."""
        return f"{self.contact_point_id}-{self.registration_id}"


def own_ways(access: Access, view: str, traveller_id: int) -> list[OwnWay]:
    """Where one person can be written to personally: verified addresses of their own, or of the
    guardian where they are a minor; none that is stopped, suppressed or in hostile hands."""
    access.record(view, [traveller_id])
    person = Traveller.objects.get(pk=traveller_id)
    speakers = [person.guardian_id or person.pk]
    rows = verified_ways(speakers, clock.now()) or verified_ways([person.pk], clock.now())
    points = ContactPoint.objects.in_bulk([row[0] for row in rows])
    names = dict(
        Registration.objects.filter(pk__in=[row[1] for row in rows]).values_list(
            "pk", "traveller__name"
        )
    )
    return [
        OwnWay(
            contact_point_id=point_id,
            registration_id=registration_id,
            kind=points[point_id].kind,
            address=points[point_id].address,
            whose=names[registration_id],
            language=language,
            neutral=neutral,
        )
        for point_id, registration_id, language, neutral in rows
    ]


def reach_steps(
    access: Access, view: str, traveller_id: int, reaches: Iterable[Reach]
) -> list[ReachStep]:
    """What was said and decided about these reaches of one traveller, the newest first."""
    access.record(view, [traveller_id])
    rows = ReachStep.objects.filter(reach__in=list(reaches)).select_related("reach__contact_point")
    return list(rows.order_by("-at", "-pk")[:50])


def own_reaches(registrations: Iterable[Registration]) -> list[Reach]:
    """Open reaches of purpose *own* of these registrations, for the people themselves."""
    rows = Reach.objects.filter(
        registration__in=list(registrations), purpose=Reach.Purpose.OWN, ended_at=None
    )
    return list(rows.select_related("contact_point", "registration__traveller").order_by("pk"))
