"""What the chaos tests share: their two forms, and what must be so after each fault.

The short form is part of ``make test``; ``make chaos SEEDS=N`` plays the long one, in which a run
lasts twenty seconds or more and kills at N series of random moments. ``WAYHOME_TEST_SEED`` replays
the random moments of a run (each prints its own).
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
from collections import Counter
from typing import NoReturn

import pytest

from tests.database import DATABASE, REQUIRE
from tests.support.instance import PATIENCE_SECONDS, Instance, wait_for

LONG = os.environ.get("WAYHOME_TEST_CHAOS") == "long"
SERIES = range(int(os.environ.get("WAYHOME_TEST_SEEDS") or 1))
BATCH = 50  # results that a thread records at a time
IN_FLIGHT = 4  # messages of one worker: one for each sending thread (WAYHOME_SEND_THREADS)


def size(short: int, long: int) -> int:
    return long if LONG else short


def moments() -> random.Random:
    """Random moments that the printed seed replays: others in every run."""
    seed = int(os.environ.get("WAYHOME_TEST_SEED") or random.SystemRandom().randrange(10**9))
    print(f"WAYHOME_TEST_SEED={seed}")
    return random.Random(seed)


def everyone(people: int) -> set[str]:
    return {f"p{number}@example.org" for number in range(people)}


def kill(worker: subprocess.Popen[bytes]) -> None:
    worker.send_signal(signal.SIGKILL)
    worker.wait()


def is_all_sent(instance: Instance) -> bool:
    """With no pause waited for."""
    instance.hurry()
    return bool(instance.one("SELECT count(*) FROM delivery")) and instance.is_idle()


def wait_until_sent(instance: Instance, patience: float = PATIENCE_SECONDS) -> None:
    every = 0.05 if patience == PATIENCE_SECONDS else 2.0
    wait_for(lambda: is_all_sent(instance), "all is sent", every, patience)


def taken(instance: Instance) -> Counter[str]:
    """How often each person got a message; every message has one addressee, each ID one person,
    each person of one issue one ID."""
    person_of: dict[str, str] = {}
    got: Counter[str] = Counter()
    for message in instance.relay.taken():
        assert len(message["rcpts"]) == 1
        assert message["headers"] == message["rcpts"]
        (address,) = message["rcpts"]
        assert person_of.setdefault(message["id"], address) == address
        got[address] += 1
    return got


def settled(instance: Instance, people: int, *, refused: int = 0, unheard: int = 0) -> int:
    """After a fault: everyone has it, the books are right, and every message that the relay took
    is an attempt, but for at most ``unheard`` of whose taking nobody lived to hear.

    Returns how many messages were doubles.
    """
    rules = instance.proof()
    for rule in rules.values():
        assert not {"being joined", "being planned"} & set(rule["facts"]), rule
    states = dict(instance.rows("SELECT state, count(*) FROM delivery GROUP BY state"))
    assert states.pop("refused", 0) == refused
    assert states == {"sent": people - refused}
    assert not list((instance.data / "journal").glob("*.jsonl"))
    assert instance.one("SELECT count(*) FROM slice WHERE state <> 'done'") == 0
    assert instance.one("SELECT count(*) FROM delivery WHERE slice_id IS NOT NULL") == 0
    assert instance.one("SELECT count(*) FROM owed WHERE key <> ''") == 0
    attempts = instance.one("SELECT count(*) FROM attempt WHERE outcome = 'sent'")
    in_relay = instance.relay.count()
    assert 0 <= in_relay - attempts <= unheard, (in_relay, attempts)
    got = taken(instance)
    assert set(got) <= everyone(people)
    assert len(got) == people - refused
    doubles = sum(got.values()) - len(got)
    facts = rules["doubles"]["facts"]
    assert facts.get("messages too many", 0) <= doubles
    print(
        f"{people} people, {in_relay} messages taken, {doubles} doubles, {attempts} attempts sent"
    )
    return doubles


def not_to_be_had(what: str) -> NoReturn:
    """Skip with a clear word; fail where services are required and this user may do all."""
    if REQUIRE and os.geteuid() == 0:
        pytest.fail(f"{what} is not to be had, and WAYHOME_REQUIRE_SERVICES is set")
    pytest.skip(f"{what} is not to be had here")


ON_POSTGRES = DATABASE == "postgres"
