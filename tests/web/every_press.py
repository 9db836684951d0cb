"""Every address of the console, and a whole form for each button: what an attacker tries in turn.

`PRESSES` says how each form is filled in, so that it is never turned away for being incomplete
before anybody asks who sends it. A route that is missing here fails the tests that walk them all.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final
from uuid import UUID, uuid4

import httpx
from litestar import Litestar
from msgspec import Struct
from msgspec.structs import replace

from service.operations.house import House
from service.security.forms import SEED_COOKIE, token_for
from tests import people as cast
from tests.browsers import Browser
from tests.desks import Authenticator

_TICKET: Final = "/console/tickets/{ticket_id:uuid}"
_SAFETY: Final = "/console/safety/{ticket_id:uuid}"
_MISTAKE: Final = "/console/client-mistakes/{mistake_id:uuid}"
_REPORT: Final = _TICKET + "/reports/{report_id:uuid}"
_CONTACT: Final = _TICKET + "/contacts/{contact_id:uuid}"
BOARD_OF_TICKET: Final = "/console/board/tickets/{ticket_id:uuid}/reassignment"
BOARD_OF_AGENT: Final = "/console/board/agents/{agent_id:uuid}/reassignment"

# Of whoever is not signed in yet.
AT_THE_DOOR: Final = frozenset(
    {
        "/console/sign-in",
        "/console/sign-in/passkey",
        "/console/sign-in/passkey-question",
    }
)
# Pages whose address names nothing, and what may be asked of them.
LISTS: Final = (
    "/console",
    "/console/find",
    "/console/board",
    "/console/journal",
    "/console/reviews",
    "/console/client-mistakes",
    "/console/me",
    "/console/live",
)
# Two factors go along: a page that was left open is not enough.
PROVED_AGAIN: Final = frozenset(
    {
        f"{_TICKET}/approval",
        f"{_REPORT}/verdict/approval",
        f"{_CONTACT}/reinstatement/approval",
        f"{_MISTAKE}/approval",
    }
)

# In braces what the world has: see `Known`.
PRESSES: Final[Mapping[str, Mapping[str, str]]] = {
    "/console/sign-in": {"login": "nobody", "password": "{password}", "code": "000000"},
    "/console/sign-in/passkey": {"passkey": "{{}}"},
    "/console/sign-in/passkey-question": {},
    "/console/sign-out": {},
    "/console/me/proof": {"password": "{password}", "code": "{code}"},
    "/console/passkey-question": {},
    "/console/me/passkey-question": {},
    "/console/me/passkeys": {"name": "A key", "passkey": "{{}}"},
    "/console/me/passkeys/{passkey_id:uuid}/end": {},
    "/console/me/recovery-codes": {},
    "/console/next": {},
    f"{_TICKET}/skip": {"reason": "beyond-me", "words": "Too much for me."},
    f"{_TICKET}/presence": {},
    f"{_TICKET}/owner-reached": {},
    f"{_TICKET}/owner-code": {"address": "{address}"},
    f"{_TICKET}/proofs": {
        "kind": "replaced-line",
        "address": "{address}",
        "replaced_at": "2026-01-01T09:00",
        "source": "The carrier's letter",
        "key": "{key}",
    },
    f"{_TICKET}/checklist": {
        "looked_at": "2026-01-01T09:00:00+00:00",
        "changes": "reviewed",
        "tries": "reviewed",
    },
    f"{_TICKET}/proposal": {"reason": "owner-safe", "seen": "{seen}"},
    f"{_TICKET}/duress": {"answer": "free", "seen": "{seen}"},
    f"{_TICKET}/notices": {"seen": "{seen}"},
    f"{_TICKET}/assignment": {"seen": "{seen}"},
    f"{_TICKET}/hand-over": {"to": "queue", "note": "Yours again.", "seen": "{seen}"},
    f"{_TICKET}/boost": {"reason": "call-promised", "seen": "{seen}"},
    f"{_TICKET}/notes": {"words": "Called twice.", "key": "{key}"},
    f"{_TICKET}/messages": {"reply": "still-checking", "key": "{key}"},
    BOARD_OF_TICKET: {
        "to": "queue",
        "reason": "Somebody else goes on.",
        "seen": "{seen}",
        "stage": "0",
        "level": "1",
        "had": "",
    },
    BOARD_OF_AGENT: {"to": "queue", "reason": "Gone home.", "ticket-{ticket_id}": "{seen}"},
    f"{_TICKET}/pause": {"reason": "owner", "lasts": "30", "seen": "{seen}"},
    f"{_TICKET}/pause/end": {},
    f"{_TICKET}/ring": {},
    f"{_TICKET}/attempts": {"way": "email"},
    f"{_TICKET}/closing": {"reason": "not-reached", "seen": "{seen}"},
    f"{_REPORT}/hearing": {"heard": "heard"},
    f"{_REPORT}/outcome": {"outcome": "real", "seen": "{seen}"},
    f"{_REPORT}/verdict/approval": {
        "verdict": "{key}",
        "seen": "{seen}",
        "password": "{password}",
        "code": "{code}",
    },
    f"{_REPORT}/verdict/rejection": {"verdict": "{key}"},
    f"{_CONTACT}/removal": {"decision": "stays"},
    f"{_CONTACT}/reinstatement": {},
    f"{_CONTACT}/reinstatement/approval": {
        "seen": "{seen}",
        "password": "{password}",
        "code": "{code}",
    },
    f"{_CONTACT}/reinstatement/rejection": {"because": "too-early"},
    f"{_TICKET}/devices/{{device_id:uuid}}/clearing": {},
    f"{_TICKET}/addresses/{{address_id:uuid}}/reveal": {
        "whose": "owner",
        "reason": "call-owner",
        "key": "{key}",
    },
    f"{_TICKET}/approval": {
        "proposal": "{proposal}",
        "kind": "keep-frozen",
        "seen": "{seen}",
        "password": "{password}",
        "code": "{code}",
    },
    f"{_TICKET}/rejection": {"proposal": "{proposal}", "reason": "proofs-doubtful"},
    f"{_TICKET}/keeping": {"reason": "signs-of-fraud", "seen": "{seen}"},
    f"{_TICKET}/keeping-review": {"keeps": "true", "seen": "{seen}"},
    f"{_TICKET}/release-review": {"review": "{review}", "finding": "in-order"},
    f"{_SAFETY}/notes": {"words": "She is with her sister."},
    f"{_SAFETY}/contacts/{{contact_id:uuid}}/removal": {},
    f"{_SAFETY}/closing": {},
    f"{_SAFETY}/hand-over": {"to": "queue", "note": "Yours again.", "seen": "1"},
    f"{_SAFETY}/skip": {"reason": "beyond-me", "words": "Too much for me."},
    "/console/client-mistakes": {
        "client": "{client}",
        "since": "2026-01-01T00:00",
        "until": "2026-01-01T01:00",
        "reason": "mistake",
    },
    f"{_MISTAKE}/approval": {"password": "{password}", "code": "{code}"},
    f"{_MISTAKE}/rejection": {},
}


class Known(Struct, frozen=True, kw_only=True):
    """What an attacker knows who has seen the ticket over somebody's shoulder: every id of it."""

    ticket_id: UUID
    contact_id: UUID
    report_id: UUID
    device_id: UUID
    address_id: UUID
    review_id: UUID
    proposal_id: UUID
    mistake_id: UUID
    client_id: UUID
    agent_id: UUID
    seen: int = 1

    def but(self, which: str, named: UUID) -> "Known":
        """The same ids beside another one."""
        return replace(self, **{which: named})


