"""The wallets' own programs: who may call, with which token, and what was answered already."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, Column, Index, LargeBinary, Named, Table, Text, TypedColumns, Uuid

from service.storage.tables.columns import (
    instant,
    key,
    maybe_instant,
    metadata,
    row_version,
    sealed,
    to,
)


class api_clients_columns(TypedColumns):
    id: Named[UUID] = key()
    wallet_id: Named[UUID] = to("wallets.id")
    client_id: Named[str] = Column(Text, nullable=False, unique=True)
    secret_sha256: Named[bytes] = sealed()
    scopes: Named[list[str]] = Column(ARRAY(Text), nullable=False)
    created_at: Named[datetime] = instant()
    ended_at: Named[datetime | None] = maybe_instant()
    row_version: Named[int] = row_version()


api_clients = Table("api_clients", metadata, api_clients_columns)


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
