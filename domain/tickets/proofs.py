"""What shows that it is the owner who asks, and when it is enough."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from domain import access
from domain.access import Agent
from domain.accounts import Account, AccountAddress, AddressKind
from domain.change import Change
from domain.events import ProofRecorded, ProofsFellShort
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
from domain.tickets.hours import Span
from domain.tickets.pausing import end_on_sign
from domain.tickets.ticket import (
    PROVED,
    Ticket,
    TicketKind,
    evidence_changed,
    require_open,
    standing,
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


class ProofDoubt(StrEnum):
    """Why what was recorded shows nothing of who it is."""

    # Whoever took the unlocked phone may have printed the card,
    CARD_TOO_NEW = "card-too-new"
    # and surely so, once the phone was gone.
    CARD_AFTER_LOSS = "card-after-loss"


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
    # Of a recovery card's code: when that card was made.
    card_made_at: datetime | None = None
    row_version: int = 1


class Grounds(Struct, frozen=True, kw_only=True):
    """What a new proof is judged on."""

    # What was recorded before it.
    before: tuple[Proof, ...]
    # Since when the phone may have been gone.
    lost_at: datetime
    # In which the wallet decides releases, from now on; none: always.
    hours: tuple[Span, ...]
    policy: TicketPolicy


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
    on: Grounds,
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
    require_counting(line_doubt(address, lost_at=on.lost_at, policy=on.policy))
    if proof.performed_at <= on.lost_at:
        raise LineReplacedBefore
    counts_from = proof.performed_at + on.policy.line_settles
    if now < counts_from:
        raise LineTooFresh(counts_from, now=now)
    return prove(ticket, proof, on=on, now=now)


def replaced_lines(proofs: tuple[Proof, ...]) -> frozenset[AddressId]:
    """The numbers that are in the owner's hands again."""
    found = (one.address_id for one in proofs if one.kind is ProofKind.REPLACED_LINE)
    return frozenset(address_id for address_id in found if address_id is not None)


def prove(ticket: Ticket, proof: Proof, *, on: Grounds, now: datetime) -> Change[Ticket]:
    """Evidence changes: what was proposed on the old evidence no longer stands.

    Only for facts that the service itself saw, such as a card's right code, or that were checked.
    What does not count is recorded too, and makes nothing enough. Raises TicketClosed.
    """
    require_open(ticket)
    enough = are_enough((*on.before, proof), lost_at=on.lost_at, policy=on.policy)
    ended = end_on_sign(ticket, now=now)
    ticket = unproposed(ended.value)
    if enough:
        decided_within = on.policy.decided_within
        ticket = work_again(ticket, hours=on.hours, decided_within=decided_within, now=now)
    stage = PROVED if enough else ticket.stage
    proved = replace(
        ticket,
        stage=stage,
        # Only a later report takes it back (`weigh_again`). A release asks again, on all that is
        # known then.
        proved_at=ticket.proved_at or (now if enough else None),
        evidence_version=ticket.evidence_version + 1,
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


def weigh_again(
    ticket: Ticket,
    *,
    proofs: Iterable[Proof],
    lost_at: datetime,
    policy: TicketPolicy,
    now: datetime,
) -> Change[Ticket]:
    """What a report that joins makes of proofs that were enough: by it the phone may have been gone
    before, and a card be too new.

    Where they are not enough any more, the ticket goes back to the stage that its facts give it,
    and what was proposed no longer stands. Otherwise nothing changes. Raises TicketClosed.
    """
    require_open(ticket)
    if ticket.proved_at is None or are_enough(proofs, lost_at=lost_at, policy=policy):
        return Change(ticket)
    short = evidence_changed(replace(ticket, proved_at=None))
    if ticket.stage is PROVED:
        short = replace(short, stage=standing(short))
    event = ProofsFellShort(account_id=ticket.account_id, ticket_id=ticket.id, at=now)
    return Change(short, (event,))


def prove_again(
    ticket: Ticket,
    proof: Proof,
    *,
    account: Account,
    on: Grounds,
    clocks_differ: timedelta,
    now: datetime,
) -> Change[Ticket]:
    """A proof seen by the wallet: it has proved anew who the owner is.

    Only since the freeze, and well enough. Whoever did it before may be the one who was reported.
    """
    if account.frozen_at is None:
        raise AccountNotFrozen
    if proof.level not in on.policy.reproofing_levels:
        raise LevelNotCounted
    if proof.performed_at <= account.frozen_at:
        raise PerformedBeforeFreeze
    if proof.performed_at > now + clocks_differ:
        raise PerformedInFuture
    return prove(ticket, proof, on=on, now=now)


def proof_doubt(proof: Proof, *, lost_at: datetime, policy: TicketPolicy) -> ProofDoubt | None:
    """Why it does not count on its ticket; None: it does.

    Asked anew whenever something is decided: a later report may say that the phone was gone before.
    """
    if proof.kind is not ProofKind.RECOVERY_CARD:
        return None
    made_at = proof.card_made_at
    if made_at is not None and made_at > lost_at:
        return ProofDoubt.CARD_AFTER_LOSS
    # A card of unknown age may be of any.
    if made_at is None or made_at + policy.address_counts_after > lost_at:
        return ProofDoubt.CARD_TOO_NEW
    return None


def counted_kinds(
    proofs: Iterable[Proof], *, lost_at: datetime, policy: TicketPolicy
) -> frozenset[ProofKind]:
    """Of which kinds there is a proof that counts."""
    return frozenset(
        one.kind for one in proofs if proof_doubt(one, lost_at=lost_at, policy=policy) is None
    )


def are_enough(proofs: Iterable[Proof], *, lost_at: datetime, policy: TicketPolicy) -> bool:
    """Two different kinds that count, one of them out of reach of phone, SIM and mailbox."""
    kinds = counted_kinds(proofs, lost_at=lost_at, policy=policy)
    return len(kinds) >= policy.proofs_for_release and bool(kinds & OUT_OF_REACH)
