"""Heads that come again: a gateway says the same before every token it asks about.

What the strict parser once made of these very bytes, at the beginning of a request, it would make
of them again. Only the body is new, and it is framed by the length that the head itself says.
"""

from hashlib import sha256
from typing import Final
from uuid import UUID

from service.storage.introspection import Caller

END: Final = b"\r\n\r\n"


class Head:
    """A request's first line and headers, as the parser read them, known again by their digest.

    The bytes themselves are not kept: a secret stays no longer than its request.
    """

    __slots__ = (
        "digest",
        "headers",
        "host",
        "is_old",
        "length",
        "meant",
        "method",
        "size",
        "target",
    )

    def __init__(
        self, raw: bytes, length: int, method: bytes, target: bytes, headers: dict[bytes, bytes]
    ) -> None:
        self.digest = sha256(raw).digest()
        self.size = len(raw)
        self.length = length
        self.method = method
        self.target = target
        self.headers = headers
        self.host = headers.get(b"host", b"").lower()
        # HTTP/1.0, whose answer says that the connection stays.
        self.is_old = False
        # Who it was read to be, of which wallet: set by the reader, checked by the database.
        self.meant: tuple[UUID, Caller] | None = None

    def body_of(self, data: bytes) -> bytes | None:
        """The body, if this is one whole request with the same head and nothing after it."""
        size = self.size
        if len(data) != size + self.length or data.find(END) + len(END) != size:
            return None
        return data[size:] if sha256(data[:size]).digest() == self.digest else None
