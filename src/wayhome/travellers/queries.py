"""Read people; every query that returns them takes an ``Access`` and records the look.

What is in a compartment that is closed to the access (``travellers.seeing``) is not there.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from wayhome.officers.access import Access
from wayhome.travellers.models import (
    Assurance,
    ContactPoint,
    Joining,
    PartyMember,
    Reach,
    ReachStep,
    Registration,
    Repointing,
    Suppression,
    Traveller,
)
from wayhome.travellers.seeing import (
    points_seen_by,
    seen,
    seen_by,
)
from wayhome.travellers.sql import verified_ways
from wayhome.work import clock


def names(access: Access, view: str, traveller_ids: Iterable[int]) -> dict[int, str]:
    """Names of these travellers by number."""
    ids = seen(access, traveller_ids)
    access.record(view, ids)
    return dict(Traveller.objects.filter(pk__in=ids).values_list("pk", "name"))


def ways_to_reach(access: Access, view: str, traveller_id: int) -> list[Reach]:
    """Open reaches of one traveller, their party's and their guardian's among them, with their
    contact points, the verified first. ``hostile_elsewhere``: marked for another person."""
    if not is_seen(access, traveller_id):
        return []
    access.record(view, [traveller_id])
    person = Traveller.objects.get(pk=traveller_id)
    speakers = [person.pk, *guardians_of(person)]
    parties = PartyMember.objects.filter(
        registration__traveller_id__in=speakers, until=None
    ).values("party_id")
    return list(
        Reach.objects.filter(
            Q(registration__traveller_id__in=speakers) | Q(party_id__in=parties),
            seen_by(access, "registration"),
            ended_at=None,
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


def is_seen(access: Access, traveller_id: int) -> bool:
    """Whether there is such a traveller for this access; nobody is named."""
    return bool(seen(access, [traveller_id]))


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


def joined_to(traveller_ids: Iterable[int]) -> dict[int, set[int]]:
    """For those of these travellers whose records were emptied by joining: whose they are now."""
    steps = Repointing.objects.filter(
        from_traveller__in=list(traveller_ids), from_traveller__registrations__isnull=True
    )
    now: dict[int, set[int]] = defaultdict(set)
    for was, traveller_id in steps.values_list(
        "from_traveller_id", "registration__traveller_id"
    ).order_by("pk"):
        now[was].add(traveller_id)
    return dict(now)


def emptied_into(traveller_ids: Iterable[int]) -> dict[int, set[int]]:
    """The same from the other side: for each of these travellers the emptied records that were
    joined to theirs."""
    steps = Repointing.objects.filter(
        registration__traveller__in=list(traveller_ids), from_traveller__registrations__isnull=True
    )
    before: dict[int, set[int]] = defaultdict(set)
    for traveller_id, was in steps.values_list(
        "registration__traveller_id", "from_traveller_id"
    ).order_by("pk"):
        before[traveller_id].add(was)
    return dict(before)


def guardians_of(person: Traveller) -> list[int]:
    """Who speaks for a minor: the guardian, or whose record theirs was joined to."""
    if person.guardian_id is None:
        return []
    return sorted(joined_to([person.guardian_id]).get(person.guardian_id, {person.guardian_id}))


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

    Records are joined by officers, and anybody may enrol a person by name and prove an address of
    their own: a join shows nothing across it without proof. Proof is an address that is verified
    for this registration and for another of them, a join that such an address proved, or an
    officer who saw a document of whoever came with this registration.
    """
    others = Registration.objects.filter(traveller=registration.traveller_id).exclude(
        pk=registration.pk
    )
    if not others.exists():
        return True
    mine = _proven_points(registration.pk)
    if not mine:
        return False
    if registration.assurance >= Assurance.DOCUMENT_SEEN:
        return True
    if _verified().filter(registration__in=others, contact_point_id__in=mine).exists():
        return True
    proven = Joining.objects.filter(parted_at=None, proven_at_id__isnull=False)
    came_by = Repointing.objects.filter(registration=registration, joining__in=proven)
    was_proven = proven.filter(older=registration.traveller_id, proven_at_id__in=mine)
    return came_by.exists() or was_proven.exists()


def sees_looks(registration: Registration) -> bool:
    """Whether who looked at a record is for whoever holds this registration's link: it opens all of
    it, or it is proven, and the record is the one that it came with."""
    if opens_all(registration):
        return True
    came_by = Repointing.objects.filter(registration=registration)
    return not came_by.exists() and bool(_proven_points(registration.pk))


def _proven_points(registration_id: int) -> list[int]:
    rows = _verified().filter(registration=registration_id)
    return list(rows.values_list("contact_point_id", flat=True))


