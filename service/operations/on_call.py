"""Who is woken when nobody answers at the desk: the list, the bells, and "I have it"."""

from typing import Final

import structlog
from msgspec import Struct
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import on_call
from domain.accounts import AddressKind
from domain.change import Change
from domain.events import (
    THE_CLOCK,
    THE_OPERATOR,
    OnCallChanged,
    OnCallGivenUp,
    OnCallRung,
    OnCallTested,
)
from domain.ids import OnCallId, TicketId, WalletId
from domain.on_call import OnCallPerson, Ring
from domain.policy import DEFAULT
from domain.refusals import NotFound, NothingRings
from domain.wallets import THE_INSTALLATION
from service.operations.addresses import normal_email, normal_phone, plain_text
from service.operations.agents import SignedIn
from service.operations.at_work import at_work
from service.operations.house import House
from service.security.encryption import Place
from service.security.tokens import new_id
from service.storage import load
from service.storage.keychain import Opener, make_key
from service.storage.rows import clock, keep, record
from service.storage.tables import data_keys, on_call_persons

log = structlog.get_logger("service.on_call")
_MOST_AT_ONCE: Final = 100
_LONGEST_NAME: Final = 40
# The list may hold people of several countries: each number says its own.
_NO_COUNTRY: Final = "ZZ"


class NewOnCall(Struct, frozen=True, kw_only=True):
    # None: for every wallet of the installation.
    wallet_id: WalletId | None
    name: str
    kind: AddressKind
    address: str
    language: str
    time_zone: str
    # Who is rung before whom; of two with the same, whoever was added first.
    place: int


class Listed(Struct, frozen=True, kw_only=True):
    person: OnCallPerson
    name: str
    address: str


async def ring_due(house: House) -> int:
    """Wake the next person of each bell that is due. Late, twice or at once: the row decides."""
    async with house.engine.connect() as db:
        due = await load.rings_to_ring(db, limit=_MOST_AT_ONCE)
    return sum([await _ring(house, one) for one in due])


async def _ring(house: House, due: Ring) -> bool:
    async with house.engine.begin() as db:
        await load.account_for_change(db, due.wallet_id, due.account_id)
        ticket = await load.ticket_for_change(db, due.wallet_id, due.ticket_id)
        before = await load.ring_for_change(db, due.wallet_id, due.id)
        wallet = await load.wallet(db, due.wallet_id)
        change = on_call.ring_next(
            before,
            ticket,
            persons=await load.on_call_for(db, wallet.id),
            policy=wallet.policy.tickets,
            now=await clock(db),
        )
        await keep(db, wallet.id, before, change, by=THE_CLOCK)
    _say(due, change)
    return change.value != before


def _say(due: Ring, change: Change[Ring]) -> None:
    ids = {"wallet_id": str(due.wallet_id), "ticket_id": str(due.ticket_id), "why": due.why.value}
    if any(isinstance(event, OnCallRung) for event in change.events):
        log.warning("on-call.rung", rung=change.value.rung, **ids)
    elif any(isinstance(event, OnCallGivenUp) for event in change.events):
        log.error("on-call.nobody-answered", **ids)
    elif change.value.rung > due.rung:
        # The list is empty: whoever watches the logs is the last one left.
        log.error("on-call.nobody-on-the-list", **ids)


async def answer(house: House, ticket_id: TicketId, *, by: SignedIn) -> None:
    """ "I have it": every bell of this ticket is silent. Raises NothingRings, LevelTooLow."""
    async with at_work(house, ticket_id, by) as work:
        ringing = await load.open_rings_of(work.db, work.wallet_id, work.ticket.id)
        if not ringing:
            raise NothingRings
        for found in ringing:
            ring = await load.ring_for_change(work.db, work.wallet_id, found.id)
            change = on_call.answer(ring, by=by.agent, now=work.now)
            await keep(work.db, work.wallet_id, ring, change, by=by.actor)


async def add(house: House, new: NewOnCall) -> OnCallId:
    """Put somebody on the list. Raises AddressNotAllowed, also for numbers without country code."""
    address = _normal(new)
    person_id = OnCallId(new_id())
    async with house.engine.begin() as db:
        now = await clock(db)
        key = await make_key(db, house.keys)
        name = plain_text(new.name, longest=_LONGEST_NAME)
        person = OnCallPerson(
            id=person_id,
            wallet_id=new.wallet_id,
            place=new.place,
            name=key.seal(_place("name", person_id), name),
            kind=new.kind,
            address=key.seal(_place("address", person_id), address),
            data_key_id=key.id,
            language=new.language,
            time_zone=new.time_zone,
            added_at=now,
        )
        change = Change(person, (OnCallChanged(person_id=person_id, added=True, at=now),))
        await keep(db, new.wallet_id or THE_INSTALLATION, None, change, by=THE_OPERATOR)
    return person_id


async def remove(house: House, person_id: OnCallId) -> None:
    """Taken off, with name, address and key. Raises NotFound."""
    async with house.engine.begin() as db:
        person = await _known(db, person_id)
        now = await clock(db)
        await db.execute(delete(on_call_persons).where(on_call_persons.c.id == person_id))
        await db.execute(delete(data_keys).where(data_keys.c.id == person.data_key_id))
        gone = OnCallChanged(person_id=person_id, added=False, at=now)
        await record(db, person.wallet_id or THE_INSTALLATION, (gone,), by=THE_OPERATOR)


async def send_test(house: House, person_id: OnCallId, *, wallet_id: WalletId) -> None:
    """Send them a message that says it is a test, in this wallet's name. Raises NotFound."""
    async with house.engine.begin() as db:
        person = await _known(db, person_id)
        if person.wallet_id not in {None, wallet_id}:
            raise NotFound
        now = await clock(db)
        until = now + DEFAULT.tickets.most_rings * DEFAULT.tickets.rings_apart
        tested = OnCallTested(person_id=person_id, until=until, at=now)
        await record(db, wallet_id, (tested,), by=THE_OPERATOR)


async def listed(house: House) -> tuple[Listed, ...]:
    """Everybody on the list, as the operator reads it."""
    async with house.engine.connect() as db:
        persons = await load.all_on_call(db)
        sealed = [value for one in persons for value in (one.name, one.address)]
        opener = await Opener.for_values(db, house.keys, sealed)
    return tuple(
        Listed(
            person=one,
            name=opener.text(_place("name", one.id), one.name),
            address=opener.text(_place("address", one.id), one.address),
        )
        for one in persons
    )


async def _known(db: AsyncConnection, person_id: OnCallId) -> OnCallPerson:
    person = await load.on_call_person(db, person_id)
    if person is None:
        raise NotFound
    return person


def _normal(new: NewOnCall) -> str:
    match new.kind:
        case AddressKind.EMAIL:
            return normal_email(new.address)
        case AddressKind.PHONE:
            return normal_phone(new.address, country=_NO_COUNTRY, dialling_codes=None)


def _place(column: str, person_id: OnCallId) -> Place:
    return Place("on_call_persons", column, person_id)
