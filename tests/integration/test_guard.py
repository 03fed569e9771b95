"""Limits on guessing as the database keeps them: others never make an officer wait."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wayhome.officers import guard, pauses
from wayhome.officers.account_models import SignInTries
from wayhome.officers.guard import Place

pytestmark = [pytest.mark.integration, pytest.mark.django_db]
START = datetime(2026, 1, 1, tzinfo=UTC)
EMBASSY, ELSEWHERE = "192.0.2.1", "198.51.100.7"

step = st.tuples(
    st.sampled_from(["victim", "colleague", "stranger"]),  # whose account is tried
    st.sampled_from([EMBASSY, ELSEWHERE]),  # by somebody on this network
    st.integers(1, 30),  # how often, at once
    st.integers(0, 1000),  # seconds that pass before
)


@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(step, max_size=12))
def test_whatever_others_do(db: None, steps: list[tuple[str, str, int, int]]) -> None:
    """The officer gets in at the browser they know, at once; a colleague who has not failed gets
    one try from anywhere; and no account is tried more often than its pauses allow."""
    SignInTries.objects.all().delete()
    mails = {name: f"{name}.{secrets.token_hex(4)}@example.org" for name in
             ("victim", "colleague", "stranger")}  # fmt: skip
    known = Place(EMBASSY, "the victim's browser")
    now = START
    waits: list[int] = []
    failed: dict[tuple[str, str], list[datetime]] = {}
    for who, network, times, seconds in steps:
        now += timedelta(seconds=seconds)
        for _ in range(times):
            try:
                guard.attempt(mails[who], Place(network), now)
            except guard.Wait as wait:
                waits.append(wait.seconds)
            else:
                failed.setdefault((who, network), []).append(now)
        guard.succeeded(guard.attempt(mails["victim"], known, now))
    assert all(0 < seconds <= pauses.LONGEST.total_seconds() for seconds in waits)
    for (who, _network), moments in failed.items():
        hours = (moments[-1] - moments[0]) / timedelta(hours=1)
        assert len(moments) <= pauses.FREE + 8 + 4 * hours, who
    fresh = Place("203.0.113.5")
    guard.attempt(mails["victim"], fresh, now)
    guard.attempt(f"nobody.{secrets.token_hex(4)}@example.org", Place(EMBASSY), now)


def test_a_try_that_comes_too_soon_is_not_counted(db: None) -> None:
    """Whoever keeps pressing waits no longer than whoever waits."""
    place = Place(EMBASSY)
    for _ in range(3):
        guard.attempt("ada@example.org", place, START)
    for second in range(4):
        with pytest.raises(guard.Wait) as wait:
            guard.attempt("ada@example.org", place, START + timedelta(seconds=second))
        assert wait.value.seconds == 5 - second
    guard.attempt("ADA@example.org ", place, START + timedelta(seconds=5))


def test_success_forgives_the_place_alone(db: None) -> None:
    one, two = Place(EMBASSY), Place(ELSEWHERE)
    for place in (one, two):
        for _ in range(3):
            tried = guard.attempt("ada@example.org", place, START)
    guard.succeeded(tried)
    guard.attempt("ada@example.org", two, START)
    with pytest.raises(guard.Wait):
        guard.attempt("ada@example.org", one, START)


def test_a_right_password_before_its_code_forgives_nothing(db: None) -> None:
    place = Place(EMBASSY)
    for _ in range(2):
        guard.attempt("ada@example.org", place, START)
    guard.take_back(guard.attempt("ada@example.org", place, START))
    guard.attempt("ada@example.org", place, START)
    with pytest.raises(guard.Wait):
        guard.attempt("ada@example.org", place, START)
