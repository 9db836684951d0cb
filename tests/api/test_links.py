"""The links of the document lead where they say: each is walked from something that was made.

The way to a link is made of links too, so that nothing is known here but what stands in the
document, and a body that is good for each operation.
"""

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from datetime import timedelta
from functools import reduce
from itertools import count
from typing import Any, Final

import httpx
import pytest
from msgspec import Struct

from service.links import LINKS, linked
from tests import people as cast
from tests.api.backends import Backend, a_session, an_account
from tests.api.identity import STRONG, Olga

pytestmark = pytest.mark.anyio
# What can be begun with nothing in hand.
ROOTS: Final = (
    "PUT /v1/accounts/{subject}",
    "GET /v1/tickets",
    "POST /ssf/streams",
    "POST /v1/webhook-endpoints",
    "POST /v1/me/contacts",
)
GONE: Final = frozenset(
    {
        "DELETE /ssf/streams",
        "DELETE /v1/webhook-endpoints/{endpoint_id}",
        "DELETE /v1/me/contacts/{contact_id}",
    }
)
HOOK: Final = "https://hooks.norte.example/resguardo"
A_MOMENT: Final = timedelta(seconds=2)
# Known, but not now: it was sent a moment ago; and an invitation that ended at once cannot stay.
NOT_NOW: Final = {
    "POST /v1/me/contacts/{contact_id}/invitation": 429,
    "POST /v1/me/contacts/{contact_id}/stay": 409,
}


class Link(Struct, frozen=True, kw_only=True):
    """As the document has it."""

    begins: str
    ends: str
    parameters: Mapping[str, str]
    body: Mapping[str, str]


class Step(Struct, frozen=True, kw_only=True):
    """One call, as it was made and answered."""

    operation: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    answer: httpx.Response

    def at(self, expression: str) -> Any:
        """The value of a runtime expression (OpenAPI 3.1, "Runtime Expressions")."""
        whole = re.fullmatch(r"\$(request|response)\.(path|query|header|body)[.#](.+)", expression)
        assert whole is not None, expression
        match whole.groups():
            case ("request", "path", name):
                return self.path[name]
            case ("request", "query", name):
                return self.query[name]
            case ("response", "header", name):
                return self.answer.headers[name]
            case ("response", "body", pointer):
                names = pointer.removeprefix("/").split("/")
                # A member of an object, or a place in a list.
                return reduce(_inner, names, self.answer.json())
            case _:
                pytest.fail(f"what is {expression}?")


def _inner(value: Any, name: str) -> Any:
    return value[int(name)] if name.isdecimal() else value[name]


class Walker(Struct, frozen=True, kw_only=True):
    """Olga's wallet and her app; each way is walked with things of its own."""

    norte: Backend
    olga: Olga
    numbers: Iterator[int]

    async def begins(self, operation: str) -> Step:
        path = {"subject": f"walker-{next(self.numbers)}"} if "{subject}" in operation else {}
        return await self._call(operation, path, {}, {}, {})

    async def follows(self, before: Step, link: Link) -> Step:
        taken: dict[str, dict[str, str]] = {"path": {}, "query": {}, "header": {}}
        for name, at in link.parameters.items():
            place, _, inner = name.partition(".")
            taken[place][inner] = before.at(at)
        body = {name: before.at(at) for name, at in link.body.items()}
        return await self._call(link.ends, taken["path"], taken["query"], taken["header"], body)

    async def ends(self) -> None:
        """A client may have ten of each."""
        for one in (await self.norte.call("GET", "/ssf/streams")).json():
            await self.norte.call("DELETE", f"/ssf/streams?stream_id={one['stream_id']}")
        for one in (await self.norte.call("GET", "/v1/webhook-endpoints")).json()["items"]:
            await self.norte.call("DELETE", f"/v1/webhook-endpoints/{one['id']}")

    async def _call(
        self,
        operation: str,
        path: Mapping[str, str],
        query: Mapping[str, str],
        header: Mapping[str, str],
        body: Mapping[str, Any],
    ) -> Step:
        method, template = operation.split(" ")
        if operation == "DELETE /v1/accounts/{subject}":
            query = {**query, "reason": "closed"}
        address = str(httpx.URL(template.format(**path), params=query or None))
        good = await self._good(operation)
        sent = None if good is None else {**good, **body}
        named = {**header, "Idempotency-Key": f"key-{next(self.numbers)}"}
        if template.startswith("/v1/me/"):
            answer = await self.olga.asks(address, method=method, body=sent, more=named)
        else:
            answer = await self.norte.call(method, address, sent, more=named)
        return Step(operation=operation, path=path, query=query, answer=answer)

    async def _good(self, operation: str) -> dict[str, Any] | None:
        """A body of the form, without what a link brings; None for an operation without one."""
        # What is performed or done now is later than the freeze before.
        await cast.move_clock(self.olga.house, A_MOMENT)
        now = (await cast.now(self.olga.house)).isoformat()
        number = next(self.numbers)
        session = a_session(f"token-{number}")
        address = f"contact-{number}@correo.example"
        return {
            "PUT /v1/accounts/{subject}": an_account(),
            "POST /v1/accounts/{subject}/freeze": {"reason": "stolen"},
            "PUT /v1/accounts/{subject}/freeze-confirmation": {"done": ["sessions"], "at": now},
            "POST /v1/accounts/{subject}/proofs": {
                "kind": "wallet-reproofing",
                "level": "ial2",
                "performed_at": now,
                "reference": f"kyc-{number}",
            },
            "POST /v1/sessions": {**session, "device": {**_of(session), "id": f"d-{number}"}},
            "POST /v1/accounts/{subject}/page-links": {
                "purpose": "view",
                "auth_time": now,
                "acr": STRONG,
            },
            "PUT /v1/tickets/{ticket_id}/external-stage": {"stage": "called-owner"},
            "POST /v1/tickets/{ticket_id}/notes": {"text": "The owner is at our branch."},
            "POST /ssf/streams": {},
            "PATCH /ssf/streams": {"description": "the gateway"},
            "PUT /ssf/streams": {},
            "POST /ssf/status": {"status": "paused"},
            "POST /ssf/verify": {},
            "POST /ssf/subjects:add": {"subject": {"format": "opaque", "id": "nobody"}},
            "POST /ssf/subjects:remove": {"subject": {"format": "opaque", "id": "nobody"}},
            "POST /ssf/poll/{stream_id}": {"returnImmediately": True},
            "POST /v1/webhook-endpoints": {"url": HOOK},
            "PATCH /v1/webhook-endpoints/{endpoint_id}": {"description": "the gateway"},
            "POST /v1/me/contacts": {"name": "Carl", "kind": "email", "address": address},
        }.get(operation)


