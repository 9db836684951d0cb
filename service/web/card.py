"""The owner's recovery card: what it is for, and its codes on a page to print, shown once."""

from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from msgspec import Struct

from domain.wallets import Wallet
from service.operations import recovery_cards
from service.operations.house import House
from service.operations.recovery_cards import CardSeen
from service.pages import AnyRequest, go, our_form
from service.security.tokens import new_token
from service.web.frame import owner_here, show, spoken
from service.wording import day_said

CARD: Final = "/owner/card"


class CardPage(Struct, frozen=True, kw_only=True):
    """owner/card.html"""

    may_manage: bool
    made_at: datetime | None
    codes: int
    left: int
    # This form was sent twice: the card of the first time was shown then, and never again.
    again: bool
    idempotency_key: str

    @classmethod
    def of(cls, seen: CardSeen, *, again: bool) -> "CardPage":
        return cls(
            may_manage=seen.may_manage,
            made_at=seen.made_at,
            codes=seen.codes,
            left=seen.left,
            again=again and seen.made_at is not None,
            idempotency_key=new_token(),
        )


class CodesPage(Struct, frozen=True, kw_only=True):
    """owner/codes.html"""

    codes: tuple[str, ...]
    # The day, in words: on paper "today" is soon wrong.
    made_on: str
    # Where a code is typed, as it is printed.
    address: str


@get("/owner/card", include_in_schema=False)
async def see_card(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[str]:
    session = await owner_here(request, house, wallet)
    seen = await recovery_cards.see_card(house, wallet, session)
    page = CardPage.of(seen, again=request.query_params.get("again") == "1")
    return show(request, "owner/card.html", page, now=seen.now, time_zone=seen.time_zone)


@post("/owner/card", include_in_schema=False)
async def make_card(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[Any]:
    """Answered with the codes themselves: were they kept for another page, they would be stored."""
    fields = await our_form(request)
    session = await owner_here(request, house, wallet)
    key = sha256(fields.get("idempotency_key", "").encode()).hexdigest()
    codes = await recovery_cards.make_card(house, wallet, session, key=key)
    if codes is None:
        return go(f"{CARD}?again=1")
    seen = await recovery_cards.see_card(house, wallet, session)
    page = CodesPage(
        codes=codes,
        made_on=day_said(seen.now, language=spoken(request), time_zone=seen.time_zone),
        address=f"{wallet.origin}/mine",
    )
    return show(request, "owner/codes.html", page, now=seen.now, time_zone=seen.time_zone)


ROUTES = (see_card, make_card)
