"""Coming in without the personal link: someone types their own address, and learns nothing else.

Whether anybody has the address is asked only when a code is put on its way, and shows in no
answer, row count or commit.
"""

from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from domain.accounts import AddressKind
from domain.challenges import Purpose
from domain.refusals import AddressNotAllowed
from domain.reports import Way
from domain.wallets import Wallet
from service.operations import browsers, visits
from service.operations.addresses import normal_email, normal_phone
from service.operations.browsers import Opened
from service.operations.house import House
from service.security.blind_index import index_of
from service.security.encryption import Place
from service.storage.keychain import find_key
from service.storage.rows import clock, put
from service.storage.values import BrowserKind, BrowserSession

# More than the longest address there can be (RFC 5321).
_LONGEST: Final = 254


class Address(Struct, frozen=True, kw_only=True):
    """An address in its one written form."""

    kind: AddressKind
    written: str


def read_address(typed: str, wallet: Wallet) -> Address:
    """An e-mail address or a mobile number, however it was typed. Raises AddressNotAllowed."""
    plain = typed.strip()
    if len(plain) > _LONGEST:
        raise AddressNotAllowed
    if "@" in plain:
        return Address(kind=AddressKind.EMAIL, written=normal_email(plain))
    number = normal_phone(plain, country=wallet.country, dialling_codes=wallet.dialling_codes)
    return Address(kind=AddressKind.PHONE, written=number)


async def open_by_address(
    house: House, wallet: Wallet, address: Address, purpose: Purpose, *, cookie: str | None = None
) -> Opened:
    """Begins a browser session that may ask for a code to this address, no more.

    The same address typed again in the same browser (its `cookie`) goes on with the code that is
    on its way; after a visit whose time was over, it goes on with what was typed there.
    """
    index = index_of(house.keys, wallet.id, address.kind, address.written)
    async with house.engine.begin() as db:
        now = await clock(db)
        until = now + wallet.policy.sessions.contact_lasts
        before = None
        if cookie is not None:
            before = await browsers.find_last(db, BrowserKind.CONTACT, wallet.id, cookie)
        if before is not None and not _is_same(before, purpose, index):
            before = None
        if cookie is not None and before is not None and visits.waits_for_code(before, now):
            return Opened(await put(db, before, replace(before, expires_at=until)), cookie)
        opened = browsers.begin(
            kind=BrowserKind.CONTACT,
            purpose=purpose.value,
            wallet_id=wallet.id,
            at=now,
            expires_at=until,
        )
        key = await find_key(db, house.keys, wallet.data_key_id)
        place = Place("browser_sessions", "address", opened.session.id)
        session = replace(
            opened.session,
            way=Way.ADDRESS,
            address_kind=address.kind,
            address=key.seal(place, address.written),
            address_index=index,
        )
        if before is not None and before.draft is not None:
            draft = visits.carried_on(await visits.read_draft(db, house, wallet, before))
            session = replace(session, draft=visits.sealed(key, session, draft))
        return Opened(await put(db, None, session), opened.cookie)


def _is_same(before: BrowserSession, purpose: Purpose, index: bytes) -> bool:
    """This browser's earlier visit by the same address, unless it has come to its end."""
    came_for_it = before.purpose == purpose.value and before.report_id is None
    return came_for_it and before.way is Way.ADDRESS and before.address_index == index
