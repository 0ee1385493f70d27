"""Tables of webhooks."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kontor.core.db import Json, Model, state_type
from kontor.webhooks.states import DeliveryState


class WebhookEndpoint(Model):
    """Where events are pushed to. `events` None means all; `filter` is CEL over the event."""

    __tablename__ = "webhook_endpoint"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(120))
    url: Mapped[str] = mapped_column(sa.String(500))
    secret: Mapped[str] = mapped_column(sa.String(120))
    previous_secret: Mapped[str | None] = mapped_column(sa.String(120))
    previous_until: Mapped[datetime | None]
    events: Mapped[list[str] | None] = mapped_column(Json)
    filter: Mapped[str | None] = mapped_column(sa.Text)
    partner_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("partner.id"))
    channel_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("sales_channel.id"))
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]


class EventDelivery(Model):
    """One event for one endpoint and its attempts."""

    __tablename__ = "event_delivery"
    __table_args__ = (
        sa.UniqueConstraint("endpoint_id", "event_id"),
        sa.Index("ix_event_delivery_created_at_id", "created_at", "id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    endpoint_id: Mapped[UUID] = mapped_column(sa.ForeignKey("webhook_endpoint.id"))
    event_id: Mapped[UUID]
    event_name: Mapped[str] = mapped_column(sa.String(60))
    body: Mapped[dict[str, Any]] = mapped_column(Json)
    state: Mapped[DeliveryState] = mapped_column(state_type(DeliveryState))
    attempts: Mapped[int] = mapped_column(default=0)
    status_code: Mapped[int | None]
    error: Mapped[str | None] = mapped_column(sa.String(500))
    created_at: Mapped[datetime]
    last_attempt_at: Mapped[datetime | None]


class LogCursor(Model):
    """How far a reader of the event log has come."""

    __tablename__ = "log_cursor"
    name: Mapped[str] = mapped_column(sa.String(60), primary_key=True)
    position: Mapped[int] = mapped_column(sa.BigInteger)
