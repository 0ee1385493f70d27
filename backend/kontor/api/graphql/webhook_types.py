"""Webhook endpoints and their deliveries as a caller sees them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from kontor.api.graphql.context import Info
from kontor.api.graphql.loaders import by_parent
from kontor.core.outbox import EVENTS
from kontor.webhooks.models import DeliveryAttempt as AttemptRow
from kontor.webhooks.payload import type_of
from kontor.webhooks.queries import DeliveryFilter
from kontor.webhooks.service import EndpointInput
from kontor.webhooks.states import DeliveryState

strawberry.enum(DeliveryState)


@strawberry.type(description="Where events are pushed to by Standard Webhooks. Its secret is shown when it is made.")
class WebhookEndpoint:
    id: UUID
    name: str
    url: str
    events: list[str] | None = strawberry.field(description="Types such as order.placed; null for all.")
    filter: str | None = strawberry.field(description="CEL over type, timestamp and data.")
    partner_id: UUID | None
    channel_id: UUID | None
    active: bool
    failing_since: datetime | None
    disabled_reason: str | None
    created_at: datetime


@strawberry.type(description="An endpoint and, where it was just made or rotated, its secret.")
class SavedWebhookEndpoint:
    endpoint: WebhookEndpoint
    secret: str | None


@strawberry.type(description="One call and how it ended.")
class DeliveryAttempt:
    at: datetime
    status_code: int | None
    error: str | None
    milliseconds: int


@strawberry.type(description="One event for one endpoint. Its id is the webhook-id of every attempt and replay.")
class EventDelivery:
    id: UUID
    endpoint_id: UUID
    event_id: UUID
    stream_id: UUID
    type: str
    body: JSON
    state: DeliveryState
    attempts: int = strawberry.field(description="Attempts since it was last begun.")
    status_code: int | None
    error: str | None
    created_at: datetime
    last_attempt_at: datetime | None

    @strawberry.field(description="Every call that was made, the oldest first.")
    async def log(self, info: Info) -> list[DeliveryAttempt]:
        rows = await by_parent(info, AttemptRow.delivery_id, self.id, order_by=AttemptRow.id)
        return [
            DeliveryAttempt(at=row.at, status_code=row.status_code, error=row.error, milliseconds=row.milliseconds)
            for row in rows
        ]


@strawberry.type
class ReplayedDeliveries:
    deliveries: list[EventDelivery]


@strawberry.type
class ReplayedRange:
    endpoint: WebhookEndpoint
    events: int = strawberry.field(description="How many events are delivered (again).")


@strawberry.input(description="An endpoint to add, or with an id to change.")
class WebhookEndpointInput:
    id: UUID | None = None
    name: str
    url: str
    events: list[str] | None = None
    filter: str | None = None
    partner_id: UUID | None = None
    channel_id: UUID | None = None
    active: bool = True

    def value(self) -> EndpointInput:
        """As the service takes it."""
        return EndpointInput(
            name=self.name, url=self.url, events=self.events, filter=self.filter, partner_id=self.partner_id,
            channel_id=self.channel_id, active=self.active,
        )  # fmt: skip


@strawberry.input(description="Which deliveries are wanted; what is left out does not narrow.")
class EventDeliveriesFilter:
    endpoint_id: UUID | None = None
    states: list[DeliveryState] | None = None
    stream_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    types: list[str] | None = None

    def value(self) -> DeliveryFilter:
        """As the query takes it."""
        names = None if self.types is None else [name for name in EVENTS if type_of(name) in self.types]
        return DeliveryFilter(
            endpoint_id=self.endpoint_id, states=self.states, stream_id=self.stream_id, since=self.since,
            until=self.until, names=names,
        )  # fmt: skip


@strawberry.enum
class WebhookEndpointsSort(Enum):
    CREATED_AT = "CREATED_AT"
    CREATED_AT_DESC = "CREATED_AT_DESC"
    NAME = "NAME"
    NAME_DESC = "NAME_DESC"


@strawberry.enum
class EventDeliveriesSort(Enum):
    CREATED_AT = "CREATED_AT"
    CREATED_AT_DESC = "CREATED_AT_DESC"


def show_endpoint(row: Any) -> WebhookEndpoint:
    """An endpoint's row as the API shows it: never its secrets."""
    return WebhookEndpoint(
        id=row.id, name=row.name, url=row.url, events=row.events, filter=row.filter, partner_id=row.partner_id,
        channel_id=row.channel_id, active=row.active, failing_since=row.failing_since,
        disabled_reason=row.disabled_reason, created_at=row.created_at,
    )  # fmt: skip


def show_delivery(row: Any) -> EventDelivery:
    """A delivery's row as the API shows it."""
    return EventDelivery(
        id=row.id, endpoint_id=row.endpoint_id, event_id=row.event_id, stream_id=row.stream_id,
        type=type_of(row.event_name), body=JSON(row.body), state=row.state, attempts=row.attempts,
        status_code=row.status_code, error=row.error, created_at=row.created_at, last_attempt_at=row.last_attempt_at,
    )  # fmt: skip


def show_deliveries(rows: Sequence[Any]) -> ReplayedDeliveries:
    """Rows of a replay as the API shows them."""
    return ReplayedDeliveries(deliveries=[show_delivery(row) for row in rows])
