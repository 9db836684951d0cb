"""Ports for what a test starts in a moment, kept from everybody else until then.

Between asking for a free port and listening there a program takes seconds to load, and on a busy
machine many others ask meanwhile.
"""

import socket
from collections import deque
from collections.abc import Collection
from contextlib import suppress
from typing import Final

# Many more than any test starts at once: whoever has listened needs no keeping any more.
_KEPT: Final = 32
_kept: Final[deque[list[socket.socket]]] = deque()


def free_port(*, others: Collection[int] = ()) -> int:
    """Free, and chosen for nobody else by the kernel while this process is about to use it."""
    while True:
        port, keeping = _a_kept_port()
        _kept.append(keeping)
        if len(_kept) > _KEPT:
            _let_go(_kept.popleft())
        if port not in others and _is_nobodys(port, keeping):
            return port


def _a_kept_port() -> tuple[int, list[socket.socket]]:
    keeping = _bound(socket.AF_INET, "127.0.0.1", 0)
    return keeping.getsockname()[1], [keeping]


def _is_nobodys(port: int, keeping: list[socket.socket]) -> bool:
    """On the other loopback address neither: a browser may take either for `localhost`."""
    with suppress(OSError):
        socket.create_connection(("::1", port), timeout=1).close()
        return False
    # A machine without that address has nobody there.
    with suppress(OSError):
        keeping.append(_bound(socket.AF_INET6, "::1", port))
    return True


def _bound(family: socket.AddressFamily, address: str, port: int) -> socket.socket:
    """Bound and never listening: any server may listen there, as all of them reuse addresses, and
    whoever asks the kernel for any free port gets another."""
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((address, port))
    except OSError:
        bound.close()
        raise
    return bound


def _let_go(keeping: list[socket.socket]) -> None:
    for one in keeping:
        one.close()
