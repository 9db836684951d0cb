"""A code that the owner enters: asked for by an agent, sent by the service, seen by the service.

Order of a check, as with every code of ours: the guess is counted and committed; then compared;
then the code is spent in the transaction of the proof. A key that nobody has is compared like any
other.
"""

import hmac
import secrets
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import or_, update

from domain import limits, tickets
from domain.accounts import Account, AccountAddress
from domain.change import Change
from domain.events import Actor, ActorKind
from domain.ids import AddressId, OwnerCodeId, ProofId, TicketId, WalletId, check_key_from
from domain.refusals import NotFound, Refused
from domain.reports import Way
from domain.tickets import OwnerCode, Proof, ProofKind
from domain.wallets import Wallet
from service.operations import budgets, evidence_on_file, freezing
from service.operations.agents import SignedIn
from service.operations.at_work import AtWork, at_work
from service.operations.budgets import Sending
from service.operations.house import House
from service.operations.limits import count, require, subject_of
from service.security.codes import hmac_of, is_right
from service.security.encryption import Place
from service.security.keys import KeyRing
from service.security.tokens import new_code, new_id
from service.storage import load
from service.storage.keychain import Opener, find_key
from service.storage.rows import clock, keep, put, value_of
from service.storage.tables import now, owner_codes

_KEY_BYTES: Final = 4
_NOBODY: Final = UUID(int=0)
_NO_CODE: Final = bytes(32)


class Entered(StrEnum):
    """What became of a code that somebody typed. An outcome: the guess stays counted."""

    PROVED = "proved"
    # Wrong, expired, used, used up, another browser's, or no such check: all the same.
    NOT_RIGHT = "not-right"
    # Right, and too late: the ticket or the address no longer takes it.
    NO_LONGER = "no-longer"


class Typed(Struct, frozen=True, kw_only=True):
    """What stands on the page, and from where it was sent."""

    # In its one written form.
    key: str
    code: str
    # Names the browser; only its keyed hash is stored.
    browser: str
    network: str


async def ask(house: House, ticket_id: TicketId, address_id: AddressId, *, by: SignedIn) -> None:
    """Put a code on its way to one of the owner's addresses; it ends the one before.

    Raises AddressDoesNotCount, NoticesHeld, TooSoon, TooMany; NotFound for another's address.
    """
    async with at_work(house, ticket_id, by) as work:
        wallet = await load.wallet(work.db, work.wallet_id)
        evidence = await evidence_on_file.read(work.db, wallet, work.account, work.ticket)
        address = next((one for one in evidence.addresses if one.id == address_id), None)
        if address is None:
            raise NotFound
        typed = new_code(tickets.DIGITS)
        asked = await _new_code(work, house, wallet, address, code=typed, by=by)
        change = tickets.ask_owner_code(
            work.ticket,
            asked,
            doubt=evidence.doubt_of(address),
            before=await load.last_owner_code(work.db, wallet.id, work.ticket.id),
            policy=wallet.policy.codes,
            by=by.agent,
            now=work.now,
        )
        await _end_others(work)
        await _keep_asked(work, house, wallet, change, code=typed, by=by)
        await _take_budgets(work, house, wallet, address)


async def enter(house: House, wallet: Wallet, typed: Typed) -> Entered:
    """The owner, or whoever says so, typed a key and a code. Raises TooMany."""
    of = subject_of(house.keys, wallet.id, limits.CHECKS_FROM_NETWORK, typed.network.encode())
    await count(house, (of, limits.CHECKS_FROM_NETWORK.rate))
    counted = await _count_guess(house, wallet, typed)
    code_id, stored = (counted.id, counted.code_hmac) if counted else (_NOBODY, _NO_CODE)
    digits = "".join(character for character in typed.code if character.isdecimal())
    right = is_right(house.keys.codes, code_id, digits, (stored,))
    if counted is None or not right:
        return Entered.NOT_RIGHT
    return await _prove(house, wallet, counted)


async def _new_code(
    work: AtWork,
    house: House,
    wallet: Wallet,
    address: AccountAddress,
    *,
    code: str,
    by: SignedIn,
) -> OwnerCode:
    code_id = OwnerCodeId(new_id())
    key = check_key_from(secrets.token_bytes(_KEY_BYTES))
    wallet_key = await find_key(work.db, house.keys, wallet.data_key_id)
    return OwnerCode(
        id=code_id,
        wallet_id=wallet.id,
        account_id=work.account.id,
        ticket_id=work.ticket.id,
        address_id=address.id,
        key_index=_index(house.keys, wallet.id, key),
        key=wallet_key.seal(Place("owner_codes", "key", code_id), key),
        code_hmac=hmac_of(house.keys.codes[0], code_id, code),
        asked_by=by.agent.id,
        asked_at=work.now,
        expires_at=work.now + wallet.policy.codes.lasts,
    )


