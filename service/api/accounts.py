"""Accounts as the wallet names them, their freeze state, and the wallet's word that it obeys."""

from datetime import datetime
from typing import Annotated, Any
from zoneinfo import available_timezones

from litestar import Response, Router, delete, get, put
from litestar.datastructures import ResponseHeader
from litestar.di import NamedDependency, Provide
from litestar.openapi import ResponseSpec
from litestar.params import HeaderParameter, JSONBody, QueryParameter
from litestar.status_codes import (
    HTTP_200_OK,
    HTTP_201_CREATED,
    HTTP_202_ACCEPTED,
    HTTP_304_NOT_MODIFIED,
)
from msgspec import Meta, Struct

from domain.accounts import (
    Account,
    AccountState,
    AddressKind,
    ClosingReason,
    Display,
    Done,
)
from domain.wallets import Wallet
from service import openapi
from service.api.bodies import ApiRequest
from service.api.callers import REFUSALS, needs, the_caller
from service.api.shapes import (
    FullName,
    Instant,
    Name,
    SubjectInPath,
    Version,
    plausible,
)
from service.operations import accounts
from service.operations.accounts import FreezeState, SeenAccount, ToldAccount, ToldAddress
from service.operations.clients import Caller
from service.operations.house import House
from service.storage.values import Scope

_ZONES = frozenset(available_timezones())


