"""Migrated databases to copy: to migrate takes seconds, to copy none."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import time
from pathlib import Path

_embedded: list[Path] = []
_on_server: dict[str, str] = {}


def copy_embedded(to: Path) -> bool:
    """False where none has been kept yet."""
    if _embedded:
        shutil.copy(_embedded[0], to)
    return bool(_embedded)


def keep_embedded(migrated: Path) -> None:
    folder = Path(tempfile.mkdtemp(prefix="wayhome-test-"))
    atexit.register(shutil.rmtree, folder)
    _embedded.append(Path(shutil.copy(migrated, folder)))


def create_on(server: str) -> tuple[str, bool]:
    """A new database on a server: its address, and whether it has been migrated."""
    name = f"test_wayhome_instance_{os.getpid()}_{time.monotonic_ns()}"
    kept = _on_server.get(server)
    _run(server, f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{kept}"' if kept else ""))
    return f"{server.rpartition('/')[0]}/{name}", kept is not None


def keep_on(server: str, url: str) -> None:
    name = f"test_wayhome_template_{os.getpid()}_{time.monotonic_ns()}"
    _run(server, f'CREATE DATABASE "{name}" TEMPLATE "{url.rpartition("/")[2]}"')
    _on_server[server] = name
    atexit.register(_run, server, f'DROP DATABASE "{name}"')


def drop_on(server: str, url: str) -> None:
    _run(server, f'DROP DATABASE "{url.rpartition("/")[2]}" WITH (FORCE)')


def _run(server: str, statement: str) -> None:
    import psycopg

    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(statement)  # type: ignore[call-overload]
