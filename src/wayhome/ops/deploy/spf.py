"""What a domain's SPF record allows (RFC 7208), as far as an operator needs to know."""

import ipaddress
from dataclasses import dataclass, field

from wayhome.ops.deploy.dns import Dns

MOST_LOOKUPS = 10  # RFC 7208, 4.6.4: beyond it receivers give up
_LOOKED_UP = ("include", "a", "mx", "ptr", "exists", "redirect")

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass
class Spf:
    """``networks``: allowed to send. ``all``: the qualifier of what nothing else matches, or
    empty."""

    record: str = ""
    networks: list[Network] = field(default_factory=list)
    lookups: int = 0
    all: str = ""
    fault: str = ""

    def allows(self, address: str) -> bool:
        ip = ipaddress.ip_address(address)
        return any(ip.version == network.version and ip in network for network in self.networks)


def read(dns: Dns, domain: str) -> Spf:
    """The record of ``domain`` with all it includes; ``fault`` says what makes it void."""
    spf = Spf()
    spf.record = _record(dns, domain, spf)
    if spf.record:
        _walk(dns, domain, spf.record, spf, outermost=True)
    if spf.lookups > MOST_LOOKUPS and not spf.fault:
        spf.fault = f"it needs more than {MOST_LOOKUPS} look-ups"
    return spf


def _record(dns: Dns, domain: str, spf: Spf) -> str:
    found = [text for text in dns.txt(domain) if text.lower().split(" ")[0] == "v=spf1"]
    if len(found) > 1:
        spf.fault = f"{domain} has {len(found)} records where one is allowed"
    return found[0] if len(found) == 1 else ""


def _walk(dns: Dns, domain: str, record: str, spf: Spf, *, outermost: bool) -> None:
    terms = record.lower().split()[1:]
    redirect = ""
    for term in terms:
        qualifier = term[0] if term[0] in "+-~?" else "+"
        name, sign, value = _split(term.lstrip("+-~?"))
        if name in _LOOKED_UP:
            spf.lookups += 1
        if spf.lookups > MOST_LOOKUPS or spf.fault:
            return
        if name == "all":
            spf.all = qualifier if outermost else spf.all
            return
        if name == "redirect":
            redirect = value
        elif qualifier == "+" and "%" not in value:
            _mechanism(dns, domain, name, value, spf)
        if sign == "" and name not in ("all", "a", "mx", "ptr"):
            spf.fault = f"{domain} has {term!r}, which is no part of SPF"
    if redirect:
        _follow(dns, redirect, spf, outermost=outermost)


def _split(term: str) -> tuple[str, str, str]:
    """Name, sign, value of ``ip4:192.0.2.1``, ``a/24``, ``redirect=example.org``."""
    for at, char in enumerate(term):
        if char in ":=/":
            return term[:at], char, term[at:] if char == "/" else term[at + 1 :]
    return term, "", ""


def _mechanism(dns: Dns, domain: str, name: str, value: str, spf: Spf) -> None:
    if name == "include":
        _follow(dns, value, spf, outermost=False)
    elif name in ("ip4", "ip6"):
        _add(value, spf)
    elif name in ("a", "mx"):
        host, slash, size = (value or domain).partition("/")
        hosts = [host or domain] if name == "a" else dns.mx(host or domain)
        for each in hosts:
            for address in dns.addresses(each):
                _add(f"{address}{_length(address, slash, size)}", spf)


def _length(address: str, slash: str, size: str) -> str:
    four, _, six = size.partition("//")
    chosen = six if ":" in address else four
    return f"/{chosen}" if slash and chosen else ""


def _add(network: str, spf: Spf) -> None:
    try:
        spf.networks.append(ipaddress.ip_network(network, strict=False))
    except ValueError:
        spf.fault = f"{network!r} in it is no network"


def _follow(dns: Dns, domain: str, spf: Spf, *, outermost: bool) -> None:
    record = _record(dns, domain, spf)
    if not record:
        spf.fault = spf.fault or f"it refers to {domain}, which has none"
        return
    _walk(dns, domain, record, spf, outermost=outermost)
