"""An officer holds very many deliveries, and releases them."""

from __future__ import annotations

import pytest

from tests.support.chaos import kill, settled, size, wait_until_sent
from tests.support.instance import Instance, wait_for

pytestmark = [pytest.mark.acceptance, pytest.mark.chaos]

HOURS = 3 * 3600.0


def test_a_million_are_held_and_released(instance: Instance) -> None:
    crowd, in_flight = size(1_000, 1_000_000), size(4, 12)
    instance.environment["WAYHOME_MAIL_RATE"] = str(size(25, 2_000))
    instance.environment["WAYHOME_SEND_THREADS"] = str(in_flight)
    # A machine that is busy for so long stands still for some seconds: that is no other fault here.
    instance.environment["WAYHOME_LEASE_SECONDS"] = str(size(2, 30))
    instance.play("crowd", str(crowd))
    instance.play("stop")
    worker = instance.worker()
    planned = "SELECT count(*) FROM dispatch WHERE planned_at IS NOT NULL"
    wait_for(lambda: instance.one(planned) == 1, "it is planned", every=0.2, patience=HOURS)
    assert instance.one("SELECT count(*) FROM delivery WHERE state = 'owed'") == crowd + 1
    assert instance.relay.count() == 0

    instance.play("resume")
    instance.wait_until_taken(crowd // 20, patience=HOURS)
    instance.play("stop")
    leased = "SELECT count(*) FROM slice WHERE token <> ''"
    wait_for(lambda: instance.one(leased) == 0, "what is in hand is put down", every=0.1)
    held = instance.relay.count()
    assert held < crowd
    kill(worker)
    worker = instance.worker()
    instance.play("enrol", str(crowd + 1), "1")
    everyone = "SELECT count(*) FROM delivery"
    joined = "whoever enrols now waits with them"
    wait_for(lambda: instance.one(everyone) == crowd + 2, joined, every=0.2)
    assert instance.relay.count() == held

    instance.play("resume")
    wait_until_sent(instance, patience=HOURS)
    instance.stop(worker)
    assert settled(instance, crowd + 2, unheard=in_flight) <= in_flight
