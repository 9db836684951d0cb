"""What the OAuth endpoints share: form bodies, and error documents of their own form.

RFC 6749, section 5.2, fixes `{"error": …}`; everything else answers with problem documents.
"""

from typing import Any, Final

from litestar import Request, Response
from msgspec import Struct

from service.security.form_bodies import FORM, fields

NO_STORE: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class OAuthError(Struct, frozen=True):
    """`error` is one of the codes of RFC 6749, section 5.2, or RFC 6750, section 3.1."""

    error: str


class OAuthRefused(Exception):
    """Raised by handlers and turned into an answer by `refused`."""

    def __init__(self, error: str, *, status: int = 400, challenge: str | None = None) -> None:
        super().__init__(error)
        self.error = error
        self.status = status
        self.challenge = challenge


def refused(_: Request[Any, Any, Any], refusal: OAuthRefused) -> Response[OAuthError]:
    headers = dict(NO_STORE)
    if refusal.challenge is not None:
        headers["WWW-Authenticate"] = refusal.challenge
    return Response(
        OAuthError(refusal.error),
        status_code=refusal.status,
        media_type="application/json",
        headers=headers,
    )


async def form(request: Request[Any, Any, Any]) -> dict[str, str]:
    """The fields of a form body; empty ones count as not sent. Raises OAuthRefused.

    A field that stands there twice makes the request invalid (RFC 6749, section 3.2).
    """
    media_type, _ = request.content_type
    if media_type != FORM:
        raise OAuthRefused("invalid_request")
    body = await request.body()
    try:
        return fields(body)
    except ValueError:
        raise OAuthRefused("invalid_request") from None
