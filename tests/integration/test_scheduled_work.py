"""What is done by the clock: it keeps no warning waiting, and its cost grows no faster than the
number of people."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from tests.support import crowd
from tests.support.factories import enrol_one, make_staff, publish, work
from wayhome.work import clock, registry, worker
from wayhome.work.models import Owed
from wayhome.work.registry import Job
from wayhome.work.services import owe

FEW, MANY = 500, 5_000
STEPS = 1_000  # of SQLite's machine, between two looks


@pytest.fixture
def _a_worker_was_here() -> Iterator[None]:
    """It stops, and tells time by the database, in this process alone."""
    yield
    worker._stopping = threading.Event()
    clock._follows = False
    clock.forget_offset()


@pytest.mark.integration
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_a_worker_was_here")
def test_what_takes_long_by_the_clock_keeps_nothing_waiting_that_follows_from_facts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun, go_on, done = threading.Event(), threading.Event(), threading.Event()

    def takes_long(_keys: list[str]) -> None:
        begun.set()
        go_on.wait(60)

    jobs = {
        "slow": Job("slow", takes_long, 1, (), 3600.0),
        "urgent": Job("urgent", lambda _keys: done.set(), 1),
    }
    monkeypatch.setattr(registry, "_jobs", jobs)
    monkeypatch.setattr(registry, "_sources", {})
    monkeypatch.setattr(registry, "_services", {})
    stop = threading.Event()
    running = threading.Thread(target=lambda: (worker.run(stop), connection.close()))
    running.start()
    try:
        assert begun.wait(30)
        owe("urgent", 1)
        assert done.wait(30)
        assert not go_on.is_set()
    finally:
        go_on.set()
        stop.set()
        running.join()
        monkeypatch.undo()


@pytest.mark.integration
@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="SQLite counts its own steps")
@pytest.mark.parametrize(
    "name", sorted(job.name for job in registry.jobs() if job.every is not None)
)
def test_ten_times_the_people_cost_little_more_than_ten_times_as_much(
    name: str, outbox: Path
) -> None:
    job, costs = registry.get(name), []
    staff = make_staff()
    person = enrol_one("P")
    publish(staff)
    work()
    before = 0
    for count in (FEW, MANY):
        crowd.people(person, count, above=before)
        before += count
        Owed.objects.all().delete()
        costs.append(steps_of(lambda: job.run([""])))
    assert costs[1] <= 25 * max(costs[0], 20)


def steps_of(run: object) -> int:
    """How many thousand steps SQLite's machine took."""
    count = 0

    def took() -> int:
        nonlocal count
        count += 1
        return 0

    connection.ensure_connection()
    connection.connection.set_progress_handler(took, STEPS)
    try:
        run()  # type: ignore[operator]
    finally:
        connection.connection.set_progress_handler(None, 0)
    return count
