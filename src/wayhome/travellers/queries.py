"""Read people; every query that returns them takes an ``Access`` and records the look."""

from collections.abc import Iterable

from django.db.models import F, Q

from wayhome.officers.access import Access
from wayhome.travellers.models import (
    ContactPoint,
    PartyMember,
    Reach,
    Registration,
    Repointing,
    Traveller,
)


def names(access: Access, view: str, traveller_ids: Iterable[int]) -> dict[int, str]:
    """Names of these travellers by number."""
    ids = list(set(traveller_ids))
    access.record(view, ids)
    return dict(Traveller.objects.filter(pk__in=ids).values_list("pk", "name"))


def ways_to_reach(access: Access, view: str, traveller_id: int) -> list[Reach]:
    """Open reaches of one traveller, their party's and their guardian's among them, with their
    contact points, the verified first."""
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


def language_of(contact_point_id: int) -> str:
    """The language that messages to this address are written in."""
    rows = ContactPoint.objects.filter(pk=contact_point_id).values_list("language", flat=True)
    return rows.first() or "en"
