"""One real happening for each kind of case, told by the API, a service or the time, and what ends the case again."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from flows.shop import ACCEPT, DELIVER, PLACE, SHIP, Shop, open_shop
from kontor.care.models import Case
from kontor.care.service import finish_case
from kontor.core.db import Database
from kontor.core.outbox import schedule
from kontor.fulfillment.models import Parcel
from kontor.invoicing.models import DunningPlan, Invoice
from kontor.orders.queries import lock_order
from kontor.payments import queries, service
from support import Client, Drain, Principals, StandingClock

pytestmark = pytest.mark.engine("sqlite")
DUNNING = {"dunning": [{"afterDays": 7, "fee": 0}, {"afterDays": 7, "fee": 500}]}
LINES = "query($id: UUID!) { result: order(id: $id) { lines { id } } }"
RETURN = (
    "mutation($id: UUID!, $lines: [ReturnLineInput!]!) { result: requestReturn(orderId: $id, lines: $lines) "
    "{ __typename ... on Error { code message } } }"
)
REPORT = (
    "mutation($id: UUID!, $state: ParcelNews!) { result: reportParcel(id: $id, state: $state) "
    "{ __typename ... on Error { code message } } }"
)
GIVE_UP = (
    'mutation($id: UUID!) { result: writeOffInvoice(invoiceId: $id, reason: "insolvent") '
    "{ __typename ... on Error { code message } } }"
)
HOLD = (
    'mutation($id: UUID!) { result: placeHold(orderId: $id, kind: MANUAL, reason: "wait") '
    "{ __typename ... on HoldChanged { hold { id } } ... on Error { code message } } }"
)
RELEASE = "mutation($id: UUID!) { result: releaseHold(holdId: $id) { __typename ... on Error { code message } } }"
CARD = {"kind": "CARD", "amount": 2000, "token": "tok_visa"}
ON_ACCOUNT = {"kind": "ON_ACCOUNT", "amount": 2000}
DEBIT = {"kind": "DIRECT_DEBIT", "amount": 2000, "token": "tok_sepa_debit"}


@pytest.fixture
def shop(
    database: Database,
    client: Client,
    drain: Drain,
    principals: Principals,
    clock: StandingClock,
    runner: asyncio.Runner,
) -> Shop:
    """A shop that reminds twice."""
    return runner.run(open_shop(database, client, drain, principals, clock, settings=DUNNING))


async def look(shop: Shop, *jobs: str) -> None:
    """The recurring jobs of cases come round."""
    for job in (*jobs, "care.watch", "care.settle_late"):
        async with shop.database.unit_of_work() as db:
            schedule(db, job, {})
        await shop.settle()


async def cases(shop: Shop) -> list[tuple[str, str]]:
    """Kind and state of every case, the oldest first."""
    async with shop.database.read_only() as db:
        rows = await db.scalars(sa.select(Case).order_by(Case.created_at, Case.id))
        return [(row.kind, row.state.value) for row in rows]


async def sent(shop: Shop, *payments: Any) -> tuple[str, str]:
    """An order that has left: its id and that of its work."""
    order_id = await shop.place(*payments)
    (row_id,) = await shop.work(order_id)
    for query in (ACCEPT, SHIP):
        await shop.call(query, id=row_id)
        await shop.settle()
    return order_id, row_id


async def test_return_of_a_wrong_article(shop: Shop) -> None:
    order_id = await shop.place(CARD)
    await shop.send(order_id)
    (line,) = (await shop.call(LINES, id=order_id))["lines"]
    pieces = [{"orderLineId": line["id"], "quantity": 1, "reason": "WRONG_ITEM"}]
    await shop.call(RETURN, id=order_id, lines=pieces)
    await shop.settle()
    assert await cases(shop) == [("WRONG_ARTICLE", "OPEN")]


async def test_invoice_that_stays_half_paid(shop: Shop) -> None:
    order_id = await shop.place(ON_ACCOUNT)
    await shop.send(order_id)
    await shop.transfer(order_id, 700, "part")
    async with shop.database.read_only() as db:
        due_on = await db.scalar(sa.select(Invoice.due_on))
    assert due_on is not None
    days = (due_on - shop.clock.moment.date()).days
    shop.clock.advance(days=days + 7)
    await look(shop, "invoicing.remind")
    assert await cases(shop) == []
    shop.clock.advance(days=1)
    async with shop.database.unit_of_work() as db:
        plan = DunningPlan(
            id=(await db.scalars(sa.select(Invoice.id))).one(), paused_until=db.now.date(), agreed_at=db.now,
            agreed_by="test",
        )  # fmt: skip
        db.add(plan)
    await look(shop)
    assert await cases(shop) == []
    async with shop.database.unit_of_work() as db:
        await db.execute(sa.update(DunningPlan).values(paused_until=None))
    await look(shop)
    assert await cases(shop) == [("UNPAID", "OPEN")]
    async with shop.database.unit_of_work() as db:
        finish_case(db, (await db.scalars(sa.select(Case))).one(), now=db.now)
    await look(shop)
    assert await cases(shop) == [("UNPAID", "DONE")]
    shop.clock.advance(days=61)
    await look(shop)
    assert await cases(shop) == [("UNPAID", "DONE"), ("UNPAID", "OPEN")]
    await shop.transfer(order_id, 1300, "rest")
    await look(shop)
    assert await cases(shop) == [("UNPAID", "DONE"), ("UNPAID", "DONE")]


async def test_second_reminder(shop: Shop) -> None:
    order_id = await shop.place(ON_ACCOUNT)
    await shop.send(order_id)
    async with shop.database.read_only() as db:
        due_on = await db.scalar(sa.select(Invoice.due_on))
    assert due_on is not None
    shop.clock.advance(days=(due_on - shop.clock.moment.date()).days + 8)
    await look(shop, "invoicing.remind")
    assert await cases(shop) == []
    shop.clock.advance(days=15)
    await look(shop, "invoicing.remind")
    assert await cases(shop) == [("UNPAID", "OPEN")]


async def test_direct_debit_that_came_back_until_nobody_owes_it_any_more(shop: Shop) -> None:
    order_id = await shop.place(DEBIT)
    await shop.send(order_id)
    async with shop.database.unit_of_work() as db:
        order = await lock_order(db, UUID(order_id))
        payment = (await queries.lock_payments(db, [order.id]))[order.id][0]
        await service.charge_back(db, payment, 2000, notice_id="returned", now=db.now)
    await shop.settle()
    shop.clock.advance(hours=2)
    await look(shop)
    assert await cases(shop) == [("RETURNED_DEBIT", "OPEN")]
    async with shop.database.read_only() as db:
        invoice_id = await db.scalar(sa.select(Invoice.id))
    await shop.call(GIVE_UP, id=str(invoice_id))
    await shop.settle()
    await look(shop)
    assert await cases(shop) == [("RETURNED_DEBIT", "DONE")]


async def test_parcel_that_is_stuck_moves_again_and_comes_back(shop: Shop) -> None:
    await sent(shop, CARD)
    async with shop.database.read_only() as db:
        parcel_id = str(await db.scalar(sa.select(Parcel.id)))
    await shop.call(REPORT, id=parcel_id, state="EXCEPTION")
    await look(shop)
    assert await cases(shop) == [("LATE", "OPEN")]
    await shop.call(REPORT, id=parcel_id, state="IN_TRANSIT")
    await look(shop)
    assert await cases(shop) == [("LATE", "DONE")]
    await shop.call(REPORT, id=parcel_id, state="RETURNED")
    await look(shop)
    assert await cases(shop) == [("LATE", "DONE"), ("UNDELIVERABLE", "OPEN")]


async def test_goods_that_left_and_do_not_arrive(shop: Shop) -> None:
    _, row_id = await sent(shop, CARD)
    shop.clock.advance(days=2)
    await look(shop)
    assert await cases(shop) == []
    shop.clock.advance(days=10)
    await look(shop)
    assert await cases(shop) == [("LATE", "OPEN")]
    await shop.call(DELIVER, id=row_id)
    await look(shop)
    assert await cases(shop) == [("LATE", "DONE")]


async def test_order_that_is_held_beyond_its_promise_and_then_is_late_where_it_lies(shop: Shop) -> None:
    placed = await shop.call(PLACE, input=shop.order_input(CARD))
    held = await shop.call(HOLD, id=placed["id"])
    await shop.settle()
    await look(shop)
    assert await cases(shop) == []
    shop.clock.advance(days=15)
    await look(shop)
    assert await cases(shop) == [("LATE", "OPEN")]
    shop.clock.advance(minutes=1)
    await shop.call(RELEASE, id=held["hold"]["id"])
    await look(shop)
    assert await cases(shop) == [("LATE", "DONE"), ("LATE", "OPEN")]
