"""What the OpenAPI document says beside the handlers: who may call, and how they are refused."""

import inspect
from collections.abc import Mapping
from typing import Any, Final

from litestar import Router
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

from service.oauth import OAuthError
from service.problems import Problem

_PATH: Final = "/schema/openapi.json"
# The names under which operations ask for them.
CLIENT: Final = "client"
TOKEN: Final = "token"  # noqa: S105
SESSION: Final = "session"
GATEWAY: Final = "gateway"

_SCOPES: Final = {
    "accounts": "Accounts, freeze state, freeze confirmation",
    "sessions": "Sessions and page links",
    "introspect": "Introspection and session check",
}
_PROBLEMS: Final[Mapping[int, tuple[str, str, str]]] = {
    400: ("bad-request", "The request is not of the documented form", "Not of the documented form"),
    401: ("client-not-valid", "Client not valid", "No token, or one that is not good"),
    403: ("scope-missing", "Scope missing", "The token lacks the scope"),
    404: ("not-found", "There is nothing here.", "Unknown to this wallet"),
    409: ("account-frozen", "Account frozen", "The state of the account does not allow it"),
    413: ("too-large", "The body is larger than 64 kB.", "The body is larger than 64 kB"),
    415: ("unsupported-media-type", "The body must be JSON.", "The body is not JSON"),
    422: ("address-not-allowed", "Address not allowed", "Of the form, but refused by a rule"),
    503: ("unavailable", "Storing is not possible at the moment. Try again later.", "Not stored"),
}


def description() -> OpenAPIConfig:
    """The configuration of the document at `/schema/openapi.json`."""
    return OpenAPIConfig(
        title="Resguardo",
        version="1",
        description=(
            "A wallet's own systems tell of accounts and sessions, and ask which sessions live. "
            "The host name selects the wallet. Errors are problem documents (RFC 9457)."
        ),
        openapi_router=Router(
            path="/schema", route_handlers=[], guards=[_the_document_alone], include_in_schema=False
        ),
        render_plugins=[JsonRenderPlugin()],
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
                            token_url="/oauth/token",  # noqa: S106
                            scopes=_SCOPES,
                        )
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
        return schema


def problems_at(*statuses: int) -> dict[int, ResponseSpec]:
    """The problem documents an operation answers with, beside 503, which any may give."""
    return {status: _problem(status) for status in (*statuses, 503)}


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
    )
    return RequestBody(
        content={"application/x-www-form-urlencoded": OpenAPIMediaType(schema=schema)},
        required=True,
    )


def _problem(status: int) -> ResponseSpec:
    code, title, told = _PROBLEMS[status]
    example = {
        "type": f"urn:resguardo:problem:{code}",
        "title": title,
        "status": status,
        "code": code,
    }
    return ResponseSpec(
        Problem,
        generate_examples=False,
        description=told,
        media_type="application/problem+json",
        examples=[Example(summary=code, value=example)],
    )
