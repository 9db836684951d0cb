"""The wallets' own programs: who may call, with which token, and what was answered already."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    Named,
    Table,
    Text,
    TypedColumns,
    Uuid,
)

from service.storage.tables.columns import (
    instant,
    key,
    maybe_instant,
    maybe_number,
    maybe_sealed,
    metadata,
    row_version,
    sealed,
    to,
    words,
)


class api_clients_columns(TypedColumns):
    id: Named[UUID] = key()
    wallet_id: Named[UUID] = to("wallets.id")
    client_id: Named[str] = Column(Text, nullable=False, unique=True)
    # None for a client that signs with keys.
    secret_sha256: Named[bytes | None] = maybe_sealed()
    # The secret before it, good until its end.
    earlier_secret_sha256: Named[bytes | None] = maybe_sealed()
    earlier_secret_until: Named[datetime | None] = maybe_instant()
    scopes: Named[list[str]] = Column(ARRAY(Text), nullable=False)
    created_at: Named[datetime] = instant()
    ended_at: Named[datetime | None] = maybe_instant()
    # No session is told to live longer than this from the answer on.
    exp_cap_seconds: Named[int | None] = maybe_number()
    # To the minute.
    last_token_at: Named[datetime | None] = maybe_instant()
    row_version: Named[int] = row_version()


api_clients = Table(
    "api_clients",
    metadata,
    api_clients_columns,
    CheckConstraint(
        "(earlier_secret_sha256 IS NULL) = (earlier_secret_until IS NULL)", name="earlier_secret"
    ),
    CheckConstraint("exp_cap_seconds > 0", name="exp_cap"),
)


class client_keys_columns(TypedColumns):
    """Public keys; several at once, so that changing them leaves no gap."""

    wallet_id: Named[UUID] = Column(Uuid, ForeignKey("wallets.id"), primary_key=True)
    client_id: Named[UUID] = Column(Uuid, ForeignKey("api_clients.id"), primary_key=True)
    kid: Named[str] = Column(Text, primary_key=True)
    jwk: Named[str] = words()
    added_at: Named[datetime] = instant()


client_keys = Table("client_keys", metadata, client_keys_columns)


class used_assertions_columns(TypedColumns):
    """What was signed and shown once; kept until it would be refused for its age."""

    wallet_id: Named[UUID] = Column(Uuid, ForeignKey("wallets.id"), primary_key=True)
    client_id: Named[UUID] = Column(Uuid, ForeignKey("api_clients.id"), primary_key=True)
    jti_sha256: Named[bytes] = Column(LargeBinary, primary_key=True)
    expires_at: Named[datetime] = instant()


used_assertions = Table(
    "used_assertions",
    metadata,
    used_assertions_columns,
    Index("used_assertions_expires_at_idx", "expires_at"),
)


class access_tokens_columns(TypedColumns):
    token_sha256: Named[bytes] = Column(LargeBinary, primary_key=True)
    wallet_id: Named[UUID] = to("wallets.id")
    client_id: Named[UUID] = to("api_clients.id")
    scopes: Named[list[str]] = Column(ARRAY(Text), nullable=False)
    expires_at: Named[datetime] = instant()


access_tokens = Table(
    "access_tokens",
    metadata,
    access_tokens_columns,
    Index("access_tokens_expires_at_idx", "expires_at"),
)


class idempotency_keys_columns(TypedColumns):
    wallet_id: Named[UUID] = Column(Uuid, primary_key=True)
    caller: Named[str] = Column(Text, primary_key=True)
    route: Named[str] = Column(Text, primary_key=True)
    key: Named[str] = Column(Text, primary_key=True)
    body_sha256: Named[bytes] = sealed()
    answer: Named[bytes] = sealed()
    created_at: Named[datetime] = instant()


idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    idempotency_keys_columns,
    Index("idempotency_keys_created_at_idx", "created_at"),
)
