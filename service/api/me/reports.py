"""Who reported a loss of the owner's phone."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from msgspec import Meta, Struct

from domain.ids import ReportId
from domain.reports import LossKind, Outcome, ReportStatus
from domain.wallets import Wallet
from service.api.me.entering import problems_at, router
from service.api.me.shapes import ContactNamed
from service.operations import own_account
from service.operations.house import House
from service.operations.own_account import ReportSeen
from service.operations.owners import Owner


class ReportAnswer(Struct, frozen=True, kw_only=True):
    id: ReportId
    by: ContactNamed
    kind: LossKind
    status: ReportStatus
    filed_at: datetime
    withdrawn_at: datetime | None
    outcome: Annotated[
        Outcome | None,
        Meta(
            description="What became of it; null until that is decided, and without a recent "
            "strong sign-in."
        ),
    ]

    @classmethod
    def of(cls, seen: ReportSeen) -> "ReportAnswer":
        report = seen.report
        return cls(
            id=report.id,
            by=ContactNamed.of(seen.by),
            kind=report.kind,
            status=report.status,
            filed_at=report.filed_at,
            withdrawn_at=report.withdrawn_at,
            outcome=seen.outcome,
        )


class ReportList(Struct, frozen=True, kw_only=True):
    items: tuple[ReportAnswer, ...]
    next: Annotated[ReportId | None, Meta(description="For `cursor`; null on the last page.")]


@get("/v1/me/reports", responses=problems_at(400, 401, 404, 409))
async def see_reports(
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
    owner: NamedDependency[Owner],
    cursor: Annotated[UUID | None, QueryParameter(description="`next` of the page before.")] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=100)] = 50,
) -> ReportList:
    """The newest first; each once the matter is settled."""
    before = None if cursor is None else ReportId(cursor)
    page = await own_account.see_reports(house, wallet, owner, before=before, limit=limit)
    return ReportList(items=tuple(ReportAnswer.of(one) for one in page.items), next=page.next)


REPORTS = router(see_reports, tag="own reports")
