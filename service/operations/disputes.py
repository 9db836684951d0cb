"""The owner says that nothing was lost. It moves the ticket up, and releases nothing.

Also while frozen: by the wallet's own token, or on a page that a link for this purpose alone
opened. In danger the answer is the same, and nothing moves.
"""

from datetime import datetime
from uuid import UUID

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import disputes, tickets
from domain.accounts import Account
from domain.disputes import Dispute
from domain.events import Actor, ActorKind
from domain.ids import AccountId, DisputeId
from domain.refusals import (
    AccountNotFrozen,
    NotFound,
    PageExpired,
    SignInVoid,
    StrongSignInNeeded,
)
from domain.sign_ins import SignIn
from domain.signs import TryWay
from domain.wallets import Wallet
from service.operations import refused_tries
from service.operations.addresses import plain_text
from service.operations.house import House
from service.operations.idempotency import Request, remember, replay
from service.security.encryption import DataKey, Place
from service.security.tokens import new_id
from service.storage import load
from service.storage.keychain import find_key
from service.storage.rows import clock, keep
from service.storage.values import BrowserSession, LinkPurpose

_LONGEST_NOTE = 500


class Disputed(Struct, frozen=True, kw_only=True):
    """The answer: the same whether or not it has an effect."""

    dispute_id: DisputeId
    disputed_at: datetime


async def dispute(
    house: House,
    wallet: Wallet,
    account_id: AccountId,
    *,
    sign_in: SignIn,
    note: str,
    caller: str,
    key: str,
) -> Disputed:
    """Store it and move the ticket up, together. The same request twice is one dispute.

    Raises AccountNotFrozen, SignInVoid, StrongSignInNeeded. That the sign-in is recent, the door
    has checked.
    """
    text = plain_text(note, longest=_LONGEST_NOTE)
    async with house.engine.begin() as db:
        account = await load.account_for_change(db, wallet.id, account_id)
        ticket = await load.open_loss_ticket_for_change(db, wallet.id, account.id)
        now = await clock(db)
        wallet_key = await find_key(db, house.keys, wallet.data_key_id)
        request = Request(
            wallet_id=wallet.id, caller=caller, route="disputes", key=key, body=text.encode()
        )
        if (answered := await replay(db, wallet_key, request)) is not None:
            dispute_id, _, at = answered.partition(" ")
            return Disputed(
                dispute_id=DisputeId(UUID(dispute_id)), disputed_at=datetime.fromisoformat(at)
            )
        if ticket is None:
            raise AccountNotFrozen
        if sign_in.at is None or sign_in.acr is None:
            raise SignInVoid
        dispute_id = DisputeId(new_id())
        said = Dispute(
            id=dispute_id,
            wallet_id=wallet.id,
            account_id=account.id,
            ticket_id=ticket.id,
            signed_in_at=sign_in.at,
            acr=sign_in.acr,
            note=await _sealed(db, house, account, dispute_id, text),
            disputed_at=now,
        )
        try:
            change = disputes.dispute(
                said, account=account, ticket=ticket, strong_acr=wallet.strong_acr, now=now
            )
        except (SignInVoid, StrongSignInNeeded):
            refused_tries.note(house, account, TryWay.DISPUTE)
            raise
        by = Actor(ActorKind.OWNER, account.id)
        kept = await keep(db, wallet.id, None, change, by=by)
        if not kept.without_effect:
            await keep(db, wallet.id, ticket, tickets.hear_owner(ticket, now=now), by=by)
        await remember(db, wallet_key, request, f"{dispute_id} {now.isoformat()}")
        return Disputed(dispute_id=dispute_id, disputed_at=now)


async def dispute_on_page(
    house: House, wallet: Wallet, session: BrowserSession, *, note: str, key: str
) -> Disputed:
    """The same from the page that a link with the purpose `dispute` opened. Raises PageExpired."""
    if session.purpose != LinkPurpose.DISPUTE.value or session.account_id is None:
        raise PageExpired
    async with house.engine.connect() as db:
        account = await load.account(db, wallet.id, session.account_id)
    # Frozen anew meanwhile, or released: the page belongs to the freeze it was opened in.
    if account.epoch != session.epoch:
        raise PageExpired
    return await dispute(
        house,
        wallet,
        session.account_id,
        sign_in=SignIn(at=session.signed_in_at, acr=session.acr),
        note=note,
        caller=str(session.id),
        key=key,
    )


def place_of(dispute_id: DisputeId) -> Place:
    return Place("disputes", "note", dispute_id)


async def _sealed(
    db: AsyncConnection, house: House, account: Account, dispute_id: DisputeId, text: str
) -> bytes | None:
    if not text:
        return None
    return (await owner_key(db, house, account)).seal(place_of(dispute_id), text)


async def owner_key(db: AsyncConnection, house: House, account: Account) -> DataKey:
    """The key under which everything about an owner is sealed. NotFound once it was dropped."""
    person = await load.person(db, account.wallet_id, account.person_id)
    if person.data_key_id is None:
        raise NotFound
    return await find_key(db, house.keys, person.data_key_id)