async def _end_others(work: AtWork) -> None:
    ours = (owner_codes.c.wallet_id == work.wallet_id) & (owner_codes.c.ticket_id == work.ticket.id)
    await work.db.execute(
        update(owner_codes)
        .where(ours, owner_codes.c.expires_at > work.now)
        .values(expires_at=work.now, row_version=owner_codes.c.row_version + 1)
    )


async def _keep_asked(
    work: AtWork,
    house: House,
    wallet: Wallet,
    change: Change[OwnerCode],
    *,
    code: str,
    by: SignedIn,
) -> None:
    promise_id = new_id()
    key = await find_key(work.db, house.keys, wallet.data_key_id)
    await keep(
        work.db,
        wallet.id,
        None,
        change,
        by=by.actor,
        promise_id=promise_id,
        secret=key.seal(Place("outbox", "secret", promise_id), code),
    )


async def _take_budgets(
    work: AtWork, house: House, wallet: Wallet, address: AccountAddress
) -> None:
    """Last in the transaction, from the narrowest to the widest."""
    for limit in (limits.OWNER_CODES_AN_HOUR, limits.OWNER_CODES_A_DAY):
        of = subject_of(house.keys, wallet.id, limit, work.account.id.bytes)
        await require(work.db, of, limit.rate)
    opener = await Opener.for_values(work.db, house.keys, [address.address])
    place = Place("account_addresses", "address", address.id)
    clear = opener.text(place, address.address)
    sending = Sending(way=Way.LINK, kind=address.kind, address=clear, network=None)
    await budgets.take_sending(work.db, house.keys, wallet, sending)


async def _count_guess(house: House, wallet: Wallet, typed: Typed) -> OwnerCode | None:
    """Counted, and bound to this browser, before anything is compared; commits."""
    index = _index(house.keys, wallet.id, typed.key)
    browser = _browser(house.keys, wallet.id, typed.browser)
    ours = (owner_codes.c.wallet_id == wallet.id) & (owner_codes.c.key_index == index)
    async with house.engine.begin() as db:
        row = (
            (
                await db.execute(
                    update(owner_codes)
                    .where(
                        ours,
                        owner_codes.c.attempts < wallet.policy.codes.guesses,
                        owner_codes.c.used_at.is_(None),
                        owner_codes.c.expires_at > now,
                        or_(owner_codes.c.browser.is_(None), owner_codes.c.browser == browser),
                    )
                    .values(
                        attempts=owner_codes.c.attempts + 1,
                        browser=browser,
                        row_version=owner_codes.c.row_version + 1,
                    )
                    .returning(*owner_codes.c)
                )
            )
            .mappings()
            .one_or_none()
        )
    return None if row is None else value_of(dict(row), OwnerCode)


async def _prove(house: House, wallet: Wallet, right: OwnerCode) -> Entered:
    """Used up with the proof it gives, in one transaction."""
    async with house.engine.begin() as db:
        account = await load.account_for_change(db, wallet.id, right.account_id)
        ticket = await load.ticket_for_change(db, wallet.id, right.ticket_id)
        code = await load.owner_code_for_change(db, wallet.id, right.id)
        if code is None or code.used_at is not None:
            return Entered.NOT_RIGHT
        instant = await clock(db)
        evidence = await evidence_on_file.read(db, wallet, account, ticket)
        address = next((one for one in evidence.addresses if one.id == code.address_id), None)
        proof = _proof(code, instant)
        try:
            if address is None:
                raise NotFound
            proved = tickets.prove_by_code(
                ticket,
                proof,
                address=address,
                on=evidence.grounds(instant),
                now=instant,
            )
        except Refused:
            return Entered.NO_LONGER
        by = _owner(account)
        await put(db, code, replace(code, used_at=instant))
        await freezing.void_proposal(db, ticket, by=by, now=instant)
        await put(db, None, proof)
        await keep(db, wallet.id, ticket, proved, by=by)
        return Entered.PROVED


def _proof(code: OwnerCode, at: datetime) -> Proof:
    return Proof(
        id=ProofId(new_id()),
        wallet_id=code.wallet_id,
        ticket_id=code.ticket_id,
        kind=ProofKind.OWNER_CODE,
        performed_at=at,
        # The service itself saw it.
        recorded_by=None,
        recorded_at=at,
        source=None,
        address_id=code.address_id,
    )


def _owner(account: Account) -> Actor:
    return Actor(ActorKind.OWNER, account.id)


def _index(keys: KeyRing, wallet_id: WalletId, key: str) -> bytes:
    own = hmac.digest(keys.index.secret, b"check|" + wallet_id.bytes, sha256)
    return hmac.digest(own, key.encode(), sha256)


def _browser(keys: KeyRing, wallet_id: WalletId, cookie: str) -> bytes:
    own = hmac.digest(keys.index.secret, b"checking browser|" + wallet_id.bytes, sha256)
    return hmac.digest(own, cookie.encode(), sha256)
