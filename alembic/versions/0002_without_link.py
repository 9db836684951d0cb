"""Other ways in: challenges without a person, visits by address, reports taken back.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _ways_of_browsers()
    _ways_of_challenges()
    op.create_index("contacts_address_index_idx", "contacts", ["wallet_id", "address_index"])
    op.add_column(
        "loss_reports", sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.create_check_constraint(
        op.f("loss_reports_withdrawn_check"),
        "loss_reports",
        "(status = 'withdrawn') = (withdrawn_at IS NOT NULL)",
    )


def downgrade() -> None:
    raise NotImplementedError("a decoy names nobody, and the first tables have no place for it")


def _ways_of_browsers() -> None:
    _add_way("browser_sessions")
    op.add_column("browser_sessions", sa.Column("address_kind", sa.Text(), nullable=True))
    op.add_column("browser_sessions", sa.Column("address", sa.LargeBinary(), nullable=True))
    op.add_column("browser_sessions", sa.Column("address_index", sa.LargeBinary(), nullable=True))
    op.create_check_constraint(
        op.f("browser_sessions_came_by_check"),
        "browser_sessions",
        "(way = 'address') = (address_index IS NOT NULL)",
    )


def _ways_of_challenges() -> None:
    _add_way("challenges")
    op.alter_column("challenges", "person_id", existing_type=sa.Uuid(), nullable=True)
    op.alter_column("challenges", "contact_id", existing_type=sa.Uuid(), nullable=True)
    op.add_column("challenges", sa.Column("address_index", sa.LargeBinary(), nullable=True))
    op.create_check_constraint(
        op.f("challenges_whose_check"),
        "challenges",
        "(person_id IS NULL) = (contact_id IS NULL)"
        " AND (person_id IS NOT NULL OR address_index IS NOT NULL)",
    )
    op.create_index(
        "challenges_address_index_idx", "challenges", ["address_index", "purpose"], unique=False
    )


def _add_way(table: str) -> None:
    """Whoever came before there were other ways came by a link."""
    op.add_column(table, sa.Column("way", sa.Text(), nullable=False, server_default="link"))
    op.alter_column(table, "way", server_default=None)
    op.create_check_constraint(op.f(f"{table}_way_check"), table, "way IN ('link', 'address')")
