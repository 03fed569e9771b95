"""Verification expires: an address may have changed hands since it was shown to be theirs."""

from collections.abc import Iterator
from datetime import datetime

from wayhome.travellers.codes import ASK_AGAIN, VERIFIED_FOR, owe_codes
from wayhome.travellers.door_models import ReachCode
from wayhome.travellers.models import Reach, ReachStep
from wayhome.work import clock
from wayhome.work.db import writes

IN_CHUNK = 200
ASKED_WITHIN = VERIFIED_FOR - ASK_AGAIN  # a code sent since then was the question


def ask_again() -> int:
    """Owe a code to addresses whose verification ends soon, once; returns to how many."""
    asked = 0
    for reaches in _verified_before(clock.now() - ASK_AGAIN):
        asked += _ask(reaches)
    return asked


@writes
def _ask(reaches: list[Reach]) -> int:
    since = clock.now() - ASKED_WITHIN
    asked = set(
        ReachCode.objects.filter(reach__in=reaches, made_at__gt=since).values_list(
            "reach_id", flat=True
        )
    )
    left = [reach for reach in reaches if reach.pk not in asked]
    owe_codes([reach.pk for reach in left])
    return len(left)


def expire() -> int:
    """End verifications that are older than they hold; returns how many."""
    ended = 0
    for reaches in _verified_before(clock.now() - VERIFIED_FOR):
        ended += _end(reaches)
    return ended


@writes
def _end(reaches: list[Reach]) -> int:
    now = clock.now()
    ended = 0
    for reach in reaches:
        # Not where it was verified anew this moment.
        same = Reach.objects.filter(pk=reach.pk, verified_at=reach.verified_at)
        if same.update(verified_at=None):
            ReachStep.objects.create(
                reach=reach, did=ReachStep.Did.CHANGED, what="verification expired", at=now
            )
            ended += 1
    return ended


def _verified_before(moment: datetime) -> Iterator[list[Reach]]:
    rows = Reach.objects.filter(
        verified_at__lt=moment, ended_at=None, purpose=Reach.Purpose.OWN
    ).select_related("contact_point", "registration")
    after = 0
    while page := list(rows.filter(pk__gt=after).order_by("pk")[:IN_CHUNK]):
        yield page
        after = page[-1].pk
