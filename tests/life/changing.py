"""What changes a contact's life in a life, and what is judged: the service's own operations."""

from datetime import timedelta
from typing import Any, Final

from msgspec.structs import replace

from domain.accounts import ClosingReason
from domain.challenges import Purpose
from domain.contacts import Contact
from domain.drills import Drill
from domain.ids import AccountId, ContactId, ReportId, TicketId
from domain.recovery import GoodTime, Voice
from domain.reports import LossReport, Outcome
from domain.safety import Wish
from domain.sign_ins import SignIn
from domain.tickets import CloseReason, TriedWay
from service.operations import (
    accounts,
    disputes,
    drills,
    leaving,
    not_me,
    objections,
    outcomes,
    people,
    reinstating,
    removals,
    reports,
    safety,
    tickets,
    unconfirmed,
    visits,
)
from service.operations.agents import SignedIn
from service.operations.visits import Draft
from service.security import message_links
from service.security.message_links import Says
from service.storage import load
from service.storage.values import BrowserSession
from tests import people as cast
from tests.life.living import Life, Sitting, Told, said_no

WISH: Final = Wish(voice=Voice.CALL, good_time=GoodTime.MORNING, words="no me siento segura")


class Changing:
    def __init__(self, life: Life, agents: tuple[SignedIn, ...]) -> None:
        self.life = life
        self.house = life.house
        self.wallet = life.wallet
        self._by = agents
        first = agents[0]
        # The only one who sees safety tickets.
        self._trained = replace(first, agent=replace(first.agent, trained_for_safety=True))

    async def remove(self, pages: BrowserSession, contact_id: ContactId) -> Contact | None:
        return await said_no(lambda: removals.remove(self.house, self.wallet, pages, contact_id))

    async def stay(self, pages: BrowserSession, contact_id: ContactId) -> Contact | None:
        return await said_no(lambda: removals.stay(self.house, self.wallet, pages, contact_id))

    async def disown(self, pages: BrowserSession, contact_id: ContactId) -> Contact | None:
        return await said_no(lambda: removals.disown(self.house, self.wallet, pages, contact_id))

    async def object_to(self, contact: dict[str, Any]) -> bool:
        """By the link that stands in every notice of the removal."""
        token = message_links.sign(
            self.house.keys,
            self.wallet.id,
            Says.NOT_MINE,
            contact["id"],
            about=contact["removal_began_at"],
        )

        async def act() -> bool:
            await objections.object_to_removal(self.house, self.wallet, token)
            return True

        return await said_no(act) or False

    async def send_again(self, pages: BrowserSession, contact_id: ContactId) -> str | None:
        """The invitation's new token, if one was made."""
        key = f"again {self.life.number()}"

        async def act() -> str:
            await people.send_again(self.house, self.wallet, pages, contact_id, key=key)
            return await cast.told_secret(self.house, self.wallet, "invitation-sent-again")

        return await said_no(act)

    async def leave(self, contact_id: ContactId) -> bool:
        async def act() -> bool:
            await leaving.leave(self.house, self.wallet, contact_id)
            return True

        return await said_no(act) or False

    async def not_me(self, contact_id: ContactId) -> None:
        token = message_links.sign(self.house.keys, self.wallet.id, Says.NOT_ME, contact_id)
        await said_no(lambda: not_me.say(self.house, self.wallet, token))

    async def feels_unsafe(self, pages: BrowserSession) -> None:
        key = f"safety {self.life.number()}"
        await said_no(lambda: safety.ask(self.house, self.wallet, pages, WISH, key=key))

    async def remove_for_safety(
        self, ticket_id: TicketId, contact_id: ContactId, *, trained: bool
    ) -> bool:
        by = self._trained if trained else self._by[3]

        async def act() -> bool:
            await safety.remove_contact(self.house, ticket_id, contact_id, by=by)
            return True

        return await said_no(act) or False

    async def close_safety(self, ticket_id: TicketId) -> None:
        await said_no(lambda: safety.close(self.house, ticket_id, by=self._trained))

    async def close_account(self, subject: str, reason: ClosingReason) -> bool:
        async def act() -> bool:
            await accounts.close_account(
                self.house, self.wallet, subject, reason=reason, by=cast.THE_WALLET
            )
            return True

        return await said_no(act) or False

    async def dispute(self, account_id: AccountId, age: timedelta, acr: str) -> bool:
        key = f"dispute {self.life.number()}"

        async def act() -> bool:
            await disputes.dispute(
                self.house,
                self.wallet,
                account_id,
                sign_in=SignIn(at=await cast.now(self.house) - age, acr=acr),
                note="la tengo conmigo",
                caller="app",
                key=key,
            )
            return True

        return await said_no(act) or False

    async def decide_removal(
        self, ticket_id: TicketId, contact_id: ContactId, agent: int, *, goes_on: bool
    ) -> None:
        by = self._by[agent]
        await said_no(
            lambda: tickets.decide_removal(
                self.house, ticket_id, contact_id, goes_on=goes_on, by=by
            )
        )

    async def hear(self, report: dict[str, Any], agent: int, *, asks: bool) -> None:
        listens = outcomes.ask_reporter if asks else outcomes.hear_reporter
        ticket_id, report_id = report["ticket_id"], report["id"]
        await said_no(lambda: listens(self.house, ticket_id, report_id, by=self._by[agent]))

    async def decide(self, report: dict[str, Any], outcome: Outcome, agent: int) -> None:
        ticket_id, report_id, by = report["ticket_id"], report["id"], self._by[agent]
        await said_no(lambda: outcomes.decide(self.house, ticket_id, report_id, outcome, by=by))

    async def answer_verdict(self, report: dict[str, Any], agent: int, *, confirms: bool) -> bool:
        """The second person's yes or no; whether a yes counted."""
        ticket_id, report_id, by = report["ticket_id"], ReportId(report["id"]), self._by[agent]
        async with self.house.engine.connect() as db:
            pending = await load.pending_verdict(db, self.wallet.id, report_id)
        if pending is None:
            return False
        answer = outcomes.confirm_false if confirms else outcomes.reject_false

        async def act() -> bool:
            await answer(self.house, ticket_id, report_id, pending.id, by=by)
            return confirms

        return await said_no(act) or False

    async def reinstate(self, report: dict[str, Any], first: int, second: int) -> None:
        ticket_id, contact_id = report["ticket_id"], report["contact_id"]
        for act, agent in ((reinstating.propose, first), (reinstating.confirm, second)):
            await said_no(
                lambda act=act, agent=agent: act(
                    self.house, ticket_id, contact_id, by=self._by[agent]
                )
            )

    async def tell(self, sitting: Sitting, contact_id: ContactId, said: Told) -> LossReport | None:
        """The button of whoever is only heard."""

        async def act() -> LossReport:
            draft = Draft(contact_id=contact_id, kind=said.kind, safe=said.safe)
            await reports.save(self.house, self.wallet, sitting.session, draft)
            sitting.session = await visits.current(self.house, sitting.session)
            filed = await unconfirmed.file_unconfirmed(
                self.house, self.wallet, sitting.session, key="heard"
            )
            sitting.session = await visits.current(self.house, sitting.session)
            return filed

        return await said_no(act)

    async def note_attempt(self, ticket_id: TicketId, agent: int) -> None:
        by = self._by[agent]
        way = TriedWay.OTHER_NUMBER
        await said_no(lambda: unconfirmed.note_attempt(self.house, ticket_id, way=way, by=by))

    async def lay_aside(self, ticket: dict[str, Any], reason: CloseReason, agent: int) -> bool:
        async def act() -> bool:
            await unconfirmed.close(
                self.house,
                ticket["id"],
                reason=reason,
                by=self._by[agent],
                seen=ticket["row_version"],
            )
            return True

        return await said_no(act) or False

    async def rehearse(self, pages: BrowserSession, contact_id: ContactId) -> Drill | None:
        """From the owner's button to the TEST reference."""
        key = f"drill {self.life.number()}"

        async def act() -> Drill | None:
            begun = await drills.start_by_owner(self.house, self.wallet, pages, contact_id, key=key)
            assert begun.token is not None
            opened = await drills.open_link(self.house, self.wallet, begun.token)
            sitting = Sitting(opened.session, Purpose.DRILL)
            if not await self.life.ask_code(sitting):
                return None
            if not await self.life.verify(sitting, sitting.codes[-1]):
                return None
            return await drills.finish(self.house, self.wallet, sitting.session)

        return await said_no(act)
