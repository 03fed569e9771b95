"""Fixtures for every level."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest

if TYPE_CHECKING:
    from tests.support.factories import Staff

# No timing decides a test; what failed prints what replays it.
hypothesis.settings.register_profile("wayhome", deadline=None, print_blob=True)
hypothesis.settings.load_profile("wayhome")
# Finds a failure and stops there: for showing that planted faults are found.
hypothesis.settings.register_profile(
    "no-shrink",
    phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
    database=None,
    deadline=None,
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones first, of which most wait for processes of theirs while others compute."""
    long = ("chaos", "acceptance")
    items.sort(key=lambda item: not any(item.get_closest_marker(name) for name in long))


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """Each run makes a PostgreSQL database of its own: two runs at once do not meet."""
    from django.conf import settings

    database: dict[str, Any] = settings.DATABASES["default"]
    if database["ENGINE"] == "django.db.backends.postgresql":
        database.setdefault("TEST", {})["NAME"] = f"test_wayhome_{os.getpid()}"


@pytest.fixture(scope="session", autouse=True)
def _emptied_between_tests() -> None:
    """A test with transactions of its own empties the database, the audit trail with it."""
    from django.core.management.commands.flush import Command
    from django.db.backends.postgresql.operations import DatabaseOperations

    from wayhome.officers import audit_sql

    handle = Command.handle

    def unguarded(self: Any, **options: Any) -> None:
        with audit_sql.unguarded():
            handle(self, **options)

    Command.handle = unguarded

    def deleted(self: Any, style: Any, tables: Iterable[str], **options: Any) -> list[str]:
        """PostgreSQL takes a third of a second to truncate the tables, nearly all empty."""
        quoted = [self.quote_name(table) for table in tables]
        query = " UNION ALL ".join(f"(SELECT '{each}' FROM {each} LIMIT 1)" for each in quoted)
        with self.connection.cursor() as cursor:
            cursor.execute(query)
            return [f"DELETE FROM {row[0]}" for row in cursor.fetchall()]

    DatabaseOperations.sql_flush = deleted


@pytest.fixture(autouse=True)
def _clock_read_afresh() -> None:
    """No test sees the clock offset that another test's database had."""
    from wayhome.work import clock

    clock.forget_offset()


@pytest.fixture
def outbox(settings: Any, tmp_path: Path) -> Path:
    """Where the files channel writes in this test."""
    settings.WAYHOME_DATA_DIR = tmp_path
    return tmp_path / "outbox"


@pytest.fixture
def staff(db: None) -> Staff:
    """One officer of each kind."""
    from tests.support.factories import make_staff

    return make_staff()
