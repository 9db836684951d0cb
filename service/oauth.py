"""What the OAuth endpoints share: form bodies, and error documents of their own form.

RFC 6749, section 5.2, fixes `{"error": …}`; everything else answers with problem documents.
"""

from typing import Any, Final
from urllib.parse import parse_qsl

from litestar import Request, Response
from msgspec import Struct

NO_STORE: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_FORM: Final = "application/x-www-form-urlencoded"
# Far more than any grant has; the body's own limit alone would allow thirty thousand.
_MOST_FIELDS: Final = 32


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
    if media_type != _FORM:
        raise OAuthRefused("invalid_request")
    try:
        pairs = parse_qsl(
            (await request.body()).decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError:
        raise OAuthRefused("invalid_request") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise OAuthRefused("invalid_request")
    return {name: value for name, value in fields.items() if value}
