"""A relay whose every answer can be scripted, down to the byte at which it goes away.

It keeps what it accepted: a message is in ``accepted`` before its 250 leaves, so that no client
can be told of more than is there.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NoReturn

PIPELINING = ("PIPELINING", "SIZE 1000000", "8BITMIME", "ENHANCEDSTATUSCODES")
LOCKSTEP = PIPELINING[1:]
PATIENCE_SECONDS = 30

DEFAULTS = {
    "greeting": "220 script.example ESMTP",
    "HELO": "250 script.example",
    "STARTTLS": "220 2.0.0 go ahead",
    "AUTH": "235 2.7.0 welcome",
    "RSET": "250 2.0.0 flushed",
    "MAIL": "250 2.1.0 sender ok",
    "RCPT": "250 2.1.5 addressee ok",
    "DATA": "354 end with a dot",
    "content": "250 2.0.0 taken",
    "QUIT": "221 2.0.0 bye",
}


@dataclass(frozen=True)
class Say:
    """One answer. ``cut``: only so many bytes of it leave, then the connection ends.

    ``split``: byte by byte. ``close``: the connection ends after it. ``is_silence``: nothing more
    is said on this connection, which stays open until the client has had enough. ``is_deaf``:
    nothing more is read either. ``after``: seconds that it takes to say it.
    """

    text: str
    cut: int | None = None
    split: bool = False
    close: bool = False
    is_silence: bool = False
    is_deaf: bool = False
    after: float = 0


SILENCE = Say("", is_silence=True)
CLOSE = Say("", close=True)


@dataclass(frozen=True)
class Accepted:
    """A message that this relay took: one transaction that it meant to answer with 2xx."""

    sender: str
    addressees: tuple[str, ...]
    content: bytes
    connection: int
    mail: str = field(default="", compare=False)


class _Ended(Exception):
    """The script ends the connection here."""


class ScriptedRelay:
    """``with ScriptedRelay({"RCPT": ["550 5.1.1 no", None]}) as relay``: a server on loopback.

    ``script``: for each stage the answers to its first, second ... occurrence, over all
    connections; None, or the end of the list, is the usual answer. The stage "in content" is when
    the first line of a content was read. ``always``: instead of the usual. ``read_cuts`` and
    ``reply_cuts``: for the first, second ... connection the number of bytes after whose reading or
    sending it ends. ``reset``: it ends by RST, which may destroy answers on their way, rather than
    by FIN. ``takes_data``: DATA is answered 354 although no addressee was accepted (RFC 2920
    §3.1). ``connections``: how many it serves at all. ``at``: what it answers to RCPT of these
    local parts, whatever the script says.
    """

    def __init__(
        self,
        script: Mapping[str, Sequence[str | Say | None]] | None = None,
        *,
        offers: Sequence[str] = PIPELINING,
        always: Mapping[str, str | Say] | None = None,
        read_cuts: Sequence[int | None] = (),
        reply_cuts: Sequence[int | None] = (),
        reset: bool = False,
        takes_data: bool = False,
        connections: int | None = None,
        tls: ssl.SSLContext | None = None,
        is_tls_from_start: bool = False,
        password: str = "",
        at: Mapping[str, str] | None = None,
    ) -> None:
        self.script = {stage: list(answers) for stage, answers in (script or {}).items()}
        offered = ["script.example", *offers]
        ehlo = "".join(f"250-{line}\r\n" for line in offered[:-1]) + f"250 {offered[-1]}"
        self.always = {**DEFAULTS, "EHLO": ehlo, **(always or {})}
        self.read_cuts, self.reply_cuts = read_cuts, reply_cuts
        self.reset, self.takes_data, self.most_connections = reset, takes_data, connections
        self.tls, self.is_tls_from_start, self.password = tls, is_tls_from_start, password
        self.at = at or {}
        self.accepted: list[Accepted] = []
        self.empty = 0  # contents for which no addressee had been accepted
        self.commands: list[str] = []
        self.groups: list[bytes] = []  # what each read brought
        self.connections = 0
        self.faults: list[BaseException] = []
        self.is_silent, self.is_over = threading.Event(), threading.Event()
        self.lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> ScriptedRelay:
        self._start(self._serve)
        return self

    def __exit__(self, *_: object) -> None:
        self.is_over.set()
        self.stop_listening()
        with self.lock:
            still_open = list(self._open)
        for sock in still_open:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(PATIENCE_SECONDS)
        assert not self.faults, self.faults

    def stop_listening(self) -> None:
        """No further connection is to be had; those that stand go on."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def answer(self, stage: str) -> Say:
        with self.lock:
            scripted = self.script.get(stage)
            said = scripted.pop(0) if scripted else None
        said = self.always[stage] if said is None else said
        return Say(said) if isinstance(said, str) else said

    def hang_up(self) -> None:
        """End every connection that stands, as after a long idle time."""
        with self.lock:
            still_open = list(self._open)
        for sock in still_open:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def _start(self, work: object, *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _serve(self) -> None:
        while self.most_connections is None or self.connections < self.most_connections:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            number = self.connections
            self.connections += 1
            with self.lock:
                self._open.add(sock)
            self._start(self._talk, sock, number)
        self.stop_listening()

    def _talk(self, sock: socket.socket, number: int) -> None:
        connection = _Connection(self, sock, number)
        try:
            connection.run()
        except (_Ended, OSError):  # an SSLError is one
            pass
        except BaseException as error:  # noqa: BLE001  (told to the test that owns this relay)
            self.faults.append(error)
        connection.end()
        with self.lock:
            self._open.discard(sock)


class _Connection:
    def __init__(self, relay: ScriptedRelay, sock: socket.socket, number: int) -> None:
        sock.settimeout(PATIENCE_SECONDS)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.relay, self.sock, self.number = relay, sock, number
        self.may_read = _nth(relay.read_cuts, number)
        self.may_send = _nth(relay.reply_cuts, number)
        self.waiting = b""
        self.mail: str | None = None
        self.addressees: list[str] = []

    def run(self) -> None:
        if self.relay.is_tls_from_start:
            self._encrypt()
        self._say(self.relay.answer("greeting"))
        while True:
            line = self._line().decode("utf-8", "surrogateescape")
            self.relay.commands.append(line)
            verb = line.split(" ")[0].upper()
            handle = getattr(self, f"_on_{verb.lower()}", None)
            if handle is None:
                self._say(Say("500 5.5.2 what?"))
            else:
                handle(line)

    def end(self) -> None:
        """Close as the script wants it: RST, or FIN once the client has closed too."""
        with contextlib.suppress(OSError):
            if self.relay.reset:
                self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            else:
                self.sock.shutdown(socket.SHUT_WR)
                while self.sock.recv(65536):
                    pass
        self.sock.close()

    def _on_ehlo(self, line: str) -> None:
        self._say(self.relay.answer("EHLO"))

    def _on_helo(self, line: str) -> None:
        self._say(self.relay.answer("HELO"))

    def _on_quit(self, line: str) -> None:
        self._say(self.relay.answer("QUIT"))
        raise _Ended

    def _on_rset(self, line: str) -> None:
        self.mail, self.addressees = None, []
        self._say(self.relay.answer("RSET"))

    def _on_starttls(self, line: str) -> None:
        said = self.relay.answer("STARTTLS")
        self._say(said)
        if said.text.startswith("220"):
            self._encrypt()

    def _on_auth(self, line: str) -> None:
        _, method, initial = line.split(" ")
        assert method == "PLAIN", line
        given = b64decode(initial).decode().split("\0")[2]
        said = self.relay.answer("AUTH")
        self._say(said if given == self.relay.password else Say("535 5.7.8 wrong: " + given))

    def _on_mail(self, line: str) -> None:
        if self.mail is not None:
            self._say(Say("503 5.5.1 nested MAIL"))
            return
        said = self.relay.answer("MAIL")
        if said.text.startswith("2"):
            self.mail, self.addressees = line, []
        self._say(said)

    def _on_rcpt(self, line: str) -> None:
        if self.mail is None:
            self._say(Say("503 5.5.1 MAIL first"))
            return
        local = _path(line).partition("@")[0]
        said = Say(self.relay.at[local]) if local in self.relay.at else self.relay.answer("RCPT")
        if said.text.startswith("2"):
            self.addressees.append(_path(line))
        self._say(said)

    def _on_data(self, line: str) -> None:
        if self.mail is None or not (self.addressees or self.relay.takes_data):
            self._say(Say("503 5.5.1 no valid addressee"))
            return
        said = self.relay.answer("DATA")
        self._say(said)
        if said.text.startswith("354"):
            self._content()

    def _content(self) -> None:
        lines = [self._line(keep_end=True)] if self.relay.script.get("in content") else []
        if lines:
            self._say(self.relay.answer("in content"))
        while (line := self._line(keep_end=True)) != b".\r\n":
            lines.append(line[1:] if line.startswith(b".") else line)
        mail, self.mail = self.mail or "", None
        if not self.addressees:
            self.relay.empty += 1
            self._say(Say("554 5.5.1 no valid addressee"))
            return
        said = self.relay.answer("content")
        if said.text.startswith("2"):
            to, self.addressees = tuple(self.addressees), []
            content = b"".join(lines)
            self.relay.accepted.append(Accepted(_path(mail), to, content, self.number, mail))
        self._say(said)

    def _encrypt(self) -> None:
        assert self.relay.tls is not None
        self.sock = self.relay.tls.wrap_socket(self.sock, server_side=True)

    def _line(self, keep_end: bool = False) -> bytes:
        while (end := self.waiting.find(b"\n")) < 0:
            most = 65536 if self.may_read is None else min(65536, self.may_read)
            data = self.sock.recv(most) if most else b""
            if not data:
                raise _Ended
            if self.may_read is not None:
                self.may_read -= len(data)
            self.relay.groups.append(data)
            self.waiting += data
        line, self.waiting = self.waiting[: end + 1], self.waiting[end + 1 :]
        assert line.endswith(b"\r\n"), line
        return line if keep_end else line[:-2]

    def _say(self, said: Say) -> None:
        self.relay.is_over.wait(said.after)
        data = (said.text + "\r\n").encode("utf-8", "surrogateescape") if said.text else b""
        data = data if said.cut is None else data[: said.cut]
        if self.may_send is not None:
            data = data[: self.may_send]
            self.may_send -= len(data)
        for piece in [data[at : at + 1] for at in range(len(data))] if said.split else [data]:
            self.sock.sendall(piece)
        if said.is_silence or said.is_deaf:
            self._hold(said.is_deaf)
        if said.close or said.cut is not None or self.may_send == 0:
            raise _Ended

    def _hold(self, is_deaf: bool) -> NoReturn:
        self.relay.is_silent.set()
        while is_deaf and not self.relay.is_over.wait(PATIENCE_SECONDS):
            pass
        while self.sock.recv(65536):
            pass
        raise _Ended


def _nth(cuts: Sequence[int | None], number: int) -> int | None:
    return cuts[number] if number < len(cuts) else None


def _path(line: str) -> str:
    return line[line.index("<") + 1 : line.index(">")]
