"""The owner without a phone asks for help: a card's code, or how to be reached, or both.

While somebody waits for the answer nothing is done that depends on whether the address is known:
the try is counted, one code is compared, what was said is laid down. The clock then files it.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec
import structlog
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import tickets
from domain.accounts import Account, AddressKind
from domain.events import A_STRANGER, Actor, ActorKind
from domain.ids import AccountId, HintId
from domain.recovery import GoodTime, Hint, LeftHint, Voice
from domain.refusals import SignInVoid, TooMany
from domain.signs import TryWay
from domain.tickets import Ticket
from domain.wallets import Wallet
from service.operations import freezing, recovery_cards, tries
from service.operations.house import House
from service.operations.idempotency import Request, remember, replay
from service.operations.owners import Owner
from service.security.blind_index import index_of
from service.security.encryption import Place
from service.security.tokens import new_id, new_reference
from service.storage import load
from service.storage.keychain import find_key
from service.storage.refused import Tried, store
from service.storage.rows import clock, keep, one, put
from service.storage.tables import hints, left_hints

log = structlog.get_logger("service.hints")

# How many are filed before the clock looks again.
_MOST_AT_ONCE = 100


class Said(Struct, frozen=True, kw_only=True):
    """How the owner can be reached now, in their own words; sealed wherever it is stored."""

    number: str
    language: str
    good_time: GoodTime
    voice: Voice
    # A code was typed, and it was not one of the card's.
    wrong_code: bool = False


class Asked(Struct, frozen=True, kw_only=True):
    """The form, understood: whose address, and a code in its written form if one was typed."""

    kind: AddressKind
    written: str
    code: str | None
    said: Said


async def ask_for_help(house: House, wallet: Wallet, asked: Asked, *, browser: str) -> None:
    """Freeze with the card's code, or leave a hint; the answer is the same in every case.

    Raises TooMany for the browser alone: what others tried at this address shows nowhere.
    """
    index = index_of(house.keys, wallet.id, asked.kind, asked.written)
    async with house.engine.begin() as db:
        waiting = await tries.count_browser(db, wallet, browser)
        code = None
        if waiting is None and asked.code is not None:
            code = await recovery_cards.find_code(
                db, wallet, kind=asked.kind, index=index, code=asked.code
            )
    if waiting is not None:
        raise TooMany(waiting)
    said = asked.said
    if asked.code is not None:
        # Compared also where there is none: "unknown" takes as long as "wrong".
        hashed = code.code_hash if code is not None else None
        is_right = await house.passwords.matches(hashed, asked.code)
        if is_right and code is not None:
            is_right = await recovery_cards.use_code(house, wallet, code)
        if is_right and not said.number:
            return
        said = replace(said, wrong_code=not is_right)
    await _leave(house, wallet, asked, said)


async def leave_for(
    house: House,
    wallet: Wallet,
    owner: Owner,
    said: Said,
    *,
    request: Request | None = None,
) -> datetime:
    """The same from an owner who is signed in to the wallet: straight onto their own ticket.

    `request` is the caller's Idempotency-Key (raises KeyReused). Raises SignInVoid when the
    account froze since the token was checked.
    """
    async with house.engine.begin() as db:
        account = await load.account_for_change(db, wallet.id, owner.account_id)
        key = await find_key(db, house.keys, wallet.data_key_id)
        if request is not None and (told := await replay(db, key, request)) is not None:
            return msgspec.json.decode(told, type=datetime)
        if account.epoch != owner.epoch:
            raise SignInVoid
        left_at = await clock(db)
        written = msgspec.json.encode(said).decode()
        by = Actor(ActorKind.OWNER, account.id)
        await _put_on_ticket(db, house, wallet, account, said=written, left_at=left_at, by=by)
        if request is not None:
            await remember(db, key, request, msgspec.json.encode(left_at).decode())
        return left_at


async def file_hints(house: House) -> int:
    """Put what was left on the tickets of those it is about; what is about nobody goes."""
    async with house.engine.connect() as db:
        first = select(left_hints.c.id).order_by(left_hints.c.id).limit(_MOST_AT_ONCE)
        waiting = [HintId(row) for row in await db.scalars(first)]
    filed = 0
    for hint_id in waiting:
        try:
            filed += await _file(house, hint_id)
        except Exception as reason:  # noqa: BLE001
            # Whatever it is, it must not hold up the others. Its words may hold a number.
            log.error("hint.not-filed", hint_id=str(hint_id), reason=type(reason).__name__)  # noqa: TRY400
    return filed


async def _leave(house: House, wallet: Wallet, asked: Asked, said: Said) -> None:
    hint_id = HintId(new_id())
    async with house.engine.begin() as db:
        key = await find_key(db, house.keys, wallet.data_key_id)
        left = LeftHint(
            id=hint_id,
            wallet_id=wallet.id,
            address_kind=asked.kind.value,
            address_index=index_of(house.keys, wallet.id, asked.kind, asked.written),
            said=key.seal(_left_place(hint_id), msgspec.json.encode(said).decode()),
            left_at=await clock(db),
        )
        await put(db, None, left)


async def _file(house: House, hint_id: HintId) -> bool:
    async with house.engine.begin() as db:
        this = select(left_hints).where(left_hints.c.id == hint_id)
        left = await one(db, this.with_for_update(skip_locked=True), LeftHint)
        if left is None:
            return False
        wallet = await load.wallet(db, left.wallet_id)
        key = await find_key(db, house.keys, wallet.data_key_id)
        said = key.open(_left_place(left.id), left.said)
        kind = AddressKind(left.address_kind)
        owners = await load.accounts_at_address(db, wallet, kind, left.address_index)
        await _file_for(db, house, wallet, left, owners, said=said)
        await db.execute(delete(left_hints).where(left_hints.c.id == left.id))
        return bool(owners)


async def _file_for(
    db: AsyncConnection,
    house: House,
    wallet: Wallet,
    left: LeftHint,
    owners: Sequence[AccountId],
    *,
    said: str,
) -> None:
    # Two people may share an address; in the order of their ids, as locks want it.
    for account_id in owners:
        account = await load.account_for_change(db, wallet.id, account_id)
        await _put_on_ticket(
            db, house, wallet, account, said=said, left_at=left.left_at, by=A_STRANGER
        )


async def _put_on_ticket(
    db: AsyncConnection,
    house: House,
    wallet: Wallet,
    account: Account,
    *,
    said: str,
    left_at: datetime,
    by: Actor,
) -> None:
    """On the open ticket, or a new unconfirmed one; not where there are more than anyone reads."""
    if account.is_frozen:
        await _note_try(db, account, said)
    person = await load.person(db, wallet.id, account.person_id)
    if person.data_key_id is None:
        return
    before = await load.open_loss_ticket_for_change(db, wallet.id, account.id)
    if before is not None and await _has_enough(db, wallet, before):
        return
    now = await clock(db)
    if before is None:
        new = freezing.new_ticket(wallet, account, reference=new_reference(), now=now)
        opened = tickets.open_ticket(replace(new, unconfirmed=True), now=now)
        before = await keep(db, wallet.id, None, opened, by=by)
    hint_id = HintId(new_id())
    key = await find_key(db, house.keys, person.data_key_id)
    hint = Hint(
        id=hint_id,
        wallet_id=wallet.id,
        account_id=account.id,
        ticket_id=before.id,
        said=key.seal(place_of(hint_id), said),
        left_at=left_at,
    )
    await put(db, None, hint)
    await keep(db, wallet.id, before, tickets.take_hint(before, hint.id, now=now), by=by)


async def _note_try(db: AsyncConnection, account: Account, said: str) -> None:
    """Nobody waits for this: it lies with the hint, or with those that nobody reads any more."""
    was_wrong = msgspec.json.decode(said, type=Said).wrong_code
    way = TryWay.CARD if was_wrong else TryWay.HINT
    await store(db, {Tried(wallet_id=account.wallet_id, account_id=account.id, way=way): 1})


async def _has_enough(db: AsyncConnection, wallet: Wallet, ticket: Ticket) -> bool:
    counted = select(func.count()).where(hints.c.ticket_id == ticket.id)
    most = wallet.policy.recovery.hints_on_a_ticket
    return (await db.execute(counted)).scalar_one() >= most


def place_of(hint_id: HintId) -> Place:
    return Place("hints", "said", hint_id)


def _left_place(hint_id: HintId) -> Place:
    return Place("left_hints", "said", hint_id)
