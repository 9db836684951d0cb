"""Bytes to requests, by llhttp, which reads strictly.

What two readers could read differently is refused (RFC 9112, section 11.2), and after a refusal of
that kind nothing more is read.
"""

from collections import deque
from typing import Any, Final

import httptools
from msgspec import Struct

from service.gateways import answers
from service.gateways.answers import Answer
from service.gateways.heads import END, Head
from service.gateways.questions import MOST_BODY, Request

MOST_HEAD: Final = 16 * 1024
MOST_HEADERS: Final = 100
# Everything a request may be made of: head, body, and what divides a body into pieces.
_MOST_BYTES: Final = MOST_HEAD + 2 * MOST_BODY
# What is read of a head, besides its first line.
_READ: Final = frozenset(
    {
        *(b"host", b"authorization", b"resguardo-client", b"content-type"),
        *(b"content-length", b"transfer-encoding", b"expect"),
    }
)
# With these a request is more than its head and a body of the length it says.
_NOT_AGAIN: Final = frozenset({b"transfer-encoding", b"expect"})
_MOST_CHANGES: Final = 8
_LINE_ENDS: Final = frozenset({b"\r", b"\n"})


class Taken(Struct, frozen=True, gc=False):
    """A request, or what has to be said to something that is none."""

    what: Request | Answer
    # Another may come after it.
    keeps: bool = False
    # HTTP/1.0 has to be told so.
    is_old: bool = False


