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
