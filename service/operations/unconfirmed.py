"""Reports that freeze nothing, and what becomes of tickets that nobody confirms.

A contact who was paused, suspended or lately removed may still be the only one who knows: the
report opens, or joins, the urgent ticket, and a person looks. The page says that nothing was
stopped, whether or not somebody else has stopped it: contacts never learn of one another.
"""

from datetime import datetime
from hashlib import sha256
from uuid import UUID

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import reports, tickets
from domain.accounts import Account
from domain.contacts import Contact
from domain.events import Actor, ActorKind
from domain.ids import AttemptId, ContactId, ReportId, TicketId
from domain.refusals import ChangedMeanwhile, MayNotReport
from domain.reports import LossKind, LossReport
from domain.tickets import Attempt, CloseReason, Ticket, TriedWay
from domain.wallets import Wallet
from service.operations import browsers, freezing, visits, weighing
from service.operations.agents import SignedIn
from service.operations.at_work import at_work, require_seen
from service.operations.disputes import owner_key
from service.operations.house import House
from service.operations.idempotency import Request, remember, replay
from service.operations.reports import contacts_here
from service.operations.visits import Draft
from service.security.encryption import DataKey, Place
from service.security.networks import network_hash
from service.security.tokens import new_id, new_reference
from service.storage import load
from service.storage.keychain import find_key
from service.storage.rows import clock, keep, put
from service.storage.together import keep_all
from service.storage.values import BrowserSession


class _Telling(Struct, frozen=True, kw_only=True):
    """What was told, and by whom."""

    session: BrowserSession
    account: Account
    contact: Contact
    draft: Draft
    kind: LossKind
    owner_key: DataKey
    # A keyed hash of the source network; None where none is known.
    network: bytes | None


async def file_unconfirmed(
    house: House,
    wallet: Wallet,
    session: BrowserSession,
    *,
    key: str,
    shown: ContactId | None = None,
    network: str | None = None,
) -> LossReport:
    """Report and ticket together, no freeze. Pressed twice it is one report.

    Raises MayNotReport for whoever is not heard at all; ChangedMeanwhile, CodeNeeded, PageExpired.
    """
    async with house.engine.begin() as db:
        current = await browsers.again(db, session)
        draft = await visits.read_draft(db, house, wallet, current)
        theirs = {c.id: c for c in await contacts_here(db, wallet, current)}
        chosen = None if draft.contact_id is None else theirs.get(draft.contact_id)
        if chosen is None or draft.kind is None:
            raise MayNotReport
        if shown is not None and shown != chosen.id:
            raise ChangedMeanwhile
        if current.report_id is not None:
            filed = await load.report(db, wallet.id, current.report_id)
            if filed.contact_id == chosen.id:
                return filed
        account = await load.account_for_change(db, wallet.id, chosen.account_id)
        contact = await load.contact_for_change(db, wallet.id, chosen.id)
        before = await load.open_loss_ticket_for_change(db, wallet.id, account.id)
        wallet_key = await find_key(db, house.keys, wallet.data_key_id)
        request = Request(
            wallet_id=wallet.id,
            caller=str(session.id),
            route="r/confirm",
            key=key,
            body=sha256(msgspec.json.encode(draft)).digest(),
        )
        if (answered := await replay(db, wallet_key, request)) is not None:
            return await load.report(db, wallet.id, ReportId(UUID(answered)))
        await _require_own_device(db, account, draft)
        telling = _Telling(
            session=current,
            account=account,
            contact=contact,
            draft=draft,
            kind=draft.kind,
            owner_key=await owner_key(db, house, account),
            network=network_hash(house.keys, wallet.id, network),
        )
        report = await _file(db, wallet, telling, before)
        await put(db, current, replace(current, report_id=report.id))
        await remember(db, wallet_key, request, str(report.id))
        return report


