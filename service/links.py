"""What an answer of the API is good for: which operations take a value that stands in it.

They are the `links` of the OpenAPI document. A program that reads it knows the way from what it
made to reading, changing and ending it; and so does whoever tests the API along these ways.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

# Where the linked operation takes a value (`body.` is a member of its body), and where it stands.
Taken = Mapping[str, str]

_ID: Final = "$response.body#/id"
_ETAG: Final = "$response.header.ETag"
_SUBJECT: Final = {"path.subject": "$response.body#/subject"}
_SAME_SUBJECT: Final = {"path.subject": "$request.path.subject"}
_SAME_TICKET: Final = {"path.ticket_id": "$request.path.ticket_id"}
_FIRST_TICKET: Final = {"path.ticket_id": "$response.body#/items/0/id"}
_AS_READ: Final = {**_SAME_TICKET, "header.If-Match": _ETAG}
_STREAM: Final = "$response.body#/stream_id"
_SAME_STREAM: Final = {"query.stream_id": "$request.query.stream_id"}
_ENDPOINT: Final = {"path.endpoint_id": _ID}
_SAME_ENDPOINT: Final = {"path.endpoint_id": "$request.path.endpoint_id"}
_CONTACT: Final = {"path.contact_id": _ID}
_SAME_CONTACT: Final = {"path.contact_id": "$request.path.contact_id"}

# By method and path: from where to where.
LINKS: Final[Mapping[str, Mapping[str, Taken]]] = {
    "PUT /v1/accounts/{subject}": {
        "GET /v1/accounts/{subject}": _SUBJECT,
        "GET /v1/accounts/{subject}/freeze-state": _SUBJECT,
        "POST /v1/accounts/{subject}/freeze": _SUBJECT,
        "POST /v1/sessions": {"body.subject": "$response.body#/subject"},
        "DELETE /v1/accounts/{subject}": _SUBJECT,
    },
    "DELETE /v1/accounts/{subject}": {
        "GET /v1/accounts/{subject}": _SAME_SUBJECT,
        "POST /v1/accounts/{subject}/freeze": _SAME_SUBJECT,
    },
    "POST /v1/accounts/{subject}/freeze": {
        "GET /v1/accounts/{subject}": _SAME_SUBJECT,
        "GET /v1/accounts/{subject}/freeze-state": _SAME_SUBJECT,
        "GET /v1/accounts/{subject}/sessions": _SAME_SUBJECT,
        "POST /v1/accounts/{subject}/proofs": _SAME_SUBJECT,
        "PUT /v1/accounts/{subject}/freeze-confirmation": {
            **_SAME_SUBJECT,
            "body.version": "$response.body#/version",
        },
    },
    "POST /v1/sessions": {
        "GET /v1/accounts/{subject}/sessions": _SUBJECT,
        "POST /v1/accounts/{subject}/page-links": {**_SUBJECT, "body.session_id": _ID},
        "DELETE /v1/sessions/{session_id}": {"path.session_id": _ID},
    },
    "GET /v1/tickets": {
        "GET /v1/tickets/{ticket_id}": _FIRST_TICKET,
        "GET /v1/tickets/{ticket_id}/notes": _FIRST_TICKET,
    },
    "GET /v1/tickets/{ticket_id}": {
        "PUT /v1/tickets/{ticket_id}/external-stage": _AS_READ,
        "POST /v1/tickets/{ticket_id}/notes": _AS_READ,
    },
    "PUT /v1/tickets/{ticket_id}/external-stage": {
        "GET /v1/tickets/{ticket_id}": _SAME_TICKET,
        "POST /v1/tickets/{ticket_id}/notes": _AS_READ,
    },
    "POST /v1/tickets/{ticket_id}/notes": {"GET /v1/tickets/{ticket_id}/notes": _SAME_TICKET},
    "POST /ssf/streams": {
        "GET /ssf/streams": {"query.stream_id": _STREAM},
        "PATCH /ssf/streams": {"body.stream_id": _STREAM},
        "PUT /ssf/streams": {"body.stream_id": _STREAM},
        "DELETE /ssf/streams": {"query.stream_id": _STREAM},
        "GET /ssf/status": {"query.stream_id": _STREAM},
        "POST /ssf/status": {"body.stream_id": _STREAM},
        "POST /ssf/verify": {"body.stream_id": _STREAM},
        "POST /ssf/subjects:add": {"body.stream_id": _STREAM},
        "POST /ssf/subjects:remove": {"body.stream_id": _STREAM},
        "POST /ssf/poll/{stream_id}": {"path.stream_id": _STREAM},
    },
    "POST /ssf/status": {
        "GET /ssf/status": {"query.stream_id": _STREAM},
        "DELETE /ssf/streams": {"query.stream_id": _STREAM},
    },
    "DELETE /ssf/streams": {
        "GET /ssf/streams": _SAME_STREAM,
        "GET /ssf/status": _SAME_STREAM,
    },
    "POST /v1/webhook-endpoints": {
        "GET /v1/webhook-endpoints/{endpoint_id}": _ENDPOINT,
        "PATCH /v1/webhook-endpoints/{endpoint_id}": _ENDPOINT,
        "DELETE /v1/webhook-endpoints/{endpoint_id}": _ENDPOINT,
        "POST /v1/webhook-endpoints/{endpoint_id}/secret": _ENDPOINT,
        "POST /v1/webhook-endpoints/{endpoint_id}/test": _ENDPOINT,
        "GET /v1/webhook-endpoints/{endpoint_id}/deliveries": _ENDPOINT,
    },
    "POST /v1/webhook-endpoints/{endpoint_id}/test": {
        "GET /v1/webhook-endpoints/{endpoint_id}/deliveries": _SAME_ENDPOINT,
        "POST /v1/webhook-endpoints/{endpoint_id}/deliveries/{delivery_id}/send-again": {
            **_SAME_ENDPOINT,
            "path.delivery_id": _ID,
        },
    },
    "DELETE /v1/webhook-endpoints/{endpoint_id}": {
        "GET /v1/webhook-endpoints/{endpoint_id}": _SAME_ENDPOINT,
        "GET /v1/webhook-endpoints/{endpoint_id}/deliveries": _SAME_ENDPOINT,
    },
    "POST /v1/me/contacts": {
        "GET /v1/me/contacts/{contact_id}": _CONTACT,
        "POST /v1/me/contacts/{contact_id}/invitation": _CONTACT,
        "DELETE /v1/me/contacts/{contact_id}": _CONTACT,
    },
    "DELETE /v1/me/contacts/{contact_id}": {
        "GET /v1/me/contacts/{contact_id}": _SAME_CONTACT,
        "POST /v1/me/contacts/{contact_id}/stay": _SAME_CONTACT,
    },
}


def linked(document: dict[str, Any]) -> dict[str, Any]:
    """The document with the links in the answers that they lead from.

    Raises KeyError for a link from or to an operation that there is not.
    """
    operations = {
        f"{method.upper()} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
    for begins, leads in LINKS.items():
        for answer in _good(operations[begins]):
            answer["links"] = {
                operations[ends]["operationId"]: _link(operations[ends], taken)
                for ends, taken in leads.items()
            }
    return document


def _good(operation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for status, answer in operation["responses"].items():
        if status.startswith("2"):
            yield answer


def _link(target: dict[str, Any], taken: Taken) -> dict[str, Any]:
    in_body = {name.removeprefix("body."): at for name, at in taken.items() if _in_body(name)}
    parameters = {name: at for name, at in taken.items() if not _in_body(name)}
    link: dict[str, Any] = {"operationId": target["operationId"]}
    if parameters:
        link["parameters"] = parameters
    if in_body:
        link["requestBody"] = in_body
    return link


def _in_body(name: str) -> bool:
    return name.startswith("body.")
