"""Exports of the ledger say how far their files are, and how large.

Revision: 7d2f90b3c41e
Follows: e60a1c94d7b2
"""

import sqlalchemy as sa
from alembic import op

revision = "7d2f90b3c41e"
down_revision = "e60a1c94d7b2"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ledger_export", sa.Column("started_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("ledger_export", sa.Column("size", sa.BigInteger(), nullable=True))
    op.add_column("ledger_export", sa.Column("problem", sa.String(length=300), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("ledger_export") as table:
        table.drop_column("problem")
        table.drop_column("size")
        table.drop_column("started_at")
