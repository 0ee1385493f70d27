"""Places that are taken out of routing for a while.

Revision: 7d2f51c08be3
Follows: 9b27d4e1f056
"""

import sqlalchemy as sa
from alembic import op

revision = "7d2f51c08be3"
down_revision = "9b27d4e1f056"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "routing_exclusion",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("variant_id", sa.Uuid(), nullable=True),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(["location_id"], ["stock_location.id"], name=op.f("fk_routing_exclusion_location_id")),
        sa.ForeignKeyConstraint(["variant_id"], ["product_variant.id"], name=op.f("fk_routing_exclusion_variant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_routing_exclusion")),
    )
    op.create_index("ix_routing_exclusion_until", "routing_exclusion", ["until"])
    op.create_index("ix_routing_exclusion_location_id", "routing_exclusion", ["location_id"])


def downgrade() -> None:
    op.drop_table("routing_exclusion")
