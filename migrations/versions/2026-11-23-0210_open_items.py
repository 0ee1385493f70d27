"""What is open, reminders and what was agreed about them, closed days.

Revision: c80d35f1ae72
Follows: a41c7e02d9f5
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "c80d35f1ae72"
down_revision = "a41c7e02d9f5"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
STILL = sa.text("open <> 0")


def upgrade() -> None:
    op.create_table(
        "open_item",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("legal_entity_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("open", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_open_item_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_open_item")),
    )
    for name in ("due_on", "since", "updated_at"):
        op.create_index(f"ix_open_item_{name}_id", "open_item", [name, "id"])
    op.create_index("ix_open_item_order_id", "open_item", ["order_id"])
    op.create_index(
        "ix_open_item_legal_entity_id",
        "open_item",
        ["legal_entity_id", "due_on"],
        sqlite_where=STILL,
        postgresql_where=STILL,
    )
    _fill()
    _dunning()
    op.create_table(
        "ledger_day",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("legal_entity_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("content", JSON, nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["legal_entity_id"], ["legal_entity.id"], name=op.f("fk_ledger_day_legal_entity_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_day")),
        sa.UniqueConstraint("legal_entity_id", "day", name=op.f("uq_ledger_day_legal_entity_id_day")),
    )


def _fill() -> None:
    """What is open of the invoices there are; other money of their orders is noted when it next moves."""
    op.execute(
        "INSERT INTO open_item (id, kind, legal_entity_id, order_id, number, currency, amount, open, since, due_on, "
        "updated_at) SELECT id, 'INVOICE', legal_entity_id, order_id, number, currency, gross, "
        "gross - credited - paid, issued_at, due_on, updated_at FROM invoice WHERE gross - credited - paid <> 0"
    )


def _dunning() -> None:
    op.create_table(
        "dunning_notice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("fee", sa.BigInteger(), nullable=False),
        sa.Column("claimed", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fee_settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fee_waived", sa.Boolean(), nullable=False),
        sa.CheckConstraint("fee >= 0", name=op.f("ck_dunning_notice_fee")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_dunning_notice_invoice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dunning_notice")),
        sa.UniqueConstraint("invoice_id", "level", name=op.f("uq_dunning_notice_invoice_id_level")),
    )
    op.create_index("ix_dunning_notice_issued_at_id", "dunning_notice", ["issued_at", "id"])
    op.create_index("ix_dunning_notice_order_id", "dunning_notice", ["order_id"])
    op.create_table(
        "dunning_plan",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("paused_until", sa.Date(), nullable=True),
        sa.Column("paid_before", sa.BigInteger(), nullable=False),
        sa.Column("instalments", JSON, nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agreed_by", sa.String(200), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["invoice.id"], name=op.f("fk_dunning_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dunning_plan")),
    )


def downgrade() -> None:
    for name in ("ledger_day", "dunning_plan", "dunning_notice", "open_item"):
        op.drop_table(name)
