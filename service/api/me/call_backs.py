"""How the owner can be reached now: the same hint as at `/mine`, from someone signed in."""

from datetime import datetime
from typing import Annotated, Any

from litestar import Request, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from litestar.status_codes import HTTP_202_ACCEPTED
from msgspec import Meta, Struct

from domain.recovery import GoodTime, Voice
from domain.wallets import Wallet
from service.api.me.entering import problems_at, router
from service.api.me.repeating import repeatable
from service.api.shapes import IdempotencyKey
from service.operations import hints
from service.operations.addresses import reachable_phone
from service.operations.hints import Said
from service.operations.house import House
from service.operations.owners import Owner


class NewCallBack(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    number: Annotated[
        str,
        Meta(
            min_length=3,
            max_length=40,
            description="With its dialling code, or of the wallet's own country.",
            examples=["+54 9 11 6789-0123"],
        ),
    ]
    language: Annotated[
        str, Meta(pattern=r"^(es|pt-BR|en)(?![\s\S])", max_length=5, examples=["es"])
    ]
    good_time: GoodTime = GoodTime.ANY
    voice: Voice = Voice.CALL


class CallBackAnswer(Struct, frozen=True, kw_only=True):
    """It lies before those who work on the account; nothing else has changed."""

    left_at: datetime


@post(
    "/v1/me/call-backs",
    status_code=HTTP_202_ACCEPTED,
    responses=problems_at(400, 401, 404, 409, 413, 415, 422),
)
async def leave_call_back(
    *,
    request: Request[Any, Any, Any],
    data: JSONBody[NewCallBack],
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
    owner: NamedDependency[Owner],
    idempotency_key: IdempotencyKey = None,
) -> CallBackAnswer:
    """Leave a number with those who work on the account. Stays open while it is frozen.

    It freezes nothing and proves nothing. 422 `address-not-allowed`.
    """
    said = Said(
        number=reachable_phone(data.number, country=wallet.country),
        language=data.language,
        good_time=data.good_time,
        voice=data.voice,
    )
    asked = repeatable(wallet, owner, request, idempotency_key, await request.body())
    left_at = await hints.leave_for(house, wallet, owner, said, request=asked)
    return CallBackAnswer(left_at=left_at)


CALL_BACKS = router(leave_call_back, tag="own call-backs", while_frozen=True)
