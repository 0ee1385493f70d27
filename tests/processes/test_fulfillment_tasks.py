"""Places that answer, do not answer, or hand over at the counter; pieces that need no parcel."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from factories.catalog import make_variant
from factories.fulfillment import pieces_of
from factories.intake import make_company, put_stock
from factories.locations import make_location
from factories.partners import make_partner
from factories.processes import cases_of, instances_of, make_store, order_one, order_state, standing, told, work_of
from kontor.channels.models import ShortagePolicy
from kontor.core.db import Database
from kontor.fulfillment.answering import Acceptance, accept
from kontor.fulfillment.pickup import hand_over, mark_ready
from kontor.fulfillment.values import Pieces
from kontor.locations.models import LocationKind
from kontor.notifications.models import Notification
from kontor.orders.states import DeliveryType
from kontor.processes.states import InstanceState
from support import Drain, StandingClock


async def dropshipped(database: Database, quantity: int = 1) -> UUID:
    """An order that a partner has to answer within a day."""
    company = await make_company(database, shortage=ShortagePolicy.TAKE)
    async with database.unit_of_work() as db:
        partner = await make_partner(db)
        place = await make_location(db, kind=LocationKind.DROPSHIPPER, partner_id=partner.id, answer_hours=24)
        variant = await make_variant(db)
    await put_stock(database, place.id, variant.id, 5)
    return await order_one(database, company, variant, quantity)


async def test_partner_who_never_answers_is_escalated_and_loses_the_lines(
    database: Database, drain: Drain, clock: StandingClock
) -> None:
    order_id = await dropshipped(database)
    assert await drain() == []
    assert await drain(until=clock.moment + timedelta(hours=25)) == []
    assert await cases_of(database, order_id) == [("UNANSWERED", "OPEN")]
    assert await told(database, "FulfillmentEscalated") == 1
    assert await drain(until=clock.moment + timedelta(hours=24)) == []
    assert [str(row.state) for row in await work_of(database, order_id)] == ["REJECTED"]
    assert ("UNANSWERED", "DONE") in await cases_of(database, order_id)
    assert ("UNALLOCATED", "OPEN") in await cases_of(database, order_id)


async def test_rest_of_a_partial_acceptance_waits_for_its_own_answer(
    database: Database, drain: Drain, clock: StandingClock
) -> None:
    order_id = await dropshipped(database, 3)
    await drain()
    (row,) = await work_of(database, order_id)
    (line,) = await pieces_of(database, row.id)
    async with database.unit_of_work() as db:
        await accept(db, Acceptance(row.id, (Pieces(line.id, 2),)), now=db.now)
    assert await drain() == []
    stands = await standing(database, order_id, "fulfillment_order")
    assert [stands.count(node) for node in ("await_handover", "await_answer")] == [1, 1]
    assert await drain(until=clock.moment + timedelta(days=3)) == []
    assert sorted(str(row.state) for row in await work_of(database, order_id)) == ["ACCEPTED", "REJECTED"]


async def store_order(database: Database) -> tuple[UUID, Any]:
    """An order to be collected in a store, where it is ready."""
    company = await make_company(database)
    async with database.unit_of_work() as db:
        store = await make_location(db, kind=LocationKind.STORE)
        variant = await make_variant(db)
    await put_stock(database, store.id, variant.id, 5)
    pickup: dict[str, Any] = {"delivery_type": DeliveryType.PICKUP, "pickup_location": store.code}
    return await order_one(database, company, variant, **pickup), store


async def made_ready(database: Database, order_id: UUID) -> Any:
    (row,) = await work_of(database, order_id)
    async with database.unit_of_work() as db:
        return await mark_ready(db, row.id, now=db.now)


async def test_collected_goods_are_captured_and_invoiced(database: Database, drain: Drain) -> None:
    order_id, _ = await store_order(database)
    await drain()
    row = await made_ready(database, order_id)
    assert await drain() == []
    async with database.unit_of_work() as db:
        await hand_over(db, row.id, code=row.pickup_code, now=db.now)
    assert await drain() == []
    assert await told(database, "InvoiceIssued") == 1
    assert await order_state(database, order_id) == "COMPLETED"


async def test_customer_is_reminded_before_a_pickup_is_given_up(
    database: Database, drain: Drain, clock: StandingClock
) -> None:
    order_id, _ = await store_order(database)
    await drain()
    await made_ready(database, order_id)
    await drain(until=clock.moment + timedelta(days=6))
    async with database.read_only() as db:
        messages = list(await db.scalars(sa.select(Notification.template).order_by(Notification.id)))
    assert [messages.count(name) for name in ("ready_for_pickup", "pickup_reminder")] == [1, 1]
    await drain(until=clock.moment + timedelta(days=5))
    assert await order_state(database, order_id) == "CANCELED"
    assert {each.state for each in await instances_of(database, order_id)} == {InstanceState.FINISHED}


async def test_codes_are_sent_captured_and_invoiced_without_a_parcel(database: Database, drain: Drain) -> None:
    company, _ = await make_store(database, 0)
    async with database.unit_of_work() as db:
        voucher = await make_variant(db, product={"kind": "GIFT_CARD"})
    order_id = await order_one(database, company, voucher)
    assert await drain() == []
    assert await order_state(database, order_id) == "COMPLETED"
    assert [await told(database, name) for name in ("CodesIssued", "CaptureFinished", "InvoiceIssued")] == [1, 1, 1]
    assert {each.key for each in await instances_of(database, order_id)} == {"order", "digital_delivery"}
