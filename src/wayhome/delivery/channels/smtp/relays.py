"""The setting WAYHOME_SMTP_URL: relays, blanks between them.

No error repeats any part of the setting: where a password holds a ``/`` or a blank that was not
percent-encoded, any part may be a piece of it.
"""

import re
import ssl
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

import idna

from wayhome.problems import Problem

_FIELD = "WAYHOME_SMTP_URL"
_PORTS = {"smtp": 25, "smtp+tls": 587, "smtps": 465}
_NUMBERS = ("weight", "rate", "connections")
_ENCODE = "percent-encode other signs than letters and digits in user and password"


@dataclass(frozen=True)
class Relay:
    """``smtp`` in the clear, ``smtp+tls`` with STARTTLS required, ``smtps`` TLS from the start.

    ``rate`` (messages a second) and ``connections`` are None where the address names none.
    ``ca``: a PEM file; only certificates signed by what is in it are trusted.
    """

    scheme: str
    host: str
    port: int
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    weight: int = 1
    rate: int | None = None
    connections: int | None = None
    ca: str = ""

    @property
    def name(self) -> str:
        """Host and port: what tells relays apart, in records and on pages."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def read_relays(text: str) -> tuple[Relay, ...]:
    """From ``scheme://user:password@host:port?weight=1&rate=50&connections=4&ca=/path.pem``.

    Several, with blanks between them; Problem that names the relay by its place in the list.
    """
    relays = tuple(_read(url, place) for place, url in enumerate(text.split(), 1))
    places: dict[str, int] = {}
    for place, relay in enumerate(relays, 1):
        first = places.setdefault(relay.name, place)
        if first != place:
            raise Problem(
                _FIELD, f"relays {first} and {place} have the same host and port", "name each once"
            )
    return relays


def _read(url: str, place: int) -> Relay:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _problem(
            place, "has no readable host and port", f"{_ENCODE}; ports are numbers"
        ) from None
    if parts.scheme not in _PORTS or "://" not in url:
        raise _problem(place, "has an unknown scheme", "use smtp://, smtp+tls:// or smtps://host")
    if parts.path.strip("/") or parts.fragment:
        raise _problem(place, "has something between host and options", _ENCODE)
    if port == 0:
        raise _problem(place, "has port 0", "name the port, or none for the usual one")
    user, password = _credentials(parts.username, parts.password, place)
    options = _options(parts.query, place)
    numbers = {name: _number(name, options[name], place) for name in _NUMBERS if name in options}
    ca = options.get("ca", "")
    if ca:
        _check_ca(ca, parts.scheme, place)
    return Relay(
        scheme=parts.scheme,
        host=_host(parts.hostname, place),
        port=port or _PORTS[parts.scheme],
        user=user,
        password=password,
        weight=numbers.get("weight", 1),
        rate=numbers.get("rate"),
        connections=numbers.get("connections"),
        ca=ca,
    )


def _host(host: str | None, place: int) -> str:
    if host and ":" in host:
        return host  # urlsplit has checked that an address in brackets is one
    try:
        ascii_host = idna.encode(host or "", uts46=True).decode("ascii")
    except UnicodeError:
        ascii_host = (host or "").lower()  # underscores are not for the world, but are in use
    if not re.fullmatch(r"[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_])?", ascii_host):
        raise _problem(place, "has no readable host", f"write scheme://host:port; {_ENCODE}")
    return ascii_host


def _credentials(user: str | None, password: str | None, place: int) -> tuple[str, str]:
    user, password = unquote(user or ""), unquote(password or "")
    if bool(user) != bool(password):
        raise _problem(place, "has a user or a password without the other", "give both or none")
    # What smtplib signs in with is ASCII; a NUL would end a field of AUTH PLAIN (RFC 4616).
    if not (user + password).isascii() or "\0" in user + password:
        raise _problem(place, "has a user or password outside ASCII", "set another at the relay")
    return user, password


def _options(query: str, place: int) -> dict[str, str]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    except ValueError:
        raise _problem(place, "has unreadable options", "write ?weight=1&rate=50") from None
    options = dict(pairs)
    if not options.keys() <= {*_NUMBERS, "ca"}:
        raise _problem(place, "has an unknown option", "use weight, rate, connections, ca")
    if len(options) != len(pairs):
        raise _problem(place, "has an option twice", "give each once")
    return options


def _number(name: str, value: str, place: int) -> int:
    # Not int() alone: it takes blanks, signs and underscores.
    if not re.fullmatch(r"[0-9]{1,6}", value) or int(value) == 0:
        raise _problem(place, f"has a {name} that is no whole number above 0", f"write {name}=1")
    return int(value)


def _check_ca(path: str, scheme: str, place: int) -> None:
    if scheme == "smtp":
        raise _problem(place, "has a ca but no TLS", "use smtp+tls:// or smtps://")
    try:
        ssl.create_default_context(cafile=path)
    except (OSError, ValueError):  # SSLError is an OSError
        raise _problem(
            place, "has a ca that cannot be read", "name a file of PEM certificates"
        ) from None


def _problem(place: int, problem: str, fix: str) -> Problem:
    return Problem(_FIELD, f"relay {place} {problem}", fix)
