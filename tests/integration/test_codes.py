"""Codes: one proves one address for one registration; guessing is slowed until it stops; our relay
writes to strangers seldom."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from tests.support.factories import enrol, enrol_one, make_officer
from tests.support.portal import code_in, letters_to, link_in, reach_at
from wayhome.links import CodeLink, code_token, read_code
from wayhome.officers.roles import Role
from wayhome.travellers import codes, contact_policy, expiring, quarantine
from wayhome.travellers.door_models import ReachCode
from wayhome.travellers.models import Assurance, Reach, ReachStep
from wayhome.travellers.quarantine import Suspicion
from wayhome.trips.enrolment import PersonSaid
from wayhome.work import clock
from wayhome.work.models import Owed
from wayhome.work.worker import run_until_idle

pytestmark = [
    pytest.mark.integration,
    pytest.mark.django_db,
    pytest.mark.usefixtures("outbox"),
]


@pytest.fixture
def sent() -> Reach:
    """Ann's address, to which a code has gone."""
    return send("ann@example.org", "Ann Ash")


def send(address: str, name: str, network: str = "") -> Reach:
    enrol_one(name, mail=address, verified_at=None)
    reach = reach_at(address)
    codes.owe_codes([reach.pk], network)
    run_until_idle()
    return reach


def wrong_of(code: str) -> str:
    return f"{(int(code.replace(' ', '')) + 1) % 10**8:08d}"


def newest_code(address: str) -> str:
    return code_in(letters_to(address)[-1])


@pytest.mark.parametrize(
    "typed",
    [
        lambda code: code,
        lambda code: code.replace(" ", ""),
        lambda code: f"  code: {code.replace(' ', '-')} ",
        lambda code: "".join("٠١٢٣٤٥٦٧٨٩"[int(c)] if c.isdigit() else c for c in code),
    ],
)
def test_it_is_read_however_people_write_it(sent: Reach, typed: Callable[[str], str]) -> None:
    assert codes.enter(sent.pk, typed(newest_code("ann@example.org")))
    sent.refresh_from_db()
    assert sent.verified_at is not None


def test_it_holds_once_for_half_an_hour_and_the_newest_alone(sent: Reach) -> None:
    first = newest_code("ann@example.org")
    codes.owe_codes([sent.pk])
    run_until_idle()
    second = newest_code("ann@example.org")
    assert not codes.enter(sent.pk, first)
    with time_machine.travel(clock.now() + timedelta(minutes=31)):
        assert not codes.enter(sent.pk, second)
    assert codes.enter(sent.pk, second)
    assert not codes.enter(sent.pk, second)


def test_guessing_is_slowed_and_stops_while_the_link_still_holds(sent: Reach) -> None:
    letter = letters_to("ann@example.org")[-1]
    right = code_in(letter)
    wrong = wrong_of(right)
    for _ in range(3):
        assert not codes.enter(sent.pk, wrong)
    assert not codes.enter(sent.pk, right)  # too soon after three wrong ones
    with time_machine.travel(clock.now() + timedelta(minutes=2)):
        for _ in range(6):
            codes.enter(sent.pk, wrong)
    assert ReachCode.objects.get().wrong == 4  # the others came within the pause
    with time_machine.travel(clock.now() + timedelta(minutes=20)):
        codes.enter(sent.pk, wrong)
        assert not codes.enter(sent.pk, right)
    assert codes.press(read_code(link_in(letter, "v").split("/")[2])) is not None


def test_new_codes_give_no_new_guesses_without_end(sent: Reach) -> None:
    """A day of trying, with every code that the budgets allow."""
    tried = 0
    start = clock.now()
    for minute in range(0, 24 * 60, 10):
        with time_machine.travel(start + timedelta(minutes=minute)):
            codes.owe_codes([sent.pk])
            run_until_idle()
            before = sum(ReachCode.objects.values_list("wrong", flat=True))
            codes.enter(sent.pk, "0")
            tried += sum(ReachCode.objects.values_list("wrong", flat=True)) - before
    assert tried <= codes.WRONG_A_DAY
    assert ReachCode.objects.count() <= 9


def test_a_code_proves_the_address_for_one_registration_alone() -> None:
    """Two people who do not know of one another gave one address."""
    hers, his = send("both@example.org", "Ann Ash"), send("both@example.org", "Ben Ash")
    assert codes.enter(his.pk, newest_code("both@example.org"))
    hers.refresh_from_db()
    assert hers.verified_at is None
    assert hers.registration.assurance == Assurance.SELF_DECLARED


