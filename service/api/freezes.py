"""The wallet freezes one of its own accounts."""

from datetime import datetime
from typing import Annotated, Any

from litestar import Request, Router, post
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody
from msgspec import Meta, Struct

from domain.accounts import AccountState
from domain.wallet_reports import FreezeReason
from domain.wallets import Wallet
from service import openapi
from service.api.bodies import ApiRequest
from service.api.callers import REFUSALS, needs, the_caller
from service.api.repeating import repeatable
from service.api.shapes import (
    Instant,
    NeededIdempotencyKey,
    SubjectInPath,
    Version,
    Word,
    in_utc,
    plausible,
)
from service.operations import hot_line
from service.operations.clients import Caller
from service.operations.hot_line import LONGEST_NOTE, LONGEST_OPERATOR, Stopped, Told
from service.operations.house import House
from service.storage.values import Scope


class NewFreeze(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the wallet knows of it. Only the reason is needed; nothing else delays a freeze."""

    reason: Annotated[
        FreezeReason,
        Meta(
            description=(
                "`lost` and `stolen`: the phone. `suspected-takeover`: somebody else acts in the "
                "account, wherever the phone is; it is told on like a theft."
            )
        ),
    ]
    note: Annotated[
        str, Meta(max_length=LONGEST_NOTE, description="For those who look into it; sealed.")
    ] = ""
    noticed_at: Annotated[
        Instant | None, Meta(description="Since when the phone may have been in other hands.")
    ] = None
    device_id: Annotated[
        Word | None,
        Meta(
            description=(
                "The wallet's own id of the device it is about. One that no session ever named is "
                "no reason to refuse: every device is barred anyway."
            )
        ),
    ] = None
    danger: Annotated[
        bool,
        Meta(
            description=(
                "The owner may not be safe: messages to them wait for an agent, and `display` "
                "turns `neutral`. Never taken back by a later call."
            )
        ),
    ] = False
    operator_reference: Annotated[
        str,
        Meta(
            max_length=LONGEST_OPERATOR,
            description="The hot line's own name for the call or whoever took it; sealed.",
        ),
    ] = ""

    def __post_init__(self) -> None:
        if self.noticed_at is not None:
            plausible(self.noticed_at)

    def told(self) -> Told:
        return Told(
            reason=self.reason,
            device=self.device_id,
            noticed_at=None if self.noticed_at is None else in_utc(self.noticed_at),
            in_danger=self.danger,
            note=self.note,
            operator=self.operator_reference,
        )


class FreezeAnswer(Struct, frozen=True, kw_only=True):
    """The account as it is from now on."""

    reference: Annotated[
        str,
        Meta(
            description="What the case is called on the phone; it opens nothing.",
            examples=["K7QF-3M2X-R"],
        ),
    ]
    version: Version
    state: AccountState
    sessions_void_before: datetime | None

    @classmethod
    def of(cls, stopped: Stopped) -> "FreezeAnswer":
        return cls(
            reference=stopped.reference,
            version=stopped.version,
            state=stopped.state,
            sessions_void_before=stopped.sessions_void_before,
        )


@post(
    "/v1/accounts/{subject:str}/freeze",
    responses=openapi.problems_at(400, 401, 403, 404, 409, 413, 415, 422, 429),
    response_description="Frozen, now or before",
)
async def freeze(
    *,
    request: Request[Any, Any, Any],
    subject: SubjectInPath,
    data: JSONBody[NewFreeze],
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
    caller: NamedDependency[Caller],
    idempotency_key: NeededIdempotencyKey,
) -> FreezeAnswer:
    """Freeze the account: all that a trusted contact's report does, at once or not at all.

    Every session is void, every device barred, an urgent ticket opened, the owner told. Of an
    account that is frozen already the answer is the same, and its ticket moves up. A closing that
    was announced stops. Only two of the wallet's agents give the account back.

    409 `account-closed`.
    """
    stopped = await hot_line.freeze(
        house,
        wallet,
        subject,
        data.told(),
        client_id=caller.client_id,
        request=repeatable(request, wallet, caller, idempotency_key, await request.body()),
    )
    return FreezeAnswer.of(stopped)


FREEZES = Router(
    path="/",
    route_handlers=[freeze],
    guards=[needs(Scope.FREEZE)],
    dependencies={"caller": Provide(the_caller, sync_to_thread=False)},
    request_class=ApiRequest,
    exception_handlers=REFUSALS,
    security=[{openapi.TOKEN: [Scope.FREEZE]}],
    tags=["freezing"],
)
