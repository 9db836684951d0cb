"""One-time codes: asked for, sent by the worker, guessed, spent.

Order of a check, always: the guess is counted and committed; then compared; then the code is
spent in the transaction of what it authorises. So a burst of requests gets no more guesses
than one person, and a code succeeds at most once.
"""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import challenges as rules
from domain.challenges import Challenge, CodeResult, Purpose
from domain.change import Change
from domain.contacts import Contact
from domain.events import Actor, ActorKind, CodeAsked, Event
from domain.ids import AddressId, ChallengeId
from domain.policy import CodePolicy
from domain.refusals import PageExpired
from domain.reports import Way
from domain.wallets import Wallet
from service.operations import budgets
from service.operations.budgets import Budget
from service.operations.house import House
from service.security.codes import hmac_of, is_right
from service.security.encryption import Place
from service.security.tokens import new_code, new_id
from service.storage import load
from service.storage.keychain import find_key
from service.storage.rows import clock, keep, put, value_of
from service.storage.tables import challenges, now
from service.storage.values import BrowserSession


class Counted(Struct, frozen=True, kw_only=True):
    """A guess that may be compared."""

    challenge: Challenge
    instant: datetime


def budget_of(session: BrowserSession, contact: Contact | None, purpose: Purpose) -> Budget:
    """The budget a browser's next code is taken from."""
    if session.way is Way.ADDRESS:
        return Budget(way=session.way, purpose=purpose, address_index=session.address_index)
    if contact is None:
        raise PageExpired
    return Budget(way=session.way, purpose=purpose, person_id=contact.person_id)


def digits_of(way: Way, policy: CodePolicy) -> int:
    """How long a code is that this way asks for."""
    return policy.digits_with_link if way is Way.LINK else policy.digits_without_link


async def ask(
    db: AsyncConnection,
    house: House,
    wallet: Wallet,
    session: BrowserSession,
    *,
    contact: Contact | None,
    purpose: Purpose,
    address_id: AddressId | None = None,
    silent: bool = False,
) -> Challenge:
    """Put a new code on its way to the contact's enrolled address, or to another one of theirs;
    without a contact, and where it has to be `silent`, to nobody.

    With and without one it is the same statements and rows. Whoever calls holds a lock, so that
    two browsers asking for the same budget wait for one another. Raises TooSoon with the instant
    from which the next code may be asked for.
    """
    policy = wallet.policy.codes
    budget = budget_of(session, contact, purpose)
    instant = await clock(db)
    before = await load.challenge_of(db, wallet.id, session.id, purpose)
    next_from = await budgets.take_code(db, house.keys, wallet, budget)
    code = new_code(digits_of(session.way, policy))
    if before is not None and before.is_live(policy, instant):
        change = rules.another_code(
            before,
            code_hmac=hmac_of(house.keys.codes[0], before.id, code),
            policy=policy,
            now=instant,
            address_id=address_id,
        )
    else:
        before = None
        challenge_id = ChallengeId(new_id())
        fresh = Challenge(
            id=challenge_id,
            wallet_id=wallet.id,
            person_id=contact.person_id if contact else None,
            contact_id=contact.id if contact else None,
            browser_session_id=session.id,
            way=session.way,
            purpose=purpose,
            address_index=budget.address_index,
            address_id=address_id,
            code_hmac=hmac_of(house.keys.codes[0], challenge_id, code),
            code_expires_at=instant + policy.lasts,
            asked_at=instant,
            next_code_from=next_from,
        )
        change = rules.begin(fresh, now=instant)
    if silent:
        change = Change(change.value, tuple(_to_nobody(event) for event in change.events))
    promise_id = new_id()
    key = await find_key(db, house.keys, wallet.data_key_id)
    return await keep(
        db,
        wallet.id,
        before,
        change,
        by=Actor(ActorKind.CONTACT, contact.id if contact else None),
        promise_id=promise_id,
        secret=key.seal(Place("outbox", "secret", promise_id), code),
    )


