"""Values of the service that the domain's rules do not need: their fields are their columns."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from domain.accounts import AddressKind
from domain.ids import (
    AccountId,
    AddressId,
    AgentAddressId,
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
    SignalId,
    StreamId,
    WalletId,
)
from domain.reports import Way


class Scope(StrEnum):
    """What a wallet's backend may do. No scope releases."""

    ACCOUNTS = "accounts"
    SESSIONS = "sessions"
    INTROSPECT = "introspect"
    FREEZE = "freeze"
    PROOFS = "proofs"
    WEBHOOKS = "webhooks"
    TICKETS = "tickets"
    # Shared Signals: streams are made and changed; read, and polled.
    SSF_MANAGE = "ssf.manage"
    SSF_READ = "ssf.read"


class ApiClient(Struct, frozen=True, kw_only=True):
    id: ClientId
    wallet_id: WalletId
    client_id: str
    # None for a client that signs with keys.
    secret_sha256: bytes | None
    # The secret before it, good until its end.
    earlier_secret_sha256: bytes | None = None
    earlier_secret_until: datetime | None = None
    scopes: tuple[Scope, ...]
    created_at: datetime
    ended_at: datetime | None = None
    # No session is told to live longer than this from the answer on.
    exp_cap_seconds: int | None = None
    # To the minute.
    last_token_at: datetime | None = None
    row_version: int = 1


class ClientKey(Struct, frozen=True, kw_only=True):
    """A public key that a client signs its assertions with."""

    wallet_id: WalletId
    client_id: ClientId
    kid: str
    jwk: str
    added_at: datetime


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


class StreamKind(StrEnum):
    """How a wallet's program hears: it is sent signed tokens, asks for them, or is sent JSON."""

    PUSH = "push"
    POLL = "poll"
    WEBHOOK = "webhook"


class StreamStatus(StrEnum):
    ENABLED = "enabled"
    # What happens is kept for it, and told once it is enabled again.
    PAUSED = "paused"
    # What happens is not kept for it.
    DISABLED = "disabled"


class Stream(Struct, frozen=True, kw_only=True):
    """One receiver of one client."""

    id: StreamId
    wallet_id: WalletId
    client_id: ClientId
    kind: StreamKind
    status: StreamStatus = StreamStatus.ENABLED
    status_reason: str | None = None
    url: str | None = None
    # Sealed under the wallet's key, as the secrets are.
    authorization: bytes | None = None
    secret: bytes | None = None
    secret_before: bytes | None = None
    secret_before_until: datetime | None = None
    events: tuple[str, ...]
    events_requested: tuple[str, ...] = ()
    audience: tuple[str, ...] = ()
    algorithm: str = "RS256"
    subjects: str = "all"
    description: str | None = None
    verified_at: datetime | None = None
    created_at: datetime
    ended_at: datetime | None = None
    failing_since: datetime | None = None
    failures: int = 0
    rests_until: datetime | None = None
    row_version: int = 1


class StreamSubject(Struct, frozen=True, kw_only=True):
    stream_id: StreamId
    account_id: AccountId
    wallet_id: WalletId
    added: bool
    at: datetime


class SignalState(StrEnum):
    DUE = "due"
    SENT = "sent"
    # Tried for days: a person decides.
    PARKED = "parked"
    # The receiver will not take it, however often it is sent.
    REFUSED = "refused"
    # Its receiver is gone.
    POINTLESS = "pointless"


class Signal(Struct, frozen=True, kw_only=True):
    """One fact to be told to one receiver."""

    id: SignalId
    wallet_id: WalletId
    stream_id: StreamId
    account_id: AccountId | None
    outbox_id: UUID | None = None
    event: str
    body: str
    type: str
    position: int
    state: SignalState
    attempts: int
    due_at: datetime
    queued_at: datetime
    sent_at: datetime | None = None
    token: str | None = None
    last_error: str | None = None
    status_code: int | None = None


class AgentAddress(Struct, frozen=True, kw_only=True):
    """One of an agent's own addresses as a wallet would find it: never read, only compared."""

    id: AgentAddressId
    agent_id: AgentId
    wallet_id: WalletId
    address_index: bytes
    added_at: datetime


class PasskeyPurpose(StrEnum):
    """What an authenticator is asked to sign for."""

    SIGN_IN = "sign-in"
    PROVE_AGAIN = "prove-again"
    REGISTER = "register"


class PasskeyChallenge(Struct, frozen=True, kw_only=True):
    """Random bytes for an authenticator to sign; used by whoever deletes the row."""

    id: UUID
    challenge_sha256: bytes
    purpose: PasskeyPurpose
    # Of the browser that asked: nobody answers it from another.
    browser_sha256: bytes
    # None at the door: who it is, the answer says.
    agent_id: AgentId | None
    expires_at: datetime
