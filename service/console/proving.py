"""What a form shows to prove who the agent is: a passkey's answer, or password and code.

The fields are those of `templates/console/prove_again.html`.
"""

from typing import Protocol

from msgspec import Struct

from service.operations.agents_door import PasskeyAnswer, PasswordAndCode, Shown
from service.pages import AnyRequest


class ProvingForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every form has that asks for it."""

    # For the password store, which finds its entry by it; never read.
    username: str = ""
    password: str
    code: str
    # A passkey's answer in place of both.
    passkey: str = ""


class Proving(Protocol):
    """A form with those fields; empty ones were not used."""

    @property
    def password(self) -> str: ...
    @property
    def code(self) -> str: ...
    @property
    def passkey(self) -> str: ...


def shown_in(request: AnyRequest, form: Proving) -> Shown:
    """Told apart by type; what it is worth, `agents.prove_again` says."""
    if form.passkey:
        return answered(request, form.passkey)
    return PasswordAndCode(password=form.password, code=form.code)


def answered(request: AnyRequest, answer: str) -> PasskeyAnswer:
    """Counts only from the console's configured origin."""
    return PasskeyAnswer(answer=answer, origin=request.scope["state"]["origin"])
