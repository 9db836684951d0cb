"""What an address allows, said in whole.

Where an address has several handlers, the framework's answer to OPTIONS names the methods of the
first alone.
"""

from typing import Any, cast

from litestar import Litestar
from litestar.datastructures import MutableScopeHeaders
from litestar.routes import HTTPRoute
from litestar.types import Message, Scope


async def tell_methods(message: Message, scope: Scope) -> None:
    """Correct `Allow` in an answer to OPTIONS."""
    asked = cast("dict[str, Any]", cast("object", scope))
    if message["type"] != "http.response.start" or asked.get("method") != "OPTIONS":
        return
    app: Litestar = asked["litestar_app"]
    # An address that leads nowhere has none.
    here = asked.get("path_template")
    methods = {
        method
        for route in app.routes
        if isinstance(route, HTTPRoute) and route.path_format == here
        for method in route.methods
    }
    if methods:
        MutableScopeHeaders(message)["allow"] = ", ".join(sorted(methods))
