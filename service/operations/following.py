"""A contact follows what they reported: received, being handled, closed, and no more."""

from datetime import datetime
from typing import Final

from msgspec import Struct

from domain import reports as rules
from domain.challenges import Purpose
from domain.ids import ReportId
from domain.wallets import Wallet
from service.operations import visits
from service.operations.house import House
from service.operations.obeying import Obeyed, obeyed
from service.operations.reports import contacts_here, progress_of
from service.security.encryption import Place
from service.storage import load
from service.storage.keychain import Opener
from service.storage.rows import clock
from service.storage.values import BrowserSession

# Nobody reports so often; a list without an end would be one more thing to flood.
_MOST: Final = 20


class Followed(Struct, frozen=True, kw_only=True):
    """One own report. Of the owner it says what the contact chose from when reporting."""

    report_id: ReportId
    reference: str
    owner_name: str
    label: str | None
    filed_at: datetime
    withdrawn_at: datetime | None
    # "received", "being-handled", "closed"
    progress: str
    may_be_withdrawn: bool
    # What the wallet says of it; None where nothing is stopped by it, or not any more.
    obeyed: Obeyed | None


class Following(Struct, frozen=True, kw_only=True):
    reports: tuple[Followed, ...]
    now: datetime


async def see_reports(house: House, wallet: Wallet, session: BrowserSession) -> Following:
    """What was reported from the address the code went to, the newest first. Raises CodeNeeded."""
    async with house.engine.connect() as db:
        now = await clock(db)
        found = await contacts_here(db, wallet, session, Purpose.FOLLOW)
        mine = await load.accounts_with(db, (wallet.id,), [c.account_id for c in found])
        owned = {account.id: account for account in mine}
        theirs = {
            contact.id: contact
            for contact in found
            if visits.contact_fits(wallet, contact, owned[contact.account_id], Purpose.FOLLOW, now)
        }
        filed = await load.reports_by(db, wallet.id, theirs, limit=_MOST)
        tickets = {r.ticket_id: await load.ticket(db, wallet.id, r.ticket_id) for r in filed}
        owners = {r.account_id: await load.account(db, wallet.id, r.account_id) for r in filed}
        labels = {r.contact_id: theirs[r.contact_id].label for r in filed}
        names = {a.id: a.first_name for a in owners.values()}
        opener = await Opener.for_values(db, house.keys, [*labels.values(), *names.values()])
    return Following(
        reports=tuple(
            Followed(
                report_id=report.id,
                reference=report.reference,
                owner_name=opener.text(
                    Place("accounts", "first_name", report.account_id), names[report.account_id]
                ),
                label=opener.open(
                    Place("contacts", "label", report.contact_id), labels[report.contact_id]
                ),
                filed_at=report.filed_at,
                withdrawn_at=report.withdrawn_at,
                progress=progress_of(tickets[report.ticket_id]),
                may_be_withdrawn=rules.can_be_withdrawn(report, ticket=tickets[report.ticket_id]),
                obeyed=None
                if report.unconfirmed
                else obeyed(owners[report.account_id], tickets[report.ticket_id], wallet, now),
            )
            for report in filed
        ),
        now=now,
    )
