"""What stands at the bare address: what these pages are, and where to go, here or in the wallet.

It says the same to everyone and leads only to pages that are open to everyone anyway.
"""

from typing import Any, Final

from litestar import Response, get
from msgspec import Struct

from service.pages import AnyRequest, go
from service.web.frame import show

# The console's origin has no wallet; agents who type its bare address go on to what waits.
_CONSOLE: Final = "/console"


class FrontPage(Struct, frozen=True):
    """front.html reads nothing."""


@get("/", include_in_schema=False)
async def front(request: AnyRequest) -> Response[Any]:
    if request.scope["state"].get("wallet") is None:
        return go(_CONSOLE)
    return show(request, "front.html", FrontPage())


ROUTES = (front,)
