"""Norte as an identity provider: a key, its discovery document, and short-lived access tokens.

Norte's app is its only client and signs in on Norte's own screens, so there is no authorization
endpoint to be discovered: only who signs, and with which keys.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from joserfc import jws
from joserfc.jwk import ECKey

from service.demo.wallet.kept import Device

# How Norte calls a sign-in with a passkey on a separate key; Resguardo was told that it is strong,
STRONG: Final = "urn:norte:acr:passkey"
# and what is all that the app asks for every day.
EVERYDAY: Final = "urn:norte:acr:pin"
_ALG: Final = "ES256"
_LASTS: Final = timedelta(minutes=5)


def new_key() -> dict[str, Any]:
    """A private key as it is stored, named by its thumbprint (RFC 7638)."""
    key = ECKey.generate_key("P-256", {"use": "sig", "alg": _ALG})
    key.ensure_kid()
    return key.as_dict(private=True)


class Identity:
    def __init__(self, issuer: str, audience: str) -> None:
        self._issuer = issuer
        self._audience = audience

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self._issuer,
            "jwks_uri": f"{self._issuer}/jwks",
            "response_types_supported": [],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [_ALG],
            "acr_values_supported": [STRONG, EVERYDAY],
        }

    def jwks(self, key: Mapping[str, Any]) -> dict[str, Any]:
        """What everyone may read of the key."""
        return {"keys": [ECKey.import_key(dict(key)).as_dict(private=False)]}

    def access_token(self, key: Mapping[str, Any], subject: str, device: Device) -> str:
        """What the app on this device shows to Resguardo (RFC 9068): how it signed in, and when."""
        now = datetime.now(UTC)
        claims = {
            "iss": self._issuer,
            "sub": subject,
            "aud": self._audience,
            "client_id": "norte-app",
            "iat": int(now.timestamp()),
            "exp": int((now + _LASTS).timestamp()),
            "jti": str(uuid4()),
        }
        if device.auth_time is not None:
            claims |= {"auth_time": int(device.auth_time.timestamp()), "acr": device.acr}
        header = {"alg": _ALG, "typ": "at+jwt", "kid": key["kid"]}
        signer = ECKey.import_key(dict(key))
        return jws.serialize_compact(header, json.dumps(claims).encode(), signer)
