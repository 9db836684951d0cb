"""OpenID Shared Signals 1.0, as a receiver meets it over HTTP: how it finds and sets up a stream,
and how it asks for what is waiting. What the tokens say is `service.signals.ssf`."""

from litestar import Router
from litestar.di import Provide
from litestar.types import ControllerRouterHandler

from service.api.bodies import ApiRequest
from service.api.callers import REFUSALS, the_caller
from service.api.ssf.metadata import key_set, metadata
from service.api.ssf.poll import poll_stream
from service.api.ssf.status import ask_verification, see_status, set_status
from service.api.ssf.streams import (
    change_stream,
    delete_stream,
    make_stream,
    replace_stream,
    see_streams,
)
from service.api.ssf.subjects import add_subject, remove_subject

__all__ = ["SSF"]

SSF: tuple[ControllerRouterHandler, ...] = (
    metadata,
    key_set,
    Router(
        path="/ssf",
        route_handlers=[
            make_stream,
            see_streams,
            change_stream,
            replace_stream,
            delete_stream,
            see_status,
            set_status,
            ask_verification,
            add_subject,
            remove_subject,
            poll_stream,
        ],
        dependencies={"caller": Provide(the_caller, sync_to_thread=False)},
        request_class=ApiRequest,
        exception_handlers=REFUSALS,
        tags=["shared signals"],
    ),
)
