"""One release in so many is looked at again, by somebody who had nothing to do with it."""

import secrets
from datetime import datetime
from typing import Final

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import tickets
from domain.access import Agent
from domain.change import Change
from domain.events import Actor
from domain.ids import AgentId, ReleaseReviewId, TicketId, WalletId
from domain.policy import TicketPolicy
from domain.refusals import Involved, NotFound
from domain.tickets import Finding, ReleaseReview, Ticket
from domain.wallets import Wallet
from service.operations import agents, timeline
from service.operations.addresses import plain_text
from service.operations.agents import SignedIn
from service.operations.at_work import at_work
from service.operations.disputes import owner_key
from service.operations.house import House
from service.operations.why_not import refusal_of
from service.security.encryption import Place
from service.security.tokens import new_id
from service.storage import load
from service.storage.keychain import Opener
from service.storage.rows import clock, keep

LONGEST: Final = 500
_MOST: Final = 200


class ReviewSeen(Struct, frozen=True, kw_only=True):
    """A drawn release on the list."""

    review: ReleaseReview
    reference: str
    wallet_id: WalletId
    reviewed_by: str
    # None once they are forgotten, or where nothing was written.
    words: str | None
    # Why this agent does not review it: a refusal's code, or None.
    cannot: str | None


class ReviewsSeen(Struct, frozen=True, kw_only=True):
    rows: tuple[ReviewSeen, ...]
    # The wallets the agent serves.
    wallets: tuple[Wallet, ...]
    now: datetime


async def draw(
    db: AsyncConnection,
    ticket: Ticket,
    *,
    policy: TicketPolicy,
    involved: tuple[AgentId | None, ...],
    by: Actor,
    now: datetime,
) -> None:
    """Throw the dice for a release, in its transaction. Whoever did anything on the ticket is
    involved, and who is named besides."""
    if secrets.randbelow(policy.reviewed_one_in):
        return
    acted = timeline.agents_in(await timeline.entries_of(db, ticket))
    review = ReleaseReview(
        id=ReleaseReviewId(new_id()),
        wallet_id=ticket.wallet_id,
        account_id=ticket.account_id,
        ticket_id=ticket.id,
        involved=tuple(sorted(acted.union(one for one in involved if one is not None))),
        drawn_at=now,
    )
    await keep(db, ticket.wallet_id, None, tickets.draw_release(review, now=now), by=by)


async def see(house: House, by: SignedIn) -> ReviewsSeen:
    """What was drawn of the wallets the agent serves. What is not in order stands first."""
    async with house.engine.connect() as db:
        sight = await load.sight_of(db, by.agent)
        found = await load.release_reviews_seen(db, sight, limit=_MOST)
        references = await load.references_of(db, sight, [one.ticket_id for one in found])
        opener = await Opener.for_values(db, house.keys, [one.words for one in found])
        whose = {one.reviewed_by for one in found if one.reviewed_by is not None}
        names = await agents.names_of(db, house, whose)
        wallets = [one for one in await load.all_wallets(db) if by.agent.serves(one.id)]
        now = await clock(db)
    return ReviewsSeen(
        rows=tuple(
            ReviewSeen(
                review=one,
                reference=references[one.ticket_id],
                wallet_id=one.wallet_id,
                reviewed_by=names.get(one.reviewed_by, "") if one.reviewed_by is not None else "",
                words=opener.open(place_of(one.id), one.words),
                cannot=why_not(one, by.agent),
            )
            for one in found
        ),
        wallets=tuple(wallets),
        now=now,
    )


def why_not(review: ReleaseReview, agent: Agent) -> str | None:
    return refusal_of(lambda: tickets.require_uninvolved(review, by=agent))


async def find(
    house: House,
    ticket_id: TicketId,
    review_id: ReleaseReviewId,
    finding: Finding,
    words: str,
    *,
    by: SignedIn,
) -> None:
    """What somebody uninvolved found; whatever is not in order is said in words.

    Raises LevelTooLow, Involved, AlreadyDecided, WordsMissing, NotFound.
    """
    async with at_work(house, ticket_id, by) as work:
        agent = await load.agent_held(work.db, by.agent.id)
        review = await load.release_review_for_change(work.db, work.wallet_id, review_id)
        if review.ticket_id != work.ticket.id:
            raise NotFound
        text = plain_text(words, longest=LONGEST)
        sealed = None
        if text:
            key = await owner_key(work.db, house, work.account)
            sealed = key.seal(place_of(review.id), text)
        change: Change[ReleaseReview] = tickets.review_release(
            review, finding, words=sealed, by=agent, now=work.now
        )
        if not (await load.selves_of(work.db, agent.id)).isdisjoint(review.involved):
            raise Involved
        await keep(work.db, work.wallet_id, review, change, by=by.actor)


def place_of(review_id: ReleaseReviewId) -> Place:
    return Place("release_reviews", "words", review_id)
