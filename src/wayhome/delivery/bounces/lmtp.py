"""LMTP (RFC 2033) as a door: a relay hands over what came back, one message at a time.

250 is said only when the receipts have committed; until then the relay keeps the message, and
451 tells it to come again. One recipient a transaction: the library answers once for each message
where LMTP wants one answer for each recipient (aiosmtpd issue 517), and every bounce has one.
Anyone who can reach the port may hand over mail: it belongs on loopback or a private network.
"""

import asyncio
import logging
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.conf import settings
from django.db import connection

from wayhome.delivery.bounces import doors, intake
from wayhome.problems import Problem
from wayhome.work.registry import service

log = logging.getLogger(__name__)

_AT_ONCE = 2  # transactions; more would only wait for each other
_AGAIN_SECONDS = 5.0
_IDLE_SECONDS = 300.0


class Handler:
    """The answers. Each take runs in a thread of ``pool``, which has a connection of its own."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if not intake.is_ours(address):
            return "550 5.1.1 no such address here"
        if envelope.rcpt_tos:
            return "452 4.5.3 one recipient at a time"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 go on"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        loop = asyncio.get_running_loop()
        raw, address = bytes(envelope.content), envelope.rcpt_tos[0]
        return await loop.run_in_executor(self._pool, _take, raw, address)


def _take(raw: bytes, address: str) -> str:
    try:
        taken = doors.receive_or_keep(raw, address)
    except doors.Later as error:
        log.error("LMTP: %s", error)
        return "451 4.3.0 cannot be written now; come again"
    except Exception:
        log.exception("LMTP")
        return "451 4.3.0 a fault; come again"
    finally:
        connection.close()  # none is kept: the next bounce may be hours away
    return f"250 2.0.0 {taken.how}"


@service("delivery.lmtp")
def run(stop: threading.Event) -> None:
    """Listen until ``stop``; where the port is another's, try again and again."""
    if not settings.WAYHOME_BOUNCE_LMTP:
        return
    try:
        host, port = address_of(settings.WAYHOME_BOUNCE_LMTP)
    except Problem as problem:
        log.error("%s", problem)
        return
    said = ""
    while not stop.is_set():
        try:
            asyncio.run(_listen(host, port, stop))
        except OSError as error:
            if str(error) != said:
                said = str(error)
                log.error("WAYHOME_BOUNCE_LMTP: %s", error)
            stop.wait(_AGAIN_SECONDS)


async def _listen(host: str, port: int, stop: threading.Event) -> None:
    from aiosmtpd.lmtp import LMTP

    class Door(LMTP):
        # Reports have lines longer than the protocol allows; refusing one would lose it.
        line_length_limit = doors.MOST_OCTETS

    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="lmtp") as pool:
        handler = Handler(pool)
        server = await loop.create_server(
            lambda: Door(
                handler,
                hostname=socket.gethostname(),
                ident="Wayhome LMTP",
                data_size_limit=doors.MOST_OCTETS,
                enable_SMTPUTF8=True,
                timeout=_IDLE_SECONDS,
                loop=loop,
            ),
            host,
            port,
            # Workers of one host share the port, and one that starts need not wait for another.
            reuse_port=hasattr(socket, "SO_REUSEPORT") or None,
        )
        await asyncio.to_thread(stop.wait)  # a thread of the loop's own pool, not of ours
        # What is being written is finished; a relay that misses the answer comes again.
        server.close()


def address_of(setting: str) -> tuple[str, int]:
    """``127.0.0.1:2400`` or ``[::1]:2400``; Problem where it is neither."""
    host, colon, port = setting.rpartition(":")
    if not colon or not port.isdecimal() or not 0 < int(port) < 65536:
        raise Problem("WAYHOME_BOUNCE_LMTP", f"{setting!r} has no port", "write 127.0.0.1:2400")
    return host.strip("[]"), int(port)
