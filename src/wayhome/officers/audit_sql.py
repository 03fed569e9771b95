"""Triggers that let the audit trail only grow, on both databases.

SQLite drops triggers silently where a migration rebuilds a table, so they are asserted after
every migration (``officers.apps``), and ``wayhome check audit`` says where one is missing.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

TABLES = ("audit_row", "audit_batch")
_DOES = ("UPDATE", "DELETE")

_FUNCTION = """
CREATE OR REPLACE FUNCTION audit_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'audit: what is written there is never changed'; END $$
"""


def _name(table: str, does: str) -> str:
    return f"{table}_no_{does.lower()}"


def _wanted() -> set[str]:
    names = {_name(table, does) for table in TABLES for does in _DOES}
    if connection.vendor == "postgresql":
        names |= {_name(table, "TRUNCATE") for table in TABLES}
    return names


def missing_guards() -> list[str]:
    """Names of triggers that ought to be there and are not, or are switched off."""
    query = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    if connection.vendor == "postgresql":
        query = (
            "SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
            " WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')"
            " AND relnamespace = current_schema()::regnamespace"
        )
    with connection.cursor() as cursor:
        cursor.execute(query)
        there = {row[0] for row in cursor.fetchall()}
    return sorted(_wanted() - there)


def assert_guards() -> None:
    """Make every trigger anew. Repeating it changes nothing."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_FUNCTION)
        for table in TABLES:
            for does in _DOES:
                name = _name(table, does)
                if connection.vendor == "postgresql":
                    cursor.execute(
                        f"CREATE OR REPLACE TRIGGER {name} BEFORE {does} ON {table}"
                        " FOR EACH ROW EXECUTE FUNCTION audit_only_grows()"
                    )
                else:
                    cursor.execute(
                        f"CREATE TRIGGER IF NOT EXISTS {name} BEFORE {does} ON {table} BEGIN"
                        " SELECT RAISE(ABORT, 'audit: what is written there is never changed');"
                        " END"
                    )
            if connection.vendor == "postgresql":
                cursor.execute(
                    f"CREATE OR REPLACE TRIGGER {_name(table, 'TRUNCATE')} BEFORE TRUNCATE"
                    f" ON {table} FOR EACH STATEMENT EXECUTE FUNCTION audit_only_grows()"
                )


@contextmanager
def unguarded() -> Iterator[None]:
    """Without the triggers, for whoever empties a whole database: a demo before it begins."""
    with connection.cursor() as cursor:
        for table in TABLES:
            on = f" ON {table}" if connection.vendor == "postgresql" else ""
            for does in (*_DOES, "TRUNCATE"):
                cursor.execute(f"DROP TRIGGER IF EXISTS {_name(table, does)}{on}")
    try:
        yield
    finally:
        assert_guards()
