"""What a channel says of its methods by country and amount.

Revision: 51c7e2d8a4f0
Follows: 3e6a90b7c512
"""

import sqlalchemy as sa
from alembic import op

revision = "51c7e2d8a4f0"
down_revision = "3e6a90b7c512"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "payment_method",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("minimum", sa.BigInteger(), nullable=False),
        sa.Column("maximum", sa.BigInteger(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(length=200), nullable=False),
        sa.CheckConstraint(
            "minimum >= 0 AND (maximum IS NULL OR maximum >= minimum)", name=op.f("ck_payment_method_limits")
        ),
        sa.ForeignKeyConstraint(["channel_id"], ["sales_channel.id"], name=op.f("fk_payment_method_channel_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_method")),
        sa.UniqueConstraint("channel_id", "kind", "country", name=op.f("uq_payment_method_channel_id_kind_country")),
    )


def downgrade() -> None:
    op.drop_table("payment_method")
