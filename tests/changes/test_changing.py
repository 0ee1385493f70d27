"""Changes of orders, end to end: what is previewed is what is booked, and lines that are not named stay as they are."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from factories.changes import (
    Money,
    arrive,
    change_of,
    changed,
    confirmed_change,
    lines_of,
    money_of,
    ordered,
    paid,
    previewed,
    shop,
    sound,
    wish,
)
from factories.fulfillment import confirmed, counters, events_of, order_of, pieces_of, released, rows_of, stock_of
from factories.intake import ADDRESS, put_stock
from factories.locations import make_location
from factories.processes import order_state, ship_all, work_of
from factories.promotions import make_promotion
from factories.tax import make_tax_rate
from kontor.changes.errors import ChangeOpen, ChangeStale, NotChangeable, NothingChanges
from kontor.changes.values import DeliveryWish
from kontor.core.db import Database
from kontor.core.errors import KontorError
from kontor.fulfillment.answering import Acceptance, accept
from kontor.fulfillment.canceling import answer_cancellation
from kontor.orders.errors import OrderNotCancelable, OutOfStock
from kontor.orders.intake import ChargeInput, LineInput, PaymentInput
from kontor.orders.states import DeliveryType
from kontor.payments.queries import read_payments
from kontor.pricing.service import set_prices
from kontor.promotions.values import ReturnRule
from support import Drain, StandingClock

SHIPPING = (ChargeInput("SHIPPING", "DHL", 490),)


def plain(line: Any) -> dict[str, Any]:
    return {column.key: getattr(line, column.key) for column in type(line).__mapper__.column_attrs}


async def test_pieces_go_any_number_of_times_and_other_lines_stay_as_they_are(database: Database, drain: Drain) -> None:
    company, variants = await shop(database)
    order_id = await ordered(
        database, company, LineInput("LAMP", 3), LineInput("ROPE", 2), charges=SHIPPING,
        payments=(PaymentInput("PREPAYMENT", 4490),),
    )  # fmt: skip
    await drain()
    await paid(database, order_id, "T1")
    await drain()
    other = plain((await lines_of(database, order_id))[1])
    preview, change = await changed(database, order_id, keep={"LAMP": 2})
    assert (preview.total_before, preview.total_after, preview.difference.refund) == (4490, 3490, 1000)
    assert [share.amount for share in preview.difference.shares] == [1000]
    assert (preview.lines[0].quantity_after, preview.lines[0].canceled, preview.messages) == (2, 1, ("canceled",))
    assert str(change.state) == "CONFIRMED"
    await drain()
    assert plain((await lines_of(database, order_id))[1]) == other
    assert await money_of(database, order_id) == Money(preview.total_after, preview.difference.refund)
    preview, _ = await changed(database, order_id, keep={"LAMP": 0})
    await drain()
    assert (await money_of(database, order_id)).refunded == 3000
    preview, _ = await changed(database, order_id, keep={"ROPE": 0})
    assert (preview.difference.refund, preview.total_after, preview.state_after) == (1490, 0, "CANCELED")
    await drain()
    assert (await money_of(database, order_id)).refunded == 4490
    assert await order_state(database, order_id) == "CANCELED"
    assert await stock_of(database, company.warehouse.id, variants["LAMP"].id) == (20, 0, 0)
    await sound(database)


async def test_pieces_that_stay_no_longer_earn_their_discount(database: Database, drain: Drain) -> None:
    """Four lamps at 20 percent off for 32.00; three earn 10 percent, so one canceled piece gives 5.00."""
    company, _ = await shop(database)
    tiers: dict[str, Any] = {"kind": "PERCENT_OFF", "tiers": [{"since": 2, "percent": 10}, {"since": 4, "percent": 20}]}
    await make_promotion(database, benefit=tiers, return_rule=ReturnRule.RECHECK)
    order_id = await ordered(
        database, company, LineInput("LAMP", 4), payments=(PaymentInput("CARD", 3200, token="tok_visa"),)
    )
    await drain()
    preview, _ = await changed(database, order_id, keep={"LAMP": 3})
    assert (preview.total_before, preview.total_after, preview.lost) == (3200, 2700, 300)
    assert [(each.rule, each.before, each.after) for each in preview.promotions] == [("RECHECK", 800, 600)]
    assert (preview.difference.released, preview.difference.refund) == (500, 0)
    preview, _ = await changed(database, order_id, keep={"LAMP": 1})
    assert (preview.total_after, preview.lost) == (1000, -100)
    await drain()
    await ship_all(database, order_id)
    await drain()
    await arrive(database, order_id)
    assert await drain() == []
    assert (await money_of(database, order_id)).owed == 1000
    async with database.read_only() as db:
        (payment,) = await read_payments(db, order_id)
    assert (payment.captured, str(payment.state)) == (1000, "CAPTURED")
    await sound(database)


async def test_added_line_is_priced_by_the_orders_date_and_paid_by_its_method(
    database: Database, drain: Drain, clock: StandingClock
) -> None:
    company, variants = await shop(database)
    order_id = await ordered(
        database, company, LineInput("LAMP", 1), payments=(PaymentInput("CARD", 1000, token="tok_visa"),)
    )
    await drain()
    clock.advance(days=1)
    async with database.unit_of_work() as db:
        row: Any = {"channel": company.channel.code, "sku": variants["ROPE"].sku, "amount": 900}
        assert [each.problem for each in await set_prices(db, [row])] == [None]
    before = plain((await lines_of(database, order_id))[0])
    preview, _ = await changed(database, order_id, add=[("ROPE", 2)])
    assert (preview.total_after, preview.difference.to_pay) == (2000, 1000)
    assert preview.difference.method is not None
    assert (preview.difference.method.kind, preview.lines[1].unit_price) == ("CARD", 500)
    assert preview.lines[1].sendings[0].location_id == company.warehouse.id
    after = plain((await lines_of(database, order_id))[0])
    assert after == before
    assert await drain() == []
    assert (await money_of(database, order_id)).owed == 2000
    assert [len(await pieces_of(database, row.id)) for row in await rows_of(database, order_id)] == [1, 1]
    await ship_all(database, order_id)
    await drain()
    await arrive(database, order_id)
    assert await drain() == []
    assert await order_state(database, order_id) == "COMPLETED"
    async with database.read_only() as db:
        assert sum(payment.captured for payment in await read_payments(db, order_id)) == 2000
    await sound(database)


@pytest.mark.engine("postgresql")
async def test_swap_of_the_only_line_keeps_the_order_alive(database: Database, drain: Drain) -> None:
    company, _ = await shop(database)
    order_id = await ordered(database, company, LineInput("LAMP", 1), charges=SHIPPING)
    await drain()
    preview, _ = await changed(database, order_id, swap=[("LAMP", 1, "SOCK")])
    assert (preview.total_before, preview.total_after, preview.difference.to_pay) == (1490, 1990, 500)
    assert preview.messages == ("canceled", "order_changed")
    assert await drain() == []
    assert await counters(database, order_id) == [{"ordered": 1, "canceled": 1}, {"ordered": 1, "allocated": 1}]
    assert await order_state(database, order_id) == "IN_FULFILLMENT"
    await ship_all(database, order_id)
    await drain()
    await arrive(database, order_id)
    assert await drain() == []
    assert await order_state(database, order_id) == "COMPLETED"
    await sound(database)


@pytest.mark.engine("sqlite")
async def test_added_to_a_complete_order_it_is_worked_on_again(database: Database, drain: Drain) -> None:
    company, _ = await shop(database)
    order_id = await ordered(database, company, LineInput("LAMP", 1))
    await drain()
    for _round in range(2):
        await ship_all(database, order_id)
        await drain()
        await arrive(database, order_id)
        assert await drain() == []
        assert await order_state(database, order_id) == "COMPLETED"
        if not _round:
            await changed(database, order_id, add=[("ROPE", 1)])
            await drain()
            assert await order_state(database, order_id) == "IN_FULFILLMENT"
    await sound(database)


@pytest.mark.engine("sqlite")
async def test_what_was_paid_back_covers_nothing_that_is_added(database: Database, drain: Drain) -> None:
    company, _ = await shop(database)
    order_id = await ordered(database, company, LineInput("LAMP", 2), payments=(PaymentInput("PREPAYMENT", 2000),))
    await drain()
    await paid(database, order_id, "T1")
    await drain()
    await changed(database, order_id, keep={"LAMP": 1})
    await drain()
    preview, _ = await changed(database, order_id, add=[("ROPE", 2)])
    assert preview.difference.to_pay == 1000
    await drain()
    assert [str(row.state) for row in await rows_of(database, order_id)] == ["OPEN"]
    await paid(database, order_id, "T2")
    assert await drain() == []
    assert len(await rows_of(database, order_id)) == 2
    await ship_all(database, order_id)
    await drain()
    await arrive(database, order_id)
    assert await drain() == []
    assert await order_state(database, order_id) == "COMPLETED"
    await sound(database)


async def test_begun_work_is_asked_and_the_change_ends_as_the_place_says(database: Database, drain: Drain) -> None:
    company, variants = await shop(database)
    order_id, row_id = await released(database, company, LineInput("LAMP", 3))
    async with database.unit_of_work() as db:
        await accept(db, Acceptance(row_id), now=db.now)
    preview, change = await changed(database, order_id, keep={"LAMP": 2})
    assert (str(change.state), [each.pieces for each in preview.asks]) == ("PENDING", [1])
    assert (preview.lines[0].asked, preview.total_after) == (1, 2000)
    with pytest.raises(ChangeOpen):
        await changed(database, order_id, keep={"LAMP": 1})
    (asked,) = [row for row in await rows_of(database, order_id) if row.cancel_requested]
    async with database.unit_of_work() as db:
        await answer_cancellation(db, asked.id, agreed=True, now=db.now)
    await drain()
    found = await change_of(database, change.id)
    assert (str(found.state), found.canceled, found.refused) == ("CONFIRMED", 1, 0)
    _, change = await changed(database, order_id, swap=[("LAMP", 2, "SOCK")])
    assert await counters(database, order_id) == [
        {"ordered": 3, "canceled": 1, "allocated": 2}, {"ordered": 2, "allocated": 2},
    ]  # fmt: skip
    async with database.unit_of_work() as db:
        await answer_cancellation(db, row_id, agreed=False, now=db.now)
    await drain()
    found = await change_of(database, change.id)
    assert (str(found.state), found.canceled, found.refused, found.code) == ("DECLINED", 0, 2, "REFUSED")
    assert await counters(database, order_id) == [
        {"ordered": 3, "canceled": 1, "allocated": 2}, {"ordered": 2, "canceled": 2},
    ]  # fmt: skip
    assert (await money_of(database, order_id)).owed == 2000
    assert await stock_of(database, company.warehouse.id, variants["SOCK"].id) == (20, 0, 0)


@pytest.mark.engine("postgresql")
async def test_agreed_swap_of_begun_work_goes_on_with_the_other_article(database: Database, drain: Drain) -> None:
    company, _ = await shop(database)
    order_id = await ordered(database, company, LineInput("LAMP", 2))
    await drain()
    (row,) = await work_of(database, order_id)
    async with database.unit_of_work() as db:
        await accept(db, Acceptance(row.id), now=db.now)
    await drain()
    _, change = await changed(database, order_id, swap=[("LAMP", 2, "SOCK")])
    await drain()
    async with database.unit_of_work() as db:
        await answer_cancellation(db, row.id, agreed=True, now=db.now)
    assert await drain() == []
    assert str((await change_of(database, change.id)).state) == "CONFIRMED"
    await ship_all(database, order_id)
    await drain()
    await arrive(database, order_id)
    assert await drain() == []
    assert await order_state(database, order_id) == "COMPLETED"
    assert (await money_of(database, order_id)).owed == 3000
    await sound(database)


@pytest.mark.engine("sqlite")
async def test_nobody_waits_for_ever(database: Database, drain: Drain, clock: StandingClock) -> None:
    company, _ = await shop(database)
    order_id, row_id = await released(database, company, LineInput("LAMP", 3))
    async with database.unit_of_work() as db:
        await accept(db, Acceptance(row_id), now=db.now)
    _, change = await changed(database, order_id, keep={"LAMP": 0})
    await drain()
    clock.advance(hours=25)
    await drain()
    found = await change_of(database, change.id)
    assert (str(found.state), found.code) == ("DECLINED", "NO_ANSWER")
    assert not (await rows_of(database, order_id))[0].cancel_requested
    assert "CancellationWithdrawn" in await events_of(database, order_id)


async def test_a_stale_token_says_what_has_moved(database: Database) -> None:
    company, _ = await shop(database)
    order_id = await confirmed(database, company, LineInput("LAMP", 3), LineInput("ROPE", 1))
    wanted = await wish(database, order_id, keep={"LAMP": 2})
    preview = await previewed(database, order_id, wanted)
    assert (await previewed(database, order_id, wanted)).token == preview.token
    await changed(database, order_id, keep={"ROPE": 0})
    with pytest.raises(ChangeStale) as refused:
        await confirmed_change(database, order_id, wanted, preview.token)
    assert {"LINES", "PRICES", "MONEY"} == set(refused.value.params["moved"])
    assert refused.value.params["preview"].total_after == 2000
    await confirmed_change(database, order_id, wanted, refused.value.params["preview"].token)
    with pytest.raises(NothingChanges):
        await changed(database, order_id, keep={"LAMP": 2})
    with pytest.raises(OrderNotCancelable) as problem:
        await changed(database, order_id, swap=[("LAMP", 3, "SOCK")])
    assert problem.value.path == ("swaps", 0, "quantity")
    with pytest.raises(OutOfStock) as short:
        await changed(database, order_id, add=[("SOCK", 21)])
    assert short.value.path == ("adds", 0, "quantity")


@pytest.mark.engine("sqlite")
async def test_another_address_is_routed_and_taxed_anew(database: Database, drain: Drain) -> None:
    company, _ = await shop(database)
    async with database.unit_of_work() as db:
        await make_tax_rate(db, country="AT", rate=20)
    order_id = await ordered(database, company, LineInput("LAMP", 2), charges=SHIPPING)
    await drain()
    from dataclasses import replace

    graz = replace(
        ADDRESS, street="Herrengasse 1", postal_code="8010", city="Graz", country="AT", latitude=47.07, longitude=15.44
    )
    preview, change = await changed(database, order_id, address=graz)
    assert (str(change.state), preview.total_after, preview.tax) == ("CONFIRMED", 2490, 18)
    await drain()
    assert [str(row.state) for row in await rows_of(database, order_id)] == ["CANCELED", "OPEN"]
    order = await order_of(database, order_id)
    assert (order.country, (order.shipping_address or {})["city"]) == ("AT", "Graz")
    await sound(database)
    row = (await rows_of(database, order_id))[1]
    async with database.unit_of_work() as db:
        await accept(db, Acceptance(row.id), now=db.now)
    with pytest.raises(NotChangeable):
        await changed(database, order_id, address=ADDRESS)


@pytest.mark.engine("postgresql")
async def test_collected_instead_of_sent_and_back(database: Database, drain: Drain) -> None:
    company, variants = await shop(database)
    async with database.unit_of_work() as db:
        store = await make_location(db, kind="STORE", can_pickup=True)
    await put_stock(database, store.id, variants["LAMP"].id, 2)
    order_id = await ordered(database, company, LineInput("LAMP", 2), charges=SHIPPING)
    await drain()
    with pytest.raises(KontorError) as unknown:
        await changed(database, order_id, delivery=DeliveryWish(DeliveryType.PICKUP, "nowhere"))
    assert unknown.value.path == ("delivery", "pickupLocation")
    preview, _ = await changed(database, order_id, delivery=DeliveryWish(DeliveryType.PICKUP, store.code))
    assert (preview.total_after, [each.gross for each in preview.charges]) == (2000, [-490])
    assert [each.location_id for each in preview.moves] == [store.id]
    await drain()
    assert [row.location_id for row in await rows_of(database, order_id)][-1] == store.id
    assert await stock_of(database, company.warehouse.id, variants["LAMP"].id) == (20, 0, 0)
    preview, _ = await changed(database, order_id, delivery=DeliveryWish(DeliveryType.SHIP, fee=590))
    assert (preview.total_after, [each.gross for each in preview.charges]) == (2590, [590])
    await drain()
    assert (await money_of(database, order_id)).owed == 2590
    preview, _ = await changed(database, order_id, requested_on=date(2026, 6, 30))
    assert (preview.promised_after, preview.total_after) == (date(2026, 6, 30), 2590)
    assert await drain() == []
    await sound(database)
