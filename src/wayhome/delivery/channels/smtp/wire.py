"""A connected socket that keeps a deadline: whole replies in, whole groups of commands out."""

import contextlib
import math
import select
import socket
import ssl
import time

from wayhome.delivery.channels.smtp.replies import MalformedReply, Reply, ReplyBuffer

_CHUNK = 16384
# Linux: what is sent waits for what follows, at most 200 ms, so that both leave in one packet.
_MORE = getattr(socket, "MSG_MORE", 0)


class Lost(Exception):
    """The connection can carry nothing more. ``written``: bytes that had left before."""

    def __init__(self, words: str, written: int = 0) -> None:
        self.written = written
        super().__init__(words)


class Lapsed(Lost):
    """The deadline has passed; nothing else is wrong with the connection."""


class Deadline:
    """The time that one message has, from connecting to the last reply."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.restart()

    def restart(self, seconds: float | None = None) -> None:
        self._ends = time.monotonic() + (self.seconds if seconds is None else seconds)

    def left(self) -> float:
        """Seconds that are left, 0 if none; negative never."""
        return max(0.0, self._ends - time.monotonic())

    def prolong(self, seconds: float) -> None:
        """Time that was spent elsewhere does not count."""
        self._ends += seconds

    def lapsed(self) -> Lapsed:
        return Lapsed(f"no answer within {self.seconds:g} seconds")


class Wire:
    """The socket stays non-blocking; waiting is done here, never longer than the deadline."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._deadline = deadline
        self._replies = ReplyBuffer()
        self._more = 0 if isinstance(sock, ssl.SSLSocket) else _MORE
        self._readable, self._writable = select.poll(), select.poll()
        self._readable.register(sock, select.POLLIN)
        self._writable.register(sock, select.POLLOUT)

    def read_reply(self) -> Reply:
        """The next reply, however it was cut into pieces; Lost."""
        while True:
            try:
                reply = self._replies.take()
            except MalformedReply as error:
                raise Lost(f"connection given up: {error}") from error
            if reply is not None:
                return reply
            data = self._receive()
            if data is not None:
                self._replies.feed(data)

    def write(self, data: bytes, more_follows: bool = False) -> None:
        """All of it; Lost with the number of bytes that left. ``more_follows``: or ``flush``."""
        flags = self._more if more_follows else 0
        written, rest = 0, memoryview(data)
        while written < len(data):
            try:
                written += self._sock.send(rest[written:] if written else data, flags)
            except (BlockingIOError, ssl.SSLWantWriteError):
                self._wait(self._writable, written)
            except ssl.SSLWantReadError:
                self._wait(self._readable, written)
            except OSError as error:
                raise Lost(_words(error), written) from error

    def flush(self) -> None:
        """Nothing follows after all."""
        with contextlib.suppress(OSError):  # will be met again when the reply is read
            self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # sends what waits

    def has_surplus(self) -> bool:
        """Whether the relay said more than it was asked."""
        return bool(self._replies)

    def is_quiet(self) -> bool:
        """Whether an idle connection still stands and has said nothing unasked, such as 421."""
        if self._replies:
            return False
        try:
            self._sock.recv(1)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return True
        except OSError:
            return False
        return False  # closed, or words that nobody asked for

    def last_reply(self) -> Reply | None:
        """After a failed write: the reply that is already here, if any."""
        self._deadline = Deadline(0)
        try:
            return self.read_reply()
        except Lost:
            return None

    def close(self) -> None:
        self._sock.close()

    def _receive(self) -> bytes | None:
        """What has come, after waiting for it once; None: look again."""
        try:
            data = self._sock.recv(_CHUNK)
        except (BlockingIOError, ssl.SSLWantReadError):
            self._wait(self._readable)
            return None
        except ssl.SSLWantWriteError:
            self._wait(self._writable)
            return None
        except OSError as error:
            raise Lost(_words(error)) from error
        if not data:
            raise Lost("connection lost: the relay closed it")
        return data

    def _wait(self, ready: select.poll, written: int = 0) -> None:
        left = self._deadline.left()
        if left <= 0 or not ready.poll(math.ceil(left * 1000)):
            lapsed = self._deadline.lapsed()
            lapsed.written = written
            raise lapsed


def _words(error: OSError) -> str:
    return f"connection lost: {error.strerror or error}"[:200]
