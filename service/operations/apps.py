"""A contact's authenticator app: set up, confirmed with a code of it, used once per code, removed.

It counts only with the personal link, to report; see `reports.use_app_code`.
"""

from datetime import datetime
from typing import Final

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.events import AuthenticatorRemoved, AuthenticatorSet
from domain.ids import AuthenticatorId, PersonId
from domain.limits import APP_SET_UP
from domain.refusals import NotFound
from domain.wallets import Wallet
from service.operations import limits, space
from service.operations.house import House
from service.operations.limits import subject_of
from service.security.encryption import Place
from service.security.tokens import new_id
from service.security.totp import accepted_step, new_totp_secret, setup_address
from service.storage import load
from service.storage.keychain import Opener, find_key
from service.storage.rows import clock, put, record
from service.storage.tables import authenticators
from service.storage.values import Authenticator, BrowserSession

# How a report says that its reporter was verified.
VERIFIED_BY: Final = "authenticator"


class AppSeen(Struct, frozen=True, kw_only=True):
    """What there is: one that counts, and one that is being set up."""

    since: datetime | None
    secret: str | None
    # For a QR code: the address that authenticator apps read.
    setup: str | None
    now: datetime


async def see_app(house: House, wallet: Wallet, session: BrowserSession) -> AppSeen:
    async with house.engine.connect() as db:
        person = await space.person_here(db, wallet, session)
        counts = await load.authenticator(db, wallet.id, person.id, confirmed=True)
        begun = await load.authenticator(db, wallet.id, person.id, confirmed=False)
        secret = None if begun is None else await _secret(db, house, begun)
        return AppSeen(
            since=counts.confirmed_at if counts else None,
            secret=secret,
            setup=None if secret is None else setup_address(secret, issuer=wallet.name),
            now=await clock(db),
        )


async def begin(house: House, wallet: Wallet, session: BrowserSession) -> None:
    """A new secret. The app that counted before does so until this one is confirmed."""
    async with house.engine.begin() as db:
        person = await space.person_for_change(db, wallet, session)
        if person.data_key_id is None:
            raise NotFound
        await forget(db, wallet, person.id, confirmed=False)
        app_id = AuthenticatorId(new_id())
        key = await find_key(db, house.keys, person.data_key_id)
        app = Authenticator(
            id=app_id,
            wallet_id=wallet.id,
            person_id=person.id,
            secret=key.seal(Place("authenticators", "secret", app_id), new_totp_secret()),
            begun_at=await clock(db),
        )
        await put(db, None, app)


async def confirm(house: House, wallet: Wallet, session: BrowserSession, typed: str) -> bool:
    """Whether a code of the new app was typed; from then on it counts, and no other one does.

    Raises TooMany.
    """
    async with house.engine.connect() as db:
        person = await space.person_here(db, wallet, session)
    of = subject_of(house.keys, wallet.id, APP_SET_UP, person.id.bytes)
    await limits.count(house, (of, APP_SET_UP.rate))
    async with house.engine.begin() as db:
        person = await space.person_for_change(db, wallet, session)
        begun = await load.authenticator(db, wallet.id, person.id, confirmed=False)
        if begun is None:
            raise NotFound
        now = await clock(db)
        secret = await _secret(db, house, begun)
        step = accepted_step(secret, typed, last_step=begun.last_step, now=now)
        if step is None:
            return False
        await forget(db, wallet, person.id, confirmed=True)
        await put(db, begun, replace(begun, confirmed_at=now, last_step=step))
        contact = await space.contact_here(db, wallet, session)
        event = AuthenticatorSet(contact_id=contact.id, at=now)
        await record(db, wallet.id, (event,), by=space.by(contact))
        return True


async def remove(house: House, wallet: Wallet, session: BrowserSession) -> None:
    """At once, also one that was only begun. Twice changes nothing."""
    async with house.engine.begin() as db:
        person = await space.person_for_change(db, wallet, session)
        await forget(db, wallet, person.id, confirmed=False)
        if await forget(db, wallet, person.id, confirmed=True):
            contact = await space.contact_here(db, wallet, session)
            event = AuthenticatorRemoved(contact_id=contact.id, at=await clock(db))
            await record(db, wallet.id, (event,), by=space.by(contact))


async def take_code(
    db: AsyncConnection, house: House, app: Authenticator, typed: str, *, now: datetime
) -> bool:
    """Whether this is a code of the app that nobody has used, nor a later one. It is used then:
    of two that come at once, the second changes no row and is wrong."""
    secret = await _secret(db, house, app)
    step = accepted_step(secret, typed, last_step=app.last_step, now=now)
    if step is None:
        return False
    used = await db.execute(
        update(authenticators)
        .where(
            authenticators.c.wallet_id == app.wallet_id,
            authenticators.c.id == app.id,
            authenticators.c.last_step < step,
        )
        .values(last_step=step, row_version=authenticators.c.row_version + 1)
    )
    return used.rowcount == 1


async def forget(
    db: AsyncConnection, wallet: Wallet, person_id: PersonId, *, confirmed: bool
) -> bool:
    """Whether there was one."""
    ours = (authenticators.c.wallet_id == wallet.id) & (authenticators.c.person_id == person_id)
    which = (
        authenticators.c.confirmed_at.isnot(None)
        if confirmed
        else authenticators.c.confirmed_at.is_(None)
    )
    return (await db.execute(delete(authenticators).where(ours, which))).rowcount > 0


async def _secret(db: AsyncConnection, house: House, app: Authenticator) -> str:
    opener = await Opener.for_values(db, house.keys, (app.secret,))
    return opener.text(Place("authenticators", "secret", app.id), app.secret)
