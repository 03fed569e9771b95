"""This room's eraser: names, originals, reaches, addresses that serve nobody else."""

import secrets
from collections.abc import Iterable

from django.db.models import Exists, F, OuterRef

from wayhome.letters import erasing as letters
from wayhome.officers import erasing as officers
from wayhome.travellers import legal_hold
from wayhome.travellers.erasers import Subject, eraser, keeper
from wayhome.travellers.erasing_doors import delete_reaches, forget_doors, forget_steps
from wayhome.travellers.erasing_people import forget_findings
from wayhome.travellers.models import (
    ContactPoint,
    Party,
    PartyMember,
    Reach,
    ReachStep,
    Registration,
    Suppression,
    Traveller,
)
from wayhome.travellers.privacy_models import LegalHold, TravellerPrivate
from wayhome.travellers.sealing import ERASED
from wayhome.work import clock
from wayhome.work.db import writes


@keeper("travellers")
def kept(traveller_ids: set[int]) -> dict[int, str]:
    return dict.fromkeys(legal_hold.held(traveller_ids), "a legal hold")


@eraser("travellers")
@writes
def erase(subject: Subject) -> dict[str, int]:
    """Numbers stay where proof refers to them; nothing that names anybody does."""
    registrations, people = list(subject.registrations), list(subject.travellers)
    _hand_over(registrations)
    reaches = Reach.objects.filter(registration__in=registrations).values_list("pk", flat=True)
    ReachStep.objects.filter(said_by_id__in=registrations).update(said_by_id=None)
    counts = {"reach": delete_reaches(list(reaches))} | forget_doors(registrations)
    counts["contact_point"] = forget_points(subject.alone)
    memberships = PartyMember.objects.filter(registration__in=registrations)
    parties = list(memberships.values_list("party_id", flat=True))
    memberships.delete()
    Party.objects.filter(pk__in=parties, members__isnull=True, reaches__isnull=True).delete()
    private = TravellerPrivate.objects.filter(registration__in=registrations)
    counts["traveller_private"] = private.delete()[0]
    now = clock.now()
    counts["registration"] = Registration.objects.filter(pk__in=registrations).update(
        original={},
        reference="",
        organisation=None,
        entered_by_id=None,
        link_epoch=F("link_epoch") + 1,
    )
    LegalHold.objects.filter(traveller_id__in=people).update(reason="", lifted_why="")
    counts["traveller"] = Traveller.objects.filter(pk__in=people, erased_at=None).update(
        name=ERASED, erased_at=now
    )
    return counts | forget_findings(people, registrations)


# The rooms below know nothing of erasers; what they do is registered for them.
@eraser("letters")
def erase_letters(subject: Subject) -> dict[str, int]:
    n = letters.forget(subject.registrations, subject.alone, subject.points)
    return {"letter": n}


@eraser("officers")
def erase_looks(subject: Subject) -> dict[str, int]:
    return {"look": officers.forget_purposes(subject.travellers)}


def _hand_over(registrations: list[int]) -> None:
    """An address given for a whole party stays with those who remain; a stopped one does not."""
    given = Reach.objects.filter(
        registration__in=registrations, party__isnull=False, ended_at=None, stopped_at=None
    )
    for reach in given.order_by("pk"):
        others = PartyMember.objects.filter(
            party=reach.party, until=None, registration__traveller__guardian=None
        ).exclude(registration__in=registrations)
        heir = others.order_by("registration_id").values_list("registration_id", flat=True).first()
        if heir is None:
            continue
        # One reach for each address: where they have it already, that one stays.
        theirs = Reach.objects.filter(
            registration_id=heir,
            contact_point_id=reach.contact_point_id,
            purpose=reach.purpose,
            ended_at=None,
        )
        if not theirs.exists():
            forget_steps([reach.pk])
            Reach.objects.filter(pk=reach.pk).update(registration_id=heir)


@writes
def forget_points(points: Iterable[int]) -> int:
    """Blank those of these contact points that serve nobody any more; how many. Their numbers stay
    for proof. Inside a transaction.

    They are locked first and then looked at: whoever enrols with one at this moment either holds
    it already (``trips.writing``), is waited for and seen, or finds it gone and makes a new one.

    The domain that receives their mail goes with the last address in it: until then it says
    nothing about anybody.
    """
    done = 0
    domains: set[str] = set()
    locked = ContactPoint.objects.select_for_update().filter(pk__in=list(points), erased_at=None)
    numbers = list(locked.order_by("pk").values_list("pk", flat=True))
    used = Reach.objects.filter(contact_point=OuterRef("pk"), ended_at=None)
    for point in ContactPoint.objects.filter(~Exists(used), pk__in=numbers).order_by("pk"):
        domains.add(point.domain)
        ContactPoint.objects.filter(pk=point.pk).update(
            address="",
            # Of nothing: nobody's address has this hash.
            address_hash=f"erased-{secrets.token_hex(16)}",
            suppressed_at=point.suppressed_at or clock.now(),
            suppressed_why="",
            bounces=0,
            link_epoch=F("link_epoch") + 1,
            erased_at=clock.now(),
        )
        Suppression.objects.filter(contact_point=point).update(why="")
        done += 1
    gone = domains - set(live_domains(domains, ()))
    ContactPoint.objects.filter(domain__in=gone - {""}).update(domain="")
    return done


def live_domains(domains: Iterable[str], without: Iterable[int]) -> list[str]:
    """Those of these domains in which there are addresses other than ``without``."""
    out = list(without)
    found = []
    for domain in sorted(set(domains)):
        points = ContactPoint.objects.filter(domain=domain, erased_at=None).exclude(pk__in=out)
        if points[:1].exists():
            found.append(domain)
    return found
