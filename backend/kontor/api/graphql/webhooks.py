"""Webhooks: endpoints, their log, and sending again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import strawberry

from kontor.api.graphql.context import Info
from kontor.api.graphql.errors import Refusal
from kontor.api.graphql.mutation import change
from kontor.api.graphql.paging import After, Connection, First, connect, page_of, sorting
from kontor.api.graphql.permissions import requires
from kontor.api.graphql.webhook_types import (
    EventDeliveriesFilter,
    EventDeliveriesSort,
    EventDelivery,
    ReplayedDeliveries,
    ReplayedRange,
    SavedWebhookEndpoint,
    WebhookEndpoint,
    WebhookEndpointInput,
    WebhookEndpointsSort,
    show_deliveries,
    show_delivery,
    show_endpoint,
)
from kontor.auth.permissions import Permission
from kontor.core.db import Session
from kontor.core.errors import InvalidInput
from kontor.webhooks import queries, service
from kontor.webhooks.models import EventDelivery as DeliveryRow
from kontor.webhooks.models import WebhookEndpoint as EndpointRow

MOST_REPLAYED = 200


async def _saved_again(db: Session, ids: Sequence[UUID]) -> SavedWebhookEndpoint:
    # The secret was shown once; a repetition does not bring it out again.
    return SavedWebhookEndpoint(endpoint=show_endpoint(await db.get_one(EndpointRow, ids[0])), secret=None)


async def _delivery_again(db: Session, ids: Sequence[UUID]) -> EventDelivery:
    return show_delivery(await db.get_one(DeliveryRow, ids[0]))


async def _replayed_again(db: Session, ids: Sequence[UUID]) -> ReplayedDeliveries:
    return show_deliveries([await db.get_one(DeliveryRow, each) for each in ids])


async def _range_again(db: Session, ids: Sequence[UUID]) -> ReplayedRange:
    return ReplayedRange(endpoint=show_endpoint(await db.get_one(EndpointRow, ids[0])), events=0)


@strawberry.type
class WebhooksQuery:
    @strawberry.field(extensions=[requires(Permission.WEBHOOKS_READ)])
    async def webhook_endpoints(
        self,
        info: Info,
        active: bool | None = None,
        failing: bool | None = None,
        sort: WebhookEndpointsSort = WebhookEndpointsSort.CREATED_AT,
        first: First = 50,
        after: After = None,
    ) -> Connection[WebhookEndpoint]:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await queries.list_endpoints(
                db, page_of(first, after), active=active, failing=failing, **sorting(sort)
            )
        return connect(page, show_endpoint)

    @strawberry.field(
        extensions=[requires(Permission.WEBHOOKS_READ)], description="The types an endpoint of the caller can get."
    )
    async def webhook_event_types(self, info: Info) -> list[str]:
        return sorted(service.types_for(info.context.principal))

    @strawberry.field(extensions=[requires(Permission.WEBHOOKS_READ)])
    async def event_deliveries(
        self,
        info: Info,
        filter: EventDeliveriesFilter | None = None,
        sort: EventDeliveriesSort = EventDeliveriesSort.CREATED_AT_DESC,
        first: First = 50,
        after: After = None,
    ) -> Connection[EventDelivery]:
        wanted = (filter or EventDeliveriesFilter()).value()
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await queries.list_deliveries(db, wanted, page_of(first, after), **sorting(sort))
        return connect(page, show_delivery)


@strawberry.type
class WebhooksMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.WEBHOOKS_WRITE)],
        description="Add an endpoint or change one; active false is a pause. A new one's secret is shown only here.",
    )
    async def save_webhook_endpoint(
        self, info: Info, input: WebhookEndpointInput
    ) -> Annotated[SavedWebhookEndpoint | Refusal, strawberry.union("SaveWebhookEndpointResult")]:
        allow_private = info.context.runtime.settings.webhooks_to_private

        async def work(db: Session) -> SavedWebhookEndpoint:
            row = await service.save_endpoint(
                db, input.value(), endpoint_id=input.id, now=db.now, allow_private=allow_private
            )
            return SavedWebhookEndpoint(endpoint=show_endpoint(row), secret=row.secret if input.id is None else None)

        try:
            return await change(
                info, work, body=input, again=_saved_again,
                targets=lambda done: [("webhook_endpoint", done.endpoint.id)],
            )  # fmt: skip
        except InvalidInput as problem:
            raise problem.within("input") from problem

    @strawberry.mutation(
        extensions=[requires(Permission.WEBHOOKS_WRITE)],
        description="A fresh secret, shown only here; for a day the old one signs as well.",
    )
    async def rotate_webhook_secret(
        self, info: Info, id: UUID
    ) -> Annotated[SavedWebhookEndpoint | Refusal, strawberry.union("RotateWebhookSecretResult")]:
        async def work(db: Session) -> SavedWebhookEndpoint:
            row = await service.rotate_secret(db, id, now=db.now)
            return SavedWebhookEndpoint(endpoint=show_endpoint(row), secret=row.secret)

        return await change(
            info, work, body=[id], again=_saved_again, targets=lambda done: [("webhook_endpoint", done.endpoint.id)]
        )

    @strawberry.mutation(extensions=[requires(Permission.WEBHOOKS_WRITE)], description="Send a webhook.test event.")
    async def test_webhook_endpoint(
        self, info: Info, id: UUID
    ) -> Annotated[EventDelivery | Refusal, strawberry.union("TestWebhookEndpointResult")]:
        async def work(db: Session) -> EventDelivery:
            return show_delivery(await service.send_test(db, id, now=db.now))

        return await change(
            info, work, body=[id], again=_delivery_again, targets=lambda done: [("event_delivery", done.id)]
        )

    @strawberry.mutation(
        extensions=[requires(Permission.WEBHOOKS_WRITE)],
        description="Deliver once more, under the same webhook-id; at most 200 at a time.",
    )
    async def replay_deliveries(
        self, info: Info, ids: list[UUID]
    ) -> Annotated[ReplayedDeliveries | Refusal, strawberry.union("ReplayDeliveriesResult")]:
        if not 1 <= len(ids) <= MOST_REPLAYED:
            raise InvalidInput(f"1 to {MOST_REPLAYED} deliveries.", code="INVALID_BATCH", path=("ids",))

        async def work(db: Session) -> ReplayedDeliveries:
            return show_deliveries(await service.replay(db, set(ids), now=db.now))

        return await change(
            info, work, body=[ids], again=_replayed_again,
            targets=lambda done: [("event_delivery", each.id) for each in done.deliveries],
        )  # fmt: skip

    @strawberry.mutation(
        extensions=[requires(Permission.WEBHOOKS_WRITE)],
        description="Deliver every event of a span of time, also those that were missed; until is exclusive.",
    )
    async def replay_webhook_range(
        self, info: Info, endpoint_id: UUID, since: datetime, until: datetime
    ) -> Annotated[ReplayedRange | Refusal, strawberry.union("ReplayWebhookRangeResult")]:
        async def work(db: Session) -> ReplayedRange:
            count = await service.replay_range(db, endpoint_id, since, until, now=db.now)
            row = await queries.lock_endpoint(db, endpoint_id)
            return ReplayedRange(endpoint=show_endpoint(row), events=count)

        return await change(
            info, work, body=[endpoint_id, since, until], again=_range_again,
            targets=lambda done: [("webhook_endpoint", done.endpoint.id)],
        )  # fmt: skip
