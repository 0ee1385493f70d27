"""Messages word for word and what became of them; message templates of a retailer; contacts; what customers may do.

Revision: 0705c5d7e9f1
Follows: 0707c3a9e1b4
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0705c5d7e9f1"
down_revision = "0707c3a9e1b4"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _messages()
    _contacts()
    _self_service()


def _messages() -> None:
    op.add_column("notification", sa.Column("bounced_at", MOMENT, nullable=True))
    op.add_column("notification", sa.Column("bounce", sa.String(500), nullable=True))
    op.create_table(
        "message_template",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("template", sa.String(40), nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(300), nullable=True),
        sa.Column("title", sa.String(300), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("valid_from", MOMENT, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("created_by", sa.String(200), nullable=False),
        sa.ForeignKeyConstraint(["channel_id"], ["sales_channel.id"], name=op.f("fk_message_template_channel_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_template")),
        sa.UniqueConstraint(
            "template",
            "language",
            "channel_id",
            "version",
            name=op.f("uq_message_template_template_language_channel_id_version"),
        ),
    )
    everywhere = sa.text("channel_id IS NULL")
    op.create_index(
        "uq_message_template_all", "message_template", ["template", "language", "version"], unique=True,
        postgresql_where=everywhere, sqlite_where=everywhere,
    )  # fmt: skip
    op.create_table(
        "notification_text",
        sa.Column("notification_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.String(300), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("template_id", sa.Uuid(), nullable=True),
        sa.Column("attachments", JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["notification_id"], ["notification.id"], name=op.f("fk_notification_text_notification_id")
        ),
        sa.ForeignKeyConstraint(
            ["template_id"], ["message_template.id"], name=op.f("fk_notification_text_template_id")
        ),
        sa.PrimaryKeyConstraint("notification_id", name=op.f("pk_notification_text")),
    )


def _contacts() -> None:
    op.create_table(
        "contact",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("direction", sa.String(40), nullable=False),
        sa.Column("topic", sa.String(200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("address", sa.String(254), nullable=True),
        sa.Column("message_id", sa.String(200), nullable=True),
        sa.Column("notification_id", sa.Uuid(), nullable=True),
        sa.Column("corrects_id", sa.Uuid(), nullable=True),
        sa.Column("follow_up_on", sa.Date(), nullable=True),
        sa.Column("follow_up_raised_at", MOMENT, nullable=True),
        sa.Column("follow_up_done_at", MOMENT, nullable=True),
        sa.Column("follow_up_done_by", sa.String(200), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("created_by", sa.String(200), nullable=False),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("order_id IS NOT NULL OR customer_id IS NOT NULL", name=op.f("ck_contact_about")),
        sa.ForeignKeyConstraint(["corrects_id"], ["contact.id"], name=op.f("fk_contact_corrects_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
        sa.UniqueConstraint("corrects_id", name=op.f("uq_contact_corrects_id")),
        sa.UniqueConstraint("message_id", name=op.f("uq_contact_message_id")),
    )
    op.create_index("ix_contact_order_id_created_at", "contact", ["order_id", "created_at"])
    op.create_index("ix_contact_customer_id_created_at", "contact", ["customer_id", "created_at"])
    op.create_index("ix_contact_created_at_id", "contact", ["created_at", "id"])
    op.create_index("ix_contact_follow_up_on_id", "contact", ["follow_up_on", "id"])
    open_ones = sa.text("follow_up_on IS NOT NULL AND follow_up_done_at IS NULL")
    op.create_index(
        "ix_contact_follow_up", "contact", ["follow_up_on"], postgresql_where=open_ones, sqlite_where=open_ones
    )


def _self_service() -> None:
    op.create_table(
        "self_service_policy",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("channel_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("rules", JSON, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("created_by", sa.String(200), nullable=False),
        sa.ForeignKeyConstraint(["channel_id"], ["sales_channel.id"], name=op.f("fk_self_service_policy_channel_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_self_service_policy")),
        sa.UniqueConstraint("channel_id", "version", name=op.f("uq_self_service_policy_channel_id_version")),
    )


def downgrade() -> None:
    op.drop_table("self_service_policy")
    op.drop_table("contact")
    op.drop_table("notification_text")
    op.drop_table("message_template")
    with op.batch_alter_table("notification") as table:
        table.drop_column("bounce")
        table.drop_column("bounced_at")
