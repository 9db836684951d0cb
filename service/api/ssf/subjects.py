"""`/ssf/subjects:add` and `:remove`: about whom a stream is told (SSF 1.0, section 8.1.3)."""

from typing import Annotated, Any, ClassVar, Final

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import Schema
from litestar.openapi.spec.enums import OpenAPIType
from litestar.params import JSONBody
from litestar.status_codes import HTTP_200_OK, HTTP_204_NO_CONTENT
from msgspec import Meta, Struct

from domain.wallets import Wallet
from service import openapi
from service.api.ssf.doors import MANAGES, managing
from service.api.ssf.shapes import StreamKey
from service.operations import ssf_subjects
from service.operations.clients import Caller
from service.operations.house import House

Subject = Annotated[
    dict[str, Any],
    Meta(
        max_length=20,
        description='RFC 9493. An account is `{"format": "iss_sub", "iss", "sub"}`, by this issuer '
        "or by the wallet's identity provider; whatever names nobody here has no effect.",
        examples=[{"format": "iss_sub", "iss": "https://wallet.example", "sub": "olga-1"}],
    ),
]


_FORMAT: Final = Schema(type=OpenAPIType.STRING, min_length=1)
_NAMED: Final = Schema(required=["format"], properties={"format": _FORMAT})
_RULES: Final = [Schema(properties={"subject": _NAMED})]


class NewSubject(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    stream_id: StreamKey
    subject: Subject
    verified: Annotated[bool, Meta(description="Has no effect.")] = True

    rules_told: ClassVar = _RULES

    def __post_init__(self) -> None:
        _require_format(self.subject)


class OldSubject(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    stream_id: StreamKey
    subject: Subject

    rules_told: ClassVar = _RULES

    def __post_init__(self) -> None:
        _require_format(self.subject)


def _require_format(subject: dict[str, Any]) -> None:
    named = subject.get("format")
    if not isinstance(named, str) or not named:
        raise ValueError("A subject says its format")


@post(
    "/subjects:add",
    guards=[managing],
    security=MANAGES,
    status_code=HTTP_200_OK,
    responses={
        **openapi.problems_at(400, 401, 403, 404, 413, 415, 429),
        HTTP_200_OK: ResponseSpec(None, description="Whether the subject is known is not said"),
    },
)
async def add_subject(
    data: JSONBody[NewSubject],
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
    caller: NamedDependency[Caller],
) -> Response[Any]:
    """Tell the stream of this account again. 404 is for the stream alone."""
    await ssf_subjects.choose(
        house, wallet, caller, data.stream_id, subject=data.subject, added=True
    )
    # Empty: the framework would write `null`.
    return Response(b"")


@post(
    "/subjects:remove",
    guards=[managing],
    security=MANAGES,
    status_code=HTTP_204_NO_CONTENT,
    responses=openapi.problems_at(400, 401, 403, 404, 413, 415, 429),
    response_description="Whether the subject is known is not said",
)
async def remove_subject(
    data: JSONBody[OldSubject],
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
    caller: NamedDependency[Caller],
) -> None:
    """Tell the stream of this account no more. If it is frozen, the release is still told."""
    await ssf_subjects.choose(
        house, wallet, caller, data.stream_id, subject=data.subject, added=False
    )
