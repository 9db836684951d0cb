"""The people of these tests, the wallet they use, and what happens to them."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import Row, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.accounts import AddressKind
from domain.events import (
    AccountClosingBegun,
    AccountFrozen,
    AccountKeptFrozen,
    AccountReleased,
    AddressesChanged,
    AuthenticatorRemoved,
    AuthenticatorSet,
    ClosingAnnounced,
    CodeAsked,
    ContactAccepted,
    ContactAddressesChanged,
    ContactInvited,
    ContactLeft,
    ContactPaused,
    ContactReinstated,
    ContactReminded,
    ContactRemoved,
    ContactSuspended,
    ContactWrittenTo,
    DrillBegun,
    DrillDone,
    ErasureAsked,
    Event,
    InvitationLapsed,
    InvitationReady,
    InvitationSentAgain,
    InvitationTakenBack,
    LinkRenewed,
    LinkShown,
    LinkStopped,
    LossReported,
    OnCallRung,
    OnCallTested,
    OthersAreRemoved,
    OwnerCodeAsked,
    OwnerWrittenTo,
    RemovalBegun,
    RemovalCancelled,
    RemovalDisowned,
    RemovalResumed,
    ReporterAsked,
    ReportWithdrawn,
    SecondAddressAdded,
    SecondAddressRemoved,
    UnconfirmedLossReported,
    UnconfirmedTicketClosed,
)
from domain.ids import (
    AccountId,
    AddressId,
    AgentId,
    ChallengeId,
    ContactId,
    DrillId,
    ErasureId,
    OnCallId,
    PersonId,
    ProposalId,
    ReportId,
    TicketId,
    TicketMessageId,
    WalletId,
)
from notifications.directory import Recipient, Sender
from notifications.outbox import Promise, rows
from notifications.tables import deliveries, outbox

NOON: Final = datetime(2026, 3, 14, 17, 2, tzinfo=UTC)
NORTE: Final = WalletId(UUID(int=1))
OLGAS: Final = AccountId(UUID(int=2))
CARL: Final = ContactId(UUID(int=3))
CLEO: Final = ContactId(UUID(int=4))
TICKET: Final = TicketId(UUID(int=5))
A_PERSON: Final = PersonId(UUID(int=6))
OLGAS_MAIL: Final = UUID(int=7)
SOFIA: Final = OnCallId(UUID(int=9))
OLGAS_PHONE: Final = UUID(int=8)
CARLS_SECOND: Final = AddressId(UUID(int=11))

# Lets time pass for the database.
Later = Callable[[timedelta], Awaitable[None]]

REFERENCE: Final = "K7QF-3M2X-R"
CONSOLE: Final = "https://mesa.operadora.example"
TICKET_PAGE: Final = f"{CONSOLE}/console/tickets/{TICKET}"
TEST_REFERENCE: Final = "TEST-3M2X-R"
TOKEN: Final = "9fJ3kQ-uXv_7wYzA1bC2dE"
NOT_ME: Final = "AAAAAAAAAAAAAAAAAAAAAw-bR4dPq8_sT2uVwX6yZ0k"
NOT_MINE: Final = "AAAAAAAAAAAAAAAAAAAAAwZ1k-Lm3nOp5qR7sT9uVwc"
CODE: Final = "482915"
ADDRESSES: Final = {
    OLGAS_MAIL: "olga@mail.example",
    OLGAS_PHONE: "+5491155550001",
    CARL: "carl@mail.example",
    CLEO: "+5491155550002",
    CARLS_SECOND: "carl.second@mail.example",
}


def the_wallet(**changes: Any) -> Sender:
    norte = Sender(
        wallet_id=NORTE,
        name="Norte",
        short_name="Norte",
        origin="https://resguardo.norte.example",
        support_number="0800 555 0100",
        colour="#0b6e4f",
        email_from="avisos@norte.example",
        time_zone="America/Bogota",
    )
    return msgspec.structs.replace(norte, **changes)


def olga(kind: AddressKind, language: str = "en") -> Recipient:
    address = ADDRESSES[OLGAS_MAIL if kind is AddressKind.EMAIL else OLGAS_PHONE]
    return Recipient(
        kind=kind,
        address=address,
        language=language,
        time_zone="America/Argentina/Buenos_Aires",
        name="Olga",
    )


def carl(
    kind: AddressKind,
    language: str = "en",
    owner: str | None = "Olga",
    not_me: str | None = NOT_ME,
) -> Recipient:
    return Recipient(
        kind=kind,
        address=ADDRESSES[CARL if kind is AddressKind.EMAIL else CLEO],
        language=language,
        time_zone="America/Sao_Paulo",
        name="Carl",
        owner_name=owner,
        not_me=not_me,
    )


def invited(
    contact: ContactId = CARL, *, lapses_at: datetime = NOON + timedelta(days=7)
) -> ContactInvited:
    return ContactInvited(
        at=NOON,
        account_id=OLGAS,
        contact_id=contact,
        person_id=A_PERSON,
        lapses_at=lapses_at,
    )


def accepted(contact: ContactId = CARL) -> ContactAccepted:
    return ContactAccepted(
        at=NOON,
        account_id=OLGAS,
        contact_id=contact,
        person_id=A_PERSON,
        text_version="1",
        language="en",
    )


def lapsed() -> InvitationLapsed:
    return InvitationLapsed(at=NOON, account_id=OLGAS, contact_id=CARL)


def taken_back(*, had_accepted: bool = False) -> InvitationTakenBack:
    return InvitationTakenBack(
        at=NOON, account_id=OLGAS, contact_id=CARL, had_accepted=had_accepted
    )


def owner_code_asked() -> OwnerCodeAsked:
    return OwnerCodeAsked(
        at=NOON,
        account_id=AccountId(uuid4()),
        ticket_id=TicketId(uuid4()),
        address_id=AddressId(uuid4()),
        expires_at=NOON + timedelta(minutes=10),
    )


def code_asked(
    contact: ContactId | None = CARL,
    *,
    purpose: str = "report",
    expires_at: datetime = NOON + timedelta(minutes=10),
) -> CodeAsked:
    return CodeAsked(
        at=NOON,
        challenge_id=ChallengeId(uuid4()),
        contact_id=contact,
        purpose=purpose,
        expires_at=expires_at,
    )


def frozen() -> AccountFrozen:
    return AccountFrozen(
        at=NOON, account_id=OLGAS, ticket_id=TICKET, version=1, epoch=1, stolen=True
    )


def reported(contact: ContactId = CARL) -> LossReported:
    return LossReported(
        at=NOON,
        account_id=OLGAS,
        contact_id=contact,
        report_id=ReportId(uuid4()),
        ticket_id=TICKET,
        reference=REFERENCE,
        stolen=True,
        joined=False,
    )


def withdrawn(contact: ContactId = CARL) -> ReportWithdrawn:
    return ReportWithdrawn(
        at=NOON,
        account_id=OLGAS,
        contact_id=contact,
        report_id=ReportId(uuid4()),
        ticket_id=TICKET,
        reference=REFERENCE,
        wrong_person=False,
    )


def released() -> AccountReleased:
    return AccountReleased(at=NOON, account_id=OLGAS, ticket_id=TICKET, version=2)


IN_3_DAYS: Final = NOON + timedelta(days=3)


def kept_frozen(
    reason: str = "identity-not-proved", to_bring: tuple[str, ...] = ("identity-document",)
) -> AccountKeptFrozen:
    return AccountKeptFrozen(
        at=NOON,
        account_id=OLGAS,
        ticket_id=TICKET,
        proposal_id=ProposalId(uuid4()),
        proposed_by=AgentId(uuid4()),
        approved_by=AgentId(uuid4()),
        reason=reason,
        to_bring=to_bring,
        version=1,
        review_until=IN_3_DAYS,
    )


def about_carl(kind: Callable[..., Event], **facts: Any) -> Event:
    """What happened to Carl as one of Olga's trusted people, at noon."""
    return kind(at=NOON, account_id=OLGAS, contact_id=CARL, **facts)


