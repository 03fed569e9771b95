"""Mail that comes back, with real workers, a relay's view of them, and a database that goes away.

Nothing is published here: deliveries are written as a relay would have left them.
"""

from __future__ import annotations

import shutil
import signal
import smtplib
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.support import returned
from tests.support.instance import Instance, wait_for
from wayhome.delivery.return_path import return_path

pytestmark = pytest.mark.acceptance

PEOPLE = 200
SECRET = "the same in this process and in the workers"


@pytest.fixture
def instance(settings: Any, tmp_path: Path) -> Iterator[Instance]:
    settings.SECRET_KEY = SECRET
    settings.WAYHOME_BOUNCE_ADDRESS = "bounces@wayhome.example"
    with Instance(tmp_path) as made:
        made.environment |= {
            "WAYHOME_SECRET_KEY": SECRET,
            "WAYHOME_BOUNCE_ADDRESS": settings.WAYHOME_BOUNCE_ADDRESS,
        }
        yield made


def addresses(instance: Instance, people: int) -> list[str]:
    """The return paths of a delivery each; the people are p0@example.org, p1@…"""
    now = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}+00:00"  # what serves nobody is not kept for ever
    for number in range(1, people + 1):
        instance.rows(
            "INSERT INTO contact_point (id, kind, address, address_hash, domain, language,"
            " bounces, suppressed_why, link_epoch, made_at)"
            f" VALUES ({number}, 'mail', 'p{number - 1}@example.org', '{number}', 'example.org',"
            f" 'en', 0, '', 1, '{now}')"
        )
        instance.rows(
            "INSERT INTO delivery (issue_id, letter_id, contact_point_id, channel, state, tries,"
            f" sent_at) VALUES (7, 0, {number}, 'mail', 'sent', 1, '2014-06-10 00:00:00+00:00')"
        )
    return [return_path(7, 0, number, "mail") for number in range(1, people + 1)]


@contextmanager
def database_away(instance: Instance) -> Iterator[None]:
    """No connection can be made until the end of the block."""
    if instance.url and instance.server:
        import psycopg

        name = instance.url.rpartition("/")[2]
        with psycopg.connect(instance.server, autocommit=True) as server:
            server.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS false')  # type: ignore[call-overload]
            server.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
            )
            yield
            server.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS true')  # type: ignore[call-overload]
        return
    database = instance.data / "wayhome.sqlite3"
    aside = instance.data / "aside"
    aside.mkdir()
    files = list(instance.data.glob("wayhome.sqlite3*"))
    for path in files:
        path.rename(aside / path.name)
    database.mkdir()  # a folder where the file should be: it cannot be opened, nor made anew
    yield
    database.rmdir()
    for path in files:
        (aside / path.name).rename(path)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def hand_over(port: int, raw: bytes, to: str) -> int:
    """What a relay is answered; 0 where nobody listens."""
    try:
        with smtplib.LMTP("127.0.0.1", port, local_hostname="relay.example") as client:
            client.sendmail("", [to], raw)
            return 250
    except smtplib.SMTPResponseException as error:
        return error.smtp_code
    except smtplib.SMTPRecipientsRefused as error:
        return error.recipients[to][0]
    except OSError:
        return 0


def test_lmtp_answers_only_for_what_is_written(instance: Instance) -> None:
    to = addresses(instance, 1)[0]
    raw = returned.dsn(to, "p0@example.org")
    port = free_port()
    worker = instance.worker(WAYHOME_BOUNCE_LMTP=f"127.0.0.1:{port}")
    wait_for(lambda: hand_over(port, raw, "x@y.example") == 550, instance.worker_log())
    with database_away(instance):
        assert hand_over(port, raw, to) == 451
        assert hand_over(port, raw, to) == 451
    assert instance.one("SELECT count(*) FROM receipt") == 0
    assert hand_over(port, raw, to) == 250
    assert hand_over(port, raw, to) == 250  # the relay lost the answer and came again
    assert instance.rows("SELECT word, provider, status FROM receipt") == [
        ("bounced", "dsn", "5.1.1")
    ]
    assert instance.rows("SELECT domain, fact, cause, n FROM delivery_total") == [
        ("example.org", "bounced", "5.1.1", 1)
    ]
    assert instance.one("SELECT suppressed_at IS NOT NULL FROM contact_point")
    instance.stop(worker)


def test_a_maildir_whose_workers_are_killed_and_doubled(instance: Instance, tmp_path: Path) -> None:
    box = tmp_path / "Maildir"
    for part in ("new", "cur", "tmp"):
        (box / part).mkdir(parents=True)
    for number, to in enumerate(addresses(instance, PEOPLE)):
        raw = returned.dsn(to, f"p{number}@example.org", "5.7.1", words="550 5.7.1 policy")
        (box / "tmp" / f"{number:05}.x").write_bytes(raw)
        (box / "tmp" / f"{number:05}.x").rename(box / "new" / f"{number:05}.x")
    instance.environment["WAYHOME_BOUNCE_MAILDIR"] = str(box)

    def waiting() -> int:
        return len(list((box / "new").iterdir()))

    for left in (PEOPLE * 3 // 4, PEOPLE // 2):
        killed = instance.worker()
        wait_for(lambda left=left: waiting() <= left, instance.worker_log())  # type: ignore[misc]
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        assert waiting() > 0
    workers = [instance.worker(), instance.worker()]
    wait_for(lambda: waiting() == 0, instance.worker_log())
    for worker in workers:
        instance.stop(worker)
    assert len(list((box / "cur").iterdir())) == PEOPLE
    assert instance.rows(
        "SELECT count(*), count(DISTINCT contact_point_id) FROM receipt WHERE word = 'bounced'"
    ) == [(PEOPLE, PEOPLE)]
    assert instance.rows("SELECT fact, cause, n FROM delivery_total") == [
        ("bounced", "5.7.1", PEOPLE)
    ]
    assert instance.one("SELECT sum(bounces) FROM contact_point") == PEOPLE
    assert instance.one("SELECT count(*) FROM suppression") == 0


def pipe(instance: Instance, raw: bytes, to: str) -> tuple[int, str]:
    """What a relay's pipe transport does: the exit code, and what was said."""
    done = subprocess.run(
        [sys.executable, "-m", "wayhome.ops.cli", "mail", "take", "--to", to],
        env=instance.environment,
        input=raw,
        capture_output=True,
        check=False,
    )
    return done.returncode, (done.stdout + done.stderr).decode().strip()


def test_the_command_for_a_pipe(instance: Instance) -> None:
    to = addresses(instance, 1)[0]
    raw = returned.dsn(to, "p0@example.org")
    assert pipe(instance, raw, "bounces+forged@wayhome.example")[0] == 67
    with database_away(instance):
        code, said = pipe(instance, raw, to)
        assert (code, said.count("\n")) == (75, 0)
    assert instance.one("SELECT count(*) FROM receipt") == 0
    assert pipe(instance, raw, to) == (0, "recorded")
    assert pipe(instance, raw, to) == (0, "known")
    assert instance.one("SELECT count(*) FROM receipt") == 1
    code, said = pipe(instance, returned.from_a_person(to), to)
    assert (code, said.partition(":")[0]) == (0, "kept"), said
    (kept,) = (instance.data / "mail-kept" / "new").iterdir()
    assert b"I need help" in kept.read_bytes()
    shutil.rmtree(instance.data / "mail-kept")
    (instance.data / "mail-kept").write_text("in the way")
    assert pipe(instance, returned.from_a_person(to), to)[0] == 75
