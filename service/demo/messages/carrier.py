"""A text-message carrier that speaks the Twilio-compatible Messages API (2010-04-01)."""

import hmac
import secrets
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Final

from aiohttp import encode_basic_auth, hdrs, web
from msgspec import Struct

from service.demo.messages.box import Box, Kept

PATH: Final = "/2010-04-01/Accounts/{sid}/Messages.json"
# What fits into one message of the GSM alphabet, and into each part of a longer one.
_ONE: Final = 160
_PART: Final = 153


class CarrierAccount(Struct, frozen=True):
    sid: str
    token: str


class Carrier:
    def __init__(self, box: Box, account: CarrierAccount) -> None:
        self._box = box
        self._account = account
        self._expected = encode_basic_auth(account.sid, account.token).encode()

    async def send(self, request: web.Request) -> web.Response:
        """Take a message. Errors are numbered as the carrier numbers them."""
        if not self._may(request):
            return _refused(401, 20003, "Authenticate")
        if request.match_info["sid"] != self._account.sid:
            return _refused(404, 20404, "The requested resource was not found")
        form = await request.post()
        to, sender, body = (str(form.get(name, "")).strip() for name in ("To", "From", "Body"))
        if not to.startswith("+") or not to[1:].isdecimal():
            return _refused(400, 21211, "Invalid 'To' Phone Number")
        if not sender:
            return _refused(400, 21603, "A 'From' phone number is required")
        if not body:
            return _refused(400, 21602, "Message body is required")
        sid = f"SM{secrets.token_hex(16)}"
        key = request.headers.get("Idempotency-Key", sid)
        at = datetime.now(UTC)
        self._box.put(Kept(number=0, kind="sms", to=to, sender=sender, text=body, key=key, at=at))
        return web.json_response(self._queued(sid, to, sender, body, at), status=201)

    def _may(self, request: web.Request) -> bool:
        told = request.headers.get(hdrs.AUTHORIZATION, "")
        return hmac.compare_digest(told.encode(), self._expected)

    def _queued(
        self, sid: str, to: str, sender: str, body: str, at: datetime
    ) -> dict[str, str | None]:
        segments = 1 if len(body) <= _ONE else -(-len(body) // _PART)
        return {
            "sid": sid,
            "account_sid": self._account.sid,
            "api_version": "2010-04-01",
            "status": "queued",
            "direction": "outbound-api",
            "to": to,
            "from": sender,
            "body": body,
            "num_segments": str(segments),
            "num_media": "0",
            "date_created": format_datetime(at),
            "date_updated": format_datetime(at),
            "date_sent": None,
            "price": None,
            "uri": f"/2010-04-01/Accounts/{self._account.sid}/Messages/{sid}.json",
        }


def _refused(status: int, code: int, message: str) -> web.Response:
    return web.json_response(
        {"code": code, "message": message, "status": status},
        status=status,
        headers={"WWW-Authenticate": 'Basic realm="carrier"'} if status == 401 else None,
    )
