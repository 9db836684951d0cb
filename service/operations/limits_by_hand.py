"""The operator's view of the limits, and letting somebody try again."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from msgspec import Struct
from sqlalchemy import select

from domain.accounts import AddressKind
from domain.challenges import Purpose
from domain.events import THE_OPERATOR, LimitReset
from domain.ids import PersonId, WalletId
from domain.limits import (
    CODE_WAIT,
    CODES_A_DAY,
    CODES_AN_HOUR,
    CODES_UNREAD,
    LIMITS,
    PROVED_AGAIN,
    SENT_FROM_NETWORK,
    SENT_TO_ADDRESS,
    SIGN_INS_FROM_NETWORK,
    SIGN_INS_OF_LOGIN,
    WRONG_CODES_A_DAY,
    WRONG_CODES_EVER,
    Limit,
    standing,
)
from domain.reports import Way
from domain.wallets import THE_INSTALLATION, Wallet
from service.operations.house import House
from service.operations.limits import row_name, subject_of
from service.security.blind_index import index_of
from service.security.keys import KeyRing
from service.storage import limits as rows
from service.storage import load
from service.storage.limits import Subject
from service.storage.rows import clock, record
from service.storage.tables import person_addresses

_OF_CODES: Final = (CODES_UNREAD, CODE_WAIT, CODES_AN_HOUR, CODES_A_DAY)
_OF_GUESSES: Final = (WRONG_CODES_A_DAY, WRONG_CODES_EVER)


class LimitSeen(Struct, frozen=True, kw_only=True):
    """A limit as the operator sees it: how many have used some of it, and how many all."""

    limit: Limit
    name: str
    burst: int
    each: str
    in_use: int
    used_up: int
    # When the most used one allows the next attempt; None while each still has some left.
    retry_at: datetime | None


class _Row(Struct, frozen=True):
    of: Subject
    # Whose it is, where it is a person's.
    person_id: PersonId | None = None


async def show(house: House, wallet_id: WalletId) -> tuple[LimitSeen, ...]:
    """Every limit, and how much of it is in use in a wallet or in THE_INSTALLATION."""
    seen: list[LimitSeen] = []
    async with house.engine.connect() as db:
        now = await clock(db)
        for limit, way in _rows_of_all():
            name, rate = row_name(limit, way), limit.rate_of(way)
            left = [
                standing(arrival, rate, now=now)
                for arrival in await rows.in_use(db, wallet_id, name)
            ]
            seen.append(
                LimitSeen(
                    limit=limit,
                    name=name,
                    burst=rate.burst,
                    each=str(rate.each),
                    in_use=len(left),
                    used_up=sum(one.remaining == 0 for one in left),
                    retry_at=left[0].retry_at if left else None,
                )
            )
    return tuple(seen)


async def reset_address(house: House, wallet: Wallet, kind: AddressKind, address: str) -> int:
    """Whoever is reached at this address may ask for codes, and guess, as if they never had.

    Answers how many limits that changed. An address nobody has changes those of the way without
    a link alone.
    """
    index = index_of(house.keys, wallet.id, kind, address)
    async with house.engine.connect() as db:
        found = await load.contacts_at(db, wallet.id, kind, index)
        held = await db.scalars(
            select(person_addresses.c.person_id).where(
                person_addresses.c.wallet_id == wallet.id,
                person_addresses.c.address_index == index,
            )
        )
        persons = {contact.person_id for contact in found} | {PersonId(one) for one in held}
    return await _forget(
        house, wallet.id, _of_address(house.keys, wallet, index, sorted(persons, key=str))
    )


async def reset_login(house: House, login: str) -> int:
    """An agent may try to sign in again, from networks that are not used up themselves."""
    who = login.lower().encode()
    of = [
        _Row(subject_of(house.keys, THE_INSTALLATION, limit, who))
        for limit in (SIGN_INS_OF_LOGIN, PROVED_AGAIN)
    ]
    return await _forget(house, THE_INSTALLATION, of)


async def reset_network(house: House, wallet: Wallet, network: str) -> int:
    """A source network, written as limits count it, may ask again."""
    place = network.encode()
    sent = [subject_of(house.keys, wallet.id, SENT_FROM_NETWORK, place, way=way) for way in Way]
    signed_in = subject_of(house.keys, THE_INSTALLATION, SIGN_INS_FROM_NETWORK, place)
    return await _forget(house, wallet.id, [_Row(one) for one in (*sent, signed_in)])


async def reset_all(house: House, wallet_id: WalletId, name: str) -> int:
    """Everyone's rows of one limit, by the name that `show` gives. Raises KeyError."""
    if name not in {row_name(limit, way) for limit, way in _rows_of_all()}:
        raise KeyError(name)
    async with house.engine.begin() as db:
        gone = await rows.forget_all(db, wallet_id, name)
        event = LimitReset(limit=name, everyone=True, at=await clock(db))
        await record(db, wallet_id, [event], by=THE_OPERATOR)
    return gone


async def _forget(house: House, wallet_id: WalletId, of: Iterable[_Row]) -> int:
    """Only what was in use is recorded as reset."""
    async with house.engine.begin() as db:
        gone = [one for one in of if await rows.forget(db, one.of)]
        now = await clock(db)
        events = [
            LimitReset(limit=one.of.name, everyone=False, person_id=one.person_id, at=now)
            for one in gone
        ]
        await record(db, wallet_id, events, by=THE_OPERATOR)
    return len(gone)


def _of_address(
    keys: KeyRing, wallet: Wallet, index: bytes, persons: Iterable[PersonId]
) -> Iterator[_Row]:
    for person in (None, *persons):
        way, who = (Way.ADDRESS, index) if person is None else (Way.LINK, person.bytes)
        for limit in _OF_GUESSES:
            yield _Row(subject_of(keys, wallet.id, limit, who, way=way), person)
        for limit in _OF_CODES:
            for purpose in Purpose:
                about = purpose.value.encode()
                yield _Row(subject_of(keys, wallet.id, limit, who, about, way=way), person)
    for way in Way:
        yield _Row(subject_of(keys, wallet.id, SENT_TO_ADDRESS, index, way=way))


def _rows_of_all() -> Iterator[tuple[Limit, Way]]:
    for limit in LIMITS:
        yield limit, Way.LINK
        if limit.without_link is not None:
            yield limit, Way.ADDRESS
