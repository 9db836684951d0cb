"""Reading from, and sending to, an address that somebody outside named.

https alone, to addresses that everyone on the internet can reach; resolved once, and connected to
what was checked. No redirects, no proxies of the environment, no cookies, 64 kB. Loopback opens
for demo and tests only.
"""

import asyncio
import socket
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from msgspec import Struct

LARGEST: Final = 64 * 1024
# A person is waiting for it.
_TIMEOUT: Final = aiohttp.ClientTimeout(total=5, connect=3)
_HEADERS: Final = {"Accept": "application/json", "Accept-Encoding": "identity"}
# Resolving and connecting; and everything together, the answer too.
_SENDS_WITHIN: Final = aiohttp.ClientTimeout(total=15, connect=5)
# Shorter than servers keep an idle connection: one that closes it at the moment of sending would
# make a failure of nothing.
_STAYS_OPEN: Final = 4.0
# All that anybody on the internet can be given; and the prefix that leads from it to the older one.
_GLOBAL: Final = (IPv6Network("2000::/3"), IPv6Network("64:ff9b::/96"))
# Within it, and for documents alone (RFC 9637).
_NOBODYS: Final = IPv6Network("3fff::/20")
# Addresses that carry another one inside, and where it begins.
_CARRIES: Final = (
    (IPv6Network("64:ff9b::/96"), 12),
    (IPv6Network("2002::/16"), 2),
)
_LOOKS_UP_AT_ONCE: Final = 32


class NoDocument(Exception):
    """It could not be read, for whatever reason; the text is fit for a log."""


class AddressRefused(OSError):
    """The name leads to an address that nobody outside could reach."""


class NoAnswer(Exception):
    """Nothing came back, or not all of it; the text is fit for a log."""


class Answer(Struct, frozen=True, kw_only=True):
    status: int
    # Names in lower case; of a repeated one the first.
    headers: Mapping[str, str]
    # Cut where it was too long.
    body: bytes

    def __repr__(self) -> str:
        return f"Answer({self.status})"


class Outgoing:
    """Reads. One per process, because of the connections it keeps."""

    def __init__(self, *, loopback: bool) -> None:
        self._loopback = loopback
        self._http = _session(loopback=loopback, timeout=_TIMEOUT, of_each=4, headers=_HEADERS)

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
                document = await _read(answer.content, LARGEST + 1)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as reason:
            raise NoDocument(type(reason).__name__) from None
        if len(document) > LARGEST:
            raise NoDocument("too-large")
        return document


class Sender:
    """Posts, any number at a time: how many to whom is its caller's to say. One per process."""

    def __init__(self, *, loopback: bool) -> None:
        self._loopback = loopback
        headers = {"Accept-Encoding": "identity", "User-Agent": "Resguardo"}
        self._http = _session(loopback=loopback, timeout=_SENDS_WITHIN, of_each=0, headers=headers)

    async def close(self) -> None:
        await self._http.close()

    async def post(self, url: str, *, headers: Mapping[str, str], body: bytes) -> Answer:
        """What the receiver answers, whatever it is. Raises NoAnswer."""
        if not may_be_asked(url, loopback=self._loopback):
            raise NoAnswer("address-refused")
        try:
            async with self._http.post(
                url, data=body, headers=headers, allow_redirects=False
            ) as answer:
                told = {name.lower(): answer.headers[name] for name in answer.headers}
                # What is left of it is not read: the connection ends with it.
                body = await _read(answer.content, LARGEST)
                return Answer(status=answer.status, headers=told, body=body)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as reason:
            raise NoAnswer(_why(reason)) from None


def _session(
    *, loopback: bool, timeout: aiohttp.ClientTimeout, of_each: int, headers: Mapping[str, str]
) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            resolver=_Checked(loopback=loopback),
            use_dns_cache=False,
            limit=0,
            limit_per_host=of_each,
            keepalive_timeout=_STAYS_OPEN,
        ),
        timeout=timeout,
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        auto_decompress=False,
        headers=headers,
    )


async def _read(content: aiohttp.StreamReader, most: int) -> bytes:
    document = await content.read(most)
    while len(document) < most and not content.at_eof():
        document += await content.read(most - len(document))
    return document


def _why(reason: Exception) -> str:
    inner = getattr(reason, "os_error", None)
    if isinstance(reason, AddressRefused) or isinstance(inner, AddressRefused):
        return "address-refused"
    return type(reason).__name__


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
    if not _is_literal(host) and host.rpartition(".")[2].isdecimal():
        # An address in one of its old spellings (127.1, 2130706433): no name ends in a number.
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
    known = getattr(known, "ipv4_mapped", None) or known
    if known.is_loopback:
        return loopback
    if not known.is_global or known.is_multicast:
        return False
    if isinstance(known, IPv6Address) and not _is_given_out(known):
        return False
    return all(
        _fits(str(ip_address(known.packed[begin : begin + 4])), loopback=False)
        for network, begin in _CARRIES
        if known in network
    )


def _is_given_out(address: IPv6Address) -> bool:
    return address not in _NOBODYS and any(address in network for network in _GLOBAL)


class _Checked(AbstractResolver):
    """Resolves once; one unfit answer among many refuses them all.

    In threads of its own, and one name in one thread only: a name whose servers are silent must
    not hold up the names of others.
    """

    def __init__(self, *, loopback: bool) -> None:
        self._loopback = loopback
        self._threads = ThreadPoolExecutor(_LOOKS_UP_AT_ONCE, thread_name_prefix="names")
        self._asked: dict[tuple[str, int, int], asyncio.Future[list[Any]]] = {}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        asked = (host, port, family)
        if (looking := self._asked.get(asked)) is None:
            looking = asyncio.get_running_loop().run_in_executor(
                self._threads, _look_up, host, port, family
            )
            self._asked[asked] = looking
            looking.add_done_callback(lambda done: self._looked_up(asked, done))
        # Others may wait for the same answer when this one stops waiting.
        found = [_result(host, port, one) for one in await asyncio.shield(looking)]
        if not found or not all(_fits(one["host"], loopback=self._loopback) for one in found):
            raise AddressRefused(host)
        return found

    def _looked_up(self, asked: tuple[str, int, int], done: asyncio.Future[list[Any]]) -> None:
        self._asked.pop(asked, None)
        # Perhaps nobody waits any more; then its failure is nobody's.
        if not done.cancelled():
            done.exception()

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _look_up(host: str, port: int, family: socket.AddressFamily) -> list[Any]:
    return socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, family=family, flags=socket.AI_ADDRCONFIG
    )


def _result(host: str, port: int, found: Any) -> ResolveResult:
    family, _, proto, _, address = found
    # A link-local address names its interface; it is refused all the same.
    return ResolveResult(
        hostname=host,
        host=address[0],
        port=port,
        family=family,
        proto=proto,
        flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
    )