def _to_nobody(event: Event) -> Event:
    return replace(event, contact_id=None) if isinstance(event, CodeAsked) else event


async def begin_unsent(
    db: AsyncConnection, house: House, wallet: Wallet, session: BrowserSession, contact: Contact
) -> Challenge:
    """Where guesses at an authenticator app's codes are counted when no code of ours is on its way.

    Its own code is known to nobody; the next one that is asked for takes its place.
    """
    instant, challenge_id = await clock(db), ChallengeId(new_id())
    unknown = new_code(digits_of(session.way, wallet.policy.codes))
    unsent = Challenge(
        id=challenge_id,
        wallet_id=wallet.id,
        person_id=contact.person_id,
        contact_id=contact.id,
        browser_session_id=session.id,
        way=session.way,
        purpose=Purpose(session.purpose),
        sent=0,
        code_hmac=hmac_of(house.keys.codes[0], challenge_id, unknown),
        code_expires_at=instant + wallet.policy.codes.lasts,
        asked_at=instant,
        next_code_from=instant,
    )
    return await put(db, None, unsent)


async def count_guess(house: House, wallet: Wallet, challenge: Challenge) -> Counted | CodeResult:
    """Count before comparing, and commit. 100 guesses at once: exactly five are compared.

    Raises TooMany and TooManyWrongCodes, the guess counted all the same: beyond 20 wrong ones in
    24 hours, or 100 in all, the right code is refused like any other.
    """
    refusal = None
    async with house.engine.begin() as db:
        counted = (
            (
                await db.execute(
                    update(challenges)
                    .where(
                        challenges.c.wallet_id == wallet.id,
                        challenges.c.id == challenge.id,
                        challenges.c.attempts < wallet.policy.codes.guesses,
                        challenges.c.used_at.is_(None),
                        challenges.c.code_expires_at > now,
                    )
                    .values(
                        attempts=challenges.c.attempts + 1, row_version=challenges.c.row_version + 1
                    )
                    .returning(*challenges.c, now.label("instant"))
                )
            )
            .mappings()
            .one_or_none()
        )
        if counted is not None:
            row = dict(counted)
            instant: datetime = row.pop("instant")
            refusal = await budgets.take_guess(db, house.keys, wallet.id, challenge)
            if refusal is None:
                return Counted(challenge=value_of(row, Challenge), instant=instant)
        expired = await db.scalar(
            select(challenges.c.code_expires_at <= now).where(
                challenges.c.id == challenge.id, challenges.c.used_at.is_(None)
            )
        )
    if refusal is not None:
        raise refusal
    return CodeResult.EXPIRED if expired else CodeResult.USED_UP


def compare(house: House, counted: Counted, typed: str) -> bool:
    """Whether one of the last two codes was typed; constant time, every live key tried.

    A decoy is compared like any other, and no code is right for it.
    """
    challenge = counted.challenge
    live = [challenge.code_hmac]
    if (
        challenge.earlier_hmac is not None
        and challenge.earlier_expires_at is not None
        and counted.instant < challenge.earlier_expires_at
    ):
        live.append(challenge.earlier_hmac)
    digits = "".join(character for character in typed if character.isdecimal())
    right = is_right(house.keys.codes, challenge.id, digits, tuple(live))
    return right and challenge.contact_id is not None


async def spend(db: AsyncConnection, house: House, wallet: Wallet, challenge: Challenge) -> bool:
    """Use the code up, in the transaction of what it authorises. False when it was used before."""
    spent = await db.execute(
        update(challenges)
        .where(
            challenges.c.wallet_id == wallet.id,
            challenges.c.id == challenge.id,
            challenges.c.used_at.is_(None),
        )
        .values(used_at=now, row_version=challenges.c.row_version + 1)
    )
    if spent.rowcount != 1:
        return False
    await budgets.found_right(db, house.keys, wallet, challenge)
    return True