def test_a_forged_link_and_another_reachs_code_open_nothing(sent: Reach) -> None:
    other = send("ben@example.org", "Ben Ash")
    assert not codes.enter(other.pk, newest_code("ann@example.org"))
    assert codes.press(CodeLink(10**9)) is None
    token = code_token(CodeLink(1))
    with pytest.raises(Exception, match="does not hold"):
        read_code(token[:-2] + ("AA" if not token.endswith("AA") else "BB"))


def test_an_address_in_hostile_hands_proves_nothing(sent: Reach) -> None:
    letter = letters_to("ann@example.org")[-1]
    officer = make_officer("olga", Role.OFFICER)
    contact_policy.mark_hostile(officer, sent.pk, "her telephone was taken")
    assert not codes.enter(sent.pk, code_in(letter))
    assert codes.press(read_code(link_in(letter, "v").split("/")[2])) is None


class TestBudgets:
    def test_one_address_gets_few_whoever_asks(self) -> None:
        for n in range(6):
            send("victim@example.net", f"Person {n}", network=f"network {n}")
        assert len(letters_to("victim@example.net")) == 3

    def test_one_network_gets_few_and_the_rest_waits(self, monkeypatch: Any) -> None:
        monkeypatch.setattr("wayhome.travellers.budgets.PER_NETWORK_AN_HOUR", 2)
        for n in range(4):
            send(f"p{n}@d{n}.example.net", f"Person {n}", network="flood")
        assert ReachCode.objects.count() == 2
        waiting = Owed.objects.filter(job=codes.JOB)
        assert waiting.count() == 2
        assert min(waiting.values_list("due_at", flat=True)) > clock.now() + timedelta(minutes=50)
        send("q@d9.example.net", "Person 9", network="another")
        assert ReachCode.objects.count() == 3

    def test_one_domain_is_not_flooded(self, settings: Any) -> None:
        settings.WAYHOME_CODES_PER_DOMAIN = 2
        for n in range(4):
            send(f"p{n}@small.example.net", f"Person {n}", network=f"network {n}")
        assert ReachCode.objects.count() == 2

    def test_what_waited_goes_later(self, settings: Any) -> None:
        settings.WAYHOME_CODES_PER_DOMAIN = 1
        for n in range(2):
            send(f"p{n}@small.example.net", f"Person {n}")
        Owed.objects.filter(job=codes.JOB).update(due_at=clock.now())
        settings.WAYHOME_CODES_PER_DOMAIN = 5
        run_until_idle()
        assert ReachCode.objects.count() == 2

    def test_a_declined_burst_gets_none(self) -> None:
        enrol_one("Ann Ash", mail="ann@example.org", verified_at=None)
        reach = reach_at("ann@example.org")
        quarantine.put_in([reach.registration_id], Suspicion("network", "x" * 32))
        officer = make_officer("olga", Role.OFFICER)
        quarantine.decide(officer, "x" * 32, release=False, reason="not people")
        codes.owe_codes([reach.pk])
        run_until_idle()
        assert not letters_to("ann@example.org")


class TestExpiry:
    def test_an_old_proof_is_asked_for_again_and_then_ends(self) -> None:
        enrol_one("Ann Ash")
        reach = reach_at("ann@example.org")
        assert reach.verified_at is not None
        with time_machine.travel(clock.now() + timedelta(days=371)):
            expiring.ask_again()
            expiring.ask_again()
            run_until_idle()
            assert len(letters_to("ann@example.org")) == 1
            assert expiring.expire() == 0
        with time_machine.travel(clock.now() + timedelta(days=401)):
            assert expiring.expire() == 1
        reach.refresh_from_db()
        assert reach.verified_at is None
        assert ReachStep.objects.get().what == "verification expired"


def test_a_shared_address_is_proven_for_the_party_that_it_was_given_for() -> None:
    family = enrol(
        "Ann Ash", PersonSaid("Ben Ash"), PersonSaid("Cy Ash", minor=True), verified_at=None
    )
    codes.owe_codes([reach_at("ann@example.org").pk])
    run_until_idle()
    assert codes.enter(reach_at("ann@example.org").pk, newest_code("ann@example.org"))
    for each in family:
        each.refresh_from_db()
        assert each.assurance == Assurance.REACHABLE
