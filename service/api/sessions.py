"""The wallet's sessions: registered by their token's SHA-256, ended, listed."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Router, delete, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct

from domain.accounts import WalletSession
from domain.ids import SessionId
from domain.wallets import Wallet
from service import openapi
from service.api.bodies import ApiRequest
from service.api.callers import REFUSALS, needs, the_caller
from service.api.repeating import repeatable
from service.api.shapes import (
    IdempotencyKey,
    Instant,
    Subject,
    SubjectInPath,
    Word,
    in_utc,
    plausible,
)
from service.operations import sessions
from service.operations.clients import Caller
from service.operations.house import House
from service.operations.sessions import SeenSession, ToldDevice
from service.storage.values import Scope


class DeviceOfSession(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: Annotated[
        Word,
        Meta(description="The wallet's own id of it: what a report bars.", examples=["phone-1"]),
    ]
    label: Annotated[str, Meta(min_length=1, max_length=60, examples=["Galaxy A54"])]
    platform: Annotated[str, Meta(min_length=1, max_length=20, examples=["android"])]


class NewSession(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    subject: Subject
    token_sha256: Annotated[
        str,
        Meta(
            min_length=64,
            max_length=64,
            pattern="^[0-9A-Fa-f]{64}",
            description="Hexadecimal; the token itself is never told.",
            examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
        ),
    ]
    device: DeviceOfSession
    expires_at: Instant

    def __post_init__(self) -> None:
        plausible(self.expires_at)


class SessionAnswer(Struct, frozen=True, kw_only=True):
    id: SessionId
    subject: str
    began_at: datetime
    expires_at: datetime

    @classmethod
    def of(cls, session: WalletSession, subject: str) -> "SessionAnswer":
        return cls(
            id=session.id,
            subject=subject,
            began_at=session.began_at,
            expires_at=in_utc(session.expires_at),
        )


class ListedSession(Struct, frozen=True, kw_only=True):
    id: SessionId
    device: Annotated[str | None, Meta(description="The wallet's own id of it.")]
    active: bool
    began_at: datetime
    expires_at: datetime

    @classmethod
    def of(cls, seen: SeenSession) -> "ListedSession":
        return cls(
            id=seen.session.id,
            device=seen.device,
            active=seen.active,
            began_at=seen.session.began_at,
            expires_at=seen.session.expires_at,
        )


class SessionList(Struct, frozen=True, kw_only=True):
    items: tuple[ListedSession, ...]
    next: Annotated[SessionId | None, Meta(description="For `cursor`; null on the last page.")]


@post("/v1/sessions", responses=openapi.problems_at(400, 401, 403, 404, 409, 413, 415, 422, 429))
async def begin_session(
    *,
    request: Request[Any, Any, Any],
    data: JSONBody[NewSession],
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
    caller: NamedDependency[Caller],
    idempotency_key: IdempotencyKey = None,
) -> SessionAnswer:
    """Register a session of an active account.

    409 `account-frozen` while the account is frozen, `device-reported` for a device that was
    linked when it froze, `token-used` for a token registered before that does not live any more.
    """
    session = await sessions.begin_session(
        house,
        wallet,
        data.subject,
        token_sha256=bytes.fromhex(data.token_sha256),
        device=ToldDevice(
            id=data.device.id, label=data.device.label, platform=data.device.platform
        ),
        expires_at=in_utc(data.expires_at),
        request=repeatable(request, wallet, caller, idempotency_key, await request.body()),
    )
    return SessionAnswer.of(session, data.subject)


@delete("/v1/sessions/{session_id:uuid}", responses=openapi.problems_at(400, 401, 403, 404, 429))
async def end_session(
    session_id: FromPath[UUID], house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> None:
    """Sign-out. Ending a session again, or one that never was, is no fault."""
    await sessions.end_session(house, wallet, SessionId(session_id))


@get("/v1/accounts/{subject:str}/sessions", responses=openapi.problems_at(400, 401, 403, 404, 429))
async def see_sessions(
    subject: SubjectInPath,
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
    cursor: Annotated[UUID | None, QueryParameter(description="`next` of the page before.")] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=100)] = 50,
) -> SessionList:
    """Sessions in the order they began, and whether each is active."""
    after = None if cursor is None else SessionId(cursor)
    page = await sessions.see_sessions(house, wallet, subject, after=after, limit=limit)
    return SessionList(items=tuple(ListedSession.of(one) for one in page.items), next=page.next)


SESSIONS = Router(
    path="/",
    route_handlers=[begin_session, end_session, see_sessions],
    guards=[needs(Scope.SESSIONS)],
    dependencies={"caller": Provide(the_caller, sync_to_thread=False)},
    request_class=ApiRequest,
    exception_handlers=REFUSALS,
    security=[{openapi.TOKEN: [Scope.SESSIONS]}],
    tags=["sessions"],
)
