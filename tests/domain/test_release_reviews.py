"""What is recorded of a release that is looked at again: that it was drawn, and what was found."""

from typing import Final
from uuid import UUID

import pytest
from msgspec.structs import replace

from domain import tickets
from domain.change import Change
from domain.events import ReleaseDrawn, ReleaseReviewed
from domain.ids import ReleaseReviewId
from domain.refusals import Involved, WordsMissing
from domain.tickets import Finding, ReleaseReview
from tests.builders import (
    AN_HOUR,
    ARNE,
    ASTRID,
    NOON,
    NORTE,
    OLGAS,
    SOFIA,
    TICKET,
    arne,
    sofia,
)

REVIEW: Final = ReleaseReview(
    id=ReleaseReviewId(UUID(int=81)),
    wallet_id=NORTE,
    account_id=OLGAS,
    ticket_id=TICKET,
    involved=(ASTRID, ARNE),
    drawn_at=NOON,
)


def test_the_lot_is_recorded() -> None:
    drawn = ReleaseDrawn(account_id=OLGAS, ticket_id=TICKET, review_id=REVIEW.id, at=NOON)

    assert tickets.draw_release(REVIEW, now=NOON) == Change(REVIEW, (drawn,))


@pytest.mark.parametrize(
    ("finding", "words", "outcome"),
    [
        (Finding.IN_ORDER, None, "in-order"),
        (Finding.IN_ORDER, b"sealed", "in-order"),
        (Finding.NOT_IN_ORDER, b"sealed", "not-in-order"),
    ],
)
def test_what_was_found_is_recorded_with_whoever_looked_and_when(
    finding: Finding, words: bytes | None, outcome: str
) -> None:
    later = NOON + AN_HOUR

    change = tickets.review_release(REVIEW, finding, words=words, by=sofia(), now=later)

    assert change.value == replace(
        REVIEW, finding=finding, words=words, reviewed_by=SOFIA, reviewed_at=later
    )
    assert change.events == (
        ReleaseReviewed(
            account_id=OLGAS,
            ticket_id=TICKET,
            review_id=REVIEW.id,
            reviewed_by=SOFIA,
            outcome=outcome,
            at=later,
        ),
    )


def test_what_is_not_in_order_is_said_in_words() -> None:
    for nothing in (None, b""):
        with pytest.raises(WordsMissing):
            tickets.review_release(
                REVIEW, Finding.NOT_IN_ORDER, words=nothing, by=sofia(), now=NOON
            )
        # Whoever may not say it at all is told that.
        with pytest.raises(Involved):
            tickets.review_release(REVIEW, Finding.NOT_IN_ORDER, words=nothing, by=arne(), now=NOON)
