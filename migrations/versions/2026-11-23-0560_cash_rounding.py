"""Cash is rounded to what coins can pay.

Revision: e60a1c94d7b2
Follows: c4a9e71d2b60
"""

import sqlalchemy as sa
from alembic import op

revision = "e60a1c94d7b2"
down_revision = "c4a9e71d2b60"
branch_labels = None
depends_on = None


def upgrade() -> None:
    column = sa.Column("rounding", sa.BigInteger(), server_default=sa.text("0"), nullable=False)
    op.add_column("payment_transaction", column)


def downgrade() -> None:
    with op.batch_alter_table("payment_transaction") as table:
        table.drop_column("rounding")
