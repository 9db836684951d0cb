"""Reading a small document from an address that somebody outside named.

https alone, to addresses that everyone on the internet can reach; resolved once, and connected to
what was checked. No redirects, no proxies of the environment, no cookies, 64 kB. Loopback opens
for demo and tests only.
"""

import socket
from ipaddress import ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

LARGEST: Final = 64 * 1024
# A person is waiting for it.
_TIMEOUT: Final = aiohttp.ClientTimeout(total=5, connect=3)
_HEADERS: Final = {"Accept": "application/json", "Accept-Encoding": "identity"}


class NoDocument(Exception):
    """It could not be read, for whatever reason; the text is fit for a log."""


class AddressRefused(OSError):
    """The name leads to an address that nobody outside could reach."""


class Outgoing:
    """One per process, because of the connections it keeps."""

    def __init__(self, *, loopback: bool) -> None:
        self._loopback = loopback
        self._http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=_Checked(loopback=loopback), use_dns_cache=False, limit_per_host=4
            ),
            timeout=_TIMEOUT,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
            headers=_HEADERS,
        )

    async def close(self) -> None:
        await self._http.close()

    async def read(self, url: str) -> bytes:
        """The document at `url`. Raises NoDocument."""
        if not may_be_asked(url, loopback=self._loopback):
            raise NoDocument("address")
        try:
            async with self._http.get(url, allow_redirects=False) as answer:
                if answer.status != 200:
                    raise NoDocument(f"status-{answer.status}")
                document = await answer.content.read(LARGEST + 1)
                while len(document) <= LARGEST and not answer.content.at_eof():
                    document += await answer.content.read(LARGEST + 1 - len(document))
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as reason:
            raise NoDocument(type(reason).__name__) from None
        if len(document) > LARGEST:
            raise NoDocument("too-large")
        return document


def may_be_asked(url: str, *, loopback: bool) -> bool:
    """https without user names, fragments or private addresses; http on loopback, where allowed."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        has_port = parts.port is None or parts.port > 0
    except ValueError:
        return False
    plain = "@" not in parts.netloc and not parts.fragment and url.isascii() and url.isprintable()
    if not host or not has_port or not plain or " " in url:
        return False
    if parts.scheme == "http":
        return loopback and _is_this_machine(parts)
    return parts.scheme == "https" and (not _is_literal(host) or _fits(host, loopback=loopback))


def _is_this_machine(parts: SplitResult) -> bool:
    host = parts.hostname or ""
    if _is_literal(host):
        return ip_address(host).is_loopback
    return host == "localhost" or host.endswith(".localhost")


def _is_literal(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _fits(address: str, *, loopback: bool) -> bool:
    known = ip_address(address.partition("%")[0])
    mapped = getattr(known, "ipv4_mapped", None)
    known = mapped or known
    if known.is_loopback:
        return loopback
    return known.is_global and not known.is_multicast


class _Checked(AbstractResolver):
    """Resolves once; one unfit answer among many refuses them all."""

    def __init__(self, *, loopback: bool) -> None:
        self._inner = ThreadedResolver()
        self._loopback = loopback

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        if not all(_fits(one["host"], loopback=self._loopback) for one in found):
            raise AddressRefused(host)
        return found

    async def close(self) -> None:
        await self._inner.close()
