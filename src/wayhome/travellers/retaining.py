"""Retention rules of this room and of those below: addresses, letters, looks."""

from datetime import datetime

from django.conf import settings
from django.contrib.sessions.models import Session

from wayhome.letters import erasing as letters
from wayhome.officers import erasing as officers
from wayhome.travellers.addresses import address_hash, normalise
from wayhome.travellers.door_models import ReachCode
from wayhome.travellers.erasing import forget_points
from wayhome.travellers.erasing_doors import delete_reaches
from wayhome.travellers.expiring import ASKED_WITHIN
from wayhome.travellers.models import ContactPoint, Reach
from wayhome.travellers.retention import (
    CHUNK,
    Chunk,
    free_registrations,
    held_people,
    page,
    rule,
)
from wayhome.work import clock
from wayhome.work.db import writes


@rule(
    "ended ways",
    "travellers",
    "WAYHOME_RETAIN_WORDS_DAYS",
    "ways to reach somebody that ended, with their history",
)
@writes
def ended_reaches(before: datetime, after: int, dry: bool) -> Chunk:
    rows = Reach.objects.filter(ended_at__lt=before, pk__gt=after).order_by("pk")[:CHUNK]
    pairs = list(rows.values_list("pk", "registration_id"))
    free = free_registrations(registration for _, registration in pairs)
    gone = [number for number, registration in pairs if registration in free]
    if not dry:
        delete_reaches(gone)
    return Chunk(len(gone), page([number for number, _ in pairs]))


@rule(
    "codes",
    "travellers",
    "WAYHOME_RETAIN_MAIL_DAYS",
    "codes that were sent to show that an address is read",
)
@writes
def old_codes(before: datetime, after: int, dry: bool) -> Chunk:
    # Never sooner than they tell that somebody was asked already, or how often today.
    before = min(before, clock.now() - ASKED_WITHIN)
    rows = ReachCode.objects.filter(pk__gt=after, made_at__lt=before).order_by("pk")[:CHUNK]
    pairs = list(rows.values_list("pk", "reach__registration_id"))
    free = free_registrations(registration for _, registration in pairs)
    gone = [number for number, registration in pairs if registration in free]
    if not dry:
        ReachCode.objects.filter(pk__in=gone).delete()
    return Chunk(len(gone), page([number for number, _ in pairs]))


@rule(
    "unused addresses",
    "travellers",
    "WAYHOME_RETAIN_PERSON_DAYS",
    "addresses that serve nobody, such as one that was typed and never proven",
)
@writes
def unused_points(before: datetime, after: int, dry: bool) -> Chunk:
    rows = ContactPoint.objects.filter(
        pk__gt=after, made_at__lt=before, erased_at=None, reaches__isnull=True
    )
    rows = rows.exclude(kind=ContactPoint.Kind.MAIL, address_hash__in=_canaries())
    numbers = list(rows.order_by("pk").values_list("pk", flat=True)[:CHUNK])
    if not dry:
        forget_points(numbers)
    return Chunk(len(numbers), page(numbers))


def _canaries() -> list[str]:
    """Addresses of the office itself, which serve nobody and get every issue."""
    mail = ContactPoint.Kind.MAIL
    return [address_hash(mail, normalise(mail, each)) for each in settings.WAYHOME_CANARIES]


@rule("letters", "letters", "WAYHOME_RETAIN_WORDS_DAYS", "what letters to one person said")
@writes
def old_letters(before: datetime, after: int, dry: bool) -> Chunk:
    pairs = letters.old_letters(before, after, CHUNK)
    free = free_registrations(number for _, number in pairs if number is not None)
    gone = [letter for letter, number in pairs if number is None or number in free]
    if not dry:
        letters.empty(gone)
    return Chunk(len(gone), page([letter for letter, _ in pairs]))


@rule("looks", "officers", "WAYHOME_RETAIN_LOOK_DAYS", "who looked at whom, and why")
@writes
def old_looks(before: datetime, after: int, dry: bool) -> Chunk:
    pairs = officers.old_looks(before, after, CHUNK)
    held = held_people(traveller for _, traveller in pairs)
    gone = [look for look, traveller in pairs if traveller not in held]
    if not dry:
        officers.delete_looks(gone)
    return Chunk(len(gone), page([look for look, _ in pairs]))


@rule(
    "sessions",
    "officers",
    "WAYHOME_RETAIN_MAIL_DAYS",
    "officers' sessions after they ended",
)
@writes
def old_sessions(before: datetime, _after: int, dry: bool) -> Chunk:
    rows = Session.objects.filter(expire_date__lt=before).order_by("expire_date")
    if dry:
        return Chunk(rows.count(), None)
    keys = list(rows.values_list("pk", flat=True)[:CHUNK])
    Session.objects.filter(pk__in=keys).delete()
    return Chunk(len(keys), 0 if len(keys) == CHUNK else None)
