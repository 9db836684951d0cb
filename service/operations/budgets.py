"""What one-time codes may cost: the wait for the next, what sending spends, and wrong guesses.

Every row belongs to one way. What is asked for without a link is counted apart from what comes
with one, up to the limits of the whole installation: no flood of strangers takes anything from
somebody who holds a link. All of it fails closed: without its limits no code is sent or compared.
"""

from datetime import datetime
from typing import Final

import phonenumbers
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import challenges, limits
from domain.accounts import AddressKind
from domain.challenges import Challenge, Purpose
from domain.ids import PersonId, WalletId
from domain.limits import Limit, Rate, Standing
from domain.policy import CodePolicy
from domain.refusals import PageExpired, TooMany, TooManyWrongCodes, TooSoon
from domain.reports import Way
from domain.wallets import THE_INSTALLATION, Wallet
from service.operations.limits import require, subject_of
from service.security.blind_index import index_of
from service.security.keys import KeyRing
from service.storage import limits as rows
from service.storage.limits import Subject

# Numbers are given to carriers in blocks; four digits are the smallest that is sold.
_OWN_DIGITS: Final = 4


class Budget(Struct, frozen=True, kw_only=True):
    """Whose codes are counted together, for one way and one purpose.

    With a link they are a person's. Without, they are those of the address that was typed, be it
    anybody's or nobody's: the wait tells a stranger nothing, and takes nothing from a link holder.
    """

    way: Way
    purpose: Purpose
    person_id: PersonId | None = None
    address_index: bytes | None = None


class Sending(Struct, frozen=True, kw_only=True):
    """Where a code goes, and from where it was asked for."""

    way: Way
    kind: AddressKind
    address: str
    # None where nobody asks over a network.
    network: str | None


async def next_code_from(
    db: AsyncConnection, keys: KeyRing, wallet: Wallet, budget: Budget
) -> datetime | None:
    """From when the next code may be asked for, over all of a budget's browsers; None: at once.

    60 s after a code, doubling up to 32 minutes; five in an hour (three without a link), ten in
    a day. Only what this budget itself has spent: a used-up limit of all is told when it refuses.
    """
    return _latest(await _standings(db, keys, wallet, budget))


async def take_code(db: AsyncConnection, keys: KeyRing, wallet: Wallet, budget: Budget) -> datetime:
    """Take the next code out of its budget; answers from when there will be another.

    In the caller's transaction: if the code is not stored, nothing was taken. Raises TooSoon.
    """
    before = await _standings(db, keys, wallet, budget)
    waiting = _latest(before)
    if waiting is not None:
        raise TooSoon(waiting, now=before[0].at)
    unread = limits.CODES_UNREAD.rate_of(budget.way)
    _, left = await rows.take(db, _row(keys, wallet, budget, limits.CODES_UNREAD), unread)
    sent = unread.burst - left.remaining
    until = challenges.next_code_from(sent, policy=wallet.policy.codes, now=left.at)
    for limit, rate in _each(wallet.policy.codes, budget, Rate(1, until - left.at)):
        # Whoever calls holds a lock; without one, the second of two at once would be told here.
        allowed, after = await rows.take(db, _row(keys, wallet, budget, limit), rate)
        if not allowed:
            raise TooSoon(after.retry_at or after.whole_at, now=after.at)
    return until


async def take_sending(
    db: AsyncConnection, keys: KeyRing, wallet: Wallet, sending: Sending
) -> None:
    """Take one message out of all that share its cost. Raises TooMany.

    Called last in a transaction: whoever asks at the same moment waits for these rows. Always in
    this order, from the narrowest to the widest, so that no two wait for one another.
    """
    way = sending.way
    for limit, wallet_id, counted in _shared(keys, wallet, sending):
        of = subject_of(keys, wallet_id, limit, counted, way=way)
        await require(db, of, limit.rate_of(way))


