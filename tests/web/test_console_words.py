"""Everything that happens to an account has a sentence in each language."""

from typing import Any

import pytest
from msgspec import Struct

from domain import events
from domain.events import Event, name_of
from service.wording import templates

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["es", "pt-BR", "en"])
def words(request: pytest.FixtureRequest) -> Any:
    language: str = request.param
    template = templates(language).get_template("console/words.html")
    return template.make_module({"page": Struct(), "lang": language, "csrf": ""})


def test_everything_that_happens_to_an_account_has_a_sentence(words: Any) -> None:
    found = {name_of(kind) for kind in vars(events).values() if _is_event_of_an_account(kind)}
    assert len(found) > 15
    for name in found - {"account-registered"}:
        line = Line(event=name, what=Anything(), named=Anything())
        assert str(words.happened(line)) != name


class Anything(dict[str, object]):
    """An event's members, whichever a sentence asks for."""

    def __missing__(self, name: str) -> str | int:
        return {"boost": 2, "reason": "owner"}.get(name, "recovery-card")


class Line(Struct):
    """What a line of the timeline is, whoever did it."""

    event: str
    what: Anything
    named: Anything
    by_name: str = "Astrid"
    by_kind: str = "agent"


def _is_event_of_an_account(kind: object) -> bool:
    return (
        isinstance(kind, type)
        and issubclass(kind, Event)
        and "account_id" in kind.__struct_fields__
    )
