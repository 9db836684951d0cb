"""What the clock settles and sweeps away. No rule depends on any of it having run."""

from datetime import timedelta
from typing import Final

from sqlalchemy import and_, delete, select, text

from service.operations import settling
from service.operations.house import House
from service.operations.idempotency import KEPT
from service.storage import gauges, load
from service.storage.tables import (
    access_tokens,
    accounts,
    browser_sessions,
    challenges,
    deliveries,
    idempotency_keys,
    limits,
    now,
    outbox,
    owner_codes,
    page_links,
    passkey_challenges,
    presences,
    recovery_tries,
    signals,
    used_assertions,
    wallet_sessions,
)

# Long enough to answer "why did I get this code yesterday", no longer.
_ENDED_ROWS_STAY: Final = timedelta(days=2)
# How long it can be shown that a message went out.
_TOLD_ROWS_STAY: Final = timedelta(days=90)
_STUCK_AFTER: Final = 60


async def settle_contacts(house: House) -> int:
    """What the clock concludes about contacts, in every wallet."""
    async with house.engine.connect() as db:
        wallets = await load.all_wallets(db)
    return sum([await settling.settle_overdue(house, wallet) for wallet in wallets])


async def close_accounts(house: House) -> int:
    """Announced closings whose instant has come, in every wallet."""
    async with house.engine.connect() as db:
        wallets = await load.all_wallets(db)
    return sum([await settling.close_overdue(house, wallet) for wallet in wallets])


async def sweep(house: House) -> int:
    """Delete what has ended and what nobody can use any more."""
    ended = now - _ENDED_ROWS_STAY
    statements = (
        delete(access_tokens).where(access_tokens.c.expires_at < now),
        delete(used_assertions).where(used_assertions.c.expires_at < now),
        delete(idempotency_keys).where(idempotency_keys.c.created_at < now - KEPT),
        delete(page_links).where(page_links.c.expires_at < ended),
        delete(passkey_challenges).where(passkey_challenges.c.expires_at < now),
        delete(recovery_tries).where(recovery_tries.c.since < ended),
        delete(challenges).where(challenges.c.asked_at < ended),
        delete(presences).where(presences.c.seen_at < ended),
        delete(owner_codes).where(owner_codes.c.asked_at < ended),
        # A row whose time has come says what no row says.
        delete(limits).where(limits.c.arrival < now),
        delete(browser_sessions).where(
            browser_sessions.c.expires_at < ended,
            ~select(challenges.c.id)
            .where(challenges.c.browser_session_id == browser_sessions.c.id)
            .exists(),
        ),
        # A ticket counts the sessions its freeze ended; they stay as long as tickets are worked on.
        delete(wallet_sessions).where(wallet_sessions.c.expires_at < now - timedelta(days=30)),
        delete(deliveries).where(
            deliveries.c.state.not_in(("due", "held")),
            deliveries.c.created_at < now - _TOLD_ROWS_STAY,
        ),
        delete(signals).where(
            signals.c.state != "due",
            signals.c.queued_at < now - _TOLD_ROWS_STAY,
            # Whoever was told of a freeze is told how it ends, however long it lasts.
            ~and_(
                signals.c.event == "account-frozen",
                select(accounts.c.id)
                .where(accounts.c.id == signals.c.account_id, accounts.c.state == "frozen")
                .exists(),
            ),
        ),
        delete(outbox).where(
            outbox.c.dispatched_at < now - _TOLD_ROWS_STAY,
            ~outbox.c.signal_waiting,
            ~select(deliveries.c.id).where(deliveries.c.outbox_id == outbox.c.id).exists(),
        ),
    )
    gone = 0
    for statement in statements:
        async with house.engine.begin() as db:
            gone += (await db.execute(statement)).rowcount
    return gone


async def gauges_of(house: House) -> dict[str, float]:
    """What an operator's monitoring reads; names and meanings stand in `storage.gauges`."""
    async with house.engine.connect() as db:
        return await gauges.counted(db)


async def what_is_stuck(house: House) -> list[str]:
    """Why a worker is not doing its work, in words for the operator; empty when it is well."""
    async with house.engine.connect() as db:
        found_there = await gauges.counted(db)
        workers = await db.scalar(
            text("select count(*) from pg_stat_activity where application_name = :name"),
            {"name": "resguardo-worker"},
        )
    waiting = found_there["message_oldest_seconds"]
    unsealed = found_there["journal_unsealed_seconds"]
    found: list[str] = []
    if not workers:
        found.append("no worker is connected to the database")
    if waiting > _STUCK_AFTER:
        found.append(f"messages have waited {waiting:.0f} s for dispatch")
    if found_there["signals_waiting_seconds"] > _STUCK_AFTER:
        found.append("what wallets hear of was not queued for them")
    if unsealed > _STUCK_AFTER:
        found.append(f"journal entries have waited {unsealed:.0f} s for their seal")
    return found
