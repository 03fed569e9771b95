"""Receipts and what they do: totals, bounces, suppression; never a delivery's state."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection, connections

from tests.support.deliveries import point_of, sent, totals, words
from tests.support.factories import Staff
from wayhome.delivery import receipts, receipts_sql
from wayhome.delivery import totals as running
from wayhome.delivery.models import Delivery, Receipt, Total
from wayhome.delivery.receipts import Recorded, record
from wayhome.delivery.types import DeliveryKey
from wayhome.travellers import services as travellers
from wayhome.travellers.models import ContactPoint, Suppression
from wayhome.work import clock

pytestmark = [pytest.mark.integration]

NO_SUCH_USER = "550 5.1.1 there is no such mailbox"


def bounce(key: DeliveryKey, status: str = "5.1.1", detail: str = "", days_ago: float = 0) -> None:
    at = clock.now() - timedelta(days=days_ago)
    reference = f"{key} {status} {days_ago}"
    assert record(key, "bounced", "dsn", reference, status, detail, at) is Recorded.NEW


def suppressed(point: ContactPoint) -> bool:
    point.refresh_from_db()
    return point.suppressed_at is not None


@pytest.mark.django_db
class TestOneReceipt:
    def test_the_same_word_twice_is_kept_once_and_counted_once(self) -> None:
        key = sent(point_of())
        assert record(key, "deferred", "dsn", "a", "4.4.1") is Recorded.NEW
        assert record(key, "deferred", "dsn", "a", "4.4.1") is Recorded.KNOWN
        assert record(key, "deferred", "dsn", "b", "4.4.2") is Recorded.NEW
        assert words(key) == [("deferred", "dsn", "4.4.1"), ("deferred", "dsn", "4.4.2")]
        # Two receipts say it, of one delivery.
        assert totals() == {(7, "example.org", "deferred", "4.4.1"): 1}

    def test_two_providers_may_call_their_words_alike(self) -> None:
        key = sent(point_of())
        assert record(key, "delivered", "one", "1") is Recorded.NEW
        assert record(key, "delivered", "two", "1") is Recorded.NEW

    def test_there_is_none_without_its_delivery(self) -> None:
        point = point_of()
        sent(point)
        for key in (
            DeliveryKey(8, 0, point.pk, "mail"),
            DeliveryKey(7, 1, point.pk, "mail"),
            DeliveryKey(7, 0, point.pk + 1, "mail"),
            DeliveryKey(7, 0, point.pk, "sms"),
        ):
            assert record(key, "bounced", "dsn", "a", "5.1.1") is Recorded.NO_DELIVERY
        assert not Receipt.objects.exists()
        assert not Total.objects.exists()
        assert not suppressed(point)

    def test_only_words_of_the_vocabulary(self) -> None:
        key = sent(point_of())
        with pytest.raises(ValueError, match="sung"):
            record(key, "sung", "dsn", "a")

    @pytest.mark.parametrize("word", Receipt.Word.values)
    def test_no_receipt_changes_a_delivery(self, word: str) -> None:
        key, other = sent(point_of()), sent(point_of("Bob"), letter_id=3, issue_id=0)
        before = list(Delivery.objects.order_by("pk").values())
        record(key, word, "dsn", "a", "5.1.1")
        assert list(Delivery.objects.order_by("pk").values()) == before
        assert words(other) == []

    def test_reports_without_end_are_not_all_kept(self) -> None:
        key = sent(point_of())
        for number in range(receipts.MOST_RECEIPTS + 5):
            record(key, "deferred", "dsn", str(number))
        assert Receipt.objects.count() == receipts.MOST_RECEIPTS

    def test_the_keys_are_those_of_the_models(self) -> None:
        for model in (Receipt, Total):
            with connection.cursor() as cursor:
                constraints = connection.introspection.get_constraints(cursor, model._meta.db_table)
            (primary,) = (c["columns"] for c in constraints.values() if c["primary_key"])
            assert primary == [field.column for field in model._meta.pk_fields]

    def test_totals_add_up_and_touch_one_row_each(self) -> None:
        running.add({(7, "mail", "a.example", "sent", ""): 2, (7, "sms", "", "sent", ""): 1})
        running.add({(7, "mail", "a.example", "sent", ""): 3, (8, "mail", "a.example", "x", ""): 0})
        assert sorted(Total.objects.values_list("channel", "domain", "n")) == [
            ("mail", "a.example", 5),
            ("sms", "", 1),
        ]


@pytest.mark.django_db
class TestSuppression:
    def test_at_once_where_the_address_is_dead(self) -> None:
        point = point_of()
        bounce(sent(point), "5.1.1", NO_SUCH_USER)
        assert suppressed(point)
        assert point.suppressed_why == f"5.1.1: {NO_SUCH_USER}"
        (step,) = Suppression.objects.all()
        assert (step.contact_point_id, step.did, step.officer_id) == (point.pk, "suppressed", None)
        bounce(sent(point, 8), "5.1.1", NO_SUCH_USER)
        assert Suppression.objects.count() == 1

    @pytest.mark.parametrize(
        ("status", "words"),
        [("5.7.1", ""), ("5.3.4", ""), ("5.6.0", ""), ("5.4.4", ""), ("5.2.2", ""), ("4.4.7", ""),
         ("5.1.1", "listed in our block list"), ("5.0.0", "rejected by policy")],
    )  # fmt: skip
    def test_never_for_what_is_not_the_address(self, status: str, words: str) -> None:
        point = point_of()
        for number in range(12):
            bounce(sent(point, 10 + number), status, words, days_ago=12 - number)
        assert not suppressed(point)
        assert point.bounces == 12

    def test_not_at_once_where_another_address_may_be_meant(self) -> None:
        point = point_of()
        record(sent(point), "bounced", "dsn", "a", "5.1.1", about_address=False)
        assert not suppressed(point)

    @pytest.mark.parametrize("status", ["", "5.0.0", "5.1.2"])
    def test_after_three_deliveries_over_days(self, status: str) -> None:
        point = point_of()
        bounce(sent(point, 11), status, days_ago=8)
        bounce(sent(point, 12), status, days_ago=4)
        assert not suppressed(point)
        bounce(sent(point, 13), status)
        assert suppressed(point)
        assert point.suppressed_why.startswith("3 deliveries failed")

    def test_letters_and_issues_count_alike(self) -> None:
        point = point_of()
        bounce(sent(point, 0, 5), "5.0.0", days_ago=8)
        bounce(sent(point, 0, 6), "5.0.0", days_ago=4)
        bounce(sent(point, 13), "5.0.0")
        assert suppressed(point)

    def test_three_reports_of_one_delivery_are_one(self) -> None:
        point = point_of()
        key = sent(point, 11)
        for days in (9, 5, 0):
            bounce(key, "5.0.0", days_ago=days)
        assert len(words(key)) == 3
        assert not suppressed(point)
        assert point.bounces == 1

    def test_three_in_one_bad_night_are_not_enough(self) -> None:
        """A name server that is away bounces everything, for hours."""
        point = point_of()
        for number in range(8):
            bounce(sent(point, 11 + number), "5.1.2", days_ago=2 - number / 5)
        assert not suppressed(point)

    def test_three_in_more_than_thirty_days_are_not_enough(self) -> None:
        point = point_of()
        for number, days in enumerate((31, 15, 0)):
            bounce(sent(point, 11 + number), "5.0.0", days_ago=days)
        assert not suppressed(point)

    def test_a_proof_between_them_begins_the_count_anew(self) -> None:
        point = point_of()
        bounce(sent(point, 11), "5.0.0", days_ago=10)
        bounce(sent(point, 12), "5.0.0", days_ago=7)
        record(sent(point, 13), "delivered", "dsn", "p", at=clock.now() - timedelta(days=6))
        point.refresh_from_db()
        assert point.bounces == 0
        bounce(sent(point, 14), "5.0.0", days_ago=5)
        bounce(sent(point, 15), "5.0.0", days_ago=1)
        assert not suppressed(point)
        bounce(sent(point, 16), "5.0.0")
        assert suppressed(point)

    def test_a_domain_that_disowns_everybody_is_not_believed(self) -> None:
        """As Gmail did in December 2020."""
        people = [point_of(f"P{number}") for number in range(60)]
        running.add({(7, "mail", "example.org", "sent", ""): 60})
        for point in people:
            bounce(sent(point), "5.1.1", NO_SUCH_USER)
        lost = ContactPoint.objects.filter(suppressed_at__isnull=False).count()
        assert lost == 12  # a fifth of what was sent, and no more

    def test_a_large_domain_has_its_dead_addresses(self) -> None:
        people = [point_of(f"P{number}") for number in range(15)]
        running.add({(7, "mail", "example.org", "sent", ""): 1000})
        for point in people:
            bounce(sent(point), "5.1.1", NO_SUCH_USER)
        assert all(suppressed(point) for point in people)

    def test_what_went_out_before_it_was_lifted_does_not_suppress_again(self, staff: Staff) -> None:
        point = point_of()
        late = sent(point, 8)
        bounce(sent(point), "5.1.1")
        assert suppressed(point)
        travellers.lift(staff.author, point.pk, "she called from it")
        bounce(late, "5.1.1")
        assert not suppressed(point)
        bounce(sent(point, 9), "5.1.1")
        assert suppressed(point)

    def test_bounces_before_it_was_lifted_do_not_count(self, staff: Staff) -> None:
        point = point_of()
        for number, days in enumerate((12, 8, 4)):
            bounce(sent(point, 11 + number), "5.0.0", days_ago=days)
        assert suppressed(point)
        travellers.lift(staff.author, point.pk, "she called from it")
        bounce(sent(point, 20), "5.0.0")
        assert not suppressed(point)
        assert point.bounces == 1

    def test_the_newest_bounce_of_each_address(self) -> None:
        one, other, none = point_of("Ann"), point_of("Bob"), point_of("Cy")
        bounce(sent(one, 11), "5.0.0", "older", days_ago=3)
        bounce(sent(one, 5), "5.2.1", "newer", days_ago=1)
        bounce(sent(other, 11), "5.7.1", "policy")
        found = receipts_sql.last_bounces([one.pk, other.pk, none.pk])
        assert {pk: (b.key.issue_id, b.detail) for pk, b in found.items()} == {
            one.pk: (5, "newer"),
            other.pk: (11, "policy"),
        }
        assert receipts_sql.last_bounces([]) == {}


@pytest.mark.django_db(transaction=True)
def test_the_same_word_at_once_from_many_sides_is_one() -> None:
    key = sent(point_of())
    start, found = threading.Barrier(6), []

    def one(number: int) -> None:
        try:
            start.wait()
            found.append(record(key, "bounced", "dsn", "same", "5.1.1"))
            found.append(record(key, "bounced", "dsn", f"own {number}", "5.1.1"))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found.count(Recorded.NEW) == 7
    assert found.count(Recorded.KNOWN) == 5
    assert totals() == {(7, "example.org", "bounced", "5.1.1"): 1}
    assert ContactPoint.objects.get().bounces == 1
    assert Suppression.objects.count() == 1
