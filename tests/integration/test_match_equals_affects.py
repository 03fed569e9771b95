"""The keyed match finds exactly whom ``affects`` says is affected, in any world."""

from __future__ import annotations

from functools import lru_cache

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings

from tests.support.worlds import DAY_ZERO, World, asked_worlds
from wayhome.audience.affects import Affected, Window, affects
from wayhome.audience.matching import Matched, match
from wayhome.audience.models import Certainty, Reason
from wayhome.audience.services import find
from wayhome.places.affects import StayPlace, place_certainty
from wayhome.places.region import AnyRegion, Except, Union
from wayhome.places.resolve import Resolved, resolve
from wayhome.travellers.models import Registration, Traveller
from wayhome.trips.models import Watch

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

REPLAYED = settings(
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

Best = dict[int, tuple[int, int, int]]


def brute(world: World, region: Resolved, window: Window) -> Best:
    """Certainty, reason and stay (0: a leg) of each affected traveller, stay by stay."""
    found: dict[int, list[tuple[int, int, int]]] = {}

    def note(traveller: int, affected: Affected | None, stay: int) -> None:
        if affected is not None:
            rank = (-affected.certainty, int(affected.reason), stay)
            found.setdefault(traveller, []).append(rank)

    for number, stay in enumerate(world.stays, 1):
        note(stay.traveller, affects(stay.facts, region, window), number)
    for end in world.leg_ends:
        note(end.traveller, affects(end.facts, region, window), 0)
    best = {traveller: min(ranks) for traveller, ranks in found.items()}
    return {t: (-certainty, reason, stay) for t, (certainty, reason, stay) in best.items()}


def where(place: StayPlace, drawn: AnyRegion) -> int:
    """Kleene's logic spelt out over the region as it was drawn, each part resolved alone."""
    if isinstance(drawn, Union):
        return max(where(place, part) for part in drawn.parts)
    if isinstance(drawn, Except):
        return min(where(place, drawn.base), 2 - where(place, drawn.minus))
    return place_certainty(place, alone(drawn))


@lru_cache(maxsize=64)
def alone(leaf: AnyRegion) -> Resolved:
    return resolve(leaf)


def columns(matched: Matched) -> Best:
    rows = {
        int(t): (int(c), int(r), int(s))
        for t, c, r, s in zip(
            matched.traveller, matched.certainty, matched.reason, matched.stay, strict=True
        )
    }
    assert len(rows) == len(matched), "a traveller stands twice"
    assert list(rows) == sorted(rows), "not in order of traveller"
    return rows


def recorded(world: World, traveller: int) -> set[str]:
    subjects = [s for s in (*world.stays, *world.leg_ends) if s.traveller == traveller]
    return {code for s in subjects for code, _ in s.facts.place.areas} | {""}


class TestMatch:
    @settings(REPLAYED, max_examples=200)
    @given(asked=asked_worlds())
    def test_equals_affects_for_everyone_and_for_some(
        self, asked: tuple[World, AnyRegion, Window]
    ) -> None:
        world, drawn, window = asked
        region = resolve(drawn)
        with transaction.atomic():
            world.write()
            for subject in (*world.stays, *world.leg_ends):
                place = subject.facts.place
                assert place_certainty(place, region) == where(place, drawn)
            expected = brute(world, region, window)
            everyone = match(region, window)
            assert columns(everyone) == expected
            for traveller, area in zip(everyone.traveller, everyone.area, strict=True):
                assert area in recorded(world, int(traveller))
            some = [1, 2, 3, 8]
            among = {t: facts for t, facts in expected.items() if t in some}
            assert columns(match(region, window, some)) == among
            assert columns(match(region, window, [])) == {}
            transaction.set_rollback(True)


class TestFind:
    @settings(REPLAYED, max_examples=30)
    @given(asked=asked_worlds())
    def test_adds_those_who_watch_a_place_of_the_region(
        self, asked: tuple[World, AnyRegion, Window]
    ) -> None:
        world, drawn, window = asked
        region = resolve(drawn)
        with transaction.atomic():
            world.write()
            watched = ("IQ", "IQ-NI", "IR", "FJ", "NO", "AQ", "GB-LND")
            watchers: dict[int, str] = {}
            for number, code in enumerate(watched, 4):  # some of them travel as well
                when = f"{DAY_ZERO}T00:00Z"
                Traveller.objects.create(pk=number, name="W", made_at=when)
                registration = Registration.objects.create(
                    traveller_id=number, door="self", assurance=1, original={}, made_at=when
                )
                Watch.objects.create(registration=registration, area=code, since=when)
                Watch.objects.create(  # an ended wish is none
                    registration=registration, area="IQ-BG", since=when, until=when
                )
                if place_certainty(StayPlace(((code, 2),)), region):
                    watchers[number] = code
            expected = brute(world, region, window)
            for number in watchers:
                expected.setdefault(number, (Certainty.WATCHING, Reason.WATCHING, 0))
            assert columns(find(region, window)) == expected
            transaction.set_rollback(True)
