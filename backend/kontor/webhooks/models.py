"""Tables of webhooks."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kontor.core.db import Json, Model, state_type
from kontor.webhooks.states import DeliveryState


class WebhookEndpoint(Model):
    """Where events are pushed to. `events` None means all; `filter` is CEL over the event.

    `failing_since` is set while no delivery succeeds; `disabled_reason` says why Kontor switched the endpoint off. One
    that answers slowly is not called until `resting_until` of the wall clock, so that nobody else waits for it.
    """

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
    failing_since: Mapped[datetime | None]
    disabled_reason: Mapped[str | None] = mapped_column(sa.String(300))
    resting_until: Mapped[datetime | None]
    created_at: Mapped[datetime]


class EventDelivery(Model):
    """One event for one endpoint; its id is the webhook id of each attempt. `attempts` counts since the last replay."""

    __tablename__ = "event_delivery"
    __table_args__ = (
        sa.UniqueConstraint("endpoint_id", "event_id"),
        sa.Index("ix_event_delivery_created_at_id", "created_at", "id"),
        sa.Index("ix_event_delivery_endpoint", "endpoint_id", "created_at", "id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    endpoint_id: Mapped[UUID] = mapped_column(sa.ForeignKey("webhook_endpoint.id"))
    event_id: Mapped[UUID]
    stream_id: Mapped[UUID]
    event_name: Mapped[str] = mapped_column(sa.String(60))
    body: Mapped[dict[str, Any]] = mapped_column(Json)
    state: Mapped[DeliveryState] = mapped_column(state_type(DeliveryState))
    attempts: Mapped[int] = mapped_column(default=0)
    status_code: Mapped[int | None]
    error: Mapped[str | None] = mapped_column(sa.String(500))
    created_at: Mapped[datetime]
    last_attempt_at: Mapped[datetime | None]


class DeliveryAttempt(Model):
    """One call and how it ended; `status_code` None when there was no answer."""

    __tablename__ = "delivery_attempt"
    __table_args__ = (sa.Index("ix_delivery_attempt_delivery_id", "delivery_id"),)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    delivery_id: Mapped[UUID] = mapped_column(sa.ForeignKey("event_delivery.id"))
    at: Mapped[datetime]
    status_code: Mapped[int | None]
    error: Mapped[str | None] = mapped_column(sa.String(500))
    milliseconds: Mapped[int]


class LogCursor(Model):
    """How far a reader of the event log has come: the place of the last event it has dealt with."""

    __tablename__ = "log_cursor"
    name: Mapped[str] = mapped_column(sa.String(60), primary_key=True)
    transaction: Mapped[int] = mapped_column(sa.BigInteger)
    position: Mapped[int] = mapped_column(sa.BigInteger)

    @property
    def place(self) -> tuple[int, int]:
        """Where the log is read on."""
        return (self.transaction, self.position)

    def move_to(self, place: tuple[int, int]) -> None:
        """The reader has come to this place."""
        self.transaction, self.position = place
