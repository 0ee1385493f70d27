"""Cash is rounded to what coins can pay.

Revision: e60a1c94d7b2
Follows: 1c8e5f7a20d4
"""

import sqlalchemy as sa
from alembic import op

revision = "e60a1c94d7b2"
down_revision = "1c8e5f7a20d4"
branch_labels = None
depends_on = None


def upgrade() -> None:
    column = sa.Column("rounding", sa.BigInteger(), server_default=sa.text("0"), nullable=False)
    op.add_column("payment_transaction", column)


def downgrade() -> None:
    with op.batch_alter_table("payment_transaction") as table:
        table.drop_column("rounding")
