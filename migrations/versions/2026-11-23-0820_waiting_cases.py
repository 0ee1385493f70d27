"""Cases that wait have a day of their own, and late work is found by its promise.

Revision: 0820d3b9f1a6
Follows: 0811a4c7e2d9
"""

import sqlalchemy as sa
from alembic import op

revision = "0820d3b9f1a6"
down_revision = "0811a4c7e2d9"
branch_labels = None
depends_on = None

_WAITING = sa.text("wait_until IS NOT NULL")
_UNDER_WAY = sa.text("state = 'SHIPPED'")
_NOT_SENT = sa.text(
    "state IN ('RECEIVED', 'CONFIRMED', 'IN_FULFILLMENT') "
    "AND fulfillment_status IN ('UNFULFILLED', 'PARTIALLY_FULFILLED')"
)


def upgrade() -> None:
    op.add_column("care_case", sa.Column("wait_until", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_care_case_wait_until", "care_case", ["wait_until"], sqlite_where=_WAITING, postgresql_where=_WAITING
    )
    op.create_index("ix_care_case_subject_key", "care_case", ["subject_key"])
    op.create_index(
        "ix_fulfillment_order_under_way",
        "fulfillment_order",
        ["promised_on", "id"],
        sqlite_where=_UNDER_WAY,
        postgresql_where=_UNDER_WAY,
    )
    op.create_index(
        "ix_orders_not_sent", "orders", ["promised_on", "id"], sqlite_where=_NOT_SENT, postgresql_where=_NOT_SENT
    )
    # The moment until which a case waited was written where its deadline stood.
    op.execute(sa.text("UPDATE care_case SET wait_until = due_at WHERE state = 'WAITING'"))


def downgrade() -> None:
    op.drop_index("ix_orders_not_sent", "orders")
    op.drop_index("ix_fulfillment_order_under_way", "fulfillment_order")
    op.drop_index("ix_care_case_subject_key", "care_case")
    op.drop_index("ix_care_case_wait_until", "care_case")
    op.drop_column("care_case", "wait_until")
