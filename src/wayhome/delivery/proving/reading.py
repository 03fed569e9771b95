"""Read a large history in bounded pieces, all from one snapshot."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from wayhome.delivery.types import DeliveryKey
from wayhome.work.db import Parameter

CHUNK = 20_000  # deliveries (or slices) looked at by one statement
PEOPLE = 900  # travellers in one statement that lists them, within SQLite's limit of old builds
_LAST = 2**63 - 1


@contextmanager
def snapshot() -> Iterator[None]:
    """Everything read inside is of one moment, and nobody who writes is held up."""
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
                # A chunk is found by key, and so is all that it is held against: whatever the
                # planner believes of tables that have grown since it last looked.
                for way in ("hashjoin", "mergejoin", "seqscan"):
                    cursor.execute(f"SET LOCAL enable_{way} = off")
                cursor.execute("SET LOCAL jit = off")
                # It may compute for long between two questions, and holds nothing.
                cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            yield
    else:
        # Not ``atomic``: that would take the one write lock of the embedded database.
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")


def rows(statement: str, parameters: Sequence[Parameter] = ()) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, list(parameters))
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def one(statement: str, parameters: Sequence[Parameter] = ()) -> Any:
    return rows(statement, parameters)[0][0]


def marks(values: Sequence[object]) -> str:
    return ", ".join(["%s"] * len(values))


@dataclass(frozen=True)
class Span:
    """Some deliveries of one issue, by contact point; or of letters (issue 0), by letter."""

    issue_id: int
    after: int
    last: int

    def of(self, alias: str) -> str:
        """The condition that ``alias`` (a table with delivery's key) is in it."""
        if self.issue_id:
            fixed, column = f"{alias}.letter_id = 0 AND ", "contact_point_id"
        else:
            fixed, column = "", "letter_id"
        return (
            f"{alias}.issue_id = {self.issue_id} AND {fixed}{alias}.{column} > {self.after}"
            f" AND {alias}.{column} <= {self.last}"
        )

    def key(self, row: Sequence[Any]) -> DeliveryKey:
        """From a row that begins with letter, contact point and channel."""
        return DeliveryKey(self.issue_id, *row[:3])


def spans(issue_id: int, table: str = "delivery") -> Iterator[Span]:
    """The whole line of keys of one issue, cut where ``CHUNK`` rows of ``table`` are in a piece."""
    fixed, column = ("letter_id = 0 AND ", "contact_point_id") if issue_id else ("", "letter_id")
    after = -1
    while True:
        found = rows(
            f"SELECT {column} FROM {table} WHERE issue_id = %s AND {fixed}{column} > %s"
            f" ORDER BY {column} LIMIT 1 OFFSET %s",
            [issue_id, after, CHUNK - 1],
        )
        last = int(found[0][0]) if found else _LAST
        yield Span(issue_id, after, last)
        if not found:
            return
        after = last


def issues_in(table: str) -> list[int]:
    """The issues that a wide table has rows of, by stepping through its key."""
    found: list[int] = []
    following = one(f"SELECT MIN(issue_id) FROM {table}")
    while following is not None:
        found.append(following)
        following = one(f"SELECT MIN(issue_id) FROM {table} WHERE issue_id > %s", [following])
    return found
