"""A promise that runs out is announced to somebody, renewed for what is still needed, and missed when it is not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from factories.invoicing import amount_of, ship
from factories.payments import ask, ask_capture, card, make_shop, paid_by, read_payments, told
from factories.stories import only
from kontor.care.models import Case
from kontor.core.db import Database
from kontor.fulfillment.canceling import cancel_lines
from kontor.orders import queries as orders
from kontor.orders import service as order_service
from kontor.orders.models import OrderHold
from kontor.orders.states import HoldKind
from kontor.payments import service
from kontor.payments.differences import differences
from kontor.payments.models import Payment
from kontor.payments.states import PaymentState
from support import Drain, StandingClock


@pytest.fixture(autouse=True)
def _with_care(_only_money: None) -> Iterator[None]:
    with only("care.raise"):
        yield


async def confirmed(database: Database, drain: Drain) -> UUID:
    order_id = await paid_by(database, await make_shop(database), card(5000))
    await ask(database, "authorize", order_id)
    assert await drain() == []
    async with database.unit_of_work() as db:
        order_service.confirm(db, [await orders.lock_order(db, order_id)], now=db.now)
    return order_id


async def let_it_lapse(database: Database, drain: Drain, clock: StandingClock, order_id: UUID) -> None:
    """First to the warning, then past the end."""
    [payment] = await read_payments(database, order_id)
    assert payment.authorization_expires_at is not None
    for distance in (timedelta(hours=-2), timedelta(hours=1)):
        clock.set_to(payment.authorization_expires_at + distance)
        await drain(recurring=True)


async def use_card(database: Database, order_id: UUID, token: str) -> None:
    async with database.unit_of_work() as db:
        await db.execute(sa.update(Payment).where(Payment.order_id == order_id).values(token=token))


# The nightly audit misses the stock that these shipments, written without fulfillment, never took; and what nobody
# fulfills is late after a while.
BESIDES = ("DIFFERENCES", "LATE")


async def cases(database: Database) -> list[tuple[str, str]]:
    async with database.read_only() as db:
        found = sa.select(Case).where(Case.kind.not_in(BESIDES)).order_by(Case.id)
        return [(row.kind, row.state.value) for row in await db.scalars(found)]


async def holds(database: Database) -> list[tuple[HoldKind, bool]]:
    """Kind, and whether it is open."""
    async with database.read_only() as db:
        return [(row.kind, row.released_at is None) for row in await db.scalars(sa.select(OrderHold))]


async def no_differences(database: Database) -> None:
    async with database.read_only() as db:
        assert [text async for text in differences(db)] == []


async def test_rest_of_a_partly_captured_promise_is_renewed(
    database: Database, drain: Drain, clock: StandingClock
) -> None:
    order_id = await confirmed(database, drain)
    shipment = await ship(database, order_id, {1: 2})
    await ask_capture(database, order_id, await amount_of(database, shipment), shipment_id=shipment)
    await drain()
    await let_it_lapse(database, drain, clock, order_id)
    first, second = await read_payments(database, order_id)
    assert (first.state, first.authorized, first.captured) == (PaymentState.CAPTURED, 2000, 2000)
    assert (second.state, second.amount, second.authorized) == (PaymentState.AUTHORIZED, 3000, 3000)
    assert await cases(database) == [("AUTHORIZATION_EXPIRING", "DONE")]
    last = await ship(database, order_id, {1: 3})
    await ask_capture(database, order_id, 5000, shipment_id=last, final=True)
    await drain()
    assert [payment.captured for payment in await read_payments(database, order_id)] == [2000, 3000]
    assert (await told(database, order_id)).count("CaptureFailed") == 0
    await no_differences(database)


async def complete(database: Database, order_id: UUID) -> None:
    async with database.unit_of_work() as db:
        order_service.complete(db, [await orders.lock_order(db, order_id)], now=db.now)


async def test_rest_of_a_partly_captured_promise_is_renewed_though_all_has_left(
    database: Database, drain: Drain, clock: StandingClock
) -> None:
    order_id = await confirmed(database, drain)
    await ask_capture(database, order_id, 2000, shipment_id=await ship(database, order_id, {1: 2}))
    await drain()
    last = await ship(database, order_id, {1: 3})
    await complete(database, order_id)
    await let_it_lapse(database, drain, clock, order_id)
    first, second = await read_payments(database, order_id)
    assert (first.state, first.captured, second.authorized) == (PaymentState.CAPTURED, 2000, 3000)
    await ask_capture(database, order_id, 5000, shipment_id=last, final=True)
    await drain()
    assert [payment.captured for payment in await read_payments(database, order_id)] == [2000, 3000]
    assert (await told(database, order_id)).count("CaptureFailed") == 0
    await no_differences(database)


async def test_lapsed_rest_that_a_completed_order_does_not_need_is_not_renewed(
    database: Database, drain: Drain, clock: StandingClock
) -> None:
    order_id = await confirmed(database, drain)
    await ask_capture(database, order_id, 2000, shipment_id=await ship(database, order_id, {1: 2}))
    await drain()
    await cancel(database, order_id, 3)
    await complete(database, order_id)
    await let_it_lapse(database, drain, clock, order_id)
    [payment] = await read_payments(database, order_id)
    assert (payment.state, payment.authorized, payment.captured) == (PaymentState.CAPTURED, 2000, 2000)


async def cancel(database: Database, order_id: UUID, pieces: int) -> None:
    async with database.unit_of_work() as db:
        order = await orders.lock_order(db, order_id)
        lines = (await orders.lines_of(db, [order_id]))[order_id]
        await cancel_lines(db, order, lines, {lines[0].id: pieces}, reason="changed mind", now=db.now)


async def test_lapsed_promise_is_renewed_for_what_the_order_still_costs(
    database: Database, drain: Drain, clock: StandingClock
) -> None:
    order_id = await confirmed(database, drain)
    await cancel(database, order_id, 2)
    assert await drain() == []
    await let_it_lapse(database, drain, clock, order_id)
    [payment] = await read_payments(database, order_id)
    assert (payment.state, payment.amount, payment.authorized) == (PaymentState.AUTHORIZED, 5000, 3000)
    await no_differences(database)


async def test_lapsed_promise_is_not_renewed_beside_the_card_that_takes_its_place(
    database: Database, drain: Drain, clock: StandingClock
) -> None:
    order_id = await confirmed(database, drain)
    await ship(database, order_id, {1: 5})
    await complete(database, order_id)
    await let_it_lapse(database, drain, clock, order_id)
    async with database.unit_of_work() as db:
        await service.add_payment(db, await orders.lock_order(db, order_id), card(5000), now=db.now)
    assert await drain() == []
    first, second = await read_payments(database, order_id)
    assert (first.state, first.authorized) == (PaymentState.EXPIRED, 0)
    assert (second.state, second.authorized) == (PaymentState.AUTHORIZED, 5000)
    await no_differences(database)


async def test_somebody_is_told_before_a_promise_lapses(database: Database, drain: Drain, clock: StandingClock) -> None:
    order_id = await confirmed(database, drain)
    [payment] = await read_payments(database, order_id)
    assert payment.authorization_expires_at is not None
    clock.set_to(payment.authorization_expires_at - timedelta(hours=2))
    await drain(recurring=True)
    async with database.read_only() as db:
        case = (await db.scalars(sa.select(Case).where(Case.kind.not_in(BESIDES)))).one()
    assert (case.kind, case.order_id, case.due_at) == (
        "AUTHORIZATION_EXPIRING",
        order_id,
        payment.authorization_expires_at,
    )


@pytest.mark.parametrize("sent", [0, 2, 5])
async def test_declined_renewal_keeps_what_has_not_left_until_it_is_paid_otherwise(
    database: Database, drain: Drain, clock: StandingClock, sent: int
) -> None:
    order_id = await confirmed(database, drain)
    if sent:
        await ship(database, order_id, {1: sent})
    await use_card(database, order_id, "tok_declined")
    await let_it_lapse(database, drain, clock, order_id)
    assert [payment.state for payment in await read_payments(database, order_id)] == [PaymentState.FAILED]
    assert await cases(database) == [("AUTHORIZATION_EXPIRING", "OPEN"), ("PAYMENT_FAILED", "OPEN")]
    assert await holds(database) == ([(HoldKind.PAYMENT, True)] if sent < 5 else [])
    async with database.unit_of_work() as db:
        await service.add_payment(db, await orders.lock_order(db, order_id), card(5000), now=db.now)
    assert await drain() == []
    assert {state for _, state in await cases(database)} == {"DONE"}
    assert await holds(database) == ([(HoldKind.PAYMENT, False)] if sent < 5 else [])
    await no_differences(database)
