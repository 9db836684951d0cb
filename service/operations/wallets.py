"""The operator makes wallets."""

import re
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ids import WalletId
from domain.policy import DEFAULT, Policy
from domain.refusals import AddressNotAllowed
from domain.wallets import Wallet
from notifications import gsm7
from service.operations.addresses import normal_email
from service.operations.house import House
from service.security.tokens import new_id
from service.settings import is_origin
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


class WalletWrong(ValueError):
    """A field of a new wallet is not what pages and messages need; the text names it."""


async def add_wallet(house: House, new: NewWallet) -> Wallet:
    """A wallet with its own data key. Its origin must be unique in the installation.

    Raises WalletWrong before anything is stored.
    """
    _require_usable(new)
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


def _require_usable(new: NewWallet) -> None:
    """Better a clear no to the operator today than a message that cannot be sent tonight."""
    if not is_origin(new.origin, loopback=True):
        raise WalletWrong("origin: https://host without a path")
    host = urlsplit(new.origin).netloc
    if len(host) > gsm7.LONGEST_HOST:
        raise WalletWrong(f"origin: a host of at most {gsm7.LONGEST_HOST} characters fits a text")
    for field, text in (("short_name", new.short_name), ("support_number", new.support_number)):
        if not gsm7.is_writable(text):
            raise WalletWrong(f"{field}: letters of the GSM alphabet only")
    if gsm7.septets(new.short_name) > gsm7.LONGEST_SHORT_NAME:
        raise WalletWrong(f"short_name: at most {gsm7.LONGEST_SHORT_NAME} characters")
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", new.colour):
        raise WalletWrong("colour: written as #rrggbb")
    if not new.languages or not set(new.languages) <= {"es", "pt-BR", "en"}:
        raise WalletWrong("languages: some of es, pt-BR, en")
    try:
        ZoneInfo(new.time_zone)
        normal_email(new.email_from)
    except (ZoneInfoNotFoundError, ValueError):
        raise WalletWrong("time_zone: a name such as America/Bogota") from None
    except AddressNotAllowed:
        raise WalletWrong("email_from: an e-mail address and nothing else") from None
