"""Workers that are killed, doubled, paused, or told the wrong time."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from tests.support.chaos import (
    BATCH,
    IN_FLIGHT,
    LONG,
    ON_POSTGRES,
    SERIES,
    everyone,
    kill,
    moments,
    not_to_be_had,
    settled,
    size,
    taken,
    wait_until_sent,
)
from tests.support.instance import Instance, wait_for

pytestmark = [pytest.mark.acceptance, pytest.mark.chaos]


@pytest.mark.parametrize("series", SERIES)
def test_killed_at_random_moments_they_lose_nobody(instance: Instance, series: int) -> None:
    people, kills = size(300, 2400), size(6, 20)
    chance = moments()
    instance.play("publish", str(people))
    instance.slow_down(size(4, 30))
    for number in range(kills):
        worker = instance.worker()
        if number == 0:
            time.sleep(chance.uniform(0.5, 1.5))  # while it starts or plans
        else:
            enough = instance.relay.count() + chance.randint(1, size(35, 100))
            instance.wait_until_taken(enough)
            time.sleep(chance.uniform(0, 0.05))
        assert worker.poll() is None, instance.worker_log()
        kill(worker)
    assert instance.relay.count() < people  # all were killed while there was work
    last = instance.worker()
    wait_until_sent(instance)
    instance.stop(last)
    doubles = settled(instance, people, unheard=kills * IN_FLIGHT)
    assert doubles <= kills * IN_FLIGHT
    # A double is a message that was in flight at a kill: never more than one a kill.
    assert max(taken(instance).values()) <= 1 + kills


@pytest.mark.parametrize("workers", [2, 4] if LONG else [4])
def test_several_at_once_send_each_message_once(instance: Instance, workers: int) -> None:
    people = size(150, 1500)
    instance.environment["WAYHOME_MAIL_RATE"] = "10"  # many small slices to meet over
    instance.environment["WAYHOME_LEASE_SECONDS"] = "60"
    instance.play("publish", str(people))
    instance.slow_down(size(4, 100))
    at_work = [instance.worker() for _ in range(workers)]
    wait_until_sent(instance)
    for worker in at_work:
        instance.stop(worker)
    assert settled(instance, people) == 0


def test_of_several_one_is_killed_again_and_again(instance: Instance) -> None:
    people, kills = size(200, 1600), size(3, 20)
    chance = moments()
    instance.play("publish", str(people))
    instance.slow_down(size(10, 40))
    at_work = [instance.worker() for _ in range(2)]
    for _ in range(kills):
        instance.wait_until_taken(instance.relay.count() + chance.randint(1, size(20, 60)))
        kill(at_work.pop(chance.randrange(len(at_work))))
        at_work.append(instance.worker())
    wait_until_sent(instance)
    for worker in at_work:
        instance.stop(worker)
    assert settled(instance, people, unheard=kills * IN_FLIGHT) <= kills * IN_FLIGHT


def test_one_paused_beyond_its_lease_wakes_and_does_no_harm(instance: Instance) -> None:
    people = size(120, 1000)
    instance.play("publish", str(people))
    instance.slow_down(size(20, 80))
    paused = instance.worker()
    instance.wait_until_taken(15)
    instance.pause(paused)
    other = instance.worker()
    wait_until_sent(instance)
    before = instance.relay.count()
    paused.send_signal(signal.SIGCONT)
    # Its slice is another's, or the answer that it waited for is long overdue, or the server has
    # cut off whoever stood still in a transaction.
    notices = (
        *("another worker has taken it over", "no answer within"),
        "server closed the connection",
    )
    wait_for(lambda: any(each in instance.worker_log() for each in notices), "it notices")
    instance.stop(paused)
    instance.stop(other)
    assert instance.relay.count() - before <= IN_FLIGHT  # what it held in its hands, no more
    assert settled(instance, people) <= IN_FLIGHT * BATCH
    # Nobody was killed: every message that was taken is an attempt.
    assert instance.one("SELECT count(*) FROM attempt WHERE outcome = 'sent'") == sum(
        taken(instance).values()
    )


def other_time(**how: str) -> dict[str, str]:
    """Environment of a worker that is told another time than it is."""
    library = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
    if library is None:
        not_to_be_had("faketime")
    return {"LD_PRELOAD": str(library), "DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1", **how}


@pytest.mark.skipif(not ON_POSTGRES, reason="an embedded database has one host, and one clock")
@pytest.mark.parametrize("shift", ["+1h", "-1h"] if LONG else ["+1h"])
def test_a_worker_whose_clock_is_an_hour_wrong_goes_by_the_database(
    instance: Instance, shift: str
) -> None:
    people = size(200, 1000)
    instance.environment["WAYHOME_MAIL_RATE"] = "10"
    instance.play("publish-for-half-an-hour", str(people))
    instance.slow_down(size(100, 160))
    wrong = instance.worker(**other_time(FAKETIME=shift))
    instance.wait_until_taken(10)
    right = instance.worker()
    wait_until_sent(instance)
    for worker in (wrong, right):
        instance.stop(worker)
    assert settled(instance, people) == 0


@pytest.mark.skipif(ON_POSTGRES, reason="the clock is the server's")
def test_a_host_whose_clock_is_moved_by_an_hour_and_back_loses_nobody(
    instance: Instance, tmp_path: Path
) -> None:
    people = size(200, 1000)
    steps = ("+1h", "+0")
    clock = tmp_path / "clock"
    clock.write_text("+0\n")
    moved = other_time(FAKETIME_TIMESTAMP_FILE=str(clock), FAKETIME_CACHE_DURATION="1")
    instance.environment["WAYHOME_MAIL_RATE"] = "10"
    instance.play("publish", str(people))
    instance.slow_down(size(100, 160))
    worker = instance.worker(**moved)
    for step in steps:
        instance.wait_until_taken(instance.relay.count() + 20)
        clock.write_text(f"{step}\n")
    wait_until_sent(instance)
    instance.stop(worker)
    # A lease may look as if it had run out until it is renewed: a quarter of a second's messages.
    assert settled(instance, people) <= len(steps) * IN_FLIGHT * 4
    assert set(taken(instance)) == everyone(people)
