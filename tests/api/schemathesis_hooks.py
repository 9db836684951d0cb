"""What schemathesis is told that its configuration cannot say; it runs in a process of its own.

Each of these changes what is sent, so each says why.
"""

import os
import re
from datetime import datetime
from itertools import count, cycle
from typing import Any, Final, cast
from uuid import uuid4

import schemathesis
from hypothesis import strategies as st
from schemathesis import HookContext

# What the test made, and what must still be found later; and what may end instead of it.
KEPT: Final = frozenset(os.environ["KEPT"].split())
_OTHERS: Final = os.environ["OTHERS"].split()
SPARE: Final = {
    "subject": cycle(_OTHERS),
    "contact_id": cycle([os.environ["SPARE_CONTACT"]]),
}
_PROOFS: Final = "/v1/accounts/{subject}/proofs"
_KEY: Final = re.compile(r"[!-~]{1,200}")
_NUMBERS: Final = count()
_READ: Final = cycle((True, False))

# An instant of any year that matches `^2[01]` is rare among all years, and would be waited for.
schemathesis.openapi.format(
    "date-time",
    st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2199, 12, 31)).map(  # noqa: DTZ001  # the zone is added when it is written
        lambda instant: f"{instant.isoformat()}Z"
    ),
)


@schemathesis.hook  # pyright: ignore[reportUnknownMemberType] (it knows only half of itself)
def before_call(context: HookContext, case: Any, **_: Any) -> None:
    _use_a_key_once(case)
    _keep(case)
    _be_of_the_frozen_account(case)
    _have_read_the_ticket(case)
    body: Any = case.body
    if isinstance(body, dict):
        case.body = _with_whole_numbers(cast("dict[str, Any]", body))
        _never_wait(case, cast("dict[str, Any]", case.body))


def _use_a_key_once(case: Any) -> None:
    """Two bodies under one key are refused, and one body is answered by what may be gone since."""
    headers: dict[str, Any] = case.headers or {}
    key = headers.get("Idempotency-Key")
    if isinstance(key, str) and _KEY.fullmatch(key):
        headers["Idempotency-Key"] = f"{key}{next(_NUMBERS)}"


def _keep(case: Any) -> None:
    """Whoever ends or freezes one of these does so to another."""
    ends = case.method == "DELETE" or case.path == "/v1/accounts/{subject}/freeze"
    of_both: tuple[dict[str, Any] | None, ...] = (case.path_parameters, case.query)
    for named in (one for one in of_both if one and ends):
        for name, value in named.items():
            if isinstance(value, str) and value in KEPT:
                named[name] = next(SPARE[name]) if name in SPARE else str(uuid4())


def _be_of_the_frozen_account(case: Any) -> None:
    """Only that one can be proved anew, and its owner alone can say that nothing was lost."""
    if case.path == _PROOFS and case.path_parameters["subject"] in (*KEPT, *_OTHERS):
        case.path_parameters["subject"] = os.environ["FROZEN"]
    headers: dict[str, Any] = case.headers or {}
    is_owner = headers.get("Authorization") == f"Bearer {os.environ['OWNER']}"
    if case.path == "/v1/me/disputes" and is_owner:
        headers["Authorization"] = f"Bearer {os.environ['FROZEN_OWNER']}"


def _have_read_the_ticket(case: Any) -> None:
    """A guessed version is never the right one; half of the time, any is."""
    headers: dict[str, Any] = case.headers or {}
    if "{ticket_id}" in case.path and "If-Match" in headers and next(_READ):
        headers["If-Match"] = "*"


def _never_wait(case: Any, body: dict[str, Any]) -> None:
    """A long poll waits for 30 seconds, and here for nothing."""
    if case.path == "/ssf/poll/{stream_id}" and body.get("returnImmediately", False) is False:
        body["returnImmediately"] = True


def _with_whole_numbers(value: Any) -> Any:
    """1.0 is an integer to JSON Schema, and no integer to a strict reader of JSON."""
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value)
        return {name: _with_whole_numbers(inner) for name, inner in members.items()}
    if isinstance(value, list):
        return [_with_whole_numbers(inner) for inner in cast("list[Any]", value)]
    return int(value) if isinstance(value, float) and value.is_integer() else value
