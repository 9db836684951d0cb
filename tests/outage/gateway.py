"""A gateway and a wallet's backend, over real sockets, to a web process of their choice."""

from base64 import b64encode

import httpx
from msgspec import Struct

from domain.wallets import Wallet
from service.operations import clients
from service.security.tokens import new_id
from service.storage.values import Scope
from tests.outage.town import NO_TLS, Town


class Gateway(Struct, frozen=True, kw_only=True):
    http: httpx.AsyncClient
    basic: str

    async def introspect(self, token: str) -> httpx.Response:
        headers = {"Authorization": self.basic}
        return await self.http.post("/oauth/introspect", headers=headers, data={"token": token})

    async def check(self, token: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}", "Resguardo-Client": self.basic}
        return await self.http.get("/v1/session-check", headers=headers)

    async def access_token(self) -> str:
        answer = await self.http.post(
            "/oauth/token",
            headers={"Authorization": self.basic},
            data={"grant_type": "client_credentials"},
        )
        token: str = answer.json()["access_token"]
        return token


async def a_gateway(town: Town, wallet: Wallet, port: int) -> Gateway:
    """To be closed by the test: `http` holds its connections."""
    name = f"gateway-{new_id()}"
    secret = await clients.add_client(town.house, wallet.id, name, tuple(Scope))
    http = httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}",
        headers={"Host": town.origin.partition("://")[2]},
        trust_env=False,
        timeout=20,
        verify=NO_TLS,
    )
    basic = b64encode(f"{name}:{secret}".encode()).decode()
    return Gateway(http=http, basic=f"Basic {basic}")
