"""From a relay's address to a link over which mail may be handed over.

smtplib does what is done once a connection: EHLO with HELO to fall back on, and AUTH (RFC 4954);
ssl verifies certificate and host name. Every failure here is the route's.
"""

import functools
import smtplib
import socket
import ssl
from base64 import b64encode
from dataclasses import dataclass, field

from wayhome.delivery.channels.smtp.relays import Relay
from wayhome.delivery.channels.smtp.replies import Reply
from wayhome.delivery.channels.smtp.verdicts import Stage
from wayhome.delivery.channels.smtp.wire import Deadline, Lost, Wire
from wayhome.delivery.types import RouteDown


@dataclass(slots=True)
class Link:
    """An open connection: what the relay offers on it, and how far we are with it.

    ``needs_reset``: a transaction was begun and not ended. ``in_flight``: the piece whose
    ``steps`` were begun. ``is_over``: it can carry no further message. ``has_taken``: a message.
    """

    wire: Wire
    pipelining: bool = False
    size: int = 0  # 0: no limit is known
    states_size: bool = False
    eightbit: bool = False
    smtputf8: bool = False
    needs_reset: bool = False
    in_flight: object | None = None
    steps: list[tuple[Stage, bytes]] = field(default_factory=list)
    is_over: bool = False
    has_taken: bool = False


def open_link(relay: Relay, context: ssl.SSLContext | None, deadline: Deadline) -> Link:
    """Connect, encrypt, sign in; RouteDown that names the relay and what failed."""
    opening = _Opening(relay, context, deadline)
    try:
        opening.begin()
    except BaseException as error:
        opening.close()
        words = _fault(error)
        if words is None:
            raise
        raise RouteDown(f"{relay.name}: {_without_secrets(words, relay)}"[:300]) from None
    return _link(opening)


def tls_context(relay: Relay) -> ssl.SSLContext | None:
    """Certificates and host names are verified; there is no way to turn that off."""
    if relay.scheme == "smtp":
        return None
    return ssl.create_default_context(cafile=relay.ca or None)


class _Opening(smtplib.SMTP):
    """smtplib over a Wire: its replies are read as strictly, and the deadline is for all."""

    def __init__(self, relay: Relay, context: ssl.SSLContext | None, deadline: Deadline) -> None:
        super().__init__(local_hostname=_own_name())
        self._relay = relay
        self._context = context
        self._deadline = deadline
        self.wire: Wire

    def begin(self) -> None:
        relay = self._relay
        code, words = self.connect(relay.host, relay.port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, words)
        self.ehlo_or_helo_if_needed()
        if relay.scheme == "smtp+tls":
            self.starttls()
            self.ehlo_or_helo_if_needed()
        if relay.user:
            if not self.has_extn("auth"):
                raise smtplib.SMTPNotSupportedError("it offers no AUTH, but a user is set for it")
            self.login(relay.user, relay.password)

    def connect(
        self, host: str = "", port: int = 0, source_address: object = None
    ) -> tuple[int, bytes]:
        self.sock = sock = _connected_socket(host, port, self._deadline)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.local_hostname.startswith("["):
            self.local_hostname = _literal(sock)
        if self._relay.scheme == "smtps":
            sock = self._encrypted(sock)
        self.wire = Wire(sock, self._deadline)
        return self.getreply()

    def starttls(self, *_: object, **__: object) -> tuple[int, bytes]:
        """As in smtplib, but nothing that came before TLS is taken for having come through it."""
        if not self.has_extn("starttls"):
            raise smtplib.SMTPNotSupportedError("it offers no STARTTLS, and smtp+tls requires it")
        code, words = self.docmd("STARTTLS")
        if code != 220:
            raise smtplib.SMTPResponseException(code, words)
        if self.wire.has_surplus():
            raise Lost("it sent more than its answer to STARTTLS")
        self.wire = Wire(self._encrypted(self.sock), self._deadline)
        # RFC 3207 §4.2: all that was learnt before is forgotten.
        self.helo_resp = self.ehlo_resp = None
        self.esmtp_features = {}
        self.does_esmtp = False
        return code, words

    def send(self, s: object) -> None:
        self.wire.write(s.encode(self.command_encoding) if isinstance(s, str) else bytes(s))  # type: ignore[call-overload]

    def getreply(self) -> tuple[int, bytes]:
        reply = self.wire.read_reply()
        return reply.code, b"\n".join(reply.lines)

    def _encrypted(self, sock: socket.socket | None) -> ssl.SSLSocket:
        assert sock is not None
        assert self._context is not None
        sock.settimeout(max(0.001, self._deadline.left()))
        self.sock = encrypted = self._context.wrap_socket(sock, server_hostname=self._relay.host)
        return encrypted


def _connected_socket(host: str, port: int, deadline: Deadline) -> socket.socket:
    """The first address that answers; each gets its share of the time that is left."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    failure: OSError = TimeoutError("no address answered")
    for number, (family, kind, protocol, _, address) in enumerate(found):
        sock = socket.socket(family, kind, protocol)
        sock.settimeout(max(0.001, deadline.left() / (len(found) - number)))
        try:
            sock.connect(address)
        except OSError as error:
            sock.close()
            failure = error
        else:
            return sock
    raise failure


def _link(opening: _Opening) -> Link:
    has = opening.has_extn
    size = opening.esmtp_features.get("size", "")
    return Link(
        opening.wire,
        pipelining=has("pipelining"),
        size=int(size) if size.isdecimal() and len(size) < 20 else 0,
        states_size=has("size"),
        eightbit=has("8bitmime"),
        smtputf8=has("smtputf8"),
    )


def _fault(error: BaseException) -> str | None:
    """In words of an operator; None: no fault of the route."""
    match error:
        case ssl.SSLCertVerificationError():
            return f"its certificate is not valid: {error.verify_message}"
        case ssl.SSLError():
            return f"TLS failed: {error.reason or error}"
        case smtplib.SMTPAuthenticationError():
            return f"sign-in failed: {_said(error)}"
        case smtplib.SMTPResponseException():
            return _said(error)
        case socket.gaierror():
            return f"its name is not known: {error.strerror}"
        case TimeoutError():
            return "cannot be reached: no answer in time"
        case smtplib.SMTPException() | Lost():
            return str(error)
        case OSError():
            return f"cannot be reached: {error.strerror or error}"
        case ValueError():  # a challenge that is no base64, a name that is no name
            return "sign-in or greeting failed: the relay sent what cannot be read"
    return None


def _said(error: smtplib.SMTPResponseException) -> str:
    words = error.smtp_error
    text = words if isinstance(words, bytes) else words.encode()
    return Reply(error.smtp_code, tuple(text.split(b"\n"))).words


def _without_secrets(words: str, relay: Relay) -> str:
    """A relay may repeat what it was sent: the password, plain or as AUTH encodes it."""
    if not relay.password:
        return words
    both = f"\0{relay.user}\0{relay.password}"
    encoded = [b64encode(text.encode()).decode() for text in (relay.password, both)]
    for secret in sorted([relay.password, *encoded], key=len, reverse=True):
        words = words.replace(secret, "(secret)")
    return words


def _literal(sock: socket.socket) -> str:
    """This host in EHLO where it has no full name: the address that the relay sees (§4.1.3)."""
    address = str(sock.getsockname()[0]).partition("%")[0]
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


@functools.cache
def _own_name() -> str:
    """This host in EHLO, as smtplib finds it; asked once, since it may ask a name server."""
    return smtplib.SMTP().local_hostname
