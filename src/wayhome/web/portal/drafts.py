"""What was typed and not sent yet, kept by whoever typed it: sealed in the address of a page.

Nothing is stored here without consent. The seal (Fernet: AES and HMAC, with its time) can be opened
by this site alone, for two weeks.
"""

import base64
import hashlib
import json
import zlib
from datetime import timedelta

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.http import QueryDict

from wayhome.problems import Problem

LIFE = timedelta(days=14)
LONGEST = 3500  # servers refuse addresses much longer
_MOST_BYTES = 60_000


def seal(sent: QueryDict, door: str) -> str:
    """The draft as part of an address; Problem where it would be too long for one."""
    fields = {
        name: str(sent[name])
        for name in sent
        if sent[name] and name not in ("keep", "more", "csrfmiddlewaretoken")
    }
    packed = zlib.compress(json.dumps([door, fields], ensure_ascii=False).encode(), 9)
    token = _fernet().encrypt(packed).decode().rstrip("=")
    if len(token) > LONGEST:
        raise Problem(
            "draft",
            "is too long to be kept so",
            "send what you have, add the rest later",
        )
    return token


def open_draft(token: str, door: str) -> QueryDict | None:
    """What was typed; None where the token is none of this door, or too old."""
    if len(token) > LONGEST:
        return None
    padded = token + "=" * (-len(token) % 4)
    try:
        packed = _fernet().decrypt(padded.encode(), ttl=int(LIFE.total_seconds()))
        unpacked = zlib.decompressobj().decompress(packed, _MOST_BYTES)
        of, fields = json.loads(unpacked)
    except (InvalidToken, ValueError, zlib.error):
        return None
    if of != door:
        return None
    found = QueryDict(mutable=True)
    found.update(fields)
    return found


def _fernet() -> Fernet:
    key = hashlib.sha256(b"wayhome.drafts" + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))
