"""From the log to deliveries: which endpoint gets which event, with what its owner may see of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from kontor.core import expressions
from kontor.core.db import Session
from kontor.core.errors import InvalidInput
from kontor.core.eventlog import read_log
from kontor.core.ids import is_uuid, new_id
from kontor.core.outbox import EventRecord, schedule
from kontor.core.statemachine import change_row
from kontor.webhooks import queries
from kontor.webhooks.models import EventDelivery, WebhookEndpoint
from kontor.webhooks.payload import body_of, type_of
from kontor.webhooks.states import DeliveryState
from kontor.webhooks.visibility import Fact, Owner, seen_by, task_ids

DELIVER = "webhooks.deliver"
FAN_OUT = "webhooks.fan_out"
BATCH = 500
_COLUMNS = (
    "id", "endpoint_id", "event_id", "stream_id", "event_name", "body", "state", "attempts", "created_at",
)  # fmt: skip
Written = tuple[WebhookEndpoint, EventRecord, dict[str, Any]]


async def fan_out(db: Session, *, now: datetime) -> int:
    """Write deliveries for the next events of the log and move on, in one transaction; how many events were read."""
    cursor = await queries.lock_cursor(db)
    endpoints = await queries.active_endpoints(db)
    if not endpoints:
        return 0
    events = await read_log(db, cursor.place, limit=BATCH)
    if events:
        await write_deliveries(db, await matches(db, endpoints, events), now=now)
        cursor.move_to(events[-1].place)
    return len(events)


async def matches(db: Session, endpoints: Sequence[WebhookEndpoint], events: Sequence[EventRecord]) -> list[Written]:
    """Each endpoint's events with the bodies it gets, in the order of the log."""
    wanted = [(each, frozenset(each.events) if each.events is not None else None) for each in endpoints]
    named = {type_of(event.name) for event in events}
    if not any(types is None or types & named for _, types in wanted):
        return []
    orders = await queries.orders_of(db, {event.stream_id for event in events})
    ids = {UUID(item) for event in events for item in task_ids(event.payload) if is_uuid(item)}
    partners = any(endpoint.partner_id is not None for endpoint in endpoints)
    tasks = await queries.tasks_of(db, ids) if partners else {}
    found: list[Written] = []
    for event in events:
        own = {item: tasks[item] for item in task_ids(event.payload) if item in tasks}
        fact = Fact(event.name, str(event.stream_id), event.seq, event.payload, orders.get(event.stream_id), own)
        for endpoint, types in wanted:
            if types is None or type_of(event.name) in types:
                body = _body(endpoint, event, fact)
                if body is not None:
                    found.append((endpoint, event, body))
    return found


def _body(endpoint: WebhookEndpoint, event: EventRecord, fact: Fact) -> dict[str, Any] | None:
    owner = Owner(
        str(endpoint.partner_id) if endpoint.partner_id else None,
        str(endpoint.channel_id) if endpoint.channel_id else None,
    )
    data = seen_by(owner, fact)
    if data is None:
        return None
    body = body_of(event.name, event.occurred_at, data)
    if endpoint.filter:
        try:
            if not expressions.holds(endpoint.filter, body):
                return None
        except InvalidInput:  # it asks for a fact this event does not have
            return None
    return body


async def write_deliveries(db: Session, found: Sequence[Written], *, now: datetime) -> list[UUID]:
    """Bulk insert of pending deliveries and their jobs; ids in the order given."""
    rows = [
        (new_id(), endpoint.id, event.id, event.stream_id, event.name, body, DeliveryState.PENDING, 0, now)
        for endpoint, event, body in found
    ]
    await db.bulk_insert(EventDelivery, _COLUMNS, rows)
    for row, (endpoint, event, _) in zip(rows, found, strict=True):
        db.note_state(change_row("event_delivery", row[0], None, DeliveryState.PENDING, now=now, by=db.by))
        schedule_delivery(db, row[0], endpoint.id, event.stream_id)
    return [row[0] for row in rows]


def schedule_delivery(db: Session, delivery_id: UUID, endpoint_id: UUID, stream_id: UUID) -> None:
    """One delivery after the other per endpoint and stream: a receiver never hears of the end before the middle."""
    schedule(db, DELIVER, {"delivery_id": delivery_id}, key=uuid5(endpoint_id, stream_id.hex))
