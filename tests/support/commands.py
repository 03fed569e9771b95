"""A fresh Wayhome instance of a test's own, driven by the real commands."""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from tests.database import DATABASE
from tests.support.forked import PATIENCE_SECONDS, Loaded

_loaded: dict[tuple[tuple[str, str], ...], Loaded] = {}


@dataclass(frozen=True)
class Instance:
    """Its environment, and its commands."""

    environment: Mapping[str, str]

    def start(self, *arguments: str, **more: str) -> subprocess.Popen[str]:
        """Start ``wayhome`` with these arguments and leave it running."""
        return subprocess.Popen(
            [sys.executable, "-m", "wayhome.ops.cli", *arguments],
            env={**self.environment, **more},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run_cold(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run ``wayhome`` to its end, with whatever it reads when it starts read afresh."""
        process = self.start(*arguments)
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
        return subprocess.CompletedProcess(list(arguments), process.returncode, out, err)

    def run(self, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run ``wayhome`` to its end; it was loaded once for all commands of this environment."""
        key = tuple(sorted(self.environment.items()))
        if key not in _loaded:
            _loaded[key] = Loaded(self.environment)
        return _loaded[key].run(arguments, cwd or Path.cwd())

    def json(self, *arguments: str) -> Any:
        """The JSON answer of a command that must succeed."""
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@contextmanager
def fresh_instance(folder: Path, **settings: str) -> Iterator[Instance]:
    """An empty instance in ``folder``; on PostgreSQL with a database that is dropped afterwards."""
    before = set(_loaded)
    try:
        with _made(folder, settings) as made:
            yield made
    finally:
        for key in set(_loaded) - before:
            _loaded.pop(key).close()


@contextmanager
def _made(folder: Path, settings: Mapping[str, str]) -> Iterator[Instance]:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("WAYHOME_")
    }
    environment |= {"WAYHOME_DATA_DIR": str(folder), **settings}
    if DATABASE != "postgres":
        yield Instance(environment)
        return
    server = os.environ["WAYHOME_DATABASE_URL"]
    name = f"wayhome_test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    environment["WAYHOME_DATABASE_URL"] = f"{server.rpartition('/')[0]}/{name}"
    try:
        yield Instance(environment)
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(
                sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
            )
