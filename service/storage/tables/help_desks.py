"""What a wallet's own help desk says of a ticket."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, ForeignKey, Named, Table, TypedColumns, Uuid

from service.storage.tables.columns import instant, metadata, one_of, row_version, to, words


class external_stages_columns(TypedColumns):
    """One for each ticket, under its key: what was told last."""

    id: Named[UUID] = Column(Uuid, ForeignKey("tickets.id"), primary_key=True)
    wallet_id: Named[UUID] = to("wallets.id")
    client_id: Named[UUID] = to("api_clients.id")
    stage: Named[str] = words()
    told_at: Named[datetime] = instant()
    row_version: Named[int] = row_version()


external_stages = Table(
    "external_stages",
    metadata,
    external_stages_columns,
    one_of(
        "stage",
        "called-owner",
        "owner-informed",
        "waiting-for-owner",
        "waiting-for-branch",
        "done",
    ),
)
