"""SMTP (RFC 5321) through smtplib: one envelope a person over a kept connection."""

import contextlib
import smtplib
import ssl
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from wayhome.delivery.channels.mail import build
from wayhome.delivery.types import Outcome, Outgoing, RouteDown, Session
from wayhome.problems import Problem

_TIMEOUT_SECONDS = 30
_PORTS = {"smtp": 25, "smtp+tls": 587, "smtps": 465}


@dataclass(frozen=True)
class Relay:
    """``smtp`` in the clear, ``smtp+tls`` with STARTTLS required, ``smtps`` TLS from the start."""

    scheme: str
    host: str
    port: int
    user: str = ""
    password: str = ""
    weight: float = 1
    rate: float = 0
    connections: int = 0

    @property
    def name(self) -> str:
        return f"{self.host}:{self.port}"


def read_relay(url: str) -> Relay:
    """From ``scheme://user:password@host:port``; Problem naming the setting."""
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise Problem(
            "WAYHOME_SMTP_URL", "is no relay address", "use smtp://, smtp+tls:// or smtps://host"
        )
    return Relay(
        parts.scheme,
        parts.hostname,
        parts.port or _PORTS[parts.scheme],
        unquote(parts.username or ""),
        unquote(parts.password or ""),
    )


class _Smtp:
    def __init__(self, relay: Relay, sender: str, envelope_from: str) -> None:
        self._relay = relay
        self._sender = sender
        self._envelope_from = envelope_from
        self._connection: smtplib.SMTP | None = None

    def send(self, messages: Iterable[Outgoing]) -> Iterator[Outcome]:
        for message in messages:
            yield self._send(message)

    def _send(self, message: Outgoing) -> Outcome:
        connection = self._connected()
        content = build(message, self._sender)
        try:
            code, answer = connection.mail(self._envelope_from, self._mail_options(connection))
            if code == 250:
                code, answer = connection.rcpt(message.address)
                if code in (250, 251):
                    code, answer = connection.data(content)
                    if code == 250:
                        return Outcome("sent", _words(code, answer))
                elif 500 <= code < 600:
                    connection.rset()
                    return Outcome("refused", _words(code, answer))
            else:
                # The sender is refused: that is the route's fault, not this address's.
                self._drop()
                raise RouteDown(_words(code, answer))
            if code == 421:
                self._drop()
            else:
                connection.rset()
            return Outcome("refused" if 500 <= code < 600 else "later", _words(code, answer))
        except smtplib.SMTPDataError as error:
            self._reset()
            result = "refused" if 500 <= error.smtp_code < 600 else "later"
            return Outcome(result, _words(error.smtp_code, error.smtp_error))  # type: ignore[arg-type]
        except UnicodeEncodeError:
            self._reset()
            return Outcome("refused", "the relay takes no address outside ASCII (SMTPUTF8)")
        except (smtplib.SMTPException, OSError) as error:
            # Whether the relay took it cannot be asked: the same Message-ID will go again.
            self._drop()
            return Outcome("later", f"connection lost: {error}"[:300])

    def close(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                self._connection.quit()
            self._connection = None

    def _connected(self) -> smtplib.SMTP:
        if self._connection is not None:
            return self._connection
        relay = self._relay
        try:
            context = ssl.create_default_context()
            if relay.scheme == "smtps":
                connection: smtplib.SMTP = smtplib.SMTP_SSL(
                    relay.host, relay.port, timeout=_TIMEOUT_SECONDS, context=context
                )
            else:
                connection = smtplib.SMTP(relay.host, relay.port, timeout=_TIMEOUT_SECONDS)
            connection.ehlo_or_helo_if_needed()
            if relay.scheme == "smtp+tls":
                connection.starttls(context=context)
                connection.ehlo()
            if relay.user:
                connection.login(relay.user, relay.password)
        except (smtplib.SMTPException, OSError) as error:
            raise RouteDown(f"{relay.host}:{relay.port}: {error}"[:300]) from error
        self._connection = connection
        return connection

    def _mail_options(self, connection: smtplib.SMTP) -> list[str]:
        return ["SMTPUTF8"] if connection.has_extn("smtputf8") else []

    def _reset(self) -> None:
        if self._connection is not None:
            try:
                self._connection.rset()
            except (smtplib.SMTPException, OSError):
                self._drop()

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def open_session(
    relay: Relay, sender: str, envelope_from: str, *, timeout_seconds: float
) -> Session:
    return _Smtp(relay, sender, envelope_from)


def read_relays(text: str) -> tuple[Relay, ...]:
    return tuple(read_relay(url) for url in text.split())


def _words(code: int, answer: bytes | str) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return f"{code} {' '.join(text.split())}"[:300]
