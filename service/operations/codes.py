"""One-time codes: asked for, sent by the worker, guessed, spent.

Order of a check, always: the guess is counted and committed; then compared; then the code is
spent in the transaction of what it authorises. So a burst of requests gets no more guesses
than one person, and a code succeeds at most once.
"""

from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct
from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import challenges as rules
from domain.challenges import Challenge, CodeResult, Purpose
from domain.contacts import Contact
from domain.events import Actor, ActorKind
from domain.ids import ChallengeId, WalletId
from domain.refusals import TooSoon
from domain.wallets import Wallet
from service.operations.house import House
from service.security.codes import hmac_of, is_right
from service.security.encryption import Place
from service.security.tokens import new_code, new_id
from service.storage import load
from service.storage.keychain import find_key
from service.storage.rows import clock, keep, value_of
from service.storage.tables import challenges, now
from service.storage.values import BrowserSession

_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)


class Counted(Struct, frozen=True, kw_only=True):
    """A guess that may be compared."""

    challenge: Challenge
    instant: datetime


async def ask(
    db: AsyncConnection,
    house: House,
    wallet: Wallet,
    session: BrowserSession,
    *,
    contact: Contact,
    purpose: Purpose,
) -> Challenge:
    """Put a new code on its way to the contact's enrolled address.

    The contact's row is locked by the caller, so that two browsers asking at once wait for one
    another. Raises TooSoon with the instant from which the next code may be asked for.
    """
    policy = wallet.policy.codes
    instant = await clock(db)
    before = await load.challenge_of(db, wallet.id, session.id)
    await _within_budget(db, wallet, contact, purpose, instant)
    code = new_code(policy.digits_with_link)
    if before is not None and before.is_live(policy, instant):
        change = rules.another_code(
            before,
            code_hmac=hmac_of(house.keys.codes[0], before.id, code),
            policy=policy,
            now=instant,
        )
    else:
        before = None
        challenge_id = ChallengeId(new_id())
        fresh = Challenge(
            id=challenge_id,
            wallet_id=wallet.id,
            person_id=contact.person_id,
            contact_id=contact.id,
            browser_session_id=session.id,
            purpose=purpose,
            code_hmac=hmac_of(house.keys.codes[0], challenge_id, code),
            code_expires_at=instant + policy.lasts,
            asked_at=instant,
            next_code_from=rules.next_code_from(
                await _sent_lately(db, wallet, contact, purpose, instant) + 1,
                policy=policy,
                now=instant,
            ),
        )
        change = rules.begin(fresh, now=instant)
    promise_id = new_id()
    key = await find_key(db, house.keys, wallet.data_key_id)
    return await keep(
        db,
        wallet.id,
        before,
        change,
        by=Actor(ActorKind.CONTACT, contact.id),
        promise_id=promise_id,
        secret=key.seal(Place("outbox", "secret", promise_id), code),
    )


async def count_guess(house: House, wallet: Wallet, challenge: Challenge) -> Counted | CodeResult:
    """Count before comparing, and commit. 100 guesses at once: exactly five are compared."""
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
            return Counted(challenge=value_of(row, Challenge), instant=instant)
        expired = await db.scalar(
            select(challenges.c.code_expires_at <= now).where(
                challenges.c.id == challenge.id, challenges.c.used_at.is_(None)
            )
        )
    return CodeResult.EXPIRED if expired else CodeResult.USED_UP


def compare(house: House, counted: Counted, typed: str) -> bool:
    """Whether one of the last two codes was typed; constant time, every live key tried."""
    challenge = counted.challenge
    live = [challenge.code_hmac]
    if (
        challenge.earlier_hmac is not None
        and challenge.earlier_expires_at is not None
        and counted.instant < challenge.earlier_expires_at
    ):
        live.append(challenge.earlier_hmac)
    digits = "".join(character for character in typed if character.isdecimal())
    return is_right(house.keys.codes, challenge.id, digits, tuple(live))


async def spend(db: AsyncConnection, wallet_id: WalletId, challenge: Challenge) -> bool:
    """Use the code up, in the transaction of what it authorises. False when it was used before."""
    spent = await db.execute(
        update(challenges)
        .where(
            challenges.c.wallet_id == wallet_id,
            challenges.c.id == challenge.id,
            challenges.c.used_at.is_(None),
        )
        .values(used_at=now, row_version=challenges.c.row_version + 1)
    )
    return spent.rowcount == 1


async def next_code_from(
    db: AsyncConnection, wallet: Wallet, contact: Contact, purpose: Purpose, instant: datetime
) -> datetime | None:
    """From when the next code may be asked for, over all of a person's browsers; None: at once.

    60 s after a code, doubling up to 32 minutes; five in an hour, ten in a day.
    """
    policy = wallet.policy.codes
    waiting = await db.scalar(
        select(func.max(challenges.c.next_code_from)).where(
            _of(wallet, contact, purpose), challenges.c.used_at.is_(None)
        )
    )
    earliest = [waiting] if waiting is not None else []
    for window, most in ((_HOUR, policy.most_an_hour), (_DAY, policy.most_a_day)):
        sent, oldest = await _sent_within(db, _of(wallet, contact, purpose), instant - window)
        if sent >= most and oldest is not None:
            earliest.append(oldest + window)
    return max((at for at in earliest if instant < at), default=None)


async def _within_budget(
    db: AsyncConnection, wallet: Wallet, contact: Contact, purpose: Purpose, instant: datetime
) -> None:
    waiting = await next_code_from(db, wallet, contact, purpose, instant)
    if waiting is not None:
        raise TooSoon(waiting)


async def _sent_lately(
    db: AsyncConnection, wallet: Wallet, contact: Contact, purpose: Purpose, instant: datetime
) -> int:
    """Codes of the last hour that nobody used: each of them doubles the wait for the next."""
    unused = _of(wallet, contact, purpose) & challenges.c.used_at.is_(None)
    sent, _ = await _sent_within(db, unused, instant - _HOUR)
    return sent


async def _sent_within(
    db: AsyncConnection, ours: ColumnElement[bool], since: datetime
) -> tuple[int, datetime | None]:
    row = (
        await db.execute(
            select(
                func.coalesce(func.sum(challenges.c.sent), 0), func.min(challenges.c.asked_at)
            ).where(ours, challenges.c.asked_at > since)
        )
    ).one()
    return int(row[0]), row[1]


def _of(wallet: Wallet, contact: Contact, purpose: Purpose) -> ColumnElement[bool]:
    return and_(
        challenges.c.wallet_id == wallet.id,
        challenges.c.person_id == contact.person_id,
        challenges.c.purpose == purpose.value,
    )
