"""A backend that signs (`private_key_jwt`), with real keys; it signs what a test asks for."""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import uuid4

import httpx
from joserfc import jws
from joserfc.jwk import ECKey, OKPKey, RSAKey
from litestar import Litestar
from msgspec import Struct

from domain.wallets import Wallet
from service.operations import clients_by_hand
from service.operations.house import House
from service.security.assertions import JWT_BEARER
from service.storage.values import Scope
from tests import people as cast
from tests.api.backends import ALL, hold
from tests.api.identity import signed_under_the_old_name
from tests.houses import client_for

Key = RSAKey | ECKey | OKPKey
GRANT: Final = "client_credentials"
# Making one takes longer than a test.
RSA: Final = RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig"})
EC: Final = ECKey.generate_key("P-256", {"kid": "ec", "use": "sig"})
ED: Final = OKPKey.generate_key("Ed25519", {"kid": "ed", "use": "sig"})
# Of the same names, and nobody's who was let in.
FORGED: Final[Mapping[str, Key]] = {
    "rsa": RSAKey.generate_key(2048, {"kid": "rsa"}),
    "ec": ECKey.generate_key("P-256", {"kid": "ec"}),
    "ed": OKPKey.generate_key("Ed25519", {"kid": "ed"}),
}
ALGORITHM_OF: Final = {"rsa": "RS256", "ec": "ES256", "ed": "Ed25519"}


class Signer(Struct, frozen=True, kw_only=True):
    http: httpx.AsyncClient
    house: House
    wallet: Wallet
    client_id: str

    async def claims(self, **other: Any) -> dict[str, Any]:
        """Good in every way; None leaves a claim out."""
        now = int((await cast.now(self.house)).timestamp())
        whole = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": self.wallet.origin,
            "iat": now,
            "exp": now + 60,
            "jti": str(uuid4()),
            **other,
        }
        return {name: value for name, value in whole.items() if value is not None}

    async def assertion(
        self, *, key: Key = EC, header: Mapping[str, Any] | None = None, **other: Any
    ) -> str:
        return signed(await self.claims(**other), key=key, header=header)

    async def shows(
        self, assertion: str, *, headers: Mapping[str, str] | None = None, **other: str
    ) -> httpx.Response:
        fields = {
            "grant_type": GRANT,
            "client_assertion_type": JWT_BEARER,
            "client_assertion": assertion,
            **other,
        }
        return await self.http.post("/oauth/token", headers=headers, data=fields)

    async def token(self) -> str:
        answer = await self.shows(await self.assertion())
        assert answer.status_code == 200, answer.text
        return answer.json()["access_token"]


def signed(
    claims: Mapping[str, Any], *, key: Key = EC, header: Mapping[str, Any] | None = None
) -> str:
    assert key.kid is not None
    whole: dict[str, Any] = {"alg": ALGORITHM_OF.get(key.kid, "ES256"), "kid": key.kid}
    whole |= header or {}
    whole = {name: value for name, value in whole.items() if value is not None}
    if whole.get("alg") == "EdDSA" and isinstance(key, OKPKey):
        return signed_under_the_old_name(claims, whole, key)
    registry = jws.JWSRegistry(algorithms=[whole["alg"]], strict_check_header=False)
    return jws.serialize_compact(whole, json.dumps(claims).encode(), key, registry=registry)


def jwks(*keys: Key) -> bytes:
    """As an operator is given them: what is public, and nothing else."""
    return json.dumps({"keys": [key.as_dict(private=False) for key in keys]}).encode()


@asynccontextmanager
async def signer_of(
    app: Litestar,
    house: House,
    wallet: Wallet,
    *keys: Key,
    client_id: str = "norte-signer",
    scopes: tuple[Scope, ...] = ALL,
) -> AsyncGenerator[Signer]:
    """A new client of the wallet without a secret. Its answers are held against the document."""
    await clients_by_hand.add_client_with_keys(
        house, wallet.id, client_id, scopes, jwks(*(keys or (RSA, EC, ED)))
    )
    document = app.openapi_schema.to_schema()

    async def held_against_the_document(response: httpx.Response) -> None:
        await response.aread()
        hold(document, response)

    async with client_for(app, wallet.origin) as http:
        http.event_hooks = {"response": [held_against_the_document]}
        yield Signer(http=http, house=house, wallet=wallet, client_id=client_id)
