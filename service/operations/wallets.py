"""The operator makes wallets, and changes them. Each change stands in the wallet's own record."""

import re
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.events import THE_OPERATOR, WalletIssuerChanged, WalletMade, WalletPolicyChanged
from domain.ids import WalletId
from domain.policy import DEFAULT, Policy
from domain.refusals import AddressNotAllowed, NotFound
from domain.wallets import DEFAULT_ALGORITHMS, DEFAULT_TYPES, Wallet
from notifications import gsm7
from service.operations.addresses import normal_email
from service.operations.house import House
from service.security.issuers import ASYMMETRIC
from service.security.outgoing import may_be_asked
from service.security.tokens import new_id
from service.settings import is_origin
from service.storage.keychain import make_key
from service.storage.rows import clock, put, record, the_one
from service.storage.tables import wallets

_TYPES: Final = frozenset({"at+jwt", "jwt"})


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
    issuer: str | None = None
    audience: str | None = None
    token_algorithms: tuple[str, ...] = DEFAULT_ALGORITHMS
    token_types: tuple[str, ...] = DEFAULT_TYPES
    policy: Policy = DEFAULT


class OwnersIssuer(Struct, frozen=True, kw_only=True):
    """Whose access tokens owners come with; see `domain.wallets.Wallet`."""

    issuer: str
    audience: str
    algorithms: tuple[str, ...] = DEFAULT_ALGORITHMS
    types: tuple[str, ...] = DEFAULT_TYPES


class WalletWrong(ValueError):
    """A field of a new wallet is not what pages and messages need; the text names it."""


async def add_wallet(house: House, new: NewWallet) -> Wallet:
    """A wallet with its own data key. Its origin must be unique in the installation.

    Raises WalletWrong before anything is stored.
    """
    _require_usable(new)
    _require_acr_usable(new.strong_acr)
    if new.issuer is not None or new.audience is not None:
        said = OwnersIssuer(
            issuer=new.issuer or "",
            audience=new.audience or "",
            algorithms=new.token_algorithms,
            types=new.token_types,
        )
        _require_issuer_usable(said)
    async with house.engine.begin() as db:
        wallet = await put(db, None, await _made(db, house, new))
        made = WalletMade(wallet_id=wallet.id, at=await clock(db))
        await record(db, wallet.id, [made], by=THE_OPERATOR)
        return wallet


async def change_issuer(house: House, origin: str, said: OwnersIssuer | None) -> Wallet:
    """From now on (within seconds) owners come with this issuer's tokens; None: with nobody's.

    Raises NotFound for an unknown origin, and WalletWrong before anything is stored.
    """
    if said is not None:
        _require_issuer_usable(said)
    async with house.engine.begin() as db:
        ours = select(wallets).where(wallets.c.origin == origin).with_for_update()
        wallet = await the_one(db, ours, Wallet)
        changed = replace(wallet, issuer=None, audience=None)
        if said is not None:
            changed = replace(
                wallet,
                issuer=said.issuer,
                audience=said.audience,
                token_algorithms=said.algorithms,
                token_types=said.types,
            )
        happened = WalletIssuerChanged(
            wallet_id=wallet.id, has_one=said is not None, at=await clock(db)
        )
        await record(db, wallet.id, [happened], by=THE_OPERATOR)
        return await put(db, wallet, changed)


async def change_policy(house: House, origin: str, said: Policy) -> Wallet:
    """From now on the wallet's own numbers; deadlines that were given keep what they had.

    Raises NotFound for an unknown origin. The bounds were checked when `said` was read.
    """
    async with house.engine.begin() as db:
        # Not the whole row: a policy out of bounds is put right by this.
        ours = update(wallets).where(wallets.c.origin == origin)
        saved = await db.execute(
            ours.values(policy=msgspec.to_builtins(said), row_version=wallets.c.row_version + 1)
        )
        if saved.rowcount != 1:
            raise NotFound
        wallet = await the_one(db, select(wallets).where(wallets.c.origin == origin), Wallet)
        changed = WalletPolicyChanged(wallet_id=wallet.id, at=await clock(db))
        await record(db, wallet.id, [changed], by=THE_OPERATOR)
        return wallet


async def require_usable_policies(db: AsyncConnection) -> None:
    """Refuse to start with numbers out of bounds. Raises WalletWrong that names wallet and number:
    a row written by hand, or by a version that allowed more."""
    for origin, stored in await db.execute(select(wallets.c.origin, wallets.c.policy)):
        try:
            msgspec.convert(stored, Policy)
        except msgspec.ValidationError as wrong:
            raise WalletWrong(f"policy of {origin}: {wrong}") from None


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
        issuer=new.issuer,
        audience=new.audience,
        token_algorithms=new.token_algorithms,
        token_types=new.token_types,
        data_key_id=key.id,
        policy=new.policy,
    )


def _require_issuer_usable(said: OwnersIssuer) -> None:
    """What could never match is said today, not by a 401 to every owner."""
    # Whether http is allowed there is decided where it is asked: by the setting, on loopback.
    if "?" in said.issuer or not may_be_asked(said.issuer, loopback=True):
        raise WalletWrong("issuer: https://… exactly as its tokens say it, without ? and #")
    if not said.audience or not said.audience.isprintable():
        raise WalletWrong("audience: what this service is called in the issuer's tokens")
    if not said.algorithms or not set(said.algorithms) <= set(ASYMMETRIC):
        raise WalletWrong(f"token_algorithms: some of {', '.join(ASYMMETRIC)}")
    if not said.types or not {one.lower() for one in said.types} <= _TYPES:
        raise WalletWrong("token_types: at+jwt; JWT too, if the issuer knows no other")


def _require_acr_usable(listed: tuple[str, ...]) -> None:
    """They are told in a header, separated by spaces (RFC 9470, section 3)."""
    if not all(re.fullmatch(r"[!#-\[\]-~]{1,255}", one) for one in listed):
        raise WalletWrong(
            "strong_acr: words of printable ASCII without spaces, quotes, backslashes"
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
