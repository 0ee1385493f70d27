"""Payouts of gateways with their lines, and what does not agree.

Revision: 1c8e5f7a20d4
Follows: 7d41c0a95e38
"""

import sqlalchemy as sa
from alembic import op

revision = "1c8e5f7a20d4"
down_revision = "7d41c0a95e38"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "gateway_account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("gateway", sa.String(40), nullable=False),
        sa.Column("legal_entity_id", sa.Uuid(), nullable=False),
        sa.Column("fetch", sa.Boolean(), nullable=False),
        sa.Column("missing_after_days", sa.Integer(), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_account")),
        sa.UniqueConstraint("gateway", name=op.f("uq_gateway_account_gateway")),
        sa.ForeignKeyConstraint(
            ["legal_entity_id"], ["legal_entity.id"], name=op.f("fk_gateway_account_legal_entity_id")
        ),
    )
    op.create_table(
        "gateway_payout",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("gateway", sa.String(40), nullable=False),
        sa.Column("reference", sa.String(120), nullable=False),
        sa.Column("legal_entity_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("fees", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("arrives_on", sa.Date(), nullable=False),
        sa.Column("descriptor", sa.String(140), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=True),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("imported_by", sa.String(200), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_payout")),
        sa.ForeignKeyConstraint(
            ["legal_entity_id"], ["legal_entity.id"], name=op.f("fk_gateway_payout_legal_entity_id")
        ),
        sa.ForeignKeyConstraint(["entry_id"], ["bank_entry.id"], name=op.f("fk_gateway_payout_entry_id")),
        sa.UniqueConstraint("gateway", "reference", name=op.f("uq_gateway_payout_gateway_reference")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_gateway_payout_entry_id")),
    )
    op.create_index("ix_gateway_payout_arrives_on_id", "gateway_payout", ["arrives_on", "id"])
    op.create_index("ix_gateway_payout_updated_at_id", "gateway_payout", ["updated_at", "id"])
    op.create_table(
        "gateway_payout_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("payout_id", sa.Uuid(), nullable=False),
        sa.Column("gateway", sa.String(40), nullable=False),
        sa.Column("reference", sa.String(120), nullable=False),
        sa.Column("category", sa.String(20), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("fee", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("original", sa.BigInteger(), nullable=True),
        sa.Column("original_currency", sa.String(3), nullable=True),
        sa.Column("source", sa.String(120), nullable=False),
        sa.Column("description", sa.String(500), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("transaction_id", sa.Uuid(), nullable=True),
        sa.Column("dispute_id", sa.Uuid(), nullable=True),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("detail", sa.String(40), nullable=False),
        sa.Column("cleared", sa.BigInteger(), nullable=False),
        sa.Column("cleared_currency", sa.String(3), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_payout_line")),
        sa.ForeignKeyConstraint(["payout_id"], ["gateway_payout.id"], name=op.f("fk_gateway_payout_line_payout_id")),
        sa.UniqueConstraint("gateway", "reference", name=op.f("uq_gateway_payout_line_gateway_reference")),
    )
    op.create_index("ix_gateway_payout_line_payout_id", "gateway_payout_line", ["payout_id"])
    op.create_index("ix_gateway_payout_line_dispute_id", "gateway_payout_line", ["dispute_id"])
    op.create_index("ix_gateway_payout_line_occurred_at_id", "gateway_payout_line", ["occurred_at", "id"])
    op.create_index("uq_gateway_payout_line_transaction_id", "gateway_payout_line", ["transaction_id"], unique=True)
    op.create_table(
        "gateway_difference",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("legal_entity_id", sa.Uuid(), nullable=False),
        sa.Column("gateway", sa.String(40), nullable=False),
        sa.Column("payout_id", sa.Uuid(), nullable=True),
        sa.Column("line_id", sa.Uuid(), nullable=True),
        sa.Column("transaction_id", sa.Uuid(), nullable=True),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("detail", sa.String(40), nullable=False),
        sa.Column("cleared", sa.BigInteger(), nullable=False),
        sa.Column("explanation", sa.String(20), nullable=True),
        sa.Column("reason", sa.String(500), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.String(200), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_difference")),
        sa.ForeignKeyConstraint(
            ["legal_entity_id"], ["legal_entity.id"], name=op.f("fk_gateway_difference_legal_entity_id")
        ),
        sa.ForeignKeyConstraint(["payout_id"], ["gateway_payout.id"], name=op.f("fk_gateway_difference_payout_id")),
        sa.ForeignKeyConstraint(["line_id"], ["gateway_payout_line.id"], name=op.f("fk_gateway_difference_line_id")),
        sa.UniqueConstraint("kind", "subject_id", name=op.f("uq_gateway_difference_kind_subject_id")),
    )
    op.create_index("ix_gateway_difference_opened_at_id", "gateway_difference", ["opened_at", "id"])
    op.create_index("ix_gateway_difference_updated_at_id", "gateway_difference", ["updated_at", "id"])
    op.create_index("ix_gateway_difference_payout_id", "gateway_difference", ["payout_id"])


def downgrade() -> None:
    for name in ("gateway_difference", "gateway_payout_line", "gateway_payout", "gateway_account"):
        op.drop_table(name)
