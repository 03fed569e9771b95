"""Look-ups in DNS, by this host's resolver or a given one."""

import ipaddress
from collections.abc import Sequence

import dns.exception
import dns.name
import dns.rdatatype
import dns.resolver
from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.ANY.TXT import TXT

from wayhome.problems import Problem

_SECONDS = 8.0


class DnsFailed(Exception):
    """No answer, or a broken one: what is published is not known."""


class Dns:
    """What is published under a name; nothing published is an empty answer."""

    def __init__(self, resolver: str = "") -> None:
        """``resolver``: address or address:port; empty: as this host is set up."""
        try:
            self._resolver = dns.resolver.Resolver(configure=not resolver)
        except dns.resolver.NoResolverConfiguration as error:
            raise Problem("resolver", "this host has none", "give one by --resolver") from error
        if resolver:
            host, port = _address(resolver)
            self._resolver.nameservers = [host]
            self._resolver.port = port
        self._resolver.lifetime = _SECONDS
        self._resolver.use_edns(0, 0, 1232)

    def txt(self, name: str) -> list[str]:
        """Texts, the strings of each joined (RFC 7208, 3.3)."""
        found = self._look_up(name, "TXT")
        return [
            b"".join(row.strings).decode("utf-8", "replace")
            for row in found
            if isinstance(row, TXT)
        ]

    def mx(self, name: str) -> list[str]:
        """Hosts by preference; ``.`` where the domain says that it takes no mail (RFC 7505)."""
        rows = [row for row in self._look_up(name, "MX") if isinstance(row, MX)]
        rows.sort(key=lambda row: row.preference)
        return [
            str(row.exchange) if row.exchange == dns.name.root else str(row.exchange).rstrip(".")
            for row in rows
        ]

    def addresses(self, name: str) -> list[str]:
        return [str(row) for kind in ("A", "AAAA") for row in self._look_up(name, kind)]

    def _look_up(self, name: str, kind: str) -> Sequence[object]:
        try:
            answer = self._resolver.resolve(f"{name.rstrip('.')}.", kind, raise_on_no_answer=False)
        except dns.resolver.NXDOMAIN:
            return []
        except (dns.exception.DNSException, OSError) as error:
            raise DnsFailed(f"{name} {kind}: {' '.join(str(error).split())[:200]}") from error
        return list(answer.rrset or [])


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":") if text.count(":") == 1 or "]" in text else (text, "", "")
    host = host.strip("[]")
    try:
        return str(ipaddress.ip_address(host)), int(port or 53)
    except ValueError as error:
        raise Problem(
            "resolver", f"{text!r} is no address of a resolver", "give one like 127.0.0.1:5353"
        ) from error
