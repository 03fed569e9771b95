"""Real workers and a real relay: killed, paused, doubled, cut off. Nothing is lost.

``WAYHOME_TEST_SEED`` replays the random moments of a run (each run prints its own).
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.instance import Instance, wait_for

pytestmark = pytest.mark.acceptance

PEOPLE = 300
KILLS = 6
BATCH = 50
IN_FLIGHT = 4  # messages that one worker has in flight at a time, one for each sending thread


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    with Instance(tmp_path) as made:
        yield made


def everyone(people: int = PEOPLE) -> set[str]:
    return {f"p{number}@example.org" for number in range(people)}


def one_addressee_each(instance: Instance) -> Counter[str]:
    """How often each person got a message; every message has one addressee, each ID one person."""
    person_of: dict[str, str] = {}
    got: Counter[str] = Counter()
    for message in instance.relay.taken():
        assert len(message["rcpts"]) == 1
        assert message["headers"] == message["rcpts"]
        (address,) = message["rcpts"]
        assert person_of.setdefault(message["id"], address) == address
        got[address] += 1
    assert len(set(person_of.values())) <= len(person_of)
    return got


def settled(instance: Instance, people: int = PEOPLE) -> None:
    """The books are right: everyone sent, nothing owed, no slice open, and an attempt for each
    message that the relay took and whose taking anybody lived to hear of."""
    assert instance.rows("SELECT state, count(*) FROM delivery GROUP BY state") == [
        ("sent", people)
    ]
    attempts = instance.one("SELECT count(*) FROM attempt WHERE outcome = 'sent'")
    assert people <= attempts <= instance.relay.count()
    assert not list((instance.data / "journal").glob("*.jsonl"))
    assert instance.one("SELECT count(*) FROM slice WHERE state <> 'done'") == 0
    assert instance.one("SELECT count(*) FROM delivery WHERE slice_id IS NOT NULL") == 0
    assert instance.one("SELECT count(*) FROM owed WHERE key <> ''") == 0


def kill(worker: subprocess.Popen[bytes]) -> None:
    worker.send_signal(signal.SIGKILL)
    worker.wait()


def test_workers_killed_at_random_moments_lose_nobody(instance: Instance) -> None:
    seed = int(os.environ.get("WAYHOME_TEST_SEED") or random.SystemRandom().randrange(10**9))
    print(f"WAYHOME_TEST_SEED={seed}")
    moments = random.Random(seed)
    instance.play("publish", str(PEOPLE))
    instance.relay.stop()
    instance.relay.start(delay_ms=4)
    for number in range(KILLS):
        worker = instance.worker()
        if number == 0:
            time.sleep(moments.uniform(0.5, 1.5))  # while it starts or plans
        else:
            enough = instance.relay.count() + moments.randint(1, 35)
            wait_for(
                lambda enough=enough: instance.relay.count() >= enough,  # type: ignore[misc]
                f"{enough} messages taken\n{instance.worker_log()}",
            )
            time.sleep(moments.uniform(0, 0.05))
        assert worker.poll() is None, instance.worker_log()
        kill(worker)
    killed_at = instance.relay.count()
    last = instance.worker()
    wait_for(instance.is_idle, f"all is sent\n{instance.worker_log()}")
    instance.stop(last)

    got = one_addressee_each(instance)
    doubles = sum(got.values()) - PEOPLE
    print(
        f"people {PEOPLE}, kills {KILLS}, taken before the last kill {killed_at}, taken in all"
        f" {sum(got.values())}, doubles {doubles}, at most {KILLS * IN_FLIGHT} allowed"
    )
    assert set(got) == everyone()
    assert 0 <= doubles <= KILLS * IN_FLIGHT
    # A double is a message that was in flight at a kill: never more than one a kill.
    assert max(got.values()) <= 1 + KILLS
    settled(instance)


def test_two_workers_at_once_send_each_message_once(instance: Instance) -> None:
    instance.environment["WAYHOME_MAIL_RATE"] = "10"  # many small slices to meet over
    instance.environment["WAYHOME_LEASE_SECONDS"] = "60"
    instance.play("publish", "150")
    workers = [instance.worker(), instance.worker()]
    wait_for(
        lambda: instance.one("SELECT count(*) FROM delivery") > 0 and instance.is_idle(),
        f"all is sent\n{instance.worker_log()}",
    )
    for worker in workers:
        instance.stop(worker)
    assert one_addressee_each(instance) == dict.fromkeys(everyone(150), 1)
    settled(instance, 150)


def test_a_worker_paused_beyond_its_lease_wakes_and_does_no_harm(instance: Instance) -> None:
    instance.play("publish", "120")
    instance.relay.stop()
    instance.relay.start(delay_ms=20)
    paused = instance.worker()
    wait_for(lambda: instance.relay.count() >= 15, f"15 taken\n{instance.worker_log()}")
    instance.pause(paused)
    other = instance.worker()
    wait_for(instance.is_idle, f"the other sends all\n{instance.worker_log()}")
    before = instance.relay.count()
    paused.send_signal(signal.SIGCONT)
    wait_for(lambda: "another worker has taken it over" in instance.worker_log(), "it notices")
    instance.stop(paused)
    instance.stop(other)
    got = one_addressee_each(instance)
    assert set(got) == everyone(120)
    assert instance.relay.count() - before <= IN_FLIGHT  # what it held in its hands, no more
    assert sum(got.values()) - 120 <= IN_FLIGHT * BATCH
    assert instance.one("SELECT count(*) FROM attempt WHERE outcome = 'sent'") == sum(got.values())
    settled(instance, 120)


def test_a_relay_that_is_down_is_waited_for(instance: Instance) -> None:
    instance.relay.stop()
    instance.play("publish", "60")
    worker = instance.worker()
    wait_for(
        lambda: instance.one("SELECT count(*) FROM slice WHERE tries > 0") == 1,
        f"the slice is put off\n{instance.worker_log()}",
    )
    assert instance.rows("SELECT state, tries, count(*) FROM delivery GROUP BY 1, 2") == [
        ("owed", 0, 60)
    ]
    assert "refused" in instance.one("SELECT last_error FROM slice").lower()
    assert instance.relay.count() == 0
    instance.relay.start()
    instance.rows("UPDATE relay SET down_until = NULL")  # its rest is over
    wait_for(instance.is_idle, f"all is sent\n{instance.worker_log()}")
    instance.stop(worker)
    assert one_addressee_each(instance) == dict.fromkeys(everyone(60), 1)
    settled(instance, 60)


def test_a_relay_that_goes_away_in_the_middle_is_waited_for(instance: Instance) -> None:
    instance.play("publish", "80")
    instance.relay.stop()
    instance.relay.start(delay_ms=15)
    worker = instance.worker()
    wait_for(lambda: instance.relay.count() >= 10, f"10 taken\n{instance.worker_log()}")
    instance.relay.stop()
    wait_for(
        lambda: instance.one("SELECT count(*) FROM slice WHERE tries > 0") >= 1,
        f"the slice is put off\n{instance.worker_log()}",
    )
    instance.relay.start()
    instance.rows("UPDATE relay SET down_until = NULL")
    instance.rows("UPDATE slice SET due_at = '2000-01-01 00:00:00' WHERE state = 'open'")
    wait_for(instance.is_idle, f"all is sent\n{instance.worker_log()}")
    instance.stop(worker)
    got = one_addressee_each(instance)
    assert set(got) == everyone(80)
    assert sum(got.values()) <= 80 + 1  # at most the one whose answer was lost goes again
    settled(instance, 80)


def test_a_cancel_holds_the_rest_and_reaches_everyone(instance: Instance) -> None:
    instance.play("publish-and-sign-cancel", "200")
    instance.relay.stop()
    instance.relay.start(delay_ms=20)
    officer = instance.script("publish-cancel")
    assert officer.stdout is not None
    assert officer.stdin is not None
    assert officer.stdout.readline() == "ready\n"
    worker = instance.worker()
    wait_for(lambda: instance.relay.count() >= 20, f"20 taken\n{instance.worker_log()}")
    officer.stdin.write("go\n")
    officer.stdin.flush()
    published = float(officer.stdout.readline())
    officer.communicate()
    wait_for(
        lambda: instance.one("SELECT count(*) FROM issue") == 2 and instance.is_idle(),
        f"the cancel is sent\n{instance.worker_log()}",
    )
    instance.stop(worker)
    taken = instance.relay.taken()
    cancels = [m for m in taken if m["subject"].startswith("Cancelled:")]
    originals = [m for m in taken if not m["subject"].startswith("Cancelled:")]
    assert sorted(m["rcpts"][0] for m in cancels) == sorted(everyone(200))
    assert 20 <= len(originals) < 200
    assert sum(m["at"] > published for m in originals) <= BATCH
    held = instance.rows(
        "SELECT d.state, count(*) FROM delivery d JOIN issue i ON i.id = d.issue_id"
        " WHERE i.issue_kind = 'first' GROUP BY d.state ORDER BY d.state"
    )
    assert held == [("owed", 200 - len(originals)), ("sent", len(originals))]
