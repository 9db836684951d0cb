"""The demo's ports: the same in every run, so that bookmarks and links in messages stay right."""

import time
from pathlib import Path
from typing import Final

from msgspec import Struct

from service.processes import is_free, kept_port, kept_ports

# What a person would try first.
_PREFERRED: Final = {"pages": 8000, "wallet": 8001, "messages": 8002, "smtp": 2525}
# A predecessor that was killed leaves children that are just going.
_PATIENCE: Final = 5.0


class Ports(Struct, frozen=True, kw_only=True):
    pages: int
    wallet: int
    messages: int
    smtp: int

    @property
    def origin(self) -> str:
        return f"http://localhost:{self.pages}"

    @property
    def console_origin(self) -> str:
        return f"http://console.localhost:{self.pages}"

    @property
    def wallet_origin(self) -> str:
        return f"http://localhost:{self.wallet}"

    @property
    def messages_origin(self) -> str:
        return f"http://localhost:{self.messages}"


def choose(file: Path) -> Ports:
    until = time.monotonic() + _PATIENCE
    while not all(map(is_free, kept_ports(file).values())) and time.monotonic() < until:
        time.sleep(0.05)
    found = {name: kept_port(name, file, preferred=port) for name, port in _PREFERRED.items()}
    return Ports(**found)
