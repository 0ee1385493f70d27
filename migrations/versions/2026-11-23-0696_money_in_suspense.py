"""Money on our account that nobody has explained; payouts that only people match again.

Revision: 0696e1a7c5d2
Follows: 0675b2d4e6f8
"""

import sqlalchemy as sa
from alembic import op

revision = "0696e1a7c5d2"
down_revision = "0675b2d4e6f8"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _suspense()


def _suspense() -> None:
    amount = sa.Column("suspended", sa.BigInteger(), server_default="0", nullable=False)
    with op.batch_alter_table("bank_entry") as table:
        table.add_column(amount)
        table.add_column(sa.Column("kept_in_suspense", sa.Boolean(), server_default=sa.false(), nullable=False))
        table.create_check_constraint(op.f("ck_bank_entry_suspended"), "suspended >= 0")
    with op.batch_alter_table("open_item") as table:
        table.alter_column("order_id", existing_type=sa.Uuid(), nullable=True)
    by_hand = sa.Column("by_hand", sa.Boolean(), server_default=sa.false(), nullable=False)
    op.add_column("gateway_payout", by_hand)


def downgrade() -> None:
    with op.batch_alter_table("gateway_payout") as table:
        table.drop_column("by_hand")
    op.execute("DELETE FROM open_item WHERE order_id IS NULL")
    with op.batch_alter_table("open_item") as table:
        table.alter_column("order_id", existing_type=sa.Uuid(), nullable=False)
    with op.batch_alter_table("bank_entry") as table:
        table.drop_constraint(op.f("ck_bank_entry_suspended"), type_="check")
        table.drop_column("kept_in_suspense")
        table.drop_column("suspended")
