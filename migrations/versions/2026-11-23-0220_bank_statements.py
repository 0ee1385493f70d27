"""Bank statements, their entries, and what those pay.

Revision: e94b60a2d713
Follows: c80d35f1ae72
"""

import sqlalchemy as sa
from alembic import op

revision = "e94b60a2d713"
down_revision = "c80d35f1ae72"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bank_statement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("legal_entity_id", sa.Uuid(), nullable=False),
        sa.Column("iban", sa.String(34), nullable=False),
        sa.Column("reference", sa.String(35), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("opening", sa.BigInteger(), nullable=False),
        sa.Column("closing", sa.BigInteger(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("imported_by", sa.String(200), nullable=False),
        sa.ForeignKeyConstraint(
            ["legal_entity_id"], ["legal_entity.id"], name=op.f("fk_bank_statement_legal_entity_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_statement")),
        sa.UniqueConstraint("iban", "reference", name=op.f("uq_bank_statement_iban_reference")),
    )
    op.create_index("ix_bank_statement_imported_at_id", "bank_statement", ["imported_at", "id"])
    op.create_table(
        "bank_entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("statement_id", sa.Uuid(), nullable=False),
        sa.Column("legal_entity_id", sa.Uuid(), nullable=False),
        sa.Column("iban", sa.String(34), nullable=False),
        sa.Column("reference", sa.String(80), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("assigned", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("name", sa.String(140), nullable=False),
        sa.Column("counter_iban", sa.String(34), nullable=False),
        sa.Column("end_to_end", sa.String(35), nullable=False),
        sa.Column("purpose", sa.String(1000), nullable=False),
        sa.Column("set_aside", sa.Boolean(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "assigned >= 0 AND (assigned = 0 OR assigned <= amount)", name=op.f("ck_bank_entry_assigned")
        ),
        sa.ForeignKeyConstraint(["statement_id"], ["bank_statement.id"], name=op.f("fk_bank_entry_statement_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_entry")),
        sa.UniqueConstraint("iban", "reference", name=op.f("uq_bank_entry_iban_reference")),
    )
    op.create_index("ix_bank_entry_booked_on_id", "bank_entry", ["booked_on", "id"])
    op.create_index("ix_bank_entry_updated_at_id", "bank_entry", ["updated_at", "id"])
    op.create_index("ix_bank_entry_statement_id", "bank_entry", ["statement_id"])
    op.create_table(
        "bank_assignment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("transaction_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("assigned_by", sa.String(200), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("amount > 0", name=op.f("ck_bank_assignment_amount")),
        sa.ForeignKeyConstraint(["entry_id"], ["bank_entry.id"], name=op.f("fk_bank_assignment_entry_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_assignment")),
    )
    op.create_index("ix_bank_assignment_entry_id", "bank_assignment", ["entry_id"])


def downgrade() -> None:
    for name in ("bank_assignment", "bank_entry", "bank_statement"):
        op.drop_table(name)
