"""The limits of a shape stand in its schema: of items and keys too, and of what may be left out."""

from typing import Annotated, Any

import pytest
from litestar import Litestar, post
from litestar.params import JSONBody
from msgspec import UNSET, Meta, Struct, UnsetType

from service import openapi
from service.api.shapes import Instant

Word = Annotated[str, Meta(min_length=1, max_length=9, pattern="^a")]
A_WORD = {"type": "string", "minLength": 1, "maxLength": 9, "pattern": "^a"}


class Shape(Struct, kw_only=True, forbid_unknown_fields=True):
    word: Word
    or_null: Annotated[Word | None, Meta(description="Or nothing.")] = None
    or_left_out: Word | UnsetType = UNSET
    either: Word | Annotated[int, Meta(ge=1, le=2)]
    listed: Annotated[list[Word], Meta(min_length=1, max_length=3)] | None = None
    named: Annotated[dict[Word, list[Word]], Meta(max_length=4)]
    at: Instant | None = None


@post("/")
async def take(data: JSONBody[Shape]) -> None:
    """Nothing."""


@pytest.fixture(scope="module")
def members() -> dict[str, Any]:
    app = Litestar([take], plugins=[openapi.ClosedShapes()])
    return app.openapi_schema.to_schema()["components"]["schemas"]["Shape"]["properties"]


def test_a_member_has_its_limits_whatever_else_it_may_be(members: dict[str, Any]) -> None:
    assert members["word"] == A_WORD
    assert A_WORD in members["or_null"]["oneOf"]
    assert members["or_left_out"]["oneOf"] == [A_WORD]
    assert members["either"]["oneOf"] == [A_WORD, {"type": "integer", "minimum": 1, "maximum": 2}]


def test_so_have_the_items_of_a_list_and_the_names_and_values_of_an_object(
    members: dict[str, Any],
) -> None:
    a_list = {"type": "array", "items": A_WORD}
    assert a_list | {"minItems": 1, "maxItems": 3} in members["listed"]["oneOf"]
    named = members["named"]
    assert (named["additionalProperties"], named["maxProperties"]) == (a_list, 4)
    assert named["propertyNames"] == {key: A_WORD[key] for key in A_WORD if key != "type"}


def test_an_instant_is_of_the_years_that_can_be_reckoned_with(members: dict[str, Any]) -> None:
    instant = next(one for one in members["at"]["oneOf"] if one["type"] == "string")
    assert (instant["format"], instant["pattern"]) == ("date-time", "^2[01]")
