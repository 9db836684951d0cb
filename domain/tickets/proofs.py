"""What shows that it is the owner who asks, and when it is enough."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from domain import access
from domain.access import Agent
from domain.accounts import Account, AccountAddress, AddressKind
from domain.change import Change
from domain.events import ProofRecorded
from domain.ids import AddressId, AgentId, ProofId, TicketId, WalletId
from domain.policy import TicketPolicy
from domain.refusals import (
    AccountNotFrozen,
    AddressDoesNotCount,
    LevelNotCounted,
    LineReplacedBefore,
    LineTooFresh,
    PerformedBeforeFreeze,
    PerformedInFuture,
)
from domain.tickets.addresses import line_doubt, require_counting
from domain.tickets.pausing import end_on_sign
from domain.tickets.ticket import (
    PROVED,
    Ticket,
    TicketKind,
    require_open,
    unproposed,
    work_again,
)


class ProofKind(StrEnum):
    OWNER_CODE = "owner-code"
    WALLET_REPROOFING = "wallet-reproofing"
    RECOVERY_CARD = "recovery-card"
    REPLACED_LINE = "replaced-line"


# What nobody has who holds the phone, its SIM and its mailbox.
OUT_OF_REACH: Final = frozenset({ProofKind.WALLET_REPROOFING, ProofKind.RECOVERY_CARD})


class Proof(Struct, frozen=True, kw_only=True):
    """A recorded fact, never a tick."""

    id: ProofId
    wallet_id: WalletId
    ticket_id: TicketId
    kind: ProofKind
    performed_at: datetime
    recorded_by: AgentId | None
    recorded_at: datetime
    # Where the fact can be found again; sealed under the owner's key.
    source: bytes | None
    # How well identity was proved anew, as the wallet calls it.
    level: str | None = None
    # Where the code went, or whose line was replaced.
    address_id: AddressId | None = None
    row_version: int = 1


def require_provable(ticket: Ticket) -> None:
    """Of a frozen account alone: a mere hint has nothing to be released."""
    require_open(ticket)
    if ticket.unconfirmed or ticket.kind is not TicketKind.LOSS:
        raise AccountNotFrozen


def require_prover(ticket: Ticket, *, by: Agent) -> None:
    """Whether this agent may gather proofs here at all."""
    access.require_level(by, access.REACHES_OWNER)
    require_provable(ticket)


def record_line(
    ticket: Ticket,
    proof: Proof,
    *,
    address: AccountAddress,
    lost_at: datetime,
    before: tuple[Proof, ...],
    policy: TicketPolicy,
    by: Agent,
    now: datetime,
) -> Change[Ticket]:
    """The carrier confirms when it gave the owner a new SIM for this number.

    The only proof that an agent writes down. A swap of SIMs is also how a line is stolen: it counts
    only once a day has passed in which the owner would have noticed, and only after the loss.
    Raises LineTooFresh with the instant from which it counts, LineReplacedBefore,
    AddressDoesNotCount for what is no number on file before the loss.
    """
    require_prover(ticket, by=by)
    if address.kind is not AddressKind.PHONE:
        raise AddressDoesNotCount
    require_counting(line_doubt(address, lost_at=lost_at, policy=policy))
    if proof.performed_at <= lost_at:
        raise LineReplacedBefore
    counts_from = proof.performed_at + policy.line_settles
    if now < counts_from:
        raise LineTooFresh(counts_from, now=now)
    return prove(ticket, proof, before=before, policy=policy, now=now)


def replaced_lines(proofs: tuple[Proof, ...]) -> frozenset[AddressId]:
    """The numbers that are in the owner's hands again."""
    found = (one.address_id for one in proofs if one.kind is ProofKind.REPLACED_LINE)
    return frozenset(address_id for address_id in found if address_id is not None)


def prove(
    ticket: Ticket,
    proof: Proof,
    *,
    before: tuple[Proof, ...],
    policy: TicketPolicy,
    now: datetime,
) -> Change[Ticket]:
    """Evidence changes: what was proposed on the old evidence no longer stands.

    Only for facts that the service itself saw, such as a card's right code, or that were checked.
    """
    require_open(ticket)
    enough = are_enough((*before, proof), policy)
    ended = end_on_sign(ticket, now=now)
    ticket = unproposed(ended.value)
    if enough:
        ticket = work_again(ticket, decided_within=policy.decided_within, now=now)
    stage = PROVED if enough else ticket.stage
    proved = replace(
        ticket,
        stage=stage,
        proved_at=(ticket.proved_at or now) if enough else None,
        evidence_version=ticket.evidence_version + 1,
        proposed_at=None,
    )
    event = ProofRecorded(
        account_id=ticket.account_id,
        ticket_id=ticket.id,
        proof_id=proof.id,
        kind=proof.kind.value,
        address_id=proof.address_id,
        at=now,
    )
    return Change(proved, (event, *ended.events))


def prove_again(
    ticket: Ticket,
    proof: Proof,
    *,
    account: Account,
    before: tuple[Proof, ...],
    policy: TicketPolicy,
    clocks_differ: timedelta,
    now: datetime,
) -> Change[Ticket]:
    """A proof seen by the wallet: it has proved anew who the owner is.

    Only since the freeze, and well enough. Whoever did it before may be the one who was reported.
    """
    if account.frozen_at is None:
        raise AccountNotFrozen
    if proof.level not in policy.reproofing_levels:
        raise LevelNotCounted
    if proof.performed_at <= account.frozen_at:
        raise PerformedBeforeFreeze
    if proof.performed_at > now + clocks_differ:
        raise PerformedInFuture
    return prove(ticket, proof, before=before, policy=policy, now=now)


def are_enough(proofs: tuple[Proof, ...], policy: TicketPolicy) -> bool:
    """Two different kinds, one of them out of reach of phone, SIM and mailbox."""
    kinds = {proof.kind for proof in proofs}
    return len(kinds) >= policy.proofs_for_release and bool(kinds & OUT_OF_REACH)
