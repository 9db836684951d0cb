"""Notes, messages and hand-overs.

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("attempts", sa.Column("way", sa.Text(), nullable=True))
    _notes()
    _messages()


def downgrade() -> None:
    raise NotImplementedError("what agents noted and wrote would be lost")


def _notes() -> None:
    op.create_table(
        "ticket_notes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("wallet_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("said", sa.LargeBinary(), nullable=True),
        sa.Column("noted_by", sa.Uuid(), nullable=True),
        sa.Column("client_id", sa.Uuid(), nullable=True),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("ticket_notes_pkey")),
        sa.CheckConstraint(
            "(noted_by IS NULL) <> (client_id IS NULL)", name=op.f("ticket_notes_by_one_check")
        ),
        *_leads_to(
            "ticket_notes",
            ("wallet_id", "wallets"),
            ("account_id", "accounts"),
            ("ticket_id", "tickets"),
            ("noted_by", "agents"),
            ("client_id", "api_clients"),
        ),
    )
    op.create_index("ticket_notes_ticket_id_idx", "ticket_notes", ["ticket_id"])


def _messages() -> None:
    op.create_table(
        "ticket_messages",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("wallet_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.Column("own_line", sa.LargeBinary(), nullable=True),
        sa.Column("outbox_id", sa.Uuid(), nullable=False),
        sa.Column("written_by", sa.Uuid(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("ticket_messages_pkey")),
        sa.CheckConstraint(
            "contact_id IS NULL OR own_line IS NULL", name=op.f("ticket_messages_own_line_check")
        ),
        *_leads_to(
            "ticket_messages",
            ("wallet_id", "wallets"),
            ("account_id", "accounts"),
            ("ticket_id", "tickets"),
            ("contact_id", "contacts"),
            ("written_by", "agents"),
        ),
    )
    op.create_index("ticket_messages_ticket_id_idx", "ticket_messages", ["ticket_id"])


def _leads_to(table: str, *pairs: tuple[str, str]) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"{table}_{column}_fkey"))
        for column, target in pairs
    ]
