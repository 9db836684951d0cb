"""What no line may hold is taken out: by name, by type, by what it looks like."""

import io
import json
import logging
from typing import Any

import pytest
from msgspec import Struct

from service.logs import WithoutWords, redact, without_people
from service.security.tokens import new_code, new_id, new_secret, new_token


class Person(Struct):
    name: str


def line(**fields: Any) -> dict[str, Any]:
    return dict(redact(None, "info", fields))


@pytest.mark.parametrize(
    "name",
    ["code", "link_token", "client_secret", "password", "to", "email", "phone_number", "note"],
)
def test_a_field_whose_name_says_what_it_holds_is_blanked(name: str) -> None:
    assert line(**{name: "Olguita"}) == {name: "…"}


def test_facts_that_name_nobody_stay() -> None:
    told = {
        "event": "delivery.recorded",
        "delivery_id": str(new_id()),
        "contact_id": str(new_id()),
        "attempts": 3,
        "outcome": "later",
        "error": "ConnectionDoesNotExistError",
        "reason": "OperationalError",
        "at": "asyncpg.py:855",
        "path": "/r/confirm",
        "timestamp": "2026-03-14T12:00:00.123456Z",
        "done": None,
    }
    assert line(**told) == told


@pytest.mark.parametrize(
    "value", [b"carl@correo.example", Person("Olguita"), ["Olguita"], {"a": "Olguita"}]
)
def test_a_value_of_another_type_loses_its_content(value: object) -> None:
    assert line(found=value) == {"found": f"<{type(value).__name__}>"}


@pytest.mark.parametrize(
    "hidden",
    [
        "carl@correo.example",
        "carl%40correo.example",
        "+54 9 11 2345-6789",
        "+5491123456789",
        "%2B5491123456789",
        new_code(6),
        new_code(8),
        f"{new_token()}aA1",
        f"{new_secret()}aA1",
    ],
    # By name: the secrets are others in every process that runs a part of the suite.
    ids=[
        "email",
        "email-quoted",
        "phone-typed",
        "phone",
        "phone-quoted",
        "code-6",
        "code-8",
        "token",
        "secret",
    ],
)
def test_what_looks_like_a_person_or_a_secret_is_taken_out_of_any_text(hidden: str) -> None:
    said = without_people(f"550 mailbox {hidden} is full, see /r?x={hidden}&y=1")
    assert hidden not in said
    assert said.startswith("550 mailbox … is full, see /r?x=")


def test_an_error_tells_its_kind_and_place_and_none_of_its_words() -> None:
    try:
        int("carl wrote xilofone")
    except ValueError as error:
        for given in (error, True, (type(error), error, error.__traceback__)):
            told = line(event="x", exc_info=given)
            assert told["fault"].startswith("ValueError < test_logs.py:")
            assert "xilofone" not in json.dumps(told)


def test_libraries_errors_lose_their_words_too() -> None:
    said = io.StringIO()
    handler = logging.StreamHandler(said)
    handler.setFormatter(WithoutWords())
    logger = logging.getLogger("somebody-elses")
    logger.propagate = False
    logger.addHandler(handler)
    try:
        int("Olguita")
    except ValueError:
        logger.exception("for %s", "carl@correo.example")

    assert said.getvalue().startswith("for … (ValueError < test_logs.py:")
    assert "Olguita" not in said.getvalue()
    assert said.getvalue().count("\n") == 1
