"""Files are uploaded, checked and applied; lists of offers have the indexes of their orders.

Revision: 0661b4e7d2c8
Follows: 4b9e06c1d7a5
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0661b4e7d2c8"
down_revision = "0680c1d2e3f4"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_MOMENT = sa.DateTime(timezone=True)
_KEY, _OLD_KEY = "uq_catalog_offer_partner_id_sku", "uq_catalog_offer_partner_id"


def upgrade() -> None:
    with op.batch_alter_table("catalog_offer") as table:
        table.drop_constraint(_OLD_KEY, type_="unique")
        table.create_unique_constraint(_KEY, ["partner_id", "sku"])
    op.create_index("ix_catalog_offer_sku_id", "catalog_offer", ["sku", "id"])
    op.create_index("ix_catalog_offer_created_at_id", "catalog_offer", ["created_at", "id"])
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
    op.drop_index("ix_catalog_offer_created_at_id", "catalog_offer")
    op.drop_index("ix_catalog_offer_sku_id", "catalog_offer")
    with op.batch_alter_table("catalog_offer") as table:
        table.drop_constraint(_KEY, type_="unique")
        table.create_unique_constraint(_OLD_KEY, ["partner_id", "sku"])
