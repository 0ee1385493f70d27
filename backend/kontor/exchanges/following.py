"""What happens elsewhere and moves exchanges on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from kontor.core.db import Session
from kontor.core.outbox import record, unschedule
from kontor.core.statemachine import transition
from kontor.exchanges import queries
from kontor.exchanges.closing import ask_for_cover, call_off, collect, start_timers, wait_for
from kontor.exchanges.events import ExchangeFulfilled, ExchangeReminded
from kontor.exchanges.giving import goods_came
from kontor.exchanges.models import Exchange
from kontor.exchanges.reserving import give_up, keep_longer
from kontor.exchanges.service import agree
from kontor.exchanges.states import EXCHANGE, ExchangeState, ExchangeWay
from kontor.orders.models import Order
from kontor.orders.queries import lock_order, lock_orders
from kontor.returns import queries as returns
from kontor.returns.labels import open_label
from kontor.returns.models import Return
from kontor.returns.service import NOTHING_CAME
from kontor.returns.states import ReturnState

E, W = ExchangeState, ExchangeWay
_GOES_ON = frozenset({"ReturnApproved", "ReturnLabelRenewed", "ReturnReceived"})


async def follow_return(
    db: Session, order_id: UUID, event: str, return_id: UUID, *, now: datetime, reason: str = ""
) -> None:
    """A return was approved, declined, given up or closed: so is the exchange that waits for it.

    New goods that have left before, and for which nothing came by then, are to be paid for. `reason` is why the
    return was given up.
    """
    order = await lock_order(db, order_id)
    exchange = await queries.of_return(db, return_id)
    if exchange is None or exchange.state is E.CANCELED:
        return
    if event in _GOES_ON:
        found = (await returns.lock_return(db, return_id))[1]
        if event == "ReturnApproved":
            await _approved(db, exchange, found, now=now)
        await keep_longer(db, exchange, found)
        return
    if event == "ReturnClosed":
        await _close(db, order, exchange, now=now)
        return
    if exchange.way is W.AFTER_RETURN:
        code = "DECLINED" if event == "ReturnDeclined" else "NOT_RETURNED" if reason == NOTHING_CAME else "WITHDRAWN"
        await call_off(db, exchange, code=code, now=now)
    else:
        await ask_for_cover(db, order, exchange, code="NOT_RETURNED", now=now)


async def _approved(db: Session, exchange: Exchange, found: Return, *, now: datetime) -> None:
    """The customer is told where to send the goods.

    In advance only now the time begins that was agreed: where the new goods have left before, as nobody could say where
    the others go, from this moment; else when they leave, so that the label somebody approved has no end before.
    """
    if exchange.state is E.REQUESTED:
        await agree(db, exchange, now=now)
    elif _waited_for(exchange) and exchange.fulfilled_at is not None:
        await start_timers(db, exchange, since=exchange.fulfilled_at, now=now)
        exchange.updated_at = now
    elif exchange.state is E.APPROVED and exchange.way is W.ADVANCE and found.state is ReturnState.APPROVED:
        await open_label(db, found)


async def _close(db: Session, order: Order, exchange: Exchange, *, now: datetime) -> None:
    """Nothing comes any more: what was accepted is all there is, and what did not come pays for nothing."""
    if exchange.way is W.AFTER_RETURN:
        rows = (await queries.lines_of(db, [exchange.id]))[exchange.id]
        if any(row.given for row in rows):
            await give_up(db, exchange)
            await follow_lines(db, [order.id], now=now)
        elif EXCHANGE.allows(exchange.state, E.CANCELED):
            await call_off(db, exchange, code="NOT_RETURNED", now=now)
        return
    await goods_came(db, exchange, (await returns.lines_of(db, [exchange.return_id]))[exchange.return_id], now=now)
    await ask_for_cover(db, order, exchange, code="NOT_RETURNED", now=now)


async def follow_lines(db: Session, order_ids: Iterable[UUID], *, now: datetime) -> None:
    """Goods of orders left, or were canceled: exchanges whose new ones have all left are fulfilled.

    One of which none is left to come is canceled; its goods are paid back if they still come.
    """
    waiting = await queries.waiting_to_leave(db, order_ids)
    await lock_orders(db, {each.order_id for each in waiting})
    waiting = await queries.waiting_to_leave(db, {each.order_id for each in waiting})
    lines = await queries.lines_of(db, [each.id for each in waiting])
    for exchange in waiting:
        rows = lines[exchange.id]
        if any(row.given < row.quantity for row in rows) and not await _nothing_comes(db, exchange):
            continue
        added = await queries.added_lines(db, rows)
        if not added or any(line.open_quantity for line in added):
            continue
        if not any(line.shipped for line in added):
            await call_off(db, exchange, code="LINES_CANCELED", now=now)
            continue
        exchange.fulfilled_at, exchange.updated_at = now, now
        transition(db, exchange, E.FULFILLED, table=EXCHANGE, now=now)
        if _waited_for(exchange):
            await start_timers(db, exchange, since=exchange.requested_at, now=now)
        said: dict[str, Any] = {
            "exchange_id": exchange.id, "return_id": exchange.return_id, "number": exchange.number,
        }  # fmt: skip
        record(db, ExchangeFulfilled(stream_id=exchange.order_id, **said))


def _waited_for(exchange: Exchange) -> bool:
    """Whether new goods have left and the others are neither there nor to be paid for."""
    return exchange.state is E.FULFILLED and exchange.received_at is None and exchange.overdue_at is None


async def _nothing_comes(db: Session, exchange: Exchange) -> bool:
    """Whether no more pieces will be accepted, so that what was given is all there is."""
    _, found = await returns.lock_return(db, exchange.return_id)
    return found.state in (ReturnState.REFUNDED, ReturnState.CLOSED)


async def remind(db: Session, exchange_id: UUID, *, now: datetime) -> None:
    """The goods of an advance exchange are due soon: tell the customer, unless they are on their way."""
    _, exchange = await queries.lock_exchange(db, exchange_id)
    _, found = await returns.lock_return(db, exchange.return_id)
    if exchange.due_at is None or exchange.state is E.CANCELED or found.state is not ReturnState.APPROVED:
        return
    record(
        db,
        ExchangeReminded(
            stream_id=exchange.order_id, exchange_id=exchange.id, return_id=exchange.return_id, number=exchange.number,
            due_at=exchange.due_at.isoformat(),
        ),
    )  # fmt: skip


async def collect_late(db: Session, named: Mapping[UUID, UUID]) -> None:
    """Payments were `named` (by id, their orders): what is owed for goods of exchanges that left is collected.

    Whoever collected for those goods when they left has ended; nobody else asks for it.
    """
    locked = await lock_orders(db, await queries.owing(db, named.values(), named=list(named)))
    for order in locked.values():
        await collect(db, order)


async def overdue(db: Session, exchange_id: UUID, *, now: datetime) -> None:
    """The deadline of an advance exchange has passed: what has not come back is to be paid for.

    What arrived waits to be looked at and decides, and nobody is late who was not told where to send the goods: then it
    is looked again a day later.
    """
    order, exchange = await queries.lock_exchange(db, exchange_id)
    if exchange.state is not E.FULFILLED or exchange.overdue_at is not None:
        return
    _, found = await returns.lock_return(db, exchange.return_id)
    lines = (await returns.lines_of(db, [exchange.return_id]))[exchange.return_id]
    undecided = any(line.received > line.inspected or line.accepted > line.refunded for line in lines)
    if undecided or found.state is ReturnState.REQUESTED:
        await unschedule(db, [f"exchanges.overdue/{exchange.id}"])
        wait_for(db, exchange, "exchanges.overdue", at=now + timedelta(days=1))
        return
    await ask_for_cover(db, order, exchange, code="NOT_RETURNED", now=now)