def _verified() -> QuerySet[Reach]:
    """Addresses of people's own that were shown to be theirs and are in nobody else's hands."""
    return Reach.objects.filter(
        purpose=Reach.Purpose.OWN, verified_at__isnull=False, hostile_since=None, ended_at=None
    )


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
    rows = points_seen_by(access).filter(suppressed_at__isnull=False, erased_at=None)
    if after is not None:
        at, number = after
        rows = rows.filter(Q(suppressed_at__lt=at) | Q(suppressed_at=at, pk__lt=number))
    return _addresses(access, view, list(rows.order_by("-suppressed_at", "-pk")[:limit]))


def bouncing_addresses(access: Access, view: str, *, limit: int = 50) -> list[Address]:
    """Addresses from which messages came back and that are still written to, the worst first."""
    rows = points_seen_by(access).filter(bounces__gt=0, suppressed_at=None)
    return _addresses(access, view, list(rows.order_by("-bounces", "-pk")[:limit]))


def _addresses(access: Access, view: str, points: Sequence[ContactPoint]) -> list[Address]:
    ids = [point.pk for point in points]
    served = _served_by(access, ids)
    shown = {point: sorted(people)[:NAMED] for point, people in served.items()}
    named = {number for people in shown.values() for number in people}
    known = names(access, view, named)
    working = _working_points(access, named)
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


def _served_by(access: Access, contact_point_ids: Sequence[int]) -> dict[int, set[int]]:
    """Travellers by contact point: those of its open reaches and of their parties."""
    served: dict[int, set[int]] = defaultdict(set)
    for point, traveller in _uses(access, Q(contact_point_id__in=contact_point_ids)):
        served[point].add(traveller)
    return served


def _working_points(access: Access, traveller_ids: Iterable[int]) -> dict[int, set[int]]:
    """Contact points that are written to, by the travellers whom they serve."""
    ids = set(traveller_ids)
    working: dict[int, set[int]] = defaultdict(set)
    members = PartyMember.objects.filter(until=None, registration__traveller_id__in=ids)
    own = Q(registration__traveller_id__in=ids) | Q(party_id__in=members.values("party_id"))
    written_to = Q(purpose=Reach.Purpose.OWN, stopped_at=None, hostile_since=None)
    for point, traveller in _uses(access, own & written_to & Q(contact_point__suppressed_at=None)):
        working[traveller].add(point)
    return working


def _uses(access: Access, which: Q) -> set[tuple[int, int]]:
    """(contact point, traveller) of open reaches: a registration's own, or its party's."""
    reaches = Reach.objects.filter(which, seen_by(access, "registration"), ended_at=None)
    uses = set(reaches.values_list("contact_point_id", "registration__traveller_id"))
    uses |= set(
        reaches.filter(party__members__until=None, party__isnull=False).values_list(
            "contact_point_id", "party__members__registration__traveller_id"
        )
    )
    there = seen(access, {traveller for _, traveller in uses})
    return {(point, traveller) for point, traveller in uses if traveller in there}


def is_contact_point(access: Access, contact_point_id: int) -> bool:
    """Whether there is such an address for this access; nobody is named."""
    return points_seen_by(access).filter(pk=contact_point_id).exists()


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
    if not is_seen(access, traveller_id):
        return []
    access.record(view, [traveller_id])
    person = Traveller.objects.get(pk=traveller_id)
    speakers = guardians_of(person) or [person.pk]
    rows = verified_ways(speakers, clock.now()) or verified_ways([person.pk], clock.now())
    names = dict(
        Registration.objects.filter(seen_by(access), pk__in=[row[1] for row in rows]).values_list(
            "pk", "traveller__name"
        )
    )
    rows = [row for row in rows if row[1] in names]
    points = ContactPoint.objects.in_bulk([row[0] for row in rows])
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
    access.record(view, seen(access, [traveller_id]))
    rows = ReachStep.objects.filter(
        seen_by(access, "reach__registration"), reach__in=list(reaches)
    ).select_related("reach__contact_point")
    return list(rows.order_by("-at", "-pk")[:50])


def own_reaches(registrations: Iterable[Registration]) -> list[Reach]:
    """Open reaches of purpose *own* of these registrations, for the people themselves; what they
    gave for a party serves them no more once they have left it."""
    still = PartyMember.objects.filter(
        party=OuterRef("party"), registration=OuterRef("registration"), until=None
    )
    rows = Reach.objects.filter(
        Q(party=None) | Exists(still),
        registration__in=list(registrations),
        purpose=Reach.Purpose.OWN,
        ended_at=None,
    )
    return list(rows.select_related("contact_point", "registration__traveller").order_by("pk"))
