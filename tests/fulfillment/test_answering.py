from typing import Any
from uuid import UUID

import pytest

from factories.catalog import make_variant
from factories.fulfillment import audited, counters, events_of, pieces_of, released, rows_of, sourced, stock_of
from factories.intake import Company, make_company, put_stock
from factories.locations import make_location
from kontor.core.db import Database
from kontor.core.statemachine import TransitionRefused
from kontor.fulfillment.answering import Acceptance, RejectedPieces, accept, escalate, hold, reject, unhold
from kontor.fulfillment.errors import NoOtherPlace, WrongState
from kontor.fulfillment.rerouting import reroute
from kontor.fulfillment.sourcing import SourceOutcome
from kontor.fulfillment.states import FulfillmentState, RejectReason
from kontor.fulfillment.values import Pieces


async def two_places(database: Database) -> tuple[Company, Any, UUID, UUID]:
    """An order of three lamps at the first of two places."""
    company = await make_company(database)
    async with database.unit_of_work() as db:
        variant = await make_variant(db, sku="LAMP")
        other = await make_location(db, priority=900)
    await put_stock(database, company.warehouse.id, variant.id, 10)
    await put_stock(database, other.id, variant.id, 10)
    order_id, _ = await released(database, company, ("LAMP", 3))
    assert (await rows_of(database, order_id))[0].location_id == company.warehouse.id
    return company, variant, order_id, other.id


async def only_row(database: Database, order_id: UUID) -> UUID:
    return (await rows_of(database, order_id))[0].id


async def test_what_is_not_accepted_waits_for_an_answer_of_its_own(database: Database) -> None:
    _, _, order_id, _ = await two_places(database)
    row_id = await only_row(database, order_id)
    (line,) = await pieces_of(database, row_id)
    async with database.unit_of_work() as db:
        await accept(db, Acceptance(row_id, (Pieces(line.id, 1),)), now=db.now)
    accepted, rest = await rows_of(database, order_id)
    assert (accepted.state, rest.state) == (FulfillmentState.ACCEPTED, FulfillmentState.OPEN)
    assert [each.quantity for each in await pieces_of(database, rest.id)] == [2]
    await audited(database)


async def test_accepted_work_is_not_accepted_again(database: Database) -> None:
    _, _, order_id, _ = await two_places(database)
    row_id = await only_row(database, order_id)
    async with database.unit_of_work() as db:
        await accept(db, Acceptance(row_id), now=db.now)
    with pytest.raises(WrongState):
        async with database.unit_of_work() as db:
            await accept(db, Acceptance(row_id), now=db.now)


async def test_refused_pieces_that_are_not_there_leave_the_stock(database: Database) -> None:
    company, variant, order_id, _ = await two_places(database)
    row_id = await only_row(database, order_id)
    (line,) = await pieces_of(database, row_id)
    async with database.unit_of_work() as db:
        refused = await reject(
            db, row_id, [RejectedPieces(line.id, 2, RejectReason.OUT_OF_STOCK, "shelf empty")], now=db.now
        )
    assert refused.state is FulfillmentState.REJECTED
    assert [(each.quantity, each.reject_reason) for each in await pieces_of(database, refused.id)] == [
        (2, "OUT_OF_STOCK")
    ]
    assert [each.quantity for each in await pieces_of(database, row_id)] == [1]
    assert await stock_of(database, company.warehouse.id, variant.id) == (8, 1, 0)
    assert await counters(database, order_id) == [{"ordered": 3, "allocated": 1}]
    assert (await events_of(database, order_id))[-1] == "FulfillmentRejected"
    await audited(database)


async def test_refusal_for_lack_of_hands_keeps_the_stock(database: Database) -> None:
    company, variant, order_id, _ = await two_places(database)
    async with database.unit_of_work() as db:
        await reject(db, await only_row(database, order_id), None, now=db.now, reason=RejectReason.CAPACITY)
    assert await stock_of(database, company.warehouse.id, variant.id) == (10, 0, 0)


async def test_place_that_refused_is_not_asked_again(database: Database) -> None:
    company, variant, order_id, other = await two_places(database)
    async with database.unit_of_work() as db:
        await reject(db, await only_row(database, order_id), None, now=db.now, reason=RejectReason.CAPACITY)
    again = (await sourced(database, order_id))[order_id]
    assert again.outcome is SourceOutcome.ALL
    assert (await rows_of(database, order_id))[1].location_id == other
    assert await stock_of(database, company.warehouse.id, variant.id) == (10, 0, 0)
    async with database.unit_of_work() as db:
        await reject(db, (await rows_of(database, order_id))[1].id, None, now=db.now, reason=RejectReason.DAMAGED)
    assert (await sourced(database, order_id))[order_id].outcome is SourceOutcome.WAIT
    assert await counters(database, order_id) == [{"ordered": 3}]
    assert await stock_of(database, other, variant.id) == (7, 0, 0)
    await audited(database)


async def test_work_goes_on_where_it_was_held(database: Database) -> None:
    _, _, order_id, _ = await two_places(database)
    row_id = await only_row(database, order_id)
    async with database.unit_of_work() as db:
        await accept(db, Acceptance(row_id), now=db.now)
    async with database.unit_of_work() as db:
        await hold(db, row_id, reason="address unclear", now=db.now)
    with pytest.raises(TransitionRefused):
        async with database.unit_of_work() as db:
            await hold(db, row_id, reason="again", now=db.now)
    async with database.unit_of_work() as db:
        assert (await unhold(db, row_id, now=db.now)).state is FulfillmentState.ACCEPTED


async def test_work_is_moved_by_hand_to_the_place_named(database: Database) -> None:
    company, variant, order_id, other = await two_places(database)
    async with database.unit_of_work() as db:
        old, sourced_again = await reroute(
            db, await only_row(database, order_id), reason="flood", now=db.now, to_location_id=other
        )
    assert (old.state, sourced_again.outcome) == (FulfillmentState.CANCELED, SourceOutcome.ALL)
    assert (await rows_of(database, order_id))[1].location_id == other
    assert await stock_of(database, company.warehouse.id, variant.id) == (10, 0, 0)
    assert await stock_of(database, other, variant.id) == (10, 3, 0)
    await audited(database)


async def test_work_nobody_else_can_do_stays(database: Database) -> None:
    company, variant, order_id, _ = await two_places(database)
    async with database.unit_of_work() as db:
        empty = await make_location(db)
    with pytest.raises(NoOtherPlace):
        async with database.unit_of_work() as db:
            await reroute(db, await only_row(database, order_id), reason="flood", now=db.now, to_location_id=empty.id)
    assert (await rows_of(database, order_id))[0].state is FulfillmentState.OPEN
    assert await stock_of(database, company.warehouse.id, variant.id) == (10, 3, 0)


async def test_missing_answer_is_escalated_once(database: Database) -> None:
    _, _, order_id, _ = await two_places(database)
    row_id = await only_row(database, order_id)
    answers = []
    for _ in range(2):
        async with database.unit_of_work() as db:
            answers.append(await escalate(db, row_id, now=db.now))
    assert answers == [True, False]
