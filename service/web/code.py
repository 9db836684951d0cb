"""The page on which a code is typed; the same for invitations and reports."""

import unicodedata
from datetime import datetime

from litestar import Response
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY
from msgspec import Struct

from domain.refusals import TooSoon
from domain.reports import Way
from domain.wallets import Wallet
from service.operations import codes, visits
from service.operations.house import House
from service.operations.visits import CodeSeen
from service.pages import AnyRequest, network_of
from service.storage.values import BrowserSession
from service.web.frame import show


class CodePage(Struct, frozen=True, kw_only=True):
    """See code.html."""

    way: str
    address_masked: str
    surely: bool
    digits: int
    expires_at: datetime | None
    next_code_at: datetime | None
    wait_seconds: int
    sent_again: bool
    guesses_left: int
    # Their second address, masked, where the next code could go.
    other: str | None
    # Whether an authenticator app's code is taken, too.
    app: bool
    # "empty", "malformed", "wrong", "expired", "used-up"
    problem: str | None


async def show_code(
    request: AnyRequest,
    house: House,
    wallet: Wallet,
    session: BrowserSession,
    *,
    template: str,
    problem: str | None = None,
    seen: CodeSeen | None = None,
) -> Response[str]:
    """Where the code went and what can be done about it; `problem` is what was wrong just now.

    `seen` where the code went elsewhere than to whom the visit began with.
    """
    seen = seen or await visits.see_code(house, wallet, session)
    # The last wrong guess ended the code: more of them would be typed in vain.
    told = (
        problem if problem in {None, "empty", "malformed", "app-wrong"} else _state(seen) or problem
    )
    return show(
        request,
        template,
        _page(seen, problem=told or _state(seen), again="again" in request.query_params),
        now=seen.now,
        status=HTTP_422_UNPROCESSABLE_ENTITY if problem else HTTP_200_OK,
    )


async def send_code(
    request: AnyRequest,
    house: House,
    wallet: Wallet,
    session: BrowserSession,
    *,
    to: str = "",
) -> bool:
    """Whether a code is on its way now; if not, the code's page says from when one can be.

    `to` is what the code's form says of where: "second", or where the contact is enrolled.

    Raises TooMany when it is not this person's own budget that is used up.
    """
    try:
        network, other = network_of(request), to == "second"
        await visits.ask_code(house, wallet, session, network=network, other=other)
    except TooSoon:
        return False
    return True


def typed_code(fields: dict[str, str]) -> str:
    """The code as it was typed, however its digits were grouped."""
    normal = unicodedata.normalize("NFKC", fields.get("code", ""))
    return "".join(character for character in normal if character not in " -\t\r\n")


def flaw_of(code: str, wallet: Wallet, way: Way = Way.LINK) -> str | None:
    """What anyone can see is wrong with a code; looking costs no guess."""
    if not code:
        return "empty"
    whole = len(code) == codes.digits_of(way, wallet.policy.codes)
    return None if whole and code.isascii() and code.isdecimal() else "malformed"


def _state(seen: CodeSeen) -> str | None:
    """The code's end, told before it is typed in vain."""
    if seen.expires_at is not None or not seen.was_asked:
        return None
    return "expired" if seen.guesses_left else "used-up"


def _page(seen: CodeSeen, *, problem: str | None, again: bool) -> CodePage:
    wait = seen.next_code_from - seen.now if seen.next_code_from else None
    return CodePage(
        way=seen.kind.value,
        address_masked=seen.masked,
        surely=seen.surely,
        digits=seen.digits,
        expires_at=seen.expires_at,
        next_code_at=seen.next_code_from,
        wait_seconds=0 if wait is None else int(wait.total_seconds()) + 1,
        sent_again=again,
        guesses_left=seen.guesses_left,
        other=seen.other,
        app=seen.app,
        problem=problem,
    )
