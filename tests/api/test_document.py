"""The OpenAPI document: whole, consistent, its examples true. Answers are held to it elsewhere."""

import re
from collections.abc import Iterator
from typing import Any, cast

import pytest
from jsonschema import Draft202012Validator
from litestar import Litestar
from litestar.routes import HTTPRoute

from tests.api.backends import Backend, fits

pytestmark = pytest.mark.anyio
API = ("/v1/", "/oauth/", "/ssf/", "/.well-known/")
# Read by people.
NO_API = "/.well-known/security.txt"
METHODS = {"get", "put", "post", "delete", "patch"}


@pytest.fixture
async def document(norte: Backend) -> dict[str, Any]:
    answer = await norte.http.get("/schema/openapi.json")
    assert answer.status_code == 200
    return answer.json()


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert method in METHODS
            yield path, method, operation


async def test_every_route_of_the_api_is_in_the_document(
    app: Litestar, document: dict[str, Any]
) -> None:
    assert document["openapi"].startswith("3.1.")
    described = {(path, method) for path, method, _ in _operations(document)}
    served = {
        (re.sub(r"\{(\w+):\w+\}", r"{\1}", route.path), method.lower())
        for route in app.routes
        if isinstance(route, HTTPRoute)
        if route.path.startswith(API) and route.path != NO_API
        for method in route.methods
        if method != "OPTIONS"
    }
    assert served
    assert described == served


async def test_each_address_names_all_its_methods(norte: Backend, document: dict[str, Any]) -> None:
    for path, operations in document["paths"].items():
        one = re.sub(r"\{\w+\}", "019a0000-0000-7000-8000-000000000000", path)
        answer = await norte.call("OPTIONS", one)
        allowed = {method.strip().lower() for method in answer.headers["allow"].split(",")}
        assert allowed == {*operations, "options"}, path


async def test_every_operation_says_who_may_call_and_how_it_fails(
    document: dict[str, Any],
) -> None:
    schemes = document["components"]["securitySchemes"]
    open_to_all = {
        "/.well-known/oauth-authorization-server",
        "/.well-known/ssf-configuration",
        "/.well-known/jwks.json",
    }
    names: set[str] = set()
    for path, method, operation in _operations(document):
        assert operation["operationId"] not in names
        names.add(operation["operationId"])
        assert operation["description"]
        assert "503" in operation["responses"]
        if path not in open_to_all:
            assert operation["security"], (path, method)
            assert "401" in operation["responses"]
        for asked in operation.get("security", []):
            for scheme, scopes in asked.items():
                flows = schemes[scheme].get("flows", {})
                known = flows.get("clientCredentials", {}).get("scopes", {})
                assert set(scopes) <= set(known)
        if "requestBody" in operation:
            assert {"400", "413"} <= set(operation["responses"])
        told = {one["name"] for one in operation.get("parameters", []) if one["in"] == "path"}
        assert told == set(re.findall(r"\{(\w+)\}", path))


async def test_every_error_is_of_one_of_two_forms(document: dict[str, Any]) -> None:
    for path, _, operation in _operations(document):
        for status, response in operation["responses"].items():
            assert response["description"]
            if int(status) < 400:
                continue
            ((media_type, content),) = response["content"].items()
            shape = content["schema"]["$ref"].rpartition("/")[2]
            expected = {("application/problem+json", "Problem")}
            if path.startswith("/oauth/"):
                expected.add(("application/json", "OAuthError"))
            assert (media_type, shape) in expected


async def test_every_reference_leads_somewhere_and_every_schema_is_one(
    document: dict[str, Any],
) -> None:
    for node in _nodes(document):
        if "$ref" in node:
            target: Any = document
            for step in node["$ref"].removeprefix("#/").split("/"):
                target = target[step]
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


async def test_every_example_is_valid(document: dict[str, Any]) -> None:
    seen = 0
    for node in _nodes(document):
        schema = node.get("schema", node)
        if "schema" in node and isinstance(node.get("examples"), dict):
            values = [example["value"] for example in node["examples"].values()]
        elif isinstance(node.get("examples"), list):
            values = node["examples"]
        else:
            continue
        for value in values:
            fits(document, schema, value)
            seen += 1
    assert seen


async def test_bodies_are_described_as_closed(document: dict[str, Any]) -> None:
    shapes = document["components"]["schemas"]
    found: set[str] = set()
    for _, _, operation in _operations(document):
        content = operation.get("requestBody", {}).get("content", {})
        if "application/json" in content:
            found.add(content["application/json"]["schema"]["$ref"].rpartition("/")[2])
    backends = {"PutAccount", "Confirmation", "NewSession", "NewPageLink"}
    backends |= {"NewFreeze", "NewProof"}
    receivers = {"NewStream", "StreamChange", "WholeStream", "NewStatus", "Verification", "Poll"}
    receivers |= {"NewSubject", "OldSubject"}
    hooks = {"NewWebhookEndpoint", "WebhookEndpointChange"}
    owners = {"Invitation", "NewCallBack", "NewDispute", "NewDrill"}
    desks = {"NewNote", "NewExternalStage"}
    assert found == backends | receivers | hooks | owners | desks
    for name in (*found, "VerifiedAddress", "DeviceOfSession", "Delivery", "SetError"):
        assert shapes[name]["additionalProperties"] is False


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        node = cast("dict[str, Any]", value)
        yield node
        for inner in node.values():
            yield from _nodes(inner)
    elif isinstance(value, list):
        for inner in cast("list[Any]", value):
            yield from _nodes(inner)
