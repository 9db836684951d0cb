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
from domain.ids import ContactId, SessionId
from domain.refusals import Refused
from domain.reports import LossKind, LossReport, OwnerSafe
from notifications.dispatch import dispatch_waiting
from notifications.sending import send_due
from service.operations import (
    accounts,
    filing,
    hints,
    housekeeping,
    invitations,
    journal,
    page_links,
    people,
    recovery_cards,
    reports,
    sessions,
    visits,
    withdrawals,
)
from service.operations.house import House
from service.operations.page_links import AskedLink
from service.operations.people import NewContact
from service.operations.sessions import ToldDevice
from service.operations.visits import Draft
from service.storage.directory import HouseDirectory
from service.storage.values import BrowserSession, LinkPurpose
from tests import people as cast
from tests.life.nursery import Born, sha
from tests.life.post import Post

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
    # Those that were right, each of them once.
    spent: list[str] = field(default_factory=list[str])
    # What was typed, where somebody came without a link.
    address: str | None = None


class Told(Struct, frozen=True):
    """What a reporter says."""

    kind: LossKind
    safe: OwnerSafe = OwnerSafe.UNKNOWN


class SignedInPhone(Struct, frozen=True):
    subject: str
    session_id: SessionId


class Life:
    """Everything that can be done, in one database with one clock."""

    def __init__(self, house: House, born: Born) -> None:
        self.house = house
        self.wallet = born.wallet
        self.post = Post()
        # The address that every contact was invited under.
        self.lives_at = dict(born.lives_at)
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

        return await said_no(act)

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

        return await said_no(act)

    async def enter(self, once: str) -> BrowserSession | None:
        async def act() -> BrowserSession:
            return (await page_links.enter(self.house, self.wallet, once)).session

        return await said_no(act)

    async def invite(self, pages: BrowserSession, name: str) -> str | None:
        """The invitation's token."""

        async def act() -> str:
            address = f"{name.lower()}@correo.example"
            new = NewContact(name=name, kind=AddressKind.EMAIL, address=address)
            key = f"invite {self.number()}"
            contact_id = await people.invite(self.house, self.wallet, pages, new, key=key)
            self.lives_at[contact_id] = address
            return await cast.told_secret(self.house, self.wallet, "contact-invited")

        return await said_no(act)

    async def take_back(self, pages: BrowserSession, contact_id: ContactId) -> None:
        await said_no(lambda: people.take_back(self.house, self.wallet, pages, contact_id))

    async def open_link(self, token: str, purpose: Purpose) -> Sitting | None:
        async def act() -> Sitting:
            opened = await visits.open_link(self.house, self.wallet, token, purpose)
            return Sitting(opened.session, purpose)

        return await said_no(act)

    async def ask_code(self, sitting: Sitting, network: str | None = None) -> bool:
        """Whether one was put on its way; a stranger's too, for all anybody can see."""

        async def act() -> bool:
            await visits.ask_code(self.house, self.wallet, sitting.session, network=network)
            code = await cast.told_secret(self.house, self.wallet, "code-asked")
            sitting.codes.append(code)
            return True

        return await said_no(act) or False

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

        return await said_no(act)

    async def verify(self, sitting: Sitting, typed: str) -> bool:
        async def act() -> bool:
            done = await reports.spend_code(self.house, self.wallet, sitting.session, typed)
            # First, because a result is text as well.
            if isinstance(done, CodeResult):
                return False
            sitting.session = await visits.session_of(self.house, self.wallet, done)
            return True

        return await said_no(act) or False

    async def withdraw(self, sitting: Sitting, typed: str) -> bool:
        async def act() -> bool:
            done = await withdrawals.withdraw(self.house, self.wallet, sitting.session, typed)
            return isinstance(done, LossReport)

        return await said_no(act) or False

    async def decline(self, sitting: Sitting) -> None:
        await said_no(lambda: invitations.decline(self.house, self.wallet, sitting.session))

    async def report(
        self, sitting: Sitting, contact_id: ContactId, said: Told, key: str = "button"
    ) -> LossReport | None:
        """Say whose phone, and press the button."""

        async def act() -> LossReport:
            draft = Draft(contact_id=contact_id, kind=said.kind, safe=said.safe)
            await reports.save(self.house, self.wallet, sitting.session, draft)
            sitting.session = await visits.current(self.house, sitting.session)
            filed = await filing.file_report(self.house, self.wallet, sitting.session, key=key)
            sitting.session = await visits.current(self.house, sitting.session)
            return filed

        return await said_no(act)

    async def make_card(self, pages: BrowserSession) -> tuple[str, ...] | None:
        """The codes as they are printed."""
        key = f"card {self.number()}"
        return await said_no(
            lambda: recovery_cards.make_card(self.house, self.wallet, pages, key=key)
        )

    async def confirm(self, subject: str, version: int, done: tuple[Done, ...]) -> None:
        await said_no(
            lambda: accounts.confirm_freeze(
                self.house, self.wallet, subject, version=version, done=done, by=cast.THE_WALLET
            )
        )

    async def jump(self, by: timedelta) -> None:
        await cast.move_clock(self.house, by)

    async def job(self, name: str) -> None:
        match name:
            case "seal":
                await journal.seal_journal(self.house)
            case "settle":
                await housekeeping.settle_contacts(self.house)
            case "close":
                await housekeeping.close_accounts(self.house)
            case "sweep":
                await housekeeping.sweep(self.house)
            case "hints":
                await hints.file_hints(self.house)
            case _:
                await self._send()

    async def _send(self) -> None:
        await dispatch_waiting(self.house.engine, self._directory, limit=1000)
        channels = self.post.channels
        while await send_due(self.house.engine, self._directory, channels, most_at_once=8) == 8:
            pass


async def said_no(act: Callable[[], Awaitable[T]]) -> T | None:
    try:
        return await act()
    except Refused:
        return None
