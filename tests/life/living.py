"""What people and clocks do in a life: each act is one of the service's own operations.

An act answers what came of it, or None when a rule said no. What is not a refusal is a fault.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from enum import StrEnum
from typing import TypeVar

from msgspec import Struct, field

from domain.accounts import AddressKind, Done
from domain.challenges import CodeResult, Purpose
from domain.ids import ContactId, ProposalId, SessionId, TicketId
from domain.refusals import Refused
from domain.reports import LossKind, LossReport
from domain.tickets import ProofKind, ReleaseReason
from notifications.dispatch import dispatch_waiting
from service.operations import (
    accounts,
    filing,
    housekeeping,
    invitations,
    journal,
    page_links,
    people,
    reports,
    sessions,
    tickets,
    visits,
)
from service.operations.agents import SignedIn
from service.operations.house import House
from service.operations.page_links import AskedLink
from service.operations.people import NewContact
from service.operations.sessions import ToldDevice
from service.operations.visits import Draft
from service.storage.directory import HouseDirectory
from service.storage.values import BrowserSession, LinkPurpose
from tests import people as cast
from tests.life.nursery import Born, sha

T = TypeVar("T")


class Said(StrEnum):
    """Which code somebody types."""

    RIGHT = "right"
    OLD = "old"
    WRONG = "wrong"
    OTHERS = "others"


class Sitting(Struct):
    """A contact before a browser, with the codes that came while they sat there."""

    session: BrowserSession
    purpose: Purpose
    codes: list[str] = field(default_factory=list[str])
    opened: int = 0


class SignedInPhone(Struct, frozen=True):
    subject: str
    session_id: SessionId


class Life:
    """Everything that can be done, in one database with one clock."""

    def __init__(self, house: House, born: Born) -> None:
        self.house = house
        self.wallet = born.wallet
        self.by = born.agents
        self.pressed: dict[str, LossReport] = {}
        self._counted = 0
        self._directory = HouseDirectory(house.keys)

    def number(self) -> int:
        self._counted += 1
        return self._counted

    async def begin_session(self, subject: str, token: str, device: ToldDevice) -> SessionId | None:
        async def act() -> SessionId:
            session = await sessions.begin_session(
                self.house,
                self.wallet,
                subject,
                token_sha256=sha(token),
                device=device,
                expires_at=await cast.now(self.house) + timedelta(days=2),
            )
            return session.id

        return await _said_no(act)

    async def end_session(self, session_id: SessionId) -> None:
        await sessions.end_session(self.house, self.wallet, session_id)

    async def ask_page_link(
        self, phone: SignedInPhone, purpose: LinkPurpose, age: timedelta
    ) -> str | None:
        async def act() -> str:
            asked = AskedLink(
                purpose=purpose,
                session_id=phone.session_id,
                auth_time=await cast.now(self.house) - age,
                acr=cast.NORTE.strong_acr[0],
            )
            link = await page_links.make_page_link(self.house, self.wallet, phone.subject, asked)
            return link.url.partition("once=")[2]

        return await _said_no(act)

    async def enter(self, once: str) -> BrowserSession | None:
        async def act() -> BrowserSession:
            return (await page_links.enter(self.house, self.wallet, once)).session

        return await _said_no(act)

    async def invite(self, pages: BrowserSession, name: str) -> str | None:
        """The invitation's token."""

        async def act() -> str:
            address = f"{name.lower()}@correo.example"
            new = NewContact(name=name, kind=AddressKind.EMAIL, address=address)
            key = f"invite {self.number()}"
            await people.invite(self.house, self.wallet, pages, new, key=key)
            return await cast.told_secret(self.house, self.wallet, "contact-invited")

        return await _said_no(act)

    async def take_back(self, pages: BrowserSession, contact_id: ContactId) -> None:
        await _said_no(lambda: people.take_back(self.house, self.wallet, pages, contact_id))

    async def open_link(self, token: str, purpose: Purpose) -> Sitting | None:
        async def act() -> Sitting:
            opened = await visits.open_link(self.house, self.wallet, token, purpose)
            return Sitting(opened.session, purpose)

        return await _said_no(act)

    async def ask_code(self, sitting: Sitting) -> None:
        async def act() -> None:
            await visits.ask_code(self.house, self.wallet, sitting.session)
            code = await cast.told_secret(self.house, self.wallet, "code-asked")
            sitting.codes.append(code)

        await _said_no(act)

    async def accept(self, sitting: Sitting, typed: str) -> str | None:
        """The personal link's token."""

        async def act() -> str | None:
            done = await invitations.accept(
                self.house, self.wallet, sitting.session, typed, language="es"
            )
            if not isinstance(done, invitations.Accepted):
                return None
            sitting.session = await visits.session_of(self.house, self.wallet, done.cookie)
            return done.link_token

        return await _said_no(act)

    async def verify(self, sitting: Sitting, typed: str) -> bool:
        async def act() -> bool:
            done = await reports.spend_code(self.house, self.wallet, sitting.session, typed)
            # First, because a result is text as well.
            if isinstance(done, CodeResult):
                return False
            sitting.session = await visits.session_of(self.house, self.wallet, done)
            return True

        return await _said_no(act) or False

    async def decline(self, sitting: Sitting) -> None:
        await _said_no(lambda: invitations.decline(self.house, self.wallet, sitting.session))

    async def report(
        self, sitting: Sitting, contact_id: ContactId, kind: LossKind, key: str
    ) -> LossReport | None:
        """Say whose phone, and press the button."""

        async def act() -> LossReport:
            draft = Draft(contact_id=contact_id, kind=kind)
            await reports.save(self.house, self.wallet, sitting.session, draft)
            sitting.session = await visits.current(self.house, sitting.session)
            return await filing.file_report(self.house, self.wallet, sitting.session, key=key)

        return await _said_no(act)

    async def confirm(self, subject: str, version: int, done: tuple[Done, ...]) -> None:
        await _said_no(
            lambda: accounts.confirm_freeze(
                self.house, self.wallet, subject, version=version, done=done, by=cast.THE_WALLET
            )
        )

    async def reach(self, ticket_id: TicketId, by: SignedIn) -> None:
        await _said_no(lambda: tickets.reach_owner(self.house, ticket_id, by=by))

    async def prove(self, ticket_id: TicketId, kind: ProofKind, by: SignedIn) -> None:
        await _said_no(
            lambda: tickets.record_proof(self.house, ticket_id, kind=kind, source="acta", by=by)
        )

    async def propose(self, ticket_id: TicketId, by: SignedIn) -> None:
        reason = ReleaseReason.OWNER_SAFE
        await _said_no(lambda: tickets.propose_release(self.house, ticket_id, reason=reason, by=by))

    async def approve(self, ticket_id: TicketId, proposal_id: ProposalId, by: SignedIn) -> None:
        await _said_no(lambda: tickets.approve_release(self.house, ticket_id, proposal_id, by=by))

    async def reject(self, ticket_id: TicketId, proposal_id: ProposalId, by: SignedIn) -> None:
        await _said_no(lambda: tickets.reject_release(self.house, ticket_id, proposal_id, by=by))

    async def jump(self, by: timedelta) -> None:
        await cast.move_clock(self.house, by)

    async def job(self, name: str) -> None:
        match name:
            case "seal":
                await journal.seal_journal(self.house)
            case "lapse":
                await housekeeping.lapse_invitations(self.house)
            case "sweep":
                await housekeeping.sweep(self.house)
            case _:
                await dispatch_waiting(self.house.engine, self._directory, limit=1000)


async def _said_no(act: Callable[[], Awaitable[T]]) -> T | None:
    try:
        return await act()
    except Refused:
        return None
