"""Which wallet lives at which host, read again and again so that nobody waits for it."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
import structlog

from service.storage.batches import BY_KEYS

log = structlog.get_logger("service.gateways")

# A new wallet, or a changed one, is seen after five seconds at the latest, as on every port.
_READS_EVERY: Final = 2.0
_TAKES: Final = 2.5
# The driver has no annotations of its own.
_driver: Any = asyncpg


class Origins:
    """The wallets of the installation by the host name and port of their origins."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: Any = None
        self._reading: asyncio.Task[None] | None = None
        self._wallets: Mapping[bytes, UUID] = {}
        # The database did not answer when it was last asked.
        self.is_away = False

    @classmethod
    async def connect(cls, url: str) -> "Origins":
        """Raises what the driver raises when the database cannot be reached now."""
        origins = cls(url)
        await origins._read()
        origins._reading = asyncio.create_task(origins._read_on())
        return origins

    def wallet_at(self, host: bytes) -> UUID | None:
        return self._wallets.get(host)

    async def close(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            with suppress(asyncio.CancelledError):
                await self._reading
        if self._connection is not None:
            self._connection.terminate()

    async def _read_on(self) -> None:
        while True:
            await asyncio.sleep(_READS_EVERY)
            try:
                await self._read()
            # Whatever it was: those who are known stay known, and the next time may be better.
            except Exception as fault:  # noqa: BLE001
                if not self.is_away:
                    log.warning("gateways.database-away", error=type(fault).__name__)
                self.is_away = True
                self._let_go()

    async def _read(self) -> None:
        if self._connection is None or self._connection.is_closed():
            self._connection = await _driver.connect(
                self._url, timeout=_TAKES, command_timeout=_TAKES, server_settings=BY_KEYS
            )
        rows = await self._connection.fetch("select id, origin from wallets")
        self._wallets = {urlsplit(str(row["origin"])).netloc.encode(): row["id"] for row in rows}
        self.is_away = False

    def _let_go(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None
