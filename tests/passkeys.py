"""An authenticator in software: makes passkeys and signs with them, as the standard has it."""

import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)

_PRESENT, _VERIFIED, _WITH_CREDENTIAL = 0x01, 0x04, 0x40


class SecurityKey:
    """In an agent's pocket, and set up for one console."""

    def __init__(self, origin: str, *, verifies: bool = True) -> None:
        self.origin = origin
        # Whether it asks for a finger or a PIN.
        self.verifies = verifies
        self.count = 0
        self.credential_id = secrets.token_bytes(32)
        self._key: EllipticCurvePrivateKey = generate_private_key(SECP256R1())
        self._user_id = b""

    def make(self, options: str) -> str:
        """The answer to what the console asks for a new passkey."""
        asked = json.loads(options)
        self._user_id = decoded(asked["user"]["id"])
        numbers = self._key.public_key().public_numbers()
        public = {
            1: 2,
            3: -7,
            -1: 1,
            -2: numbers.x.to_bytes(32, "big"),
            -3: numbers.y.to_bytes(32, "big"),
        }
        credential = bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id
        about = self._about(_WITH_CREDENTIAL) + credential + cbor2.dumps(public)
        attested = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": about})
        client = self._client("webauthn.create", asked["challenge"])
        return self._said({"clientDataJSON": client, "attestationObject": attested})

    def sign(self, options: str, *, user_id: bytes | None = None) -> str:
        """The answer to what the console asks a passkey that it knows."""
        self.count += 1
        client = self._client("webauthn.get", json.loads(options)["challenge"])
        about = self._about(0)
        signature = self._key.sign(about + sha256(client).digest(), ECDSA(hashes.SHA256()))
        return self._said(
            {
                "clientDataJSON": client,
                "authenticatorData": about,
                "signature": signature,
                "userHandle": self._user_id if user_id is None else user_id,
            }
        )

    def _about(self, flags: int) -> bytes:
        flags |= _PRESENT | (_VERIFIED if self.verifies else 0)
        host = (urlsplit(self.origin).hostname or "").encode()
        return sha256(host).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _client(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _said(self, response: Mapping[str, bytes]) -> str:
        said: dict[str, Any] = {
            "id": encoded(self.credential_id),
            "rawId": encoded(self.credential_id),
            "type": "public-key",
            "response": {name: encoded(value) for name, value in response.items()},
            "clientExtensionResults": {},
        }
        return json.dumps(said)


def encoded(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


def decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
