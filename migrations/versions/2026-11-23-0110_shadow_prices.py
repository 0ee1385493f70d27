"""Shadow prices: what is expected to be sold, what a unit at a place is worth, and the runs that found it.

Revision: 9b27d4e1f056
Follows: 5b27c9e6d014
"""

import sqlalchemy as sa
from alembic import op

revision = "9b27d4e1f056"
down_revision = "5b27c9e6d014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sales_forecast",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("variant_id", sa.Uuid(), nullable=False),
        sa.Column("country", sa.String(2), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("units_per_day", sa.Numeric(12, 3), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("units_per_day >= 0", name=op.f("ck_sales_forecast_units_per_day")),
        sa.ForeignKeyConstraint(["variant_id"], ["product_variant.id"], name="fk_sales_forecast_variant_id"),
        sa.PrimaryKeyConstraint("id", name="pk_sales_forecast"),
        sa.UniqueConstraint(
            "variant_id", "country", "valid_from", name="uq_sales_forecast_variant_id_country_valid_from"
        ),
    )
    op.create_table(
        "shadow_price_run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("requested_by", sa.String(200), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("variants", sa.Integer(), nullable=False),
        sa.Column("prices", sa.Integer(), nullable=False),
        sa.Column("left_out", sa.Integer(), nullable=False),
        sa.Column("units_per_day", sa.Integer(), nullable=False),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(60), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_shadow_price_run"),
    )
    op.create_index("ix_shadow_price_run_requested_at_id", "shadow_price_run", ["requested_at", "id"])
    op.create_table(
        "shadow_price",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("variant_id", sa.Uuid(), nullable=False),
        sa.Column("location_id", sa.Uuid(), nullable=False),
        sa.Column("cents", sa.Integer(), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["location_id"], ["stock_location.id"], name="fk_shadow_price_location_id"),
        sa.ForeignKeyConstraint(["run_id"], ["shadow_price_run.id"], name="fk_shadow_price_run_id"),
        sa.ForeignKeyConstraint(["variant_id"], ["product_variant.id"], name="fk_shadow_price_variant_id"),
        sa.PrimaryKeyConstraint("id", name="pk_shadow_price"),
        sa.UniqueConstraint("variant_id", "location_id", name="uq_shadow_price_variant_id_location_id"),
    )
    op.create_index("ix_shadow_price_cents_id", "shadow_price", ["cents", "id"])


def downgrade() -> None:
    op.drop_table("shadow_price")
    op.drop_table("shadow_price_run")
    op.drop_table("sales_forecast")
