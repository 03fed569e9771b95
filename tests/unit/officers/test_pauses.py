"""Whoever guesses waits longer and longer; nobody else does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from wayhome.officers import pauses
from wayhome.officers.pauses import FREE, LONGEST, NETWORK_ATTACKS, Tries

pytestmark = pytest.mark.unit
START = datetime(2026, 1, 1, tzinfo=UTC)


def test_pauses_as_the_how_to_says() -> None:
    seconds = [pauses.pause_after(n, strict=False).total_seconds() for n in range(1, 14)]
    assert seconds == [0, 0, 5, 10, 20, 40, 80, 160, 320, 640, 900, 900, 900]
    strict = [pauses.pause_after(n, strict=True).total_seconds() for n in range(4)]
    assert strict == [0, 300, 600, 900]


@given(st.integers(0, 10_000), st.booleans())
def test_a_pause_never_shrinks_with_failures_and_has_an_end(count: int, strict: bool) -> None:
    now, after = (pauses.pause_after(n, strict=strict) for n in (count, count + 1))
    assert timedelta(0) <= now <= after <= LONGEST
    assert pauses.pause_after(count, strict=True) >= pauses.pause_after(count, strict=False)


@given(st.floats(0, 1e6), st.integers(-400_000, 400_000))
def test_a_clock_set_back_makes_nobody_wait_longer(count: float, seconds: int) -> None:
    place = Tries(count, START)
    assert pauses.wait(place, START + timedelta(seconds=seconds), strict=True) <= LONGEST


class Guessing(RuleBasedStateMachine):
    """One place of one account, and the network around it, over days."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.place: Tries | None = None
        self.network: Tries | None = None
        self.taken: list[datetime] = []  # guesses that were judged, since the last success

    @property
    def strict(self) -> bool:
        return pauses.level(self.network, self.now, NETWORK_ATTACKS) >= NETWORK_ATTACKS

    @rule(seconds=st.integers(0, 2000))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(hours=st.integers(1, 60))
    def much_time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(times=st.integers(1, 60))
    def guess_at_once(self, times: int) -> None:
        for _ in range(times):
            if pauses.wait(self.place, self.now, strict=self.strict) == timedelta(0):
                self.place = pauses.tried(self.place, self.now)
                self.taken.append(self.now)
            self.network = pauses.poured(self.network, self.now, NETWORK_ATTACKS)

    @rule(times=st.integers(1, 300))
    def others_guess(self, times: int) -> None:
        """From the same network, at other accounts."""
        before = pauses.wait(self.place, self.now, strict=False)
        for _ in range(times):
            self.network = pauses.poured(self.network, self.now, NETWORK_ATTACKS)
        assert pauses.wait(self.place, self.now, strict=False) == before

    @rule()
    def success(self) -> None:
        if pauses.wait(self.place, self.now, strict=self.strict) == timedelta(0):
            self.place = None
            self.taken.clear()

    @invariant()
    def nobody_waits_for_ever(self) -> None:
        wait = pauses.wait(self.place, self.now, strict=self.strict)
        assert timedelta(0) <= wait <= LONGEST
        later = self.now + wait
        assert pauses.wait(self.place, later, strict=self.strict) == timedelta(0)

    @invariant()
    def no_more_guesses_than_so_many_a_day(self) -> None:
        """Three, then one at the end of each pause: eight to reach the longest one, and from
        there four an hour; a day forgets, so at most that of two days is in any one of them."""
        most = 2 * (FREE + 8 + 24 * 4)
        since = [at for at in self.taken if at > self.now - timedelta(days=1)]
        assert len(since) <= most

    @invariant()
    def an_attack_that_has_ended_is_forgotten_in_a_day(self) -> None:
        later = self.now + timedelta(days=1, seconds=1)
        assert pauses.level(self.network, later, NETWORK_ATTACKS) < NETWORK_ATTACKS


TestGuessing = Guessing.TestCase
