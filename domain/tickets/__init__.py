"""The ticket and its rules, called as `tickets.…`, whatever module they stand in.

A rule stands where its subject is: `ticket` holds the value, its drawing and what several rules
ask of it; the others hold what people do with it.
"""

from domain.tickets.closing import (
    Attempt,
    CloseReason,
    attempts_that_count,
    close_unconfirmed,
    note_attempt,
)
from domain.tickets.danger import answer_duress, let_notices_go, raise_danger, require_free
from domain.tickets.decisions import (
    Proposal,
    ProposalStatus,
    ReleaseReason,
    approve,
    back_to_proofs,
    close_released,
    propose,
    reject,
    void_proposal,
)
from domain.tickets.hints import confirm, take_hint
from domain.tickets.opening import join, move_up, open_ticket
from domain.tickets.proofs import (
    OUT_OF_REACH,
    Proof,
    ProofKind,
    are_enough,
    prove,
    prove_again,
    record_proof,
)
from domain.tickets.reaching import reach_owner, request_proof
from domain.tickets.ticket import (
    CLOSED,
    END,
    LEADS_TO,
    OPENED,
    OWNER_REACHED,
    PROPOSED,
    PROVED,
    RELEASED,
    Duress,
    Priority,
    Stage,
    Ticket,
    TicketKind,
    evidence_changed,
    require_open,
)

__all__ = [
    "CLOSED",
    "END",
    "LEADS_TO",
    "OPENED",
    "OUT_OF_REACH",
    "OWNER_REACHED",
    "PROPOSED",
    "PROVED",
    "RELEASED",
    "Attempt",
    "CloseReason",
    "Duress",
    "Priority",
    "Proof",
    "ProofKind",
    "Proposal",
    "ProposalStatus",
    "ReleaseReason",
    "Stage",
    "Ticket",
    "TicketKind",
    "answer_duress",
    "approve",
    "are_enough",
    "attempts_that_count",
    "back_to_proofs",
    "close_released",
    "close_unconfirmed",
    "confirm",
    "evidence_changed",
    "join",
    "let_notices_go",
    "move_up",
    "note_attempt",
    "open_ticket",
    "propose",
    "prove",
    "prove_again",
    "raise_danger",
    "reach_owner",
    "record_proof",
    "reject",
    "request_proof",
    "require_free",
    "require_open",
    "take_hint",
    "void_proposal",
]
