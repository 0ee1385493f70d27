"""Statements over endpoints and deliveries."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session, chunks
from kontor.core.outbox import EventRecord
from kontor.core.pagination import Page, PageRequest, choose, narrow, paginate
from kontor.core.principal import Principal
from kontor.fulfillment.models import FulfillmentOrder
from kontor.orders.models import Order
from kontor.webhooks.errors import DeliveryNotFound, EndpointNotFound
from kontor.webhooks.models import EventDelivery, LogCursor, WebhookEndpoint
from kontor.webhooks.states import DeliveryState
from kontor.webhooks.visibility import INSIDE, without_words

CURSOR = "webhooks"
SORTS: dict[str, Any] = {"CREATED_AT": WebhookEndpoint.created_at, "NAME": WebhookEndpoint.name}
DELIVERY_SORTS: dict[str, Any] = {"CREATED_AT": EventDelivery.created_at}


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """Which deliveries are wanted; what is None does not narrow. From inclusive, until exclusive."""

    endpoint_id: UUID | None = None
    states: Sequence[DeliveryState] | None = None
    stream_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    names: Sequence[str] | None = None


def may_see(principal: Principal) -> sa.ColumnElement[bool]:
    """A partner sees its endpoints, a shop those of its channels; stores and customers see none."""
    if principal.location_ids is not None or principal.customer_id is not None:
        return sa.false()
    if principal.partner_id is not None:
        return WebhookEndpoint.partner_id == principal.partner_id
    if principal.channel_ids is not None:
        return WebhookEndpoint.channel_id.in_(principal.channel_ids)
    return sa.true()


def hidden_events(principal: Principal) -> frozenset[str]:
    """Names of events that a caller with a scope does not read, as their endpoints do not hear of them."""
    return INSIDE if principal.restricted else frozenset()


def payload_for(principal: Principal, event: EventRecord) -> dict[str, Any]:
    """What an event tells the principal: outside the company no words of its people, as endpoints there hear it."""
    return without_words(event.name, event.payload) if principal.outside else dict(event.payload)


async def list_endpoints(
    db: Session,
    page: PageRequest,
    *,
    active: bool | None = None,
    failing: bool | None = None,
    sort: str = "CREATED_AT",
    descending: bool = False,
) -> Page[WebhookEndpoint]:
    """Endpoints the principal may see, oldest first unless asked otherwise."""
    since = WebhookEndpoint.failing_since
    found = narrow(
        sa.select(WebhookEndpoint).where(may_see(db.principal)),
        (WebhookEndpoint.active.is_, active),
        (lambda wanted: since.is_not(None) if wanted else since.is_(None), failing),
    )
    return await paginate(db, found, choose(SORTS, sort, descending=descending), WebhookEndpoint.id, page)


async def lock_endpoint(db: Session, endpoint_id: UUID) -> WebhookEndpoint:
    """One endpoint the principal may see, locked; raises `EndpointNotFound`."""
    found = sa.select(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id, may_see(db.principal))
    endpoint = await db.scalar(found.with_for_update().execution_options(populate_existing=True))
    if endpoint is None:
        raise EndpointNotFound("There is no such webhook endpoint.", path=("id",), endpoint_id=str(endpoint_id))
    return endpoint


async def active_endpoints(db: Session) -> list[WebhookEndpoint]:
    """Every endpoint that gets events."""
    found = sa.select(WebhookEndpoint).where(WebhookEndpoint.active).order_by(WebhookEndpoint.id)
    return list(await db.scalars(found))


async def active_of_partners(db: Session, partner_ids: Collection[UUID]) -> list[WebhookEndpoint]:
    """Endpoints of partners that are on, locked, in the order of their ids."""
    found = sa.select(WebhookEndpoint).where(WebhookEndpoint.partner_id.in_(partner_ids), WebhookEndpoint.active)
    return list(await db.scalars(found.order_by(WebhookEndpoint.id).with_for_update()))


async def any_active(db: Session, *, besides: UUID | None = None) -> bool:
    """Whether any (other) endpoint gets events."""
    found = sa.select(WebhookEndpoint.id).where(WebhookEndpoint.active).limit(1)
    return await db.scalar(found if besides is None else found.where(WebhookEndpoint.id != besides)) is not None


async def list_deliveries(
    db: Session, wanted: DeliveryFilter, page: PageRequest, *, sort: str = "CREATED_AT", descending: bool = True
) -> Page[EventDelivery]:
    """The newest deliveries first unless asked otherwise, of endpoints the principal may see."""
    row, found = EventDelivery, sa.select(EventDelivery)
    if db.principal.restricted:
        found = found.where(row.endpoint_id.in_(sa.select(WebhookEndpoint.id).where(may_see(db.principal))))
    found = narrow(
        found,
        (row.endpoint_id.__eq__, wanted.endpoint_id),
        (row.state.in_, wanted.states),
        (row.stream_id.__eq__, wanted.stream_id),
        (row.event_name.in_, wanted.names),
        (row.created_at.__ge__, wanted.since),
        (row.created_at.__lt__, wanted.until),
    )
    return await paginate(db, found, choose(DELIVERY_SORTS, sort, descending=descending), row.id, page)


async def lock_deliveries(
    db: Session, ids: Collection[UUID], *, principal: Principal | None = None
) -> dict[UUID, EventDelivery]:
    """Deliveries locked in key order; with a principal every one must be theirs, else `DeliveryNotFound`."""
    found: dict[UUID, EventDelivery] = {}
    for part in chunks(sorted(ids)):
        wanted = sa.select(EventDelivery).where(EventDelivery.id.in_(part)).order_by(EventDelivery.id)
        if principal is not None and principal.restricted:
            own = sa.select(WebhookEndpoint.id).where(may_see(principal))
            wanted = wanted.where(EventDelivery.endpoint_id.in_(own))
        rows = await db.scalars(wanted.with_for_update().execution_options(populate_existing=True))
        found.update({row.id: row for row in rows})
    if principal is not None and (missing := set(ids) - found.keys()):
        raise DeliveryNotFound("There is no such delivery.", delivery_id=str(min(missing)))
    return found


async def lock_endpoints(db: Session, ids: Collection[UUID]) -> dict[UUID, WebhookEndpoint]:
    """Endpoints locked in key order."""
    found = sa.select(WebhookEndpoint).where(WebhookEndpoint.id.in_(ids)).order_by(WebhookEndpoint.id)
    rows = await db.scalars(found.with_for_update().execution_options(populate_existing=True))
    return {row.id: row for row in rows}


async def pending(db: Session, ids: Collection[UUID]) -> dict[UUID, tuple[EventDelivery, WebhookEndpoint]]:
    """Deliveries that are to be made, with their endpoints."""
    found = (
        sa.select(EventDelivery, WebhookEndpoint)
        .join(WebhookEndpoint, WebhookEndpoint.id == EventDelivery.endpoint_id)
        .where(EventDelivery.id.in_(ids), EventDelivery.state == DeliveryState.PENDING)
    )
    return {delivery.id: (delivery, endpoint) for delivery, endpoint in await db.execute(found)}


async def of_events(db: Session, endpoint_id: UUID, event_ids: Collection[UUID]) -> dict[UUID, EventDelivery]:
    """An endpoint's deliveries of some events, by event, locked."""
    found = sa.select(EventDelivery).where(
        EventDelivery.endpoint_id == endpoint_id, EventDelivery.event_id.in_(event_ids)
    )
    rows = await db.scalars(found.order_by(EventDelivery.id).with_for_update())
    return {row.event_id: row for row in rows}


