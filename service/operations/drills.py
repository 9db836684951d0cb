"""A rehearsal, from its own link to its TEST reference. Nothing is stopped by it.

It has its own challenges and budgets, its own browser session, and no ticket.
"""

import secrets
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import drills
from domain.challenges import Purpose
from domain.drills import Drill
from domain.events import Actor, ActorKind
from domain.ids import AccountId, ContactId, DrillId, rehearsal_reference_from
from domain.refusals import (
    AccountIsFrozen,
    CodeNeeded,
    LinkNotValid,
    MayNotReport,
    NoRehearsalNow,
    NotFound,
    PageExpired,
    TooSoon,
)
from domain.wallets import Wallet
from service.operations import browsers, space, visits
from service.operations.browsers import Opened
from service.operations.house import House
from service.operations.idempotency import Request, remember, replay
from service.operations.owners import OwnerAsking
from service.operations.people import owned
from service.operations.visits import Draft
from service.security.encryption import Place
from service.security.tokens import digest, new_id, new_token
from service.storage import load
from service.storage.keychain import Opener, find_key
from service.storage.rows import clock, keep, put
from service.storage.values import BrowserKind, BrowserSession

_RANDOM_BYTES = 5


class Started(Struct, frozen=True, kw_only=True):
    drill_id: DrillId
    # Of the rehearsal's link; None when this very form has started it before.
    token: str | None


class Rehearsal(Struct, frozen=True, kw_only=True):
    """What the pages of a rehearsal show."""

    contact_id: ContactId
    owner_name: str
    label: str | None
    draft: Draft
    until: datetime
    done_at: datetime | None
    reference: str | None
    now: datetime


async def start_drill(
    house: House,
    wallet: Wallet,
    account_id: AccountId,
    contact_id: ContactId,
    *,
    by: Actor,
    caller: str,
    key: str,
) -> Started:
    """Owner or contact begin a rehearsal; the contact is sent its link, the owner is told.

    Whoever calls has made sure that `by` may: see `start_by_owner`. Raises TooSoon within 30 days
    of the last one, AccountIsFrozen, MayNotReport, NotFound.
    """
    async with house.engine.begin() as db:
        account = await load.account_for_change(db, wallet.id, account_id)
        contact = await load.contact_for_change(db, wallet.id, contact_id)
        now = await clock(db)
        wallet_key = await find_key(db, house.keys, wallet.data_key_id)
        request = Request(
            wallet_id=wallet.id,
            caller=caller,
            route="drills",
            key=key,
            body=str(contact_id).encode(),
        )
        if (answered := await replay(db, wallet_key, request)) is not None:
            return Started(drill_id=DrillId(UUID(answered)), token=None)
        token = new_token()
        policy = wallet.policy.drills
        drill = Drill(
            id=DrillId(new_id()),
            wallet_id=wallet.id,
            account_id=account.id,
            contact_id=contact.id,
            link_sha256=digest(token),
            begun_at=now,
            until=now + policy.link_lasts,
        )
        change = drills.begin(
            drill,
            account=account,
            contact=contact,
            last_begun_at=await load.last_drill_begun_at(db, wallet.id, account.id),
            policy=policy,
            now=now,
        )
        promise_id = new_id()
        sealed = wallet_key.seal(Place("outbox", "secret", promise_id), token)
        await keep(db, wallet.id, None, change, by=by, promise_id=promise_id, secret=sealed)
        await remember(db, wallet_key, request, str(drill.id))
        return Started(drill_id=drill.id, token=token)


async def start_by_owner(
    house: House, wallet: Wallet, session: OwnerAsking, contact_id: ContactId, *, key: str
) -> Started:
    """From the owner's pages or app, for one of their people. Raises PageExpired and the above."""
    async with house.engine.connect() as db:
        account = await owned(db, wallet, session, for_change=False)
    return await start_drill(
        house,
        wallet,
        account.id,
        contact_id,
        by=Actor(ActorKind.OWNER, account.id),
        caller=str(session.id),
        key=key,
    )


async def start_by_contact(
    house: House, wallet: Wallet, session: BrowserSession, contact_id: ContactId, *, key: str
) -> Started:
    """From the contact's own space, within the same once in 30 days as the owner's. The link goes
    to their own address, as always. Raises PageExpired, CodeNeeded, NotFound; NoRehearsalNow for
    every other reason, which would tell a contact what only the owner knows."""
    async with house.engine.connect() as db:
        theirs = await space.live_here(db, wallet, session)
    contact = next((one for one in theirs if one.id == contact_id), None)
    if contact is None:
        raise NotFound
    try:
        return await start_drill(
            house,
            wallet,
            contact.account_id,
            contact.id,
            by=space.by(contact),
            caller=str(session.id),
            key=key,
        )
    except (AccountIsFrozen, MayNotReport, TooSoon):
        raise NoRehearsalNow from None


