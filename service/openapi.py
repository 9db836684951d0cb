"""What the OpenAPI document says beside the handlers: who may call, and how they are refused."""

import inspect
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from litestar import Request, Router
from litestar.connection import ASGIConnection
from litestar.exceptions import NotFoundException
from litestar.handlers import BaseRouteHandler
from litestar.openapi import OpenAPIConfig, ResponseSpec
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import (
    Components,
    Example,
    OAuthFlow,
    OAuthFlows,
    OpenAPIMediaType,
    RequestBody,
    Schema,
    SecurityScheme,
)
from litestar.openapi.spec.enums import OpenAPIType
from litestar.plugins import OpenAPISchemaPlugin
from litestar.typing import FieldDefinition
from msgspec import Struct

from domain import refusals as r
from service import constraints, problems
from service.links import linked
from service.oauth import OAuthError
from service.problems import Problem

_PATH: Final = "/schema/openapi.json"
# The names under which operations ask for them.
CLIENT: Final = "client"
TOKEN: Final = "token"  # noqa: S105  # a scheme's name
SESSION: Final = "session"
GATEWAY: Final = "gateway"
OWNER: Final = "owner"

_SCOPES: Final = {
    "accounts": "Accounts, freeze state, freeze confirmation, frozen accounts",
    "sessions": "Sessions and page links",
    "introspect": "Introspection and session check",
    "ssf.manage": "Shared Signals: making, changing and polling streams",
    "ssf.read": "Shared Signals: reading and polling streams",
    "freeze": "Freezing an account; no scope releases one",
    "proofs": "Telling that identity was proved anew",
    "webhooks": "Webhook endpoints and what was sent there",
    "tickets": "Reading tickets, adding notes, telling what the help desk did; no scope decides",
}
_TOO_MANY: Final = problems.of_refusal(r.TooMany(datetime(2026, 1, 1, tzinfo=UTC)))
# What a status tells, and an answer that has it.
_PROBLEMS: Final[Mapping[int, tuple[str, Problem]]] = {
    400: ("Not of the documented form", problems.of_code("bad-request", 400)),
    401: ("No token, or one that is not good", problems.of_refusal(r.ClientNotValid())),
    403: ("The token lacks the scope", problems.of_refusal(r.ScopeMissing())),
    404: ("Unknown to this wallet", problems.of_refusal(r.NotFound())),
    409: ("The state of the account does not allow it", problems.of_refusal(r.AccountIsFrozen())),
    412: ("Not as it was read", problems.of_refusal(r.ChangedSinceRead())),
    413: ("The body is larger than 64 kB", problems.of_code("too-large", 413)),
    415: ("The body is not JSON", problems.NOT_JSON),
    422: ("Of the form, but refused by a rule", problems.of_refusal(r.AddressNotAllowed())),
    428: ("`If-Match` is missing", problems.of_refusal(r.IfMatchNeeded())),
    429: ("Too many calls of this client; `Retry-After` says when", _TOO_MANY),
    503: ("Not stored", problems.UNAVAILABLE),
}


def description() -> OpenAPIConfig:
    """The configuration of the document at `/schema/openapi.json`."""
    return OpenAPIConfig(
        title="Resguardo",
        version="1",
        description=(
            "A wallet's own systems tell of accounts and sessions, and ask which sessions live; "
            "its app shows owners their trusted people. "
            "The host name selects the wallet. Errors are problem documents (RFC 9457)."
        ),
        openapi_router=Router(
            path="/schema", route_handlers=[], guards=[_the_document_alone], include_in_schema=False
        ),
        render_plugins=[_WithLinks()],
        use_handler_docstrings=True,
        components=Components(
            security_schemes={
                CLIENT: SecurityScheme(
                    type="http", scheme="basic", description="Client id and client secret."
                ),
                TOKEN: SecurityScheme(
                    type="oauth2",
                    description="A bearer token of at most 60 minutes.",
                    flows=OAuthFlows(
                        client_credentials=OAuthFlow(
                            token_url="/oauth/token",  # noqa: S106  # an address
                            scopes=_SCOPES,
                        )
                    ),
                ),
                OWNER: SecurityScheme(
                    type="http",
                    scheme="bearer",
                    bearer_format="JWT",
                    description=(
                        "The access token of the wallet's own identity provider, with this "
                        "service as its audience. A refusal that names "
                        "`insufficient_user_authentication` says which sign-in would be enough "
                        "(RFC 9470)."
                    ),
                ),
                SESSION: SecurityScheme(
                    type="http", scheme="bearer", description="The session token to be checked."
                ),
                GATEWAY: SecurityScheme(
                    type="apiKey",
                    name="Resguardo-Client",
                    security_scheme_in="header",
                    description="The gateway itself: `Basic …` or `Bearer …`.",
                ),
            }
        ),
    )


