"""Mandates of direct debits.

Revision: 4d9b62f0a81e
Follows: 7d2f90b3c41e
"""

import sqlalchemy as sa
from alembic import op

revision = "4d9b62f0a81e"
down_revision = "0661b4e7d2c8"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "direct_debit_mandate",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("creditor_id", sa.String(35), nullable=False),
        sa.Column("reference", sa.String(35), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("once", sa.Boolean(), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.Column("name", sa.String(70), nullable=False),
        sa.Column("iban", sa.String(34), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(200), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_direct_debit_mandate")),
        sa.ForeignKeyConstraint(["channel_id"], ["sales_channel.id"], name=op.f("fk_direct_debit_mandate_channel_id")),
        sa.UniqueConstraint("creditor_id", "reference", name=op.f("uq_direct_debit_mandate_creditor_id_reference")),
    )
    op.create_index("ix_direct_debit_mandate_reference", "direct_debit_mandate", ["reference"])
    op.create_index("ix_direct_debit_mandate_created_at_id", "direct_debit_mandate", ["created_at", "id"])
    op.create_index("ix_direct_debit_mandate_updated_at_id", "direct_debit_mandate", ["updated_at", "id"])
    op.add_column("payment", sa.Column("mandate_id", sa.Uuid(), nullable=True))
    known = sa.text("mandate_id IS NOT NULL")
    op.create_index("ix_payment_mandate_id", "payment", ["mandate_id"], sqlite_where=known, postgresql_where=known)
    op.add_column("payment_transaction", sa.Column("collect_on", sa.Date(), nullable=True))
    op.add_column("payment_transaction", sa.Column("sequence_type", sa.String(4), nullable=True))
    _instalments()


def _instalments() -> None:
    op.add_column("dunning_notice", sa.Column("instalment", sa.Integer(), server_default="0", nullable=False))
    op.add_column("dunning_notice", sa.Column("interest_until", sa.Date(), nullable=True))
    behind = sa.text("interest_until IS NOT NULL")
    op.create_index(
        "ix_dunning_notice_interest_until", "dunning_notice", ["interest_until"],
        sqlite_where=behind, postgresql_where=behind,
    )  # fmt: skip
    with op.batch_alter_table("dunning_notice") as table:
        table.drop_constraint(op.f("uq_dunning_notice_invoice_id_level"), type_="unique")
        table.create_unique_constraint(
            op.f("uq_dunning_notice_invoice_id_instalment_level"), ["invoice_id", "instalment", "level"]
        )


def downgrade() -> None:
    op.drop_index("ix_dunning_notice_interest_until", table_name="dunning_notice")
    with op.batch_alter_table("dunning_notice") as table:
        table.drop_constraint(op.f("uq_dunning_notice_invoice_id_instalment_level"), type_="unique")
        table.create_unique_constraint(op.f("uq_dunning_notice_invoice_id_level"), ["invoice_id", "level"])
    for name in ("interest_until", "instalment"):
        with op.batch_alter_table("dunning_notice") as table:
            table.drop_column(name)
    for name in ("sequence_type", "collect_on"):
        with op.batch_alter_table("payment_transaction") as table:
            table.drop_column(name)
    op.drop_index("ix_payment_mandate_id", table_name="payment")
    with op.batch_alter_table("payment") as table:
        table.drop_column("mandate_id")
    op.drop_table("direct_debit_mandate")
