"""Disputes with what we answer to them, and refunds that come back.

Revision: 7d41c0a95e38
Follows: 5f0deb75a001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "7d41c0a95e38"
down_revision = "5f0deb75a001"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "dispute",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("gateway", sa.String(40), nullable=False),
        sa.Column("reference", sa.String(120), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("inquiry", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(60), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("fee", sa.BigInteger(), nullable=False),
        sa.Column("fee_currency", sa.String(3), nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.Column("rounds", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminded", sa.Integer(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_dispute_amount")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_dispute_order_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_dispute_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispute")),
        sa.UniqueConstraint("gateway", "reference", name=op.f("uq_dispute_gateway_reference")),
    )
    op.create_index("ix_dispute_payment_id", "dispute", ["payment_id"])
    op.create_index("ix_dispute_order_id", "dispute", ["order_id"])
    op.create_index("ix_dispute_opened_at_id", "dispute", ["opened_at", "id"])
    op.create_index("ix_dispute_due_at_id", "dispute", ["due_at", "id"])
    op.create_index("ix_dispute_updated_at_id", "dispute", ["updated_at", "id"])
    op.create_index("ix_dispute_state_due_at", "dispute", ["state", "due_at"])
    op.create_table(
        "dispute_action",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("dispute_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("outcome", sa.String(40), nullable=False),
        sa.Column("texts", JSON, nullable=False),
        sa.Column("documents", JSON, nullable=False),
        sa.Column("error", sa.String(500), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.String(200), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["dispute_id"], ["dispute.id"], name=op.f("fk_dispute_action_dispute_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispute_action")),
    )
    op.create_index("ix_dispute_action_dispute_id", "dispute_action", ["dispute_id"])
    op.add_column("payment_transaction", sa.Column("dispute_id", sa.Uuid(), nullable=True))
    op.create_index("ix_payment_transaction_dispute_id", "payment_transaction", ["dispute_id"])
    op.create_index("ix_payment_transaction_gateway_reference", "payment_transaction", ["gateway_reference"])
    op.create_index("ix_payment_transaction_finished_at", "payment_transaction", ["finished_at"])
    op.add_column("refund", sa.Column("returned_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("refund", "returned_at")
    for name in ("dispute_id", "gateway_reference", "finished_at"):
        op.drop_index(f"ix_payment_transaction_{name}", table_name="payment_transaction")
    op.drop_column("payment_transaction", "dispute_id")
    op.drop_table("dispute_action")
    op.drop_table("dispute")
