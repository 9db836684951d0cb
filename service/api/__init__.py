"""The wallet's own systems tell and ask, and its app does for an owner: JSON, a module each."""

from litestar.types import ControllerRouterHandler

from service.api.accounts import ACCOUNTS
from service.api.freezes import FREEZES
from service.api.frozen_accounts import FROZEN_ACCOUNTS
from service.api.me import ME
from service.api.page_links import PAGE_LINKS
from service.api.proofs import PROOFS
from service.api.rates import tell_limit
from service.api.sessions import SESSIONS
from service.api.ssf import SSF
from service.api.tickets import TICKETS
from service.api.token import TOKEN
from service.api.webhook_endpoints import WEBHOOK_ENDPOINTS

__all__ = ["ROUTES", "tell_limit"]

ROUTES: tuple[ControllerRouterHandler, ...] = (
    TOKEN,
    ACCOUNTS,
    FREEZES,
    PROOFS,
    FROZEN_ACCOUNTS,
    SESSIONS,
    PAGE_LINKS,
    TICKETS,
    *SSF,
    WEBHOOK_ENDPOINTS,
    *ME,
)
