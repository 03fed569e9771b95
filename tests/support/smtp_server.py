"""A relay: takes mail over SMTP and appends a line for each message before it says yes.

``python -m tests.support.smtp_server LOG [--port N] [--delay-ms N]`` prints its port. A line is
JSON: Message-ID, envelope addressees, every address in a header, subject, time. It is written
before the answer 250, so that the log holds all that any client was told is taken.
Addresses that start with ``refused`` get 550, with ``later`` 451.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from email.header import decode_header, make_header
from email.parser import BytesHeaderParser
from email.utils import getaddresses
from typing import Any

from aiosmtpd.smtp import SMTP

HEADERS = BytesHeaderParser()  # reads them as they stand: several times as fast as all of a mail


class Relay:
    def __init__(self, log: str, delay_ms: int) -> None:
        self.log = open(log, "a", encoding="utf-8")  # noqa: SIM115  (open while it runs)
        self.delay = delay_ms / 1000

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if address.startswith("refused"):
            return "550 5.1.1 no such mailbox"
        if address.startswith("later"):
            return "451 4.2.1 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        await asyncio.sleep(self.delay)
        mail = HEADERS.parsebytes(envelope.content)
        headers = [str(v) for n in ("To", "Cc", "Bcc", "Resent-To") for v in mail.get_all(n, [])]
        line = {
            "id": mail["Message-ID"],
            "rcpts": envelope.rcpt_tos,
            "headers": [address for _, address in getaddresses(headers)],
            "subject": str(make_header(decode_header(mail["Subject"] or ""))),
            "at": time.time(),
        }
        self.log.write(json.dumps(line) + "\n")
        self.log.flush()
        return "250 taken"


async def serve(log: str, port: int, delay_ms: int) -> None:
    relay = Relay(log, delay_ms)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(relay, hostname="relay.example", enable_SMTPUTF8=True, loop=loop),
        "127.0.0.1",
        port,
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("log")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--delay-ms", type=int, default=0)
    given = parser.parse_args()
    asyncio.run(serve(given.log, given.port, given.delay_ms))
