"""Standard Webhooks 1.0.0: JSON over https, signed with a secret that both sides know."""

import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256

from domain.events import Event
from service.operations.receivers import Delivered, Gone, Later, Leased, Outcome, Posting
from service.operations.webhooks import PREFIX
from service.signals.answers import retry_after
from service.signals.payloads import MEANING, written


class Webhook:
    """`service.operations.receivers.Kind` for webhook endpoints."""

    def tells(self, event: type[Event]) -> Sequence[str]:
        meaning = MEANING.get(event)
        return () if meaning is None else (meaning.type,)

    async def make(self, leased: Leased) -> str:
        return written(leased.signal, leased.subject)

    def compose(self, leased: Leased) -> Posting:
        """Signed anew at each sending: the instant is the sending's own, and old ones are refused
        by whoever fears a replay. The body stays."""
        body = (leased.signal.token or "").encode()
        name = str(leased.signal.id)
        at = str(int(leased.leased_at.timestamp()))
        secrets = (leased.opened.secret, leased.opened.secret_before)
        signatures = [signature(one, name, at, body) for one in secrets if one is not None]
        return Posting(
            url=leased.stream.url or "",
            headers={
                "Content-Type": "application/json",
                "webhook-id": name,
                "webhook-timestamp": at,
                "webhook-signature": " ".join(signatures),
            },
            body=body,
        )

    def judge(self, status: int, headers: Mapping[str, str], body: bytes) -> Outcome:  # noqa: ARG002  # what a kind is given
        """Whatever the body says: only the status counts."""
        if 200 <= status < 300:
            return Delivered()
        if status == 410:
            return Gone()
        return Later(error=f"status-{status}", retry_after=retry_after(headers))


def signature(secret: str, name: str, at: str, body: bytes) -> str:
    signed = b".".join((name.encode(), at.encode(), body))
    key = b64decode(secret.removeprefix(PREFIX))
    return f"v1,{b64encode(hmac.digest(key, signed, sha256)).decode()}"
