"""A name server on loopback that knows what a test tells it, spoken to over real UDP."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

# name -> type -> records as a zone file has them
Zone = Mapping[str, Mapping[str, Sequence[str]]]


def texts(*values: str) -> list[str]:
    """TXT records as a zone file has them."""
    return [
        " ".join(f'"{value[at : at + 255]}"' for at in range(0, len(value), 255))
        for value in values
    ]


def answer(zone: Zone, query: dns.message.Message) -> dns.message.Message:
    response = dns.message.make_response(query)
    response.flags |= dns.flags.AA | dns.flags.RA
    (question,) = query.question
    name = question.name.to_text(omit_final_dot=True).lower()
    kind = dns.rdatatype.to_text(question.rdtype)
    if "SERVFAIL" in zone.get(name, {}):
        response.set_rcode(dns.rcode.SERVFAIL)
    elif records := zone.get(name, {}).get(kind):
        response.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *records))
    elif not any(known == name or known.endswith(f".{name}") for known in zone):
        response.set_rcode(dns.rcode.NXDOMAIN)
    return response


@contextmanager
def name_server(zone: Zone) -> Iterator[str]:
    """Serve ``zone``; yields address:port. What is changed in it is answered from then on."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(0.1)
        stopping = threading.Event()

        def serve() -> None:
            while not stopping.is_set():
                try:
                    packet, sender = server.recvfrom(4096)
                except TimeoutError:
                    continue
                response = answer(zone, dns.message.from_wire(packet))
                server.sendto(response.to_wire(), sender)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"127.0.0.1:{server.getsockname()[1]}"
        finally:
            stopping.set()
            thread.join()
