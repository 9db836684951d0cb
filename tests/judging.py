"""Reports that are judged in tests: called false by one, and waiting for another."""

from datetime import timedelta
from typing import Final

from msgspec import Struct
from sqlalchemy import update

from domain.contacts import ContactStatus
from domain.ids import ContactId, FalseReportId, ReportId
from domain.outcomes import FalseReport
from domain.reports import Outcome
from service.operations import outcomes, reinstating
from service.operations.agents import SignedIn
from service.operations.house import House
from service.security.tokens import new_id
from service.storage import load
from service.storage.rows import put
from service.storage.tables import accounts, contacts, loss_reports
from tests import people as cast
from tests import proving
from tests.desks import Case

LONG_AGO: Final = timedelta(days=60)


class Judged(Struct, frozen=True, kw_only=True):
    """Carl's report, and where it is decided."""

    house: House
    case: Case
    report_id: ReportId
    carl_id: ContactId

    @property
    def verdict(self) -> str:
        return f"{self.case.path}/reports/{self.report_id}/verdict"

    @property
    def reinstatement(self) -> str:
        return f"{self.case.path}/contacts/{self.carl_id}/reinstatement"

    async def outcome(self) -> Outcome | None:
        async with self.house.engine.connect() as db:
            return (await load.report(db, self.case.wallet.id, self.report_id)).outcome

    async def carl(self) -> ContactStatus:
        async with self.house.engine.connect() as db:
            return (await load.contact(db, self.case.wallet.id, self.carl_id)).status

    async def propose(self, by: SignedIn) -> None:
        house, ticket = self.house, self.case.ticket_id
        await outcomes.hear_reporter(house, ticket, self.report_id, by=by)
        await outcomes.decide(house, ticket, self.report_id, Outcome.FALSE, by=by)


async def called_false(house: House, case: Case, by: SignedIn) -> Judged:
    """Olga is known for certain, and somebody says that Carl's report is false."""
    await proving.proved(house, case.wallet, case.ticket_id, by)
    async with house.engine.connect() as db:
        (report,) = await load.reports_of(db, case.wallet.id, case.ticket_id)
    judged = Judged(house=house, case=case, report_id=report.id, carl_id=report.contact_id)
    await judged.propose(by)
    return judged


async def an_earlier_one(judged: Judged) -> None:
    """Some weeks ago Carl reported falsely before."""
    case = judged.case
    async with judged.house.engine.begin() as db:
        contact = await load.contact(db, case.wallet.id, judged.carl_id)
        earlier = FalseReport(
            id=FalseReportId(new_id()),
            wallet_id=case.wallet.id,
            account_id=case.account.id,
            address_index=contact.address_index,
            decided_at=await cast.now(judged.house) - LONG_AGO,
        )
        await put(db, None, earlier)


async def taking_back(judged: Judged, by: SignedIn) -> str:
    """Carl is suspended, the account given back, and somebody wants Carl back."""
    async with judged.house.engine.begin() as db:
        now = await cast.now(judged.house)
        false = {"status": "decided", "outcome": "false", "decided_at": now}
        await db.execute(update(loss_reports).values(**false))
        carl = contacts.c.id == judged.carl_id
        await db.execute(update(contacts).where(carl).values(status="suspended"))
        await db.execute(update(accounts).values(state="active", frozen_at=None))
    await reinstating.propose(judged.house, judged.case.ticket_id, judged.carl_id, by=by)
    return judged.reinstatement
