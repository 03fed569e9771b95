"""A refusal at hand-off weighs as a bounce does: what it suppresses, and what it does not."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from tests.support.deliveries import ISSUE, point_of, sent, totals
from tests.support.factories import (
    Staff,
    cancel,
    enrol_one,
    mails,
    publish,
    work,
    work_but_sending,
)
from tests.support.relays import Scripted, refuses, set_relays, takes
from wayhome.delivery import receipts
from wayhome.delivery.models import Attempt, Delivery, Receipt, Total
from wayhome.delivery.proving.proof import prove
from wayhome.delivery.recording import Tried, apply
from wayhome.delivery.types import DeliveryKey, Outcome, Outgoing
from wayhome.delivery.weighing import status_in
from wayhome.travellers import services as travellers
from wayhome.travellers.models import ContactPoint, Suppression
from wayhome.work import clock

pytestmark = [pytest.mark.integration]


def owed(point: ContactPoint, issue_id: int = ISSUE) -> DeliveryKey:
    key = DeliveryKey(issue_id, 0, point.pk, "mail")
    Delivery.objects.create(**key._asdict(), state="owed", tries=0)
    return key


def refusal(key: DeliveryKey, status: str, detail: str, days_ago: float = 0) -> Tried:
    at = clock.now() - timedelta(days=days_ago)
    return Tried(key, "refused", detail, status, "relay:25", at)


def refuse(*tried: Tried) -> None:
    with transaction.atomic():
        apply(tried)


def said(status: str, words: str = "") -> str:
    return f"550 {status} {words}".strip()


def suppressed(*points: ContactPoint) -> list[bool]:
    return [ContactPoint.objects.get(pk=point.pk).suppressed_at is not None for point in points]


@pytest.mark.django_db
class TestWhatItSuppresses:
    @pytest.mark.parametrize("status", ["5.1.1", "5.1.3", "5.1.6", "5.1.10", "5.2.1"])
    def test_at_once_where_it_speaks_of_the_address(self, status: str) -> None:
        point = point_of()
        refuse(refusal(owed(point), status, said(status, "no such mailbox")))
        assert suppressed(point) == [True]
        (step,) = Suppression.objects.all()
        assert (step.why, step.officer_id) == (f"{status}: 550 {status} no such mailbox", None)
        # It is a refusal and no bounce.
        assert Delivery.objects.get().state == "refused"
        assert totals() == {(ISSUE, "example.org", "refused", status): 1}
        assert not Receipt.objects.exists()
        assert ContactPoint.objects.get().bounces == 0

    @pytest.mark.parametrize(
        ("status", "words"),
        [("5.7.1", "no"), ("5.3.4", "too big"), ("5.6.7", "SMTPUTF8"), ("5.2.2", "full"),
         ("5.1.1", "listed in our block list"), ("5.0.0", "rejected by policy")],
    )  # fmt: skip
    def test_never_for_what_is_not_the_address(self, status: str, words: str) -> None:
        point = point_of()
        for days_ago in range(12, 0, -1):
            key = owed(point, ISSUE + days_ago)
            refuse(refusal(key, status, said(status, words), days_ago))
        assert suppressed(point) == [False]

    @pytest.mark.parametrize("status", ["", "5.1.2", "5.0.0"])
    def test_what_is_unclear_only_when_it_comes_again_and_again(self, status: str) -> None:
        point = point_of()
        refuse(refusal(owed(point, 11), status, said(status), days_ago=8))
        refuse(refusal(owed(point, 12), status, said(status), days_ago=4))
        assert suppressed(point) == [False]
        refuse(refusal(owed(point, 13), status, said(status)))
        assert suppressed(point) == [True]

    def test_bounces_and_refusals_are_counted_together(self) -> None:
        point = point_of()
        at = clock.now() - timedelta(days=8)
        receipts.record(sent(point, 11, sent_at=at), "bounced", "dsn", "one", "5.1.2", at=at)
        refuse(refusal(owed(point, 12), "5.1.2", said("5.1.2"), days_ago=4))
        receipts.record(sent(point, 13), "bounced", "dsn", "two", "5.1.2")
        assert suppressed(point) == [True]

    def test_one_delivery_refused_twice_is_one(self) -> None:
        point = point_of()
        refuse(refusal(owed(point, 11), "5.1.2", said("5.1.2"), days_ago=8))
        for days_ago in (4, 0):
            Delivery.objects.filter(issue_id=11).update(state="owed")
            refuse(refusal(DeliveryKey(11, 0, point.pk, "mail"), "5.1.2", "550 x", days_ago))
        assert suppressed(point) == [False]

    def test_what_we_say_ourselves_says_nothing_against_it(self) -> None:
        point = point_of()
        for days_ago, detail in (
            (9, "given up: put off for 72 hours"),
            (6, "address: has a line break"),
            (3, "given up: put off for 72 hours"),
            (0, "given up: put off for 72 hours"),
        ):
            refuse(refusal(owed(point, ISSUE + days_ago), "", detail, days_ago))
        assert suppressed(point) == [False]

    def test_not_where_the_domain_disowns_everyone(self) -> None:
        points = [point_of(f"P{number}x") for number in range(12)]
        refuse(*(refusal(owed(each), "5.1.1", said("5.1.1")) for each in points))
        assert suppressed(*points) == [False] * 12

    def test_not_where_the_relay_disowns_everyone(self) -> None:
        """However few of each domain: it is the relay that lies."""
        points = [point_of(f"P{number}x") for number in range(12)]
        for number, point in enumerate(points):
            ContactPoint.objects.filter(pk=point.pk).update(domain=f"d{number}.example")
        refuse(*(refusal(owed(each), "5.1.1", said("5.1.1")) for each in points))
        assert suppressed(*points) == [False] * 12

    def test_a_few_of_many_are_dead(self) -> None:
        for number in range(60):
            key = owed(point_of(f"Good{number}"))
            refuse(Tried(key, "sent", "250 taken", "", "relay:25", clock.now()))
        points = [point_of(f"P{number}x") for number in range(12)]
        refuse(*(refusal(owed(each), "5.1.1", said("5.1.1")) for each in points))
        assert suppressed(*points) == [True] * 12

    def test_not_for_what_was_handed_over_before_the_last_one_was_lifted(
        self, staff: Staff
    ) -> None:
        point = point_of()
        travellers.suppress(point, "it bounced")
        travellers.lift(staff.author, point.pk, "she called")
        refuse(refusal(owed(point), "5.1.1", said("5.1.1"), days_ago=0.1))
        assert suppressed(point) == [False]

    def test_only_what_is_refused_costs_anything(self) -> None:
        keys = [owed(point_of(f"P{number}x")) for number in range(5)]
        outcomes = ("sent", "later", "withdrawn", "too old", "sent")
        with CaptureQueriesContext(connection) as caught:
            refuse(
                *(
                    Tried(key, outcome, "550 5.1.1 x", "5.1.1", "relay:25", clock.now())
                    for key, outcome in zip(keys, outcomes, strict=True)
                )
            )
        asked = [query["sql"] for query in caught.captured_queries]
        assert Attempt.objects.count() == 5
        assert not [sql for sql in asked if "suppression" in sql]

    @pytest.mark.parametrize(
        ("status", "detail"),
        [
            ("5.1.1", "550 5.1.1 no such mailbox"),
            ("5.1.1", "550 no such mailbox (#5.1.1)"),
            ("5.1.3", "address: it has no domain"),
            ("", "550 no such mailbox"),
            ("", "550 seen 5.1.1 before"),
            ("", "given up: put off for 72 hours"),
        ],
    )
    def test_the_history_keeps_the_status_by_which_it_was_weighed(
        self, status: str, detail: str
    ) -> None:
        refuse(refusal(owed(point_of()), status, detail))
        kept = Attempt.objects.get().detail
        assert status_in(kept) == status
        assert detail in kept


@pytest.mark.django_db
class TestTheWholeWay:
    @pytest.fixture
    def relay(self, monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> Scripted:
        settings.WAYHOME_DATA_DIR = tmp_path
        relay = Scripted()
        set_relays(monkeypatch, settings, relay)
        return relay

    def test_refused_suppressed_mended_and_sent_again(self, staff: Staff, relay: Scripted) -> None:
        relay.answer = lambda m: refuses(m) if m.address == "ann@example.org" else takes(m)
        enrol_one("Ann")
        enrol_one("Ben")
        issue = publish(staff)
        work()
        ann = ContactPoint.objects.get(address="ann@example.org")
        assert suppressed(ann) == [True]
        assert relay.addresses == ["ben@example.org"]
        assert not broken()
        work()
        relay.answer = takes
        travellers.lift(staff.author, ann.pk, "she called")
        work_but_sending()
        assert Delivery.objects.get(contact_point_id=ann.pk).state == "owed"
        assert not broken()
        work()
        assert sorted(relay.addresses) == ["ann@example.org", "ben@example.org"]
        tries = Attempt.objects.filter(contact_point_id=ann.pk).order_by("n")
        assert [row.outcome for row in tries] == ["refused", "sent"]
        facts = Total.objects.filter(issue_id=issue.pk).exclude(n=0).values_list("fact", "n")
        assert dict(facts) == {"planned": 2, "sent": 2}
        assert not broken()

    def test_refused_again_after_it_was_lifted_suppresses_again(
        self, staff: Staff, relay: Scripted
    ) -> None:
        relay.answer = refuses
        enrol_one("Ann")
        publish(staff)
        work()
        ann = ContactPoint.objects.get()
        travellers.lift(staff.author, ann.pk, "she called")
        work()
        assert [row.did for row in Suppression.objects.order_by("pk")] == [
            "suppressed", "lifted", "suppressed",
        ]  # fmt: skip
        assert Attempt.objects.count() == 2
        assert not broken()

    def test_what_was_not_mended_is_not_sent_again(self, staff: Staff, relay: Scripted) -> None:
        def no_relaying(_message: Outgoing) -> Outcome:
            return Outcome("refused", "550 5.7.1 policy", "5.7.1")

        relay.answer = no_relaying
        ann = enrol_one("Ann")
        publish(staff)
        work()
        travellers.add_reach(
            ann.registrations.get(), travellers.contact_point("mail", "new@example.org")
        )
        relay.answer = takes
        work()
        assert relay.addresses == ["new@example.org"]

    def test_a_correction_does_not_follow_what_never_arrived(
        self, staff: Staff, relay: Scripted
    ) -> None:
        relay.answer = refuses
        enrol_one("Ann")
        issue = publish(staff)
        work()
        relay.answer = takes
        last = cancel(staff, issue)
        work()
        assert relay.addresses == []
        assert not Delivery.objects.filter(issue_id=last.pk).exists()
        assert not broken()

    def test_where_no_file_can_be_written_for_it_nothing_is_suppressed(
        self, staff: Staff, outbox: Path
    ) -> None:
        enrol_one("Ann")
        issue = publish(staff)
        work_but_sending()
        ContactPoint.objects.update(address="ann\n@example.org")
        work()
        assert Delivery.objects.get().state == "refused"
        assert suppressed(ContactPoint.objects.get()) == [False]
        assert mails(outbox, issue) == {}


def broken() -> list[tuple[str, list[str]]]:
    return [(rule.name, rule.first) for rule in prove() if rule.broken]


@pytest.mark.django_db(transaction=True)
def test_batches_refused_at_once_do_not_wait_for_each_other_in_a_ring() -> None:
    points = [point_of(f"P{number}x") for number in range(6)]
    issues = range(1, 5)
    batches = [
        [refusal(owed(point, issue), "5.1.1", said("5.1.1")) for point in points]
        for issue in issues
    ]
    start = threading.Barrier(len(batches))
    failures: list[OperationalError] = []

    def one(batch: list[Tried]) -> None:
        try:
            start.wait()
            refuse(*batch)  # without ``writes``, which would repeat what deadlocked
        except OperationalError as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [
        threading.Thread(target=one, args=(batch if n % 2 else batch[::-1],))
        for n, batch in enumerate(batches)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert suppressed(*points) == [True] * 6
    assert Suppression.objects.count() == 6
