"""What an owner's sign-in to the wallet opens here.

The wallet's identity provider vouches for it: when it was, and how strong. A thief with the
unlocked phone has a session, and so an access token, but no fresh strong sign-in.
"""

from collections.abc import Collection
from datetime import datetime

from msgspec import Struct

from domain.accounts import Account
from domain.policy import Policy
from domain.refusals import AccountIsFrozen, SignInVoid, StrongSignInNeeded


class SignIn(Struct, frozen=True, kw_only=True):
    # None where the identity provider does not say.
    at: datetime | None
    acr: str | None


def is_strong(sign_in: SignIn, *, strong_acr: Collection[str]) -> bool:
    """As the wallet lists it; device PIN and biometrics, SMS and e-mail are never listed."""
    return sign_in.acr in strong_acr


def is_recent(sign_in: SignIn, *, policy: Policy, now: datetime) -> bool:
    """Within `strong_sign_in_lasts`. One of the future is a wrong clock, or a wish: never."""
    if sign_in.at is None:
        return False
    not_after = sign_in.at - policy.sign_ins.clocks_differ <= now
    return not_after and now < sign_in.at + policy.sessions.strong_sign_in_lasts


def may_manage(
    sign_in: SignIn, *, strong_acr: Collection[str], policy: Policy, now: datetime
) -> bool:
    """Managing contacts, and disputing, need both at once."""
    return is_strong(sign_in, strong_acr=strong_acr) and is_recent(sign_in, policy=policy, now=now)


def let_in(
    sign_in: SignIn, account: Account, *, strong_acr: Collection[str], while_frozen: bool
) -> None:
    """Whether the account, as it is now, may be asked about on this sign-in at all.

    `while_frozen` names the narrow door: disputes and call-backs stay open to an owner who has
    signed in strongly since. Raises SignInVoid, AccountIsFrozen, StrongSignInNeeded.
    """
    last_freeze = account.sessions_void_before
    # Also after the release: what a thief had then stays worthless.
    if last_freeze is not None and (sign_in.at is None or sign_in.at <= last_freeze):
        raise SignInVoid
    if not account.is_frozen:
        return
    if not while_frozen:
        raise AccountIsFrozen
    if not is_strong(sign_in, strong_acr=strong_acr):
        raise StrongSignInNeeded
