"""What two people may decide about the ticket now, and what they decided before."""

from datetime import datetime

from msgspec import Struct

from domain import tickets
from domain.ids import AgentId, ReleaseReviewId
from domain.tickets import (
    KEPT_FROZEN,
    Finding,
    Proposal,
    ProposalKind,
    ProposalStatus,
    RejectReason,
    ToBring,
)
from service.operations import agents, release_reviews
from service.operations.looking import Looking
from service.operations.tickets import place_of_words
from service.operations.why_not import refusal_of
from service.storage import load
from service.storage.keychain import Opener


class Picked(Struct, frozen=True, kw_only=True):
    """Whom the system chose to decide what waits."""

    name: str
    is_me: bool
    at: datetime
    until: datetime


class Rejected(Struct, frozen=True, kw_only=True):
    """The last no, while nothing new waits."""

    kind: ProposalKind
    by: str
    at: datetime
    reason: RejectReason | None
    words: str | None


class Kept(Struct, frozen=True, kw_only=True):
    """Why it is kept frozen, and who says so."""

    reason: str
    to_bring: tuple[ToBring, ...]
    proposed_by: str
    approved_by: str
    at: datetime
    review_until: datetime
    # Why this agent does not look at it again: a refusal's code, or None.
    cannot_review: str | None


class Drawn(Struct, frozen=True, kw_only=True):
    """This release was drawn to be looked at again."""

    review_id: ReleaseReviewId
    finding: Finding | None
    cannot_review: str | None


class DecisionSeen(Struct, frozen=True, kw_only=True):
    # What the owner is asked to bring, by what waits.
    to_bring: tuple[ToBring, ...]
    picked: Picked | None
    # Somebody was picked, and did not answer in time: nobody decides until another is.
    picks_again: bool
    rejected: Rejected | None
    kept: Kept | None
    drawn: Drawn | None


async def see(looking: Looking) -> DecisionSeen:
    db, ticket = looking.db, looking.ticket
    pending = await load.pending_proposal(db, ticket.wallet_id, ticket.id)
    last_no = await load.last_proposal(db, ticket.wallet_id, ticket.id, ProposalStatus.REJECTED)
    kept = await _kept(looking)
    review = await load.release_review_of(db, ticket.wallet_id, ticket.id)
    shown = [one for one in (pending, last_no, kept) if one is not None]
    opener = await Opener.for_values(db, looking.house.keys, [one.reject_words for one in shown])
    names = await agents.names_of(db, looking.house, _agents_in(shown))
    picked = _picked(pending, names, looking)
    return DecisionSeen(
        to_bring=pending.to_bring if pending is not None else (),
        picked=picked,
        picks_again=picked is not None and looking.now >= picked.until,
        rejected=_rejected(last_no, names, opener) if pending is None and ticket.is_open else None,
        kept=_kept_seen(kept, names, looking),
        drawn=None
        if review is None
        else Drawn(
            review_id=review.id,
            finding=review.finding,
            cannot_review=release_reviews.why_not(review, looking.agent),
        ),
    )


async def _kept(looking: Looking) -> Proposal | None:
    ticket = looking.ticket
    if ticket.stage is not KEPT_FROZEN:
        return None
    return await load.last_proposal(
        looking.db,
        ticket.wallet_id,
        ticket.id,
        ProposalStatus.APPROVED,
        ProposalKind.KEEP_FROZEN,
    )


def _agents_in(shown: list[Proposal]) -> set[AgentId]:
    named = {one.proposed_by for one in shown}
    return named | {one for p in shown for one in (p.decided_by, p.approver_id) if one is not None}


def _picked(pending: Proposal | None, names: dict[AgentId, str], looking: Looking) -> Picked | None:
    if pending is None or pending.approver_id is None:
        return None
    if pending.picked_at is None or pending.answers_until is None:
        return None
    return Picked(
        name=names.get(pending.approver_id, ""),
        is_me=pending.approver_id == looking.agent.id,
        at=pending.picked_at,
        until=pending.answers_until,
    )


def _rejected(no: Proposal | None, names: dict[AgentId, str], opener: Opener) -> Rejected | None:
    if no is None or no.decided_by is None or no.decided_at is None:
        return None
    return Rejected(
        kind=no.kind,
        by=names.get(no.decided_by, ""),
        at=no.decided_at,
        reason=no.reject_reason,
        words=opener.open(place_of_words(no.id), no.reject_words),
    )


def _kept_seen(kept: Proposal | None, names: dict[AgentId, str], looking: Looking) -> Kept | None:
    ticket = looking.ticket
    if kept is None or kept.decided_by is None:
        return None
    if ticket.kept_frozen_at is None or ticket.review_until is None:
        return None
    return Kept(
        reason=kept.reason,
        to_bring=kept.to_bring,
        proposed_by=names.get(kept.proposed_by, ""),
        approved_by=names.get(kept.decided_by, ""),
        at=ticket.kept_frozen_at,
        review_until=ticket.review_until,
        cannot_review=refusal_of(
            lambda: tickets.review_keeping(
                ticket,
                kept,
                keeps=True,
                hours=(),
                policy=looking.wallet.policy.tickets,
                by=looking.agent,
                now=looking.now,
            )
        ),
    )
