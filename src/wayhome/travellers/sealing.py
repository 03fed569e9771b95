"""Seal what hurts most under a key of the person's own (AES-256-GCM, RFC 5116).

Erasing the key erases every sealed byte, in history and in backups that lack the key.
"""

import hashlib
import os

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from wayhome.travellers.models import PersonKey, Traveller
from wayhome.work import clock

_NONCE = 12


def seal(traveller: Traveller, text: str) -> tuple[int, bytes]:
    """Return (key id, sealed bytes) of ``text``; call it inside the transaction that stores it."""
    key = PersonKey.objects.filter(traveller=traveller).first()
    if key is None:
        key, _ = PersonKey.objects.get_or_create(
            traveller=traveller,
            defaults={"wrapped": _seal(_master(), os.urandom(32)), "made_at": clock.now()},
        )
    return key.pk, _seal(_open(_master(), bytes(key.wrapped)), text.encode())


def unseal(key_id: int, sealed: bytes) -> str:
    """The text again, or a plain word where its key was erased."""
    key = PersonKey.objects.filter(pk=key_id).first()
    if key is None:
        return "(erased)"
    return _open(_open(_master(), bytes(key.wrapped)), bytes(sealed)).decode()


def _master() -> bytes:
    return hashlib.sha256(b"wayhome.sealing" + settings.SECRET_KEY.encode()).digest()


def _seal(key: bytes, plain: bytes) -> bytes:
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plain, None)


def _open(key: bytes, sealed: bytes) -> bytes:
    return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], None)