def routes_of(app: Litestar) -> Iterator[tuple[str, str]]:
    """Method and path of every address of the console that somebody can ask for."""
    for route in app.routes:
        if re.match(r"/console(/|$)", route.path):
            for method in sorted(set(route.methods) - {"OPTIONS", "HEAD"}):
                yield method, route.path


def address_of(path: str, known: Known) -> str:
    """A route's path with these ids in it."""
    ids: dict[str, UUID] = {
        **{name: getattr(known, name) for name in Known.__struct_fields__ if name != "seen"},
        "passkey_id": uuid4(),
    }
    return re.sub(r"\{(\w+):uuid\}", lambda found: str(ids[found[1]]), path)


class Attacker(Struct, frozen=True, kw_only=True):
    """Somebody at a browser of the console, with its cookies and whatever they know."""

    app: Litestar
    house: House
    browser: Browser
    # None: they have no authenticator, only a browser that was left open.
    authenticator: Authenticator | None = None

    async def ask(self, method: str, path: str, known: Known) -> httpx.Response:
        """As our own page would; the form is whole."""
        fields = await self.form(path, known) if method == "POST" else None
        return await self.send(method, address_of(path, known), fields)

    async def send(
        self, method: str, address: str, fields: Mapping[str, str] | None = None
    ) -> httpx.Response:
        headers = {"Origin": self.browser.origin} if method == "POST" else {}
        sent = None if fields is None else dict(fields)
        return await self.browser.request(method, address, fields=sent, headers=headers)

    async def form(self, path: str, known: Known) -> dict[str, str]:
        filled = await self.without_token(path, known)
        seed = self.browser.cookies.get(SEED_COOKIE, "")
        return {**filled, "csrf_token": token_for(self.house.keys, seed)}

    async def without_token(self, path: str, known: Known) -> dict[str, str]:
        pattern = PRESSES[path]
        code = ""
        if "{code}" in pattern.values() and self.authenticator is not None:
            code = await self.authenticator.new_code()
        values = {
            "password": cast.PASSWORD,
            "code": code,
            "seen": known.seen,
            "key": uuid4(),
            "ticket_id": known.ticket_id,
            "address": known.address_id,
            "proposal": known.proposal_id,
            "review": known.review_id,
            "client": known.client_id,
        }
        return {name.format(**values): said.format(**values) for name, said in pattern.items()}
