"""Write rows of one table, a few as one statement, very many by COPY (PostgreSQL) or one prepared
statement (SQLite).

Where a model object for each costs more than the row. Columns that a writer does not name get the
model's own default. Called inside a transaction.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from django.db import connection, models

from wayhome.work.db import Parameter, stored

Value = Parameter | date | bool

_FEW = 8  # rows; in one statement, within SQLite's limit of parameters on old builds
_AT_ONCE = 500  # rows of one statement to PostgreSQL


class Reserved:
    """New primary keys of several tables, for rows that are about to be written: one question for
    them all. A number that is not used is lost, and that is all."""

    def __init__(self, counts: Mapping[type[models.Model], int]) -> None:
        wanted = [(model, count) for model, count in counts.items() if count]
        found = _next_numbers(wanted) if wanted else []
        self._free = {
            model: iter(numbers) for (model, _), numbers in zip(wanted, found, strict=True)
        }

    def take(self, model: type[models.Model]) -> int:
        """The next number of this table."""
        return next(self._free[model])


def _next_numbers(wanted: list[tuple[type[models.Model], int]]) -> list[list[int]]:
    tables = [model._meta.db_table for model, _ in wanted]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            each = "ARRAY(SELECT nextval('{}') FROM generate_series(1, %s))"
            cursor.execute(
                f"SELECT {', '.join(each.format(_sequence(table)) for table in tables)}",
                [count for _, count in wanted],
            )
            return list(cursor.fetchone())
        # The transaction holds the one write lock: nobody else can take these.
        marks = ", ".join(["%s"] * len(tables))
        cursor.execute(f"SELECT name, seq FROM sqlite_sequence WHERE name IN ({marks})", tables)
        last = dict(cursor.fetchall())
    return [
        list(range(last.get(table, 0) + 1, last.get(table, 0) + 1 + count))
        for table, (_, count) in zip(tables, wanted, strict=True)
    ]


@lru_cache(maxsize=256)
def _sequence(table: str) -> str:
    """The sequence of a table's key; PostgreSQL takes its time to find it out."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [table])
        return str(cursor.fetchone()[0])


def insert(
    model: type[models.Model],
    names: Sequence[str],
    rows: Iterable[Sequence[Value]],
    *,
    ignore_known: bool = False,
) -> int:
    """Write ``rows`` of the columns ``names``; JSON as text, moments and days as they are.

    ``ignore_known``: rows whose unique key is there already are left out. Returns how many rows
    were written.
    """
    columns, rest = _columns(model, tuple(names))
    same = tuple(field.get_db_prep_save(field.get_default(), connection) for field in rest)
    moments: dict[object, Value] = {}  # one moment stands in very many rows

    def kept(value: Value) -> Value:
        if not isinstance(value, date):  # a moment is a day too
            return value
        if (known := moments.get(value)) is None:
            known = stored(value) if isinstance(value, datetime) else value.isoformat()
            moments[value] = known
        return known

    values = [(*map(kept, row), *same) for row in rows]
    if not values:
        return 0
    head = f"{connection.ops.quote_name(model._meta.db_table)} ({columns})"
    marks = f"({', '.join(['%s'] * len(values[0]))})"
    known = " ON CONFLICT DO NOTHING" if ignore_known else ""
    many_at_once = f"INSERT INTO {head} VALUES {{}}{known}"
    with connection.cursor() as cursor:
        if len(values) > _FEW and connection.vendor == "sqlite":
            cursor.executemany(many_at_once.format(marks), values)
            return int(cursor.rowcount)
        if len(values) > _FEW and not ignore_known:
            with (
                connection.wrap_database_errors,
                cursor.copy(f"COPY {head} FROM STDIN") as copy,
            ):
                for row in values:
                    copy.write_row(row)
            return int(cursor.rowcount)
        written = 0
        for start in range(0, len(values), _AT_ONCE):
            part = values[start : start + _AT_ONCE]
            cursor.execute(
                many_at_once.format(", ".join([marks] * len(part))),
                [value for row in part for value in row],
            )
            written += int(cursor.rowcount)
        return written


@lru_cache(maxsize=256)
def _columns(
    model: type[models.Model], names: tuple[str, ...]
) -> tuple[str, list["models.Field[Any, Any]"]]:
    """All columns of a table but its key, those named first; and the fields of the others."""
    fields = {field.attname: field for field in model._meta.concrete_fields}
    rest = [
        field
        for name, field in fields.items()
        if name not in names and not field.primary_key and not field.generated
    ]
    columns = ", ".join(
        connection.ops.quote_name(str(field.column))
        for field in [*(fields[name] for name in names), *rest]
    )
    return columns, rest
