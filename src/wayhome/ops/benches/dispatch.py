"""Messages a second from slices that are due to the last result recorded, beside peers.

Into a sink of our own, or into a relay that is named (a Postfix on this host). The peers hand the
same number of messages of the same size to the same place and keep no books: ``smtp-source`` (C,
of Postfix), aiosmtplib with ten connections, and Django's mail backend with one. Then the same
once more while the worker is killed, counting what the sink took twice.
"""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from django.conf import settings

from wayhome.ops.benches import publication

RUNS = 3
CONNECTIONS = 10
BODY_BYTES = 2000
PATIENCE_SECONDS = 900


@dataclass(frozen=True)
class Line:
    """One way of sending: the median of its runs."""

    name: str
    per_second: float
    doubles: int = 0
    kills: int = 0


class Sink:
    """The sink in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "sink.log"
        self.log.touch()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "wayhome.ops.benches.sink", str(self.log)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.address = f"127.0.0.1:{self._process.stdout.readline().strip()}"

    def taken(self) -> list[str]:
        return self.log.read_text(encoding="ascii").split()

    def empty(self) -> None:
        os.truncate(self.log, 0)

    def close(self) -> None:
        self._process.terminate()
        self._process.wait()


def run(messages: int, kills: int, into: str | None, tools: Path | None) -> list[Line]:
    """Measure; ``into`` host:port of a relay (None: a sink), ``tools``: where Postfix's tools
    are unpacked (None: on the path)."""
    with tempfile.TemporaryDirectory(prefix="wayhome-bench-") as name:
        sink = Sink(Path(name))
        try:
            address = into or sink.address
            lines = [Line("Wayhome", _median(lambda: _wayhome(messages, address)[0]))]
            lines += [
                Line(peer, _median(lambda send=send: _timed(send, messages, address)))  # type: ignore[misc]
                for peer, send in _peers(tools).items()
            ]
            if kills and into is None:
                sink.empty()
                rate, done = _wayhome(messages, address, kills)
                taken = sink.taken()
                lost = messages - len(set(taken))
                if lost:
                    raise AssertionError(f"{lost} of {messages} messages were lost")
                lines.append(Line("Wayhome, killed", rate, len(taken) - messages, done))
        finally:
            sink.close()
    return lines


def _wayhome(messages: int, address: str, kills: int = 0) -> tuple[float, int]:
    """Publish to ``messages`` people, then let a worker send; returns messages a second, from its
    first result to its last by the clock on the wall, and how often the worker was killed.

    A kill falls due whenever so many more have been sent as divide the run into equal parts.
    """
    settings.WAYHOME_SMTP_URL = f"smtp://{address}"
    publication.fill(messages)
    publication.publish_and_plan()
    environment = os.environ | {
        "WAYHOME_SMTP_URL": settings.WAYHOME_SMTP_URL,
        "WAYHOME_SEND_THREADS": str(CONNECTIONS),
        "WAYHOME_LEASE_SECONDS": "5" if kills else "60",
        "DJANGO_SETTINGS_MODULE": "wayhome.settings",
    }
    worker = _worker(environment)
    ends = time.monotonic() + PATIENCE_SECONDS
    began: float | None = None
    killed = 0
    try:
        while (left := publication.owed()) and time.monotonic() < ends:
            if began is None and left < messages:
                began = time.monotonic()
            if killed < kills and messages - left >= messages * (killed + 1) // (kills + 1):
                killed += 1
                worker.send_signal(signal.SIGKILL)
                worker.wait()
                worker = _worker(environment)
            time.sleep(0.02)
        took = time.monotonic() - (began or ends)
    finally:
        worker.kill()
        worker.wait()
    if left:
        raise AssertionError(f"{left} messages were not sent")
    publication.empty()
    return messages / took, killed


def _worker(environment: dict[str, str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "wayhome.ops.cli", "worker"]
    return subprocess.Popen(command, env=environment)


def _median(once: Callable[[], float]) -> float:
    return median(once() for _ in range(RUNS))


def _timed(send: Callable[[int, str], None], messages: int, address: str) -> float:
    began = time.monotonic()
    send(messages, address)
    return messages / (time.monotonic() - began)


def _peers(tools: Path | None) -> dict[str, Callable[[int, str], None]]:
    peers: dict[str, Callable[[int, str], None]] = {}
    path = (tools / "usr/sbin/smtp-source") if tools else shutil.which("smtp-source")
    if path and Path(path).exists():
        peers["smtp-source (C)"] = lambda n, to: _smtp_source(str(path), tools, n, to)
    try:
        import aiosmtplib  # noqa: F401
    except ImportError:
        pass
    else:
        peers["aiosmtplib"] = lambda n, to: asyncio.run(_aiosmtplib(n, to))
    peers["Django's mail backend"] = _django_backend
    return peers


def _smtp_source(path: str, tools: Path | None, messages: int, address: str) -> None:
    environment = dict(os.environ)
    if tools:  # unpacked, not installed: its libraries lie beside it
        folders = (tools / "usr/lib/postfix", *sorted((tools / "usr/lib").glob("*-linux-gnu")))
        environment["LD_LIBRARY_PATH"] = ":".join(str(folder) for folder in folders)
    size = ["-l", str(BODY_BYTES), "-m", str(messages), "-s", str(CONNECTIONS)]
    who = ["-f", "from@example.org", "-t", "to@example.org"]
    command = [path, "-d", *size, *who, address]
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)


async def _aiosmtplib(messages: int, address: str) -> None:
    import aiosmtplib

    host, _, port = address.rpartition(":")
    content = _content()

    async def send(share: int) -> None:
        async with aiosmtplib.SMTP(hostname=host, port=int(port), start_tls=False) as client:
            for _ in range(share):
                await client.sendmail("from@example.org", ["to@example.org"], content)

    shares = [messages // CONNECTIONS] * CONNECTIONS
    shares[0] += messages % CONNECTIONS
    await asyncio.gather(*(send(share) for share in shares))


def _django_backend(messages: int, address: str) -> None:
    from django.core.mail import EmailMessage
    from django.core.mail.backends.smtp import EmailBackend

    host, _, port = address.rpartition(":")
    backend = EmailBackend(host=host, port=int(port))
    mail = [
        EmailMessage("Subject", "x" * BODY_BYTES, "from@example.org", [f"p{n}@example.org"])
        for n in range(messages)
    ]
    backend.send_messages(mail)


def _content() -> str:
    head = "From: from@example.org\r\nTo: to@example.org\r\nSubject: Subject\r\n\r\n"
    return head + "x" * BODY_BYTES + "\r\n"
