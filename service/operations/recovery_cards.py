"""The owner's recovery card: made on the owner's pages, typed by the owner without a phone."""

import secrets
from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import recovery, tickets
from domain.accounts import Account, AddressKind
from domain.events import Actor, ActorKind
from domain.ids import AccountId, ProofId, RecoveryCodeId
from domain.recovery import RecoveryCode
from domain.tickets import Proof, ProofKind, Ticket
from domain.wallets import Wallet
from service.operations import evidence_on_file, freezing, tries
from service.operations.freezing import Freeze
from service.operations.house import House
from service.operations.idempotency import Request, remember, replay
from service.operations.people import owned, require_strong
from service.security.tokens import new_id, new_reference
from service.storage import load
from service.storage.keychain import find_key
from service.storage.rows import clock, put, record
from service.storage.tables import recovery_codes
from service.storage.together import Step, keep_all, saving
from service.storage.values import BrowserSession

_RANDOM_BYTES = 10


class CardSeen(Struct, frozen=True, kw_only=True):
    """What the owner's page says of the card. The codes themselves are nowhere."""

    # None while there is no card.
    made_at: datetime | None
    codes: int
    left: int
    may_manage: bool
    time_zone: str
    now: datetime


async def see_card(house: House, wallet: Wallet, session: BrowserSession) -> CardSeen:
    async with house.engine.connect() as db:
        account = await owned(db, wallet, session, for_change=False)
        codes = await load.recovery_codes_of(db, wallet.id, account.id)
        return CardSeen(
            made_at=codes[0].made_at if codes else None,
            codes=wallet.policy.recovery.codes_on_a_card,
            left=sum(code.used_at is None for code in codes),
            may_manage=session.may_manage,
            time_zone=account.time_zone,
            now=await clock(db),
        )


async def make_card(
    house: House, wallet: Wallet, session: BrowserSession, *, key: str
) -> tuple[str, ...] | None:
    """Ten new codes, told this once; those of the card before are worth nothing from now on.

    None when this very form has made its card before: the codes cannot be told again.
    Raises StrongSignInNeeded, PageExpired.
    """
    require_strong(session)
    typed = _new_codes(wallet.policy.recovery.codes_on_a_card)
    # Slow on purpose, so it comes before any lock is held.
    hashes = [await house.passwords.hash(code) for code in typed]
    async with house.engine.begin() as db:
        account = await owned(db, wallet, session, for_change=True)
        now = await clock(db)
        wallet_key = await find_key(db, house.keys, wallet.data_key_id)
        request = Request(
            wallet_id=wallet.id, caller=str(session.id), route="owner/card", key=key, body=b""
        )
        if await replay(db, wallet_key, request) is not None:
            return None
        codes = [
            RecoveryCode(
                id=RecoveryCodeId(new_id()),
                wallet_id=wallet.id,
                account_id=account.id,
                mark=recovery.mark_of(code),
                code_hash=hashed,
                made_at=now,
            )
            for code, hashed in zip(typed, hashes, strict=True)
        ]
        made = recovery.make_card(account, codes, now=now)
        await _drop_card(db, account)
        for code in made.value:
            await put(db, None, code)
        await record(db, wallet.id, made.events, by=Actor(ActorKind.OWNER, account.id))
        await remember(db, wallet_key, request, "made")
        return typed


async def find_code(
    db: AsyncConnection, wallet: Wallet, *, kind: AddressKind, index: bytes, code: str
) -> RecoveryCode | None:
    """Which code of which card this can only be; whether it is, its hash has to say.

    Counts the try first, in this transaction, which the caller commits before comparing. Known and
    unknown addresses cost the same statements.
    """
    owners = await load.accounts_at_address(db, wallet, kind, index)
    counted = await tries.count_account(db, wallet, owners[0] if owners else None, index)
    found = await load.recovery_code_by_mark(db, wallet.id, owners, recovery.mark_of(code))
    return found if counted else None


async def use_code(house: House, wallet: Wallet, right: RecoveryCode) -> bool:
    """The right code was typed: account, ticket and proof in one transaction. False when the code
    was used, or the card replaced, since it was looked up."""
    async with house.engine.begin() as db:
        account = await load.account_for_change(db, wallet.id, right.account_id)
        before = await load.open_loss_ticket_for_change(db, wallet.id, account.id)
        code = await load.recovery_code_for_change(db, wallet.id, right.id)
        if code is None or code.used_at is not None:
            return False
        now = await clock(db)
        by = Actor(ActorKind.OWNER, account.id)
        asked = Freeze(
            wallet=wallet,
            account=account,
            ticket=before,
            reference=new_reference(),
            # Whether it was a theft, the card does not say.
            stolen=False,
            in_danger=False,
            asked_by=by.kind,
            now=now,
        )
        frozen = freezing.freeze(asked)
        left = await _count_left(db, account.id) - 1
        used = recovery.use_code(code, left=left, ticket_id=frozen.ticket.id, now=now)
        proved = await _proved(db, wallet, frozen.ticket, code, now=now)
        await keep_all(db, wallet.id, (*frozen.steps, Step(code, used), *proved), by=by)
        return True


async def _proved(
    db: AsyncConnection, wallet: Wallet, ticket: Ticket, code: RecoveryCode, *, now: datetime
) -> tuple[Step[Any], ...]:
    """Recorded always. Whether it counts hangs on when the card was made."""
    proof = Proof(
        id=ProofId(new_id()),
        wallet_id=wallet.id,
        ticket_id=ticket.id,
        kind=ProofKind.RECOVERY_CARD,
        performed_at=now,
        # The service itself saw it.
        recorded_by=None,
        recorded_at=now,
        source=None,
        card_made_at=code.made_at,
    )
    on = await evidence_on_file.grounds(db, wallet, ticket, now=now)
    proved = tickets.prove(ticket, proof, on=on, now=now)
    pending = await load.pending_proposal(db, wallet.id, ticket.id)
    voided = freezing.proposal_voided(pending, ticket, now=now)
    return (*voided, saving(None, proof), Step(ticket, proved))


def _new_codes(how_many: int) -> tuple[str, ...]:
    """No two with the same mark, or one of them could not be found."""
    codes: dict[str, str] = {}
    while len(codes) < how_many:
        code = recovery.code_from(secrets.token_bytes(_RANDOM_BYTES))
        codes.setdefault(recovery.mark_of(code), code)
    return tuple(codes.values())


async def _drop_card(db: AsyncConnection, account: Account) -> None:
    ours = recovery_codes.c.wallet_id == account.wallet_id
    await db.execute(delete(recovery_codes).where(ours, recovery_codes.c.account_id == account.id))


async def _count_left(db: AsyncConnection, account_id: AccountId) -> int:
    unused = recovery_codes.c.used_at.is_(None)
    counted = select(func.count()).where(recovery_codes.c.account_id == account_id, unused)
    return (await db.execute(counted)).scalar_one()
