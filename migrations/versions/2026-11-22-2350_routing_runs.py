"""Joint planning: its runs, what they moved, and orders that are locked where they are.

Revision: 5e0c9a7d41b3
Follows: 4b7e90c2d1a5
"""

import sqlalchemy as sa
from alembic import op

revision = "5e0c9a7d41b3"
down_revision = "4b7e90c2d1a5"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "routing_lock",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("locked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("locked_by", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_routing_lock"),
        sa.UniqueConstraint("order_id", name="uq_routing_lock_order_id"),
    )
    op.create_table(
        "routing_run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("occasion", sa.String(20), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("requested_by", sa.String(200), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("orders", sa.Integer(), nullable=False),
        sa.Column("moved", sa.Integer(), nullable=False),
        sa.Column("stale", sa.Integer(), nullable=False),
        sa.Column("gained", sa.BigInteger(), nullable=False),
        sa.Column("cost", sa.BigInteger(), nullable=False),
        sa.Column("planned", sa.BigInteger(), nullable=False),
        sa.Column("bound", sa.BigInteger(), nullable=False),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_routing_run"),
    )
    op.create_index("ix_routing_run_requested_at_id", "routing_run", ["requested_at", "id"])
    op.create_table(
        "routing_move",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("decision_id", sa.Uuid(), nullable=False),
        sa.Column("gain", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["routing_run.id"], name="fk_routing_move_run_id"),
        sa.PrimaryKeyConstraint("id", name="pk_routing_move"),
    )
    op.create_index("ix_routing_move_run_id", "routing_move", ["run_id", "gain", "id"])
    op.create_index("ix_routing_move_gain_id", "routing_move", ["gain", "id"])


def downgrade() -> None:
    op.drop_table("routing_move")
    op.drop_table("routing_run")
    op.drop_table("routing_lock")
