"""A locked order stays where it is; what its place refuses goes elsewhere, and that is said."""

from uuid import UUID

import pytest
import sqlalchemy as sa

from factories.fulfillment import audited, confirmed, counters, events_of, rows_of, sourced
from factories.intake import make_company, put_stock
from fulfillment.test_reoptimizing import articles, far_then_near, place_at, places_of, run_once
from kontor.channels.models import ShortagePolicy
from kontor.core.db import Database
from kontor.core.errors import Conflict, InvalidInput
from kontor.fulfillment import answering
from kontor.fulfillment.states import FulfillmentState, RejectReason
from kontor.orders import queries as orders
from kontor.orders.errors import RoutingNotLocked
from kontor.orders.models import Order
from kontor.orders.routing_locks import lock_routing, unlock_routing
from kontor.orders.states import OrderState
from kontor.routing.explanation import describe
from kontor.routing.models import RoutingDecision


async def locked(database: Database, order_id: UUID, reason: str = "agreed by phone") -> None:
    async with database.unit_of_work() as db:
        await lock_routing(db, await orders.lock_order(db, order_id), reason=reason)


async def decisions_of(database: Database, order_id: UUID) -> list[RoutingDecision]:
    async with database.read_only() as db:
        found = sa.select(RoutingDecision).where(RoutingDecision.order_id == order_id).order_by(RoutingDecision.id)
        return list(await db.scalars(found))


async def test_a_locked_order_is_released_where_it_is_though_another_place_is_cheaper(database: Database) -> None:
    _, order_id, far, _ = await far_then_near(database)
    await locked(database, order_id)
    await sourced(database, order_id)
    assert [row.location_id for row in await rows_of(database, order_id)] == [far.id]
    (decision,) = await decisions_of(database, order_id)
    assert decision.record["locked"] == "KEPT"
    assert "The order is locked where it is." in describe(decision.record, "en", names={})
    assert "Die Bestellung ist an ihrem Ort festgehalten." in describe(decision.record, "de", names={})


async def test_an_unlocked_order_moves_again(database: Database) -> None:
    _, order_id, _, near = await far_then_near(database)
    await locked(database, order_id)
    assert (await run_once(database)).moved == 0
    async with database.unit_of_work() as db:
        await unlock_routing(db, await orders.lock_order(db, order_id))
    assert (await run_once(database)).moved == 1
    assert await places_of(database, order_id) == {near.id: 1}
    assert (await events_of(database, order_id))[-3:] == ["RoutingLocked", "RoutingUnlocked", "OrderMoved"]


async def test_what_the_place_of_a_locked_order_refuses_goes_elsewhere_and_that_is_said(database: Database) -> None:
    _, order_id, far, near = await far_then_near(database)
    await locked(database, order_id)
    await sourced(database, order_id)
    (row,) = await rows_of(database, order_id)
    async with database.unit_of_work() as db:
        await answering.reject(db, row.id, None, now=db.now, reason=RejectReason.CAPACITY)
    await sourced(database, order_id)
    refused, new = await rows_of(database, order_id)
    assert (refused.state, refused.location_id) == (FulfillmentState.REJECTED, far.id)
    assert (new.state, new.location_id) == (FulfillmentState.OPEN, near.id)
    assert (await events_of(database, order_id))[-2:] == ["LockedPiecesRouted", "FulfillmentOrdersCreated"]
    decision = (await decisions_of(database, order_id))[-1]
    assert decision.record["locked"] == "REFUSED"
    assert "The order is locked where it is, but its place refused these pieces." in describe(
        decision.record, "en", names={}
    )
    await audited(database)


async def test_pieces_of_a_locked_order_that_had_no_place_find_one(database: Database) -> None:
    company = await make_company(database, shortage=ShortagePolicy.TAKE)
    (lamp,) = await articles(database, "LAMP")
    far = await place_at(database, 900)
    await put_stock(database, far.id, lamp.id, 2)
    order_id = await confirmed(database, company, ("LAMP", 3))
    near = await place_at(database, 300)
    await put_stock(database, near.id, lamp.id, 5)
    await locked(database, order_id)
    await sourced(database, order_id)
    assert await places_of(database, order_id) == {far.id: 2, near.id: 1}
    assert await counters(database, order_id) == [{"ordered": 3, "allocated": 3}]
    assert {row.record["locked"] for row in await decisions_of(database, order_id)} == {"KEPT", "FOUND"}
    assert "LockedPiecesRouted" not in await events_of(database, order_id)


async def test_a_lock_needs_a_reason_and_an_order_that_is_not_over(database: Database) -> None:
    _, order_id, _, _ = await far_then_near(database)
    with pytest.raises(InvalidInput) as refusal:
        await locked(database, order_id, " ")
    assert (refusal.value.code, refusal.value.path) == ("INVALID_REASON", ("reason",))
    async with database.unit_of_work() as db:
        order = await orders.lock_order(db, order_id)
        with pytest.raises(RoutingNotLocked):
            await unlock_routing(db, order)
        await db.execute(sa.update(Order).values(state=OrderState.COMPLETED))
    with pytest.raises(Conflict):
        await locked(database, order_id)


async def test_locking_again_changes_the_reason_once(database: Database) -> None:
    _, order_id, _, _ = await far_then_near(database)
    for reason in ("agreed by phone", "agreed by phone", "agreed by mail"):
        await locked(database, order_id, reason)
    assert (await events_of(database, order_id)).count("RoutingLocked") == 2
