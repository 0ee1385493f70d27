"""Lists that are followed: everybody is told what changes of what they may see, and nothing of anything else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from kontor.api.graphql import feeds
from kontor.api.graphql.context import Context
from kontor.api.graphql.feeds import EventFeed
from kontor.api.graphql.schema import schema
from kontor.core.db import Database
from kontor.core.errors import Forbidden
from kontor.core.ids import new_id
from kontor.core.jobs import Runtime
from kontor.core.principal import SYSTEM, Principal
from kontor.fulfillment import parcels
from kontor.fulfillment import queries as fulfillment
from kontor.fulfillment.models import FulfillmentOrder, Parcel, Shipment
from kontor.fulfillment.states import FulfillmentState
from kontor.orders import queries as orders
from kontor.orders import service as order_service
from kontor.orders.models import Order
from kontor.orders.states import HoldKind
from proofs.schema_walk import core_schema, permissions_of
from proofs.sides import Side, build
from support import Drain, Principals, StandingClock

WORK = """subscription ($filter: FulfillmentOrdersFilter, $since: DateTime) {
  fulfillmentOrdersChanged(filter: $filter, changedSince: $since) { id gone node { id state number } } }"""
ORDERS = "subscription ($filter: OrdersFilter) { ordersChanged(filter: $filter) { id gone node { number } } }"
PARCELS = "subscription { parcelsChanged { id gone node { trackingNumber } } }"
EVENTS = "subscription ($streams: [UUID!]) { eventsChanged(streamIds: $streams) { name streamId } }"


class Listener:
    """What somebody is told, as it comes."""

    def __init__(self, answers: AsyncIterator[Any]) -> None:
        self._answers = answers

    async def next(self) -> Any:
        """The next thing that is told, or the code of the refusal."""
        async with asyncio.timeout(20):
            answer = await anext(self._answers)
        if answer.errors:
            return answer.errors[0].formatted["extensions"]["code"]
        return next(iter(answer.data.values()))

    async def nothing(self) -> bool:
        """Whether nothing is told for several looks of the feed."""
        try:
            async with asyncio.timeout(1.5):
                await anext(self._answers)
        except TimeoutError:
            return True
        return False


@asynccontextmanager
async def listening(
    feed: EventFeed, runtime: Runtime, who: Principal, query: str, model: Any = FulfillmentOrder, **variables: Any
) -> AsyncIterator[Listener]:
    """Somebody who listens already when the block begins; what they are told waits for them."""
    queue: asyncio.Queue[Any] = asyncio.Queue()
    source: feeds.Feed[Any] = feed if model is None else feed.rows(model)
    before = len(source._listeners)
    answers: Any = await schema().subscribe(
        query, variable_values=variables, context_value=Context(runtime, who, feed=feed)
    )

    async def told() -> AsyncIterator[Any]:
        while True:
            yield await queue.get()

    async def read() -> None:
        async for answer in answers:
            queue.put_nowait(answer)

    reading = asyncio.create_task(read())
    async with asyncio.timeout(20):
        while not (source.reading and len(source._listeners) > before) and queue.empty():  # noqa: ASYNC110 - nobody is told
            await asyncio.sleep(0.01)
    try:
        yield Listener(told())
    finally:
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


@asynccontextmanager
async def feed_over(database: Database) -> AsyncIterator[EventFeed]:
    feed = EventFeed(database)
    try:
        yield feed
    finally:
        await feed.close()


async def change(database: Database, clock: StandingClock, *ids: UUID, **values: Any) -> None:
    """Change work as anybody might: nothing but the row itself says so."""
    clock.advance(seconds=1)
    async with database.unit_of_work() as db:
        for row in await db.scalars(sa.select(FulfillmentOrder).where(FulfillmentOrder.id.in_(ids))):
            for name, value in values.items():
                setattr(row, name, value)


async def work_of(database: Database, *conditions: Any) -> list[UUID]:
    async with database.read_only() as db:
        found = sa.select(FulfillmentOrder.id).where(*conditions).order_by(FulfillmentOrder.id)
        return list(await db.scalars(found))


def of_partner(side: Side, principals: Principals) -> Principal:
    return principals.holding("fulfillment:read", "orders:read", "events:read", partner_id=side.partner.id)


async def test_everybody_hears_of_their_own_work_only(
    database: Database, runtime: Runtime, drain: Drain, clock: StandingClock, principals: Principals
) -> None:
    """A partner, a store, a shop and the house listen; work of each side changes."""
    anton, berta = await build(runtime, drain, ("ANTON", "BERTA"))
    reads = "fulfillment:read"
    mine = (await work_of(database, FulfillmentOrder.partner_id == anton.partner.id))[0]
    shop = (await work_of(database, FulfillmentOrder.location_id == anton.store.id))[0]
    theirs = await work_of(database, FulfillmentOrder.channel_id == berta.channel.id)
    everybody = {
        "partner": principals.holding(reads, partner_id=anton.partner.id),
        "store": principals.holding(reads, location_ids=frozenset({anton.store.id})),
        "shop": principals.holding(reads, channel_ids=frozenset({anton.channel.id})),
        "house": principals.holding(reads),
    }
    async with feed_over(database) as feed:
        heard: dict[str, set[str]] = {}
        for name, who in everybody.items():
            async with listening(feed, runtime, who, WORK) as listener:
                await change(database, clock, *theirs, mine, shop, priority=len(heard) + 5)
                expected = {"partner": 1, "store": 1, "shop": 2, "house": len(theirs) + 2}[name]
                heard[name] = {(await listener.next())["id"] for _ in range(expected)}
                assert await listener.nothing()
    assert heard["partner"] == {str(mine)}
    assert heard["store"] == {str(shop)}
    assert heard["shop"] == {str(mine), str(shop)}
    assert heard["house"] == {str(mine), str(shop), *map(str, theirs)}


async def test_what_leaves_the_filter_is_told_by_its_id_alone(
    database: Database, runtime: Runtime, drain: Drain, clock: StandingClock, principals: Principals
) -> None:
    [side] = await build(runtime, drain, ("ANTON",))
    row_id = (await work_of(database, FulfillmentOrder.partner_id == side.partner.id))[0]
    wanted = {"states": ["ON_HOLD"]}
    async with (
        feed_over(database) as feed,
        listening(feed, runtime, of_partner(side, principals), WORK, filter=wanted) as listener,
    ):
        await change(database, clock, row_id, state=FulfillmentState.ON_HOLD)
        told = await listener.next()
        assert (told["id"], told["gone"], told["node"]["state"]) == (str(row_id), False, "ON_HOLD")
        await change(database, clock, row_id, state=FulfillmentState.CANCELED)
        assert await listener.next() == {"id": str(row_id), "gone": True, "node": None}


async def test_what_leaves_the_view_is_told_by_its_id_to_who_knew_it(
    database: Database, runtime: Runtime, drain: Drain, clock: StandingClock, principals: Principals
) -> None:
    """Work given to another partner: the one is told that it is gone, the other what it is now."""
    anton, berta = await build(runtime, drain, ("ANTON", "BERTA"))
    known, unknown = (
        (await work_of(database, FulfillmentOrder.partner_id == anton.partner.id))[0],
        (await work_of(database, FulfillmentOrder.location_id == anton.store.id))[0],
    )
    async with (
        feed_over(database) as feed,
        listening(feed, runtime, of_partner(anton, principals), WORK) as first,
        listening(feed, runtime, of_partner(berta, principals), WORK) as second,
    ):
        await change(database, clock, known, priority=7)
        assert (await first.next())["node"]["id"] == str(known)
        await change(database, clock, known, unknown, partner_id=berta.partner.id)
        assert await first.next() == {"id": str(known), "gone": True, "node": None}
        assert {(await second.next())["node"]["id"] for _ in range(2)} == {str(known), str(unknown)}
        await change(database, clock, known, priority=8)
        assert (await second.next())["id"] == str(known)
        assert await first.nothing()


async def test_nobody_is_told_the_same_version_twice(
    database: Database, runtime: Runtime, drain: Drain, clock: StandingClock, principals: Principals
) -> None:
    """Two changes are looked at one after the other, but read when both were made."""
    [side] = await build(runtime, drain, ("ANTON",))
    row_id = (await work_of(database, FulfillmentOrder.partner_id == side.partner.id))[0]
    async with (
        feed_over(database) as feed,
        listening(feed, runtime, of_partner(side, principals), WORK) as listener,
    ):
        await change(database, clock, row_id, priority=7)
        assert (await listener.next())["id"] == str(row_id)
        for queue in feed.rows(FulfillmentOrder)._listeners:
            queue.put_nowait(row_id)
        await asyncio.sleep(0.2)
        await change(database, clock, row_id, state=FulfillmentState.ON_HOLD)
        assert (await listener.next())["node"]["state"] == "ON_HOLD"
        assert await listener.nothing()


@pytest.mark.engine("postgresql")
async def test_two_changes_of_the_same_moment_are_told(
    database: Database, runtime: Runtime, drain: Drain, clock: StandingClock, principals: Principals
) -> None:
    [side] = await build(runtime, drain, ("ANTON",))
    row_id = (await work_of(database, FulfillmentOrder.partner_id == side.partner.id))[0]
    async with (
        feed_over(database) as feed,
        listening(feed, runtime, of_partner(side, principals), WORK) as listener,
    ):
        for priority in (7, 8):
            clock.advance(seconds=-1 if priority == 8 else 0)  # `change` goes on by a second
            await change(database, clock, row_id, priority=priority)
            assert (await listener.next())["id"] == str(row_id)


async def test_what_cannot_be_asked_for_is_refused_at_once(
    database: Database, runtime: Runtime, principals: Principals
) -> None:
    async with feed_over(database) as feed:
        for query, variables, code in (
            (ORDERS, {"filter": {"channelIds": [str(UUID(int=each)) for each in range(501)]}}, "FILTER_TOO_LONG"),
            (WORK, {"since": "0001-01-01T00:00:00Z"}, None),
        ):
            answers: Any = await schema().subscribe(
                query, variable_values=variables, context_value=Context(runtime, SYSTEM, feed=feed)
            )
            listener = Listener(answers)
            assert await (listener.nothing() if code is None else listener.next()) == (code or True)


async def test_a_parcel_that_is_packed_otherwise_is_told_as_gone(
    database: Database, runtime: Runtime, drain: Drain, clock: StandingClock, principals: Principals
) -> None:
    [side] = await build(runtime, drain, ("ANTON",))
    row_id = (await work_of(database, FulfillmentOrder.partner_id == side.partner.id))[0]
    async with database.unit_of_work() as db:
        row = await db.get_one(FulfillmentOrder, row_id)
        lines = (await fulfillment.lines_of(db, [row_id]))[row_id]
        [packed] = parcels.write_parcels(db, row, lines, (), now=db.now)
    who = of_partner(side, principals)
    async with feed_over(database) as feed, listening(feed, runtime, who, PARCELS, Parcel) as listener:
        clock.advance(seconds=1)
        async with database.unit_of_work() as db:
            given = [parcels.ParcelInput(tracking_number=number) for number in ("A", "B")]
            before = (await fulfillment.parcels_of(db, [row_id]))[row_id]
            sent = Shipment(
                id=new_id(), number="S-1", order_id=row.order_id, fulfillment_order_id=row_id, amount=0,
                delivery_type=row.delivery_type, shipped_at=db.now,
            )  # fmt: skip
            db.add(sent)
            await db.flush()
            parcels.attach(db, row, lines, before, given, shipment=sent, now=db.now)
        told = [await listener.next() for _ in range(3)]
        assert {each["id"] for each in told if each["gone"]} == {str(packed.id)}
        assert {each["node"]["trackingNumber"] for each in told if not each["gone"]} == {"A", "B"}
    async with database.read_only() as db:
        left = (await fulfillment.parcels_of(db, [row_id]))[row_id]
        assert packed.id not in {each.id for each in left}
        assert [each.tracking_number for each in left][-2:] == ["A", "B"]


async def test_who_comes_back_catches_up_and_goes_on(
    database: Database, runtime: Runtime, drain: Drain, clock: StandingClock, principals: Principals
) -> None:
    """What changed meanwhile is told first, what left the filter meanwhile too, and what lies outside not at all."""
    anton, berta = await build(runtime, drain, ("ANTON", "BERTA"))
    own = await work_of(database, FulfillmentOrder.partner_id == anton.partner.id)
    theirs = await work_of(database, FulfillmentOrder.partner_id == berta.partner.id)
    since = clock.advance(hours=1)
    clock.advance(minutes=5)
    await change(database, clock, *own, *theirs, state=FulfillmentState.CANCELED)
    given = {"filter": {"states": ["OPEN"]}, "since": since.isoformat()}
    async with (
        feed_over(database) as feed,
        listening(feed, runtime, of_partner(anton, principals), WORK, **given) as listener,
    ):
        told = [await listener.next() for _ in own]
        assert told == [{"id": str(row_id), "gone": True, "node": None} for row_id in own]
        await change(database, clock, own[0], state=FulfillmentState.OPEN)
        assert (await listener.next())["node"]["state"] == "OPEN"


async def test_a_row_of_a_long_transaction_is_told(
    database: Database, runtime: Runtime, drain: Drain, clock: StandingClock, principals: Principals,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """It bears the moment its transaction began, which others have long passed."""
    monkeypatch.setattr(feeds, "LOOKS_BETWEEN", 2)
    await build(runtime, drain, ("ANTON",))
    first, *_ = rows = await work_of(database)
    assert len(rows) > 1
    async with feed_over(database) as feed, listening(feed, runtime, SYSTEM, WORK) as listener:
        began = clock.moment
        clock.advance(seconds=30)
        await change(database, clock, *rows[1:], priority=3)
        assert {(await listener.next())["id"] for _ in rows[1:]} == set(map(str, rows[1:]))
        async with database.unit_of_work() as db:
            row = await db.get_one(FulfillmentOrder, first)
            row.priority, row.updated_at = 4, began + timedelta(microseconds=1)
        assert (await listener.next())["id"] == str(first)


async def test_holds_are_followed_with_the_orders(
    database: Database, runtime: Runtime, drain: Drain, clock: StandingClock, principals: Principals
) -> None:
    anton, berta = await build(runtime, drain, ("ANTON", "BERTA"))
    who = principals.holding("orders:read", channel_ids=frozenset({anton.channel.id}))
    held = {"onHold": True, "holdKinds": ["MANUAL"]}
    async with feed_over(database) as feed, listening(feed, runtime, who, ORDERS, Order, filter=held) as listener:
        clock.advance(seconds=1)
        async with database.unit_of_work() as db:
            for side in (berta, anton):
                order = await orders.lock_order(db, side.waiting[0])
                order_service.place_hold(db, order, kind=HoldKind.MANUAL, reason="a call", now=db.now)
        told = await listener.next()
        assert (told["id"], told["gone"]) == (str(order.id), False)
        assert told["node"] == {"number": order.number}
        assert await listener.nothing()


async def test_who_loses_a_right_is_told_nothing_more_of_what_was_read(
    database: Database, runtime: Runtime, drain: Drain, principals: Principals
) -> None:
    """Rows that wait to be told are told only as long as their listener may be heard."""
    [side] = await build(runtime, drain, ("ANTON",))
    who = of_partner(side, principals)
    async with feed_over(database) as feed:
        context = Context(runtime, who, feed=feed)
        present = who

        async def again() -> Principal:
            return present

        context.again = again
        since = {"since": "0001-01-01T00:00:00Z"}
        answers: Any = await schema().subscribe(WORK, variable_values=since, context_value=context)
        listener = Listener(answers)
        assert (await listener.next())["gone"] is False
        present = replace(who, permissions=frozenset())
        assert await listener.next() == "UNAUTHENTICATED"


async def test_a_changed_scope_ends_the_listening(runtime: Runtime, principals: Principals) -> None:
    """Not the name, but whatever a listener may do or see."""
    who = principals.holding("fulfillment:read", partner_id=UUID(int=4))
    context = Context(runtime, who)

    present = replace(who, name="Another Name")

    async def again() -> Principal:
        return present

    context.again = again
    await context.check_still_signed_in()

    present = replace(who, partner_id=UUID(int=5))
    with pytest.raises(Forbidden):
        await context.check_still_signed_in()
    present = replace(who, permissions=frozenset())
    with pytest.raises(Forbidden):
        await context.check_still_signed_in()


async def test_who_has_a_scope_hears_the_events_of_orders_they_see(
    database: Database, runtime: Runtime, drain: Drain, clock: StandingClock, principals: Principals
) -> None:
    anton, berta = await build(runtime, drain, ("ANTON", "BERTA"))
    who = principals.holding("events:read", "orders:read", channel_ids=frozenset({anton.channel.id}))
    mine, theirs = anton.waiting[0], berta.waiting[0]
    async with feed_over(database) as feed:
        for streams, code in ((None, "SCOPE_TOO_NARROW"), ([str(theirs)], "ORDER_NOT_FOUND")):
            answers: Any = await schema().subscribe(
                EVENTS, variable_values={"streams": streams}, context_value=Context(runtime, who, feed=feed)
            )
            assert await Listener(answers).next() == code
        shown = "subscription ($streams: [UUID!]) { eventsChanged(streamIds: $streams) { name streamId by payload } }"
        async with listening(feed, runtime, who, shown, None, streams=[str(mine)]) as listener:
            async with database.unit_of_work() as db:
                for order_id in sorted((theirs, mine)):
                    order = await orders.lock_order(db, order_id)
                    order_service.place_hold(db, order, kind=HoldKind.MANUAL, reason="a call", now=db.now)
            told = await listener.next()
            assert (told["name"], told["streamId"], told["by"]) == ("HoldPlaced", str(mine), "")
            assert set(told["payload"]) == {"hold_id", "kind"}
            assert await listener.nothing()


def test_a_followed_list_needs_what_the_list_needs() -> None:
    made = core_schema()
    assert made.subscription_type is not None
    assert made.query_type is not None
    lists = made.query_type.fields
    for name, field in made.subscription_type.fields.items():
        assert permissions_of(field) == permissions_of(lists[name.removesuffix("Changed")]), name
