"""What shows that it is the owner who asks, and when it is enough."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from domain import access
from domain.access import Agent
from domain.accounts import Account
from domain.change import Change
from domain.events import ProofRecorded
from domain.ids import AgentId, ProofId, TicketId, WalletId
from domain.policy import TicketPolicy
from domain.refusals import (
    AccountNotFrozen,
    LevelNotCounted,
    PerformedBeforeFreeze,
    PerformedInFuture,
)
from domain.tickets.ticket import PROVED, Ticket, require_open


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
    row_version: int = 1


def record_proof(
    ticket: Ticket,
    proof: Proof,
    *,
    before: tuple[Proof, ...],
    policy: TicketPolicy,
    by: Agent,
    now: datetime,
) -> Change[Ticket]:
    """Evidence changes: what was proposed on the old evidence no longer stands."""
    access.require_level(by, access.REACHES_OWNER)
    return prove(ticket, proof, before=before, policy=policy, now=now)


def prove(
    ticket: Ticket,
    proof: Proof,
    *,
    before: tuple[Proof, ...],
    policy: TicketPolicy,
    now: datetime,
) -> Change[Ticket]:
    """The same, without an agent: the service itself saw the fact, such as a card's right code."""
    require_open(ticket)
    enough = are_enough((*before, proof), policy)
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
        at=now,
    )
    return Change(proved, (event,))


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
    """The same, seen by the wallet: it has proved anew who the owner is.

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
