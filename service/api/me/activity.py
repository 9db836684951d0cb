"""What happened to the owner's account, and when."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from msgspec import Meta, Struct

from domain.wallets import Wallet
from service.api.me.entering import problems_at, router
from service.api.me.shapes import ContactNamed
from service.operations import own_account
from service.operations.house import House
from service.operations.own_account import SAID, ActivitySeen
from service.operations.owners import Owner

_WORDS = ", ".join(f"`{word}`" for word in sorted(set(SAID.values())))


class ActivityAnswer(Struct, frozen=True, kw_only=True):
    id: UUID
    at: datetime
    what: Annotated[str, Meta(description=f"One of {_WORDS}; more may come.")]
    contact: Annotated[ContactNamed | None, Meta(description="Whom it is about, if anyone.")]

    @classmethod
    def of(cls, seen: ActivitySeen) -> "ActivityAnswer":
        contact = None if seen.contact is None else ContactNamed.of(seen.contact)
        return cls(id=seen.id, at=seen.at, what=seen.what, contact=contact)


class ActivityList(Struct, frozen=True, kw_only=True):
    items: tuple[ActivityAnswer, ...]
    next: Annotated[UUID | None, Meta(description="For `cursor`; null on the last page.")]


@get("/v1/me/activity", responses=problems_at(400, 401, 404, 409))
async def see_activity(
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
    owner: NamedDependency[Owner],
    cursor: Annotated[UUID | None, QueryParameter(description="`next` of the page before.")] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=100)] = 50,
) -> ActivityList:
    """The newest first."""
    page = await own_account.see_activity(house, wallet, owner, before=cursor, limit=limit)
    return ActivityList(items=tuple(ActivityAnswer.of(one) for one in page.items), next=page.next)


ACTIVITY = router(see_activity, tag="own activity")
