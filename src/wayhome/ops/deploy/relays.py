"""The mail relays: reached, over TLS that holds, and letting us in. Nothing is sent."""

import smtplib
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

from django.conf import settings

from wayhome.ops.deploy.findings import Finding

_SECONDS = 15
_PORTS = {"smtp": 25, "smtp+tls": 587, "smtps": 465}
_SET = "set WAYHOME_SMTP_URL=smtp+tls://USER:PASSWORD@HOST (docs/howto/mail.md)"


@dataclass(frozen=True)
class Relay:
    scheme: str
    host: str
    port: int
    user: str
    password: str

    @property
    def is_here(self) -> bool:
        """On this host: nobody reads along between us."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def configured() -> list[Relay]:
    """The relays that are set, as far as they can be read."""
    found = []
    for url in settings.WAYHOME_SMTP_URL.split():
        parts = urlsplit(url)
        try:
            port = parts.port or _PORTS[parts.scheme]
        except (ValueError, KeyError):  # no number; no scheme that we know
            continue
        if parts.hostname:
            user, password = unquote(parts.username or ""), unquote(parts.password or "")
            found.append(Relay(parts.scheme, parts.hostname, port, user, password))
    return found


def findings() -> Iterator[Finding]:
    if not settings.WAYHOME_SMTP_URL and settings.WAYHOME_EXERCISE:
        yield Finding("relay", True, "none, as an exercise should have")
        return
    if not settings.WAYHOME_SMTP_URL:
        yield Finding("relay", False, "none is set: every message goes to a file", _SET)
        return
    relays = configured()
    for relay in relays:
        yield _tried(relay)
    if len(relays) < len(settings.WAYHOME_SMTP_URL.split()):
        yield Finding("relay", False, "WAYHOME_SMTP_URL has an address that is none", _SET)


def _tried(relay: Relay) -> Finding:
    what = f"relay {relay.host}:{relay.port}"
    try:
        tls = _connect(relay)
    except ssl.SSLCertVerificationError as error:
        said = f"its certificate does not hold: {error.verify_message}"
        return Finding(
            what, False, said, f"renew it, or use the name that it is for, not {relay.host}"
        )
    except smtplib.SMTPNotSupportedError as error:
        return Finding(what, False, str(error), "use smtps://, or a relay with STARTTLS and AUTH")
    except smtplib.SMTPAuthenticationError as error:
        said = f"does not let us in: {error.smtp_code}"
        return Finding(what, False, said, "mend user and password in WAYHOME_SMTP_URL")
    except (smtplib.SMTPException, OSError) as error:
        said = f"cannot be reached: {error}"[:200]
        return Finding(what, False, said, "start it, open the firewall, or mend WAYHOME_SMTP_URL")
    if not tls and not relay.is_here:
        said = "is reached without TLS: messages and links can be read on the way"
        return Finding(what, False, said, f"use smtp+tls://{relay.host}")
    way = f"over {tls}" if tls else "on this host"
    return Finding(what, True, f"reached {way}" + (", signed in" if relay.user else ""))


def _connect(relay: Relay) -> str:
    """Say hello and sign in, as a worker would; the version of TLS, empty where there is none."""
    context = ssl.create_default_context()
    if relay.scheme == "smtps":
        connection: smtplib.SMTP = smtplib.SMTP_SSL(
            relay.host, relay.port, timeout=_SECONDS, context=context
        )
    else:
        connection = smtplib.SMTP(relay.host, relay.port, timeout=_SECONDS)
    with connection:
        connection.ehlo()
        if relay.scheme == "smtp+tls":
            connection.starttls(context=context)
            connection.ehlo()
        if relay.user:
            connection.login(relay.user, relay.password)
        connection.noop()
        socket = connection.sock
        return socket.version() or "" if isinstance(socket, ssl.SSLSocket) else ""
