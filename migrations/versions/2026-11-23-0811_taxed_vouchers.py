"""Single-purpose vouchers know what they pay for: tax class, country and seller; claims on gift cards may end.

Vouchers that were sold before know none of it and are redeemed elsewhere, as until now.

Revision: 0811a4c7e2d9
Follows: 0805e7c1b2d4
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0811a4c7e2d9"
down_revision = "0805e7c1b2d4"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    with op.batch_alter_table("gift_card") as table:
        table.add_column(sa.Column("tax_class", sa.String(20), nullable=True))
        table.add_column(sa.Column("country", sa.String(2), nullable=True))
        table.add_column(sa.Column("legal_entity_id", sa.Uuid(), nullable=True))
    op.add_column("ledger_settings", sa.Column("gift_card_years", sa.Integer(), nullable=True))
    op.add_column("dunning_plan", sa.Column("ended", JSON, nullable=False, server_default="[]"))
    op.create_table(
        "gateway_line_reference",
        sa.Column("gateway", sa.String(40), nullable=False),
        sa.Column("reference", sa.String(120), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["line_id"], ["gateway_payout_line.id"], name=op.f("fk_gateway_line_reference_line_id")
        ),
        sa.PrimaryKeyConstraint("gateway", "reference", name=op.f("pk_gateway_line_reference")),
    )
    op.create_index("ix_gateway_line_reference_line_id", "gateway_line_reference", ["line_id"])


def downgrade() -> None:
    op.drop_table("gateway_line_reference")
    with op.batch_alter_table("dunning_plan") as table:
        table.drop_column("ended")
    with op.batch_alter_table("ledger_settings") as table:
        table.drop_column("gift_card_years")
    with op.batch_alter_table("gift_card") as table:
        for name in ("legal_entity_id", "country", "tax_class"):
            table.drop_column(name)
