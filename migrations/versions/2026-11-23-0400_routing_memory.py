"""The moves of an order are found without reading those of all.

Revision: 8b60d2f4a917
Follows: c4a9e71d2b60
"""

from alembic import op

revision = "8b60d2f4a917"
down_revision = "c4a9e71d2b60"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_routing_move_order_id", "routing_move", ["order_id"])


def downgrade() -> None:
    op.drop_index("ix_routing_move_order_id", table_name="routing_move")
