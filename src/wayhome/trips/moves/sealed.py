"""A sealed file: only the instance that it is for can open it (X25519, HKDF, ChaCha20-Poly1305).

``wayhome sealed 1``, a key of this file alone, then records of 64 KiB, each sealed under its number
and whether it is the last: nothing can be cut off, doubled or put in another order.
"""

from collections.abc import Iterable, Iterator
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from wayhome.problems import Problem

MAGIC = b"wayhome sealed 1\n"
_RECORD = 65_536
_TAG = 16


def _cipher(shared: bytes, once: bytes, to: bytes) -> ChaCha20Poly1305:
    kdf = HKDF(algorithm=hashes.SHA256(), length=32, salt=once + to, info=b"wayhome sealed 1")
    return ChaCha20Poly1305(kdf.derive(shared))


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\x01" if last else b"\x00")


def seal(lines: Iterable[bytes], to: bytes, out: BinaryIO) -> None:
    """Write ``lines`` so that only the owner of the X25519 key ``to`` reads them."""
    once = X25519PrivateKey.generate()
    public = once.public_key().public_bytes_raw()
    cipher = _cipher(once.exchange(X25519PublicKey.from_public_bytes(to)), public, to)
    out.write(MAGIC + public)
    pending, number = bytearray(), 0
    for line in lines:
        pending += line
        while len(pending) > _RECORD:
            out.write(cipher.encrypt(_nonce(number, False), bytes(pending[:_RECORD]), MAGIC))
            del pending[:_RECORD]
            number += 1
    out.write(cipher.encrypt(_nonce(number, True), bytes(pending), MAGIC))


def opened(file: BinaryIO, key: X25519PrivateKey) -> Iterator[bytes]:
    """The plain octets of a sealed file whose magic has been read; Problem where it is not for
    this instance or was changed."""
    wrong = Problem("file", "does not open with this instance's key", "ask for it to be sent again")
    public = file.read(32)
    if len(public) != 32:
        raise wrong
    try:
        shared = key.exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError as error:
        raise wrong from error
    cipher = _cipher(shared, public, key.public_key().public_bytes_raw())
    number, record = 0, file.read(_RECORD + _TAG)
    while True:
        following = file.read(_RECORD + _TAG)
        try:
            yield cipher.decrypt(_nonce(number, not following), record, MAGIC)
        except InvalidTag as error:
            raise wrong from error
        if not following:
            return
        number, record = number + 1, following
