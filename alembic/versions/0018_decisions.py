"""What two people decide: who was picked, what is kept frozen, what is undone or looked at again.

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_RELEASE = "'owner-safe', 'device-found', 'reported-by-mistake'"
_KEEP = "'identity-not-proved', 'signs-of-fraud', 'owner-not-free', 'waits-for-authority'"
_LEFT_OUT = (
    *("released", "contact-joined", "owner-joined", "other-report", "in-danger"),
    *("being-decided", "removals-pending", "changed-since", "own-ticket"),
)
# Who decides may do so as the row of that agent stands now, whatever the code says: the last word
# on levels is the database's. A row that names nobody is refused by its key.
_MAY_DECIDE = """
CREATE FUNCTION require_who_decides() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.status NOT IN ('approved', 'rejected') THEN
    RETURN NULL;
  END IF;
  IF EXISTS (
    SELECT 1 FROM agents a
    WHERE a.id = NEW.decided_by
      AND NOT (a.ended_at IS NULL
        AND NEW.wallet_id = ANY (a.wallets)
        AND (a.role = 'officer' OR (a.role = 'agent' AND a.level >= 3))
        AND a.can_approve_from <= NEW.decided_at)
  ) THEN
    RAISE EXCEPTION 'this agent may not decide'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'proposals_may_decide_check';
  END IF;
  RETURN NULL;
END
$$
"""


def upgrade() -> None:
    _proposals()
    _client_mistakes()
    _release_reviews()


def downgrade() -> None:
    raise NotImplementedError("who decided what would be lost")


def _proposals() -> None:
    for column in (
        sa.Column("kind", sa.Text(), server_default="release", nullable=False),
        sa.Column("to_bring", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("approver_id", sa.Uuid(), nullable=True),
        sa.Column("picked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answers_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("passed_over", postgresql.ARRAY(sa.Uuid()), server_default="{}", nullable=False),
        sa.Column("reject_reason", sa.Text(), nullable=True),
        sa.Column("reject_words", sa.LargeBinary(), nullable=True),
    ):
        op.add_column("proposals", column)
    op.create_foreign_key(
        op.f("proposals_approver_id_fkey"), "proposals", "agents", ["approver_id"], ["id"]
    )
    for name, rule in (
        ("kind", "kind IN ('release', 'keep-frozen')"),
        (
            "reason",
            (
                f"(kind = 'release' AND reason IN ({_RELEASE}))"
                f" OR (kind = 'keep-frozen' AND reason IN ({_KEEP}))"
            ),
        ),
        (
            "picked",
            "(approver_id IS NULL) = (answers_until IS NULL) AND approver_id <> proposed_by",
        ),
        ("turn", "status <> 'approved' OR approver_id IS NULL OR approver_id = decided_by"),
    ):
        op.create_check_constraint(op.f(f"proposals_{name}_check"), "proposals", rule)
    op.create_index(
        "proposals_picked_idx",
        "proposals",
        ["wallet_id"],
        postgresql_where=sa.text("status = 'pending' AND approver_id IS NOT NULL"),
    )
    op.execute(_MAY_DECIDE)
    op.execute(
        "CREATE TRIGGER who_decides AFTER INSERT OR UPDATE ON proposals"
        " FOR EACH ROW EXECUTE FUNCTION require_who_decides()"
    )


def _client_mistakes() -> None:
    op.create_table(
        "client_mistakes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("wallet_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proposed_by", sa.Uuid(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("client_mistakes_pkey")),
        sa.CheckConstraint(
            "reason IN ('mistake', 'key-stolen')", name=op.f("client_mistakes_reason_check")
        ),
        sa.CheckConstraint(
            "status IN ('proposed', 'approved', 'rejected', 'done')",
            name=op.f("client_mistakes_status_check"),
        ),
        sa.CheckConstraint(
            "status NOT IN ('approved', 'done')"
            " OR (decided_by IS NOT NULL AND decided_by <> proposed_by)",
            name=op.f("client_mistakes_two_people_check"),
        ),
        *_keys(
            "client_mistakes",
            ("wallet_id", "wallets"),
            ("client_id", "api_clients"),
            ("proposed_by", "agents"),
            ("decided_by", "agents"),
        ),
    )
    op.create_index(
        "client_mistakes_wallet_id_idx", "client_mistakes", ["wallet_id", "proposed_at"]
    )
    op.create_table(
        "mistaken_freezes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("wallet_id", sa.Uuid(), nullable=False),
        sa.Column("mistake_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("left_out", sa.Text(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("mistaken_freezes_pkey")),
        sa.CheckConstraint(
            "left_out IN ({})".format(", ".join(f"'{one}'" for one in _LEFT_OUT)),
            name=op.f("mistaken_freezes_left_out_check"),
        ),
        sa.UniqueConstraint(
            "mistake_id", "account_id", name=op.f("mistaken_freezes_mistake_id_account_id_key")
        ),
        *_keys(
            "mistaken_freezes",
            ("wallet_id", "wallets"),
            ("mistake_id", "client_mistakes"),
            ("account_id", "accounts"),
            ("ticket_id", "tickets"),
        ),
    )
    # What one client froze in a window is asked for by nothing else.
    op.create_index(
        "wallet_reports_client_id_idx", "wallet_reports", ["wallet_id", "client_id", "filed_at"]
    )


def _release_reviews() -> None:
    op.create_table(
        "release_reviews",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("wallet_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("ticket_id", sa.Uuid(), nullable=False),
        sa.Column("involved", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finding", sa.Text(), nullable=True),
        sa.Column("words", sa.LargeBinary(), nullable=True),
        sa.Column("reviewed_by", sa.Uuid(), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("row_version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("release_reviews_pkey")),
        sa.CheckConstraint(
            "finding IN ('in-order', 'not-in-order')", name=op.f("release_reviews_finding_check")
        ),
        sa.CheckConstraint(
            "(finding IS NULL) = (reviewed_by IS NULL)", name=op.f("release_reviews_reviewed_check")
        ),
        sa.CheckConstraint(
            "reviewed_by IS NULL OR reviewed_by <> ALL (involved)",
            name=op.f("release_reviews_uninvolved_check"),
        ),
        sa.UniqueConstraint("ticket_id", name=op.f("release_reviews_ticket_id_key")),
        *_keys(
            "release_reviews",
            ("wallet_id", "wallets"),
            ("account_id", "accounts"),
            ("ticket_id", "tickets"),
            ("reviewed_by", "agents"),
        ),
    )
    op.create_index("release_reviews_wallet_id_idx", "release_reviews", ["wallet_id", "drawn_at"])


def _keys(name: str, *pairs: tuple[str, str]) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"{name}_{column}_fkey"))
        for column, table in pairs
    ]
