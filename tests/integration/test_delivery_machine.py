"""Whatever happens, in any order, and whenever a worker dies: delivery keeps its rules.

A failure prints the steps that lead to it and a blob that replays them; ``WAYHOME_TEST_SEEDS=N``
plays N seeds at length; without it one is played, always the same.
"""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.support.deaths import POINTS
from tests.support.factories import warning
from tests.support.schedule import MEANWHILE, Schedule
from wayhome.bulletins import services as bulletins
from wayhome.bulletins.models import Issue

pytestmark = [pytest.mark.integration, pytest.mark.chaos]

SEEDS = int(os.environ.get("WAYHOME_TEST_SEEDS") or 0)
EXAMPLES, STEPS, STRIDE = (60, 40, 1) if SEEDS else (12, 25, 3)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("point", "journal"),
    [(point, "kept") for point in POINTS]
    + [(point, "full") for point in ("failing", "commit", "committed", "taken")],
)
def test_a_worker_that_dies_at_each_point_in_turn(point: str, journal: str) -> None:
    """Plan, send, be refused and put off: dying at the first commit, then at the second, ..."""
    schedule = Schedule()
    try:
        for number in range(4):
            schedule.enrol(number, "Mosul", True, False, False)
        after, struck = 1 - STRIDE, True
        while struck:
            after += STRIDE
            schedule.deaths.disk_is_full = journal == "full"
            schedule.carry_out(bulletins.draft(schedule.staff.author, warning()))
            schedule.ask_for_a_code(1)
            schedule.ask_for_a_code(1)
            schedule.relay.answers.extend(("sent", "later", "sent", "lost", "sent"))
            schedule.work(40, True, (point, after))
            struck = schedule.deaths.struck
            schedule.settle()
        assert after > STRIDE
    finally:
        schedule.teardown()  # looks at all of them: the n-th issue is that of the n-th death


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("what", MEANWHILE)
def test_what_happens_while_a_message_is_in_flight(what: str) -> None:
    schedule = Schedule()
    try:
        schedule.begin()
        schedule.work(4, False, None)
        schedule.while_a_message_is_in_flight(what, 0, None)
        schedule.work(3, True, None)
    finally:
        schedule.teardown()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("what", ["update", "cancel", "stop_or_resume"])
def test_what_is_replaced_or_stopped_before_a_worker_comes_is_not_sent(what: str) -> None:
    schedule = Schedule()
    try:
        schedule.begin()
        schedule.work(8, False, None)
        getattr(schedule, what)(0)
        schedule.send_while_other_work_waits(4)
        schedule.work(60, True, None)
        folders = {copy.folder for copies in schedule.relay.taken.values() for copy in copies}
        newest = f"issue-{Issue.objects.latest('pk').pk}"
        assert folders == (set() if what == "stop_or_resume" else {newest})
    finally:
        schedule.teardown()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("number", range(SEEDS or 1))
def test_any_schedule_keeps_the_rules(number: int) -> None:
    machine: Any = seed(number)(type(f"Seed{number}", (Schedule,), {}))
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
