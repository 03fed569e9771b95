"""A relay that fails at one message, or now and then, keeps nobody else waiting."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.factories import Staff, enrol_one, publish, work_but_sending
from tests.support.relays import Scripted, set_relays, takes
from tests.support.smtp_script import ScriptedRelay
from wayhome.delivery import leasing, sending
from wayhome.delivery.models import Attempt, Delivery, Relay, Slice, SliceState
from wayhome.delivery.types import Outcome, Outgoing, RouteDown
from wayhome.work.clock import database_now

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

# Words that speak of the relay or of us, said of one addressee only.
OF_THE_ROUTE = (
    "555 5.5.2 Syntax error, cannot decode response",
    "421 4.4.2 example.org: try later",
    "550 5.7.26 Unauthenticated mail from office.example is not accepted",
    "554 daily sending quota of the mailbox's owner exceeded",
)


def _rest_is_over() -> None:
    Relay.objects.update(down_until=None)


def _pauses_are_over() -> None:
    Slice.objects.filter(state=SliceState.OPEN).update(due_at=database_now())


def _send_all() -> None:
    while sending.send_one_slice():
        pass


def _rest_after_each() -> int:
    """Send, letting the relay rest whenever it asks for it; returns how often that was."""
    rests = 0
    while sending.send_one_slice():
        rests += Relay.objects.exclude(down_until=None).count()
        _rest_is_over()
    return rests


@pytest.mark.parametrize("words", OF_THE_ROUTE)
def test_nobody_waits_behind_an_address_at_which_the_relay_fails(
    staff: Staff, settings: Any, outbox: Path, words: str
) -> None:
    with ScriptedRelay(at={"zed": words, "yan": words}) as relay:
        settings.WAYHOME_SMTP_URL = f"smtp://127.0.0.1:{relay.port}"
        settings.WAYHOME_MAIL_RATE = 2
        enrol_one("Ann")
        publish(staff)
        work_but_sending()
        _send_all()
        for name in ("Zed", "Yan", "Bob", "Cid", "Dot", "Eve"):
            enrol_one(name)  # late joiners: a slice of their own each
            work_but_sending()
        rests = _rest_after_each()
        reached = [each.addressees[0] for each in relay.accepted]
        # In the hours to come they are tried now and then, and cost the relay no rest any more.
        for number in range(6):
            enrol_one(f"Later{number}")
            work_but_sending()
            _rest_after_each()
            _pauses_are_over()
        sending._sender.rest()
    assert reached == [f"{name}@example.org" for name in ("ann", "bob", "cid", "dot", "eve")]
    assert rests == 2
    assert len(relay.accepted) == 11
    tried = Attempt.objects.exclude(outcome="sent").values_list("outcome", flat=True)
    assert set(tried) == {"later"}, "and the history says that they were tried"
    assert Delivery.objects.filter(state="owed").count() == 2, "nothing is held against them"


def test_a_message_of_a_large_slice_is_set_aside(staff: Staff, settings: Any, outbox: Path) -> None:
    with ScriptedRelay(at={"p3": OF_THE_ROUTE[0]}) as relay:
        settings.WAYHOME_SMTP_URL = f"smtp://127.0.0.1:{relay.port}"
        for number in range(8):
            enrol_one(f"P{number}")
        publish(staff)
        work_but_sending()
        _rest_after_each()
        sending._sender.rest()
    assert len(relay.accepted) == 7
    aside = Slice.objects.get(state=SliceState.OPEN)
    assert (aside.size, aside.tries) == (1, 1)
    assert timedelta(0) < aside.due_at - database_now() <= timedelta(seconds=15)


def test_while_the_relay_takes_nothing_no_message_is_blamed(
    staff: Staff, settings: Any, outbox: Path
) -> None:
    """An outage of days gives up no message, however often each of them was set aside."""
    with ScriptedRelay(always={"RCPT": "550 5.7.8 sign in first"}) as relay:
        settings.WAYHOME_SMTP_URL = f"smtp://127.0.0.1:{relay.port}"
        for number in range(3):
            enrol_one(f"P{number}")
        publish(staff)
        work_but_sending()
        for _ in range(12):
            sending.send_one_slice()
            _rest_is_over()
            _pauses_are_over()
        relay.always["RCPT"] = "250 2.1.5 well again"
        _send_all()
        sending._sender.rest()
    assert set(Attempt.objects.values_list("outcome", flat=True)) == {"sent"}
    assert len(relay.accepted) == 3


def test_a_relay_that_throttles_rests_shortly_each_time(
    staff: Staff, settings: Any, outbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = [0]

    def throttles(message: Outgoing) -> Outcome:
        if not left[0]:
            raise RouteDown("421 4.7.0 too many messages, wait ten seconds")
        left[0] -= 1
        return takes(message)

    set_relays(monkeypatch, settings, Scripted(answer=throttles))
    for number in range(20):
        enrol_one(f"P{number}")
    publish(staff)
    work_but_sending()
    for _ in range(4):
        left[0] = 4
        sending.send_one_slice()
        rest = Relay.objects.get().down_until
        assert rest is not None
        assert rest - database_now() <= timedelta(seconds=15)
        _rest_is_over()
    assert Relay.objects.get().sent == 16


def test_a_relay_with_a_very_long_name_is_leased(staff: Staff, settings: Any, outbox: Path) -> None:
    host = ".".join(["vpce-0a1b2c3d4e5f67890-abcd1234-us-east-1a"] * 4)
    settings.WAYHOME_SMTP_URL = f"smtp://{host}.example:587"
    enrol_one("Ann")
    publish(staff)
    work_but_sending()
    leased = leasing.lease()
    assert leased is not None
    assert leased.slice.relay == f"{host}.example:587"
