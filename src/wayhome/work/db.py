"""One way to write: a transaction that is tried again when the database was merely busy."""

import logging
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import OperationalError, connection, transaction

log = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")

# What hand-written SQL may take as a parameter.
Parameter = int | float | str | datetime | None

_TRIES = 6
_PASSING_SQLSTATES = {"40001", "40P01"}  # serialization failure, deadlock


def writes(function: Callable[P, R]) -> Callable[P, R]:
    """Run ``function`` in one transaction; repeat it whole when locked or deadlocked.

    Inside another transaction it simply joins that one, whose owner repeats.
    """

    @wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        if connection.in_atomic_block:
            return function(*args, **kwargs)
        for attempt in range(_TRIES):
            try:
                with transaction.atomic():
                    return function(*args, **kwargs)
            except OperationalError as error:
                if attempt == _TRIES - 1 or not _is_passing(error):
                    raise
                time.sleep(random.uniform(0.01, 0.05) * 2**attempt)
        raise AssertionError("unreachable")

    return wrapper


def know_tables() -> None:
    """Let PostgreSQL look at tables that it has never looked at, or not since they were a fraction
    of what they are (where autovacuum is off, or had no time yet after very many came at once): it
    believes that they hold next to nothing, and reads all of one for each chunk of another. Inside
    a transaction nothing is done."""
    if connection.vendor != "postgresql" or connection.in_atomic_block:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_is_in_recovery()")
        if cursor.fetchone()[0]:
            return  # a standby is told by its primary
        cursor.execute(
            "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND (reltuples < 0"
            " OR pg_relation_size(oid) > 4 * current_setting('block_size')::int * (relpages + 16))"
            " AND relnamespace = current_schema()::regnamespace"
            " AND pg_has_role(relowner, 'USAGE') ORDER BY 1"
        )
        never = [row[0] for row in cursor.fetchall()]
    for table in never:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '500ms'")
                cursor.execute(f"ANALYZE {table}")
        except OperationalError as error:
            log.warning("analyze %s: %s", table, error)  # somebody tends it: nobody waits for that


def stored(moment: datetime) -> str | datetime:
    """An aware moment as hand-written SQL must pass it, so that both databases compare alike."""
    value: object = connection.ops.adapt_datetimefield_value(moment)
    return value if isinstance(value, datetime) else str(value)


def read_moment(value: datetime | str) -> datetime:
    """What hand-written SQL returns of a moment (text on SQLite), aware UTC."""
    parsed = datetime.fromisoformat(value) if isinstance(value, str) else value
    return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def _is_passing(error: OperationalError) -> bool:
    sqlstate = getattr(error.__cause__, "sqlstate", None)
    return sqlstate in _PASSING_SQLSTATES or "locked" in str(error)