async def open_link(
    house: House, wallet: Wallet, token: str, *, cookie: str | None = None
) -> Opened:
    """A press on the rehearsal's link begins a session that may ask for a code, no more.

    Pressed again in the same browser (its `cookie`) it goes on with the code that is on its way,
    or with what was typed before. Raises LinkNotValid once it is done or its week is over.
    """
    async with house.engine.begin() as db:
        drill = await load.drill_by_link(db, wallet.id, digest(token.strip()))
        now = await clock(db)
        if drill is None or not drill.is_open(now):
            raise LinkNotValid
        until = now + wallet.policy.sessions.contact_lasts
        before = await _same_rehearsal(db, wallet, cookie, drill)
        if cookie is not None and before is not None and visits.waits_for_code(before, now):
            return Opened(await put(db, before, replace(before, expires_at=until)), cookie)
        opened = browsers.begin(
            kind=BrowserKind.CONTACT,
            purpose=Purpose.DRILL.value,
            wallet_id=wallet.id,
            at=now,
            expires_at=until,
        )
        session = replace(opened.session, contact_id=drill.contact_id, drill_id=drill.id)
        if before is not None and before.draft is not None:
            draft = await visits.read_draft(db, house, wallet, before)
            key = await find_key(db, house.keys, wallet.data_key_id)
            session = replace(session, draft=visits.sealed(key, session, draft))
        return Opened(await put(db, None, session), opened.cookie)


async def see(house: House, wallet: Wallet, session: BrowserSession) -> Rehearsal:
    """Whose phone is rehearsed, and what was said so far. Raises CodeNeeded before the code."""
    async with house.engine.connect() as db:
        drill = await _drill(db, wallet, session)
        contact = await load.contact(db, wallet.id, drill.contact_id)
        account = await load.account(db, wallet.id, drill.account_id)
        opener = await Opener.for_values(db, house.keys, (contact.label, account.first_name))
        return Rehearsal(
            contact_id=contact.id,
            owner_name=opener.text(Place("accounts", "first_name", account.id), account.first_name),
            label=opener.open(Place("contacts", "label", contact.id), contact.label),
            draft=await visits.read_draft(db, house, wallet, session),
            until=drill.until,
            done_at=drill.done_at,
            reference=drill.reference,
            now=await clock(db),
        )


async def finish(house: House, wallet: Wallet, session: BrowserSession) -> Drill:
    """The rehearsed button: a TEST reference, and both are told. Pressed twice it is one.

    Raises CodeNeeded, PageExpired, LinkNotValid once its week is over.
    """
    async with house.engine.begin() as db:
        current = await browsers.again(db, session)
        known = await _drill(db, wallet, current)
        await load.account_for_change(db, wallet.id, known.account_id)
        drill = await load.drill(db, wallet.id, known.id, for_change=True)
        reference = rehearsal_reference_from(secrets.token_bytes(_RANDOM_BYTES))
        change = drills.finish(drill, reference=reference, now=await clock(db))
        by = Actor(ActorKind.CONTACT, drill.contact_id)
        return await keep(db, wallet.id, drill, change, by=by)


async def make_real(
    house: House, wallet: Wallet, session: BrowserSession, *, cookie: str | None = None
) -> Opened:
    """ "This is real": what was typed goes along into a real visit, which asks its own code.

    The rehearsal's link went to the enrolled address, as the personal link did. Said again in the
    same browser (its `cookie` of the real journey), it goes on with the code that is on its way.
    Raises LinkNotValid for whoever may not report any more.
    """
    async with house.engine.begin() as db:
        current = await browsers.again(db, session, even_ended=True)
        if current.drill_id is None or current.purpose != Purpose.DRILL.value:
            raise PageExpired
        drill = await load.drill(db, wallet.id, current.drill_id)
        contact = await load.contact(db, wallet.id, drill.contact_id)
        account = await load.account(db, wallet.id, drill.account_id)
        now = await clock(db)
        if not visits.contact_fits(wallet, contact, account, Purpose.REPORT, now):
            raise LinkNotValid
        typed = await visits.read_draft(db, house, wallet, current)
        key = await find_key(db, house.keys, wallet.data_key_id)
        draft = replace(typed, contact_id=contact.id)
        until = now + wallet.policy.sessions.contact_lasts
        before = await visits.same_visit(db, wallet, cookie, contact, Purpose.REPORT)
        if cookie is not None and before is not None and visits.waits_for_code(before, now):
            # Nothing was typed here; perhaps it was there.
            sealed = before.draft if typed == Draft() else visits.sealed(key, before, draft)
            return Opened(
                await put(db, before, replace(before, expires_at=until, draft=sealed)), cookie
            )
        opened = browsers.begin(
            kind=BrowserKind.CONTACT,
            purpose=Purpose.REPORT.value,
            wallet_id=wallet.id,
            at=now,
            expires_at=until,
        )
        real = replace(opened.session, contact_id=contact.id)
        real = replace(real, draft=visits.sealed(key, real, draft))
        return Opened(await put(db, None, real), opened.cookie)


async def _same_rehearsal(
    db: AsyncConnection, wallet: Wallet, cookie: str | None, drill: Drill
) -> BrowserSession | None:
    if cookie is None:
        return None
    before = await browsers.find_last(db, BrowserKind.CONTACT, wallet.id, cookie)
    return before if before is not None and before.drill_id == drill.id else None


async def _drill(db: AsyncConnection, wallet: Wallet, session: BrowserSession) -> Drill:
    if session.drill_id is None or session.purpose != Purpose.DRILL.value:
        raise PageExpired
    if session.verified_at is None:
        raise CodeNeeded
    return await load.drill(db, wallet.id, session.drill_id)
