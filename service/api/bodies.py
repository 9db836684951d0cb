"""JSON bodies: read strictly into the handler's closed shape, or refused with JSON pointers."""

import re
from functools import cache
from typing import Any, Final

import msgspec
from litestar import Request, Response
from litestar.exceptions import ValidationException
from litestar.params import ParameterKwarg
from litestar.status_codes import HTTP_400_BAD_REQUEST

from service import problems
from service.problems import FieldProblem, Problem

# How msgspec names the place of a fault: "… - at `$.emails[0].address`".
_PLACE: Final = re.compile(r" - at `(?:key in )?\$(?P<path>[^`]*)`$")
_UNKNOWN: Final = re.compile(r"^Object contains unknown field `(?P<name>.*)`$", re.DOTALL)
# How the framework says that a parameter was not sent; it names it in words alone.
_MISSING: Final = re.compile(r"^Missing required \w+ parameter '(?P<name>[^']+)' for path ")
_STEP: Final = re.compile(r"\.([A-Za-z0-9_]+)|\[(\d+)\]")


class BodyRefused(Exception):
    """The body is not what the operation documents."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


class ApiRequest(Request[Any, Any, Any]):
    """A request whose body is JSON of its handler's shape, and nothing else.

    The framework would convert leniently, take "1" for 1 and any media type for JSON.
    """

    async def body(self) -> bytes:
        body = await super().body()
        media_type, parameters = self.content_type
        is_json = media_type.lower() == "application/json"
        is_utf8 = parameters.get("charset", "utf-8").lower() == "utf-8"
        if not is_json or not is_utf8 or "content-encoding" in self.headers:
            raise BodyRefused(problems.NOT_JSON)
        if not body:
            raise _bad("", "The body is empty")
        return body

    async def json(self) -> Any:
        shape = self.route_handler.parsed_fn_signature.parameters["data"].annotation
        try:
            return _decoder(shape).decode(await self.body())
        except msgspec.ValidationError as fault:
            raise _misshapen(str(fault)) from None
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise _bad("", "Not JSON in UTF-8") from None
        except RecursionError:
            # Whatever is of an open shape may hold as much as fits into 64 kB.
            raise _bad("", "Nested too deeply") from None


def refused(_: Request[Any, Any, Any], fault: BodyRefused) -> Response[Problem]:
    return problems.document(fault.problem)


def parameter_refused(
    request: Request[Any, Any, Any], fault: ValidationException
) -> Response[Problem]:
    """A part of the path, a query parameter or a header that is not of the documented form."""
    if missing := _MISSING.match(fault.detail):
        fields = (FieldProblem(pointer=f"/{missing['name']}", detail="Required"),)
    else:
        fields = tuple(
            FieldProblem(pointer=f"/{_outside(request, one.pointer)}", detail=_told(one.detail))
            for one in problems.field_problems(fault)
        )
    return problems.document(problems.of_code("bad-request", HTTP_400_BAD_REQUEST, fields))


@cache
def _decoder(shape: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(shape)


def _misshapen(message: str) -> BodyRefused:
    place = _PLACE.search(message)
    path = place["path"] if place else ""
    detail = message[: place.start()] if place else message
    pointer = "".join(f"/{name or index}" for name, index in _STEP.findall(path))
    if unknown := _UNKNOWN.match(detail):
        name = unknown["name"].replace("~", "~0").replace("/", "~1")
        return _bad(f"{pointer}/{name}", "Unknown member")
    return _bad(pointer, _told(detail))


def _outside(request: Request[Any, Any, Any], pointer: str) -> str:
    """What callers know a handler's parameter by."""
    name = pointer.removeprefix("/")
    known = request.route_handler.parsed_fn_signature.parameters.get(name)
    said = None if known is None else known.kwarg_definition
    return (isinstance(said, ParameterKwarg) and said.name) or name


def _told(detail: str) -> str:
    """A pattern is for machines, and stands in the OpenAPI document."""
    return "Contains characters it may not" if "regex" in detail else detail


def _bad(pointer: str, detail: str) -> BodyRefused:
    fields = (FieldProblem(pointer=pointer, detail=detail),)
    return BodyRefused(problems.of_code("bad-request", HTTP_400_BAD_REQUEST, fields))
