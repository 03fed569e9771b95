"""Where a request comes from: its network, and its device in words."""

import ipaddress
import re
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest

_V4_BITS, _V6_BITS = 24, 56
UNKNOWN = "unknown"

_BROWSERS = (
    (r"Edg(?:e|A|iOS)?/", "Edge"),
    (r"OPR/|Opera", "Opera"),
    (r"Firefox/|FxiOS/", "Firefox"),
    (r"Chrom(?:e|ium)/|CriOS/", "Chrome"),
    (r"Safari/", "Safari"),
)
_SYSTEMS = (
    (r"Android", "Android"),
    (r"iPhone|iPad", "iOS"),
    (r"Windows", "Windows"),
    (r"Mac OS X|Macintosh", "macOS"),
    (r"CrOS", "ChromeOS"),
    (r"Linux|X11", "Linux"),
)


def network_of(request: HttpRequest) -> str:
    """The network a request comes from: an IPv4 address, or the first half of an IPv6 one (a
    subscriber has all of the other half). Behind proxies it is the address that the outermost
    proxy of ours saw; what stands before it in the header is the sender's own claim.
    """
    address = _address(request)
    if address is None:
        return UNKNOWN
    if address.version == 6:
        return str(ipaddress.ip_network((int(address) >> 64 << 64, 64)))
    return str(address)


def device_of(request: HttpRequest) -> str:
    """ "Firefox on Windows", as far as the browser says; to be shown to its owner, nothing more."""
    said = request.headers.get("User-Agent", "")[:400]
    browser = next((name for form, name in _BROWSERS if re.search(form, said)), "A browser")
    system = next((name for form, name in _SYSTEMS if re.search(form, said)), "an unknown system")
    return f"{browser} on {system}"


def counted_network_of(request: HttpRequest) -> str:
    """ "192.0.2.0/24" or the /56 of an IPv6 address. Empty where it is not to be counted: a known
    network, from which many people come by one address, and whatever is not out in the world (a
    proxy that ``WAYHOME_PROXIES`` does not tell of)."""
    address = _address(request)
    if address is None or not address.is_global or _is_known(str(address)):
        return ""
    bits = _V4_BITS if address.version == 4 else _V6_BITS
    return str(ipaddress.ip_network(f"{address}/{bits}", strict=False))


def _address(request: HttpRequest) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Of whom the outermost trusted proxy took the request; what the sender wrote before it is
    not believed."""
    text = str(request.META.get("REMOTE_ADDR", ""))
    if settings.WAYHOME_PROXIES > 0:
        passed = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
        if len(passed) >= settings.WAYHOME_PROXIES:
            text = passed[-settings.WAYHOME_PROXIES]
    try:
        address = ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


@lru_cache(maxsize=4096)
def _known_in(address: str, networks: tuple[str, ...]) -> bool:
    known = [ipaddress.ip_network(each, strict=False) for each in networks]
    return any(ipaddress.ip_address(address) in network for network in known)


def _is_known(address: str) -> bool:
    return _known_in(address, tuple(settings.WAYHOME_KNOWN_NETWORKS))
