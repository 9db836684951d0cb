"""The operator's part in people's rights: by letter, by telephone, for somebody without a phone.

Who asks has been identified by the operator. Recorded like everything else, without the address.
"""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import contacts
from domain.accounts import AddressKind
from domain.contacts import Contact, Ending
from domain.erasures import Basis, Erasure, Reason
from domain.events import THE_OPERATOR, WritingAllowed, WritingStopped
from domain.ids import AccountId, PersonId
from domain.wallets import Wallet
from service.operations import erasing, exports
from service.operations.exports import Exported
from service.operations.house import House
from service.security.blind_index import index_of
from service.storage import load
from service.storage.rows import clock, keep, record
from service.storage.suppressed import suppress as suppress_address
from service.storage.suppressed import unsuppress


class Answer(StrEnum):
    PLANNED = "planned"
    # Planned, and waiting for a ticket to be closed.
    HELD = "held"
    # An account that is not closed: the wallet closes it first.
    ACCOUNT_OPEN = "account-open"


class Told(Struct, frozen=True, kw_only=True):
    """What became of a request for one person."""

    answer: Answer
    due_at: datetime | None


async def find_persons(
    house: House, wallet: Wallet, kind: AddressKind, written: str
) -> tuple[PersonId, ...]:
    """Whoever holds the address, was named under it, or owns an account with it on file."""
    index = index_of(house.keys, wallet.id, kind, written)
    async with house.engine.connect() as db:
        return await _persons_at(db, wallet, kind, index)


async def export_at(
    house: House, wallet: Wallet, kind: AddressKind, written: str
) -> tuple[Exported, ...]:
    """Everything stored about each of them; empty for an address that nobody has."""
    found = await find_persons(house, wallet, kind, written)
    return tuple([await exports.export_person(house, wallet, one) for one in found])


async def erase_at(
    house: House, wallet: Wallet, kind: AddressKind, written: str
) -> tuple[Told, ...]:
    """They are nobody's contact from now on, and erased by the same deadline as if they had asked
    in their own space. Owners are erased after their account was closed, and not before."""
    found = await find_persons(house, wallet, kind, written)
    return tuple([await _erase(house, wallet, one) for one in found])


async def suppress_at(house: House, wallet: Wallet, kind: AddressKind, written: str) -> int:
    """Never write there again; answers for how many contacts that is an end. Twice is once."""
    index = index_of(house.keys, wallet.id, kind, written)
    async with house.engine.begin() as db:
        known = await load.contacts_at(db, wallet.id, kind, index)
        await _lock(db, wallet, known)
        await suppress_address(db, house.keys, wallet.id, index)
        over = 0
        for one in known:
            contact = await load.contact_for_change(db, wallet.id, one.id)
            account = await load.account(db, wallet.id, contact.account_id)
            now = await clock(db)
            if contact.is_open_invitation(now):
                change = contacts.decline(contact, now=now)
            elif not contact.is_gone(account, now):
                change = contacts.leave(contact, account=account, now=now)
            else:
                continue
            over += 1
            await keep(db, wallet.id, contact, change, by=THE_OPERATOR)
        stopped = WritingStopped(contact_id=known[0].id if known else None, at=await clock(db))
        await record(db, wallet.id, (stopped,), by=THE_OPERATOR)
        return over


async def lift_at(house: House, wallet: Wallet, kind: AddressKind, written: str) -> bool:
    """Whoever reads there may be written to again: named by an owner, and sent codes. Nobody is a
    contact by that, and what was declined rests on. False where nothing was to take back.

    Only the operator can do it: whoever asks in a browser would have to be written to first.
    """
    index = index_of(house.keys, wallet.id, kind, written)
    async with house.engine.begin() as db:
        if not await unsuppress(db, house.keys, wallet.id, index):
            return False
        known = await load.contacts_at(db, wallet.id, kind, index)
        allowed = WritingAllowed(contact_id=known[0].id if known else None, at=await clock(db))
        await record(db, wallet.id, (allowed,), by=THE_OPERATOR)
        return True


async def _erase(house: House, wallet: Wallet, person_id: PersonId) -> Told:
    async with house.engine.begin() as db:
        person = await load.person_for_change(db, wallet.id, person_id)
        before = await load.open_erasure(db, wallet.id, person_id)
        held = await load.held_by(db, wallet.id, person_id)
        if before is not None:
            return _told(before, held)
        if held is Basis.OPEN_ACCOUNT:
            return Told(answer=Answer.ACCOUNT_OPEN, due_at=None)
        theirs = await load.contacts_of_person(db, wallet.id, person.id)
        await _lock(db, wallet, theirs)
        for one in theirs:
            contact = await load.contact_for_change(db, wallet.id, one.id)
            change = contacts.end(contact, because=Ending.ERASED, now=await clock(db))
            await keep(db, wallet.id, contact, change, by=THE_OPERATOR)
        now = await clock(db)
        planned = await erasing.plan(
            db,
            wallet.id,
            person.id,
            reason=Reason.ASKED_ELSEWHERE,
            due_at=now + wallet.policy.space.erased_within,
            now=now,
            by=THE_OPERATOR,
        )
        # A report may have come in while the locks were waited for.
        return _told(planned, await load.held_by(db, wallet.id, person_id))


def _told(erasure: Erasure, held: Basis | None) -> Told:
    answer = Answer.HELD if held is Basis.OPEN_TICKET else Answer.PLANNED
    return Told(answer=answer, due_at=erasure.due_at)


async def _lock(db: AsyncConnection, wallet: Wallet, theirs: tuple[Contact, ...]) -> None:
    for account_id in sorted({one.account_id for one in theirs}):
        await load.account_for_change(db, wallet.id, AccountId(account_id))


async def _persons_at(
    db: AsyncConnection, wallet: Wallet, kind: AddressKind, index: bytes
) -> tuple[PersonId, ...]:
    holder = await load.holder_of(db, wallet.id, kind, index)
    named = await load.contacts_at(db, wallet.id, kind, index)
    owners = await load.accounts_at_address(db, wallet, kind, index)
    accounts = await load.accounts_with(db, (wallet.id,), owners)
    found = {one.person_id for one in (*named, *accounts)}
    if holder is not None:
        found.add(holder.id)
    return tuple(sorted(found))
