"""The envelope's sender of each message, signed: where its bounce comes back names its delivery.

``bounces+TOKEN@example.org`` (VERP with a subaddress, RFC 5233). The token is the delivery's key
and a truncated HMAC, in lower-case base32: relays fold the case of local parts, and RFC 5321
(4.5.3.1.1) allows one 64 octets. Whoever got a message knows its token, and nobody else can make
one: the worst that can be forged is a bounce of the forger's own delivery.
"""

import base64
import hashlib
import hmac
import re

from django.conf import settings

from wayhome.delivery.types import DeliveryKey

LOCAL_OCTETS = 64
_MAC_OCTETS = 10
_LARGEST = 2**63 - 1
# Never renumbered: mail that was sent years ago still bounces.
_CHANNELS = ("mail", "sms")
_HAS_ISSUE, _HAS_LETTER, _CHANNEL_SHIFT = 1, 2, 2
_LONGEST_TOKEN = len(base64.b32encode(bytes(1 + 2 * 6 + _MAC_OCTETS)).rstrip(b"="))
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*/=?^_`{|}~.-]+")
_DOMAIN = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_TOKEN = re.compile(r"[a-z2-7]{17,80}")


def return_path(issue_id: int, letter_id: int, contact_point_id: int, channel: str) -> str:
    """The envelope's sender of one delivery; empty where WAYHOME_BOUNCE_ADDRESS cannot serve.

    A setting that does not serve must not stop a warning: ``fault`` says what is wrong with it.
    """
    if not settings.WAYHOME_BOUNCE_ADDRESS or fault():
        return ""
    local, _, domain = settings.WAYHOME_BOUNCE_ADDRESS.rpartition("@")
    packed = _pack(DeliveryKey(issue_id, letter_id, contact_point_id, channel))
    token = base64.b32encode(packed + _mac(packed)).decode().rstrip("=").lower()
    address = f"{local}+{token}@{domain}"
    return address if len(local) + 1 + len(token) <= LOCAL_OCTETS else ""


def read_return_path(address: str) -> DeliveryKey | None:
    """Which delivery this address was made for; None where it was not made here."""
    local, at, domain = address.strip().strip("<>").casefold().rpartition("@")
    ours = settings.WAYHOME_BOUNCE_ADDRESS.casefold().rpartition("@")
    name, plus, token = local.rpartition("+")
    if not (at and plus) or (name, domain) != (ours[0], ours[2]):
        return None
    if not _TOKEN.fullmatch(token):
        return None
    try:
        signed = base64.b32decode(token.upper() + "=" * (-len(token) % 8))
    except ValueError:
        return None
    packed, mac = signed[:-_MAC_OCTETS], signed[-_MAC_OCTETS:]
    if not hmac.compare_digest(mac, _mac(packed)):
        return None
    return _unpack(packed)


def is_bounce_address(address: str) -> bool:
    """The bounce address itself, without a token: where complaints and people write to."""
    own = settings.WAYHOME_BOUNCE_ADDRESS.casefold()
    return bool(own) and address.strip().strip("<>").casefold() == own


def fault() -> str:
    """What is wrong with WAYHOME_BOUNCE_ADDRESS, or empty."""
    address: str = settings.WAYHOME_BOUNCE_ADDRESS
    if not address:
        return ""
    local, at, domain = address.rpartition("@")
    if not at or not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain):
        return f"WAYHOME_BOUNCE_ADDRESS: {address!r} is no address like bounces@example.org"
    most = LOCAL_OCTETS - 1 - _LONGEST_TOKEN
    if len(local) > most:
        return f"WAYHOME_BOUNCE_ADDRESS: {local!r} is too long; use at most {most} characters"
    return ""


def _mac(packed: bytes) -> bytes:
    key = hashlib.sha256(b"wayhome.return_path" + settings.SECRET_KEY.encode()).digest()
    return hmac.new(key, packed, hashlib.sha256).digest()[:_MAC_OCTETS]


def _pack(key: DeliveryKey) -> bytes:
    """One octet for the channel and which of issue and letter follows; then numbers as LEB128."""
    numbers = [key.issue_id, key.letter_id]
    head = _CHANNELS.index(key.channel) << _CHANNEL_SHIFT
    head |= (_HAS_ISSUE if key.issue_id else 0) | (_HAS_LETTER if key.letter_id else 0)
    return bytes([head]) + b"".join(
        _varint(number) for number in (*filter(None, numbers), key.contact_point_id)
    )


def _unpack(packed: bytes) -> DeliveryKey | None:
    head, rest = packed[0], packed[1:]
    issue = letter = 0
    if head & _HAS_ISSUE:
        issue, rest = _read_varint(rest)
    if head & _HAS_LETTER:
        letter, rest = _read_varint(rest)
    point, rest = _read_varint(rest)
    channel = head >> _CHANNEL_SHIFT
    # Signed, so made here; another version may have known more than this one.
    if rest or channel >= len(_CHANNELS) or max(issue, letter, point) > _LARGEST:
        return None
    return DeliveryKey(issue, letter, point, _CHANNELS[channel])


def _varint(number: int) -> bytes:
    if not 0 <= number <= _LARGEST:
        raise ValueError(f"{number} is no number of a row")
    octets = bytearray()
    while number > 0x7F:
        octets.append(number & 0x7F | 0x80)
        number >>= 7
    octets.append(number)
    return bytes(octets)


def _read_varint(octets: bytes) -> tuple[int, bytes]:
    number = 0
    for place, octet in enumerate(octets):
        number |= (octet & 0x7F) << (7 * place)
        if octet < 0x80:
            return number, octets[place + 1 :]
    return number, b""
