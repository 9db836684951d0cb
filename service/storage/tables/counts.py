"""How often something was tried."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, Index, LargeBinary, Named, Table, Text, TypedColumns, Uuid

from service.storage.tables.columns import instant, metadata


class limits_columns(TypedColumns):
    # All zeros for what belongs to no wallet, so no foreign key.
    wallet_id: Named[UUID] = Column(Uuid, primary_key=True)
    name: Named[str] = Column(Text, primary_key=True)
    # A keyed hash of whom or what is counted.
    subject: Named[bytes] = Column(LargeBinary, primary_key=True)
    # The theoretical arrival time (domain/limits.py); a row whose time has come says nothing.
    arrival: Named[datetime] = instant()


limits = Table(
    "limits",
    metadata,
    limits_columns,
    Index("limits_arrival_idx", "arrival"),
)
