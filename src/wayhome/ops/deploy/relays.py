"""The mail relays: reached, over TLS that holds, and letting us in. Nothing is sent."""

import smtplib
import ssl
from collections.abc import Iterator
from ipaddress import ip_address

from django.conf import settings

from wayhome.delivery.channels.smtp import Relay, read_relays
from wayhome.ops.deploy.findings import Finding
from wayhome.problems import Problem

_SECONDS = 15
_SET = "set WAYHOME_SMTP_URL=smtp+tls://USER:PASSWORD@HOST (docs/howto/mail.md)"


def configured() -> tuple[Relay, ...]:
    """The relays that are set; none where the setting cannot be read."""
    try:
        return read_relays(settings.WAYHOME_SMTP_URL)
    except Problem:
        return ()


def is_here(relay: Relay) -> bool:
    """On this host: nobody reads along between us."""
    try:
        return ip_address(relay.host).is_loopback
    except ValueError:
        return relay.host == "localhost"


def findings() -> Iterator[Finding]:
    if not settings.WAYHOME_SMTP_URL and settings.WAYHOME_EXERCISE:
        yield Finding("relay", True, "none, as an exercise should have")
        return
    if not settings.WAYHOME_SMTP_URL:
        yield Finding("relay", False, "none is set: every message goes to a file", _SET)
        return
    try:
        relays = read_relays(settings.WAYHOME_SMTP_URL)
    except Problem as problem:
        yield Finding("relay", False, f"{problem.field} {problem.problem}", problem.fix)
        return
    for relay in relays:
        # Trying it would tell the password to whoever reads along.
        yield _bare(relay) if _tells_password(relay) else _tried(relay)


def _tells_password(relay: Relay) -> bool:
    return relay.scheme == "smtp" and relay.user != "" and not is_here(relay)


def _bare(relay: Relay) -> Finding:
    host = relay.name.removesuffix(f":{relay.port}")
    return Finding(
        f"relay {relay.name}",
        False,
        "is signed in to in the clear: password and messages can be read on the way",
        f"use smtp+tls://USER:PASSWORD@{host} or smtps://USER:PASSWORD@{host}"
        " in WAYHOME_SMTP_URL, and change the password",
    )


def _tried(relay: Relay) -> Finding:
    what = f"relay {relay.name}"
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
    if not tls and not is_here(relay):
        said = "is reached without TLS: messages and links can be read on the way"
        return Finding(what, False, said, f"use smtp+tls://{relay.host}")
    way = f"over {tls}" if tls else "on this host"
    return Finding(what, True, f"reached {way}" + (", signed in" if relay.user else ""))


def _connect(relay: Relay) -> str:
    """Say hello and sign in, as a worker would; the version of TLS, empty where there is none."""
    context = ssl.create_default_context(cafile=relay.ca or None)
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
