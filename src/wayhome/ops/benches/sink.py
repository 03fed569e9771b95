"""A relay that takes everything and keeps nothing but Message-IDs: what dispatch is measured into.

``python -m wayhome.ops.benches.sink LOG`` listens on a free loopback port, prints it, offers
PIPELINING, 8BITMIME and SMTPUTF8, and writes the Message-ID of each message to LOG before it says
that it has it.
"""

import asyncio
import re
import sys
from typing import TextIO

_ID = re.compile(rb"^Message-ID:\s*<?([^>\r\n]+)", re.IGNORECASE | re.MULTILINE)
_ANSWERS = {
    b"EHLO": b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n",
    b"HELO": b"250 sink\r\n",
    b"DATA": b"354 go on\r\n",
    b"QUIT": b"221 bye\r\n",
}


class _Sink(asyncio.Protocol):
    def __init__(self, log: TextIO) -> None:
        self._log = log
        self._buffer = b""
        self._in_data = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(b"220 sink ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        answers = []
        while True:
            end = b"\r\n.\r\n" if self._in_data else b"\r\n"
            part, found, rest = self._buffer.partition(end)
            if not found:
                break
            self._buffer = rest
            answers.append(self._taken(part) if self._in_data else self._command(part))
        if answers:
            self._transport.write(b"".join(answers))

    def _taken(self, content: bytes) -> bytes:
        self._in_data = False
        found = _ID.search(content)
        self._log.write((found[1].decode("ascii", "replace") if found else "?") + "\n")
        self._log.flush()
        return b"250 taken\r\n"

    def _command(self, line: bytes) -> bytes:
        word = line[:4].upper()
        self._in_data = word == b"DATA"
        return _ANSWERS.get(word, b"250 ok\r\n")


async def _serve(path: str) -> None:
    with open(path, "a", encoding="ascii") as log:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _Sink(log), "127.0.0.1", 0)
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1]))
