"""Whoever was entered by another is told so, at the first safe contact.

An address that another gave may be that other's own: what goes there before it is verified names
nobody and opens nothing (``codes``). Only a verified address gets the link to what was said; and
it opens that registration alone, not what the person said elsewhere.
"""

from collections.abc import Mapping
from datetime import timedelta

from wayhome.letters.models import Letter
from wayhome.letters.services import owe_letter
from wayhome.links import TripsLink, trips_url
from wayhome.travellers.door_models import Telling
from wayhome.travellers.letter_words import letter_words
from wayhome.travellers.models import Door, Registration
from wayhome.travellers.sql import verified_ways
from wayhome.work import clock
from wayhome.work.db import writes
from wayhome.work.services import tell_many

JOB = "travellers.tell"
LIFE = timedelta(days=3)
# An address of an organisation may serve thousands whom it entered itself.
MOST_AT_ONE_ADDRESS = 20


@writes
def owe_telling(doors: Mapping[int, str]) -> None:
    """Owe it to those of these registrations (with the doors they came through) who were entered
    by another and were not told yet."""
    others = [number for number, door in doors.items() if door != Door.SELF]
    tell_many("travellers.entered_by_other", others)


@writes
def tell_entered(registration_id: int) -> None:
    """The job: one letter to the first address that is verified; none while there is none, and
    none for a minor, for whom the guardian is told."""
    registration = (
        Registration.objects.select_related("traveller").filter(pk=registration_id).first()
    )
    if registration is None or registration.traveller.is_minor:
        return
    if Telling.objects.filter(registration=registration).exists():
        return
    now = clock.now()
    ways = [
        way for way in verified_ways([registration.traveller_id], now) if way[1] == registration.pk
    ]
    for point_id, _, language, neutral in ways:
        if Telling.objects.filter(contact_point_id=point_id).count() >= MOST_AT_ONE_ADDRESS:
            continue
        words = letter_words(language)
        day = f"{registration.made_at:%Y-%m-%d}"
        said = (
            words.neutral_link
            if neutral
            else words.you_were_entered.format(day=day, who=words.kinds[registration.door])
        )
        owe_letter(
            kind=Letter.Kind.LINK,
            contact_point_id=point_id,
            registration_id=registration.pk,
            subject=words.neutral_subject if neutral else words.entered_subject,
            text=f"{said}\n\n{trips_url(TripsLink(registration.pk, registration.link_epoch))}",
            language=language,
            expires_at=now + LIFE,
            once=f"entered {registration.pk}",
        )
        Telling.objects.create(registration=registration, contact_point_id=point_id, at=now)
        return