async def take_guess(
    db: AsyncConnection, keys: KeyRing, wallet_id: WalletId, challenge: Challenge
) -> TooMany | TooManyWrongCodes | None:
    """Count a guess as wrong until it turns out right; None: it may be compared.

    An answer and no exception: the caller commits the count first, and refuses then.
    """
    (a_day, daily), (ever, for_good) = _guesses(keys, wallet_id, challenge)
    today, left_today = await rows.take(db, a_day, daily)
    if today:
        counts, _ = await rows.take(db, ever, for_good)
    else:
        # Not compared, so not counted against the person for good.
        counts = (await rows.see(db, ever, for_good)).remaining > 0
    if not counts:
        return TooManyWrongCodes()
    return None if today else TooMany(left_today.retry_at or left_today.whole_at, now=left_today.at)


async def found_right(
    db: AsyncConnection, keys: KeyRing, wallet: Wallet, challenge: Challenge
) -> None:
    """The guess was none, and the code was read: the next one is sent without a wait."""
    for of, rate in _guesses(keys, wallet.id, challenge):
        await rows.give_back(db, of, rate)
    budget = Budget(
        way=challenge.way,
        purpose=challenge.purpose,
        person_id=challenge.person_id,
        address_index=challenge.address_index,
    )
    for limit in (limits.CODES_UNREAD, limits.CODE_WAIT):
        await rows.forget(db, _row(keys, wallet, budget, limit))


def counted_of(way: Way, person_id: PersonId | None, address_index: bytes | None) -> bytes:
    """Who is counted: the person behind a link, or the address that somebody typed."""
    if way is Way.ADDRESS and address_index is not None:
        return address_index
    if way is Way.LINK and person_id is not None:
        return person_id.bytes
    raise PageExpired


async def _standings(
    db: AsyncConnection, keys: KeyRing, wallet: Wallet, budget: Budget
) -> list[Standing]:
    return [
        await rows.see(db, _row(keys, wallet, budget, limit), rate)
        for limit, rate in _each(wallet.policy.codes, budget)
    ]


def _latest(standings: list[Standing]) -> datetime | None:
    return max((one.retry_at for one in standings if one.retry_at is not None), default=None)


def _each(
    policy: CodePolicy, budget: Budget, wait: Rate | None = None
) -> tuple[tuple[Limit, Rate], ...]:
    """A budget's limits; `wait` is how long the next code after this one takes."""
    way = budget.way
    return (
        (limits.CODE_WAIT, wait or limits.CODE_WAIT.rate_of(way)),
        (limits.CODES_AN_HOUR, limits.codes_an_hour(policy, way)),
        (limits.CODES_A_DAY, limits.codes_a_day(policy, way)),
    )


def _row(keys: KeyRing, wallet: Wallet, budget: Budget, limit: Limit) -> Subject:
    counted = counted_of(budget.way, budget.person_id, budget.address_index)
    purpose = budget.purpose.value.encode()
    return subject_of(keys, wallet.id, limit, counted, purpose, way=budget.way)


def _shared(keys: KeyRing, wallet: Wallet, sending: Sending) -> list[tuple[Limit, WalletId, bytes]]:
    address = index_of(keys, wallet.id, sending.kind, sending.address)
    found = [(limits.SENT_TO_ADDRESS, wallet.id, address)]
    if sending.kind is AddressKind.PHONE:
        code = phonenumbers.parse(sending.address).country_code
        found += [
            (limits.SENT_TO_PREFIX, wallet.id, sending.address[:-_OWN_DIGITS].encode()),
            (limits.SENT_TO_DIALLING_CODE, wallet.id, str(code).encode()),
        ]
    if sending.network is not None:
        found.append((limits.SENT_FROM_NETWORK, wallet.id, sending.network.encode()))
    found.append((limits.SENT_BY_WALLET, wallet.id, b""))
    found.append((limits.SENT_IN_ALL, THE_INSTALLATION, b""))
    return found


def _guesses(
    keys: KeyRing, wallet_id: WalletId, challenge: Challenge
) -> tuple[tuple[Subject, Rate], ...]:
    counted = counted_of(challenge.way, challenge.person_id, challenge.address_index)
    return tuple(
        (subject_of(keys, wallet_id, limit, counted, way=challenge.way), rate)
        for limit in (limits.WRONG_CODES_A_DAY, limits.WRONG_CODES_EVER)
        for rate in (limit.rate_of(challenge.way),)
    )
