"""A contact's visit: from a pressed link to a verified browser, and what was typed meanwhile."""

from datetime import datetime

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import contacts
from domain.accounts import Account, AddressKind
from domain.challenges import Purpose
from domain.contacts import Contact, MayReport
from domain.ids import AccountId, ContactId, DeviceId
from domain.refusals import LinkNotValid, PageExpired
from domain.reports import LossKind, OwnerSafe, Way
from domain.wallets import Wallet
from service.operations import browsers, budgets, codes
from service.operations.addresses import masked
from service.operations.browsers import Opened
from service.operations.budgets import Sending
from service.operations.house import House
from service.security.encryption import DataKey, Place
from service.security.tokens import digest, new_id, new_token
from service.storage import load
from service.storage.keychain import Opener, find_key
from service.storage.rows import clock, put
from service.storage.values import BrowserKind, BrowserSession, PersonAddress


class Draft(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a visit has gathered so far; sealed under the wallet's key while it waits."""

    link_token: str | None = None
    contact_id: ContactId | None = None
    kind: LossKind | None = None
    safe: OwnerSafe = OwnerSafe.UNKNOWN
    device_id: DeviceId | None = None
    # The choice as it was ticked, and the instant it meant then.
    noticed: str | None = None
    noticed_at: datetime | None = None
    reach: str = ""
    note: str = ""
    # In a contact's own space: new personal links, shown this once.
    new_links: dict[str, str] = {}


class CodeSeen(Struct, frozen=True, kw_only=True):
    """What the page that asks for a code knows."""

    masked: str
    kind: AddressKind
    # Whether a code went there for certain: without a link only to an address that is enrolled.
    surely: bool
    digits: int
    # None while no code is on its way to this browser.
    expires_at: datetime | None
    # Whether this browser was ever sent one; another browser's code is of no use here.
    was_asked: bool
    guesses_left: int
    next_code_from: datetime | None
    # Their second address, masked, where the next code could go; only for whoever holds the link.
    other: str | None = None
    # Whether an authenticator app's code is taken in its place.
    app: bool = False
    now: datetime


async def open_link(
    house: House, wallet: Wallet, token: str, purpose: Purpose, *, cookie: str | None = None
) -> Opened:
    """A press on a link's page begins a browser session that may ask for a code, no more.

    The same link pressed again in the same browser (its `cookie`) goes on with the code that is
    on its way; after a visit whose time was over, it goes on with what was typed there.
    Raises LinkNotValid for used, lapsed, foreign and made-up links alike.
    """
    async with house.engine.begin() as db:
        contact = await load.contact_by_link(db, wallet.id, digest(token.strip()))
        if contact is None:
            raise LinkNotValid
        account = await load.account(db, wallet.id, contact.account_id)
        now = await clock(db)
        if not contact_fits(wallet, contact, account, purpose, now):
            raise LinkNotValid
        until = now + wallet.policy.sessions.contact_lasts
        before = await same_visit(db, wallet, cookie, contact, purpose)
        if cookie is not None and before is not None and waits_for_code(before, now):
            return Opened(await put(db, before, replace(before, expires_at=until)), cookie)
        opened = browsers.begin(
            kind=BrowserKind.CONTACT,
            purpose=purpose.value,
            wallet_id=wallet.id,
            at=now,
            expires_at=until,
        )
        session = replace(opened.session, contact_id=contact.id)
        if before is not None and before.draft is not None:
            draft = carried_on(await read_draft(db, house, wallet, before))
            key = await find_key(db, house.keys, wallet.data_key_id)
            session = replace(session, draft=sealed(key, session, draft))
        return Opened(await put(db, None, session), opened.cookie)


async def ask_code(
    house: House,
    wallet: Wallet,
    session: BrowserSession,
    *,
    network: str | None = None,
    other: bool = False,
) -> None:
    """Put a code on its way to the enrolled address, asked for from a source network; to the
    `other` one, their second, if there is one and it may do what this is for.

    Raises TooSoon, PageExpired, and TooMany when what all share is used up.
    """
    purpose = Purpose(session.purpose)
    async with house.engine.begin() as db:
        second: PersonAddress | None = None
        if session.contact_id is None:
            contact, second = await _enrolled_at(db, wallet, session, purpose)
        else:
            contact = await load.contact_for_change(db, wallet.id, session.contact_id)
            account = await load.account(db, wallet.id, contact.account_id)
            if not contact_fits(wallet, contact, account, purpose, await clock(db)):
                raise LinkNotValid
            if other:
                second = await other_address(db, wallet, session, contact, await clock(db))
        # It may have expired and been swept away while the lock was waited for.
        await browsers.again(db, session)
        address_id = second.id if second else None
        await codes.ask(
            db, house, wallet, session, contact=contact, purpose=purpose, address_id=address_id
        )
        kind, address = await _where(db, house, session, contact, second)
        sending = Sending(way=session.way, kind=kind, address=address, network=network)
        await budgets.take_sending(db, house.keys, wallet, sending)


async def see_code(house: House, wallet: Wallet, session: BrowserSession) -> CodeSeen:
    """Where the code went, how long it lasts, when the next may be asked for."""
    async with house.engine.connect() as db:
        purpose = Purpose(session.purpose)
        contact = None
        if session.contact_id is not None:
            contact = await load.contact(db, wallet.id, session.contact_id)
        now = await clock(db)
        challenge = await load.challenge_of(db, wallet.id, session.id, purpose)
        second = None
        if challenge is not None and challenge.address_id is not None:
            second = await load.address_by_id(db, wallet.id, challenge.address_id)
        kind, address = await _where(db, house, session, contact, second)
        policy = wallet.policy.codes
        was_sent = challenge is not None and challenge.sent > 0
        live = challenge is not None and was_sent and challenge.is_live(policy, now)
        budget = codes.budget_of(session, contact, purpose)
        waiting = await budgets.next_code_from(db, house.keys, wallet, budget)
        return CodeSeen(
            masked=masked(kind, address),
            kind=kind,
            surely=contact is not None,
            digits=codes.digits_of(session.way, policy),
            expires_at=challenge.code_expires_at if challenge is not None and live else None,
            was_asked=was_sent,
            guesses_left=challenge.guesses_left(policy) if challenge is not None else 0,
            next_code_from=waiting,
            other=await _other_masked(db, house, wallet, session, contact, now=now),
            app=await _has_app(db, wallet, session, contact),
            now=now,
        )


def contact_fits(
    wallet: Wallet, contact: Contact, account: Account, purpose: Purpose, now: datetime
) -> bool:
    """Whether the link still opens what it was made for."""
    match purpose:
        case Purpose.ACCEPT:
            return contact.is_open_invitation(now)
        case Purpose.REPORT | Purpose.FOLLOW:
            # Whoever cannot freeze just now may still be the only one who knows.
            policy = wallet.policy.reports
            may = contacts.may_report(contact, account=account, policy=policy, now=now)
            return may is not MayReport.NOT
        case Purpose.DRILL:
            return contact.can_report(account, now)
        case Purpose.SPACE | Purpose.SECOND:
            # What is theirs they may see and have erased after they have left, too.
            return contact.accepted_at is not None and not contact.disowned
        case Purpose.WITHDRAW:
            # What somebody reported they may take back, also when they are no contact any more.
            return contact.accepted_at is not None


async def contact_of(
    db: AsyncConnection,
    wallet: Wallet,
    session: BrowserSession,
    purpose: Purpose,
    *,
    for_change: bool = False,
) -> Contact:
    """The contact whose link began this session. Raises PageExpired for another purpose."""
    if session.contact_id is None or session.purpose != purpose.value:
        raise PageExpired
    find = load.contact_for_change if for_change else load.contact
    return await find(db, wallet.id, session.contact_id)


async def session_of(house: House, wallet: Wallet, cookie: str) -> BrowserSession:
    """The contact's live session behind a cookie. Raises PageExpired."""
    async with house.engine.connect() as db:
        found = await browsers.find(db, BrowserKind.CONTACT, wallet.id, cookie)
    if found is None:
        raise PageExpired
    return found


async def last_session_of(house: House, wallet: Wallet, cookie: str) -> BrowserSession | None:
    """The contact's session behind a cookie, even when its time is over: for receipts, and for
    keeping what was typed. What it may still do is decided by what reads it."""
    async with house.engine.connect() as db:
        return await browsers.find_last(db, BrowserKind.CONTACT, wallet.id, cookie)


async def current(house: House, session: BrowserSession) -> BrowserSession:
    """The same session as it is stored now. Raises PageExpired."""
    async with house.engine.begin() as db:
        return await browsers.again(db, session)


async def verify(
    db: AsyncConnection,
    wallet_key: DataKey,
    session: BrowserSession,
    contact: Contact,
    *,
    now: datetime,
    until: datetime,
    draft: Draft,
    through: PersonAddress | str | None = None,
) -> str:
    """The spent code's effect: this browser is verified, under a new cookie (ASVS 7.2.4), and its
    time starts afresh.

    `through` is the second address, if the code went there; or what else verified them.
    """
    current = await browsers.again(db, session)
    cookie = new_token()
    match through:
        case str():
            by = through
        case PersonAddress():
            by = through.kind.value
        case None:
            by = contact.address_kind.value
    verified = replace(
        current,
        contact_id=contact.id,
        token_sha256=digest(cookie),
        verified_at=now,
        verified_by=by,
        verified_address_id=through.id if isinstance(through, PersonAddress) else None,
        expires_at=until,
        draft=sealed(wallet_key, session, draft),
    )
    await put(db, current, verified)
    return cookie


async def read_draft(
    db: AsyncConnection, house: House, wallet: Wallet, session: BrowserSession
) -> Draft:
    """What was typed so far; an empty draft at first."""
    if session.draft is None:
        return Draft()
    return draft_in(await find_key(db, house.keys, wallet.data_key_id), session)


def draft_in(key: DataKey, session: BrowserSession) -> Draft:
    """The same, where the wallet's key is at hand."""
    if session.draft is None:
        return Draft()
    return msgspec.json.decode(key.open(_place(session), session.draft), type=Draft)


def carried_on(draft: Draft) -> Draft:
    """What a later visit finds again: what was typed, and no link that was shown."""
    return replace(draft, new_links={})


async def save_draft(
    db: AsyncConnection, house: House, wallet: Wallet, session: BrowserSession, draft: Draft
) -> bool:
    """Keep what was typed, even in a visit whose time is over: a new code finds it again.

    Answers whether the visit goes on.
    """
    key = await find_key(db, house.keys, wallet.data_key_id)
    current = await browsers.again(db, session, even_ended=True)
    await put(db, current, replace(current, draft=sealed(key, session, draft)))
    return await clock(db) < current.expires_at


async def _enrolled_at(
    db: AsyncConnection, wallet: Wallet, session: BrowserSession, purpose: Purpose
) -> tuple[Contact | None, PersonAddress | None]:
    """Who is sent the code for a typed address, and their second address if that was typed.

    None: nobody has it, and nobody may notice.
    """
    if session.address_kind is None or session.address_index is None:
        raise PageExpired
    # A lock that any address has, also one that no row knows.
    turn = int.from_bytes(session.address_index[:8], signed=True)
    await db.execute(select(func.pg_advisory_xact_lock(turn)))
    kind, index = session.address_kind, session.address_index
    enrolled = await load.contacts_at(db, wallet.id, kind, index)
    # Looked for whatever was found, so that a known address takes no step more or less.
    beside = await load.contacts_beside(db, wallet.id, kind, index)
    held = await load.address_held(db, wallet.id, kind, index)
    found = (*enrolled, *beside)
    # Asked for also where there are none, so that a known address takes no step more.
    wanted = [c.account_id for c in found] or [AccountId(new_id())]
    theirs = await load.accounts_with(db, (wallet.id,), wanted)
    owned = {account.id: account for account in theirs}
    now = await clock(db)
    fits = (c for c in found if contact_fits(wallet, c, owned[c.account_id], purpose, now))
    contact = next(fits, None)
    is_second = contact is not None and contact.address_index != index
    return contact, held if is_second else None


async def other_address(
    db: AsyncConnection,
    wallet: Wallet,
    session: BrowserSession,
    contact: Contact,
    now: datetime,
) -> PersonAddress | None:
    """Their second address, where a code for this may go. A report is taken back only from one
    that is a week old; whoever came without the link was asked for an address already."""
    came_by_address = session.way is Way.ADDRESS and session.purpose != Purpose.WITHDRAW.value
    if came_by_address or session.purpose in {Purpose.ACCEPT.value, Purpose.SECOND.value}:
        return None
    found = await load.second_address(db, wallet.id, contact.person_id, contact.address_index)
    if found is None or session.purpose != Purpose.WITHDRAW.value:
        return found
    return found if may_withdraw(found, now) else None


def may_withdraw(address: PersonAddress, now: datetime) -> bool:
    return address.withdraws_from is None or address.withdraws_from <= now


async def _other_masked(
    db: AsyncConnection,
    house: House,
    wallet: Wallet,
    session: BrowserSession,
    contact: Contact | None,
    *,
    now: datetime,
) -> str | None:
    if contact is None:
        return None
    found = await other_address(db, wallet, session, contact, now)
    if found is None:
        return None
    opener = await Opener.for_values(db, house.keys, (found.address,))
    place = Place("person_addresses", "address", found.id)
    return masked(found.kind, opener.text(place, found.address))


async def _has_app(
    db: AsyncConnection, wallet: Wallet, session: BrowserSession, contact: Contact | None
) -> bool:
    """It counts only with the personal link, and only to report."""
    by_link = session.way is Way.LINK and session.purpose == Purpose.REPORT.value
    if contact is None or not by_link:
        return False
    app = await load.authenticator(db, wallet.id, contact.person_id, confirmed=True)
    return app is not None


async def _where(
    db: AsyncConnection,
    house: House,
    session: BrowserSession,
    contact: Contact | None,
    second: PersonAddress | None = None,
) -> tuple[AddressKind, str]:
    """The second address, if the code goes there; the enrolled one of a known contact; else the
    one that was typed."""
    if second is not None:
        opener = await Opener.for_values(db, house.keys, (second.address,))
        place = Place("person_addresses", "address", second.id)
        return second.kind, opener.text(place, second.address)
    if contact is not None:
        opener = await Opener.for_values(db, house.keys, (contact.address,))
        place = Place("contacts", "address", contact.id)
        return contact.address_kind, opener.text(place, contact.address)
    if session.address_kind is None or session.address is None:
        raise PageExpired
    opener = await Opener.for_values(db, house.keys, (session.address,))
    place = Place("browser_sessions", "address", session.id)
    return session.address_kind, opener.text(place, session.address)


async def same_visit(
    db: AsyncConnection, wallet: Wallet, cookie: str | None, contact: Contact, purpose: Purpose
) -> BrowserSession | None:
    """This browser's earlier visit by the same link, unless it has come to its end."""
    if cookie is None:
        return None
    before = await browsers.find_last(db, BrowserKind.CONTACT, wallet.id, cookie)
    if before is None or before.contact_id != contact.id or before.purpose != purpose.value:
        return None
    return before if before.report_id is None else None


def waits_for_code(session: BrowserSession, now: datetime) -> bool:
    return session.verified_at is None and now < session.expires_at


def sealed(key: DataKey, session: BrowserSession, draft: Draft) -> bytes:
    return key.seal(_place(session), msgspec.json.encode(draft).decode())


def _place(session: BrowserSession) -> Place:
    return Place("browser_sessions", "draft", session.id)
