"""A device that makes passkeys and signs with them (WebAuthn), as browsers hand its answers on."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import AttestedCredentialData

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


@dataclass
class SoftDevice:
    """Holds one passkey. ``verifies``: it makes sure who presses; ``counts``: it counts its use."""

    origin: str
    verifies: bool = True
    counts: bool = True
    counter: int = 0
    handle: str = ""
    _key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    _id: bytes = field(default_factory=lambda: secrets.token_bytes(16))

    def make(self, options: dict[str, Any]) -> str:
        """The answer to being asked for a new passkey."""
        asked = options["publicKey"]
        self.handle = asked["user"]["id"]
        public = ES256.from_cryptography_key(self._key.public_key())
        data = AttestedCredentialData.create(bytes(16), self._id, public)
        auth_data = self._auth_data(asked["rp"]["id"], ATTESTED) + bytes(data)
        attestation = cbor.encode({"fmt": "none", "attStmt": {}, "authData": auth_data})
        client = self._client("webauthn.create", asked["challenge"])
        return self._said(
            clientDataJSON=websafe_encode(client), attestationObject=websafe_encode(attestation)
        )

    def use(self, options: dict[str, Any]) -> str:
        """The answer to being asked to sign in."""
        asked = options["publicKey"]
        self.counter += self.counts
        auth_data = self._auth_data(asked["rpId"], 0)
        client = self._client("webauthn.get", asked["challenge"])
        signed = self._key.sign(
            auth_data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256())
        )
        return self._said(
            clientDataJSON=websafe_encode(client),
            authenticatorData=websafe_encode(auth_data),
            signature=websafe_encode(signed),
            userHandle=self.handle,
        )

    def _auth_data(self, site: str, flags: int) -> bytes:
        flags |= PRESENT | (VERIFIED if self.verifies else 0)
        head = hashlib.sha256(site.encode()).digest()
        return head + bytes([flags]) + self.counter.to_bytes(4, "big")

    def _client(self, kind: str, challenge: str) -> bytes:
        assert len(websafe_decode(challenge)) >= 16
        return json.dumps(
            {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        ).encode()

    def _said(self, **response: str) -> str:
        number = websafe_encode(self._id)
        return json.dumps(
            {"id": number, "rawId": number, "type": "public-key", "response": response}
        )
