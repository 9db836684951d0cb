"""The wallet app's way into the owner's hosted pages."""

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from litestar import Router, post
from litestar.di import NamedDependency
from litestar.openapi.spec import Schema
from litestar.openapi.spec.enums import OpenAPIType
from litestar.params import JSONBody
from msgspec import Meta, Struct

from domain.ids import SessionId
from domain.wallets import Wallet
from service import openapi
from service.api.bodies import ApiRequest
from service.api.callers import REFUSALS, needs
from service.api.shapes import Instant, SubjectInPath, Word, in_utc, plausible
from service.operations import page_links
from service.operations.house import House
from service.operations.page_links import AskedLink
from service.storage.values import LinkPurpose, Scope


class NewPageLink(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    purpose: Annotated[
        LinkPurpose,
        Meta(description="`manage` without a recent strong sign-in opens pages that only show."),
    ]
    session_id: Annotated[
        UUID | None,
        Meta(description="Not for `dispute` while frozen: then no session lives."),
    ] = None
    auth_time: Annotated[Instant, Meta(description="When the owner last signed in to the wallet.")]
    acr: Annotated[Word, Meta(description="How strongly they did.", examples=["urn:norte:strong"])]

    rules_told: ClassVar = [
        openapi.where(
            "purpose",
            [LinkPurpose.VIEW, LinkPurpose.MANAGE],
            Schema(
                required=["session_id"],
                properties={"session_id": Schema(type=OpenAPIType.STRING)},
            ),
        )
    ]

    def __post_init__(self) -> None:
        plausible(self.auth_time)
        if self.session_id is None and self.purpose is not LinkPurpose.DISPUTE:
            raise ValueError("session_id is missing")


class PageLinkAnswer(Struct, frozen=True, kw_only=True):
    url: Annotated[str, Meta(description="Opened once, top-level, within 60 seconds.")]
    expires_at: datetime


@post(
    "/v1/accounts/{subject:str}/page-links",
    responses=openapi.problems_at(400, 401, 403, 404, 409, 413, 415, 429),
)
async def make_page_link(
    subject: SubjectInPath,
    data: JSONBody[NewPageLink],
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
) -> PageLinkAnswer:
    """A link for an active session of the account; 404 for any other session.

    To dispute while frozen it needs no session, but a strong sign-in later than the freeze.
    """
    asked = AskedLink(
        purpose=data.purpose,
        session_id=SessionId(data.session_id) if data.session_id is not None else None,
        auth_time=in_utc(data.auth_time),
        acr=data.acr,
    )
    made = await page_links.make_page_link(house, wallet, subject, asked)
    return PageLinkAnswer(url=made.url, expires_at=made.expires_at)


PAGE_LINKS = Router(
    path="/",
    route_handlers=[make_page_link],
    guards=[needs(Scope.SESSIONS)],
    request_class=ApiRequest,
    exception_handlers=REFUSALS,
    security=[{openapi.TOKEN: [Scope.SESSIONS]}],
    tags=["page links"],
)
