"""The wallet's own systems tell and ask, and its app does for an owner: JSON, a module each."""

from litestar.types import ControllerRouterHandler

from service.api.accounts import ACCOUNTS
from service.api.me import ME
from service.api.page_links import PAGE_LINKS
from service.api.rates import tell_limit
from service.api.sessions import SESSIONS
from service.api.token import TOKEN

__all__ = ["ROUTES", "tell_limit"]

ROUTES: tuple[ControllerRouterHandler, ...] = (TOKEN, ACCOUNTS, SESSIONS, PAGE_LINKS, *ME)
