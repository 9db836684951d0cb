"""The columns tables are made of, and where all tables stand together."""

from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    Text,
    Uuid,
)
from sqlalchemy.types import TypeEngine

from notifications.tables import metadata as notifications_metadata

metadata = MetaData(naming_convention=notifications_metadata.naming_convention)

# The library's type says that a key is never missing; these columns may be empty.
_MAYBE_KEY = cast("TypeEngine[UUID | None]", Uuid())
_MAYBE_NUMBER = cast("TypeEngine[int | None]", Integer())


def key() -> Column[UUID]:
    return Column(Uuid, primary_key=True)


def maybe_key() -> Column[UUID | None]:
    return Column(_MAYBE_KEY, nullable=True)


def words() -> Column[str]:
    return Column(Text, nullable=False)


def maybe_words() -> Column[str | None]:
    return Column(Text, nullable=True)


def sealed() -> Column[bytes]:
    return Column(LargeBinary, nullable=False)


def maybe_sealed() -> Column[bytes | None]:
    return Column(LargeBinary, nullable=True)


def instant() -> Column[datetime]:
    return Column(DateTime(timezone=True), nullable=False)


def maybe_instant() -> Column[datetime | None]:
    return Column(DateTime(timezone=True), nullable=True)


def number() -> Column[int]:
    return Column(Integer, nullable=False)


def maybe_number() -> Column[int | None]:
    return Column(_MAYBE_NUMBER, nullable=True)


def row_version() -> Column[int]:
    return Column(Integer, nullable=False)


def to(target: str) -> Column[UUID]:
    return Column(Uuid, ForeignKey(target), nullable=False)


def maybe_to(target: str) -> Column[UUID | None]:
    return Column(_MAYBE_KEY, ForeignKey(target), nullable=True)


def one_of(column: str, *values: str) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)
