"""Erasing people: planned here, or asked for in their own space, and carried out by the clock.

One transaction for each person: everything about them is gone, or nothing is. Late, twice or by two
workers at once makes no difference.
"""

from datetime import datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import contacts, erasures
from domain.accounts import Account
from domain.contacts import Contact, Ending
from domain.erasures import Erasure, Reason
from domain.events import THE_CLOCK, Actor, ErasureDone
from domain.ids import ErasureId, PersonId, WalletId
from domain.refusals import ChangedMeanwhile
from domain.retention import is_forgotten
from domain.wallets import Wallet
from service.operations.house import House
from service.security.tokens import new_id
from service.storage import forgetting, load
from service.storage.rows import clock, keep, put, record
from service.storage.values import Person

log = structlog.get_logger("service.erasing")


async def erase_due(house: House) -> int:
    """The job: whose deadline has come. Answers how many were erased; who is held waits."""
    async with house.engine.connect() as db:
        wallets = await load.all_wallets(db)
        due = {wallet.id: await load.erasures_due(db, wallet.id) for wallet in wallets}
    done = 0
    for wallet_id, waiting in due.items():
        for erasure_id, person_id in waiting:
            try:
                done += await _carry_out(house, wallet_id, erasure_id, person_id)
            except Exception as reason:  # noqa: BLE001
                # Whatever it is, it must not hold up the others; the next run tries again.
                kind = type(reason).__name__
                log.error("erasure.not-done", erasure_id=str(erasure_id), reason=kind)  # noqa: TRY400
    return done


async def plan(
    db: AsyncConnection,
    wallet_id: WalletId,
    person_id: PersonId,
    *,
    reason: Reason,
    due_at: datetime,
    now: datetime,
    by: Actor = THE_CLOCK,
) -> Erasure:
    """In the caller's transaction, which has locked the person or their account."""
    before = await load.open_erasure(db, wallet_id, person_id)
    planned = Erasure(
        id=ErasureId(new_id()),
        wallet_id=wallet_id,
        person_id=person_id,
        reason=reason,
        asked_at=now,
        due_at=due_at,
    )
    change = erasures.plan(planned, before=before, now=now)
    return await keep(db, wallet_id, before, change, by=by)


async def plan_after_closing(
    db: AsyncConnection, wallet: Wallet, account: Account, now: datetime
) -> None:
    """The owner of an account that has just closed, once the legal period is over."""
    due_at = erasures.after_closing(account, wallet.policy.privacy, now)
    await plan(
        db, wallet.id, account.person_id, reason=Reason.ACCOUNT_CLOSED, due_at=due_at, now=now
    )


async def drop_if_unknown(db: AsyncConnection, wallet_id: WalletId, person: Person) -> bool:
    """Nobody asked, and nothing of them is stored any more but their key and addresses. The
    person is locked, and so is whatever of them was forgotten just now."""
    if person.data_key_id is None or await load.is_still_known(db, wallet_id, person.id):
        return False
    open_erasure = await load.open_erasure(db, wallet_id, person.id)
    if open_erasure is not None:
        # It has a deadline of its own, and its own proof.
        return False
    if await load.held_by(db, wallet_id, person.id) is not None:
        return False
    await _drop(db, person, await load.contacts_of_person(db, wallet_id, person.id), ())
    done = ErasureDone(person_id=person.id, erasure_id=None, at=await clock(db))
    await record(db, wallet_id, (done,), by=THE_CLOCK)
    return True


async def _carry_out(
    house: House, wallet_id: WalletId, erasure_id: ErasureId, person_id: PersonId
) -> bool:
    async with house.engine.begin() as db:
        person = await load.person_for_change(db, wallet_id, person_id)
        known = await load.contacts_of_person(db, wallet_id, person_id)
        owned = await load.accounts_of_person(db, wallet_id, person_id)
        ids = sorted({one.account_id for one in known} | {account.id for account in owned})
        locked = {one: await load.account_for_change(db, wallet_id, one) for one in ids}
        theirs = [await load.contact_for_change(db, wallet_id, one.id) for one in known]
        erasure = await load.erasure_for_change(db, wallet_id, erasure_id)
        held = await load.held_by(db, wallet_id, person_id)
        now = await clock(db)
        if erasure is None or not erasures.is_due(erasure, held=held, now=now):
            return False
        for contact in theirs:
            await _end(db, house, contact, now)
        await _drop(db, person, tuple(theirs), tuple(locked[one.id] for one in owned))
        after = await load.contacts_of_person(db, wallet_id, person_id)
        if {one.id for one in after} != {one.id for one in theirs}:
            # Somebody named them while the key went: once more, with the new one.
            raise ChangedMeanwhile
        await keep(db, wallet_id, erasure, erasures.finish(erasure, now=now), by=THE_CLOCK)
        return True


async def _end(db: AsyncConnection, house: House, contact: Contact, now: datetime) -> None:
    """No contact any more, and then nothing but references and instants."""
    change = contacts.end(contact, because=Ending.ERASED, now=now)
    ended = await keep(db, contact.wallet_id, contact, change, by=THE_CLOCK)
    await forget_words(db, house, ended)


async def forget_words(db: AsyncConnection, house: House, contact: Contact) -> None:
    """The contact is locked. Said again, nothing changes."""
    if is_forgotten(contact):
        return
    counted = forgetting.counted_hash(house.keys, contact.wallet_id, contact.address_index)
    await put(db, contact, forgetting.without_words(contact, counted=counted))


async def _drop(
    db: AsyncConnection,
    person: Person,
    theirs: tuple[Contact, ...],
    owned: tuple[Account, ...],
) -> None:
    wallet_id = person.wallet_id
    held = await load.held_addresses(db, wallet_id, person.id)
    indexes = {one.address_index for one in (*held, *theirs) if one.address_index}
    contact_ids = [one.id for one in theirs]
    await forgetting.drop_messages(db, wallet_id, contact_ids)
    await forgetting.drop_visits(
        db,
        wallet_id,
        contact_ids=contact_ids,
        account_ids=[account.id for account in owned],
        indexes=indexes,
    )
    await forgetting.drop_words_in_reports(db, person)
    for account in owned:
        await forgetting.drop_owner(db, account)
    await forgetting.drop_person(db, person, indexes=indexes)
