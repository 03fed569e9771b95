"""Every table of an instance, and emptying them all."""

from __future__ import annotations

from django.db import connection

from wayhome.travellers import search_sql

# Of an SQLite full-text index: tables that the index alone may write.
_OF_THE_INDEX = "name_gram"


def table_names() -> list[str]:
    names = connection.introspection.table_names()
    return sorted(name for name in names if not name.startswith(_OF_THE_INDEX))


def forget_names() -> None:
    """Nobody is found by name any more; call it where rows are deleted behind the index."""
    if connection.vendor == "sqlite" and search_sql.is_indexed():
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO name_gram (name_gram) VALUES ('delete-all')")
