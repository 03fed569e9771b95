"""DKIM (RFC 6376) with RSA or Ed25519 (RFC 8463), where a key is set and the relay does not sign.

dkimpy canonicalises and writes the header. Its own RSA, in pure Python, takes 9 ms a message and
holds every other thread meanwhile; ``cryptography`` makes the signature instead, in 0.4 ms.
"""

import base64
import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import dkim
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from django.conf import settings

from wayhome.problems import Problem

LEAST_RSA_BITS = 1024  # RFC 8301: verifiers take no shorter key
NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9-]*[A-Za-z0-9])*")
_PEM_FIX = "make one with `wayhome mail dkim-key` and name its file in WAYHOME_DKIM_KEY_FILE"
# From twice: a second one added on the way breaks the signature (RFC 6376, 8.15).
_SIGNED = (
    *(b"from", b"from", b"to", b"subject", b"date", b"message-id", b"auto-submitted"),
    *(b"mime-version", b"content-type", b"content-transfer-encoding"),
    *(b"in-reply-to", b"references", b"list-unsubscribe", b"list-unsubscribe-post"),
)


@dataclass(frozen=True)
class DkimKey:
    """The private key in use, for which domain and under which selector."""

    domain: str
    selector: str
    private: RSAPrivateKey | Ed25519PrivateKey

    @property
    def kind(self) -> str:
        """As ``k=`` of its record has it."""
        return "rsa" if isinstance(self.private, RSAPrivateKey) else "ed25519"

    @property
    def name(self) -> str:
        """Where its public half is published."""
        return f"{self.selector}._domainkey.{self.domain}"

    @property
    def public(self) -> str:
        """As ``p=`` of its record has it."""
        public = self.private.public_key()
        if isinstance(self.private, RSAPrivateKey):
            raw = public.public_bytes(
                serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        else:
            raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return base64.b64encode(raw).decode()

    @property
    def record(self) -> str:
        """The text to publish at ``name``."""
        return f"v=DKIM1; k={self.kind}; p={self.public}"

    def sign_digest(self, digest: bytes) -> bytes:
        if isinstance(self.private, RSAPrivateKey):
            return self.private.sign(digest, padding.PKCS1v15(), Prehashed(hashes.SHA256()))
        return self.private.sign(digest)

    def pem(self) -> bytes:
        """The private key, as WAYHOME_DKIM_KEY holds it."""
        return self.private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )

    @cached_property
    def for_dkimpy(self) -> bytes:
        """The private key in the form that dkimpy reads."""
        if isinstance(self.private, RSAPrivateKey):
            return self.pem()
        return base64.b64encode(self.private.private_bytes_raw())


def key_in_use() -> DkimKey | None:
    """The key that is set, None where the relay signs; Problem naming the setting at fault."""
    selector, pem = settings.WAYHOME_DKIM_SELECTOR, settings.WAYHOME_DKIM_KEY
    if not selector and not pem:
        return None
    return _read(selector, pem, settings.WAYHOME_MAIL_FROM)


@lru_cache(maxsize=4)
def _read(selector: str, pem: str, mail_from: str) -> DkimKey:
    if not selector:
        raise Problem("WAYHOME_DKIM_SELECTOR", "is empty while a key is set", "name its selector")
    if not NAME.fullmatch(selector):
        raise Problem("WAYHOME_DKIM_SELECTOR", f"{selector!r} is no name", "use letters and digits")
    if not pem:
        raise Problem("WAYHOME_DKIM_KEY", "is empty while a selector is set", _PEM_FIX)
    try:
        private = serialization.load_pem_private_key(pem.strip().encode(), password=None)
    except (ValueError, TypeError) as error:  # not PEM; PEM under a password
        raise Problem("WAYHOME_DKIM_KEY", "is no private key in PEM", _PEM_FIX) from error
    if not isinstance(private, RSAPrivateKey | Ed25519PrivateKey):
        raise Problem("WAYHOME_DKIM_KEY", "is neither RSA nor Ed25519", _PEM_FIX)
    if isinstance(private, RSAPrivateKey) and private.key_size < LEAST_RSA_BITS:
        raise Problem("WAYHOME_DKIM_KEY", f"has only {private.key_size} bits", _PEM_FIX)
    domain = mail_from.rpartition("@")[2]
    if "." not in domain:
        raise Problem("WAYHOME_MAIL_FROM", f"{mail_from!r} has no domain to sign for", "set it")
    return DkimKey(domain, selector, private)


def signed(message: bytes, key: DkimKey) -> bytes:
    """``message`` with its signature before it."""
    signer = _Signer(message, key)
    present = {name.lower() for name, _ in signer.headers}
    header: bytes = signer.sign(
        key.selector.encode(),
        key.domain.encode(),
        key.for_dkimpy,
        canonicalize=(dkim.Relaxed, dkim.Relaxed),
        include_headers=[name for name in _SIGNED if name in present],
    )
    return header + message


class _Signer(dkim.DKIM):  # type: ignore[misc]
    """dkimpy's signer, but for the arithmetic of the signature."""

    def __init__(self, message: bytes, key: DkimKey) -> None:
        super().__init__(message, signature_algorithm=f"{key.kind}-sha256".encode())
        self._key = key

    def gen_header(
        self,
        fields: list[tuple[bytes, bytes]],
        include_headers: tuple[bytes, ...],
        canon_policy: Any,
        header_name: bytes,
        pk: object,
        standardize: bool = False,
    ) -> bytes:
        """The value of the signature's header; ``pk`` is dkimpy's reading of the key, unused."""
        unsigned = dkim.fold(b"; ".join(b"=".join(field) for field in fields), len(header_name))
        unsigned = dkim.RE_BTAG.sub(rb"\1", unsigned)
        hasher = self.hasher()
        dkim.hash_headers(
            hasher,
            canon_policy,
            canon_policy.canonicalize_headers(self.headers),
            include_headers,
            (header_name, b" " + unsigned),
            dict(fields),
        )
        signature = base64.b64encode(self._key.sign_digest(hasher.digest()))
        whole = [(name, signature if name == b"b" else value) for name, value in fields]
        value: bytes = dkim.fold(
            b"; ".join(b"=".join(field) for field in whole) + b"\r\n", len(header_name)
        )
        return value
