"""A relay that misbehaves: ``python -m tests.support.odd_relay LOG [--odd KIND:EVERY ...]``.

Speaks SMTP with PIPELINING, prints its port, and logs like ``tests.support.smtp_server``: a line,
written before any answer. To addresses whose number is a multiple of EVERY it is odd,
and, but for ``refuse``, only the first time that it sees each of them:

refuse: no such mailbox. defer: try again later. stall: no answer to the message. drop: closes the
connection in the middle of the message. dies: takes the message, logs it, and closes without an
answer. busy: 421 and closes, before the message.
"""

from __future__ import annotations

import argparse
import asyncio
import email
import json
import re
import time
from email.policy import default
from email.utils import getaddresses

KINDS = ("refuse", "defer", "stall", "drop", "dies", "busy")
_OFFERS = ("PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES")
_STALL_SECONDS = 3600
_DROPPED_AFTER = 40  # bytes of a message


class Relay:
    def __init__(self, log: str, delay_ms: int, odd: dict[str, int]) -> None:
        self.log = open(log, "a", encoding="utf-8")  # noqa: SIM115  (open while it runs)
        self.delay = delay_ms / 1000
        self.odd = odd
        self.seen: set[tuple[str, str]] = set()

    def oddity(self, address: str, *kinds: str) -> str:
        """Which of these kinds befalls this address now; empty: none."""
        number = int("".join(re.findall(r"\d+", address.partition("@")[0])) or 1)
        for kind in kinds:
            if kind not in self.odd or number % self.odd[kind]:
                continue
            if kind == "refuse" or (kind, address) not in self.seen:
                self.seen.add((kind, address))
                return kind
        return ""

    def take(self, content: bytes, addresses: list[str]) -> None:
        mail = email.message_from_bytes(content, policy=default)
        headers = [str(v) for n in ("To", "Cc", "Bcc", "Resent-To") for v in mail.get_all(n, [])]
        line = {
            "id": mail["Message-ID"],
            "rcpts": addresses,
            "headers": [address for _, address in getaddresses(headers)],
            "subject": mail["Subject"],
            "at": time.time(),
        }
        self.log.write(json.dumps(line) + "\n")
        self.log.flush()

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, to its end."""
        try:
            await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def say(*lines: str) -> None:
            writer.write("".join(f"{line}\r\n" for line in lines).encode())
            await writer.drain()

        await say("220 relay.example ESMTP")
        addresses: list[str] = []
        while line := (await reader.readline()).decode("utf-8", "replace").strip():
            verb = line[:4].upper()
            if verb == "EHLO":
                await say("250-relay.example", *(f"250-{o}" for o in _OFFERS), "250 SIZE 10000000")
            elif verb == "RCPT":
                address = line.partition("<")[2].partition(">")[0]
                odd = self.oddity(address, "refuse", "defer", "busy")
                if odd == "busy":
                    return await say("421 4.3.2 going down")
                if odd:
                    await say("550 5.1.1 none" if odd == "refuse" else "451 4.2.1 later")
                else:
                    addresses.append(address)
                    await say("250 2.1.5 OK")
            elif verb == "DATA" and not addresses:
                await say("554 5.5.1 no valid recipients")
            elif verb == "DATA":
                await say("354 go on")
                odd = self.oddity(addresses[0], "stall", "drop", "dies")
                if odd == "drop":
                    await reader.readexactly(_DROPPED_AFTER)
                    return writer.transport.abort()
                content = (await reader.readuntil(b"\r\n.\r\n"))[:-3].replace(b"\r\n..", b"\r\n.")
                await asyncio.sleep(_STALL_SECONDS if odd == "stall" else self.delay)
                self.take(content, addresses)
                if odd == "dies":
                    return writer.transport.abort()
                addresses = []
                await say("250 2.0.0 taken")
            elif verb == "QUIT":
                return await say("221 bye")
            else:
                if verb in ("MAIL", "RSET"):
                    addresses = []
                await say("250 OK" if verb in ("MAIL", "RSET", "NOOP", "HELO") else "502 no")


async def serve(relay: Relay, port: int) -> None:
    server = await asyncio.start_server(relay.talk, "127.0.0.1", port, limit=2**20)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("log")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--delay-ms", type=int, default=0)
    parser.add_argument("--odd", nargs="*", default=[], metavar="KIND:EVERY")
    given = parser.parse_args()
    pairs = [each.partition(":") for each in given.odd]
    asyncio.run(
        serve(Relay(given.log, given.delay_ms, {k: int(n) for k, _, n in pairs}), given.port)
    )
