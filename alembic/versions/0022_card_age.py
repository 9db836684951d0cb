"""How old a recovery card was that proved something; and a clock for what waits to be kept frozen.

Revision ID: 0022
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

# The code that was used at the very instant of the proof. Where its card has been replaced since,
# its age is not known any more, and it counts for nothing; while frozen no card is replaced.
CARD_MADE_AT = """UPDATE proofs SET card_made_at = codes.made_at
FROM recovery_codes AS codes, tickets
WHERE proofs.kind = 'recovery-card' AND tickets.id = proofs.ticket_id
  AND codes.wallet_id = proofs.wallet_id AND codes.account_id = tickets.account_id
  AND codes.used_at = proofs.performed_at"""
# What was proposed before there was a clock for it waits from now on, as if it were new.
APPROVAL_UNTIL = """WITH waiting AS (
  UPDATE tickets SET approval_until = started.at + interval '15 minutes',
    row_version = row_version + 1
  FROM (SELECT resguardo_clock() AS at) AS started
  WHERE stage = 'proposed' AND closed_at IS NULL
    AND (approval_until IS NULL OR approval_until <= proposed_at)
  RETURNING tickets.id, tickets.wallet_id, started.at, approval_until
)
INSERT INTO clock_events (wallet_id, ticket_id, kind, what, at, until)
SELECT wallet_id, id, 'approval', 'activated', at, approval_until FROM waiting"""


def upgrade() -> None:
    op.add_column("proofs", sa.Column("card_made_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(CARD_MADE_AT)
    op.create_check_constraint(
        op.f("proofs_card_check"), "proofs", "card_made_at IS NULL OR kind = 'recovery-card'"
    )
    op.execute(APPROVAL_UNTIL)


def downgrade() -> None:
    raise NotImplementedError("whether a card counted would not be known any more")
