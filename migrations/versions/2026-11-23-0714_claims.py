"""Claims, and returns of another article than was ordered.

Revision: 0714d2b0f6c3
Follows: 0704c1a9e5b2
"""

import sqlalchemy as sa
from alembic import op

revision = "0714d2b0f6c3"
down_revision = "0704c1a9e5b2"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table("return_line") as table:
        table.add_column(sa.Column("variant_id", sa.Uuid(), nullable=True))
        table.create_foreign_key(op.f("fk_return_line_variant_id"), "product_variant", ["variant_id"], ["id"])
    _claims()
    _lines()


def _claims() -> None:
    op.create_table(
        "claim",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("note", sa.String(1000), nullable=False),
        sa.Column("wished", sa.String(40), nullable=True),
        sa.Column("remedy", sa.String(40), nullable=True),
        sa.Column("returns_goods", sa.Boolean(), nullable=False),
        sa.Column("corrects_stock", sa.Boolean(), nullable=False),
        sa.Column("fault", sa.String(40), nullable=True),
        sa.Column("partner_id", sa.Uuid(), nullable=True),
        sa.Column("return_id", sa.Uuid(), nullable=True),
        sa.Column("goodwill_id", sa.Uuid(), nullable=True),
        sa.Column("decision", sa.String(500), nullable=True),
        sa.Column("opened_at", _MOMENT, nullable=False),
        sa.Column("opened_by", sa.String(200), nullable=False),
        sa.Column("decided_at", _MOMENT, nullable=True),
        sa.Column("decided_by", sa.String(200), nullable=True),
        sa.Column("resolved_at", _MOMENT, nullable=True),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["goodwill_id"], ["goodwill.id"], name=op.f("fk_claim_goodwill_id")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_claim_order_id")),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_claim_partner_id")),
        sa.ForeignKeyConstraint(["return_id"], ["return.id"], name=op.f("fk_claim_return_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim")),
        sa.UniqueConstraint("number", name=op.f("uq_claim_number")),
    )
    for name, columns in {
        "ix_claim_order_id": ["order_id"],
        "ix_claim_return_id": ["return_id"],
        "ix_claim_opened_at_id": ["opened_at", "id"],
        "ix_claim_updated_at_id": ["updated_at", "id"],
    }.items():
        op.create_index(name, "claim", columns)


def _lines() -> None:
    op.create_table(
        "claim_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column("shipment_line_id", sa.Uuid(), nullable=False),
        sa.Column("order_line_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("came_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_claim_line_quantity")),
        sa.ForeignKeyConstraint(["came_id"], ["product_variant.id"], name=op.f("fk_claim_line_came_id")),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_claim_line_claim_id")),
        sa.ForeignKeyConstraint(["order_line_id"], ["order_line.id"], name=op.f("fk_claim_line_order_line_id")),
        sa.ForeignKeyConstraint(
            ["shipment_line_id"], ["shipment_line.id"], name=op.f("fk_claim_line_shipment_line_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_line")),
        sa.UniqueConstraint("claim_id", "shipment_line_id", name=op.f("uq_claim_line_claim_id_shipment_line_id")),
    )
    op.create_index("ix_claim_line_shipment_line_id", "claim_line", ["shipment_line_id"])


def downgrade() -> None:
    op.drop_table("claim_line")
    op.drop_table("claim")
    with op.batch_alter_table("return_line") as table:
        table.drop_constraint(op.f("fk_return_line_variant_id"), type_="foreignkey")
        table.drop_column("variant_id")