class _WithLinks(JsonRenderPlugin):
    """The framework's answers have no place for links, so they come in where it is written."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        return self.render_json(request, linked(openapi_schema))  # pyright: ignore[reportUnknownMemberType]  # the framework leaves open which request


def _the_document_alone(
    connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler
) -> None:
    """The framework would answer other paths beside it with a page of its own."""
    if connection.url.path != _PATH:
        raise NotFoundException


class ClosedShapes(OpenAPISchemaPlugin):
    """Says of a shape what the framework leaves out: that it is closed, and what it is."""

    def is_plugin_supported_field(self, field_definition: FieldDefinition) -> bool:
        return not field_definition.is_union and field_definition.is_subclass_of(Struct)

    def to_openapi_schema(
        self,
        field_definition: FieldDefinition,
        # The framework keeps this class in a module of its own.
        schema_creator: Any,
    ) -> Schema:
        framework: OpenAPISchemaPlugin = next(
            plugin
            for plugin in schema_creator.plugins
            if plugin is not self and schema_creator.plugin_supports_field(plugin, field_definition)
        )
        schema = framework.to_openapi_schema(field_definition, schema_creator)
        shape: type[Struct] = field_definition.type_
        if shape.__struct_config__.forbid_unknown_fields:
            schema.additional_properties = False
        schema.description = shape.__doc__ and inspect.cleandoc(shape.__doc__)
        constraints.complete(schema, shape)
        schema.all_of = getattr(shape, "rules_told", None)
        return schema


def where(member: str, values: Sequence[str], then: Schema) -> Schema:
    """A rule for a shape's `rules_told`: what else is so where a member has one of these values."""
    named = Schema(properties={member: Schema(enum=values)}, required=[member])
    return Schema(schema_if=named, then=then)


def problems_at(*statuses: int) -> dict[int, ResponseSpec]:
    """The problem documents an operation answers with, beside 503, which any may give."""
    return {status: problem(*_PROBLEMS[status]) for status in (*statuses, 503)}


def oauth_errors(told: Mapping[int, tuple[str, ...]]) -> dict[int, ResponseSpec]:
    """The error codes of an OAuth endpoint by their status."""
    return {
        status: ResponseSpec(
            OAuthError,
            generate_examples=False,
            description=" or ".join(f"`{code}`" for code in codes),
            examples=[Example(summary=code, value={"error": code}) for code in codes],
        )
        for status, codes in told.items()
    }


def form_body(
    required: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None
) -> RequestBody:
    """A form body, which the document could not learn from a handler that reads it itself."""
    schema = Schema(
        type=OpenAPIType.OBJECT,
        properties={**required, **(optional or {})},
        required=list(required),
        # Whatever else is there has no effect, but stands there once (RFC 6749, section 3.2).
        additional_properties=Schema(type=OpenAPIType.STRING),
    )
    return RequestBody(
        content={"application/x-www-form-urlencoded": OpenAPIMediaType(schema=schema)},
        required=True,
    )


def problem(told: str, example: Problem) -> ResponseSpec:
    """A problem document of one kind."""
    return ResponseSpec(
        Problem,
        generate_examples=False,
        description=told,
        media_type="application/problem+json",
        examples=[Example(summary=example.code, value=msgspec.to_builtins(example))],
    )
