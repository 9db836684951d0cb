"""Values of the domain for tests: Olga owns, Carl and Cleo are her contacts, Astrid proposes, Arne
and Sofía approve. Each builder takes only what matters in a test and fills in an ordinary rest.

Rows of another house are built alike: pass its ids.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from msgspec.structs import replace

from domain import accounts
from domain.access import Agent, Role
from domain.accounts import Account, AddressKind, ClosingReason, Device, WalletSession
from domain.challenges import Challenge, Purpose
from domain.contacts import ACTIVE, LEAVING, Contact
from domain.ids import (
    AccountId,
    AgentId,
    BrowserSessionId,
    ChallengeId,
    ContactId,
    DeviceId,
    KeyId,
    PersonId,
    ProofId,
    ProposalId,
    ReportId,
    SessionId,
    TicketId,
    WalletId,
)
from domain.policy import TicketPolicy
from domain.reports import LossKind, LossReport, Way
from domain.tickets import Grounds, Proof, ProofKind, Proposal, ReleaseReason, Ticket, TicketKind

NOON: Final = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
# The smallest step of the database's clock.
A_MOMENT: Final = timedelta(microseconds=1)
AN_HOUR: Final = timedelta(hours=1)
A_DAY: Final = timedelta(days=1)

NORTE: Final = WalletId(UUID(int=1))
OLGA: Final = PersonId(UUID(int=2))
OLGAS: Final = AccountId(UUID(int=3))
MALLORYS: Final = AccountId(UUID(int=4))
CARL: Final = ContactId(UUID(int=5))
CLEO: Final = ContactId(UUID(int=6))
PHONE: Final = DeviceId(UUID(int=7))
TICKET: Final = TicketId(UUID(int=8))
ASTRID: Final = AgentId(UUID(int=9))
ARNE: Final = AgentId(UUID(int=10))
SOFIA: Final = AgentId(UUID(int=11))


def an_account(**changes: Any) -> Account:
    """Olga's, active."""
    olgas = Account(
        id=OLGAS,
        wallet_id=NORTE,
        subject="olga-1",
        person_id=OLGA,
        first_name=b"sealed",
        display_name=b"sealed",
        language="es",
        time_zone="America/Argentina/Buenos_Aires",
        created_at=NOON - 30 * A_DAY,
    )
    return replace(olgas, **changes)


def a_frozen_account(*, at: datetime = NOON - AN_HOUR, **changes: Any) -> Account:
    """Frozen by the rule itself, from what `changes` say it was before."""
    return accounts.freeze(an_account(**changes), ticket_id=TICKET, stolen=True, now=at).value


def a_closing_account(*, at: datetime, **changes: Any) -> Account:
    """It was announced that it closes then."""
    return an_account(closes_at=at, closing_reason=ClosingReason.CLOSED, **changes)


def a_device(**changes: Any) -> Device:
    phone = Device(
        id=PHONE,
        wallet_id=NORTE,
        account_id=OLGAS,
        name="phone-1",
        label=b"sealed",
        platform="android",
        epoch=0,
        linked_at=NOON - 30 * A_DAY,
    )
    return replace(phone, **changes)


def a_session(**changes: Any) -> WalletSession:
    """Of the wallet's, on Olga's phone, begun before anything happened."""
    session = WalletSession(
        id=SessionId(UUID(int=20)),
        wallet_id=NORTE,
        account_id=OLGAS,
        device_id=PHONE,
        token_sha256=bytes(32),
        epoch=0,
        began_at=NOON - AN_HOUR,
        expires_at=NOON + A_DAY,
    )
    return replace(session, **changes)


def an_invitation(**changes: Any) -> Contact:
    """Carl was invited an hour ago and has not answered."""
    invited_at: datetime = changes.get("invited_at", NOON - AN_HOUR)
    carl = Contact(
        id=CARL,
        wallet_id=NORTE,
        account_id=OLGAS,
        person_id=PersonId(UUID(int=21)),
        place=1,
        name=b"sealed",
        address_kind=AddressKind.EMAIL,
        address=b"sealed",
        address_index=b"carl@correo.example",
        language="es",
        invited_at=invited_at,
        sent_at=(invited_at,),
        lapses_at=invited_at + timedelta(days=7),
        link_sha256=b"carl's invitation",
    )
    return replace(carl, **changes)


def a_contact(**changes: Any) -> Contact:
    """Carl, who accepted an hour ago."""
    carl = an_invitation(
        status=ACTIVE,
        invited_at=NOON - 2 * AN_HOUR,
        accepted_at=NOON - AN_HOUR,
        undo_until=NOON + 23 * AN_HOUR,
        confirmed_at=NOON - AN_HOUR,
        remind_at=NOON + 182 * A_DAY - AN_HOUR,
        consent_version="2026-11",
        consent_language="es",
        link_sha256=b"carl's personal link",
    )
    return replace(carl, **changes)


