"""Endpoints: saving, secrets, tests; and what becomes of deliveries."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from kontor.core import expressions
from kontor.core.clock import wall
from kontor.core.db import Session
from kontor.core.errors import Forbidden
from kontor.core.eventlog import end_of_log
from kontor.core.ids import new_id
from kontor.core.outbox import EVENTS, EventRecord, record, schedule
from kontor.core.principal import Principal
from kontor.core.statemachine import change_row, transition
from kontor.webhooks import addresses, fanning, queries
from kontor.webhooks.errors import InvalidEndpoint
from kontor.webhooks.events import WebhookEndpointDisabled
from kontor.webhooks.models import DeliveryAttempt, EventDelivery, WebhookEndpoint
from kontor.webhooks.payload import body_of, type_of
from kontor.webhooks.ports import Answer
from kontor.webhooks.retrying import gives_up, rest_after, wait_after
from kontor.webhooks.signing import new_secret
from kontor.webhooks.states import DELIVERY, DeliveryState
from kontor.webhooks.visibility import PARTNER_FIELDS, PARTNER_LIFE

OLD_SECRET_STAYS = timedelta(hours=24)
MOST_REPLAYED = 10_000
TEST = "WebhookTested"


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointInput:
    """What is saved. `events` are types such as `order.placed`, None for all; `filter` is CEL over type, timestamp and
    data. The owner is fixed once the endpoint exists."""

    name: str
    url: str
    events: Sequence[str] | None = None
    filter: str | None = None
    partner_id: UUID | None = None
    channel_id: UUID | None = None
    active: bool = True


def known_types() -> frozenset[str]:
    """Every type an endpoint may ask for."""
    return frozenset(type_of(name) for name in EVENTS)


def types_for(principal: Principal) -> frozenset[str]:
    """The types an endpoint of the principal ever gets; a partner hears of its own work only."""
    if principal.partner_id is None:
        return known_types()
    return frozenset(type_of(name) for name in PARTNER_LIFE.union(PARTNER_FIELDS))


async def save_endpoint(
    db: Session, given: EndpointInput, *, endpoint_id: UUID | None = None, now: datetime, allow_private: bool = False
) -> WebhookEndpoint:
    """Add an endpoint (with a fresh secret) or change one; switching on begins with the events from now on.

    Raises `InvalidEndpoint`, `AddressRefused`, `InvalidInput` for a filter that cannot be read, `Forbidden` for an
    owner the principal is not, `EndpointNotFound`.
    """
    _check(given, allow_private=allow_private)
    partner_id, channel_id = _owner(db, given)
    if endpoint_id is None:
        endpoint = WebhookEndpoint(
            id=new_id(), secret=new_secret(), partner_id=partner_id, channel_id=channel_id, active=False, created_at=now
        )
        db.add(endpoint)
    else:
        endpoint = await queries.lock_endpoint(db, endpoint_id)
        if (given.partner_id or given.channel_id) and (endpoint.partner_id, endpoint.channel_id) != (
            partner_id, channel_id,
        ):  # fmt: skip
            raise InvalidEndpoint("The owner of an endpoint does not change.", path=("partnerId",))
    endpoint.name, endpoint.url, endpoint.filter = given.name.strip(), given.url, given.filter or None
    endpoint.events = None if given.events is None else sorted(set(given.events))
    await switch(db, endpoint, on=given.active)
    await db.flush()
    return endpoint


def _check(given: EndpointInput, *, allow_private: bool) -> None:
    if not 1 <= len(given.name.strip()) <= 120:
        raise InvalidEndpoint("A name has 1 to 120 characters.", path=("name",))
    if len(given.url) > 500:
        raise InvalidEndpoint("A URL has at most 500 characters.", path=("url",))
    endpoint = addresses.read_url(given.url)
    if endpoint.scheme != "https" and not allow_private:
        raise InvalidEndpoint("Events are sent over https only.", code="WEBHOOK_NEEDS_HTTPS", path=("url",))
    if addresses.is_literal(endpoint.host):
        addresses.refuse_inward(endpoint.host, allow_private=allow_private)
    if given.events is not None and (unknown := sorted(set(given.events) - known_types())):
        raise InvalidEndpoint(
            f"There is no event {unknown[0]}.", code="WEBHOOK_EVENT_UNKNOWN", path=("events",), events=unknown
        )
    if given.filter:
        expressions.check(given.filter, path=("filter",))


def _owner(db: Session, given: EndpointInput) -> tuple[UUID | None, UUID | None]:
    """The owner as the principal may name it: a partner only itself, a shop one of its channels."""
    principal = db.principal
    if given.partner_id is not None and given.channel_id is not None:
        raise InvalidEndpoint("An endpoint belongs to a partner or a channel, not to both.", path=("channelId",))
    if principal.location_ids is not None or principal.customer_id is not None:
        raise Forbidden("Stores and customers have no webhooks.", code="SCOPE_TOO_NARROW")
    if principal.partner_id is not None:
        if given.channel_id is not None or given.partner_id not in (None, principal.partner_id):
            raise Forbidden("A partner's endpoint is the partner's own.", code="SCOPE_TOO_NARROW")
        return principal.partner_id, None
    if principal.channel_ids is not None:
        own = given.channel_id or (next(iter(principal.channel_ids)) if len(principal.channel_ids) == 1 else None)
        if given.partner_id is not None or own not in principal.channel_ids:
            raise Forbidden("A shop's endpoint is for one of its channels.", code="SCOPE_TOO_NARROW")
        return None, own
    return given.partner_id, given.channel_id


async def switch(db: Session, endpoint: WebhookEndpoint, *, on: bool) -> None:
    """Switch an endpoint on or off. What happens while it is off is not kept for it; a range can be replayed."""
    if endpoint.active == on:
        return
    cursor = await queries.lock_cursor(db)
    endpoint.active = on
    if not on:
        return
    endpoint.failing_since = endpoint.disabled_reason = None
    if not await queries.any_active(db, besides=endpoint.id):
        cursor.move_to(await end_of_log(db))  # nobody listened: the events since then are nobody's
    schedule(db, fanning.FAN_OUT, {}, unique_key=fanning.FAN_OUT)


async def rotate_secret(db: Session, endpoint_id: UUID, *, now: datetime) -> WebhookEndpoint:
    """A fresh secret; for a day messages are signed with the old one as well."""
    endpoint = await queries.lock_endpoint(db, endpoint_id)
    endpoint.previous_secret, endpoint.previous_until = endpoint.secret, now + OLD_SECRET_STAYS
    endpoint.secret = new_secret()
    return endpoint


async def send_test(db: Session, endpoint_id: UUID, *, now: datetime) -> EventDelivery:
    """A test event for one endpoint, delivered like any other."""
    endpoint = await queries.lock_endpoint(db, endpoint_id)
    body = body_of(TEST, now, {"endpoint_id": str(endpoint.id), "name": endpoint.name})
    delivery = EventDelivery(
        id=new_id(), endpoint_id=endpoint.id, event_id=new_id(), stream_id=endpoint.id, event_name=TEST, body=body,
        state=DeliveryState.PENDING, attempts=0, created_at=now,
    )  # fmt: skip
    db.add(delivery)
    db.note_state(change_row("event_delivery", delivery.id, None, DeliveryState.PENDING, now=now, by=db.by))
    fanning.schedule_delivery(db, delivery.id, endpoint.id, endpoint.id)
    return delivery


async def replay(db: Session, ids: Collection[UUID], *, now: datetime) -> list[EventDelivery]:
    """Deliver once more under the same webhook id; what is on its way already is left. Raises `DeliveryNotFound`."""
    rows = await queries.lock_deliveries(db, ids, principal=db.principal)
    for row in rows.values():
        _again(db, row, now=now)
    return list(rows.values())


def _again(db: Session, row: EventDelivery, *, now: datetime) -> None:
    if row.state is DeliveryState.PENDING:
        return
    transition(db, row, DeliveryState.PENDING, table=DELIVERY, now=now, reason="replayed")
    row.attempts = 0
    fanning.schedule_delivery(db, row.id, row.endpoint_id, row.stream_id)


async def replay_range(db: Session, endpoint_id: UUID, since: datetime, until: datetime, *, now: datetime) -> int:
    """Deliver every event of a span of time to an endpoint, also those it never got; how many.

    `until` is exclusive. Raises `InvalidEndpoint` for more than 10,000 events, `EndpointNotFound`.
    """
    endpoint = await queries.lock_endpoint(db, endpoint_id)
    after = read = done = 0
    while events := await queries.events_between(db, since, until, after=after, limit=fanning.BATCH):
        after, read = events[-1].position, read + len(events)
        if read > MOST_REPLAYED:
            raise InvalidEndpoint(
                f"A range has at most {MOST_REPLAYED} events.",
                code="RANGE_TOO_LARGE",
                path=("since",),
                max=MOST_REPLAYED,
            )
        done += await _replay_events(db, endpoint, events, now=now)
    return done


async def _replay_events(
    db: Session, endpoint: WebhookEndpoint, events: Sequence[EventRecord], *, now: datetime
) -> int:
    found = await fanning.matches(db, [endpoint], events)
    known = await queries.of_events(db, endpoint.id, [event.id for _, event, _ in found])
    missing: list[fanning.Written] = []
    for written in found:
        row = known.get(written[1].id)
        if row is None:
            missing.append(written)
        else:
            _again(db, row, now=now)
    await fanning.write_deliveries(db, missing, now=now)
    return len(found)


async def note_answers(
    db: Session, answers: Mapping[UUID, Answer], *, now: datetime
) -> tuple[set[UUID], dict[UUID, timedelta]]:
    """Write how calls ended: the deliveries that are over, and the wait before the next attempt of the others.

    A delivery that somebody else brought to its end meanwhile is over.
    """
    rows = await queries.lock_deliveries(db, answers)
    endpoints = await queries.lock_endpoints(db, {row.endpoint_id for row in rows.values()})
    over, waits = set(answers) - rows.keys(), {}
    for row_id, row in rows.items():
        wait = _note(db, row, endpoints[row.endpoint_id], answers[row_id], now=now)
        if wait is None:
            over.add(row_id)
        else:
            waits[row_id] = wait
    return over, waits


def _note(
    db: Session, row: EventDelivery, endpoint: WebhookEndpoint, answer: Answer, *, now: datetime
) -> timedelta | None:
    if row.state is not DeliveryState.PENDING:
        return None
    db.add(
        DeliveryAttempt(
            id=new_id(), delivery_id=row.id, at=now, status_code=answer.status, error=answer.error,
            milliseconds=answer.milliseconds,
        )
    )  # fmt: skip
    row.attempts, row.last_attempt_at = row.attempts + 1, now
    rest = rest_after(timedelta(milliseconds=answer.milliseconds))
    if rest is not None:
        endpoint.resting_until = wall() + rest
    row.status_code, row.error = answer.status, answer.error
    if answer.accepted:
        endpoint.failing_since = None
        transition(db, row, DeliveryState.DELIVERED, table=DELIVERY, now=now)
        return None
    endpoint.failing_since = endpoint.failing_since or now
    wait = wait_after(row.attempts, retry_after=answer.retry_after)
    why = gives_up(answer.status, failing_since=endpoint.failing_since, now=now, last=wait is None)
    if why is not None and endpoint.active:
        endpoint.active, endpoint.disabled_reason = False, why
        record(db, WebhookEndpointDisabled(stream_id=endpoint.id, endpoint_name=endpoint.name, reason=why))
    if wait is None or why is not None:
        transition(db, row, DeliveryState.DEAD, table=DELIVERY, now=now, reason=why or "every attempt failed")
        return None
    return wait


async def give_up(db: Session, ids: Collection[UUID], *, now: datetime, why: str) -> None:
    """Deliveries to an endpoint that is off: not tried, kept for a replay."""
    for row in (await queries.lock_deliveries(db, ids)).values():
        if row.state is DeliveryState.PENDING:
            row.error = why
            transition(db, row, DeliveryState.DEAD, table=DELIVERY, now=now, reason=why)


def secrets_in_use(endpoint: WebhookEndpoint, *, now: datetime | None = None) -> list[str]:
    """The secrets to sign with, the newest first."""
    old = endpoint.previous_secret
    valid = old is not None and endpoint.previous_until is not None and endpoint.previous_until > (now or wall())
    return [endpoint.secret, old] if valid and old is not None else [endpoint.secret]
