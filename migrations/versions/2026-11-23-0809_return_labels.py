"""Labels of returns, bought from carriers.

Revision: 0809a5c7e2f4
Follows: 0808e4a2c6d1
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0809a5c7e2f4"
down_revision = "0808e4a2c6d1"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "return_label",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("return_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("reference", sa.String(35), nullable=False),
        sa.Column("asked", JSON, nullable=False),
        sa.Column("tracking_number", sa.String(80), nullable=True),
        sa.Column("tracking_url", sa.String(500), nullable=True),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.Column("problem_code", sa.String(60), nullable=True),
        sa.Column("problem", sa.String(500), nullable=True),
        sa.Column("called_at", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["return_id"], ["return.id"], name=op.f("fk_return_label_return_id_return")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["carrier_account.id"], name=op.f("fk_return_label_account_id_carrier_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_return_label")),
        sa.UniqueConstraint("return_id", name=op.f("uq_return_label_return_id")),
        sa.UniqueConstraint("reference", name=op.f("uq_return_label_reference")),
    )


def downgrade() -> None:
    op.drop_table("return_label")