def a_contact_who_leaves(*, at: datetime, **changes: Any) -> Contact:
    """Removed 72 hours before that, and told at once."""
    began_at = at - timedelta(hours=72)
    removal: dict[str, Any] = {
        "status": LEAVING,
        "removal_began_at": began_at,
        "removal_seconds": 72 * 3600,
        "removal_noticed_at": began_at,
        "leaves_at": at,
    }
    return a_contact(**(removal | changes))


def a_challenge(**changes: Any) -> Challenge:
    """Carl asked for a code this very moment, to report."""
    asked_at: datetime = changes.get("asked_at", NOON)
    challenge = Challenge(
        id=ChallengeId(UUID(int=30)),
        wallet_id=NORTE,
        person_id=PersonId(UUID(int=21)),
        contact_id=CARL,
        browser_session_id=BrowserSessionId(UUID(int=31)),
        purpose=Purpose.REPORT,
        code_hmac=b"first code",
        code_expires_at=asked_at + timedelta(minutes=10),
        asked_at=asked_at,
        next_code_from=asked_at + timedelta(seconds=60),
    )
    return replace(challenge, **changes)


def a_report(**changes: Any) -> LossReport:
    """Carl says that Olga's phone was stolen."""
    report = LossReport(
        id=ReportId(UUID(int=32)),
        wallet_id=NORTE,
        account_id=OLGAS,
        contact_id=CARL,
        person_id=PersonId(UUID(int=21)),
        ticket_id=TICKET,
        reference="K7QF-3M2X-R",
        way=Way.LINK,
        verified_by="email",
        kind=LossKind.STOLEN,
        device_id=None,
        noticed_at=None,
        note=None,
        reach=None,
        joined=False,
        filed_at=NOON,
    )
    return replace(report, **changes)


def a_ticket(**changes: Any) -> Ticket:
    """Opened a moment ago, and nobody has done anything yet."""
    opened_at: datetime = changes.get("opened_at", NOON)
    ticket = Ticket(
        id=TICKET,
        wallet_id=NORTE,
        account_id=OLGAS,
        kind=TicketKind.LOSS,
        reference="K7QF-3M2X-R",
        opened_at=opened_at,
        first_attempt_until=opened_at + timedelta(minutes=15),
        decision_until=opened_at + timedelta(hours=4),
    )
    return replace(ticket, **changes)


def a_proof(kind: ProofKind = ProofKind.OWNER_CODE, **changes: Any) -> Proof:
    proof = Proof(
        id=ProofId(UUID(int=40)),
        wallet_id=NORTE,
        ticket_id=TICKET,
        kind=kind,
        performed_at=NOON,
        recorded_by=ASTRID,
        recorded_at=NOON,
        source=None,
        # Printed at set-up.
        card_made_at=NOON - timedelta(days=30) if kind is ProofKind.RECOVERY_CARD else None,
    )
    return replace(proof, **changes)


def grounds(*before: Proof, **changes: Any) -> Grounds:
    """Of a loss at noon, at a desk that is always open."""
    on = Grounds(before=before, lost_at=NOON, hours=(), policy=TicketPolicy())
    return replace(on, **changes)


def enough_proofs() -> tuple[Proof, ...]:
    return a_proof(ProofKind.OWNER_CODE), a_proof(ProofKind.WALLET_REPROOFING)


def a_proposal(**changes: Any) -> Proposal:
    """Astrid's, on the evidence a ticket begins with."""
    proposal = Proposal(
        id=ProposalId(UUID(int=41)),
        wallet_id=NORTE,
        ticket_id=TICKET,
        proposed_by=ASTRID,
        reason=ReleaseReason.OWNER_SAFE,
        evidence_version=0,
        proposed_at=NOON,
    )
    return replace(proposal, **changes)


def an_agent(level: int, **changes: Any) -> Agent:
    """Made long enough ago to approve, if the level allows it."""
    agent = Agent(
        id=AgentId(UUID(int=49)),
        login="somebody",
        name=b"sealed",
        data_key_id=KeyId(UUID(int=50)),
        level=level,
        wallets=(NORTE,),
        language="es",
        password_hash="argon2id",
        totp_secret=b"sealed",
        can_approve_from=NOON - A_DAY,
        created_at=NOON - 2 * A_DAY,
    )
    return replace(agent, **changes)


def astrid(**changes: Any) -> Agent:
    """Level 2: proposes, and approves nothing."""
    return an_agent(2, id=ASTRID, login="astrid", **changes)


def arne(**changes: Any) -> Agent:
    """Level 3: approves."""
    return an_agent(3, id=ARNE, login="arne", **changes)


def sofia(**changes: Any) -> Agent:
    """Level 4: supervises."""
    return an_agent(4, id=SOFIA, login="sofia", **changes)


def an_officer(level: int = 4, **changes: Any) -> Agent:
    """Only approves, however high the level."""
    return an_agent(level, login="officer", role=Role.OFFICER, **changes)


def an_auditor(level: int = 4, **changes: Any) -> Agent:
    """Only reads, however high the level."""
    return an_agent(level, login="auditor", role=Role.AUDITOR, **changes)
