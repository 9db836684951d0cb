"""Headers every answer carries, and the content security policy of pages (ASVS 3.4)."""

import secrets
from typing import TYPE_CHECKING, Final

# The gateways' process sends the same headers without the framework.
if TYPE_CHECKING:
    from litestar.types import ASGIApp, Message, Receive, Scope, Send

_ALWAYS: Final = {
    b"x-content-type-options": b"nosniff",
    # Under `no-referrer` browsers would send `Origin: null` with our own forms.
    b"referrer-policy": b"same-origin",
    b"x-robots-tag": b"noindex",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"permissions-policy": b"camera=(), microphone=(), geolocation=()",
    b"strict-transport-security": b"max-age=63072000; includeSubDomains",
}


def page_policy(nonce: str) -> str:
    """Nothing from elsewhere, nothing inline without this answer's nonce, never framed."""
    return (
        "default-src 'none'; "
        f"style-src 'self' 'nonce-{nonce}'; script-src 'self' 'nonce-{nonce}'; "
        "img-src 'self' data:; connect-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )


_NOTHING: Final = b"default-src 'none'; frame-ancestors 'none'"


def beside_data() -> list[tuple[bytes, bytes]]:
    """What `SecurityHeaders` adds to an answer that is no page and says how it may be kept."""
    return [*_ALWAYS.items(), (b"content-security-policy", _NOTHING)]


class SecurityHeaders:
    """ASGI middleware: makes the nonce pages use, and adds what is missing to each answer."""

    def __init__(self, app: "ASGIApp") -> None:
        self._app = app

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        nonce = secrets.token_urlsafe(16)
        scope.setdefault("state", {})["csp_nonce"] = nonce

        async def send_with_headers(message: "Message") -> None:
            if message["type"] == "http.response.start":
                present = {name.lower() for name, _ in message["headers"]}
                extra = [(k, v) for k, v in _ALWAYS.items() if k not in present]
                if b"content-security-policy" not in present:
                    is_page = any(
                        k.lower() == b"content-type" and v.startswith(b"text/html")
                        for k, v in message["headers"]
                    )
                    policy = page_policy(nonce).encode() if is_page else _NOTHING
                    extra.append((b"content-security-policy", policy))
                if b"cache-control" not in present:
                    extra.append((b"cache-control", b"no-store"))
                message["headers"] = [*message["headers"], *extra]
            await send(message)

        await self._app(scope, receive, send_with_headers)
