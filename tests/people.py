"""One cast in every test: Olga owns, Carl and Cleo are her contacts, Astrid and Arne are agents,
Sofía supervises, Mallory is nobody. Everything here goes through the operations themselves.
"""

from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import select, text, update

from domain.accounts import Account, AddressKind, WalletSession
from domain.challenges import Purpose
from domain.contacts import Contact
from domain.events import Actor, ActorKind
from domain.ids import AccountId, ContactId
from domain.reports import LossKind, LossReport
from domain.tickets import ReleaseReason
from domain.wallets import Wallet
from service.operations import (
    accounts,
    agents,
    clients,
    desk,
    filing,
    invitations,
    page_links,
    people,
    reports,
    sessions,
    tickets,
    visits,
)
from service.operations.accounts import ToldAccount, ToldAddress
from service.operations.agents import NewAgent, SignedIn
from service.operations.house import House
from service.operations.page_links import AskedLink
from service.operations.people import NewContact
from service.operations.sessions import ToldDevice
from service.operations.visits import Draft
from service.operations.wallets import NewWallet, add_wallet
from service.security.encryption import Place
from service.security.tokens import digest, new_id
from service.security.totp import code_at
from service.storage import load
from service.storage.introspection import Introspection
from service.storage.keychain import find_key
from service.storage.rows import clock
from service.storage.tables import account_addresses as addresses_table
from service.storage.tables import agents as agents_table
from service.storage.tables import outbox
from service.storage.values import BrowserSession, LinkPurpose, Scope
from tests import proving

THE_WALLET = Actor(ActorKind.WALLET)
OLGA = "olga-1"
PHONE = ToldDevice(id="phone-1", label="Galaxy A54", platform="android")
LAPTOP = ToldDevice(id="laptop-1", label="Firefox", platform="web")
PASSWORD = "a long enough passphrase"
NORTE = NewWallet(
    origin="http://localhost:8000",
    name="Norte",
    short_name="Norte",
    colour="#0a5c8a",
    languages=("es", "pt-BR", "en"),
    time_zone="America/Argentina/Buenos_Aires",
    country="AR",
    dialling_codes=("54", "55", "57", "598"),
    support_number="+54 800 555 0101",
    support_hours="24 h",
    text_channel="WhatsApp +54 9 11 5555 0101",
    emergency_number="911",
    email_from="avisos@norte.example",
    strong_acr=("urn:norte:strong",),
)


async def move_clock(house: House, by: timedelta) -> None:
    """Time passes for every rule and query at once."""
    async with house.engine.begin() as db:
        await db.execute(text("UPDATE test_clock SET moved = moved + :by"), {"by": by})


async def now(house: House) -> datetime:
    async with house.engine.connect() as db:
        return await clock(db)


async def a_wallet(house: House, new: NewWallet = NORTE) -> Wallet:
    return await add_wallet(house, new)


async def olga(house: House, wallet: Wallet, subject: str = OLGA) -> Account:
    """An owner with two verified addresses that have been on file for thirty days."""
    instant = await now(house)
    month_ago = instant - timedelta(days=30)
    told = ToldAccount(
        subject=subject,
        first_name="Olga",
        display_name="Olga Ortiz",
        language="es",
        time_zone="America/Argentina/Buenos_Aires",
        addresses=(
            ToldAddress(
                kind=AddressKind.EMAIL,
                address=f"{subject}@correo.example",
                verified_at=month_ago,
            ),
            ToldAddress(
                kind=AddressKind.PHONE, address="+54 9 11 2345-6789", verified_at=month_ago
            ),
        ),
    )
    account = await accounts.put_account(house, wallet, told, by=THE_WALLET)
    async with house.engine.begin() as db:
        ours = addresses_table.c.account_id == account.id
        await db.execute(
            update(addresses_table)
            .where(ours, addresses_table.c.verified_at < addresses_table.c.added_at)
            .values(added_at=addresses_table.c.verified_at)
        )
    return account


async def a_session(
    house: House,
    wallet: Wallet,
    token: str,
    device: ToldDevice = PHONE,
    subject: str = OLGA,
) -> WalletSession:
    return await sessions.begin_session(
        house,
        wallet,
        subject,
        token_sha256=sha256(token.encode()).digest(),
        device=device,
        expires_at=await now(house) + timedelta(days=1),
    )


async def at_her_pages(
    house: House, wallet: Wallet, session: WalletSession, subject: str = OLGA
) -> BrowserSession:
    """The owner's hosted pages, opened from the app on a fresh strong sign-in."""
    asked = AskedLink(
        purpose=LinkPurpose.MANAGE,
        session_id=session.id,
        auth_time=await now(house),
        acr=NORTE.strong_acr[0],
    )
    link = await page_links.make_page_link(house, wallet, subject, asked)
    opened = await page_links.enter(house, wallet, link.url.partition("once=")[2])
    return opened.session


