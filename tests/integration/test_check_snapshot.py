"""``wayhome check delivery`` outside any transaction, as the command runs it."""

from __future__ import annotations

import pytest
from django.db import connection

from tests.support.factories import enrol_one, make_staff, publish, work_but_sending
from tests.support.history import broken, prove
from wayhome.delivery.proving.reading import rows, snapshot
from wayhome.travellers.models import Traveller

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]


def test_an_empty_instance_keeps_every_rule() -> None:
    rules = prove()
    assert [(rule.rows, rule.broken) for rule in rules] == [(0, 0)] * len(rules)
    assert len(rules) == 16


def test_what_is_written_meanwhile_is_not_seen() -> None:
    with snapshot():
        before = rows("SELECT COUNT(*) FROM traveller")
        other = connection.copy()
        try:
            with other.cursor() as cursor:
                cursor.execute(
                    "INSERT INTO traveller (name, made_at) VALUES ('Ann', CURRENT_TIMESTAMP)"
                )
        finally:
            other.close()
        assert rows("SELECT COUNT(*) FROM traveller") == before == [(0,)]
    assert Traveller.objects.count() == 1


def test_tables_that_were_never_looked_at_are_first() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("only PostgreSQL keeps count of its tables")
    known = "SELECT reltuples FROM pg_class WHERE relname IN ('receipt', 'reach')"

    def as_new() -> None:
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE receipt")
        assert (-1.0,) in rows(known)

    enrol_one()
    as_new()
    publish(make_staff())  # by reading back
    assert (-1.0,) not in rows(known)
    as_new()
    work_but_sending()  # by planning
    assert (-1.0,) not in rows(known)
    as_new()
    assert broken() == {}  # and by the checker
    assert (-1.0,) not in rows(known)
