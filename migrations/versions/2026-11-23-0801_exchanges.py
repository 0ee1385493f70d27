"""Exchanges and what goods that come back pay for.

Revision: 0801f3b7a1c5
Follows: 0705c5d7e9f1
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0801f3b7a1c5"
down_revision = "0705c5d7e9f1"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _covers()
    _exchanges()
    _lines()
    with op.batch_alter_table("claim") as table:
        table.add_column(sa.Column("exchange_id", sa.Uuid(), nullable=True))
        table.create_foreign_key(op.f("fk_claim_exchange_id"), "exchange", ["exchange_id"], ["id"])
    op.create_index("ix_claim_exchange_id", "claim", ["exchange_id"])


def _covers() -> None:
    op.create_table(
        "exchange_cover",
        sa.Column("return_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.Column("lines", JSON, nullable=False),
        sa.CheckConstraint("amount >= 0 AND used >= 0", name=op.f("ck_exchange_cover_amounts")),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_exchange_cover_order_id")),
        sa.ForeignKeyConstraint(["return_id"], ["return.id"], name=op.f("fk_exchange_cover_return_id")),
        sa.PrimaryKeyConstraint("return_id", name=op.f("pk_exchange_cover")),
    )
    op.create_index("ix_exchange_cover_order_id", "exchange_cover", ["order_id"])


def _exchanges() -> None:
    op.create_table(
        "exchange",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("way", sa.String(40), nullable=False),
        sa.Column("replacement", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(40), nullable=False),
        sa.Column("note", sa.String(1000), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("return_id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=True),
        sa.Column("asked", sa.BigInteger(), nullable=False),
        sa.Column("due_at", MOMENT, nullable=True),
        sa.Column("overdue_at", MOMENT, nullable=True),
        sa.Column("fulfilled_at", MOMENT, nullable=True),
        sa.Column("received_at", MOMENT, nullable=True),
        sa.Column("code", sa.String(40), nullable=True),
        sa.Column("decision", sa.String(500), nullable=True),
        sa.Column("requested_at", MOMENT, nullable=False),
        sa.Column("requested_by", sa.String(200), nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_exchange_order_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_exchange_payment_id")),
        sa.ForeignKeyConstraint(["return_id"], ["return.id"], name=op.f("fk_exchange_return_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exchange")),
        sa.UniqueConstraint("number", name=op.f("uq_exchange_number")),
        sa.UniqueConstraint("return_id", name=op.f("uq_exchange_return_id")),
    )
    for name, columns in {
        "ix_exchange_order_id": ["order_id"],
        "ix_exchange_requested_at_id": ["requested_at", "id"],
        "ix_exchange_updated_at_id": ["updated_at", "id"],
    }.items():
        op.create_index(name, "exchange", columns)


def _lines() -> None:
    op.create_table(
        "exchange_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("exchange_id", sa.Uuid(), nullable=False),
        sa.Column("order_line_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("sku", sa.String(80), nullable=False),
        sa.Column("name", sa.String(300), nullable=False),
        sa.Column("given", sa.Integer(), nullable=False),
        sa.Column("added", JSON, nullable=False),
        sa.CheckConstraint("quantity > 0 AND given >= 0 AND given <= quantity", name=op.f("ck_exchange_line_pieces")),
        sa.ForeignKeyConstraint(["exchange_id"], ["exchange.id"], name=op.f("fk_exchange_line_exchange_id")),
        sa.ForeignKeyConstraint(["order_line_id"], ["order_line.id"], name=op.f("fk_exchange_line_order_line_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exchange_line")),
        sa.UniqueConstraint("exchange_id", "order_line_id", name=op.f("uq_exchange_line_exchange_id_order_line_id")),
    )


def downgrade() -> None:
    op.drop_index("ix_claim_exchange_id", "claim")
    with op.batch_alter_table("claim") as table:
        table.drop_constraint(op.f("fk_claim_exchange_id"), type_="foreignkey")
        table.drop_column("exchange_id")
    op.drop_table("exchange_line")
    op.drop_table("exchange")
    op.drop_table("exchange_cover")
