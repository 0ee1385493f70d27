"""What the refund of a return means for its exchange: the new lines before it, the difference after it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from kontor.changes.adding import add_lines, check_addable, new_rows
from kontor.changes.money import open_difference, settle_difference
from kontor.core.db import Session
from kontor.core.errors import KontorError
from kontor.core.outbox import record
from kontor.core.statemachine import transition
from kontor.exchanges import queries
from kontor.exchanges.closing import ask_for_cover, call_off, cover_again, stop_timers
from kontor.exchanges.events import ExchangeReceived
from kontor.exchanges.models import Exchange, ExchangeLine
from kontor.exchanges.planning import NewGoods, find_goods, price_goods
from kontor.exchanges.reserving import give_up, give_up_for
from kontor.exchanges.states import EXCHANGE, ExchangeState, ExchangeWay
from kontor.orders import queries as orders
from kontor.orders.errors import OutOfStock
from kontor.orders.models import Order, OrderLine
from kontor.payments.covering import Given, cost_of, put_cover, set_cover
from kontor.returns import queries as returns
from kontor.returns.inspection import is_done
from kontor.returns.models import Return, ReturnLine
from kontor.returns.refunding import refund_due
from kontor.returns.values import RefundDue

E, W = ExchangeState, ExchangeWay


async def before_refund(db: Session, order: Order, found: Return, *, now: datetime) -> None:
    """Add the lines for pieces that were accepted, so that the refund of the return can pay for them.

    Where none was, or there is nothing left to give, the exchange is canceled and the goods are paid back. Goods that
    come after their deadline cover again what nobody has paid yet.
    """
    exchange = await queries.of_return(db, found.id)
    if exchange is None or exchange.state is E.CANCELED:
        return
    lines = (await returns.lines_of(db, [found.id]))[found.id]
    if exchange.way is not W.AFTER_RETURN:
        if exchange.overdue_at is not None and any(line.accepted > line.refunded for line in lines):
            worth = (await refund_due(db, found)).credited
            await cover_again(db, order, exchange, worth=worth, now=now)
        return
    rows = (await queries.lines_of(db, [exchange.id]))[exchange.id]
    wanted = accepted_anew(rows, lines)
    if not wanted:
        if is_done(lines) and not any(row.given for row in rows):
            await call_off(db, exchange, code="NOT_ACCEPTED", now=now)
        elif is_done(lines):
            await give_up(db, exchange)
        return
    try:
        goods = await _priced(db, order, found, exchange, wanted)
    except KontorError as refusal:
        code = "OUT_OF_STOCK" if isinstance(refusal, OutOfStock) else refusal.code
        if any(row.given for row in rows):
            return
        await call_off(db, exchange, code=code[:40], now=now)
        return
    await _give(db, order, exchange, wanted, goods, now=now)
    if is_done(lines):
        await give_up(db, exchange)


def accepted_anew(rows: Sequence[ExchangeLine], lines: Sequence[ReturnLine]) -> list[tuple[ExchangeLine, int]]:
    """For how many pieces of each line others are to be given now. Pure."""
    accepted: dict[object, int] = {}
    for line in lines:
        accepted[line.order_line_id] = accepted.get(line.order_line_id, 0) + line.accepted - line.refunded
    counts = [(row, min(accepted.get(row.order_line_id, 0), row.quantity - row.given)) for row in rows]
    return [(row, count) for row, count in counts if count > 0]


async def _priced(
    db: Session, order: Order, found: Return, exchange: Exchange, wanted: Sequence[tuple[ExchangeLine, int]]
) -> list[NewGoods]:
    """The lines to add; raises where they cannot be any more."""
    check_addable(order)
    lines = (await orders.lines_of(db, [order.id]))[order.id]
    due = await refund_due(db, found)
    named = [(row.order_line_id, row.sku, count) for row, count in wanted]
    goods = await price_goods(db, order, lines, named, due, replacement=exchange.replacement)
    news = new_rows(order, lines, [each.priced for each in goods])
    # The pieces kept for the customer are those that are given; others cannot take them in between.
    await give_up_for(db, exchange, news)
    await find_goods(db, order, news, paths={})
    return goods


async def _give(
    db: Session, order: Order, exchange: Exchange, wanted: Sequence[tuple[ExchangeLine, int]],
    goods: Sequence[NewGoods], *, now: datetime,
) -> None:  # fmt: skip
    lines = (await orders.lines_of(db, [order.id]))[order.id]
    news = list({each.priced.input_index: each.new for each in goods}.values())
    added = await add_lines(db, order, lines, news, reason=f"exchange {exchange.number}", now=now)
    given = []
    for line, each in zip(added.lines, goods, strict=True):
        row = wanted[each.priced.input_index][0]
        row.added = [*row.added, str(line.id)]
        given.append(Given(line.id, each.line.id if each.same_price else None))
    for row, count in wanted:
        row.given += count
    await put_cover(db, order.id, exchange.return_id, given, added.amount)
    if exchange.state is E.APPROVED:
        transition(db, exchange, E.RECEIVED, table=EXCHANGE, now=now)
        exchange.received_at = now
    exchange.updated_at = now
    _tell(db, exchange, added.lines)


async def after_refund(db: Session, order: Order, found: Return, due: RefundDue, *, now: datetime) -> None:
    """Settle what the new lines cost beyond what the goods paid for; the goods of a return that is done are there."""
    exchange = await queries.of_return(db, found.id)
    if exchange is None or exchange.state is E.CANCELED:
        return
    await db.flush()
    if exchange.way is W.AFTER_RETURN:
        if due.lines:
            # What else is open of the order is not asked for: nobody was told so before.
            uncovered = await cost_of(db, found.id)
            await set_cover(db, found.id, 0)
            await settle_difference(db, order, await open_difference(db, order, most=uncovered), now=now)
        return
    lines = (await returns.lines_of(db, [found.id]))[found.id]
    done = is_done(lines)
    if done:
        await goods_came(db, exchange, lines, now=now)
    if done or exchange.overdue_at is not None:
        await ask_for_cover(db, order, exchange, code="NOT_ACCEPTED", now=now)


async def goods_came(db: Session, exchange: Exchange, lines: Sequence[ReturnLine], *, now: datetime) -> None:
    """All that comes back after the new goods is there; those of which some were accepted are RECEIVED."""
    if exchange.received_at is not None:
        return
    await stop_timers(db, exchange)
    if any(line.accepted for line in lines):
        exchange.received_at, exchange.updated_at = now, now
        if exchange.way is W.ADVANCE:
            transition(db, exchange, E.RECEIVED, table=EXCHANGE, now=now)
            _tell(db, exchange)


def _tell(db: Session, exchange: Exchange, lines: Sequence[OrderLine] = ()) -> None:
    told = tuple({"order_line_id": str(line.id), "quantity": line.ordered} for line in lines)
    record(
        db,
        ExchangeReceived(
            stream_id=exchange.order_id, exchange_id=exchange.id, return_id=exchange.return_id,
            number=exchange.number, lines=told,
        ),
    )  # fmt: skip
