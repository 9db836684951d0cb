"""Every frozen account, for the wallet to compare with its own list."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import QueryParameter
from msgspec import Meta, Struct

from domain.accounts import Account, Display, Done
from domain.ids import AccountId
from domain.wallets import Wallet
from service import openapi
from service.api.bodies import ApiRequest
from service.api.callers import REFUSALS, needs, the_caller
from service.api.shapes import Version
from service.operations import frozen_accounts
from service.operations.house import House
from service.storage.values import Scope


class FrozenAccount(Struct, frozen=True, kw_only=True):
    subject: str
    version: Version
    frozen_at: datetime | None
    sessions_void_before: datetime | None
    display: Display
    confirmed_at: Annotated[
        datetime | None,
        Meta(description="When the wallet first confirmed this version; null until it has."),
    ]
    missing: Annotated[
        tuple[Done, ...], Meta(description="What the wallet has not said to be done for it.")
    ]

    @classmethod
    def of(cls, account: Account) -> "FrozenAccount":
        return cls(
            subject=account.subject,
            version=account.version,
            frozen_at=account.frozen_at,
            sessions_void_before=account.sessions_void_before,
            display=account.display,
            confirmed_at=account.freeze_confirmed_at,
            missing=account.not_done,
        )


class FrozenList(Struct, frozen=True, kw_only=True):
    items: tuple[FrozenAccount, ...]
    next: Annotated[AccountId | None, Meta(description="For `cursor`; null on the last page.")]


@get("/v1/frozen-accounts", responses=openapi.problems_at(400, 401, 403, 429))
async def see_frozen_accounts(
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
    cursor: Annotated[UUID | None, QueryParameter(description="`next` of the page before.")] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=100)] = 50,
) -> FrozenList:
    """Every account of this wallet that is frozen, to reconcile.

    Whatever is frozen while all pages are read stands on exactly one of them, however many others
    freeze or are released meanwhile.
    """
    after = None if cursor is None else AccountId(cursor)
    page = await frozen_accounts.see_frozen_accounts(house, wallet, after=after, limit=limit)
    return FrozenList(items=tuple(FrozenAccount.of(one) for one in page.items), next=page.next)


FROZEN_ACCOUNTS = Router(
    path="/",
    route_handlers=[see_frozen_accounts],
    guards=[needs(Scope.ACCOUNTS)],
    dependencies={"caller": Provide(the_caller, sync_to_thread=False)},
    request_class=ApiRequest,
    exception_handlers=REFUSALS,
    security=[{openapi.TOKEN: [Scope.ACCOUNTS]}],
    tags=["accounts"],
)
