"""Partners offer articles; an article can be paused at a place.

Revision: 4d1c7e92ab36
Follows: 7d2f90b3c41e
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "4d1c7e92ab36"
down_revision = "7d2f90b3c41e"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("stock_level", sa.Column("paused_safety", sa.Integer(), nullable=True))
    op.create_table(
        "catalog_offer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("sku", sa.String(80), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("gtin", sa.String(14), nullable=True),
        sa.Column("group_code", sa.String(80), nullable=True),
        sa.Column("name", sa.String(300), nullable=True),
        sa.Column("brand", sa.String(120), nullable=True),
        sa.Column("category", sa.String(120), nullable=True),
        sa.Column("texts", _JSON, nullable=False),
        sa.Column("attributes", _JSON, nullable=False),
        sa.Column("images", _JSON, nullable=False),
        sa.Column("weight_g", sa.Integer(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(3), nullable=True),
        sa.Column("valid_from", _MOMENT, nullable=True),
        sa.Column("valid_until", _MOMENT, nullable=True),
        sa.Column("reason", sa.String(500), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("variant_id", sa.Uuid(), nullable=True),
        sa.Column("own_variant", sa.Boolean(), nullable=False),
        sa.Column("search_key", sa.String(600), nullable=False),
        sa.Column("sent_at", _MOMENT, nullable=True),
        sa.Column("decided_at", _MOMENT, nullable=True),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.CheckConstraint("price >= 0", name="ck_catalog_offer_price"),
        sa.CheckConstraint("weight_g >= 0", name="ck_catalog_offer_weight"),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name="fk_catalog_offer_partner_id"),
        sa.ForeignKeyConstraint(["variant_id"], ["product_variant.id"], name="fk_catalog_offer_variant_id"),
        sa.PrimaryKeyConstraint("id", name="pk_catalog_offer"),
        sa.UniqueConstraint("partner_id", "sku", name="uq_catalog_offer_partner_id"),
    )
    op.create_index("ix_catalog_offer_partner_gtin", "catalog_offer", ["partner_id", "gtin"])
    op.create_index("ix_catalog_offer_state_id", "catalog_offer", ["state", "id"])
    op.create_index("ix_catalog_offer_updated_at_id", "catalog_offer", ["updated_at", "id"])
    op.create_index("ix_catalog_offer_variant_id", "catalog_offer", ["variant_id"])


def downgrade() -> None:
    op.drop_table("catalog_offer")
    with op.batch_alter_table("stock_level") as table:
        table.drop_column("paused_safety")
