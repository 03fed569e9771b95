"""A Wayhome of its own: data folder, database, workers and relay, each a real process."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.support import migrated

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE_SECONDS = 120  # a test that waits this long has failed; nothing is decided by it


def wait_for(
    what: Callable[[], bool],
    words: str,
    every: float = 0.005,
    patience: float = PATIENCE_SECONDS,
) -> None:
    """Look again and again until it is so; ``every``: seconds between two looks."""
    ends = time.monotonic() + patience
    while not what():
        if time.monotonic() > ends:
            raise AssertionError(f"after {patience} s still not so: {words}")
        time.sleep(every)


class RelayProcess:
    """The relay of ``tests.support.smtp_server``; a port and a log that outlive its restarts."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "relay.log"
        self.log.touch()
        self.port = 0
        self.process: subprocess.Popen[str] | None = None

    def start(self, delay_ms: int = 0, odd: Sequence[str] | None = None) -> None:
        """``odd``: the relay of ``tests.support.odd_relay``, with these oddities."""
        module = "smtp_server" if odd is None else "odd_relay"
        command = [sys.executable, "-m", f"tests.support.{module}", str(self.log)]
        more = ["--odd", *odd] if odd else []
        self.process = subprocess.Popen(
            [*command, "--port", str(self.port), "--delay-ms", str(delay_ms), *more],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None

    def taken(self) -> list[dict[str, Any]]:
        """Every message that was taken, in order."""
        lines = self.log.read_text(encoding="utf-8").split("\n")
        return [json.loads(line) for line in lines[:-1]]  # what follows the last \\n is unfinished

    def count(self) -> int:
        return self.log.read_bytes().count(b"\n")


class Instance:
    """Use as a context: what it started is stopped and what it made is removed."""

    def __init__(self, folder: Path, server: str | None = None) -> None:
        """``server``: a PostgreSQL server other than the one of all tests."""
        self.relay = RelayProcess(folder)
        self.data = folder / "data"
        self.workers: list[subprocess.Popen[bytes]] = []
        self.server: str | None = server or os.environ.get("WAYHOME_DATABASE_URL")
        self.is_on_shared_server = server is None
        self.url: str | None = None
        self._embedded = self.data / "wayhome.sqlite3"

    def __enter__(self) -> Instance:
        is_migrated = False
        if self.server:
            self.url, is_migrated = migrated.create_on(self.server)
        else:
            self.data.mkdir(exist_ok=True)
            is_migrated = migrated.copy_embedded(self._embedded)
        self.relay.start()
        self.environment = {
            key: value for key, value in os.environ.items() if not key.startswith("WAYHOME_")
        } | {
            "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
            "DJANGO_SETTINGS_MODULE": "wayhome.settings",
            "WAYHOME_DATA_DIR": str(self.data),
            "WAYHOME_DATABASE_URL": self.url or "",
            "WAYHOME_SMTP_URL": f"smtp://127.0.0.1:{self.relay.port}",
            "WAYHOME_LEASE_SECONDS": "2",
            "WAYHOME_MAIL_RATE": "100",
        }
        if not is_migrated:
            self.command("migrate")
            self._keep_migrated()
        return self

    def _keep_migrated(self) -> None:
        if not self.server:
            migrated.keep_embedded(self._embedded)
        elif self.url and self.is_on_shared_server:
            migrated.keep_on(self.server, self.url)

    def __exit__(self, *_: object) -> None:
        for worker in self.workers:
            if worker.poll() is None:
                worker.kill()
                worker.wait()
        self.relay.stop()
        print("\n".join(self.worker_log().splitlines()[-60:]))  # seen where a test has failed
        if self.server and self.url:
            migrated.drop_on(self.server, self.url)

    def command(self, *arguments: str) -> str:
        """``wayhome`` with these arguments; its output."""
        command = [sys.executable, "-m", "wayhome.ops.cli", *arguments]
        return subprocess.run(
            command, env=self.environment, check=True, capture_output=True, text=True
        ).stdout

    def script(self, *arguments: str) -> subprocess.Popen[str]:
        """``tests.support.scenes`` with these arguments, in a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "tests.support.scenes", *arguments],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def play(self, *arguments: str) -> str:
        """The same, to its end; its output."""
        process = self.script(*arguments)
        output, _ = process.communicate()
        assert process.returncode == 0, output
        return output

    def worker(self, **changes: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "wayhome.ops.cli", "worker"]
        log_path = self.data.parent / "worker.log"  # not on a disk that a test fills
        with log_path.open("ab") as log:
            process = subprocess.Popen(
                command, env=self.environment | changes, stdout=log, stderr=log
            )
        self.workers.append(process)
        return process

    def slow_down(self, delay_ms: int) -> None:
        """The relay takes so long for each message."""
        self.relay.stop()
        self.relay.start(delay_ms)

    def wait_until_taken(self, messages: int, patience: float = PATIENCE_SECONDS) -> None:
        every = 0.005 if patience == PATIENCE_SECONDS else 1.0
        what = f"{messages} messages taken"
        wait_for(lambda: self.relay.count() >= messages, what, every, patience)

    def stop(self, worker: subprocess.Popen[bytes]) -> None:
        """Ask a worker to end as an operator would; it ends well."""
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(PATIENCE_SECONDS) == 0, self.worker_log()

    def pause(self, worker: subprocess.Popen[bytes]) -> None:
        """Stop a worker where it stands, but not inside a write: that would stop an embedded
        database for everyone, which no lease can mend."""
        while True:
            worker.send_signal(signal.SIGSTOP)
            try:
                self.rows("UPDATE instance SET id = id")
                return
            except sqlite3.OperationalError:
                worker.send_signal(signal.SIGCONT)
                time.sleep(0.05)

    def worker_log(self) -> str:
        path = self.data.parent / "worker.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What the database holds, read (or written) beside the workers."""
        if self.url:
            import psycopg

            with psycopg.connect(self.url) as server:
                cursor = server.execute(sql)  # type: ignore[call-overload]
                return cursor.fetchall() if cursor.description else []
        embedded = sqlite3.connect(self._embedded, timeout=2)
        try:
            with embedded:
                return embedded.execute(sql).fetchall()
        finally:
            embedded.close()

    def one(self, sql: str) -> Any:
        return self.rows(sql)[0][0]

    def proof(self) -> dict[str, Any]:
        """What ``wayhome check delivery`` says; every rule is kept."""
        command = [sys.executable, "-m", "wayhome.ops.cli", "check", "delivery", "--json"]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True)
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}\n{self.worker_log()}"
        said: dict[str, Any] = json.loads(done.stdout)
        assert said["broken"] == 0
        return {rule["name"]: rule for rule in said["rules"]}

    def hurry(self) -> None:
        """Whatever waits for a pause to end waits no longer."""
        self.rows("UPDATE relay SET down_until = NULL")
        self.rows(
            "UPDATE slice SET due_at = '2000-01-01 00:00:00'"
            " WHERE state = 'open' AND lease_until IS NULL"
        )

    def is_idle(self) -> bool:
        """Nothing is owed: no delivery of an issue in force, no open slice of one, no job."""
        newest = "SELECT newest_issue_id FROM bulletin WHERE newest_issue_id IS NOT NULL"
        return not (
            self.one(f"SELECT count(*) FROM slice WHERE state = 'open' AND issue_id IN ({newest})")
            or self.one(
                f"SELECT count(*) FROM delivery WHERE state = 'owed' AND issue_id IN ({newest})"
            )
            or self.one("SELECT count(*) FROM owed WHERE key <> ''")
        )
