"""Register people, group them, record how they are reached, join and part their records."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import F

from wayhome.officers import audit
from wayhome.officers.access import acting, require
from wayhome.officers.audit import Deed
from wayhome.officers.models import Officer
from wayhome.officers.roles import Verb
from wayhome.problems import Problem
from wayhome.travellers import comparing, searching
from wayhome.travellers.addresses import address_hash, normalise
from wayhome.travellers.models import (
    ContactPoint,
    Joining,
    Party,
    PartyMember,
    Reach,
    Registration,
    Repointing,
    Suppression,
    Traveller,
)
from wayhome.travellers.seeing import points_seen_by
from wayhome.work import clock
from wayhome.work.db import writes
from wayhome.work.services import tell

NAME_LENGTH = 200


_JOINERS = "\u200c\u200d"  # invisible, and part of Persian and Indic spelling


def is_shown(character: str) -> bool:
    """Not a control character, which no database and no header takes."""
    return character.isprintable() or character in _JOINERS


def clean_words(text: str) -> str:
    """One line without control characters."""
    return " ".join("".join(c for c in text if is_shown(c) or c.isspace()).split())


def clean_name(text: str) -> str:
    """One line, no control characters, at most 200 characters; Problem where nothing is left."""
    name = clean_words(text)
    if not name:
        raise Problem("name", "is empty", "give the name as in the travel document")
    if len(name) > NAME_LENGTH:
        raise Problem("name", f"has {len(name)} characters", f"use at most {NAME_LENGTH}")
    return name


@writes
def rename(traveller: Traveller, name: str) -> None:
    """This person's name from now on; they are found by it, and held against others by it."""
    traveller.name = clean_name(name)
    traveller.save(update_fields=["name"])
    searching.index([traveller.pk])
    comparing.ask([traveller.pk])


@writes
def make_party(registrations: Sequence[Registration]) -> Party:
    """These registrations travel together from now on."""
    now = clock.now()
    party = Party.objects.create(made_at=now)
    PartyMember.objects.bulk_create(
        [PartyMember(party=party, registration=each, since=now) for each in registrations]
    )
    return party


@writes
def contact_point(kind: str, address: str, language: str = "en") -> ContactPoint:
    """The one row of this address, held until the transaction ends; made where it is new. Problem
    where it is no address. The same is asked of the database whether or not it is known."""
    normalised = normalise(kind, address)
    key = {"kind": kind, "address_hash": address_hash(kind, normalised)}
    fresh = ContactPoint(
        **key,
        address=normalised,
        domain=normalised.rpartition("@")[2] if kind == ContactPoint.Kind.MAIL else "",
        language=language,
        made_at=clock.now(),
    )
    while True:  # one that serves nobody may be erased this moment
        ContactPoint.objects.bulk_create([fresh], ignore_conflicts=True)
        found = ContactPoint.objects.select_for_update(no_key=True).filter(**key).first()
        if found is not None:
            return found


@writes
def add_reach(
    registration: Registration,
    point: ContactPoint,
    *,
    party: Party | None = None,
    purpose: str = Reach.Purpose.OWN,
    verified_at: datetime | None = None,
    wording: str = Reach.Wording.FULL,
    language: str = "",
) -> Reach:
    """Use ``point`` for this registration, or for its whole ``party``."""
    now = clock.now()
    reach, made = Reach.objects.get_or_create(
        registration=registration,
        contact_point=point,
        purpose=purpose,
        party=party,
        ended_at=None,
        defaults={
            "verified_at": verified_at,
            "consent_at": now,
            "wording": wording,
            "language": language,
            "made_at": now,
        },
    )
    if made:
        comparing.ask([registration.traveller_id])
        for traveller_id in sorted(_served(reach)):
            tell("travellers.reach_added", traveller_id)
    return reach


def _served(reach: Reach) -> set[int]:
    """Travellers for whom a reach is used: its registration's, and its party's."""
    served = {reach.registration.traveller_id}
    if reach.party is not None:
        members = reach.party.members.filter(until=None)
        served |= set(members.values_list("registration__traveller_id", flat=True))
    return served


