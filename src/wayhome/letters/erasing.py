"""What an erasure and the passing of time leave of letters: that there was one, and when."""

from datetime import datetime

from django.db.models import Q

from wayhome.letters.models import Letter
from wayhome.links import registrations_linked
from wayhome.problems import Problem
from wayhome.work.db import writes


@writes
def forget(registrations: frozenset[int], alone: frozenset[int], points: frozenset[int]) -> int:
    """Empty letters about these registrations, to contact points that serve nobody else, and those
    to ``points`` that hold a link of one of these registrations; how many."""
    whole = Q(registration_id__in=registrations) | Q(contact_point_id__in=alone)
    numbers = set(Letter.objects.filter(whole).values_list("pk", flat=True))
    shared = Letter.objects.filter(contact_point_id__in=points, registration_id=None)
    for letter in shared.exclude(text="").iterator(chunk_size=200):
        if _linked(letter.text) & registrations:
            numbers.add(letter.pk)
    return Letter.objects.filter(pk__in=numbers).update(subject="", text="")


def _linked(text: str) -> set[int]:
    try:
        return registrations_linked(text)
    except Problem:  # signed with another key, long ago
        return set()


def old_letters(before: datetime, after: int, limit: int) -> list[tuple[int, int | None]]:
    """(letter, registration) of letters made before this moment that still say something."""
    rows = Letter.objects.filter(pk__gt=after, made_at__lt=before).exclude(subject="", text="")
    return list(rows.order_by("pk").values_list("pk", "registration_id")[:limit])


@writes
def empty(letter_ids: list[int]) -> int:
    return Letter.objects.filter(pk__in=letter_ids).update(subject="", text="")
