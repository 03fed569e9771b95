"""What people change of themselves on their own page: name, addresses, link."""

from django.db.models import F

from wayhome.letters.models import Letter
from wayhome.letters.services import owe_letter
from wayhome.links import TripsLink, trips_url
from wayhome.problems import Problem
from wayhome.travellers.codes import owe_codes
from wayhome.travellers.door_models import NameChange
from wayhome.travellers.letter_words import letter_words
from wayhome.travellers.models import ContactPoint, Reach, ReachStep, Registration, Traveller
from wayhome.travellers.queries import own_reaches, spoken_for
from wayhome.travellers.services import add_reach, clean_name, contact_point, rename
from wayhome.travellers.sql import verified_ways
from wayhome.travellers.telling import LIFE
from wayhome.work import clock
from wayhome.work.db import writes

MOST_ADDRESSES = 10  # of one person


@writes
def correct_name(registration: Registration, of: int, name: str) -> Traveller:
    """Another name for themselves or a minor who came with them; the old one is kept.

    Problem where the record is shared with other registrations: whose name it is, an officer says.
    """
    found = [each for each in spoken_for(registration) if each.pk == of]
    if not found:
        raise Problem("name", "is of nobody you speak for", "reload the page")
    traveller = Traveller.objects.select_for_update().get(pk=found[0].traveller_id)
    if traveller.registrations.exclude(pk=found[0].pk).exists():
        raise Problem("name", "is held by several entries", "ask an officer to correct it")
    name = clean_name(name)
    if name != traveller.name:
        NameChange.objects.create(
            registration=found[0], was=traveller.name, said_by_id=registration.pk, at=clock.now()
        )
        rename(traveller, name)
    return traveller


@writes
def add_address(
    registration: Registration, kind: str, address: str, language: str, network: str = ""
) -> Reach:
    """One more address of this adult's alone; a code is owed to it. The same one again is none
    more, and its code is asked for again."""
    if len(own_reaches([registration])) >= MOST_ADDRESSES:
        raise Problem(kind, "would be one too many", "remove an address first")
    point = contact_point(kind, address, language)
    reach = add_reach(registration, point, language=language)
    owe_codes([reach.pk], network)
    return reach


def check_removal(registration: Registration, reach: Reach, *, sure: bool) -> None:
    """Problem where it is the last confirmed one, which everything personal goes to, and they are
    not sure."""
    if is_last_verified(registration, reach) and not sure:
        raise Problem(
            "address",
            "is the last one that is confirmed",
            "add and confirm another first, or tick that you are sure",
        )


@writes
def remove_address(reach: Reach, said_by_id: int | None, why: str = "removed") -> Reach:
    """Use an address for this registration no more."""
    reach.ended_at = clock.now()
    reach.save(update_fields=["ended_at"])
    ReachStep.objects.create(
        reach=reach, did=ReachStep.Did.CHANGED, what=why, said_by_id=said_by_id, at=clock.now()
    )
    return reach


def is_last_verified(registration: Registration, reach: Reach) -> bool:
    others = [each for each in own_reaches([registration]) if each.pk != reach.pk]
    return reach.verified_at is not None and not any(each.verified_at for each in others)


@writes
def revoke_links(registration: Registration, once: str) -> None:
    """Every link to this adult's page so far opens nothing any more; a new one goes to their
    verified addresses. Problem where there is none: they would have no way in left."""
    now = clock.now()
    ways = [
        way
        for way in verified_ways([registration.traveller_id], now)
        if way[1] == registration.pk
        and ContactPoint.objects.filter(pk=way[0], kind=ContactPoint.Kind.MAIL).exists()
    ]
    if not ways:
        raise Problem("address", "none is confirmed", "confirm one first: the new link goes there")
    Registration.objects.filter(pk=registration.pk).update(link_epoch=F("link_epoch") + 1)
    # Links to answer by, too, where they have shown that the address is theirs.
    alone = Reach.objects.filter(
        registration=registration,
        party=None,
        purpose=Reach.Purpose.OWN,
        ended_at=None,
        verified_at__isnull=False,
    )
    ContactPoint.objects.filter(pk__in=alone.values("contact_point")).update(
        link_epoch=F("link_epoch") + 1
    )
    registration.refresh_from_db()
    for point_id, _, language, neutral in ways:
        words = letter_words(language)
        url = trips_url(TripsLink(registration.pk, registration.link_epoch))
        owe_letter(
            kind=Letter.Kind.LINK,
            contact_point_id=point_id,
            registration_id=registration.pk,
            subject=words.neutral_subject if neutral else words.new_link_subject,
            text=f"{words.neutral_link if neutral else words.new_link}\n\n{url}",
            language=language,
            expires_at=now + LIFE,
            once=f"revoked {once}"[:120],
        )
