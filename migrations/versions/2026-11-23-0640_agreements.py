"""What is agreed with partners, their deadlines, how old their stock figures were, and objections to figures.

Revision: 9c4e71b0a6d2
Follows: 4d1c7e92ab36
"""

import sqlalchemy as sa
from alembic import op

revision = "9c4e71b0a6d2"
down_revision = "4d1c7e92ab36"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "partner_agreement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("answer_hours", sa.Integer(), nullable=False),
        sa.Column("ship_hours", sa.Integer(), nullable=False),
        sa.Column("accepted_permille", sa.Integer(), nullable=False),
        sa.Column("on_time_permille", sa.Integer(), nullable=False),
        sa.Column("canceled_permille", sa.Integer(), nullable=False),
        sa.Column("tracking_permille", sa.Integer(), nullable=False),
        sa.Column("returned_permille", sa.Integer(), nullable=False),
        sa.Column("stock_age_hours", sa.Integer(), nullable=False),
        sa.Column("return_postage", sa.String(40), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_partner_agreement_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner_agreement")),
        sa.UniqueConstraint("partner_id", "version", name=op.f("uq_partner_agreement_partner_id_version")),
    )
    op.create_index("ix_partner_agreement_partner_id", "partner_agreement", ["partner_id", "valid_from"], unique=False)
    op.create_table(
        "partner_stock_age",
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("levels", sa.Integer(), nullable=False),
        sa.Column("hours", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_partner_stock_age_partner_id")),
        sa.PrimaryKeyConstraint("partner_id", "day", name=op.f("pk_partner_stock_age")),
    )
    op.create_table(
        "performance_objection",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=False),
        sa.Column("fulfillment_order_id", sa.Uuid(), nullable=False),
        sa.Column("measure", sa.String(40), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("answer", sa.String(length=500), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(length=200), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["fulfillment_order_id"],
            ["fulfillment_order.id"],
            name=op.f("fk_performance_objection_fulfillment_order_id"),
        ),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_performance_objection_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_performance_objection")),
        sa.UniqueConstraint(
            "fulfillment_order_id", "measure", name=op.f("uq_performance_objection_fulfillment_order_id_measure")
        ),
    )
    op.create_index(
        "ix_performance_objection_created_at_id", "performance_objection", ["created_at", "id"], unique=False
    )
    op.create_index(
        "ix_performance_objection_partner_id", "performance_objection", ["partner_id", "state"], unique=False
    )
    op.create_index(
        "ix_performance_objection_updated_at_id", "performance_objection", ["updated_at", "id"], unique=False
    )
    op.add_column("fulfillment_order", sa.Column("ship_due_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("fulfillment_order", sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("fulfillment_order", sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("fulfillment_order", sa.Column("overdue_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_fulfillment_order_ship_due_at_id", "fulfillment_order", ["ship_due_at", "id"], unique=False)
    op.add_column("return", sa.Column("postage_payer", sa.String(40), nullable=True))
    # When work was accepted is known from its history.
    op.execute(
        "UPDATE fulfillment_order SET accepted_at = (SELECT min(at) FROM state_change WHERE "
        "entity_id = fulfillment_order.id AND entity = 'fulfillment_order' AND new = 'ACCEPTED')"
    )


def downgrade() -> None:
    op.drop_column("return", "postage_payer")
    op.drop_index("ix_fulfillment_order_ship_due_at_id", table_name="fulfillment_order")
    op.drop_column("fulfillment_order", "overdue_at")
    op.drop_column("fulfillment_order", "reminded_at")
    op.drop_column("fulfillment_order", "accepted_at")
    op.drop_column("fulfillment_order", "ship_due_at")
    op.drop_index("ix_performance_objection_updated_at_id", table_name="performance_objection")
    op.drop_index("ix_performance_objection_partner_id", table_name="performance_objection")
    op.drop_index("ix_performance_objection_created_at_id", table_name="performance_objection")
    op.drop_table("performance_objection")
    op.drop_table("partner_stock_age")
    op.drop_index("ix_partner_agreement_partner_id", table_name="partner_agreement")
    op.drop_table("partner_agreement")
