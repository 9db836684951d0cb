"""Norte's backend: signs in, asks about a session before anything is done, obeys a freeze."""

import asyncio
import hashlib
import logging
import secrets
import time
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from service.demo.wallet.identity import EVERYDAY, STRONG, Identity, new_key
from service.demo.wallet.kept import Device, Kept, Movement, Screen, Store, first_day
from service.demo.wallet.resguardo import NoAnswer, Resguardo

OLGA: Final = "olga-1"
SUPPORT: Final = "+54 800 555 0101"
PRICE_CENTS: Final = 185_000
_SESSION_LASTS: Final = timedelta(days=30)
_PEOPLE_ARE_FRESH_FOR: Final = 5.0
# A person and a document were looked at (NIST SP 800-63A).
COUNTER_LEVEL: Final = "ial2"
_OBEYED: Final = (
    "sessions",
    "refresh-tokens",
    "device-keys",
    "payment-tokens",
    "payments",
    "cash-out",
    "credit",
    "changes",
)
_log = logging.getLogger("norte")


class NotSignedIn(Exception):
    """The device's session does not live (any more), or nobody could say."""


class Norte:
    """One user, her devices, her money."""

    def __init__(self, resguardo: Resguardo, store: Store, identity: Identity) -> None:
        self.resguardo = resguardo
        self.identity = identity
        self._store = store
        self._kept = store.load()
        self._etag: str | None = None
        self._one_look = asyncio.Lock()
        # How many trusted people each device shows, and when it may ask again.
        self._people: dict[str, tuple[int | None, float]] = {}
        self.is_ready = False

    @property
    def kept(self) -> Kept:
        if self._kept is None:
            raise NotSignedIn
        return self._kept

    @property
    def signing_key(self) -> dict[str, Any]:
        """Made once. Raises NotSignedIn before there is anybody to sign for."""
        kept = self.kept
        if kept.signing_key is None:
            kept.signing_key = new_key()
            self._store.save(kept)
        return kept.signing_key

    async def begin(self) -> None:
        """Tell Resguardo of Olga; the first time, sign her in on phone and laptop."""
        await self._tell_of_olga()
        if self._kept is None:
            first = first_day()
            for device in first.devices:
                await self._register(device)
            self._kept = first
            self._store.save(first)
        self.is_ready = True

    async def work(self) -> None:
        """For ever: begin as soon as Resguardo answers, then look every second for a freeze."""
        while True:
            try:
                if not self.is_ready:
                    await self.begin()
                await self._look_for_freeze()
            except NoAnswer:
                _log.info("no answer from Resguardo")
            await asyncio.sleep(1.0 if self.is_ready else 0.1)

    async def look(self, device: Device) -> None:
        """Ask whether the device's session lives. Without an answer nothing may be done with it."""
        token = device.token
        if token is None:
            return
        try:
            lives = await self.resguardo.introspect(token)
            if not lives:
                # What its holder may be told is read before the screen dies.
                await self._look_for_freeze()
        except NoAnswer:
            if device.token == token:
                device.screen = Screen.UNSURE
            return
        # Meanwhile someone may have signed in or out on it.
        if device.token != token:
            return
        if lives:
            device.screen = Screen.ALIVE
        else:
            _end(device)
            self._store.save(self.kept)

    async def sign_in(self, device: Device) -> None:
        """A new session, if Resguardo has nothing against it. Raises NoAnswer."""
        await self._register(device)
        self._store.save(self.kept)

    async def sign_out(self, device: Device) -> None:
        """Raises NoAnswer."""
        if device.session_id is not None:
            await self.resguardo.call("DELETE", f"/v1/sessions/{device.session_id}")
        _end(device)
        device.screen = Screen.OUT
        self._store.save(self.kept)

    async def new_phone(self) -> Device:
        """A phone from the shop; nobody is signed in on it yet."""
        number = sum(device.kind == "phone" for device in self.kept.devices) + 1
        device = Device(id=f"phone-{number}", kind="phone", label="Moto G85", platform="android")
        self.kept.devices.append(device)
        self._store.save(self.kept)
        return device

    async def pay(self, device: Device) -> None:
        """A payment asks first, as every call of a wallet's app does. Raises NotSignedIn."""
        await self.look(device)
        if device.screen is not Screen.ALIVE:
            raise NotSignedIn
        kept = self.kept
        kept.cents -= PRICE_CENTS
        kept.movements.insert(0, Movement(what="kiosk", cents=-PRICE_CENTS, at=datetime.now(UTC)))
        self._store.save(kept)

    async def sign_in_strongly(self, device: Device) -> None:
        """The passkey, on a device that is signed in. Raises NotSignedIn."""
        await self.look(device)
        if device.screen is not Screen.ALIVE:
            raise NotSignedIn
        device.auth_time, device.acr = datetime.now(UTC), STRONG
        self._store.save(self.kept)

    async def prove_at_counter(self) -> None:
        """Somebody at the counter looks at Olga and her document, and Norte says so. It releases
        nothing: two agents do. Raises NoAnswer."""
        answer = await self.resguardo.call(
            "POST",
            f"/v1/accounts/{OLGA}/proofs",
            {
                "kind": "wallet-reproofing",
                "level": COUNTER_LEVEL,
                "performed_at": _written(datetime.now(UTC)),
                "reference": f"mostrador-{secrets.token_hex(4)}",
            },
            {"Idempotency-Key": str(uuid4())},
        )
        done = answer.status in {200, 201}
        self.kept.counter = "recorded" if done else answer.code or str(answer.status)
        self._store.save(self.kept)

    async def people_count(self, device: Device) -> int | None:
        """How many trusted people Olga has, by her own access token; None: nobody could say."""
        if device.screen is not Screen.ALIVE:
            return None
        known, again_at = self._people.get(device.id, (None, 0.0))
        if time.monotonic() < again_at:
            return known
        self._people[device.id] = (known, time.monotonic() + _PEOPLE_ARE_FRESH_FOR)
        token = self.identity.access_token(self.signing_key, OLGA, device)
        try:
            answer = await self.resguardo.as_owner("GET", "/v1/me/contacts", token)
        except NoAnswer:
            return known
        known = len(answer.body["items"]) if answer.status == 200 else None
        self._people[device.id] = (known, time.monotonic() + _PEOPLE_ARE_FRESH_FOR)
        return known

    async def people_address(self, device: Device) -> str:
        """Where Olga's trusted people are. As strongly, and as lately, as she signed in here.

        Raises NotSignedIn, NoAnswer.
        """
        await self.look(device)
        if device.screen is not Screen.ALIVE or device.session_id is None:
            raise NotSignedIn
        if device.auth_time is None or device.acr is None:
            raise NotSignedIn
        asked = {"session_id": device.session_id, "acr": device.acr}
        address = await self._page_link("manage", device.auth_time, asked)
        if address is None:
            await self.look(device)
            raise NotSignedIn
        return address

    async def dispute_address(self) -> str:
        """Where Olga says that nothing was lost, as she has just used her passkey. That is no
        session: while the account is frozen there is none.

        Raises NotSignedIn when it is not frozen, or not any more; NoAnswer.
        """
        await self._look_for_freeze()
        if not self.kept.frozen:
            raise NotSignedIn
        address = await self._page_link("dispute", datetime.now(UTC), {"acr": STRONG})
        if address is None:
            raise NotSignedIn
        return address

    async def _page_link(
        self, purpose: str, auth_time: datetime, asked: dict[str, str]
    ) -> str | None:
        """A way into Resguardo's pages; None: it was refused. Raises NoAnswer."""
        vouched = {"purpose": purpose, "auth_time": _written(auth_time), **asked}
        answer = await self.resguardo.call("POST", f"/v1/accounts/{OLGA}/page-links", vouched)
        return str(answer.body["url"]) if answer.status in {200, 201} else None

    async def _tell_of_olga(self) -> None:
        verified_at = _written(datetime.now(UTC) - timedelta(days=30))
        answer = await self.resguardo.call(
            "PUT",
            f"/v1/accounts/{OLGA}",
            {
                "first_name": "Olga",
                "display_name": "Olga Ortiz",
                "language": "es",
                "time_zone": "America/Argentina/Buenos_Aires",
                "emails": [{"address": "olga@correo.example", "verified_at": verified_at}],
                "phones": [{"address": "+5491123456789", "verified_at": verified_at}],
            },
        )
        if answer.status not in {200, 201}:
            _log.error("Resguardo did not take Olga's account: %s %s", answer.status, answer.body)
            raise NoAnswer

    async def _register(self, device: Device) -> None:
        token = secrets.token_urlsafe(32)
        answer = await self.resguardo.call(
            "POST",
            "/v1/sessions",
            {
                "subject": OLGA,
                "token_sha256": hashlib.sha256(token.encode()).hexdigest(),
                "device": {"id": device.id, "label": device.label, "platform": device.platform},
                "expires_at": _written(datetime.now(UTC) + _SESSION_LASTS),
            },
            {"Idempotency-Key": str(uuid4())},
        )
        if answer.status not in {200, 201}:
            device.refused = answer.code or str(answer.status)
            return
        device.token, device.session_id = token, str(answer.body["id"])
        device.screen, device.refused = Screen.ALIVE, None
        device.auth_time, device.acr = datetime.now(UTC), EVERYDAY

    async def _look_for_freeze(self) -> None:
        """Read the freeze-state, as seldom in full as the ETag allows; obey, then say so."""
        async with self._one_look:
            kept = self.kept
            answer = await self.resguardo.call(
                "GET",
                f"/v1/accounts/{OLGA}/freeze-state",
                headers={"If-None-Match": self._etag} if self._etag else {},
            )
            if answer.status != 200:
                return
            kept.frozen = answer.body["state"] == "frozen"
            kept.display = str(answer.body["display"])
            version = int(answer.body["version"])
            if kept.frozen and kept.confirmed != version:
                await self._obey(kept, version)
            # Only now: a confirmation that failed is tried again with the next look.
            self._etag = answer.etag
            self._store.save(kept)

    async def _obey(self, kept: Kept, version: int) -> None:
        """End what lives, then say it. All that Norte does asks about the session first, so the
        payments, cards and keys it would stop in earnest have ended with the sessions."""
        for device in kept.devices:
            if device.token is not None:
                if await self.resguardo.introspect(device.token):
                    raise NoAnswer
                _end(device)
        answer = await self.resguardo.call(
            "PUT",
            f"/v1/accounts/{OLGA}/freeze-confirmation",
            {"version": version, "done": list(_OBEYED), "at": _written(datetime.now(UTC))},
        )
        if answer.status not in {200, 204}:
            raise NoAnswer
        kept.confirmed = version


def _end(device: Device) -> None:
    device.token = device.session_id = device.refused = None
    device.auth_time = device.acr = None
    device.screen = Screen.VOID


def _written(instant: datetime) -> str:
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")
