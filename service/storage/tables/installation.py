"""What the installation serves and what it seals with: wallets and their keys."""

from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, Column, Named, Table, Text, TypedColumns
from sqlalchemy.dialects.postgresql import JSONB

from service.storage.tables.columns import (
    key,
    maybe_words,
    metadata,
    row_version,
    sealed,
    to,
    words,
)


class data_keys_columns(TypedColumns):
    id: Named[UUID] = key()
    master_key: Named[str] = words()
    wrapped: Named[bytes] = sealed()


data_keys = Table("data_keys", metadata, data_keys_columns)


class wallets_columns(TypedColumns):
    id: Named[UUID] = key()
    origin: Named[str] = Column(Text, nullable=False, unique=True)
    name: Named[str] = words()
    short_name: Named[str] = words()
    colour: Named[str] = words()
    languages: Named[list[str]] = Column(ARRAY(Text), nullable=False)
    time_zone: Named[str] = words()
    country: Named[str] = words()
    dialling_codes: Named[list[str]] = Column(ARRAY(Text), nullable=False)
    support_number: Named[str] = words()
    support_hours: Named[str] = words()
    text_channel: Named[str | None] = maybe_words()
    emergency_number: Named[str] = words()
    email_from: Named[str] = words()
    strong_acr: Named[list[str]] = Column(ARRAY(Text), nullable=False)
    issuer: Named[str | None] = maybe_words()
    audience: Named[str | None] = maybe_words()
    token_algorithms: Named[list[str]] = Column(ARRAY(Text), nullable=False)
    token_types: Named[list[str]] = Column(ARRAY(Text), nullable=False)
    data_key_id: Named[UUID] = to("data_keys.id")
    policy: Named[Any] = Column(JSONB, nullable=False)
    row_version: Named[int] = row_version()


wallets = Table(
    "wallets",
    metadata,
    wallets_columns,
    CheckConstraint("(issuer IS NULL) = (audience IS NULL)", name="issuer_and_audience"),
)
