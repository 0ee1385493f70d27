"""What is to be paid for goods of exchanges is collected whoever pays it and whenever, and labels hold long enough."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from exchanges.test_exchanges import arrived
from factories.changes import sound
from factories.exchanges import come_back, exchanged, paid_and_back, read, sent_and_arrived
from factories.processes import told, work_of
from kontor.core.db import Database
from kontor.exchanges.following import overdue
from kontor.exchanges.models import Exchange
from kontor.exchanges.states import ExchangeState, ExchangeWay
from kontor.fulfillment.canceling import cancel_lines
from kontor.fulfillment.shipping import How, Shipping, ship
from kontor.imports.saving import touch_masters
from kontor.locations.models import StockLocation
from kontor.orders import queries as orders
from kontor.orders.intake import PaymentInput
from kontor.payments.queries import lock_payments
from kontor.payments.receiving import add_payment
from kontor.returns.labels import renew_label
from kontor.returns.models import Return
from kontor.returns.service import approve
from support import Drain, StandingClock

E, W = ExchangeState, ExchangeWay


@pytest.mark.engine("sqlite")
@pytest.mark.parametrize("token", [None, "tok_declined"])
async def test_what_is_paid_late_by_another_card_is_collected(
    database: Database, drain: Drain, token: str | None
) -> None:
    """The card of the order cannot be asked again, or is declined; the customer names another one."""
    sold = await arrived(database, drain)
    _, exchange = await exchanged(database, sold.order_id, "M", "L", way=W.ADVANCE)
    await sent_and_arrived(database, drain, sold.order_id)
    async with database.unit_of_work() as db:
        for payment in (await lock_payments(db, [sold.order_id]))[sold.order_id]:
            payment.token = token
    async with database.unit_of_work() as db:
        await overdue(db, exchange.id, now=db.now + timedelta(days=15))
    assert await drain() == []
    done = await read(database, exchange)
    assert (done.asked, done.payment_id is None) == (1000, token is None)
    assert await paid_and_back(database, sold.order_id) == (2490, 0)
    async with database.unit_of_work() as db:
        order = await orders.lock_order(db, sold.order_id)
        await add_payment(db, order, PaymentInput("CARD", 1000, token="tok_visa"), now=db.now)
    assert await drain() == []
    assert await paid_and_back(database, sold.order_id) == (3490, 0)
    await sound(database)


async def test_what_has_left_is_paid_although_other_lines_are_canceled(database: Database, drain: Drain) -> None:
    """Of two exchanges one leaves, dearer by 2.00, and the other is canceled: what came in pays the 2.00 as well.

    The customer keeps goods of 12.00 and pays 4.90 for shipping.
    """
    sold = await arrived(database, drain)
    for other in ("XL", "L"):
        _, exchange = await exchanged(database, sold.order_id, "M", other)
        assert await drain() == []
        await come_back(database, exchange.return_id, sold.place)
        assert await drain() == []
    dearer, _ = await work_left(database, sold.order_id)
    async with database.unit_of_work() as db:
        await ship(db, Shipping(dearer), now=db.now, how=How(accepts_open=True))
    assert await drain() == []
    assert await paid_and_back(database, sold.order_id) == (2490, 0)
    await cancel(database, sold.order_id, "L")
    assert await drain() == []
    assert await paid_and_back(database, sold.order_id) == (2490, 800)
    await sound(database)


async def work_left(database: Database, order_id: UUID) -> list[UUID]:
    """What places have still to do, oldest first."""
    return [row.id for row in await work_of(database, order_id) if str(row.state) == "OPEN"]


async def cancel(database: Database, order_id: UUID, sku: str) -> None:
    """The piece of an article is not sent."""
    async with database.unit_of_work() as db:
        order = await orders.lock_order(db, order_id)
        lines = (await orders.lines_of(db, [order_id]))[order_id]
        wanted = {line.id: 1 for line in lines if line.sku == sku}
        await cancel_lines(db, order, lines, wanted, reason="kept the first", now=db.now)


async def label_of(database: Database, exchange: Exchange) -> tuple[str, object]:
    """The state of the return and when its label ends."""
    async with database.read_only() as db:
        found = await db.get_one(Return, exchange.return_id)
        return str(found.state), found.expires_at


@pytest.mark.engine("sqlite")
async def test_the_label_of_an_advance_exchange_holds_until_its_deadline(
    database: Database, drain: Drain, clock: StandingClock
) -> None:
    """The new goods leave after more than the days of a label: from then on the others have their time."""
    sold = await arrived(database, drain, settings={"advance_return_days": 45})
    _, exchange = await exchanged(database, sold.order_id, "M", "L", way=W.ADVANCE)
    clock.advance(days=40)
    assert await drain() == []
    assert await label_of(database, exchange) == ("APPROVED", None)
    await sent_and_arrived(database, drain, sold.order_id)
    due_at = (await read(database, exchange)).due_at
    assert due_at == clock.moment + timedelta(days=45)
    assert await label_of(database, exchange) == ("APPROVED", due_at)
    async with database.unit_of_work() as db:
        await renew_label(db, exchange.return_id, now=db.now)
    assert await label_of(database, exchange) == ("APPROVED", due_at)
    clock.advance(days=44)
    assert await drain() == []
    await come_back(database, exchange.return_id, sold.place)
    assert await drain() == []
    assert (await read(database, exchange)).state is E.RECEIVED
    assert await paid_and_back(database, sold.order_id) == (2490, 0)
    await sound(database)


@pytest.mark.engine("sqlite")
@pytest.mark.parametrize("days", [14, 60])
async def test_a_label_holds_as_long_as_the_channel_says(
    database: Database, drain: Drain, clock: StandingClock, days: int
) -> None:
    """Whoever reads it: an exchange that keeps goods so long, the return that is approved, the label sent again."""
    sold = await arrived(database, drain, settings={"return_label_days": days})
    preview, exchange = await exchanged(database, sold.order_id, "M", "L")
    assert preview.held_until == clock.moment + timedelta(days=days)
    assert await label_of(database, exchange) == ("APPROVED", preview.held_until)
    clock.advance(days=2)
    async with database.unit_of_work() as db:
        await renew_label(db, exchange.return_id, now=db.now)
    assert await label_of(database, exchange) == ("APPROVED", clock.moment + timedelta(days=days))


@pytest.mark.engine("sqlite")
async def test_a_label_ends_when_nothing_is_given_in_advance_any_more(
    database: Database, drain: Drain, clock: StandingClock
) -> None:
    sold = await arrived(database, drain)
    _, exchange = await exchanged(database, sold.order_id, "M", "L", way=W.ADVANCE)
    assert await drain() == []
    await cancel(database, sold.order_id, "L")
    assert await drain() == []
    assert await label_of(database, exchange) == ("APPROVED", clock.moment + timedelta(days=30))
    clock.advance(days=30)
    assert await drain() == []
    assert (await label_of(database, exchange))[0] == "CANCELED"
    await sound(database)


@pytest.mark.engine("sqlite")
async def test_nobody_is_late_who_was_not_told_where_to_send_the_goods(
    database: Database, drain: Drain, clock: StandingClock
) -> None:
    """No place takes them: the time that was agreed begins when somebody has approved the return."""
    sold = await arrived(database, drain)
    await taken_nowhere(database, sold.place)
    _, exchange = await exchanged(database, sold.order_id, "M", "L", way=W.ADVANCE)
    await sent_and_arrived(database, drain, sold.order_id)
    assert await label_of(database, exchange) == ("REQUESTED", None)
    clock.advance(days=15)
    assert await drain() == []
    async with database.unit_of_work() as db:
        await approve(db, exchange.return_id, now=db.now)
    assert await drain() == []
    due_at = clock.moment + timedelta(days=14)
    waiting = await read(database, exchange)
    assert (waiting.due_at, waiting.overdue_at, waiting.asked) == (due_at, None, 0)
    clock.advance(days=13)
    assert await drain() == []
    assert await told(database, "ExchangeReminded") == 1
    assert (await read(database, exchange)).overdue_at is None
    clock.advance(days=1)
    assert await drain() == []
    assert (await read(database, exchange)).asked == 1000
    await sound(database)


@pytest.mark.engine("sqlite")
async def test_a_label_that_somebody_approves_has_no_end_before_the_new_goods_leave(
    database: Database, drain: Drain, clock: StandingClock
) -> None:
    sold = await arrived(database, drain)
    await taken_nowhere(database, sold.place)
    _, exchange = await exchanged(database, sold.order_id, "M", "L", way=W.ADVANCE)
    assert await drain() == []
    async with database.unit_of_work() as db:
        await approve(db, exchange.return_id, now=db.now)
    assert await drain() == []
    clock.advance(days=31)
    assert await drain() == []
    assert await label_of(database, exchange) == ("APPROVED", None)
    assert (await read(database, exchange)).asked == 0


async def taken_nowhere(database: Database, place: UUID) -> None:
    """No place takes goods back."""
    async with database.unit_of_work() as db:
        (await db.get_one(StockLocation, place)).accepts_returns = False
        await touch_masters(db)
