from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from factories.catalog import make_variant
from factories.fulfillment import audited, confirmed, counters, events_of, order_of, sourced, stock_of
from factories.intake import Company, make_company, put_stock
from factories.locations import make_location
from factories.returns import approved, delivered, requested, return_lines
from kontor.catalog.models import ProductKind
from kontor.core.db import Database
from kontor.core.errors import NotFound
from kontor.core.statemachine import TransitionRefused
from kontor.orders.intake import ChargeInput
from kontor.orders.states import ReturnStatus
from kontor.returns.errors import (
    NotAnnounced,
    NothingToInspect,
    NotReturnable,
    PlaceTakesNoReturns,
    ReturnLineNotFound,
)
from kontor.returns.labels import set_label
from kontor.returns.models import Return
from kontor.returns.receiving import Arrived, Finding, inspect_return, receive_return
from kontor.returns.refunding import book_refund, mark_refunded
from kontor.returns.service import cancel_return, check_return, close_return, decline
from kontor.returns.states import Disposition, ReturnReason, ReturnState
from support import Drain, Principals, StandingClock

RESTOCK = Disposition.RESTOCK


async def company_with(database: Database, **channel: Any) -> tuple[Company, Any]:
    company = await make_company(database, **channel)
    async with database.unit_of_work() as db:
        variant = await make_variant(db, sku="LAMP")
    await put_stock(database, company.warehouse.id, variant.id, 20)
    return company, variant


async def take_in(database: Database, found: Return, quantity: int, company: Company, *findings: Finding) -> Return:
    (line,) = await return_lines(database, found.id)
    async with database.unit_of_work() as db:
        return await receive_return(
            db, found.id, company.warehouse.id, [Arrived(line.id, quantity)], now=db.now, findings=findings
        )


async def test_announced_pieces_are_not_announced_again(database: Database) -> None:
    company, _ = await company_with(database)
    order_id = await delivered(database, company, ("LAMP", 3))
    found = await requested(database, order_id, 2)
    assert (found.number, found.state, found.fee) == ("R100000-1", ReturnState.REQUESTED, 0)
    assert (await order_of(database, order_id)).return_status is ReturnStatus.REQUESTED
    with pytest.raises(NotReturnable) as refused:
        await requested(database, order_id, 2)
    assert (refused.value.path, refused.value.params["possible"]) == (("lines", 0, "quantity"), 1)
    async with database.unit_of_work() as db:
        await decline(db, found.id, reason="used", now=db.now)
    assert (await order_of(database, order_id)).return_status is ReturnStatus.NONE
    assert (await requested(database, order_id, 3)).number == "R100000-2"


async def test_piece_a_closed_return_waited_for_in_vain_can_be_announced_again(database: Database) -> None:
    company, _ = await company_with(database)
    order_id = await delivered(database, company, ("LAMP", 3))
    found = await approved(database, order_id, 3)
    (line,) = await return_lines(database, found.id)
    await take_in(database, found, 2, company, Finding(line.id, 2, RESTOCK))
    with pytest.raises(NotReturnable):
        await requested(database, order_id, 1)
    async with database.unit_of_work() as db:
        await close_return(db, found.id, now=db.now)
    with pytest.raises(NotReturnable):
        await requested(database, order_id, 2)
    assert (await requested(database, order_id, 1)).state is ReturnState.REQUESTED


async def test_time_to_return_ends_with_its_last_day(database: Database, clock: StandingClock) -> None:
    company, _ = await company_with(database, return_days=14)
    order_id = await delivered(database, company, ("LAMP", 3))
    clock.advance(days=14)
    await requested(database, order_id, 1)
    clock.advance(days=1)
    with pytest.raises(NotReturnable) as refused:
        await requested(database, order_id, 1)
    assert refused.value.params["hindrance"] == "TOO_LATE"
    assert (await requested(database, order_id, 1, anyway=True)).state is ReturnState.REQUESTED


async def test_codes_do_not_come_back(database: Database) -> None:
    company = await make_company(database)
    async with database.unit_of_work() as db:
        await make_variant(db, sku="CARD", product={"kind": ProductKind.GIFT_CARD})
    order_id = await confirmed(database, company, ("CARD", 1))
    await sourced(database, order_id)
    with pytest.raises(NotReturnable) as refused:
        await requested(database, order_id, 1)
    assert refused.value.params["hindrance"] == "KIND"