def addresses_changed() -> AddressesChanged:
    return AddressesChanged(at=NOON, account_id=OLGAS, added=1, removed=1)


def closing_begun() -> AccountClosingBegun:
    return AccountClosingBegun(at=NOON, account_id=OLGAS, closes_at=IN_3_DAYS, reason="closed")


def closing_announced() -> Event:
    return about_carl(ClosingAnnounced, closes_at=IN_3_DAYS)


def invited_again() -> Event:
    return about_carl(InvitationSentAgain, person_id=A_PERSON, lapses_at=IN_3_DAYS)


def invitation_ready() -> Event:
    return about_carl(InvitationReady, lapses_at=IN_3_DAYS)


def removal_begun() -> Event:
    return about_carl(RemovalBegun, leaves_at=IN_3_DAYS)


def removal_resumed() -> Event:
    return about_carl(RemovalResumed, leaves_at=IN_3_DAYS)


def removal_cancelled() -> Event:
    return about_carl(RemovalCancelled)


def removal_disowned() -> Event:
    return about_carl(RemovalDisowned)


def others_are_removed() -> Event:
    return about_carl(OthersAreRemoved)


def removed() -> Event:
    return about_carl(ContactRemoved)


def left() -> Event:
    return about_carl(ContactLeft)


def paused() -> Event:
    return about_carl(ContactPaused, until=IN_3_DAYS)


