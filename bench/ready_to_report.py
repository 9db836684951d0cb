"""Many contacts, each with the page open and the thumb on the button."""

from datetime import timedelta
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from bench.connections import request
from bench.crowd import Registry, enrol, registry
from bench.ground import Ground
from domain.ids import BrowserSessionId, ContactId
from domain.reports import LossKind
from service.operations.visits import Draft
from service.security import forms
from service.security.encryption import Place
from service.security.tokens import digest, new_id, new_token
from service.storage.values import BrowserKind, BrowserSession
from service.web.frame import CONTACT_COOKIE


class Press(Struct, frozen=True, kw_only=True):
    """One confirming POST: its cookies and its body; and the owner's session that it ends."""

    cookie: str
    body: str
    session_token: str

    def request(self, ground: Ground) -> bytes:
        """As it goes over the wire."""
        headers = {"Origin": ground.origin, "Cookie": self.cookie}
        return request("POST", "/r/confirm", host=ground.host, headers=headers, body=self.body)


async def presses(ground: Ground, many: int, *, named: str) -> list[Press]:
    """Verified sessions for as many owners, stored in bulk; nobody has reported yet.

    Their subjects are `named`-1, `named`-2 and so on.
    """
    async with registry(ground) as opened:
        return [_press(opened, f"{named}-{number}") for number in range(1, many + 1)]


def _press(opened: Registry, subject: str) -> Press:
    pair = enrol(opened, subject)
    cookie, seed = _verified(opened, pair.contact_id), forms.new_seed()
    form = {
        "csrf_token": forms.token_for(opened.ring, seed),
        "idempotency_key": new_token(),
        "contact": str(pair.contact_id),
    }
    return Press(
        cookie=f"{CONTACT_COOKIE}={cookie}; {forms.SEED_COOKIE}={seed}",
        body=urlencode(form),
        session_token=pair.session_token,
    )


def _verified(opened: Registry, contact_id: ContactId) -> str:
    """The cookie of a browser after link, code, and what happened."""
    session_id, cookie = BrowserSessionId(new_id()), new_token()
    draft = Draft(contact_id=contact_id, kind=LossKind.STOLEN, note="en el colectivo")
    place = Place("browser_sessions", "draft", session_id)
    opened.add(
        BrowserSession(
            id=session_id,
            wallet_id=opened.wallet.id,
            kind=BrowserKind.CONTACT,
            token_sha256=digest(cookie),
            purpose="report",
            contact_id=contact_id,
            verified_by="email",
            verified_at=opened.now,
            draft=opened.wallet_key.seal(place, msgspec.json.encode(draft).decode()),
            began_at=opened.now,
            seen_at=opened.now,
            expires_at=opened.now + timedelta(hours=1),
        )
    )
    return cookie