async def test_channel_decides_what_somebody_looks_at(database: Database) -> None:
    company, _ = await company_with(database, settings={"return_review_above": 1500, "return_fee": 295})
    order_id = await delivered(database, company, ("LAMP", 3))
    small, large = (
        await requested(database, order_id, 1),
        await requested(database, order_id, 2, reason=ReturnReason.DAMAGED),
    )
    assert (small.fee, large.fee) == (295, 0)
    async with database.unit_of_work() as db:
        assert [str(await check_return(db, each.id)) for each in (small, large)] == ["APPROVED", "REVIEW"]


async def test_return_is_received_looked_at_and_restocked_on_one_screen(database: Database) -> None:
    company, variant = await company_with(database)
    order_id = await delivered(database, company, ("LAMP", 3))
    found = await approved(database, order_id, 3)
    (line,) = await return_lines(database, found.id)
    after = await take_in(
        database, found, 3, company,
        Finding(line.id, 2, RESTOCK), Finding(line.id, 1, Disposition.SCRAP, condition="broken"),
    )  # fmt: skip
    assert after.state is ReturnState.INSPECTED
    assert await stock_of(database, company.warehouse.id, variant.id) == (19, 0, 0)
    assert await counters(database, order_id) == [{"ordered": 3, "shipped": 3, "delivered": 3, "returned": 3}]
    assert (await order_of(database, order_id)).return_status is ReturnStatus.RETURNED
    assert (await events_of(database, order_id))[-4:] == [
        "ReturnRequested", "ReturnApproved", "ReturnReceived", "ReturnInspected",
    ]  # fmt: skip
    await audited(database)


async def test_only_restock_raises_what_can_be_sold(database: Database) -> None:
    company, variant = await company_with(database)
    order_id = await delivered(database, company, ("LAMP", 4))
    found = await approved(database, order_id, 4)
    (line,) = await return_lines(database, found.id)
    rest = [each for each in Disposition if each is not RESTOCK]
    await take_in(database, found, 4, company, *[Finding(line.id, 1, each) for each in rest])
    assert await stock_of(database, company.warehouse.id, variant.id) == (16, 0, 0)


async def test_more_than_announced_is_refused_and_nothing_changes(database: Database) -> None:
    company, variant = await company_with(database)
    order_id = await delivered(database, company, ("LAMP", 3))
    found = await approved(database, order_id, 2)
    with pytest.raises(NotAnnounced) as refused:
        await take_in(database, found, 3, company)
    assert refused.value.path == ("lines", 0, "quantity")
    with pytest.raises(ReturnLineNotFound):
        async with database.unit_of_work() as db:
            await receive_return(db, found.id, company.warehouse.id, [Arrived(order_id, 1)], now=db.now)
    assert (await return_lines(database, found.id))[0].received == 0
    assert await stock_of(database, company.warehouse.id, variant.id) == (17, 0, 0)


async def test_refund_never_exceeds_what_came(database: Database) -> None:
    company, _ = await company_with(database)
    order_id = await delivered(database, company, ("LAMP", 3), charges=(ChargeInput("SHIPPING", "DHL", 490),))
    found = await approved(database, order_id, 3)
    (line,) = await return_lines(database, found.id)
    await take_in(database, found, 2, company, Finding(line.id, 2, RESTOCK))
    async with database.unit_of_work() as db:
        first = await book_refund(db, found.id, now=db.now)
    assert (first.credited, first.charges) == (2000, ())
    async with database.unit_of_work() as db:
        assert (await book_refund(db, found.id, now=db.now)).credited == 0
        assert not await mark_refunded(db, found.id, now=db.now)
    await take_in(database, found, 1, company, Finding(line.id, 1, RESTOCK))
    async with database.unit_of_work() as db:
        last = await book_refund(db, found.id, now=db.now)
        assert await mark_refunded(db, found.id, now=db.now)
    assert (last.credited, [charge.gross for charge in last.charges]) == (1490, [490])
    assert (await counters(database, order_id))[0]["refunded"] == 3
    async with database.unit_of_work() as db:
        assert (await close_return(db, found.id, now=db.now)).state is ReturnState.CLOSED
    await audited(database)


