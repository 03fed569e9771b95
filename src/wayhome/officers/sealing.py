"""Seal small secrets of officers' accounts (Fernet) under a key that is not in the database."""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


def seal(text: str) -> bytes:
    return _keys().encrypt(text.encode())


def unseal(sealed: "bytes | memoryview[int]") -> str | None:
    """The text again, or None where the signing key that sealed it is gone."""
    try:
        return _keys().decrypt(bytes(sealed)).decode()
    except InvalidToken:
        return None


def _keys() -> MultiFernet:
    return MultiFernet([_fernet(key) for key in signing_keys()])


def signing_keys() -> list[str]:
    """The signing key, and those before it that still open what they sealed."""
    return [str(key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]


def _fernet(key: str) -> Fernet:
    digest = hashlib.sha256(b"wayhome.officers.sealing" + key.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(digest))
