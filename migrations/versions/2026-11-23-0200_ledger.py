"""The ledger: whose entry it is and how it is taxed or paid, accounts by date, exports.

Revision: a41c7e02d9f5
Follows: 0c4e8b17f2d6
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "a41c7e02d9f5"
down_revision = "0c4e8b17f2d6"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.add_column("journal_entry", sa.Column("legal_entity_id", sa.Uuid(), nullable=True))
    op.add_column("journal_line", sa.Column("detail", sa.String(40), nullable=False, server_default=""))
    op.execute(
        "UPDATE journal_entry SET legal_entity_id = (SELECT c.legal_entity_id FROM orders o "
        "JOIN sales_channel c ON c.id = o.channel_id WHERE o.id = journal_entry.order_id)"
    )
    op.create_index("ix_journal_entry_legal_entity_id", "journal_entry", ["legal_entity_id", "posted_at"])
    _accounts()
    _exports()


def _accounts() -> None:
    op.create_table(
        "ledger_settings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("chart", sa.String(10), nullable=False),
        sa.Column("consultant_number", sa.Integer(), nullable=False),
        sa.Column("client_number", sa.Integer(), nullable=False),
        sa.Column("fiscal_year_month", sa.Integer(), nullable=False),
        sa.Column("account_length", sa.Integer(), nullable=False),
        sa.Column("lock_exports", sa.Boolean(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["legal_entity.id"], name=op.f("fk_ledger_settings_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_settings")),
    )
    op.create_table(
        "ledger_account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("legal_entity_id", sa.Uuid(), nullable=False),
        sa.Column("account", sa.String(40), nullable=False),
        sa.Column("detail", sa.String(40), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("number", sa.String(9), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("tax_key", sa.String(4), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["legal_entity_id"], ["legal_entity.id"], name=op.f("fk_ledger_account_legal_entity_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_account")),
        sa.UniqueConstraint(
            "legal_entity_id",
            "account",
            "detail",
            "valid_from",
            name=op.f("uq_ledger_account_legal_entity_id_account_detail_valid_from"),
        ),
    )


def _exports() -> None:
    op.create_table(
        "ledger_export",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(40), nullable=False),
        sa.Column("legal_entity_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("files", JSON, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(200), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["legal_entity_id"], ["legal_entity.id"], name=op.f("fk_ledger_export_legal_entity_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_export")),
        sa.UniqueConstraint("legal_entity_id", "sequence", name=op.f("uq_ledger_export_legal_entity_id_sequence")),
    )
    op.create_index("ix_ledger_export_created_at_id", "ledger_export", ["created_at", "id"])
    op.create_table(
        "ledger_export_entry",
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("export_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["journal_entry.id"], name=op.f("fk_ledger_export_entry_entry_id")),
        sa.ForeignKeyConstraint(["export_id"], ["ledger_export.id"], name=op.f("fk_ledger_export_entry_export_id")),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_ledger_export_entry")),
    )
    op.create_index("ix_ledger_export_entry_export_id", "ledger_export_entry", ["export_id"])


def downgrade() -> None:
    op.drop_table("ledger_export_entry")
    op.drop_table("ledger_export")
    op.drop_table("ledger_account")
    op.drop_table("ledger_settings")
    op.drop_index("ix_journal_entry_legal_entity_id", "journal_entry")
    op.drop_column("journal_line", "detail")
    op.drop_column("journal_entry", "legal_entity_id")
