"""One release in so many is looked at again, by somebody who had nothing to do with it."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from domain import access
from domain.access import Agent
from domain.change import Change
from domain.events import ReleaseDrawn, ReleaseReviewed
from domain.ids import AccountId, AgentId, ReleaseReviewId, TicketId, WalletId
from domain.refusals import AlreadyDecided, Involved, WordsMissing


class Finding(StrEnum):
    IN_ORDER = "in-order"
    NOT_IN_ORDER = "not-in-order"


class ReleaseReview(Struct, frozen=True, kw_only=True):
    """A release that was drawn, and what was found."""

    id: ReleaseReviewId
    wallet_id: WalletId
    account_id: AccountId
    ticket_id: TicketId
    # Whoever proposed, approved, or had the ticket: none of them looks at it.
    involved: tuple[AgentId, ...]
    drawn_at: datetime
    finding: Finding | None = None
    # What is wrong, sealed under the owner's key. Where something is, never missing.
    words: bytes | None = None
    reviewed_by: AgentId | None = None
    reviewed_at: datetime | None = None
    row_version: int = 1


def draw_release(review: ReleaseReview, *, now: datetime) -> Change[ReleaseReview]:
    """The dice fell on this release."""
    event = ReleaseDrawn(
        account_id=review.account_id, ticket_id=review.ticket_id, review_id=review.id, at=now
    )
    return Change(review, (event,))


def require_uninvolved(review: ReleaseReview, *, by: Agent) -> None:
    """Level 3 or above, and nobody who took part."""
    access.require_level(by, access.APPROVES)
    if by.id in review.involved:
        raise Involved


def review_release(
    review: ReleaseReview, finding: Finding, *, words: bytes | None, by: Agent, now: datetime
) -> Change[ReleaseReview]:
    """Said once. What is not in order stands before the supervisors from then on, with the words
    for it: whoever is named by it has to know what of.

    Raises LevelTooLow, Involved, AlreadyDecided, WordsMissing.
    """
    require_uninvolved(review, by=by)
    if review.finding is not None:
        raise AlreadyDecided
    if finding is Finding.NOT_IN_ORDER and not words:
        raise WordsMissing
    found = replace(review, finding=finding, words=words, reviewed_by=by.id, reviewed_at=now)
    event = ReleaseReviewed(
        account_id=review.account_id,
        ticket_id=review.ticket_id,
        review_id=review.id,
        reviewed_by=by.id,
        outcome=finding.value,
        at=now,
    )
    return Change(found, (event,))