def suspended() -> Event:
    return about_carl(ContactSuspended)


def reinstated() -> Event:
    arne, astrid = AgentId(UUID(int=9)), AgentId(UUID(int=10))
    return about_carl(ContactReinstated, proposed_by=astrid, approved_by=arne)


def reminded() -> Event:
    return about_carl(ContactReminded, unconfirmed_from=IN_3_DAYS)


def unconfirmed_report() -> Event:
    return about_carl(
        UnconfirmedLossReported,
        report_id=ReportId(uuid4()),
        ticket_id=TICKET,
        reference=REFERENCE,
        stolen=True,
        joined=False,
    )


def reporter_asked() -> Event:
    return about_carl(
        ReporterAsked,
        report_id=ReportId(uuid4()),
        ticket_id=TICKET,
        reference=REFERENCE,
        answer_until=IN_3_DAYS,
    )


def owner_written_to(reply: str) -> Event:
    return OwnerWrittenTo(
        at=NOON,
        account_id=OLGAS,
        ticket_id=TICKET,
        message_id=TicketMessageId(uuid4()),
        reply=reply,
    )


def contact_written_to(reply: str) -> Event:
    return about_carl(
        ContactWrittenTo, ticket_id=TICKET, message_id=TicketMessageId(uuid4()), reply=reply
    )


def unconfirmed_closed() -> UnconfirmedTicketClosed:
    return UnconfirmedTicketClosed(at=NOON, account_id=OLGAS, ticket_id=TICKET, reason="nobody")


def drill_begun() -> Event:
    return about_carl(DrillBegun, drill_id=DrillId(uuid4()), until=IN_3_DAYS)


def drill_done() -> Event:
    return about_carl(DrillDone, drill_id=DrillId(uuid4()), reference=TEST_REFERENCE)


def to_carl(kind: Callable[..., Event], **facts: Any) -> Event:
    """What happened in Carl's own space, at noon."""
    return kind(at=NOON, contact_id=CARL, **facts)


def second_added() -> Event:
    return to_carl(SecondAddressAdded, address_id=CARLS_SECOND)


def second_removed() -> Event:
    return to_carl(SecondAddressRemoved)


def contacts_addresses_changed() -> Event:
    return about_carl(ContactAddressesChanged)


def authenticator_set() -> Event:
    return to_carl(AuthenticatorSet)


def authenticator_removed() -> Event:
    return to_carl(AuthenticatorRemoved)


def link_stopped() -> Event:
    return to_carl(LinkStopped)


def link_renewed() -> Event:
    return to_carl(LinkRenewed)


def link_shown() -> Event:
    return to_carl(LinkShown)


def erasure_asked() -> Event:
    return to_carl(ErasureAsked, erasure_id=ErasureId(uuid4()), due_at=IN_3_DAYS)


def on_call_rung(why: str = "no-approver", *, at: datetime = NOON) -> OnCallRung:
    return OnCallRung(
        account_id=OLGAS,
        ticket_id=TICKET,
        person_id=SOFIA,
        reason=why,
        reference=REFERENCE,
        until=at + timedelta(hours=1),
        at=at,
    )


def on_call_tested() -> OnCallTested:
    return OnCallTested(person_id=SOFIA, until=NOON + timedelta(hours=1), at=NOON)


def sofia(kind: AddressKind, language: str = "en", console: str | None = CONSOLE) -> Recipient:
    """She supervises, and may be woken."""
    return Recipient(
        kind=kind,
        address="sofia@norte.example" if kind is AddressKind.EMAIL else "+5491155550009",
        language=language,
        time_zone="America/Bogota",
        name="Sofía",
        console=console,
    )


async def promise(engine: AsyncEngine, event: Event, *, secret: str | None = None) -> UUID:
    """Put an event in the outbox, as `keep` does."""
    promised = Promise(
        id=uuid4(),
        wallet_id=NORTE,
        event=event,
        secret=None if secret is None else f"sealed:{secret}".encode(),
    )
    async with engine.begin() as db:
        await db.execute(insert(outbox).values(rows([promised])))
    return promised.id


async def stored_deliveries(engine: AsyncEngine) -> list[Mapping[str, Any]]:
    async with engine.connect() as db:
        found = await db.execute(select(deliveries).order_by(deliveries.c.address_id))
        return [dict(row) for row in found.mappings()]


async def stored_promise(engine: AsyncEngine, outbox_id: UUID) -> Row[Any]:
    async with engine.connect() as db:
        return (await db.execute(select(outbox).where(outbox.c.id == outbox_id))).one()
