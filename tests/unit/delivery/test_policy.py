"""The contact policy at hand-off: every rule by itself, quiet hours at any place and season."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wayhome.delivery.policy import Go, NotBefore, Occasion, Withdrawn, decide
from wayhome.delivery.sending_sql import OwedDelivery, Served
from wayhome.delivery.types import DeliveryKey

pytestmark = pytest.mark.unit

DELIVERY = OwedDelivery(DeliveryKey(1, 0, 7, "mail"), 0, "ann@example.org", "en", 1, "")
ANN = Served(
    contact_point_id=7,
    traveller_id=1,
    registration_id=1,
    name="Ann",
    guardian_id=None,
    party_id=0,
    verified=True,
    neutral=False,
    watching=False,
    language="en",
)
NIGHT = datetime(2026, 3, 10, 23, 30, tzinfo=UTC)
ZONES = (
    "UTC", "Asia/Baghdad", "Asia/Kathmandu", "America/New_York", "Europe/Berlin",
    "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Chatham", "Africa/Cairo",
)  # fmt: skip

times = st.times().map(lambda value: value.replace(second=0, microsecond=0))
moments = st.datetimes(
    datetime(2009, 1, 1),  # noqa: DTZ001  (the zone is given apart)
    datetime(2030, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)  # Apia skipped a whole day in 2011


def sleeper(quiet_from: time, quiet_until: time, zone: str = "UTC") -> Served:
    return replace(ANN, quiet_from=quiet_from, quiet_until=quiet_until, time_zone=zone)


def is_quiet(row: Served, moment: datetime) -> bool:
    """The definition: the local clock reads a time within the hours."""
    assert row.quiet_from is not None
    assert row.quiet_until is not None
    at = moment.astimezone(ZoneInfo(row.time_zone)).time().replace(tzinfo=None)
    if row.quiet_from < row.quiet_until:
        return row.quiet_from <= at < row.quiet_until
    return row.quiet_from != row.quiet_until and (at >= row.quiet_from or at < row.quiet_until)


class TestWho:
    def test_what_is_withheld_goes_nowhere_whatever_it_is(self) -> None:
        for why in ("suppressed", "in hostile hands"):
            for occasion in (
                Occasion(NIGHT, waits=False),
                Occasion(NIGHT, waits=False, without_people=True),
            ):
                assert decide(occasion, replace(DELIVERY, withheld=why), [ANN]) == Withdrawn(why)

    def test_where_nobody_is_served_any_more_only_what_needs_nobody_goes(self) -> None:
        assert isinstance(decide(Occasion(NIGHT, waits=False), DELIVERY, []), Withdrawn)
        assert decide(Occasion(NIGHT, waits=True, without_people=True), DELIVERY, []) == Go(())

    def test_what_is_for_the_verified_names_no_other(self) -> None:
        doubtful = replace(ANN, traveller_id=2, verified=False)
        occasion = Occasion(NIGHT, waits=False, verified_only=True)
        assert decide(occasion, DELIVERY, [ANN, doubtful]) == Go((ANN,))
        assert isinstance(decide(occasion, DELIVERY, [doubtful]), Withdrawn)
        assert decide(Occasion(NIGHT, waits=False), DELIVERY, [doubtful]) == Go((doubtful,))


class TestQuietHours:
    def test_over_midnight(self) -> None:
        row = sleeper(time(22), time(7))
        waiting = Occasion(NIGHT, waits=True)
        assert decide(waiting, DELIVERY, [row]) == NotBefore(datetime(2026, 3, 11, 7, tzinfo=UTC))
        early = Occasion(datetime(2026, 3, 11, 6, 59, tzinfo=UTC), waits=True)
        assert decide(early, DELIVERY, [row]) == NotBefore(datetime(2026, 3, 11, 7, tzinfo=UTC))
        awake = Occasion(datetime(2026, 3, 11, 7, tzinfo=UTC), waits=True)
        assert decide(awake, DELIVERY, [row]) == Go((row,))

    def test_by_the_clock_of_the_place(self) -> None:
        row = sleeper(time(22), time(7), "Asia/Baghdad")  # three hours ahead
        at = Occasion(datetime(2026, 3, 10, 19, tzinfo=UTC), waits=True)
        assert decide(at, DELIVERY, [row]) == NotBefore(datetime(2026, 3, 11, 4, tzinfo=UTC))
        before = Occasion(datetime(2026, 3, 10, 18, 59, tzinfo=UTC), waits=True)
        assert decide(before, DELIVERY, [row]) == Go((row,))

    def test_the_night_in_which_clocks_change(self) -> None:
        row = sleeper(time(22), time(7), "Europe/Berlin")
        at = Occasion(datetime(2026, 3, 28, 22, tzinfo=UTC), waits=True)  # 23 h there
        assert decide(at, DELIVERY, [row]) == NotBefore(datetime(2026, 3, 29, 5, tzinfo=UTC))
        at = Occasion(datetime(2026, 10, 24, 21, tzinfo=UTC), waits=True)  # 23 h there
        assert decide(at, DELIVERY, [row]) == NotBefore(datetime(2026, 10, 25, 6, tzinfo=UTC))

    def test_what_does_not_wait_goes_at_night(self) -> None:
        row = sleeper(time(22), time(7))
        assert decide(Occasion(NIGHT, waits=False), DELIVERY, [row]) == Go((row,))

    def test_it_waits_only_where_everyone_sleeps_and_for_the_first_who_wakes(self) -> None:
        long, short = sleeper(time(20), time(9)), sleeper(time(23), time(6))
        occasion = Occasion(NIGHT, waits=True)
        assert decide(occasion, DELIVERY, [long, ANN]) == Go((long, ANN))
        assert decide(occasion, DELIVERY, [long, short]) == NotBefore(
            datetime(2026, 3, 11, 6, tzinfo=UTC)
        )

    def test_a_zone_that_this_host_does_not_know_loses_nothing(self) -> None:
        for zone in ("Mars/Olympus", "", "../etc", "Asia"):
            row = sleeper(time(22), time(7), zone)
            ends = decide(Occasion(NIGHT, waits=True), DELIVERY, [row])
            assert ends == NotBefore(datetime(2026, 3, 11, 7, tzinfo=UTC))

    @given(moments, times, times, st.sampled_from(ZONES))
    @example(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), time(2, 15), time(2, 45), "Europe/Berlin")
    @example(datetime(2026, 3, 29, 0, 59, tzinfo=UTC), time(1, 30), time(2, 30), "Europe/Berlin")
    @example(datetime(2011, 12, 30, 9, 0, tzinfo=UTC), time(22), time(7), "Pacific/Apia")
    def test_anywhere_and_at_any_time(
        self, now: datetime, quiet_from: time, quiet_until: time, zone: str
    ) -> None:
        row = sleeper(quiet_from, quiet_until, zone)
        verdict = decide(Occasion(now, waits=True), DELIVERY, [row])
        if not is_quiet(row, now):
            assert verdict == Go((row,))
            return
        assert isinstance(verdict, NotBefore)
        # It is later, no more than a day and the change of a clock away, and looking again and
        # again always comes to an hour in which it goes.
        assert now < verdict.moment <= now + timedelta(hours=49)
        looked = 0
        while isinstance(verdict, NotBefore):
            looked += 1
            assert looked <= 200
            verdict = decide(Occasion(verdict.moment, waits=True), DELIVERY, [row])
        assert verdict == Go((row,))

    @given(moments, times, times, st.sampled_from(ZONES))
    def test_nobody_sleeps_past_the_end_of_their_hours(
        self, now: datetime, quiet_from: time, quiet_until: time, zone: str
    ) -> None:
        """No minute between now and what is said lies outside the hours."""
        row = sleeper(quiet_from, quiet_until, zone)
        verdict = decide(Occasion(now, waits=True), DELIVERY, [row])
        if isinstance(verdict, NotBefore):
            step = timedelta(minutes=5)
            moment = now
            awake = 0
            while moment < verdict.moment:
                awake += not is_quiet(row, moment)
                moment += step
            # A clock that is set back may show the end of the hours twice; an hour at most.
            assert awake * step <= timedelta(hours=1)