async def test_pieces_that_are_not_paid_for_earn_nothing(database: Database) -> None:
    company, _ = await company_with(database, settings={"return_fee": 295})
    order_id = await delivered(database, company, ("LAMP", 2), charges=(ChargeInput("SHIPPING", "DHL", 490),))
    found = await approved(database, order_id, 2)
    (line,) = await return_lines(database, found.id)
    await take_in(
        database, found, 2, company,
        Finding(line.id, 1, RESTOCK), Finding(line.id, 1, Disposition.SCRAP, refundable=False),
    )  # fmt: skip
    async with database.unit_of_work() as db:
        answer = await book_refund(db, found.id, now=db.now)
    assert (answer.credited, answer.fee, [row.quantity for row in answer.lines]) == (705, 295, [1])
    assert answer.charges == ()


async def test_goods_come_back_to_any_place_that_takes_them(database: Database, principals: Principals) -> None:
    company, variant = await company_with(database)
    async with database.unit_of_work() as db:
        store = await make_location(db, kind="STORE")
        closed = await make_location(db, accepts_returns=False)
    order_id = await delivered(database, company, ("LAMP", 2))
    found = await requested(database, order_id, 2)
    (line,) = await return_lines(database, found.id)
    clerk = principals.holding("returns:write", location_ids=frozenset({store.id}))
    for place, error in ((closed.id, PlaceTakesNoReturns), (company.warehouse.id, NotFound)):
        who = clerk if error is NotFound else None
        with pytest.raises(error):
            async with database.unit_of_work() as db:
                await receive_return(db, found.id, place, [Arrived(line.id, 1)], now=db.now, principal=who)
    async with database.unit_of_work(clerk) as db:
        await receive_return(
            db, found.id, store.id, [Arrived(line.id, 2)], now=db.now, principal=clerk,
            findings=[Finding(line.id, 2, RESTOCK)],
        )  # fmt: skip
    assert await stock_of(database, store.id, variant.id) == (2, 0, 0)
    assert await stock_of(database, company.warehouse.id, variant.id) == (18, 0, 0)


async def test_nothing_is_inspected_before_it_arrives(database: Database) -> None:
    company, _ = await company_with(database)
    order_id = await delivered(database, company, ("LAMP", 3))
    found = await approved(database, order_id, 3)
    (line,) = await return_lines(database, found.id)
    with pytest.raises(TransitionRefused):
        async with database.unit_of_work() as db:
            await inspect_return(db, found.id, [Finding(line.id, 1, RESTOCK)], now=db.now)
    await take_in(database, found, 1, company)
    with pytest.raises(NothingToInspect):
        async with database.unit_of_work() as db:
            await inspect_return(db, found.id, [Finding(line.id, 2, RESTOCK)], now=db.now)


async def test_return_nobody_sent_is_given_up(database: Database, drain: Drain, clock: StandingClock) -> None:
    company, _ = await company_with(database)
    order_id = await delivered(database, company, ("LAMP", 3))
    found = await approved(database, order_id, 3)
    async with database.unit_of_work() as db:
        assert (await set_label(db, found.id, now=db.now)).label_tracking == "R100000-1"
    assert await drain(until=clock.moment + timedelta(days=31)) == []
    async with database.read_only() as db:
        assert (await db.get_one(Return, found.id)).state is ReturnState.CANCELED
    assert (await order_of(database, order_id)).return_status is ReturnStatus.NONE
    assert (await events_of(database, order_id))[-1] == "ReturnCanceled"


async def test_received_return_is_not_canceled(database: Database) -> None:
    company, _ = await company_with(database)
    order_id = await delivered(database, company, ("LAMP", 3))
    found = await approved(database, order_id, 3)
    await take_in(database, found, 1, company)
    with pytest.raises(TransitionRefused):
        async with database.unit_of_work() as db:
            await cancel_return(db, found.id, reason="changed mind", now=db.now)


async def test_last_day_for_a_return_ends_with_the_seller_s_day(database: Database, clock: StandingClock) -> None:
    clock.set_to(datetime(2026, 12, 16, 23, 30, tzinfo=UTC))  # 17 December in Berlin
    company, _ = await company_with(database, return_days=14)
    order_id = await delivered(database, company, ("LAMP", 2))
    clock.set_to(datetime(2026, 12, 31, 22, 30, tzinfo=UTC))
    assert (await requested(database, order_id, 1)).state is ReturnState.REQUESTED
    clock.set_to(datetime(2026, 12, 31, 23, 30, tzinfo=UTC))  # New Year's Day in Berlin
    with pytest.raises(NotReturnable) as refused:
        await requested(database, order_id, 1)
    assert refused.value.params["hindrance"] == "TOO_LATE"
