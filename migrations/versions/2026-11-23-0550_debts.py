"""Debts that are given up or handed over, interest of reminders, and transfers that pay them.

Revision: 5f0deb75a001
Follows: 6d18f3b0c7a5
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "5f0deb75a001"
down_revision = "6d18f3b0c7a5"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def json() -> sa.types.TypeEngine[object]:
    return sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")


def upgrade() -> None:
    op.add_column("invoice", sa.Column("written_off", sa.BigInteger(), nullable=False, server_default="0"))
    with op.batch_alter_table("dunning_notice") as table:
        for name in ("interest", "fee_paid", "interest_paid"):
            table.add_column(sa.Column(name, sa.BigInteger(), nullable=False, server_default="0"))
    op.execute("UPDATE dunning_notice SET fee_paid = fee WHERE fee_settled_at IS NOT NULL AND NOT fee_waived")
    with op.batch_alter_table("dunning_notice") as table:
        table.create_check_constraint(op.f("ck_dunning_notice_paid"), "fee_paid <= fee AND interest_paid <= interest")
    with op.batch_alter_table("bank_assignment") as table:
        table.alter_column("transaction_id", existing_type=sa.Uuid(), nullable=True)
        table.add_column(sa.Column("notice_id", sa.Uuid(), nullable=True))
        table.add_column(sa.Column("interest", sa.BigInteger(), nullable=False, server_default="0"))
    op.create_table(
        "debt_decision",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("recovered", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("parts", json(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("decided_at", MOMENT, nullable=False),
        sa.Column("decided_by", sa.String(length=200), nullable=False),
        sa.CheckConstraint("recovered >= 0 AND recovered <= amount", name=op.f("ck_debt_decision_recovered")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_debt_decision_invoice_id_invoice")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_debt_decision")),
    )
    op.create_index("ix_debt_decision_invoice_id", "debt_decision", ["invoice_id"])


def downgrade() -> None:
    op.drop_table("debt_decision")
    op.execute("DELETE FROM bank_assignment WHERE transaction_id IS NULL")
    with op.batch_alter_table("bank_assignment") as table:
        table.drop_column("interest")
        table.drop_column("notice_id")
        table.alter_column("transaction_id", existing_type=sa.Uuid(), nullable=False)
    with op.batch_alter_table("dunning_notice") as table:
        table.drop_constraint(op.f("ck_dunning_notice_paid"), type_="check")
        for name in ("interest_paid", "fee_paid", "interest"):
            table.drop_column(name)
    op.drop_column("invoice", "written_off")