async def lock_cursor(db: Session) -> LogCursor:
    """The place in the log up to which events were fanned out; its lock serializes fan-out and switching on."""
    await db.execute(_NEW_CURSOR, {"name": CURSOR})
    found = sa.select(LogCursor).where(LogCursor.name == CURSOR)
    cursor = await db.scalar(found.with_for_update().execution_options(populate_existing=True))
    assert cursor is not None
    return cursor


_NEW_CURSOR = sa.text(
    'INSERT INTO log_cursor (name, "transaction", position) VALUES (:name, -1, 0) ON CONFLICT (name) DO NOTHING'
)


async def events_between(db: Session, since: datetime, until: datetime, *, after: int, limit: int) -> list[EventRecord]:
    """Events of a span of time in the order of the log; `until` is exclusive."""
    found = sa.select(EventRecord).where(
        EventRecord.occurred_at >= since, EventRecord.occurred_at < until, EventRecord.position > after
    )
    return list(await db.scalars(found.order_by(EventRecord.position).limit(limit)))


async def orders_of(db: Session, stream_ids: Collection[UUID]) -> dict[UUID, dict[str, str]]:
    """The facts of the orders among some streams."""
    found: dict[UUID, dict[str, str]] = {}
    columns = (Order.id, Order.number, Order.external_id, Order.channel_id)
    for part in chunks(sorted(stream_ids)):
        for row in await db.execute(sa.select(*columns).where(Order.id.in_(part))):
            found[row.id] = {
                "number": row.number, "external_id": row.external_id, "channel_id": str(row.channel_id),
            }  # fmt: skip
    return found


async def tasks_of(db: Session, ids: Collection[UUID]) -> dict[str, tuple[str | None, str]]:
    """The partner and number of fulfillment orders, by id as text."""
    found: dict[str, tuple[str | None, str]] = {}
    columns: Any = (FulfillmentOrder.id, FulfillmentOrder.partner_id, FulfillmentOrder.number)
    for part in chunks(sorted(ids)):
        for row in await db.execute(sa.select(*columns).where(FulfillmentOrder.id.in_(part))):
            found[str(row.id)] = (str(row.partner_id) if row.partner_id else None, row.number)
    return found
