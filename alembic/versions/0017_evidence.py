"""Codes that owners enter, lines that carriers replaced, and the checklist.

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # An address is forgotten before the proof that it gave.
    op.add_column("proofs", sa.Column("address_id", sa.Uuid(), nullable=True))
    _owner_codes()
    _checks()


def downgrade() -> None:
    raise NotImplementedError("what was looked at before releases would be lost")


def _owner_codes() -> None:
    op.create_table(
        "owner_codes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("wallet_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("address_id", sa.Uuid(), nullable=False),
        sa.Column("key_index", sa.LargeBinary(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("code_hmac", sa.LargeBinary(), nullable=False),
        sa.Column("browser", sa.LargeBinary(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("owner_codes_pkey")),
        *_to("owner_codes", wallet_id="wallets", account_id="accounts", ticket_id="tickets"),
        *_to("owner_codes", asked_by="agents"),
        sa.CheckConstraint("attempts BETWEEN 0 AND 5", name=op.f("owner_codes_guesses_check")),
    )
    op.create_index(
        "owner_codes_key_index_key", "owner_codes", ["wallet_id", "key_index"], unique=True
    )
    op.create_index("owner_codes_ticket_id_idx", "owner_codes", ["ticket_id"])


def _checks() -> None:
    op.create_table(
        "checks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("wallet_id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("about", sa.Uuid(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_by", sa.Uuid(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("checks_pkey")),
        *_to("checks", wallet_id="wallets", ticket_id="tickets", answered_by="agents"),
        sa.CheckConstraint(
            "kind IN ('changes', 'tries', 'device')", name=op.f("checks_kind_check")
        ),
        sa.CheckConstraint(
            "answer IN ('reviewed', 'in-hand', 'not-back')", name=op.f("checks_answer_check")
        ),
        sa.CheckConstraint(
            "(kind = 'device') = (answer <> 'reviewed')", name=op.f("checks_answers_check")
        ),
    )
    op.create_index(
        "checks_ticket_id_kind_about_key", "checks", ["ticket_id", "kind", "about"], unique=True
    )


def _to(table: str, **columns: str) -> tuple[sa.ForeignKeyConstraint, ...]:
    return tuple(
        sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"{table}_{column}_fkey"))
        for column, other in columns.items()
    )
