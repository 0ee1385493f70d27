"""Brands as versions, GS1 numbers of parcels, carrier accounts and labels.

Revision: 0675b2d4e6f8
Follows: 4b9e06c1d7a5
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0675b2d4e6f8"
down_revision = "c4e81f0a6b37"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("legal_entity", sa.Column("gs1_prefix", sa.String(12), nullable=True))
    with op.batch_alter_table("parcel") as table:
        table.add_column(sa.Column("sscc", sa.String(18), nullable=True))
        table.create_unique_constraint(op.f("uq_parcel_sscc"), ["sscc"])
    _brands()
    _accounts()
    _labels()


def _brands() -> None:
    op.create_table(
        "brand",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=True),
        sa.Column("legal_entity_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("color", sa.String(7), nullable=False),
        sa.Column("radius", sa.Integer(), nullable=False),
        sa.Column("font", sa.String(40), nullable=False),
        sa.Column("logo_light", sa.Text(), nullable=True),
        sa.Column("logo_dark", sa.Text(), nullable=True),
        sa.Column("texts", JSON, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("created_by", sa.String(200), nullable=False),
        sa.CheckConstraint("(channel_id IS NULL) <> (legal_entity_id IS NULL)", name=op.f("ck_brand_owner")),
        sa.ForeignKeyConstraint(["channel_id"], ["sales_channel.id"], name=op.f("fk_brand_channel_id")),
        sa.ForeignKeyConstraint(["legal_entity_id"], ["legal_entity.id"], name=op.f("fk_brand_legal_entity_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_brand")),
        sa.UniqueConstraint("code", "version", name=op.f("uq_brand_code_version")),
    )


def _accounts() -> None:
    op.create_table(
        "carrier_account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("adapter", sa.String(40), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=True),
        sa.Column("location_id", sa.Uuid(), nullable=True),
        sa.Column("settings", JSON, nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["location_id"], ["stock_location.id"], name=op.f("fk_carrier_account_location_id")),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_carrier_account_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_carrier_account")),
        sa.UniqueConstraint("code", name=op.f("uq_carrier_account_code")),
    )


def _labels() -> None:
    op.create_table(
        "carrier_label",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("parcel_id", sa.Uuid(), nullable=False),
        sa.Column("fulfillment_order_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("reference", sa.String(35), nullable=False),
        sa.Column("asked", JSON, nullable=False),
        sa.Column("tracking_number", sa.String(80), nullable=True),
        sa.Column("tracking_url", sa.String(500), nullable=True),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.Column("problem_code", sa.String(60), nullable=True),
        sa.Column("problem", sa.String(500), nullable=True),
        sa.Column("cancel_asked", sa.Boolean(), nullable=False),
        sa.Column("called_at", MOMENT, nullable=True),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.Column("track_at", MOMENT, nullable=True),
        sa.Column("moved_at", MOMENT, nullable=True),
        sa.Column("progress", sa.String(20), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["carrier_account.id"], name=op.f("fk_carrier_label_account_id")),
        sa.ForeignKeyConstraint(
            ["fulfillment_order_id"], ["fulfillment_order.id"], name=op.f("fk_carrier_label_fulfillment_order_id")
        ),
        sa.ForeignKeyConstraint(["parcel_id"], ["parcel.id"], name=op.f("fk_carrier_label_parcel_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_carrier_label")),
        sa.UniqueConstraint("reference", name=op.f("uq_carrier_label_reference")),
    )
    op.create_index("ix_carrier_label_fulfillment_order_id", "carrier_label", ["fulfillment_order_id"])
    op.create_index("ix_carrier_label_parcel_id", "carrier_label", ["parcel_id"])
    op.create_index("ix_carrier_label_track", "carrier_label", ["state", "track_at"])


def downgrade() -> None:
    op.drop_table("carrier_label")
    op.drop_table("carrier_account")
    op.drop_table("brand")
    with op.batch_alter_table("parcel") as table:
        table.drop_constraint(op.f("uq_parcel_sscc"), type_="unique")
        table.drop_column("sscc")
    with op.batch_alter_table("legal_entity") as table:
        table.drop_column("gs1_prefix")
