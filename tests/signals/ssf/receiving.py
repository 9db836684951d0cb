"""A receiver as its own engineers would write it: with a library that is not ours."""

from typing import Any, Final

import httpx
import jwt

from service.storage.values import Scope
from tests.api.backends import Backend

BOTH: Final = (Scope.SSF_MANAGE, Scope.SSF_READ)
PUSH: Final = "urn:ietf:rfc:8935"
POLL: Final = "urn:ietf:rfc:8936"
CAEP: Final = "https://schemas.openid.net/secevent/caep/event-type/"
RISC: Final = "https://schemas.openid.net/secevent/risc/event-type/"
SSF: Final = "https://schemas.openid.net/secevent/ssf/event-type/"


class Ssf:
    """What a receiver does over HTTP."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend

    async def call(self, method: str, path: str, body: object = None) -> httpx.Response:
        return await self.backend.call(method, path, body)

    async def stream(self, **body: object) -> dict[str, Any]:
        answer = await self.call("POST", "/ssf/streams", body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def pushed(self, url: str, **body: object) -> dict[str, Any]:
        return await self.stream(delivery={"method": PUSH, "endpoint_url": url}, **body)

    async def ask(self, stream: dict[str, Any], **body: object) -> httpx.Response:
        address = stream["delivery"]["endpoint_url"]
        return await self.call("POST", address, {"returnImmediately": True, **body})

    async def poll(self, stream: dict[str, Any], **body: object) -> dict[str, str]:
        """What is there, by `jti`."""
        answer = await self.ask(stream, **body)
        assert answer.status_code == 200, answer.text
        return answer.json()["sets"]

    async def all(self, stream: dict[str, Any]) -> dict[str, str]:
        """Acknowledged until nothing is left."""
        got: dict[str, str] = {}
        while sets := await self.poll(stream, ack=list(got)):
            got |= sets
        return got

    async def status(self, stream: dict[str, Any], status: str, **body: object) -> dict[str, Any]:
        told = {"stream_id": stream["stream_id"], "status": status, **body}
        answer = await self.call("POST", "/ssf/status", told)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def choose(self, stream: dict[str, Any], how: str, subject: object) -> httpx.Response:
        told = {"stream_id": stream["stream_id"], "subject": subject}
        return await self.call("POST", f"/ssf/subjects:{how}", told)

    async def keys(self) -> list[dict[str, Any]]:
        return (await self.backend.http.get("/.well-known/jwks.json")).json()["keys"]

    async def verified(self, token: str, stream: dict[str, Any]) -> dict[str, Any]:
        """The claims, after every check that RFC 8417 and SSF ask of a receiver."""
        header = jwt.get_unverified_header(token)
        assert header.keys() == {"alg", "typ", "kid"}
        assert header["typ"] == "secevent+jwt"
        (key,) = (one for one in await self.keys() if one["kid"] == header["kid"])
        assert key["alg"] == header["alg"] == stream["signing_algorithm"]
        claims = jwt.decode(
            token,
            jwt.PyJWK(key),
            algorithms=[stream["signing_algorithm"]],
            issuer=stream["iss"],
            audience=stream["aud"],
            options={
                "require": ["iss", "iat", "jti", "aud", "txn", "sub_id", "events"],
                # A receiver's clock may be off, and a test's is moved: a token never expires.
                "verify_iat": False,
            },
        )
        assert claims.keys() == {"iss", "iat", "jti", "aud", "txn", "sub_id", "events"}
        assert len(claims["events"]) == 1
        return claims

    async def told(self, stream: dict[str, Any], sets: dict[str, str]) -> list[str]:
        """Which events, in their order; each token is verified."""
        names: list[str] = []
        for jti, token in sets.items():
            claims = await self.verified(token, stream)
            assert claims["jti"] == jti
            names.append(name_of(claims))
        return names


def name_of(claims: dict[str, Any]) -> str:
    (name,) = claims["events"]
    return str(name).rpartition("/")[2]


def event_of(claims: dict[str, Any]) -> dict[str, Any]:
    (event,) = claims["events"].values()
    return event


def olga_at(stream: dict[str, Any], subject: str = "olga-1") -> dict[str, str]:
    return {"format": "iss_sub", "iss": stream["iss"], "sub": subject}