async def note_attempt(house: House, ticket_id: TicketId, *, way: TriedWay, by: SignedIn) -> None:
    """The agent has tried to reach the owner, in vain. The first time it stops the first clock,
    unless it was the reported phone that rang."""
    async with at_work(house, ticket_id, by) as work:
        attempt = Attempt(
            id=AttemptId(new_id()),
            wallet_id=work.wallet_id,
            ticket_id=work.ticket.id,
            tried_by=by.agent.id,
            tried_at=work.now,
            way=way,
        )
        before = await load.attempts_on(work.db, work.wallet_id, work.ticket.id)
        change = tickets.note_attempt(
            work.ticket, attempt, before=before, by=by.agent, now=work.now
        )
        await keep(work.db, work.wallet_id, None, change, by=by.actor)
        await put(work.db, work.ticket, tickets.after_attempt(work.ticket, attempt))


async def close(
    house: House, ticket_id: TicketId, *, reason: CloseReason, by: SignedIn, seen: int
) -> None:
    """Lay aside what nobody confirmed. Raises AccountIsFrozen, OwnerNotTried, LevelTooLow.

    `seen` is the version of the ticket that the agent had before their eyes.
    """
    async with at_work(house, ticket_id, by) as work:
        wallet = await load.wallet(work.db, work.wallet_id)
        change = tickets.close_unconfirmed(
            work.ticket,
            reason=reason,
            attempts=await load.attempts_on(work.db, work.wallet_id, work.ticket.id),
            frozen=work.account.is_frozen,
            policy=wallet.policy.tickets,
            by=by.agent,
            now=work.now,
        )
        require_seen(work, seen)
        await keep(work.db, work.wallet_id, work.ticket, change, by=by.actor)


async def _file(
    db: AsyncConnection, wallet: Wallet, telling: _Telling, before: Ticket | None
) -> LossReport:
    by = Actor(ActorKind.CONTACT, telling.contact.id)
    reference = new_reference()
    now = await clock(db)
    # Asked first: nobody opens a ticket who is not heard.
    ticket_id = before.id if before is not None else TicketId(new_id())
    joined = before is not None
    report = _report(telling, ticket_id, reference, joined=joined, now=now)
    filed = reports.file_unconfirmed(
        report,
        by=telling.contact,
        account=telling.account,
        policy=wallet.policy.reports,
        now=now,
    )
    if before is None:
        new = freezing.new_ticket(wallet, telling.account, reference=reference, now=now)
        opened = tickets.open_ticket(replace(new, id=ticket_id, unconfirmed=True), now=now)
        await keep(db, wallet.id, None, opened, by=by)
        return await keep(db, wallet.id, None, filed, by=by)
    joined_to = await keep(db, wallet.id, before, tickets.join(before, now=now), by=by)
    weighed = await weighing.weigh(db, wallet, joined_to, noticed_at=report.noticed_at, now=now)
    stored = await keep(db, wallet.id, None, filed, by=by)
    await keep_all(db, wallet.id, weighed, by=by)
    return stored


def _report(
    telling: _Telling, ticket_id: TicketId, reference: str, *, joined: bool, now: datetime
) -> LossReport:
    report_id = ReportId(new_id())
    draft = telling.draft

    def sealed(column: str, text: str) -> bytes | None:
        place = Place("loss_reports", column, report_id)
        return telling.owner_key.seal(place, text) if text else None

    return LossReport(
        id=report_id,
        wallet_id=telling.contact.wallet_id,
        account_id=telling.contact.account_id,
        contact_id=telling.contact.id,
        person_id=telling.contact.person_id,
        ticket_id=ticket_id,
        reference=reference,
        way=telling.session.way,
        verified_by=telling.session.verified_by or "",
        kind=telling.kind,
        device_id=draft.device_id,
        noticed_at=draft.noticed_at,
        note=sealed("note", draft.note),
        reach=sealed("reach", draft.reach),
        # Agents read it. It does not raise the danger: that would void a release that waits, and
        # keep notices from the owner, at the word of someone whose reports do not count just now.
        owner_safe=draft.safe,
        joined=joined,
        filed_at=now,
        network=telling.network,
    )


async def _require_own_device(db: AsyncConnection, account: Account, draft: Draft) -> None:
    """A device somebody typed into the form must be one of this very owner's."""
    if draft.device_id is None:
        return
    devices = await load.devices_of(db, account.wallet_id, account.id)
    if all(device.id != draft.device_id for device in devices):
        raise MayNotReport
