"""From which network a request comes: what a limiter may count without knowing anyone.

The address is the connection's. Only when the connection comes from a proxy that the operator
named does `X-Forwarded-For` say more, and then only the part that named proxies wrote: the rest
is whatever the visitor liked to send.
"""

import hmac
from collections.abc import Iterable
from hashlib import sha256
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from domain.ids import WalletId
from service.security.keys import KeyRing

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# What one household or office gets from its provider, and what one attacker can have many of.
_V4_BITS: Final = 24
_V6_BITS: Final = 48
# A connection without an address, such as a local socket's: all of them are counted together.
UNKNOWN: Final = "unknown"


def source_network(
    peer: str | None, forwarded_for: Iterable[str], proxies: tuple[Network, ...]
) -> str:
    """The visitor's network, /24 or /48. `forwarded_for` are the header's lines, in order."""
    address = _address(peer or "")
    if address is None:
        return UNKNOWN
    written = [part for line in forwarded_for for part in line.split(",")]
    # From the nearest on: each is believed as long as who wrote it is a proxy of ours.
    while written and _is_ours(address, proxies):
        before = _address(written.pop().strip())
        if before is None:
            break
        address = before
    bits = _V4_BITS if isinstance(address, IPv4Address) else _V6_BITS
    return str(ip_network((address, bits), strict=False))


def network_hash(keys: KeyRing, wallet_id: WalletId, network: str | None) -> bytes | None:
    """What is stored of a network: whether two are the same, and never which. None for none."""
    if network is None or network == UNKNOWN:
        return None
    key = hmac.digest(keys.index.secret, b"network|" + wallet_id.bytes, sha256)
    return hmac.digest(key, network.encode(), sha256)


def _is_ours(address: Address, proxies: tuple[Network, ...]) -> bool:
    return any(address in network for network in proxies)


def _address(written: str) -> Address | None:
    """An address as it is written alone; no port, no name, no zone."""
    try:
        address = ip_address(written)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        if address.scope_id is not None:
            return None
        return address.ipv4_mapped or address
    return address
