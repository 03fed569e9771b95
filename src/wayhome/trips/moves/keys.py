"""The exchange key of an instance: by it others seal what they send, and know who sent it."""

import base64
import binascii
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from wayhome.problems import Problem

_PREFIX = "wayhome-key-1."
_CHECK = 4


@dataclass(frozen=True)
class ExchangeKey:
    """Public: ``signs`` (Ed25519) and ``opens`` (X25519), 32 bytes each."""

    signs: bytes
    opens: bytes

    @property
    def name(self) -> str:
        """What an instance is called in the names of what came from it."""
        return hashlib.sha256(self.signs).hexdigest()[:16]

    def __str__(self) -> str:
        both = self.signs + self.opens
        return _PREFIX + base64.urlsafe_b64encode(both + _check(both)).decode().rstrip("=")

    def verify(self, signature: bytes, digest: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(self.signs).verify(signature, digest)
        except InvalidSignature:
            return False
        return True


def _check(both: bytes) -> bytes:
    return hashlib.sha256(both).digest()[:_CHECK]


def read_key(text: str, field: str) -> ExchangeKey:
    """The key that `wayhome enrol exchange-key` printed elsewhere; Problem where it is none."""
    wrong = Problem(
        field, "is no exchange key", "copy what `wayhome enrol exchange-key` prints there"
    )
    text = "".join(text.split())
    if not text.startswith(_PREFIX):
        raise wrong
    body = text.removeprefix(_PREFIX)
    try:
        whole = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
    except (binascii.Error, ValueError) as error:
        raise wrong from error
    if len(whole) != 64 + _CHECK or _check(whole[:64]) != whole[64:]:
        raise wrong
    return ExchangeKey(whole[:32], whole[32:64])


def own_key() -> ExchangeKey:
    """This instance's, to be given to others."""
    return ExchangeKey(
        signing_key().public_key().public_bytes_raw(), opening_key().public_key().public_bytes_raw()
    )


def signing_key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(_derived(b"wayhome.exchange.signs"))


def opening_key() -> X25519PrivateKey:
    return X25519PrivateKey.from_private_bytes(_derived(b"wayhome.exchange.opens"))


def _derived(what: bytes) -> bytes:
    kdf = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=what)
    return kdf.derive(settings.SECRET_KEY.encode())