class Intake:
    """What one client sends."""

    def __init__(self) -> None:
        self._parser: Any = httptools.HttpRequestParser(self)
        # Not yet fetched by the connection; in the order in which they came.
        self.taken: deque[Taken] = deque()
        # Nothing is read after what was taken.
        self.is_last = False
        # A request has begun and is not whole.
        self.is_inside = False
        # They want to hear that we want the body.
        self.wants_continue = False
        self._has_just_begun = False
        self._bytes = 0
        # The last request's, if it may come again, and that request without its body; and how
        # often it did not, in a row.
        self.head: Head | None = None
        self.again = Taken(answers.NOT_HTTP)
        self._changes = 0
        self._begin()

    def feed(self, data: bytes) -> bool:
        """Whether the request that is being taken in began with this."""
        if self.is_last:
            return False
        head = self.head
        if head is not None and not self.is_inside:
            body = head.body_of(data)
            if body is not None:
                known = Request(head.method, head.target, head.headers, body, False, head)
                self.taken.append(Taken(known, True, head.is_old))
                self._changes = 0
                return True
            # Whoever says something new each time (a trace of each request, say) is not known.
            self.head = None
            self._changes += 1
        self._has_just_begun = False
        rest: bytes | None = data
        while rest is not None:
            rest = self._read(rest)
        if self.is_inside and not self._has_just_begun:
            self._count_bytes(len(data))
        elif self._has_just_begun and self._has_taken and self._changes < _MOST_CHANGES:
            self._remember(data)
        return self._has_just_begun

    def body_again(self, data: bytes) -> bytes | None:
        """The body, if this is one whole request like the last, and nothing else is under way."""
        if self.head is None or self.is_inside or self.is_last or self.taken:
            return None
        return self.head.body_of(data)

    def _remember(self, data: bytes) -> None:
        """What this was, if it was one whole request whose head says how long its body is."""
        taken = self.taken[-1]
        length = int(self._headers.get(b"content-length", b"0"))
        size = data.find(END) + len(END)
        is_plain = not self._headers.keys() & _NOT_AGAIN and data[:1] not in _LINE_ENDS
        if not (is_plain and taken.keeps and length and len(data) == size + length):
            return
        request = self._request()
        self.head = head = Head(data[:size], length, request.method, request.target, self._headers)
        head.is_old = taken.is_old
        bare = Request(head.method, head.target, head.headers, b"", False, head)
        self.again = Taken(bare, True, head.is_old)

    def refuse(self, last: Request | Answer) -> None:
        """Answer this, and read on no further."""
        self.is_inside = self.wants_continue = False
        if not self.is_last:
            self.is_last = True
            self.taken.append(Taken(last))

    def _read(self, data: bytes) -> bytes | None:
        """What is left where the parser stopped, if it is to go on there."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as offer:
            if self._has_taken:
                self._decline_offer()
                return data[offer.args[0] :]
        except httptools.HttpParserError:
            self.refuse(answers.NOT_HTTP)
        return None

    def _decline_offer(self) -> None:
        """They would rather speak HTTP/2, say; that may be passed over (RFC 9110, section 7.8).

        The parser has stopped before the body, so it reads the same head again without the offer.
        """
        request = self._request()
        taken = self.taken.pop()
        if request.method == b"CONNECT":
            self.is_last = False
            self.refuse(answers.NOT_HTTP)
            return
        version = self._parser.get_http_version().encode()
        self.is_last = False
        self._parser = httptools.HttpRequestParser(self)
        lines = [b"%b %b HTTP/%b" % (request.method, request.target, version)]
        lines += [b"%b: %b" % header for header in request.headers.items()]
        if not taken.keeps:
            lines.append(b"connection: close")
        self._parser.feed_data(b"\r\n".join((*lines, b"", b"")))

    def _count_bytes(self, more: int) -> None:
        self._bytes += more
        if not self._has_head and self._bytes > MOST_HEAD:
            self.refuse(answers.HEAD_TOO_LARGE)
        elif self._bytes > _MOST_BYTES:
            self.refuse(answers.NOT_HTTP)

    def _begin(self) -> None:
        self._target = self._body = b""
        self._headers: dict[bytes, bytes] = {}
        self._count = self._size = self._bytes = 0
        self._has_head = self._has_two_hosts = self._has_taken = False

    # What the parser tells; it may go on for a while after a refusal.

    def on_message_begin(self) -> None:
        self._begin()
        self.is_inside = self._has_just_begun = not self.is_last

    def on_url(self, url: bytes) -> None:
        self._target += url
        self._size += len(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._has_head:
            # A trailer: nothing that decides may come after the body.
            return
        self._count += 1
        self._size += len(name) + len(value)
        name = name.lower()
        if name in _READ:
            # Of a header sent twice the first counts, as in the web process.
            if name not in self._headers:
                self._headers[name] = value
            elif name == b"host":
                self._has_two_hosts = True

    def on_headers_complete(self) -> None:
        self._has_head = True
        headers = self._headers
        if self._size > MOST_HEAD or self._count > MOST_HEADERS:
            self.refuse(answers.HEAD_TOO_LARGE)
        elif self._has_two_hosts or not self._is_framed(headers.get(b"transfer-encoding")):
            self.refuse(answers.NOT_HTTP)
        elif int(headers.get(b"content-length", b"0")) > MOST_BODY:
            self._refuse_body()
        elif b"expect" in headers and not self.is_last:
            self.wants_continue = headers[b"expect"].lower() == b"100-continue"

    def _is_framed(self, coding: bytes | None) -> bool:
        """In pieces is the only coding there is; HTTP/1.0 knew none (RFC 9112, section 6.1)."""
        if coding is None:
            return True
        return coding.strip().lower() == b"chunked" and self._parser.get_http_version() != "1.0"

    def on_body(self, body: bytes) -> None:
        self.wants_continue = False
        if self.is_last:
            return
        # Most come in one piece.
        self._body = self._body + body if self._body else body
        if len(self._body) > MOST_BODY:
            self._refuse_body()

    def _refuse_body(self) -> None:
        """Where it was sent to and who asks still decide what is said."""
        self.refuse(self._request(is_too_long=True))

    def on_message_complete(self) -> None:
        self.is_inside = self.wants_continue = False
        if self.is_last:
            return
        keeps = self._parser.should_keep_alive()
        is_old = keeps and self._parser.get_http_version() == "1.0"
        self.is_last = not keeps
        self._has_taken = True
        self.taken.append(Taken(self._request(), keeps, is_old))

    def _request(self, *, is_too_long: bool = False) -> Request:
        method = self._parser.get_method()
        return Request(method, self._target, self._headers, self._body, is_too_long)
