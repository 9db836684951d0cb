"""The owner rehearses with a trusted person: nothing is stopped by it."""

from typing import Annotated
from uuid import UUID

from litestar import post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta, Struct

from domain.ids import ContactId, DrillId
from domain.wallets import Wallet
from service.api.me.entering import problems_at, router
from service.api.shapes import IdempotencyKey
from service.operations import drills
from service.operations.house import House
from service.operations.owners import Owner
from service.security.tokens import new_token


class NewDrill(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    contact_id: Annotated[UUID, Meta(description="Who rehearses; they are sent a link.")]


class DrillAnswer(Struct, frozen=True, kw_only=True):
    id: DrillId


@post("/v1/me/drills", responses=problems_at(400, 401, 403, 404, 409, 413, 415))
async def begin_drill(
    *,
    data: JSONBody[NewDrill],
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
    owner: NamedDependency[Owner],
    idempotency_key: IdempotencyKey = None,
) -> DrillAnswer:
    """Send one trusted person a rehearsal, once in 30 days.

    403 `may-not-report` for somebody who could not report either; 429 `too-soon`.
    """
    contact_id = ContactId(data.contact_id)
    key = idempotency_key or new_token()
    begun = await drills.start_by_owner(house, wallet, owner, contact_id, key=key)
    return DrillAnswer(id=begun.drill_id)


DRILLS = router(begin_drill, tag="own drills")
