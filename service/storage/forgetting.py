"""What is wiped when somebody is forgotten: the statements, in the caller's transaction.

Dropping the data key makes everything sealed under it unreadable, in every backup as well. The
rows are wiped all the same, so that no look-up leads to them and nothing is shown as unreadable.
"""

import hmac
from collections.abc import Collection
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from msgspec.structs import replace
from sqlalchemy import Text, Uuid, cast, delete, exists, or_, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.accounts import Account
from domain.contacts import Contact
from domain.ids import AccountId, TicketId, WalletId
from service.security.keys import KeyRing
from service.storage.rows import put
from service.storage.tables import (
    account_addresses,
    authenticators,
    browser_sessions,
    challenges,
    data_keys,
    deliveries,
    devices,
    disputes,
    false_reports,
    hints,
    left_hints,
    loss_reports,
    new_addresses,
    outbox,
    page_links,
    person_addresses,
    proofs,
    proposals,
    recovery_codes,
    refused_tries,
    release_reviews,
    reveals,
    safety_notes,
    skips,
    ticket_messages,
    ticket_notes,
    tickets,
    wallet_reports,
    wallet_sessions,
)
from service.storage.values import Person

_NOTHING = b""


def counted_hash(keys: KeyRing, wallet_id: WalletId, address_index: bytes) -> bytes:
    """What stands in a forgotten contact's row instead of the look-up value: no look-up by address
    finds it, and the limits on invitations still count it."""
    own_key = hmac.digest(keys.index.secret, b"counted|" + wallet_id.bytes, sha256)
    return hmac.digest(own_key, address_index, sha256)


def without_words(contact: Contact, *, counted: bytes) -> Contact:
    """The contact with nothing left but references, instants and what they agreed to when."""
    return replace(
        contact,
        name=_NOTHING,
        label=None,
        address=_NOTHING,
        address_index=counted,
        link_sha256=None,
    )


async def drop_messages(db: AsyncConnection, wallet_id: WalletId, ids: Collection[UUID]) -> None:
    """What was still to be told these contacts is told nobody, and its secrets are gone."""
    about = cast(cast(outbox.c.body, JSONB)["contact_id"].astext, Uuid)
    # The promise before its deliveries, as whoever records a sending does it.
    await db.execute(
        update(outbox)
        .where(outbox.c.wallet_id == wallet_id, outbox.c.secret.isnot(None), about.in_(ids))
        .values(secret=None)
    )
    await db.execute(
        update(deliveries)
        .where(
            deliveries.c.wallet_id == wallet_id,
            deliveries.c.role == "contact",
            deliveries.c.contact_id.in_(ids),
            deliveries.c.state.in_(("due", "held")),
        )
        .values(state="pointless", lease_token=None, leased_until=None)
    )


async def drop_visits(
    db: AsyncConnection,
    wallet_id: WalletId,
    *,
    contact_ids: Collection[UUID],
    account_ids: Collection[UUID],
    indexes: Collection[bytes],
) -> None:
    """Every browser that is theirs, or came by their address. Raises DBAPIError when one of them
    is in the middle of something: whoever files a report holds the browser before the account."""
    ours = browser_sessions.c.wallet_id == wallet_id
    ours &= or_(
        browser_sessions.c.contact_id.in_(contact_ids),
        browser_sessions.c.account_id.in_(account_ids),
        browser_sessions.c.address_index.in_(indexes),
    )
    found = (
        await db.scalars(select(browser_sessions.c.id).where(ours).with_for_update(nowait=True))
    ).all()
    waiting = challenges.c.wallet_id == wallet_id
    waiting &= or_(
        challenges.c.browser_session_id.in_(found),
        challenges.c.contact_id.in_(contact_ids),
        challenges.c.address_index.in_(indexes),
    )
    await db.execute(delete(challenges).where(waiting))
    await db.execute(delete(new_addresses).where(new_addresses.c.browser_session_id.in_(found)))
    await db.execute(delete(browser_sessions).where(browser_sessions.c.id.in_(found)))


async def drop_words_in_reports(db: AsyncConnection, person: Person) -> None:
    """What they wrote when they reported; that they did, and when, stays."""
    theirs = (loss_reports.c.wallet_id == person.wallet_id) & (
        loss_reports.c.person_id == person.id
    )
    await db.execute(update(loss_reports).where(theirs).values(note=None, reach=None, network=None))


async def drop_person(
    db: AsyncConnection, person: Person, *, indexes: Collection[bytes] = ()
) -> Person:
    """Addresses, apps, what waits to be proved, and last the key. The person is locked."""
    for table in (new_addresses, authenticators, person_addresses):
        theirs = (table.c.wallet_id == person.wallet_id) & (table.c.person_id == person.id)
        await db.execute(delete(table).where(theirs))
    await db.execute(
        delete(left_hints).where(
            left_hints.c.wallet_id == person.wallet_id, left_hints.c.address_index.in_(indexes)
        )
    )
    key_id = person.data_key_id
    known = await put(db, person, replace(person, data_key_id=None))
    if key_id is not None:
        # Whoever seals something under it just now is waited for.
        await db.execute(delete(data_keys).where(data_keys.c.id == key_id))
    return known


