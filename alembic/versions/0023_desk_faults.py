"""Where a decision's time stood before a pause; and closed tickets found by kind.

Revision ID: 0023
Revises: 0022
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

# Of what waits just now: as it was written down when the pause began. Where nothing was written,
# the pause did not move it.
BEFORE_PAUSE = """UPDATE tickets SET row_version = row_version + 1,
  decision_before_pause = COALESCE((
    SELECT events.until_before FROM clock_events AS events
    WHERE events.wallet_id = tickets.wallet_id AND events.ticket_id = tickets.id
      AND events.kind = 'decision' AND events.what = 'paused' AND events.at = tickets.paused_at
    ORDER BY events.number DESC LIMIT 1
  ), decision_until)
WHERE closed_at IS NULL AND paused_until > resguardo_clock() AND kept_frozen_at IS NULL"""


def upgrade() -> None:
    op.add_column(
        "tickets",
        sa.Column("decision_before_pause", sa.DateTime(timezone=True), nullable=True),
    )
    op.execute(BEFORE_PAUSE)
    op.drop_index("tickets_closed_idx", table_name="tickets")
    op.create_index(
        "tickets_closed_idx",
        "tickets",
        ["wallet_id", "kind", sa.text("closed_at DESC"), "id"],
        postgresql_where=sa.text("closed_at IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("tickets_closed_idx", table_name="tickets")
    op.create_index(
        "tickets_closed_idx",
        "tickets",
        ["wallet_id", sa.text("closed_at DESC"), "id"],
        postgresql_where=sa.text("closed_at IS NOT NULL"),
    )
    op.drop_column("tickets", "decision_before_pause")
