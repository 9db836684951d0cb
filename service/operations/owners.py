"""An owner who comes with the wallet's own access token: who they are, and what it opens.

Nothing is stored: a token is never a session. What an operation does on it is checked again
under the account's lock, because a freeze may fall in between.
"""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from msgspec import Struct

from domain import sign_ins
from domain.ids import AccountId
from domain.refusals import NotFound, Refused, TokenNotValid
from domain.sign_ins import SignIn
from domain.signs import TryWay
from domain.wallets import Wallet
from service.operations import refused_tries
from service.operations.house import House
from service.security import owner_tokens
from service.security.issuers import Issuers
from service.storage import load
from service.storage.rows import clock


class OwnerAsking(Protocol):
    """An owner at the hosted pages, or with an access token: the same operations serve both."""

    @property
    def id(self) -> UUID:
        """Whose repetitions are told apart from everybody else's."""
        ...

    @property
    def account_id(self) -> AccountId | None: ...

    @property
    def epoch(self) -> int | None: ...

    @property
    def may_manage(self) -> bool: ...


class Owner(Struct, frozen=True, kw_only=True):
    """The owner of an account, for this one call."""

    account_id: AccountId
    # The account's when the token was checked: a freeze in between ends what it opens.
    epoch: int
    may_manage: bool
    sign_in: SignIn

    @property
    def id(self) -> AccountId:
        """Whose Idempotency-Keys these are: a token lives shorter than they do."""
        return self.account_id


async def owner_by_token(
    house: House, issuers: Issuers, wallet: Wallet, token: str, *, while_frozen: bool = False
) -> Owner:
    """Raises TokenNotValid, IssuerAway; NotFound for a user the wallet never told of.

    And, of the account as it is now, SignInVoid, AccountIsFrozen, StrongSignInNeeded.
    """
    if wallet.issuer is None:
        raise TokenNotValid
    opened = owner_tokens.opened(token, wallet)
    now = await _now(house)
    # No connection is held while the issuer is asked.
    policy = wallet.policy
    key = await issuers.key(wallet.issuer, opened.kid, policy=policy.sign_ins, now=now)
    if key is None:
        raise TokenNotValid
    told = owner_tokens.vouched(opened, key, wallet, now=now)
    strong_acr = wallet.strong_acr
    async with house.engine.connect() as db:
        account = await load.account_by_subject(db, wallet.id, told.subject)
        now = await clock(db)
    if account is None:
        raise NotFound
    sign_in = told.sign_in
    try:
        sign_ins.let_in(sign_in, account, strong_acr=strong_acr, while_frozen=while_frozen)
    except Refused:
        if account.is_frozen:
            refused_tries.note(house, account, TryWay.TOKEN)
        raise
    return Owner(
        account_id=account.id,
        epoch=account.epoch,
        may_manage=sign_ins.may_manage(sign_in, strong_acr=strong_acr, policy=policy, now=now),
        sign_in=sign_in,
    )


async def _now(house: House) -> datetime:
    async with house.engine.connect() as db:
        return await clock(db)
