"""Answers piece by piece, kept back for a while and taken back; what follows from them in the end."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from factories.fulfillment import audited, counters, events_of, order_of, pieces_of, rows_of, sourced, stock_of
from fulfillment.test_answering import only_row, two_places
from kontor.core.db import Database
from kontor.core.errors import InvalidInput, KontorError
from kontor.fulfillment.answering import Acceptance, RejectedPieces, accept, reject
from kontor.fulfillment.deciding import Decision, decide
from kontor.fulfillment.errors import AnswerFinal, InvalidQuantity
from kontor.fulfillment.models import FulfillmentOrder
from kontor.fulfillment.picking import Picks, record_picks
from kontor.fulfillment.shipping import How, Shipping, ship
from kontor.fulfillment.states import FulfillmentState, RejectReason
from kontor.fulfillment.values import Pieces
from kontor.fulfillment.withdrawing import withdraw_answers
from support import Drain, StandingClock

S = FulfillmentState


async def withdrawn(database: Database, row_id: UUID) -> FulfillmentOrder:
    async with database.unit_of_work() as db:
        (done,) = await withdraw_answers(db, [row_id], now=db.now)
        if isinstance(done, KontorError):
            raise done
        return done


async def accepted(database: Database, row_id: UUID) -> None:
    async with database.unit_of_work() as db:
        await accept(db, Acceptance(row_id), now=db.now, withdrawable=True)


async def rejected(database: Database, row_id: UUID, **how: Any) -> UUID:
    (line,) = await pieces_of(database, row_id)
    async with database.unit_of_work() as db:
        pieces = RejectedPieces(line.id, 2, RejectReason.OUT_OF_STOCK, None, **how)
        return (await reject(db, row_id, [pieces], now=db.now, withdrawable=True)).id


async def test_acceptance_is_taken_back_and_nobody_has_heard_of_it(
    database: Database, drain: Drain, clock: StandingClock
) -> None:
    _, _, order_id, _ = await two_places(database)
    row_id = await only_row(database, order_id)
    await accepted(database, row_id)
    assert "FulfillmentAccepted" not in await events_of(database, order_id)
    assert (await withdrawn(database, row_id)).state is S.OPEN
    clock.advance(minutes=10)
    await drain()
    assert "FulfillmentAccepted" not in await events_of(database, order_id)
    await audited(database)


async def test_acceptance_is_told_when_its_time_has_passed(
    database: Database, drain: Drain, clock: StandingClock
) -> None:
    _, _, order_id, _ = await two_places(database)
    row_id = await only_row(database, order_id)
    await accepted(database, row_id)
    clock.advance(minutes=6)
    await drain()
    assert (await events_of(database, order_id)).count("FulfillmentAccepted") == 1
    with pytest.raises(AnswerFinal):
        await withdrawn(database, row_id)


@pytest.mark.parametrize("before_due", [timedelta(seconds=1), timedelta(0)])
async def test_answer_at_the_last_moment_is_final_when_it_is_due(
    database: Database, drain: Drain, clock: StandingClock, before_due: timedelta
) -> None:
    _, _, order_id, _ = await two_places(database)
    row_id = await only_row(database, order_id)
    async with database.unit_of_work() as db:
        row = await db.get_one(FulfillmentOrder, row_id)
        row.due_at = db.now + before_due
    await accepted(database, row_id)
    clock.advance(seconds=2)
    with pytest.raises(AnswerFinal):
        await withdrawn(database, row_id)
    await drain()
    assert (await events_of(database, order_id)).count("FulfillmentAccepted") == 1


async def test_acceptance_is_told_before_the_goods_leave_and_stays(database: Database) -> None:
    _, _, order_id, _ = await two_places(database)
    row_id = await only_row(database, order_id)
    await accepted(database, row_id)
    async with database.unit_of_work() as db:
        await ship(db, Shipping(row_id), now=db.now, how=How())
    events = await events_of(database, order_id)
    assert events.index("FulfillmentAccepted") < events.index("FulfillmentOrderShipped")
    with pytest.raises(AnswerFinal):
        await withdrawn(database, row_id)


async def test_refusal_is_taken_back_with_its_stock(database: Database) -> None:
    company, variant, order_id, _ = await two_places(database)
    row_id = await only_row(database, order_id)
    refused = await rejected(database, row_id, sells_out=True)
    assert await stock_of(database, company.warehouse.id, variant.id) == (1, 1, 0)
    assert "FulfillmentRejected" not in await events_of(database, order_id)
    assert (await withdrawn(database, refused)).state is S.OPEN
    assert await stock_of(database, company.warehouse.id, variant.id) == (10, 3, 0)
    assert await counters(database, order_id) == [{"ordered": 3, "allocated": 3}]
    assert [row.state for row in await rows_of(database, order_id)] == [S.OPEN, S.OPEN]
    await audited(database)


async def test_refusal_is_final_when_another_place_has_the_pieces(database: Database) -> None:
    _, _, order_id, _ = await two_places(database)
    refused = await rejected(database, await only_row(database, order_id))
    await sourced(database, order_id)
    with pytest.raises(AnswerFinal) as final:
        await withdrawn(database, refused)
    assert final.value.params["follows"] == "place"
    await audited(database)


async def test_refusal_is_told_after_a_minute(database: Database, drain: Drain, clock: StandingClock) -> None:
    _, _, order_id, _ = await two_places(database)
    refused = await rejected(database, await only_row(database, order_id))
    clock.advance(seconds=61)
    await drain()
    assert "FulfillmentRejected" in await events_of(database, order_id)
    with pytest.raises(AnswerFinal) as final:
        await withdrawn(database, refused)
    assert final.value.params["follows"] == "time"


async def test_answer_piece_by_piece_splits_the_work_and_tells_of_the_delay(
    database: Database, drain: Drain, clock: StandingClock
) -> None:
    company, variant, order_id, _ = await two_places(database)
    row_id = await only_row(database, order_id)
    (line,) = await pieces_of(database, row_id)
    one = (Pieces(line.id, 1),)
    order = await order_of(database, order_id)
    late = date(2026, 6, 25)
    decision = Decision(one, one, late, (RejectedPieces(line.id, 1, RejectReason.DAMAGED),))
    async with database.unit_of_work() as db:
        answered = await decide(db, row_id, decision, now=db.now, withdrawable=True)
    assert [row.state for row in answered] == [S.REJECTED, S.ACCEPTED, S.ACCEPTED]
    assert [row.expected_on for row in answered] == [None, late, None]
    assert [each.quantity for row in answered for each in await pieces_of(database, row.id)] == [1, 1, 1]
    assert await stock_of(database, company.warehouse.id, variant.id) == (9, 2, 0)
    clock.advance(minutes=6)
    await drain()
    (postponed,) = [row for row in await rows_of(database, order_id) if row.expected_on == late]
    assert "FulfillmentPostponed" in await events_of(database, order_id)
    assert order.promised_on is not None
    assert postponed.promised_on is not None
    assert postponed.promised_on > order.promised_on
    await audited(database)


@pytest.mark.engine("sqlite")
async def test_impossible_answers_are_refused_by_field(database: Database) -> None:
    _, _, order_id, _ = await two_places(database)
    row_id = await only_row(database, order_id)
    (line,) = await pieces_of(database, row_id)
    two = (Pieces(line.id, 2),)
    wrong = [
        (Decision(two, two, date(2026, 6, 20)), InvalidQuantity, "accept"),
        (Decision(later=two), InvalidInput, "expectedOn"),
        (Decision(later=two, expected_on=date(2020, 1, 1)), InvalidInput, "expectedOn"),
        (Decision(), InvalidQuantity, "accept"),
    ]
    for decision, kind, field in wrong:
        async with database.read_only() as db:
            with pytest.raises(kind) as refused:
                await decide(db, row_id, decision, now=db.now)
        assert refused.value.path[0] == field


@pytest.mark.engine("sqlite")
async def test_picks_are_counts_that_can_fall_again(database: Database) -> None:
    _, _, order_id, _ = await two_places(database)
    row_id = await only_row(database, order_id)
    (line,) = await pieces_of(database, row_id)
    await accepted(database, row_id)
    for quantity, state in ((3, S.PICKED), (3, S.PICKED), (1, S.ACCEPTED)):
        async with database.unit_of_work() as db:
            (done,) = await record_picks(db, [Picks(row_id, (Pieces(line.id, quantity),))], now=db.now)
        assert isinstance(done, FulfillmentOrder)
        assert done.state is state
    with pytest.raises(AnswerFinal):
        await withdrawn(database, row_id)
    async with database.unit_of_work() as db:
        (refused,) = await record_picks(db, [Picks(row_id, (Pieces(line.id, 4),))], now=db.now)
    assert isinstance(refused, InvalidQuantity)
