"""Forms come from our own pages: Origin, and a token bound to the browser that got the page.

The token is an HMAC of a seed cookie, so nothing is stored for it. (ASVS 3.5.1)
"""

import hmac
from hashlib import sha256

from domain.refusals import FormNotOurs
from service.security.keys import KeyRing
from service.security.tokens import new_token

SEED_COOKIE = "__Host-seed"


def new_seed() -> str:
    return new_token()


def token_for(keys: KeyRing, seed: str) -> str:
    """What a page's hidden field `csrf_token` holds."""
    return hmac.new(keys.forms.secret, b"form|" + seed.encode(), sha256).hexdigest()


def require_ours(
    keys: KeyRing, *, seed: str | None, token: str, origin: str | None, own_origin: str
) -> None:
    """Raises FormNotOurs for another origin, none at all, or a token of another browser."""
    if origin != own_origin or not seed:
        raise FormNotOurs
    if not hmac.compare_digest(token_for(keys, seed).encode(), token.encode()):
        raise FormNotOurs