@writes
def count_bounce(contact_point: ContactPoint) -> None:
    """One more delivery to it has come back."""
    ContactPoint.objects.filter(pk=contact_point.pk).update(bounces=F("bounces") + 1)


@writes
def prove(contact_point_id: int) -> None:
    """A delivery to it has arrived: what came back before says nothing any more."""
    ContactPoint.objects.filter(pk=contact_point_id, bounces__gt=0).update(bounces=0)


@writes
def suppress(contact_point: ContactPoint, why: str) -> bool:
    """Send nothing there until an officer lifts it; False where nothing was sent already.

    By rule, for a reason that speaks of the address (``delivery.suppressing`` decides).
    """
    now = clock.now()
    free = ContactPoint.objects.filter(pk=contact_point.pk, suppressed_at=None)
    if not free.update(suppressed_at=now, suppressed_why=why[:200]):
        return False
    Suppression.objects.create(
        contact_point=contact_point, did=Suppression.Did.SUPPRESSED, why=why[:300], at=now
    )
    return True


REASON_LENGTH = 300


@writes
def lift(officer: Officer, contact_point_id: int, reason: str) -> None:
    """Write to a suppressed address again; whoever it serves is warned of what is in force, as
    late joiners are, and gets again what had gone there and bounced.

    For whoever may enrol people: they may enter this address anew, which is the same decision.
    Problem where it is not suppressed or no reason is given.
    """
    require(officer, Verb.ENROL)
    reason = clean_words(reason)
    if not reason:
        raise Problem("reason", "is empty", "say how you know that the address works again")
    if not points_seen_by(acting(officer)).filter(pk=contact_point_id).exists():
        raise Problem("address", "is not suppressed", "look at the list again")
    if len(reason) > REASON_LENGTH:
        raise Problem("reason", f"has {len(reason)} characters", f"use at most {REASON_LENGTH}")
    held = ContactPoint.objects.filter(pk=contact_point_id, suppressed_at__isnull=False)
    if not held.update(suppressed_at=None, suppressed_why="", bounces=0):
        raise Problem("address", "is not suppressed", "look at the list again")
    lifted = Suppression.objects.create(
        contact_point_id=contact_point_id,
        did=Suppression.Did.LIFTED,
        why=reason,
        officer_id=officer.pk,
        at=clock.now(),
    )
    audit.record(officer, Deed.ADDRESS_LIFTED, "suppression", lifted.pk)
    tell_mended(contact_point_id)


def tell_mended(contact_point_id: int) -> None:
    """What could not reach an address can now: whoever it serves, and what went there before."""
    reaches = Reach.objects.filter(
        contact_point_id=contact_point_id, purpose=Reach.Purpose.OWN, ended_at=None
    ).select_related("registration", "party")
    served = {traveller_id for reach in reaches for traveller_id in _served(reach)}
    for traveller_id in sorted(served):
        tell("travellers.reach_added", traveller_id)
    tell("travellers.address_mended", contact_point_id)


@writes
def repoint(
    registration: Registration,
    to: Traveller,
    *,
    why: str,
    by_officer: int | None,
    joining: Joining | None = None,
) -> Repointing:
    """Give a registration to another traveller: joining two records, or parting them again
    (``travellers.joining``), or this registration alone."""
    was = registration.traveller
    if was.pk == to.pk:
        raise Problem("traveller", "has this registration already", "choose another traveller")
    entry = Repointing.objects.create(
        registration=registration,
        from_traveller=was,
        to_traveller=to,
        by_officer_id=by_officer,
        joining=joining,
        why=why,
        at=clock.now(),
    )
    registration.traveller = to
    registration.save(update_fields=["traveller"])
    audit.record(by_officer, Deed.REGISTRATION_REPOINTED, "repointing", entry.pk)
    searching.index([was.pk, to.pk])
    tell("travellers.repointed", registration.pk)
    return entry
