"""The store of people's keys: a small database of its own, so that no backup of the main one holds
them (decision 21). ``WAYHOME_KEYS_URL``, or ``keys.sqlite3`` in the data folder.

One row a person: the key, wrapped by the master key that the row names. A deleted row is gone for
good: SQLite overwrites it and empties its log.
"""

import os
import secrets
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from django.conf import settings

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS person_key (id BIGINT PRIMARY KEY, traveller_id BIGINT NOT NULL"
    " UNIQUE, master VARCHAR(40) NOT NULL, wrapped {octets} NOT NULL)",
    "CREATE INDEX IF NOT EXISTS person_key_master ON person_key (master, id)",
    "CREATE TABLE IF NOT EXISTS about (name VARCHAR(20) PRIMARY KEY, word VARCHAR(80) NOT NULL)",
)
_COLUMNS = "id, traveller_id, master, wrapped"
_SECONDS = 20
_MOST_IDS = 500

_open = threading.local()


@dataclass(frozen=True)
class StoredKey:
    """One person's key as it is kept."""

    id: int
    traveller_id: int
    master: str
    wrapped: bytes


class _Connection(Protocol):
    def execute(self, query: str, parameters: Sequence[object], /) -> Any: ...


def of_traveller(traveller_id: int) -> StoredKey | None:
    rows = _rows(f"SELECT {_COLUMNS} FROM person_key WHERE traveller_id = %s", [traveller_id])
    return rows[0] if rows else None


def get(key_ids: Iterable[int]) -> dict[int, StoredKey]:
    """Those of these keys that there still are."""
    wanted = sorted(set(key_ids))
    found: dict[int, StoredKey] = {}
    for start in range(0, len(wanted), _MOST_IDS):
        part = wanted[start : start + _MOST_IDS]
        marks = ", ".join(["%s"] * len(part))
        for row in _rows(f"SELECT {_COLUMNS} FROM person_key WHERE id IN ({marks})", part):
            found[row.id] = row
    return found


def fresh_id() -> int:
    """Drawn, not counted: what a restored or emptied store gives out was never given before."""
    return secrets.randbits(62) + 1


def add(key: StoredKey) -> StoredKey:
    """Keep a key; of two that are made for one person at once, the first. Returns the one kept."""
    _do(
        f"INSERT INTO person_key ({_COLUMNS}) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (traveller_id) DO NOTHING",
        [key.id, key.traveller_id, key.master, key.wrapped],
    )
    kept = of_traveller(key.traveller_id)
    if kept is None:  # destroyed this instant
        raise RuntimeError(f"the key of traveller {key.traveller_id} was destroyed meanwhile")
    return kept


def destroy(traveller_ids: Iterable[int]) -> int:
    """Delete the keys of these people for good; how many there were."""
    gone = 0
    for traveller_id in sorted(set(traveller_ids)):
        gone += _do("DELETE FROM person_key WHERE traveller_id = %s", [traveller_id])
    if gone and not settings.WAYHOME_KEYS_URL:
        _connection().execute("PRAGMA wal_checkpoint(TRUNCATE)", [])
    return gone


def rewrap(old: StoredKey, master: str, wrapped: bytes) -> bool:
    """Keep a key under another master key; False where it was changed or destroyed meanwhile."""
    return bool(
        _do(
            "UPDATE person_key SET master = %s, wrapped = %s WHERE id = %s AND master = %s",
            [master, wrapped, old.id, old.master],
        )
    )


def wrapped_by_another(master: str, after: int, limit: int) -> list[StoredKey]:
    """Keys that other master keys wrap, in order of their numbers."""
    return _rows(
        f"SELECT {_COLUMNS} FROM person_key WHERE master <> %s AND id > %s ORDER BY id LIMIT %s",
        [master, after, limit],
    )


def counts() -> dict[str, int]:
    """How many keys each master key wraps."""
    found = _execute("SELECT master, COUNT(*) FROM person_key GROUP BY master", [])
    return {str(master): int(n) for master, n in found.fetchall()}


def word(name: str) -> str:
    """What the store says about itself under ``name``, or an empty string."""
    row = _execute("SELECT word FROM about WHERE name = %s", [name]).fetchone()
    return str(row[0]) if row else ""


def say(name: str, said: str, *, once: bool = False) -> None:
    """Keep a word about the store; with ``once`` the first that was said stays."""
    then = "NOTHING" if once else "UPDATE SET word = excluded.word"
    _do(
        f"INSERT INTO about (name, word) VALUES (%s, %s) ON CONFLICT (name) DO {then}",
        [name, said],
    )


def stamp() -> str:
    """What tells this store from every other."""
    if not word("stamp"):
        say("stamp", secrets.token_hex(16), once=True)
    return word("stamp")


def path() -> Path:
    """The file of the embedded store."""
    return Path(settings.WAYHOME_DATA_DIR) / "keys.sqlite3"


def close() -> None:
    """Close this thread's connection."""
    kept: tuple[str, int, Any] | None = getattr(_open, "kept", None)
    _open.kept = None
    if kept is not None:
        kept[2].close()


def _rows(query: str, parameters: Sequence[object]) -> list[StoredKey]:
    rows = _execute(query, parameters).fetchall()
    return [StoredKey(int(row[0]), int(row[1]), str(row[2]), bytes(row[3])) for row in rows]


def _do(query: str, parameters: Sequence[object]) -> int:
    done: int = _execute(query, parameters).rowcount
    return done


def _execute(query: str, parameters: Sequence[object]) -> Any:
    """Every statement here may be repeated: a server that was restarted is asked once more."""
    if not settings.WAYHOME_KEYS_URL:
        return _connection().execute(query.replace("%s", "?"), parameters)
    import psycopg

    try:
        return _connection().execute(query, parameters)
    except psycopg.OperationalError:
        close()
        return _connection().execute(query, parameters)


def _connection() -> _Connection:
    where = settings.WAYHOME_KEYS_URL or str(path())
    kept: tuple[str, int, Any] | None = getattr(_open, "kept", None)
    if kept is not None and kept[:2] == (where, os.getpid()) and _lives(kept[2]):
        connection: _Connection = kept[2]
        return connection
    close()
    made = _postgres(where) if settings.WAYHOME_KEYS_URL else _sqlite(path())
    _open.kept = (where, os.getpid(), made)
    return made


def _lives(connection: Any) -> bool:
    if isinstance(connection, sqlite3.Connection):
        return path().exists()
    return not (connection.closed or connection.broken)


def _sqlite(file: Path) -> _Connection:
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.exists():
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600))
    # Every statement is a transaction of its own: nobody waits here with a lock in hand.
    connection = sqlite3.connect(file, timeout=_SECONDS, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")
    for statement in _SCHEMA:
        connection.execute(statement.format(octets="BLOB"))
    return connection


def _postgres(url: str) -> _Connection:
    import psycopg

    connection = psycopg.connect(
        url, autocommit=True, connect_timeout=_SECONDS, prepare_threshold=None
    )
    if connection.execute("SELECT to_regclass('about')").fetchone() == (None,):
        for statement in _SCHEMA:
            # Two hosts that start at once: one makes it, and the other finds it made.
            with suppress(psycopg.errors.UniqueViolation, psycopg.errors.DuplicateTable):
                connection.execute(statement.format(octets="BYTEA"))
    return connection