def _of(session: Mapping[str, Any]) -> dict[str, str]:
    return session["device"]


@pytest.fixture
async def document(walker: Walker) -> dict[str, Any]:
    return (await walker.norte.http.get("/schema/openapi.json")).json()


@pytest.fixture
def walker(olga: Olga, norte: Backend) -> Walker:
    """Olga's issuer is told first: what a process read of a wallet stays for a few seconds."""
    return Walker(norte=norte, olga=olga, numbers=count(1))


def _links(document: Mapping[str, Any]) -> list[Link]:
    by_id = {
        operation["operationId"]: f"{method.upper()} {path}"
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }
    found = {
        (begins, by_id[link["operationId"]]): link
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        for answer in operation["responses"].values()
        for link in answer.get("links", {}).values()
        for begins in (f"{method.upper()} {path}",)
    }
    return [
        Link(
            begins=begins,
            ends=ends,
            parameters=link.get("parameters", {}),
            body=link.get("requestBody", {}),
        )
        for (begins, ends), link in found.items()
    ]


def _way_to(operation: str, links: list[Link]) -> list[Link]:
    """The shortest, from something that can be begun."""
    ways: list[tuple[str, list[Link]]] = [(root, []) for root in ROOTS]
    for here, way in ways:
        if here == operation:
            return way
        known = {one for one, _ in ways}
        ways += [
            (link.ends, [*way, link])
            for link in links
            if link.begins == here and link.ends not in known
        ]
    pytest.fail(f"no way to {operation}")


async def test_every_link_is_walked_from_what_was_made(
    walker: Walker, document: dict[str, Any]
) -> None:
    # So that there is a ticket.
    account = await walker.begins("PUT /v1/accounts/{subject}")
    links = _links(document)
    (freezes,) = (
        one
        for one in links
        if (one.begins, one.ends) == (account.operation, "POST /v1/accounts/{subject}/freeze")
    )
    assert (await walker.follows(account, freezes)).answer.status_code == 201

    for link in links:
        first, *rest = (*_way_to(link.begins, links), link)
        step = await walker.begins(first.begins)
        for one in (first, *rest):
            assert step.answer.is_success, (step.operation, step.answer.text)
            step = await walker.follows(step, one)
        said = (link.begins, link.ends, step.answer.status_code, step.answer.text)
        if link.ends in NOT_NOW:
            assert step.answer.status_code == NOT_NOW[link.ends], said
        elif link.begins in GONE:
            # What was ended is not found by the way on which it was found before.
            assert step.answer.status_code == 404, said
        else:
            assert step.answer.is_success, said
        await walker.ends()

    assert {(one.begins, one.ends) for one in links} == {
        (begins, ends) for begins, leads in LINKS.items() for ends in leads
    }


async def test_what_is_made_is_linked_to_its_reading_and_its_end(
    document: dict[str, Any],
) -> None:
    """Whoever adds an operation that ends or reads one thing says from where it is reached."""
    reached = {link.ends for link in _links(document)}
    of_one = {
        f"{method.upper()} {path}"
        for path, operations in document["paths"].items()
        for method in operations
        if re.search(r"\{(?!subject)\w+\}", path) or method == "delete"
    }
    assert of_one
    assert of_one - reached == set()


async def test_links_are_of_the_form(document: dict[str, Any]) -> None:
    """Written twice they are the same, and a link into nothing would stop the document."""
    assert linked(deepcopy(document)) == document
    for operations in document["paths"].values():
        for operation in operations.values():
            for answer in operation["responses"].values():
                assert all(
                    re.fullmatch(r"[A-Za-z0-9._-]+", name) for name in answer.get("links", {})
                )
    lost: dict[str, Any] = {**document, "paths": {}}
    with pytest.raises(KeyError):
        linked(lost)
