"""The operator makes wallets."""

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ids import WalletId
from domain.policy import DEFAULT, Policy
from domain.wallets import Wallet
from service.operations.house import House
from service.security.tokens import new_id
from service.storage.keychain import make_key
from service.storage.rows import put


class NewWallet(Struct, frozen=True, kw_only=True):
    """What the operator says of a wallet; see `domain.wallets.Wallet` for the fields."""

    origin: str
    name: str
    short_name: str
    colour: str
    languages: tuple[str, ...]
    time_zone: str
    country: str
    dialling_codes: tuple[str, ...]
    support_number: str
    support_hours: str
    text_channel: str | None
    emergency_number: str
    email_from: str
    strong_acr: tuple[str, ...]
    policy: Policy = DEFAULT


async def add_wallet(house: House, new: NewWallet) -> Wallet:
    """A wallet with its own data key. Its origin must be unique in the installation."""
    async with house.engine.begin() as db:
        return await put(db, None, await _made(db, house, new))


async def _made(db: AsyncConnection, house: House, new: NewWallet) -> Wallet:
    key = await make_key(db, house.keys)
    return Wallet(
        id=WalletId(new_id()),
        origin=new.origin,
        name=new.name,
        short_name=new.short_name,
        colour=new.colour,
        languages=new.languages,
        time_zone=new.time_zone,
        country=new.country,
        dialling_codes=new.dialling_codes,
        support_number=new.support_number,
        support_hours=new.support_hours,
        text_channel=new.text_channel,
        emergency_number=new.emergency_number,
        email_from=new.email_from,
        strong_acr=new.strong_acr,
        data_key_id=key.id,
        policy=new.policy,
    )
