"""Find words in every table, every column, and every file: what an erasure must not leave."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

from django.db import connection

from wayhome.travellers import search_sql
from wayhome.travellers.folding import fold


def in_tables(words: Iterable[str]) -> list[str]:
    """``table.column: word`` wherever a word stands, in any case and any column of any table."""
    wanted = [word.casefold() for word in words]
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table == "name_gram":  # holds no rows to read; ``in_index`` reads what it holds
                continue
            quoted = connection.ops.quote_name(table)
            cursor.execute(f"SELECT * FROM {quoted}")
            columns = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                for column, value in zip(columns, row, strict=True):
                    text = _text(value).casefold()
                    found += [f"{table}.{column}: {word}" for word in wanted if word in text]
    return sorted(set(found))


def _text(value: object) -> str:
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode("utf-8", "replace")
    return str(value)


def in_index(names: Iterable[str]) -> list[str]:
    """Those of these whole names that the index of names still holds something of."""
    codes = {name: search_sql.code(search_sql.whole(fold(name))) for name in names}
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT DISTINCT unnest(grams) FROM name_key")
            held = {number for (number,) in cursor.fetchall()}
        else:
            cursor.execute(
                "CREATE VIRTUAL TABLE temp.name_terms USING fts5vocab('main', 'name_gram', 'row')"
            )
            cursor.execute("SELECT term FROM temp.name_terms")
            held = {int(term[1:], 16) for (term,) in cursor.fetchall()}
            cursor.execute("DROP TABLE temp.name_terms")
    return [name for name, code in codes.items() if code in held]


def in_files(folder: Path, words: Iterable[str]) -> list[str]:
    """``file: word`` wherever a word stands in the bytes or the name of a file below a folder."""
    wanted = list(words)
    found = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        octets = path.read_bytes().lower()
        found += [
            f"{path.name}: {word}"
            for word in wanted
            if word.lower().encode() in octets or word.lower() in path.name.lower()
        ]
    return found


def database_octets() -> bytes:
    """What the database leaves on disk: its file after VACUUM, or what pg_dump writes."""
    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return b"".join(
            Path(f"{name}{suffix}").read_bytes()
            for suffix in ("", "-wal")
            if Path(f"{name}{suffix}").exists()
        )
    return pg_dump(name)


def pg_dump(name: str) -> bytes:
    settings = connection.settings_dict
    given = {"PGHOST": settings["HOST"], "PGPORT": str(settings["PORT"] or "")}
    given |= {"PGUSER": settings["USER"], "PGPASSWORD": settings["PASSWORD"]}
    environment = os.environ | {key: value for key, value in given.items() if value}
    done = subprocess.run(
        ["pg_dump", "--inserts", name], env=environment, capture_output=True, check=True
    )
    return done.stdout