async def drop_owner(db: AsyncConnection, account: Account) -> Account:
    """A closed account keeps its id, its instants and its tickets. The account is locked.

    Also the wallet's own name for it: somebody who comes back is somebody new.
    """
    for table in (
        account_addresses,
        recovery_codes,
        hints,
        safety_notes,
        page_links,
        refused_tries,
        wallet_sessions,
        # Whom else they counted for is nobody's question any more.
        false_reports,
    ):
        theirs = (table.c.wallet_id == account.wallet_id) & (table.c.account_id == account.id)
        await db.execute(delete(table).where(theirs))
    for table, emptied in (
        (devices, {"label": _NOTHING, "name": cast(devices.c.id, Text)}),
        (disputes, {"note": None}),
        (loss_reports, {"note": None, "reach": None, "network": None}),
        (wallet_reports, {"note": None, "hot_line": None}),
        (reveals, {"words": None}),
        (ticket_notes, {"said": None}),
        (ticket_messages, {"own_line": None}),
    ):
        theirs = (table.c.wallet_id == account.wallet_id) & (table.c.account_id == account.id)
        await db.execute(update(table).where(theirs).values(**emptied))
    await _drop_sources(db, account)
    await _drop_notices(db, account)
    emptied_account = replace(
        account, subject=f"erased:{account.id}", first_name=_NOTHING, display_name=_NOTHING
    )
    return await put(db, account, emptied_account)


async def _drop_sources(db: AsyncConnection, account: Account) -> None:
    theirs = (tickets.c.wallet_id == account.wallet_id) & (tickets.c.account_id == account.id)
    on_them = proofs.c.ticket_id.in_(select(tickets.c.id).where(theirs))
    ours = proofs.c.wallet_id == account.wallet_id
    await db.execute(update(proofs).where(ours, on_them).values(source=None))
    decided = (proposals.c.wallet_id == account.wallet_id) & proposals.c.ticket_id.in_(
        select(tickets.c.id).where(theirs)
    )
    await db.execute(update(proposals).where(decided).values(reject_words=None))
    looked_at = (release_reviews.c.wallet_id == account.wallet_id) & (
        release_reviews.c.account_id == account.id
    )
    await db.execute(update(release_reviews).where(looked_at).values(words=None))
    passed_over = (skips.c.wallet_id == account.wallet_id) & skips.c.ticket_id.in_(
        select(tickets.c.id).where(theirs)
    )
    await db.execute(update(skips).where(passed_over).values(said=None))


async def _drop_notices(db: AsyncConnection, account: Account) -> None:
    await db.execute(
        update(deliveries)
        .where(
            deliveries.c.wallet_id == account.wallet_id,
            deliveries.c.account_id == account.id,
            deliveries.c.state.in_(("due", "held")),
        )
        .values(state="pointless", lease_token=None, leased_until=None)
    )


async def forget_ticket(db: AsyncConnection, wallet_id: WalletId, ticket_id: TicketId) -> int:
    """Words, numbers and hints; answers how many rows held any."""
    gone = 0
    for table, emptied in (
        (loss_reports, {"note": None, "reach": None, "network": None}),
        (wallet_reports, {"note": None, "hot_line": None}),
        (disputes, {"note": None}),
        (proofs, {"source": None}),
        (proposals, {"reject_words": None}),
        (release_reviews, {"words": None}),
        (reveals, {"words": None}),
        (ticket_notes, {"said": None}),
        (ticket_messages, {"own_line": None}),
        (skips, {"said": None}),
    ):
        ours = (table.c.wallet_id == wallet_id) & (table.c.ticket_id == ticket_id)
        says = or_(*(table.c[name].isnot(None) for name in emptied))
        gone += (await db.execute(update(table).where(ours, says).values(**emptied))).rowcount
    for table in (hints, safety_notes):
        ours = (table.c.wallet_id == wallet_id) & (table.c.ticket_id == ticket_id)
        gone += (await db.execute(delete(table).where(ours))).rowcount
    return gone


async def forget_tries(db: AsyncConnection, wallet_id: WalletId, before: datetime) -> int:
    """Tries at accounts that nobody works on, once they are that old."""
    worked_on = exists().where(
        tickets.c.account_id == refused_tries.c.account_id, tickets.c.closed_at.is_(None)
    )
    old = (refused_tries.c.wallet_id == wallet_id) & (refused_tries.c.last_at <= before)
    return (await db.execute(delete(refused_tries).where(old, ~worked_on))).rowcount


async def forget_old_addresses(
    db: AsyncConnection, wallet_id: WalletId, account_id: AccountId, removed_before: datetime
) -> int:
    theirs = (account_addresses.c.wallet_id == wallet_id) & (
        account_addresses.c.account_id == account_id
    )
    old = account_addresses.c.removed_at <= removed_before
    return (await db.execute(delete(account_addresses).where(theirs, old))).rowcount
