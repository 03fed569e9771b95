"""Relays that refuse, stall, drop the connection, take a message and die, or go away."""

from __future__ import annotations

import pytest

from tests.support.chaos import LONG, everyone, settled, size, taken, wait_until_sent
from tests.support.instance import Instance, wait_for

pytestmark = [pytest.mark.acceptance, pytest.mark.chaos]

# The short form meets the others in one run, below.
KINDS = ["refuse", "defer", "stall", "drop", "dies", "busy"] if LONG else ["stall"]
ODD = 20  # every so-manieth address meets an oddity


@pytest.mark.parametrize("kind", KINDS)
def test_an_odd_relay_is_borne_with(instance: Instance, kind: str) -> None:
    people = size(120, 1000)
    met = len([number for number in range(people) if not number % ODD])
    instance.environment["WAYHOME_ANSWER_SECONDS"] = "2"
    instance.relay.stop()
    instance.relay.start(size(4, 80), odd=[f"{kind}:{ODD}"])
    instance.play("publish", str(people))
    worker = instance.worker()
    wait_until_sent(instance)
    instance.stop(worker)
    refused = met if kind == "refuse" else 0
    # It took these and said nothing: they are taken twice, with one Message-ID.
    silent = met if kind == "dies" else 0
    assert settled(instance, people, refused=refused, unheard=silent) == silent
    outcomes = dict(instance.rows("SELECT outcome, count(*) FROM attempt GROUP BY outcome"))
    assert outcomes.get("refused", 0) == refused
    assert outcomes["sent"] == people - refused
    if kind == "defer":
        assert outcomes["later"] == met


def test_all_oddities_at_once_and_four_workers(instance: Instance) -> None:
    people = size(120, 1000)
    kinds = {"refuse": 7, "defer": 11, "drop": 13, "dies": 17, "busy": 19}
    instance.relay.stop()
    instance.relay.start(size(4, 100), odd=[f"{kind}:{n}" for kind, n in kinds.items()])
    instance.environment["WAYHOME_MAIL_RATE"] = "20"
    instance.play("publish", str(people))
    workers = [instance.worker() for _ in range(4)]
    wait_until_sent(instance)
    for worker in workers:
        instance.stop(worker)
    refused = len([number for number in range(people) if not number % kinds["refuse"]])
    dying = [n for n in range(people) if not n % kinds["dies"] and n % kinds["refuse"]]
    doubles = settled(instance, people, refused=refused, unheard=len(dying))
    assert doubles == len(dying)


def test_one_that_is_down_is_waited_for(instance: Instance) -> None:
    people = size(60, 600)
    instance.relay.stop()
    instance.play("publish", str(people))
    worker = instance.worker()
    wait_for(
        lambda: instance.one("SELECT count(*) FROM slice WHERE tries > 0") >= 1,
        "a slice is put off",
    )
    assert instance.rows("SELECT DISTINCT state, tries FROM delivery") == [("owed", 0)]
    error = instance.one("SELECT last_error FROM slice WHERE tries > 0")
    assert "refused" in error.lower()
    assert instance.relay.count() == 0
    instance.relay.start(size(4, 40))
    wait_until_sent(instance)
    instance.stop(worker)
    assert settled(instance, people) == 0


def test_one_that_goes_away_in_the_middle_is_waited_for(instance: Instance) -> None:
    people, times = size(80, 800), size(1, 5)
    instance.play("publish", str(people))
    instance.slow_down(size(15, 100))
    worker = instance.worker()
    for _ in range(times):
        instance.wait_until_taken(instance.relay.count() + 10)
        instance.relay.stop()
        wait_for(lambda: instance.one("SELECT count(*) FROM relay WHERE failures > 0") == 1, "down")
        instance.relay.start(size(15, 100))
        instance.hurry()
    wait_until_sent(instance)
    instance.stop(worker)
    # At most those whose answer was lost go again: one of each sending thread.
    lost = 4 * times
    assert settled(instance, people, unheard=lost) <= lost
    assert set(taken(instance)) == everyone(people)
