"""The owner says that nothing was lost."""

from datetime import datetime
from typing import Annotated

from litestar import post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta, Struct

from domain.ids import DisputeId
from domain.wallets import Wallet
from service.api.me.entering import problems_at, router
from service.api.shapes import NeededIdempotencyKey
from service.operations import disputes
from service.operations.house import House
from service.operations.owners import Owner


class NewDispute(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    note: Annotated[str, Meta(max_length=500, description="For those who look into it.")] = ""


class DisputeAnswer(Struct, frozen=True, kw_only=True):
    """Somebody will look; nothing is released by it."""

    id: DisputeId
    disputed_at: datetime


@post(
    "/v1/me/disputes",
    responses=problems_at(400, 401, 404, 409, 413, 415, 422),
)
async def dispute(
    *,
    data: JSONBody[NewDispute],
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
    owner: NamedDependency[Owner],
    idempotency_key: NeededIdempotencyKey,
) -> DisputeAnswer:
    """Say that nothing was lost, while frozen. Needs a strong sign-in, recent and later than that.

    409 `account-not-frozen`.
    """
    said = await disputes.dispute(
        house,
        wallet,
        owner.account_id,
        sign_in=owner.sign_in,
        note=data.note,
        caller=str(owner.id),
        key=idempotency_key,
    )
    return DisputeAnswer(id=said.dispute_id, disputed_at=said.disputed_at)


DISPUTES = router(dispute, tag="own disputes", while_frozen=True, needs_strong=True)
