"""Work at places: answers that can be taken back, expected days, shelves, talk about an order, and saved views.

Revision: 4b9e06c1d7a5
Follows: 0670a1f3c5d7
"""

import sqlalchemy as sa
from alembic import op

revision = "4b9e06c1d7a5"
down_revision = "0670a1f3c5d7"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("fulfillment_order", sa.Column("expected_on", sa.Date(), nullable=True))
    op.add_column("fulfillment_order", sa.Column("answer_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("fulfillment_order", sa.Column("answered_from", sa.String(length=40), nullable=True))
    op.add_column("fulfillment_line", sa.Column("written_off", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("stock_level", sa.Column("shelf", sa.String(length=40), nullable=True))
    op.create_table(
        "fulfillment_message",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("fulfillment_order_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.String(length=2000), nullable=False),
        sa.Column("from_place", sa.Boolean(), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fulfillment_message")),
        sa.ForeignKeyConstraint(
            ["fulfillment_order_id"],
            ["fulfillment_order.id"],
            name=op.f("fk_fulfillment_message_fulfillment_order_id"),
        ),
    )
    op.create_index("ix_fulfillment_message_fulfillment_order_id", "fulfillment_message", ["fulfillment_order_id"])
    op.create_table(
        "saved_view",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("team", sa.String(length=60), nullable=False),
        sa.Column("page", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("query", sa.String(length=1000), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
        sa.UniqueConstraint("user_id", "page", "name", name=op.f("uq_saved_view_user_id_page_name")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_saved_view_user_id"), ondelete="CASCADE"
        ),
    )
    op.create_index("ix_saved_view_team_page", "saved_view", ["team", "page"])


def downgrade() -> None:
    op.drop_table("saved_view")
    op.drop_table("fulfillment_message")
    with op.batch_alter_table("stock_level") as table:
        table.drop_column("shelf")
    with op.batch_alter_table("fulfillment_line") as table:
        table.drop_column("written_off")
    with op.batch_alter_table("fulfillment_order") as table:
        table.drop_column("answered_from")
        table.drop_column("answer_until")
        table.drop_column("expected_on")
