"""Partners offer articles; an article can be paused at a place; files are uploaded, checked and applied.

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
        sa.UniqueConstraint("partner_id", "sku", name="uq_catalog_offer_partner_id_sku"),
    )
    op.create_index("ix_catalog_offer_partner_gtin", "catalog_offer", ["partner_id", "gtin"])
    op.create_index("ix_catalog_offer_sku_id", "catalog_offer", ["sku", "id"])
    op.create_index("ix_catalog_offer_created_at_id", "catalog_offer", ["created_at", "id"])
    op.create_index("ix_catalog_offer_state_id", "catalog_offer", ["state", "id"])
    op.create_index("ix_catalog_offer_updated_at_id", "catalog_offer", ["updated_at", "id"])
    op.create_index("ix_catalog_offer_variant_id", "catalog_offer", ["variant_id"])
    op.create_table(
        "upload",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("options", _JSON, nullable=False),
        sa.Column("header", _JSON, nullable=False),
        sa.Column("columns", _JSON, nullable=False),
        sa.Column("sample", _JSON, nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("counts", _JSON, nullable=False),
        sa.Column("findings", _JSON, nullable=False),
        sa.Column("guarded", sa.Boolean(), nullable=False),
        sa.Column("problem", _JSON, nullable=True),
        sa.Column("by_kind", sa.String(20), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("by_name", sa.String(200), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name="fk_upload_partner_id"),
        sa.PrimaryKeyConstraint("id", name="pk_upload"),
    )
    op.create_index("ix_upload_owner", "upload", ["partner_id", "kind", "created_at"])
    op.create_index("ix_upload_created_at_id", "upload", ["created_at", "id"])
    op.create_index("ix_upload_updated_at_id", "upload", ["updated_at", "id"])


def downgrade() -> None:
    op.drop_table("upload")
    op.drop_table("catalog_offer")
    with op.batch_alter_table("stock_level") as table:
        table.drop_column("paused_safety")
