"""Tables of messages."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kontor.core.db import Json, Model


class Notification(Model):
    """A message to a customer: one per order, cause and template, in the language frozen at order time.

    `context` holds what the message is about; `error` is set when it can never be sent.
    """

    __tablename__ = "notification"
    __table_args__ = (
        sa.UniqueConstraint("order_id", "source_key", "template"),
        sa.Index("ix_notification_created_at_id", "created_at", "id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID]
    source_key: Mapped[str] = mapped_column(sa.String(80))
    template: Mapped[str] = mapped_column(sa.String(40))
    language: Mapped[str] = mapped_column(sa.String(2))
    recipient: Mapped[str] = mapped_column(sa.String(254))
    subject: Mapped[str | None] = mapped_column(sa.String(300))
    context: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    message_id: Mapped[str] = mapped_column(sa.String(200))
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(sa.String(500))
    bounced_at: Mapped[datetime | None]
    bounce: Mapped[str | None] = mapped_column(sa.String(500))


class NotificationText(Model):
    """A message word for word as it goes out, written before it is sent and never changed; `template_id` is the version
    of a retailer's own words, None for ours. `attachments` are [{name, document_id}]."""

    __tablename__ = "notification_text"
    notification_id: Mapped[UUID] = mapped_column(sa.ForeignKey("notification.id"), primary_key=True)
    subject: Mapped[str] = mapped_column(sa.String(300))
    text: Mapped[str] = mapped_column(sa.Text)
    html: Mapped[str] = mapped_column(sa.Text)
    template_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("message_template.id"))
    attachments: Mapped[list[Any]] = mapped_column(Json, default=list)


class CustomerNote(Model):
    """A personal sentence that the message of a template about a thing (a change, a refund, goodwill) is to tell."""

    __tablename__ = "customer_note"
    __table_args__ = (sa.Index("ix_customer_note_order_id", "order_id"),)
    subject_id: Mapped[UUID] = mapped_column(primary_key=True)
    template: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    order_id: Mapped[UUID] = mapped_column(sa.ForeignKey("orders.id"))
    text: Mapped[str] = mapped_column(sa.String(1000))
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(sa.String(200))


_WHERE_ALL = sa.text("channel_id IS NULL")


class MessageTemplate(Model):
    """A version of a retailer's own words for one message in one language, never changed.

    It is for one channel, or for all that have none of their own. Of those valid by now the one counts that began last.
    Without words it says that ours are used again.
    """

    __tablename__ = "message_template"
    __table_args__ = (
        sa.UniqueConstraint("template", "language", "channel_id", "version"),
        sa.Index(
            "uq_message_template_all", "template", "language", "version", unique=True, postgresql_where=_WHERE_ALL,
            sqlite_where=_WHERE_ALL,
        ),
    )  # fmt: skip
    id: Mapped[UUID] = mapped_column(primary_key=True)
    template: Mapped[str] = mapped_column(sa.String(40))
    language: Mapped[str] = mapped_column(sa.String(2))
    channel_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("sales_channel.id"))
    version: Mapped[int]
    subject: Mapped[str | None] = mapped_column(sa.String(300))
    title: Mapped[str | None] = mapped_column(sa.String(300))
    body: Mapped[str | None] = mapped_column(sa.Text)
    valid_from: Mapped[datetime]
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(sa.String(200))
