"""Enrolments through the real page, as browsers send them, beside a page that keeps one row.

The server of ``wayhome run`` in processes of its own; the sender, a few kilobytes of protocol in
this process, shares the machine with it. First as many at once as there are connections, each
sending its next when the last is answered: how many a second there can be at most. Then as they
come in a surge, by the clock whether or not earlier ones are answered: how long each then waits,
from the moment at which it was due. Nothing may be lost: every answer *kept* is a registration, and
its code is owed.
"""

import asyncio
import os
import secrets
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from statistics import median, quantiles
from urllib.parse import urlencode

from wayhome.ops.benches import bare_page
from wayhome.ops.benches import people as world
from wayhome.ops.serving import APPLICATION, web_command
from wayhome.travellers.codes import JOB
from wayhome.travellers.models import Registration
from wayhome.work import clock
from wayhome.work.models import Owed

RUNS = 3
CONNECTIONS = 16
THREADS = 8  # of each process of the server
WARM = 100
PATIENCE_SECONDS = 60
_PLACES = (
    "Mosul", "Baghdad", "Erbil", "Basra", "Kirkuk", "Anbar", "Paris", "Lagos", "Nairobi", "Manila",
    "Lima", "Kyiv", "Beirut", "Delhi", "Accra", "Tunis", "Jakarta", "Quito", "Bogotá", "Amman",
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One way; how many a second, and how long an answer took in milliseconds."""

    name: str
    enrolments: int
    per_second: float
    p50_ms: float
    p99_ms: float
    worst_ms: float


def run(enrolments: int, rate: int, processes: int) -> list[Line]:
    """Measure: ``enrolments`` at once, then in a surge of ``rate`` a second; medians of runs."""
    bare_page.make_table()
    with _served(processes, APPLICATION) as port:
        asyncio.run(_at_once(port, _requests(_enrolment, WARM)))
        lines = [
            _middle("Wayhome", lambda: _run_at_once(port, _enrolment, enrolments)),
            _middle(f"Wayhome, {rate} a second come", lambda: _run_surge(port, enrolments, rate)),
        ]
    _check_none_is_lost(WARM + 2 * RUNS * enrolments)
    with _served(processes, "wayhome.ops.benches.bare_page:application") as port:
        asyncio.run(_at_once(port, _requests(_bare, WARM)))
        lines.append(_middle("One row, bare Django", lambda: _run_at_once(port, _bare, enrolments)))
    return lines


@contextmanager
def _served(processes: int, application: str) -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = web_command(port, "127.0.0.1", processes, THREADS, application)
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "wayhome.settings",
        # People come from everywhere, as behind a proxy, and as many as in a war.
        "WAYHOME_PROXIES": "1",
        "WAYHOME_ENROL_OVERALL": "10000000",
    }
    server = subprocess.Popen(command, env=environment)
    try:
        _wait_for(port)
        yield port
    finally:
        server.terminate()
        server.wait()


def _wait_for(port: int) -> None:
    ends = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < ends:
        with socket.socket() as peer:
            if peer.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("the server did not start")


def _check_none_is_lost(answered: int) -> None:
    kept, codes = Registration.objects.count(), Owed.objects.filter(job=JOB).count()
    if (kept, codes) != (answered, answered):
        raise AssertionError(f"{answered} were told: {kept} are kept, {codes} codes are owed")


def _enrolment(random: Random) -> dict[str, str]:
    """One adult, one stay and one mail address, as nearly all come."""
    arrive = clock.today() + timedelta(days=random.randrange(30))
    return {
        "press": secrets.token_hex(16),
        "people": "1",
        "stays": "1",
        "legs": "0",
        "person-0-name": world.name(random),
        "stay-0-place": random.choice(_PLACES),
        "stay-0-country": "",
        "stay-0-arrive": arrive.isoformat(),
        "stay-0-depart": (arrive + timedelta(days=random.randrange(1, 60))).isoformat(),
        "mail": f"{secrets.token_hex(6)}@mail{random.randrange(5_000)}.example.org",
        "phone": "",
        "language": random.choice(["en", "fr", "es", "ar"]),
    }


def _bare(random: Random) -> dict[str, str]:
    said = _enrolment(random)
    return {
        "name": said["person-0-name"],
        "place": said["stay-0-place"],
        "arrive": said["stay-0-arrive"],
        "depart": said["stay-0-depart"],
        "mail": said["mail"],
    }


def _requests(of: Callable[[Random], dict[str, str]], count: int) -> list[bytes]:
    random = Random(secrets.randbits(32))
    made = []
    for _ in range(count):
        body = urlencode(of(random)).encode()
        address = f"81.{random.randrange(256)}.{random.randrange(256)}.7"
        made.append(
            b"POST /enrol/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\n"
            + f"X-Forwarded-For: {address}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
    return made


class _Connection:
    """Kept open between requests, opened anew where the server closed it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, request: bytes) -> None:
        """Until its answer is there, which must lead to the page of what was kept."""
        if self._streams is None or self._streams[0].at_eof():
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 302"):
            raise AssertionError(f"not kept: {head[:200]!r}")
        if b"\r\nContent-Length: 0\r\n" not in head:
            raise AssertionError(f"a redirect with a body: {head[:400]!r}")
        if b"\r\nConnection: close\r\n" in head:
            self.close()

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def _at_once(port: int, requests: list[bytes]) -> tuple[float, list[float]]:
    """Each connection sends its next when the last is answered; seconds of all and of each."""
    waiting = iter(requests)
    times: list[float] = []

    async def send() -> None:
        connection = _Connection(port)
        for request in waiting:
            began = time.perf_counter()
            await connection.send(request)
            times.append(time.perf_counter() - began)
        connection.close()

    began = time.perf_counter()
    await asyncio.gather(*(send() for _ in range(CONNECTIONS)))
    return time.perf_counter() - began, times


async def _surge(port: int, requests: list[bytes], rate: int) -> tuple[float, list[float]]:
    """One is due each ``rate``-th of a second, answered or not."""
    free: list[_Connection] = []
    times: list[float] = []
    began = time.perf_counter()

    async def send(number: int, request: bytes) -> None:
        connection = free.pop() if free else _Connection(port)
        await connection.send(request)
        times.append(time.perf_counter() - began - number / rate)
        free.append(connection)

    tasks = []
    for number, request in enumerate(requests):
        await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
        tasks.append(asyncio.create_task(send(number, request)))
    await asyncio.gather(*tasks)
    took = time.perf_counter() - began
    for connection in free:
        connection.close()
    return took, times


def _run_at_once(
    port: int, of: Callable[[Random], dict[str, str]], count: int
) -> tuple[float, list[float]]:
    return asyncio.run(_at_once(port, _requests(of, count)))


def _run_surge(port: int, count: int, rate: int) -> tuple[float, list[float]]:
    return asyncio.run(_surge(port, _requests(_enrolment, count), rate))


def _middle(name: str, once: Callable[[], tuple[float, list[float]]]) -> Line:
    """Of each number the median of the runs."""
    runs = [once() for _ in range(RUNS)]
    counts = [len(times) for _, times in runs]
    return Line(
        name,
        counts[0],
        median(len(times) / took for took, times in runs),
        *(
            1000 * median(of(times) for _, times in runs)
            for of in (median, lambda each: quantiles(each, n=100, method="inclusive")[98], max)
        ),
    )
