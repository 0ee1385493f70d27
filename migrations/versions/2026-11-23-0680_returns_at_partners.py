"""Partners decide about returns; addresses of work that is long done are hidden; slow webhook endpoints rest.

Revision: 0680c1d2e3f4
Follows: 7d2f90b3c41e
"""

import sqlalchemy as sa
from alembic import op

revision = "0680c1d2e3f4"
down_revision = "a0630c5e19d4"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("return_inspection", sa.Column("reason", sa.String(length=300), nullable=True))
    op.add_column("return_inspection", sa.Column("partner_id", sa.Uuid(), nullable=True))
    op.add_column("return", sa.Column("label_sent_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("return", sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("fulfillment_order", sa.Column("hidden_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("webhook_endpoint", sa.Column("resting_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("shipment", sa.Column("partner_invoice", sa.String(length=60), nullable=True))
    op.add_column("shipment", sa.Column("partner_invoiced_on", sa.Date(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("shipment") as table:
        table.drop_column("partner_invoiced_on")
        table.drop_column("partner_invoice")
    with op.batch_alter_table("webhook_endpoint") as table:
        table.drop_column("resting_until")
    with op.batch_alter_table("fulfillment_order") as table:
        table.drop_column("hidden_at")
    with op.batch_alter_table("return") as table:
        table.drop_column("arrived_at")
        table.drop_column("label_sent_at")
    with op.batch_alter_table("return_inspection") as table:
        table.drop_column("partner_id")
        table.drop_column("reason")