class VerifiedAddress(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An e-mail address, or a phone number with or without its country code."""

    address: Annotated[str, Meta(min_length=3, max_length=254, examples=["olga@correo.example"])]
    verified_at: Annotated[
        Instant | None,
        Meta(description="When the wallet saw that it is the owner's; null if it never has."),
    ] = None

    def __post_init__(self) -> None:
        if self.verified_at is not None:
            plausible(self.verified_at)


Addresses = Annotated[list[VerifiedAddress], Meta(max_length=10)]


class PutAccount(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole account: addresses that are not named any more count as replaced."""

    first_name: Name
    display_name: FullName
    language: Annotated[
        str,
        Meta(
            max_length=35,
            pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*(?![\s\S])",
            description="BCP 47.",
            examples=["es"],
        ),
    ]
    time_zone: Annotated[
        str,
        Meta(
            max_length=64,
            description="An IANA name.",
            examples=["America/Argentina/Buenos_Aires"],
        ),
    ]
    emails: Addresses = []
    phones: Addresses = []

    def __post_init__(self) -> None:
        if self.time_zone not in _ZONES:
            raise ValueError("The time_zone is not one of the IANA names")

    def told(self, subject: str) -> ToldAccount:
        listed = ((AddressKind.EMAIL, self.emails), (AddressKind.PHONE, self.phones))
        return ToldAccount(
            subject=subject,
            first_name=self.first_name,
            display_name=self.display_name,
            language=self.language,
            time_zone=self.time_zone,
            addresses=tuple(
                ToldAddress(kind=kind, address=one.address, verified_at=one.verified_at)
                for kind, addresses in listed
                for one in addresses
            ),
        )


class MaskedAddress(Struct, frozen=True, kw_only=True):
    address: Annotated[str, Meta(description="Masked.", examples=["o•••@c•••.example"])]
    verified_at: datetime | None
    added_while_frozen: Annotated[
        bool, Meta(description="Came during a freeze: not to be trusted for recovery.")
    ]


class AccountAnswer(Struct, frozen=True, kw_only=True):
    subject: str
    state: AccountState
    version: Version
    language: str
    time_zone: str
    emails: tuple[MaskedAddress, ...]
    phones: tuple[MaskedAddress, ...]
    barred_devices: Annotated[
        tuple[str, ...],
        Meta(description="By your own ids: reported, and not to be trusted for recovery."),
    ]
    created_at: datetime

    @classmethod
    def of(cls, seen: SeenAccount) -> "AccountAnswer":
        account = seen.account

        def masked(kind: AddressKind) -> tuple[MaskedAddress, ...]:
            return tuple(
                MaskedAddress(
                    address=one.masked,
                    verified_at=one.verified_at,
                    added_while_frozen=one.added_while_frozen,
                )
                for one in seen.addresses
                if one.kind is kind
            )

        return cls(
            subject=account.subject,
            state=account.state,
            version=account.version,
            language=account.language,
            time_zone=account.time_zone,
            emails=masked(AddressKind.EMAIL),
            phones=masked(AddressKind.PHONE),
            barred_devices=seen.barred_devices,
            created_at=account.created_at,
        )


class FreezeStateAnswer(Struct, frozen=True, kw_only=True):
    state: AccountState
    version: Version
    sessions_void_before: Annotated[
        datetime | None, Meta(description="When the last freeze ended every session.")
    ]
    display: Display


class Confirmation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The wallet has obeyed the freeze of this version. Sent again, it adds what was done since."""

    version: Version
    done: Annotated[list[Done], Meta(min_length=1, max_length=len(Done))]
    at: Annotated[Instant, Meta(description="By the wallet's clock; pages show when it was told.")]

    def __post_init__(self) -> None:
        plausible(self.at)


class ConfirmationAnswer(Struct, frozen=True, kw_only=True):
    """All that the wallet has said to be done for this version, and what it has not."""

    version: Version
    done: tuple[Done, ...]
    missing: tuple[Done, ...]
    confirmed_at: datetime | None

    @classmethod
    def of(cls, account: Account) -> "ConfirmationAnswer":
        return cls(
            version=account.version,
            done=account.confirmed_done,
            missing=account.not_done,
            confirmed_at=account.freeze_confirmed_at,
        )


@put(
    "/v1/accounts/{subject:str}",
    responses={
        **openapi.problems_at(400, 401, 403, 413, 415, 422, 429),
        HTTP_201_CREATED: ResponseSpec(
            AccountAnswer, generate_examples=False, description="Created"
        ),
    },
    response_description="Updated",
)
async def put_account(
    subject: SubjectInPath,
    data: JSONBody[PutAccount],
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
    caller: NamedDependency[Caller],
) -> Response[AccountAnswer]:
    """Create or update an account under the wallet's own user id.

    Replaced addresses are kept with their dates; what is changed during a freeze never counts
    for its release.
    """
    account = await accounts.put_account(house, wallet, data.told(subject), by=caller.actor)
    answer = AccountAnswer.of(await accounts.see_account(house, wallet, subject))
    is_new = account.row_version == 1
    return Response(answer, status_code=HTTP_201_CREATED if is_new else HTTP_200_OK)


@get("/v1/accounts/{subject:str}", responses=openapi.problems_at(400, 401, 403, 404, 429))
async def see_account(
    subject: SubjectInPath, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> AccountAnswer:
    """State, version, masked addresses."""
    return AccountAnswer.of(await accounts.see_account(house, wallet, subject))


class ClosingAnswer(Struct, frozen=True, kw_only=True):
    """Announced to owner and contacts; a freeze before that instant stops it."""

    closes_at: datetime | None
    reason: ClosingReason | None


@delete(
    "/v1/accounts/{subject:str}",
    status_code=HTTP_202_ACCEPTED,
    responses=openapi.problems_at(400, 401, 403, 404, 409, 429),
    response_description="Announced",
)
async def close_account(
    subject: SubjectInPath,
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
    caller: NamedDependency[Caller],
    reason: Annotated[ClosingReason, QueryParameter(description="Why; the rule is the same.")],
) -> ClosingAnswer:
    """The account closes in 72 hours. Said again, the first instant stands.

    409 `account-frozen`, `ticket-open` or `account-closed`.
    """
    closing = await accounts.close_account(house, wallet, subject, reason=reason, by=caller.actor)
    return ClosingAnswer(closes_at=closing.closes_at, reason=closing.closing_reason)


@get(
    "/v1/accounts/{subject:str}/freeze-state",
    responses={
        **openapi.problems_at(400, 401, 403, 404, 429),
        HTTP_304_NOT_MODIFIED: ResponseSpec(None, description="Still what the ETag names"),
    },
    response_headers=[
        ResponseHeader(
            name="ETag",
            value='"0-active-plain"',
            description="Strong; for If-None-Match",
            documentation_only=True,
        )
    ],
)
async def see_freeze_state(
    subject: SubjectInPath,
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
    if_none_match: Annotated[
        str | None,
        HeaderParameter(name="If-None-Match", description="The ETag of an earlier answer."),
    ] = None,
) -> Response[FreezeStateAnswer]:
    """Whether the account is frozen. Cheap to ask often: with its ETag, 304 until it changes."""
    told = await accounts.freeze_state(house, wallet, subject)
    etag = _etag(told)
    # To be kept, but asked about each time.
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if if_none_match is not None and _names(if_none_match, etag):
        unchanged: Response[Any] = Response(
            None, status_code=HTTP_304_NOT_MODIFIED, headers=headers
        )
        return unchanged
    answer = FreezeStateAnswer(
        state=told.state,
        version=told.version,
        sessions_void_before=told.sessions_void_before,
        display=told.display,
    )
    return Response(answer, headers=headers)


@put(
    "/v1/accounts/{subject:str}/freeze-confirmation",
    responses=openapi.problems_at(400, 401, 403, 404, 409, 413, 415, 429),
)
async def confirm_freeze(
    subject: SubjectInPath,
    data: JSONBody[Confirmation],
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
    caller: NamedDependency[Caller],
) -> ConfirmationAnswer:
    """The wallet says that it has obeyed, and what it has done."""
    account = await accounts.confirm_freeze(
        house, wallet, subject, version=data.version, done=data.done, by=caller.actor
    )
    return ConfirmationAnswer.of(account)


def _etag(told: FreezeState) -> str:
    """All that a change of the answer can come from."""
    return f'"{told.version}-{told.state}-{told.display}"'


def _names(header: str, etag: str) -> bool:
    """Compared weakly, as RFC 9110 wants for If-None-Match (section 13.1.2)."""
    listed = {one.strip().removeprefix("W/") for one in header.split(",")}
    return etag in listed or header.strip() == "*"


ACCOUNTS = Router(
    path="/",
    route_handlers=[put_account, see_account, close_account, see_freeze_state, confirm_freeze],
    guards=[needs(Scope.ACCOUNTS)],
    dependencies={"caller": Provide(the_caller, sync_to_thread=False)},
    request_class=ApiRequest,
    exception_handlers=REFUSALS,
    security=[{openapi.TOKEN: [Scope.ACCOUNTS]}],
    tags=["accounts"],
)
