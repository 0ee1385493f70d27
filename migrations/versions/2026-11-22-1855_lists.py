"""Lists: what changed is known by when, and every order that a list offers has its index.

Revision: c3f17ad94e60
Follows: 8d40b6f2a1c7
"""

import sqlalchemy as sa
from alembic import op

revision = "c3f17ad94e60"
down_revision = "8d40b6f2a1c7"
branch_labels = None
depends_on = None

# table -> when its rows were changed last, as far as they say so
STAMPED = {
    "refund": "coalesce(finished_at, begun_at, requested_at)",
    "shipment": "coalesce(recalled_at, delivered_at, shipped_at)",
    "invoice": "issued_at",
    "risk_assessment": "coalesce(decided_at, assessed_at)",
    "user_task": "coalesce(done_at, created_at)",
}
SORTED = (
    ("care_case", "created_at"),
    ("care_case", "due_at"),
    ("care_case", "updated_at"),
    ("fulfillment_order", "due_at"),
    ("invoice", "due_on"),
    ("invoice", "updated_at"),
    ("parcel", "updated_at"),
    ("payment", "updated_at"),
    ("price", "amount"),
    ("price", "created_at"),
    ("price", "valid_from"),
    ("process_instance", "started_at"),
    ("product", "created_at"),
    ("product_variant", "created_at"),
    ("product_variant", "name"),
    ("refund", "updated_at"),
    ("return", "updated_at"),
    ("risk_assessment", "updated_at"),
    ("shipment", "updated_at"),
    ("user_task", "created_at"),
    ("user_task", "updated_at"),
)
LONG_AGO = "1970-01-01 00:00:00"  # for the moment between the column and its first values


def upgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    for table, moment in STAMPED.items():
        long_ago = f"{LONG_AGO}+00" if postgresql else LONG_AGO
        column = sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, server_default=long_ago)
        op.add_column(table, column)
        op.execute(f"UPDATE {table} SET updated_at = {moment}")
        if postgresql:  # SQLite cannot take a default away; every writer gives the moment anyhow
            op.alter_column(table, "updated_at", server_default=None)
    for table, column_name in SORTED:
        op.create_index(f"ix_{table}_{column_name}_id", table, [column_name, "id"])


def downgrade() -> None:
    for table, column_name in reversed(SORTED):
        op.drop_index(f"ix_{table}_{column_name}_id", table_name=table)
    for table in reversed(STAMPED):
        op.drop_column(table, "updated_at")
