"""Tables of contacts."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kontor.core.db import Model, state_type


class ContactChannel(StrEnum):
    """By what way was spoken."""

    PHONE = "PHONE"
    EMAIL = "EMAIL"
    CHAT = "CHAT"
    LETTER = "LETTER"
    STORE = "STORE"
    NOTE = "NOTE"  # nobody spoke; what a colleague should know


class Direction(StrEnum):
    """Who began."""

    INBOUND = "INBOUND"
    OUTBOUND = "OUTBOUND"
    INTERNAL = "INTERNAL"


_OPEN = sa.text("follow_up_on IS NOT NULL AND follow_up_done_at IS NULL")


class Contact(Model):
    """What was said once. Its words never change; `corrects_id` names the contact that this one puts right.

    A mail that was sent has its `notification_id`; one that came in its `address` and `message_id`. `follow_up_on` is a
    day where the seller is.
    """

    __tablename__ = "contact"
    __table_args__ = (
        sa.CheckConstraint("order_id IS NOT NULL OR customer_id IS NOT NULL", name="about"),
        sa.UniqueConstraint("corrects_id"),
        sa.UniqueConstraint("message_id"),
        sa.Index("ix_contact_order_id_created_at", "order_id", "created_at"),
        sa.Index("ix_contact_customer_id_created_at", "customer_id", "created_at"),
        sa.Index("ix_contact_created_at_id", "created_at", "id"),
        sa.Index("ix_contact_follow_up_on_id", "follow_up_on", "id"),
        sa.Index("ix_contact_follow_up", "follow_up_on", postgresql_where=_OPEN, sqlite_where=_OPEN),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID | None]
    customer_id: Mapped[UUID | None]
    channel: Mapped[ContactChannel] = mapped_column(state_type(ContactChannel))
    direction: Mapped[Direction] = mapped_column(state_type(Direction))
    topic: Mapped[str] = mapped_column(sa.String(200))
    text: Mapped[str] = mapped_column(sa.Text)
    address: Mapped[str | None] = mapped_column(sa.String(254))
    message_id: Mapped[str | None] = mapped_column(sa.String(200))
    notification_id: Mapped[UUID | None]
    corrects_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("contact.id"))
    follow_up_on: Mapped[date | None]
    follow_up_raised_at: Mapped[datetime | None]
    follow_up_done_at: Mapped[datetime | None]
    follow_up_done_by: Mapped[str | None] = mapped_column(sa.String(200))
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(sa.String(200))
    created_by_id: Mapped[UUID | None]
