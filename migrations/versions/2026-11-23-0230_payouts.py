"""Refunds by transfer: where to, and the files that took them to the bank.

Revision: f2d7183b6c95
Follows: e94b60a2d713
"""

import sqlalchemy as sa
from alembic import op

revision = "f2d7183b6c95"
down_revision = "e94b60a2d713"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "payout_file",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(35), nullable=False),
        sa.Column("legal_entity_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("execute_on", sa.Date(), nullable=False),
        sa.Column("transfers", sa.Integer(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=True),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(200), nullable=False),
        sa.ForeignKeyConstraint(["legal_entity_id"], ["legal_entity.id"], name=op.f("fk_payout_file_legal_entity_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_file")),
        sa.UniqueConstraint("legal_entity_id", "sequence", name=op.f("uq_payout_file_legal_entity_id_sequence")),
    )
    op.create_index("ix_payout_file_created_at_id", "payout_file", ["created_at", "id"])
    op.create_table(
        "payout",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(140), nullable=False),
        sa.Column("iban", sa.String(34), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["payout_file.id"], name=op.f("fk_payout_file_id")),
        sa.ForeignKeyConstraint(["id"], ["payment_transaction.id"], name=op.f("fk_payout_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout")),
    )
    op.create_index("ix_payout_file_id", "payout", ["file_id"])


def downgrade() -> None:
    op.drop_table("payout")
    op.drop_table("payout_file")
