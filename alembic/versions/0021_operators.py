"""How the journal was found when it was checked, and what a wallet's help desk says that it did.

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
# Programs ask what has changed since they asked last: of the ticket itself, and what became of its
# reports. One place for all the statements that change them.
_CHANGED = (
    """CREATE FUNCTION ticket_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.changed_at := resguardo_clock();
  RETURN NEW;
END $$""",
    """CREATE TRIGGER ticket_changed BEFORE UPDATE ON tickets
  FOR EACH ROW EXECUTE FUNCTION ticket_changed()""",
    """CREATE FUNCTION report_decided() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE tickets SET changed_at = resguardo_clock() WHERE id = NEW.ticket_id;
  RETURN NULL;
END $$""",
    """CREATE TRIGGER report_decided AFTER UPDATE OF outcome ON loss_reports
  FOR EACH ROW WHEN (OLD.outcome IS DISTINCT FROM NEW.outcome)
  EXECUTE FUNCTION report_decided()""",
)


def upgrade() -> None:
    op.create_table(
        "journal_checks",
        # Of a wallet, or of the installation itself.
        sa.Column("wallet_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("checked_at", _INSTANT, nullable=False),
        sa.Column("whole_at", _INSTANT, nullable=True),
        sa.Column("broken_at", sa.BigInteger(), nullable=True),
        sa.Column("unexplained", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("wallet_id", name=op.f("journal_checks_pkey")),
    )
    _external_stages()
    op.add_column(
        "tickets",
        sa.Column(
            "changed_at", _INSTANT, server_default=sa.text("resguardo_clock()"), nullable=False
        ),
    )
    for statement in _CHANGED:
        op.execute(statement)
    op.create_index(
        "tickets_changed_idx",
        "tickets",
        ["wallet_id", "changed_at", "id"],
        postgresql_where=sa.text("kind = 'loss'"),
    )
    op.create_index(
        "tickets_open_changed_idx",
        "tickets",
        ["wallet_id", "changed_at", "id"],
        postgresql_where=sa.text("kind = 'loss' AND closed_at IS NULL"),
    )


def downgrade() -> None:
    raise NotImplementedError("what help desks told would be lost")


def _external_stages() -> None:
    op.create_table(
        "external_stages",
        # The ticket's own key: one for each.
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("wallet_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("told_at", _INSTANT, nullable=False),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("external_stages_pkey")),
        sa.CheckConstraint(
            "stage IN ('called-owner', 'owner-informed', 'waiting-for-owner',"
            " 'waiting-for-branch', 'done')",
            name=op.f("external_stages_stage_check"),
        ),
        sa.ForeignKeyConstraint(["id"], ["tickets.id"], name=op.f("external_stages_id_fkey")),
        sa.ForeignKeyConstraint(
            ["wallet_id"], ["wallets.id"], name=op.f("external_stages_wallet_id_fkey")
        ),
        sa.ForeignKeyConstraint(
            ["client_id"], ["api_clients.id"], name=op.f("external_stages_client_id_fkey")
        ),
    )
