"""Lines of orders say when they were added, not to be late by the first promise; half paid invoices go by amounts.

Revision: 0920c5e2a7d3
Follows: 0910c4e7a2d5
"""

import sqlalchemy as sa
from alembic import op

revision = "0920c5e2a7d3"
down_revision = "0910c4e7a2d5"
branch_labels = None
depends_on = None

INDEX = "ix_invoice_partly_paid"
STATES = "state IN ('ISSUED', 'PARTIALLY_PAID', 'OVERDUE', 'DUNNING_1', 'DUNNING_2', 'DUNNING_3')"


def _index_where(condition: str) -> None:
    op.drop_index(INDEX, table_name="invoice")
    where = sa.text(condition)
    op.create_index(INDEX, "invoice", ["due_on", "id"], sqlite_where=where, postgresql_where=where)


def upgrade() -> None:
    op.add_column("order_line", sa.Column("added_at", sa.DateTime(timezone=True), nullable=True))
    _index_where(f"paid > 0 AND paid < gross - credited AND {STATES}")


def downgrade() -> None:
    _index_where("state = 'PARTIALLY_PAID'")
    op.drop_column("order_line", "added_at")
