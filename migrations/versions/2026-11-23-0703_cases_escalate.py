"""Cases escalate when their deadline passes; what is late, stuck or half paid is found by the time.

Revision: 0703c4e6a8b0
Follows: 0696e1a7c5d2
"""

import sqlalchemy as sa
from alembic import op

revision = "0703c4e6a8b0"
down_revision = "0696e1a7c5d2"
branch_labels = None
depends_on = None

PARTIAL = (
    ("ix_fulfillment_order_not_left", "fulfillment_order", ["promised_on", "id"],
     "state IN ('SCHEDULED', 'OPEN', 'ACCEPTED', 'PICKED', 'PACKED', 'ON_HOLD')"),
    ("ix_parcel_stuck", "parcel", ["updated_at", "id"], "state IN ('EXCEPTION', 'LOST', 'RETURNED')"),
    ("ix_invoice_partly_paid", "invoice", ["due_on", "id"], "state = 'PARTIALLY_PAID'"),
)  # fmt: skip


def upgrade() -> None:
    with op.batch_alter_table("care_case") as table:
        table.add_column(sa.Column("escalated_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_care_case_state_due_at", "care_case", ["state", "due_at"])
    for name, table_name, columns, where in PARTIAL:
        op.create_index(name, table_name, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def downgrade() -> None:
    for name, table_name, _, _ in reversed(PARTIAL):
        op.drop_index(name, table_name=table_name)
    op.drop_index("ix_care_case_state_due_at", table_name="care_case")
    with op.batch_alter_table("care_case") as table:
        table.drop_column("escalated_at")
