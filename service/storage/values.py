"""Values of the service that the domain's rules do not need: their fields are their columns."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from domain.accounts import AddressKind
from domain.ids import (
    AccountId,
    AddressId,
    AgentId,
    AuthenticatorId,
    BrowserSessionId,
    ClientId,
    ContactId,
    DrillId,
    KeyId,
    PageLinkId,
    PersonId,
    ReportId,
    SessionId,
    WalletId,
)
from domain.reports import Way


class Scope(StrEnum):
    """What a wallet's backend may do. No scope releases."""

    ACCOUNTS = "accounts"
    SESSIONS = "sessions"
    INTROSPECT = "introspect"


class ApiClient(Struct, frozen=True, kw_only=True):
    id: ClientId
    wallet_id: WalletId
    client_id: str
    secret_sha256: bytes
    scopes: tuple[Scope, ...]
    created_at: datetime
    ended_at: datetime | None = None
    row_version: int = 1


class AccessToken(Struct, frozen=True, kw_only=True):
    token_sha256: bytes
    wallet_id: WalletId
    client_id: ClientId
    scopes: tuple[Scope, ...]
    expires_at: datetime


class IdempotencyKey(Struct, frozen=True, kw_only=True):
    """The answer a request had; its repetition gets the same."""

    wallet_id: WalletId
    caller: str
    route: str
    key: str
    body_sha256: bytes
    answer: bytes
    created_at: datetime


class Person(Struct, frozen=True, kw_only=True):
    """One human as one wallet knows them; the holder of the addresses they proved."""

    id: PersonId
    wallet_id: WalletId
    data_key_id: KeyId | None
    language: str
    created_at: datetime
    row_version: int = 1


class PersonAddress(Struct, frozen=True, kw_only=True):
    id: AddressId
    wallet_id: WalletId
    person_id: PersonId
    kind: AddressKind
    address: bytes
    address_index: bytes
    proved_at: datetime
    # A second address stands beside the one under which its holder was named.
    beside_id: AddressId | None = None
    # From when a second address takes reports back.
    withdraws_from: datetime | None = None
    row_version: int = 1


class NewAddress(Struct, frozen=True, kw_only=True):
    """Typed by a contact in their own space, and not proved yet."""

    id: AddressId
    wallet_id: WalletId
    person_id: PersonId
    browser_session_id: BrowserSessionId
    kind: AddressKind
    address: bytes
    address_index: bytes
    asked_at: datetime
    row_version: int = 1


class Authenticator(Struct, frozen=True, kw_only=True):
    """A contact's app of one-time codes; counts once a code of it was typed."""

    id: AuthenticatorId
    wallet_id: WalletId
    person_id: PersonId
    # Sealed under the person's key.
    secret: bytes
    begun_at: datetime
    confirmed_at: datetime | None = None
    # The last accepted time step: its code, and those before it, are worth nothing any more.
    last_step: int = 0
    row_version: int = 1


class LinkPurpose(StrEnum):
    VIEW = "view"
    MANAGE = "manage"
    # Also while frozen: opens the page to dispute, and nothing else.
    DISPUTE = "dispute"


class PageLink(Struct, frozen=True, kw_only=True):
    """The wallet app's way into the owner's pages: 60 seconds, once."""

    id: PageLinkId
    wallet_id: WalletId
    account_id: AccountId
    once_sha256: bytes
    purpose: LinkPurpose
    epoch: int
    # The sign-in it was made on was recent and strong: without it the pages only show.
    may_manage: bool
    # None for a dispute while frozen: no session lives then.
    session_id: SessionId | None
    # For a dispute: the sign-in that the wallet vouched for.
    signed_in_at: datetime | None = None
    acr: str | None = None
    expires_at: datetime
    used_at: datetime | None = None
    row_version: int = 1


class BrowserKind(StrEnum):
    OWNER = "owner"
    CONTACT = "contact"
    AGENT = "agent"


class BrowserSession(Struct, frozen=True, kw_only=True):
    """What one browser may do, for a while. Its cookie's SHA-256 is all that is stored of it."""

    id: BrowserSessionId
    wallet_id: WalletId | None
    kind: BrowserKind
    token_sha256: bytes
    # For contacts: what the link was opened for. For owners: what the page link allows.
    purpose: str
    account_id: AccountId | None = None
    contact_id: ContactId | None = None
    agent_id: AgentId | None = None
    epoch: int | None = None
    may_manage: bool = False
    # Which channel the spent code came by; None until a code was spent.
    verified_by: str | None = None
    verified_at: datetime | None = None
    # The second address, if the code went there.
    verified_address_id: AddressId | None = None
    draft: bytes | None = None
    # The report this browser filed: whose receipt it may read.
    report_id: ReportId | None = None
    # The rehearsal this browser goes through.
    drill_id: DrillId | None = None
    # Of an owner who came to dispute: when and how the wallet had authenticated them.
    signed_in_at: datetime | None = None
    acr: str | None = None
    # How a contact came in. Without a link: the address they typed, and its look-up value.
    way: Way = Way.LINK
    address_kind: AddressKind | None = None
    address: bytes | None = None
    address_index: bytes | None = None
    began_at: datetime
    seen_at: datetime
    expires_at: datetime
    row_version: int = 1