async def invited(
    house: House, wallet: Wallet, owner: BrowserSession, name: str = "Carl"
) -> ContactId:
    new = NewContact(name=name, kind=AddressKind.EMAIL, address=f"{name.lower()}@correo.example")
    return await people.invite(house, wallet, owner, new, key=f"invite-{name}")


async def told_secret(house: House, wallet: Wallet, event: str) -> str:
    """The code or token of the newest message of this kind, as its recipient reads it."""
    async with house.engine.connect() as db:
        row = (
            await db.execute(
                select(outbox.c.id, outbox.c.secret)
                .where(outbox.c.event == event, outbox.c.secret.isnot(None))
                .order_by(outbox.c.id.desc())
                .limit(1)
            )
        ).one()
        key = await find_key(db, house.keys, wallet.data_key_id)
        return key.open(Place("outbox", "secret", row.id), row.secret)


async def a_contact(
    house: House, wallet: Wallet, owner: BrowserSession, name: str = "Carl"
) -> tuple[Contact, str]:
    """An active contact and the token of their personal link."""
    contact_id = await invited(house, wallet, owner, name)
    token = await told_secret(house, wallet, "contact-invited")
    opened = await visits.open_link(house, wallet, token, Purpose.ACCEPT)
    await visits.ask_code(house, wallet, opened.session)
    code = await told_secret(house, wallet, "code-asked")
    accepted = await invitations.accept(house, wallet, opened.session, code, language="es")
    assert isinstance(accepted, invitations.Accepted)
    async with house.engine.connect() as db:
        return await load.contact(db, wallet.id, contact_id), accepted.link_token


async def a_verified_visit(house: House, wallet: Wallet, link_token: str) -> BrowserSession:
    """A contact's browser after link and code."""
    opened = await visits.open_link(house, wallet, link_token, Purpose.REPORT)
    await visits.ask_code(house, wallet, opened.session)
    code = await told_secret(house, wallet, "code-asked")
    cookie = await reports.spend_code(house, wallet, opened.session, code)
    assert isinstance(cookie, str)
    return await visits.session_of(house, wallet, cookie)


async def a_report(
    house: House,
    wallet: Wallet,
    contact: Contact,
    link_token: str,
    kind: LossKind = LossKind.STOLEN,
) -> LossReport:
    visit = await a_verified_visit(house, wallet, link_token)
    await reports.save(house, wallet, visit, Draft(contact_id=contact.id, kind=kind))
    visit = await visits.current(house, visit)
    return await filing.file_report(house, wallet, visit, key="button")


async def the_account(house: House, wallet: Wallet, account_id: AccountId) -> Account:
    async with house.engine.connect() as db:
        return await load.account(db, wallet.id, account_id)


async def an_agent(house: House, wallet: Wallet, login: str, level: int) -> SignedIn:
    """An agent made two days ago, signed in."""
    secret = await agents.add_agent(
        house,
        NewAgent(
            login=login,
            name=login.capitalize(),
            password=PASSWORD,
            level=level,
            wallets=(wallet.id,),
            language="es",
        ),
    )
    instant = await now(house)
    async with house.engine.begin() as db:
        two_days_ago = instant - timedelta(days=2)
        await db.execute(
            update(agents_table)
            .where(agents_table.c.login == login)
            .values(created_at=two_days_ago, can_approve_from=two_days_ago + timedelta(days=1))
        )
    opened = await agents.sign_in(
        house, login=login, password=PASSWORD, code=code_at(secret, await now(house))
    )
    return await agents.signed_in(house, opened.cookie)


async def released(house: House, wallet: Wallet) -> None:
    """The only open ticket goes the whole way: two proofs, Astrid proposes, Arne approves."""
    astrid = await an_agent(house, wallet, "astrid", 2)
    arne = await an_agent(house, wallet, "arne", 3)
    (row,) = (await desk.see_queue(house, astrid)).rows
    await proving.proved(house, wallet, row.ticket_id, astrid)
    await tickets.propose_release(house, row.ticket_id, reason=ReleaseReason.OWNER_SAFE, by=astrid)
    seen = await desk.see_ticket(house, row.ticket_id, arne)
    assert seen.proposal is not None
    await tickets.approve_release(house, row.ticket_id, seen.proposal.proposal_id, by=arne)


async def is_active(
    introspection: Introspection, house: House, wallet: Wallet, token_sha256: bytes
) -> bool:
    """What a gateway hears of a session; it asks as a client made for this question."""
    name = f"gateway-{new_id()}"
    secret = await clients.add_client(house, wallet.id, name, (Scope.INTROSPECT,))
    asked = await introspection.ask_as_client(
        wallet.id, token_sha256, client_id=name, secret_sha256=digest(secret)
    )
    assert asked is not None
    return asked.session is not None
