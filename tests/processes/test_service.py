"""Orders driven by their processes, from placing to completed; fakes stand at the gateway and the mail only."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from factories.processes import instances_of, make_store, order_one, order_state, ship_all, standing, work_of

from kontor.core.db import Database
from kontor.core.outbox import EventRecord
from kontor.fulfillment.delivering import Delivery, record_delivery
from kontor.invoicing.models import Invoice
from kontor.orders.intake import PaymentInput
from kontor.payments.models import Payment
from kontor.processes.states import InstanceState
from support import Drain


async def deliver_all(database: Database, order_id: UUID) -> None:
    for row in await work_of(database, order_id):
        async with database.unit_of_work() as db:
            await record_delivery(db, Delivery(row.id), now=db.now)


async def payment_of(database: Database, order_id: UUID) -> tuple[str, int, int]:
    async with database.read_only() as db:
        payment = (await db.scalars(sa.select(Payment).where(Payment.order_id == order_id))).one()
        return str(payment.state), payment.authorized, payment.captured


async def test_order_runs_from_placing_to_completed(database: Database, drain: Drain) -> None:
    company, variant = await make_store(database)
    order_id = await order_one(database, company, variant, 2, payments=(PaymentInput("CARD", 2000, token="tok_visa"),))
    assert await drain() == []
    assert await order_state(database, order_id) == "IN_FULFILLMENT"
    assert await standing(database, order_id) == ["await_fulfillment", "all_fulfilled", "lines_reopened"]
    assert await payment_of(database, order_id) == ("AUTHORIZED", 2000, 0)
    await ship_all(database, order_id)
    assert await drain() == []
    assert await payment_of(database, order_id) == ("CAPTURED", 2000, 2000)
    assert await standing(database, order_id, "fulfillment_order") == ["delivered"]
    await deliver_all(database, order_id)
    assert await drain() == []
    assert await order_state(database, order_id) == "COMPLETED"
    assert [(each.key, each.state) for each in await instances_of(database, order_id)] == [
        ("order", InstanceState.FINISHED),
        ("fulfillment_order", InstanceState.FINISHED),
    ]
    async with database.read_only() as db:
        assert [row.gross for row in await db.scalars(sa.select(Invoice))] == [2000]
        events = list(await db.scalars(sa.select(EventRecord.name).order_by(EventRecord.position)))
    assert len([name for name in events if name == "CaptureFinished"]) == 1
