"""Events reach endpoints: signed, in order, once as far as the receiver can tell, and as their owner may see them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from factories.channels import make_channel
from factories.partners import make_partner
from factories.stories import Story, make_story, make_task, only
from kontor import relay
from kontor.adapters.webhooks import HttpSender
from kontor.core.db import Database, Session
from kontor.core.errors import Forbidden, InvalidInput, NotFound
from kontor.core.ids import new_id
from kontor.core.jobs import Runtime
from kontor.core.outbox import EventRecord, OutboxRow, record, schedule
from kontor.core.principal import SYSTEM, Principal
from kontor.fulfillment.events import FulfillmentAccepted, FulfillmentOrderShipped
from kontor.orders.events import OrderCompleted, OrderConfirmed, OrderPlaced
from kontor.subscribers import SUBSCRIBERS
from kontor.webhooks import fanning, service
from kontor.webhooks.models import DeliveryAttempt, EventDelivery, WebhookEndpoint
from kontor.webhooks.ports import Answer, WebhookSender
from kontor.webhooks.service import EndpointInput
from kontor.webhooks.states import DeliveryState
from support import Drain, Principals, StandingClock
from webhooks.receiver import Receiver


@pytest.fixture(autouse=True)
def _nothing_else_reacts(runtime: Runtime) -> Iterator[None]:
    with only():
        yield


@pytest.fixture(autouse=True)
def _to_this_machine(runtime: Runtime) -> None:
    runtime.ports.register(WebhookSender, HttpSender(allow_private=True, timeout=5))


async def save(
    database: Database, url: str, *, principal: Principal = SYSTEM, endpoint_id: UUID | None = None, **given: Any
) -> WebhookEndpoint:
    async with database.unit_of_work(principal) as db:
        wanted = EndpointInput(name="Hook", url=url, **given)
        return await service.save_endpoint(db, wanted, endpoint_id=endpoint_id, now=db.now, allow_private=True)


async def story_of(database: Database, **given: Any) -> Story:
    async with database.unit_of_work() as db:
        return await make_story(db, **given)


async def happen(database: Database, story: Story, *events: Any) -> None:
    for event in events:
        async with database.unit_of_work() as db:
            record(db, event(stream_id=story.order.id) if isinstance(event, type) else event)


async def onward(runtime: Runtime, drain: Drain) -> None:
    """End the pauses and run everything."""
    await relay.hurry(runtime)
    await drain()
    await relay.hurry(runtime)
    await drain()


async def deliveries(database: Database) -> list[EventDelivery]:
    async with database.read_only() as db:
        return list(await db.scalars(sa.select(EventDelivery).order_by(EventDelivery.id)))


def placed(story: Story, total: int = 4000) -> OrderPlaced:
    return OrderPlaced(
        stream_id=story.order.id, number=story.order.number, channel_id=story.channel.id, total=total, currency="EUR"
    )


async def test_event_arrives_signed_with_its_facts(database: Database, runtime: Runtime, drain: Drain) -> None:
    story = await story_of(database, number="K-1", external_id="E-1")
    async with Receiver() as receiver:
        endpoint = await save(database, receiver.url)
        await happen(database, story, placed(story))
        await onward(runtime, drain)
        assert receiver.types == ["order.placed"]
        [delivery] = await deliveries(database)
        assert list(receiver.check(endpoint.secret)) == [str(delivery.id)]
        [call] = receiver.calls
    assert call.json == {
        "type": "order.placed",
        "timestamp": "2026-06-15T10:00:00Z",
        "data": {
            "number": "K-1", "channel_id": str(story.channel.id), "total": 4000, "currency": "EUR",
            "order_id": str(story.order.id), "order_number": "K-1", "external_id": "E-1", "sequence": 1,
        },
    }  # fmt: skip
    assert call.headers["content-type"] == "application/json"
    assert (delivery.state, delivery.attempts, delivery.status_code) == (DeliveryState.DELIVERED, 1, 204)


async def test_what_happened_before_or_while_off_is_not_sent(
    database: Database, runtime: Runtime, drain: Drain
) -> None:
    story = await story_of(database)
    await happen(database, story, placed(story))
    async with Receiver() as receiver:
        endpoint = await save(database, receiver.url)
        await save(database, receiver.url, endpoint_id=endpoint.id, active=False)
        await onward(runtime, drain)
        await happen(database, story, OrderConfirmed)
        await onward(runtime, drain)
        await save(database, receiver.url, endpoint_id=endpoint.id)
        await happen(database, story, OrderCompleted)
        await onward(runtime, drain)
        assert receiver.types == ["order.completed"]


async def test_log_is_followed_only_while_an_endpoint_is_on(database: Database, runtime: Runtime, drain: Drain) -> None:
    async def waiting() -> int:
        async with database.read_only() as db:
            found = sa.select(sa.func.count()).select_from(OutboxRow).where(OutboxRow.job == fanning.FAN_OUT)
            return await db.scalar(found) or 0

    async with Receiver() as receiver:
        endpoint = await save(database, receiver.url)
        await onward(runtime, drain)
        assert await waiting() == 1
        await save(database, receiver.url, endpoint_id=endpoint.id, active=False)
        await onward(runtime, drain)
        assert await waiting() == 0


async def test_only_wanted_events_pass_type_and_filter(database: Database, runtime: Runtime, drain: Drain) -> None:
    story = await story_of(database)
    async with Receiver() as receiver:
        await save(database, receiver.url, events=["order.placed"], filter="data.total > 1000")
        await happen(database, story, placed(story, 500), OrderConfirmed, placed(story, 1500))
        await onward(runtime, drain)
        assert [call.json["data"]["total"] for call in receiver.calls] == [1500]


async def test_filter_that_asks_for_a_missing_fact_does_not_match(
    database: Database, runtime: Runtime, drain: Drain
) -> None:
    story = await story_of(database)
    async with Receiver() as receiver:
        await save(database, receiver.url, filter="data.total > 1000")
        await happen(database, story, OrderConfirmed)
        await onward(runtime, drain)
    assert await deliveries(database) == []


async def test_failure_is_tried_again_under_the_same_id_and_holds_up_its_stream_only(
    database: Database, runtime: Runtime, drain: Drain
) -> None:
    story, other = await story_of(database), await story_of(database)
    async with Receiver(answers=[500]) as receiver:
        endpoint = await save(database, receiver.url)
        await happen(database, story, placed(story), OrderConfirmed)
        await drain()
        assert receiver.types == ["order.placed"]
        await happen(database, other, OrderCompleted)
        await database_fan_out(database)
        await drain()
        assert receiver.types == ["order.placed", "order.completed"]
        await onward(runtime, drain)
        assert receiver.types == ["order.placed", "order.completed", "order.placed", "order.confirmed"]
        assert receiver.ids[0] == receiver.ids[2]
        assert list(receiver.check(endpoint.secret)) == receiver.ids
    first = (await deliveries(database))[0]
    assert (first.attempts, first.state) == (2, DeliveryState.DELIVERED)
    async with database.read_only() as db:
        codes = list(await db.scalars(sa.select(DeliveryAttempt.status_code).order_by(DeliveryAttempt.id)))
    assert codes == [500, 204, 204, 204]


async def database_fan_out(database: Database) -> None:
    async with database.unit_of_work() as db:
        await fanning.fan_out(db, now=db.now)


async def test_crash_after_the_call_repeats_the_same_id(
    database: Database, runtime: Runtime, drain: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = await story_of(database)

    async def dies(*_: Any, **__: Any) -> None:
        raise RuntimeError("the machine went away")

    async with Receiver() as receiver:
        await save(database, receiver.url)
        await happen(database, story, placed(story), OrderConfirmed)
        with monkeypatch.context() as patch:
            patch.setattr(service, "note_answers", dies)
            await drain()
        assert [row.state for row in await deliveries(database)] == [DeliveryState.PENDING] * 2
        await onward(runtime, drain)
    first, second = await deliveries(database)
    assert set(receiver.ids) == {str(first.id), str(second.id)}
    # A repetition may come, but the first news of each is in order.
    assert list(dict.fromkeys(receiver.types)) == ["order.placed", "order.confirmed"]
    assert (first.state, second.state) == (DeliveryState.DELIVERED, DeliveryState.DELIVERED)


async def test_fan_out_that_dies_writes_nothing_twice(
    database: Database, runtime: Runtime, drain: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = await story_of(database)
    async with Receiver() as receiver:
        await save(database, receiver.url)
        await happen(database, story, placed(story), OrderConfirmed)

        async def dies(db: Session, found: Any, *, now: Any) -> Any:
            await original(db, found, now=now)
            raise RuntimeError("the machine went away")

        original = fanning.write_deliveries
        with monkeypatch.context() as patch:
            patch.setattr(fanning, "write_deliveries", dies)
            await drain()
        assert await deliveries(database) == []
        await onward(runtime, drain)
        assert receiver.types == ["order.placed", "order.confirmed"]


class Refusing:
    """Never delivers."""

    def __init__(self, status: int | None = 500) -> None:
        self.status, self.calls = status, 0

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        self.calls += 1
        return Answer(self.status, "no", 1)


async def test_delivery_dies_after_the_last_attempt_and_the_endpoint_after_days(
    database: Database, runtime: Runtime, drain: Drain, clock: StandingClock
) -> None:
    story = await story_of(database)
    refusing = Refusing()
    runtime.ports.register(WebhookSender, refusing)
    endpoint = await save(database, "http://127.0.0.1:9/")
    await happen(database, story, placed(story))
    for _ in range(10):
        await onward(runtime, drain)
    [row] = await deliveries(database)
    assert (row.state, row.attempts, refusing.calls) == (DeliveryState.DEAD, 10, 10)
    assert (await endpoint_now(database, endpoint.id)).active
    clock.advance(days=6)
    await happen(database, story, OrderConfirmed)
    for _ in range(10):
        await onward(runtime, drain)
    switched_off = await endpoint_now(database, endpoint.id)
    assert (switched_off.active, switched_off.disabled_reason) == (
        False, "Nothing was accepted since 2026-06-15 10:00 UTC.",
    )  # fmt: skip
    async with database.read_only() as db:
        names = list(await db.scalars(sa.select(EventRecord.name).order_by(EventRecord.position)))
    assert names[-1] == "WebhookEndpointDisabled"


async def endpoint_now(database: Database, endpoint_id: UUID) -> WebhookEndpoint:
    async with database.read_only() as db:
        return await db.get_one(WebhookEndpoint, endpoint_id)


async def test_endpoint_that_is_gone_is_switched_off_and_its_rest_is_kept(
    database: Database, runtime: Runtime, drain: Drain
) -> None:
    story = await story_of(database)
    async with Receiver(answers=[410]) as receiver:
        endpoint = await save(database, receiver.url)
        await happen(database, story, placed(story), OrderConfirmed)
        await onward(runtime, drain)
        assert not (await endpoint_now(database, endpoint.id)).active
        rows = await deliveries(database)
        assert [row.state for row in rows] == [DeliveryState.DEAD, DeliveryState.DEAD]
        await save(database, receiver.url, endpoint_id=endpoint.id)
        async with database.unit_of_work() as db:
            await service.replay(db, [row.id for row in rows], now=db.now)
        await onward(runtime, drain)
        assert receiver.ids[1:] == [str(row.id) for row in rows]
        assert receiver.ids[0] == receiver.ids[1]


async def test_range_brings_what_was_missed_and_repeats_what_was_not(
    database: Database, runtime: Runtime, drain: Drain, clock: StandingClock
) -> None:
    story = await story_of(database)
    async with Receiver() as receiver:
        endpoint = await save(database, receiver.url)
        await happen(database, story, placed(story))
        await onward(runtime, drain)
        await save(database, receiver.url, endpoint_id=endpoint.id, active=False)
        await happen(database, story, OrderConfirmed)
        await save(database, receiver.url, endpoint_id=endpoint.id)
        async with database.unit_of_work() as db:
            since, until = db.now - timedelta(hours=1), db.now + timedelta(hours=1)
            assert await service.replay_range(db, endpoint.id, since, until, now=db.now) == 2
        await onward(runtime, drain)
        assert receiver.types == ["order.placed", "order.placed", "order.confirmed"]
        assert receiver.ids[0] == receiver.ids[1]


async def test_owner_sees_only_its_own(database: Database, runtime: Runtime, drain: Drain) -> None:
    async with database.unit_of_work() as db:
        mine, theirs = await make_partner(db), await make_partner(db)
        shop, rival = await make_channel(db), await make_channel(db)
    story = await story_of(database, channel=shop)
    async with database.unit_of_work() as db:
        task = await make_task(db, story, partner_id=mine.id)
    ids = {"stream_id": story.order.id, "fulfillment_order_id": task.id}
    async with Receiver() as partner, Receiver() as other, Receiver() as channel, Receiver() as foreign:
        await save(database, partner.url, partner_id=mine.id)
        await save(database, other.url, partner_id=theirs.id)
        await save(database, channel.url, channel_id=shop.id)
        await save(database, foreign.url, channel_id=rival.id)
        shipped = FulfillmentOrderShipped(**ids, shipment_id=new_id(), amount=4000, currency="EUR")
        await happen(database, story, placed(story), FulfillmentAccepted(**ids), shipped)
        await onward(runtime, drain)
        assert partner.types == ["fulfillment.accepted", "fulfillment_order.shipped"]
        assert b"4000" not in b"".join(call.body for call in partner.calls)
        assert channel.types == ["order.placed", "fulfillment.accepted", "fulfillment_order.shipped"]
        assert (other.calls, foreign.calls) == ([], [])


async def test_old_secret_is_used_beside_the_new_for_a_day(
    database: Database, runtime: Runtime, drain: Drain, clock: StandingClock
) -> None:
    async with Receiver() as receiver:
        endpoint = await save(database, receiver.url)
        old = endpoint.secret
        async with database.unit_of_work() as db:
            new = (await service.rotate_secret(db, endpoint.id, now=db.now)).secret
            await service.send_test(db, endpoint.id, now=db.now)
        await drain()
        assert len(list(receiver.check(old))) == len(list(receiver.check(new))) == 1
        assert receiver.types == ["webhook.test"]
        clock.advance(days=1, minutes=1)
        async with database.unit_of_work() as db:
            await service.send_test(db, endpoint.id, now=db.now)
        await drain()
        assert len(receiver.calls[1].headers["webhook-signature"].split(" ")) == 1


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"name": " "}, "WEBHOOK_ENDPOINT_INVALID", "name"),
        ({"url": "ftp://x.example"}, "WEBHOOK_ADDRESS_REFUSED", "url"),
        ({"url": "http://x.example"}, "WEBHOOK_NEEDS_HTTPS", "url"),
        ({"url": "https://10.0.0.1/"}, "WEBHOOK_ADDRESS_REFUSED", "url"),
        ({"events": ["order.exploded"]}, "WEBHOOK_EVENT_UNKNOWN", "events"),
        ({"filter": "data.total >"}, "INVALID_EXPRESSION", "filter"),
    ],
)
@pytest.mark.engine("sqlite")
async def test_endpoint_that_cannot_work_is_refused(
    database: Database, given: dict[str, Any], code: str, field: str
) -> None:
    wanted = replace(EndpointInput(name="Hook", url="https://hooks.example.com/"), **given)
    with pytest.raises(InvalidInput) as refusal:
        async with database.unit_of_work() as db:
            await service.save_endpoint(db, wanted, now=db.now)
    assert (refusal.value.code, refusal.value.path) == (code, (field,))


async def test_partner_that_has_ended_is_told_nothing_more(database: Database, runtime: Runtime, drain: Drain) -> None:
    async with database.unit_of_work() as db:
        ended, other = await make_partner(db), await make_partner(db)
    endpoints = [await save(database, "https://hook.example", partner_id=each.id) for each in (ended, other)]
    async with database.unit_of_work() as db:
        schedule(db, "webhooks.partner_ended", {}, key=ended.id)
    await drain()
    states = [await endpoint_now(database, each.id) for each in endpoints]
    assert [(each.active, each.disabled_reason) for each in states] == [(False, "The partner has ended."), (True, None)]


def test_ended_partners_are_heard_of() -> None:
    assert SUBSCRIBERS["PartnerEnded"] == ("webhooks.partner_ended",)


async def test_owner_is_who_the_principal_is(database: Database, principals: Principals) -> None:
    async with database.unit_of_work() as db:
        mine, theirs = await make_partner(db), await make_partner(db)
        shop = await make_channel(db)
    partner = principals.holding("webhooks:write", partner_id=mine.id)
    endpoint = await save(database, "http://127.0.0.1:9/", principal=partner)
    assert (endpoint.partner_id, endpoint.channel_id) == (mine.id, None)
    seller = principals.holding("webhooks:write", channel_ids=frozenset({shop.id}))
    assert (await save(database, "http://127.0.0.1:9/", principal=seller)).channel_id == shop.id
    with pytest.raises(Forbidden):
        await save(database, "http://127.0.0.1:9/", principal=partner, partner_id=theirs.id)
    with pytest.raises(NotFound):
        await save(database, "http://127.0.0.1:9/", principal=seller, endpoint_id=endpoint.id)
    with pytest.raises(Forbidden):
        await save(database, "http://127.0.0.1:9/", principal=principals.holding(location_ids=frozenset()))
