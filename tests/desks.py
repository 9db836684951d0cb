"""What agents work with in tests: a ticket that waits, and agents with their authenticators."""

from datetime import timedelta
from typing import Any, Final

from msgspec import Struct, structs
from sqlalchemy import update

from domain.access import Role
from domain.accounts import Account, AddressKind
from domain.contacts import Contact
from domain.ids import AccountId, AddressId, ContactId, TicketId
from domain.reports import LossKind
from domain.tickets import ReleaseReason
from domain.wallets import Wallet
from service.operations import agents, filing, reports, tickets, visits
from service.operations.agents import NewAgent, SignedIn
from service.operations.house import House
from service.operations.visits import Draft
from service.security.blind_index import index_of
from service.security.encryption import Place
from service.security.tokens import new_id, new_reference
from service.security.totp import code_at
from service.storage import load
from service.storage.keychain import find_key
from service.storage.rows import put
from service.storage.tables import agents as agents_table
from service.storage.tables import tickets as tickets_table
from service.storage.values import PersonAddress
from tests import people as cast
from tests import proving

HALF_A_MINUTE: Final = timedelta(seconds=30)
# Of whoever reported, beside the address under which they were named.
SECOND: Final = "+5491155550199"


class Authenticator(Struct, frozen=True, kw_only=True):
    """An agent's login, and what is in their pocket."""

    house: House
    login: str
    secret: str

    async def code(self) -> str:
        """What it shows now."""
        return code_at(self.secret, await cast.now(self.house))

    async def new_code(self) -> str:
        """A code that was not used yet: it shows another every 30 seconds."""
        await cast.move_clock(self.house, HALF_A_MINUTE)
        return await self.code()


class Case(Struct, frozen=True, kw_only=True):
    """Olga's phone was reported, and a ticket waits."""

    wallet: Wallet
    account: Account
    ticket_id: TicketId
    reference: str
    # Cleo has not reported yet.
    cleo: Contact
    cleos_link: str

    @property
    def path(self) -> str:
        return f"/console/tickets/{self.ticket_id}"


async def an_agent(
    house: House,
    wallet: Wallet,
    login: str,
    *,
    level: int,
    language: str = "en",
    own: tuple[str, ...] = (),
    role: Role = Role.AGENT,
    also: tuple[Wallet, ...] = (),
) -> Authenticator:
    """May approve since yesterday; `own` are their own addresses, `also` more wallets of theirs."""
    new = NewAgent(
        login=login,
        name=login.capitalize(),
        password=cast.PASSWORD,
        level=level,
        wallets=(wallet.id, *(one.id for one in also)),
        language=language,
        own_addresses=own,
        role=role,
    )
    secret = await agents.add_agent(house, new)
    since = await cast.now(house) - timedelta(days=1)
    async with house.engine.begin() as db:
        await db.execute(
            update(agents_table).where(agents_table.c.login == login).values(can_approve_from=since)
        )
    return Authenticator(house=house, login=login, secret=secret)


async def a_case(
    house: House, wallet: Wallet, subject: str = cast.OLGA, *, note: str = "", reach: str = ""
) -> Case:
    account = await cast.olga(house, wallet, subject)
    phone = await cast.a_session(house, wallet, f"phone of {subject}", subject=subject)
    pages = await cast.at_her_pages(house, wallet, phone, subject)
    carl, link = await cast.a_contact(house, wallet, pages, "Carl")
    cleo, cleos_link = await cast.a_contact(house, wallet, pages, "Cleo")
    visit = await cast.a_verified_visit(house, wallet, link)
    said = Draft(contact_id=carl.id, kind=LossKind.STOLEN, note=note, reach=reach)
    await reports.save(house, wallet, visit, said)
    visit = await visits.current(house, visit)
    report = await filing.file_report(house, wallet, visit, key="button")
    # Nobody may ask for another code within the next minutes, Carl neither.
    await cast.move_clock(house, timedelta(minutes=5))
    return Case(
        wallet=wallet,
        account=account,
        ticket_id=report.ticket_id,
        reference=report.reference,
        cleo=cleo,
        cleos_link=cleos_link,
    )


async def a_second_address(
    house: House, wallet: Wallet, contact_id: ContactId, address: str = SECOND
) -> PersonAddress:
    """Where a contact is reached beside the address under which they were named."""
    kind = AddressKind.EMAIL if "@" in address else AddressKind.PHONE
    async with house.engine.connect() as db:
        contact = await load.contact(db, wallet.id, contact_id)
        person = await load.person(db, wallet.id, contact.person_id)
        held = await load.held_addresses(db, wallet.id, person.id)
    first = next(one for one in held if one.address_index == contact.address_index)
    now, second_id = await cast.now(house), AddressId(new_id())
    assert person.data_key_id is not None
    async with house.engine.begin() as db:
        key = await find_key(db, house.keys, person.data_key_id)
        second = PersonAddress(
            id=second_id,
            wallet_id=wallet.id,
            person_id=person.id,
            kind=kind,
            address=key.seal(Place("person_addresses", "address", second_id), address),
            address_index=index_of(house.keys, wallet.id, kind, address),
            proved_at=now,
            beside_id=first.id,
            withdraws_from=now + wallet.policy.space.second_address_withdraws_after,
        )
        return await put(db, None, second)


async def proved(house: House, case: Case, by: SignedIn) -> None:
    """Two proofs of different kinds, and the checklist: a proposal may follow."""
    await proving.proved(house, case.wallet, case.ticket_id, by)


async def proposed(house: House, case: Case, by: SignedIn) -> None:
    """Two proofs, the checklist and a proposal, by one agent."""
    await proved(house, case, by)
    await tickets.propose_release(house, case.ticket_id, reason=ReleaseReason.OWNER_SAFE, by=by)


async def tickets_like(house: House, case: Case, *differ: dict[str, Any]) -> list[TicketId]:
    """More open tickets, each of another owner, and otherwise as each of these says."""
    made: list[TicketId] = []
    async with house.engine.begin() as db:
        pattern = await load.ticket(db, case.wallet.id, case.ticket_id)
        owner = await load.account(db, case.wallet.id, case.account.id)
        for changes in differ:
            account_id, ticket_id = AccountId(new_id()), TicketId(new_id())
            of_account = {
                name: changes[name] for name in ("language", "frozen_at") if name in changes
            }
            of_ticket = {name: one for name, one in changes.items() if name not in of_account}
            another = {"id": account_id, "subject": f"like-{account_id}", **of_account}
            await put(db, None, structs.replace(owner, **another))
            ticket = {"id": ticket_id, "account_id": account_id, "reference": new_reference()}
            await put(db, None, structs.replace(pattern, **ticket, **of_ticket))
            made.append(ticket_id)
    return made


async def a_safety_ticket(house: House, case: Case) -> TicketId:
    """Olga, whose phone was reported, does not feel safe either: a most urgent one, nobody's."""
    nobodys = {"kind": "safety", "assigned_to": None, "assigned_at": None}
    late = await cast.now(house) - timedelta(minutes=1)
    (ticket_id,) = await tickets_like(house, case, nobodys | {"first_attempt_until": late})
    async with house.engine.begin() as db:
        hers = update(tickets_table).where(tickets_table.c.id == ticket_id)
        await db.execute(hers.values(account_id=case.account.id))
    return ticket_id
