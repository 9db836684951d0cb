"""Disputes, outcomes and what follows from them, drills, and owners who do not feel safe.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _tickets()
    _reports()
    _agents()
    _disputes()
    _attempts()
    _verdicts()
    _false_reports()
    _drills()
    _safety_notes()
    _visits()


def downgrade() -> None:
    raise NotImplementedError("disputes and outcomes would be lost")


def _instant(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _no(table: str, column: str) -> None:
    """What was stored before this question was asked says no."""
    op.add_column(table, sa.Column(column, sa.Boolean(), nullable=False, server_default="false"))
    op.alter_column(table, column, server_default=None)


def _again(table: str, name: str, condition: str) -> None:
    op.drop_constraint(op.f(name), table, type_="check")
    op.create_check_constraint(op.f(name), table, condition)


def _tickets() -> None:
    op.add_column("tickets", sa.Column("closed_reason", sa.Text(), nullable=True))
    _again(
        "tickets",
        "tickets_stage_check",
        "stage IN ('opened', 'owner-reached', 'proved', 'proposed', 'released', 'closed')",
    )
    _again(
        "tickets",
        "tickets_closed_check",
        "(stage IN ('released', 'closed')) = (closed_at IS NOT NULL)",
    )
    op.create_check_constraint(
        op.f("tickets_laid_aside_check"),
        "tickets",
        "stage <> 'closed' OR kind <> 'loss' OR (unconfirmed AND closed_reason IS NOT NULL)",
    )


def _reports() -> None:
    _no("loss_reports", "unconfirmed")
    op.add_column("loss_reports", sa.Column("outcome", sa.Text(), nullable=True))
    op.add_column("loss_reports", _instant("answer_until", nullable=True))
    op.add_column("loss_reports", _instant("heard_at", nullable=True))
    op.create_check_constraint(
        op.f("loss_reports_outcome_check"),
        "loss_reports",
        "outcome IN ('real', 'found', 'mistake', 'false')",
    )
    # Taking a report back does not keep it from being judged.
    _again(
        "loss_reports",
        "loss_reports_withdrawn_check",
        "(status = 'withdrawn') = (withdrawn_at IS NOT NULL) OR status = 'decided'",
    )
    op.create_check_constraint(
        op.f("loss_reports_decided_check"),
        "loss_reports",
        "(status = 'decided') = (decided_at IS NOT NULL AND outcome IS NOT NULL)",
    )


def _agents() -> None:
    _no("agents", "trained_for_safety")


def _disputes() -> None:
    op.create_table(
        "disputes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("wallet_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        _instant("signed_in_at"),
        sa.Column("acr", sa.Text(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("without_effect", sa.Boolean(), nullable=False),
        _instant("disputed_at"),
        sa.Column("row_version", sa.Integer(), nullable=False),
        *_keys("disputes", wallet_id="wallets", account_id="accounts", ticket_id="tickets"),
    )
    op.create_index("disputes_ticket_id_idx", "disputes", ["ticket_id"])


def _attempts() -> None:
    op.create_table(
        "attempts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("wallet_id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("tried_by", sa.Uuid(), nullable=False),
        _instant("tried_at"),
        sa.Column("row_version", sa.Integer(), nullable=False),
        *_keys("attempts", wallet_id="wallets", ticket_id="tickets", tried_by="agents"),
    )
    op.create_index("attempts_ticket_id_idx", "attempts", ["ticket_id"])


def _verdicts() -> None:
    op.create_table(
        "verdicts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("wallet_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("proposed_by", sa.Uuid(), nullable=False),
        _instant("proposed_at"),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        _instant("decided_at", nullable=True),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "status IN ('pending', 'confirmed', 'rejected')", name=op.f("verdicts_status_check")
        ),
        sa.CheckConstraint(
            "decided_by IS NULL OR decided_by <> proposed_by",
            name=op.f("verdicts_two_people_check"),
        ),
        sa.CheckConstraint(
            "(status = 'pending') = (decided_by IS NULL)", name=op.f("verdicts_decided_by_check")
        ),
        *_keys(
            "verdicts",
            wallet_id="wallets",
            account_id="accounts",
            ticket_id="tickets",
            report_id="loss_reports",
            proposed_by="agents",
            decided_by="agents",
        ),
    )
    op.create_index("verdicts_ticket_id_idx", "verdicts", ["ticket_id"])
    op.create_index(
        "verdicts_one_pending_key",
        "verdicts",
        ["report_id"],
        unique=True,
        postgresql_where=sa.text("status = 'pending'"),
    )


def _false_reports() -> None:
    op.create_table(
        "false_reports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("wallet_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("address_index", sa.LargeBinary(), nullable=False),
        _instant("decided_at"),
        sa.Column("row_version", sa.Integer(), nullable=False),
        *_keys("false_reports", wallet_id="wallets", account_id="accounts"),
    )
    op.create_index(
        "false_reports_address_index_idx", "false_reports", ["account_id", "address_index"]
    )


def _drills() -> None:
    op.create_table(
        "drills",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("wallet_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("link_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        _instant("begun_at"),
        _instant("until"),
        _instant("done_at", nullable=True),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.CheckConstraint("status IN ('begun', 'done')", name=op.f("drills_status_check")),
        sa.CheckConstraint(
            "(status = 'done') = (done_at IS NOT NULL AND reference IS NOT NULL)",
            name=op.f("drills_done_check"),
        ),
        sa.CheckConstraint("reference LIKE 'TEST-%'", name=op.f("drills_marked_check")),
        *_keys("drills", wallet_id="wallets", account_id="accounts", contact_id="contacts"),
        sa.UniqueConstraint("link_sha256", name=op.f("drills_link_sha256_key")),
        sa.UniqueConstraint("wallet_id", "reference", name=op.f("drills_wallet_id_reference_key")),
    )
    op.create_index("drills_account_id_idx", "drills", ["account_id", "begun_at"])


def _safety_notes() -> None:
    op.create_table(
        "safety_notes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("wallet_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("said", sa.LargeBinary(), nullable=False),
        sa.Column("noted_by", sa.Uuid(), nullable=True),
        _instant("noted_at"),
        sa.Column("row_version", sa.Integer(), nullable=False),
        *_keys(
            "safety_notes",
            wallet_id="wallets",
            account_id="accounts",
            ticket_id="tickets",
            noted_by="agents",
        ),
    )
    op.create_index("safety_notes_ticket_id_idx", "safety_notes", ["ticket_id"])


def _visits() -> None:
    """Who comes to dispute, and who rehearses."""
    for table in ("page_links", "browser_sessions"):
        op.add_column(table, _instant("signed_in_at", nullable=True))
        op.add_column(table, sa.Column("acr", sa.Text(), nullable=True))
    op.alter_column("page_links", "session_id", existing_type=sa.Uuid(), nullable=True)
    op.create_check_constraint(
        op.f("page_links_in_a_session_check"),
        "page_links",
        "purpose = 'dispute' OR session_id IS NOT NULL",
    )
    op.add_column("browser_sessions", sa.Column("drill_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("browser_sessions_drill_id_fkey"), "browser_sessions", "drills", ["drill_id"], ["id"]
    )


def _keys(
    table: str, **columns: str
) -> tuple[sa.PrimaryKeyConstraint | sa.ForeignKeyConstraint, ...]:
    return (
        sa.PrimaryKeyConstraint("id", name=op.f(f"{table}_pkey")),
        *(
            sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"{table}_{column}_fkey"))
            for column, to in columns.items()
        ),
    )
