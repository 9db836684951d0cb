"""`Host` selects the wallet, or the console; an unknown one is 404.

Issuer and every link come from the configured origin, never from the request.
"""

import asyncio
import time
from typing import Any, Final
from urllib.parse import urlsplit

from asyncpg import PostgresError
from litestar.status_codes import HTTP_404_NOT_FOUND, HTTP_503_SERVICE_UNAVAILABLE
from litestar.types import ASGIApp, Receive, Scope, Send
from sqlalchemy.exc import SQLAlchemyError

from domain.ids import WalletId
from domain.wallets import Wallet
from service.operations.house import House
from service.storage import load

# A new wallet, or a changed one, is seen after this many seconds at the latest.
_FRESH: Final = 5.0
# Answered on every host: whoever watches the process asks without a name.
_ANYWHERE: Final = ("/health/", "/metrics")
# How the driver and what stands on it say that the database is away.
AWAY: Final = (OSError, SQLAlchemyError, PostgresError)
# A process that has not seen the database once knows no wallet, so not even whom to call.
_NOTHING_STORED: Final = (
    b"NOT stopped: nothing could be stored. Call the wallet.\n"
    b"SIN bloquear: no se pudo guardar nada. Llamar a la billetera.\n"
    b"N\xc3\x83O bloqueado: nada foi guardado. Ligue para a carteira.\n"
)


class Hosts:
    """The wallets of the installation by the host name and port of their origins."""

    def __init__(self, house: House, console_origin: str) -> None:
        self._house = house
        self.console_origin = console_origin
        self.console_host = urlsplit(console_origin).netloc
        self._wallets: dict[str, Wallet] = {}
        self._read_at = float("-inf")
        self._reading: asyncio.Task[None] | None = None

    async def wallet_at(self, host: str) -> Wallet | None:
        await self._refresh()
        return self._wallets.get(host)

    def known(self, host: str) -> Wallet | None:
        """The wallet at this host, if what was read of it is still fresh; asks no database."""
        fresh = time.monotonic() - self._read_at < _FRESH
        return self._wallets.get(host) if fresh else None

    async def wallet(self, wallet_id: WalletId) -> Wallet | None:
        await self._refresh()
        return next((w for w in self._wallets.values() if w.id == wallet_id), None)

    async def _refresh(self) -> None:
        if time.monotonic() - self._read_at < _FRESH:
            return
        # One reads for all who wait: otherwise every request of that moment would.
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read())
        await asyncio.shield(self._reading)

    async def _read(self) -> None:
        try:
            async with self._house.engine.connect() as db:
                wallets = await load.all_wallets(db)
        except AWAY:
            # What was known serves the pages that need no database.
            if self._wallets:
                return
            raise
        self._wallets = {urlsplit(wallet.origin).netloc: wallet for wallet in wallets}
        self._read_at = time.monotonic()


class HostDoor:
    """ASGI middleware: puts `wallet` or `console` into the request's state, or says 404."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(_ANYWHERE):
            await self._app(scope, receive, send)
            return
        host = next((v.decode("latin-1") for k, v in scope["headers"] if k == b"host"), "").lower()
        state: dict[str, Any] = scope.setdefault("state", {})  # pyright: ignore[reportAssignmentType]  # the library's type is wider
        hosts: Hosts = scope["litestar_app"].state.hosts
        path = scope["path"]
        try:
            wallet = await hosts.wallet_at(host)
        except AWAY:
            await _plain(send, HTTP_503_SERVICE_UNAVAILABLE, _NOTHING_STORED)
            return
        if "//" in path:
            # The router would read "//console" as "/console"; here it is an address of nobody's.
            await _plain(send, HTTP_404_NOT_FOUND, b"Not found\n")
            return
        at_console = path == "/console" or path.startswith(("/console/", "/static/"))
        if host == hosts.console_host and (at_console or path == "/"):
            state["origin"] = hosts.console_origin
        elif wallet is not None and not path.startswith("/console"):
            state["wallet"] = wallet
            state["origin"] = wallet.origin
        else:
            await _plain(send, HTTP_404_NOT_FOUND, b"Not found\n")
            return
        await self._app(scope, receive, send)


async def _plain(send: Send, status: int, said: bytes) -> None:
    """An answer before any wallet's words are known."""
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]
    if status == HTTP_503_SERVICE_UNAVAILABLE:
        headers.append((b"retry-after", b"5"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": said, "more_body": False})
