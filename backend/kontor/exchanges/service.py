"""Preview, agree to and call off exchanges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from kontor.changes.adding import add_lines
from kontor.changes.money import settle_difference
from kontor.changes.tokens import moved
from kontor.core.db import Session
from kontor.core.ids import new_id
from kontor.core.outbox import record
from kontor.core.statemachine import change_row, transition
from kontor.exchanges import queries
from kontor.exchanges.closing import call_off
from kontor.exchanges.errors import ExchangeAboveLimit, ExchangeStale, ExchangeUnderWay, InvalidExchange
from kontor.exchanges.events import ExchangeApproved, ExchangeRequested
from kontor.exchanges.models import Exchange, ExchangeLine
from kontor.exchanges.planning import Plan, announcement_of, plan_exchange
from kontor.exchanges.reserving import keep_goods
from kontor.exchanges.states import EXCHANGE, ExchangeState, ExchangeWay
from kontor.exchanges.values import ExchangePreview, ExchangeWish
from kontor.orders.models import Order
from kontor.payments.covering import Given, put_cover
from kontor.payments.refunding import above_limit
from kontor.returns import queries as returns
from kontor.returns import service as return_service
from kontor.returns.states import ReturnState
from kontor.returns.writing_off import write_off, written_off

E, W = ExchangeState, ExchangeWay


@dataclass(frozen=True, slots=True)
class Agreed:
    """An exchange and what of it was booked."""

    exchange: Exchange
    preview: ExchangePreview


async def preview_exchange(db: Session, order: Order, wish: ExchangeWish) -> ExchangePreview:
    """What the wish comes to now; writes nothing. Raises what `planning.plan_exchange` raises."""
    return (await plan_exchange(db, order, wish)).preview


async def create_exchange(
    db: Session, order: Order, wish: ExchangeWish, token: str | None, *, now: datetime, agreed: bool = True
) -> Agreed:
    """Agree to an exchange on a locked order, or (not `agreed`) ask for it: then its return is decided on first.

    After the return, new pieces are kept for the customer until its label ends. In advance, or where nothing comes
    back, the lines are added at once, and what the goods are worth covers them. Raises `ExchangeStale` with the fresh
    `preview` and the parts that `moved` when the token stands for something else (None asks for no preview), and what
    previewing raises. What is written off counts as paid back: above the limit of whoever asks, `ExchangeAboveLimit`.
    """
    if not agreed and wish.way is not W.AFTER_RETURN:
        raise InvalidExchange("The goods come back first, unless staff agrees to more.", path=("way",))
    plan = await plan_exchange(db, order, wish)
    parts = [] if token is None else moved(token, plan.preview)
    if parts:
        raise ExchangeStale(
            "The order has moved since the preview.", path=("token",), moved=parts, preview=plan.preview
        )
    if wish.way is W.WITHOUT_RETURN:
        await _check_limit(db, order, plan.preview.credited)
    number = f"X{order.number}-{await queries.count_all(db, order.id) + 1}"
    return_id = await _return_for(db, order, wish, now=now, agreed=agreed)
    exchange = _written(db, wish, plan, number, return_id, E.APPROVED if agreed else E.REQUESTED, now=now)
    await db.flush()
    rows = _lines_of(exchange, wish, plan.preview)
    db.add_all(rows)
    await db.flush()
    _tell(db, exchange, rows)
    if wish.way is W.AFTER_RETURN:
        assert plan.preview.held_until is not None
        await keep_goods(db, order, exchange, plan.rows, plan.sourcing, until=plan.preview.held_until)
    else:
        await _give_now(db, order, exchange, rows, plan, now=now)
    return Agreed(exchange, plan.preview)


async def _check_limit(db: Session, order: Order, worth: int) -> None:
    """Goods given for none that come back are as good as money, whether it has been collected or not.

    Whoever may not pay back so much alone, with all that was written off of the order before, asks somebody.
    """
    amount = worth + await written_off(db, order.id)
    if await above_limit(db, order, amount):
        raise ExchangeAboveLimit(
            "Somebody with a higher limit has to decide this.", path=("way",), amount=amount, currency=order.currency
        )


async def _return_for(db: Session, order: Order, wish: ExchangeWish, *, now: datetime, agreed: bool) -> UUID:
    announced = announcement_of(order, wish)
    if wish.way is W.WITHOUT_RETURN:
        return (await write_off(db, announced, now=now)).id
    found = await return_service.request_return(db, announced, now=now)
    if agreed:
        # In advance the time to send goods back starts when the new ones have left.
        await return_service.approve_agreed(db, found.id, now=now, open_end=wish.way is W.ADVANCE)
    return found.id


def _written(
    db: Session, wish: ExchangeWish, plan: Plan, number: str, return_id: UUID, state: ExchangeState, *, now: datetime
) -> Exchange:
    exchange = Exchange(
        id=new_id(), number=number, order_id=plan.preview.order_id, state=state, way=wish.way, reason=wish.reason,
        replacement=wish.replacement, note=wish.note.strip(), currency=plan.preview.currency, return_id=return_id,
        asked=0, due_at=plan.preview.due_at, requested_at=now, requested_by=db.by, updated_at=now,
    )  # fmt: skip
    db.add(exchange)
    db.note_state(change_row("exchange", exchange.id, None, state, now=now, by=db.by))
    return exchange


def _tell(db: Session, exchange: Exchange, rows: Sequence[ExchangeLine]) -> None:
    said: dict[str, Any] = {
        "stream_id": exchange.order_id, "exchange_id": exchange.id, "return_id": exchange.return_id,
        "number": exchange.number, "way": exchange.way.value,
    }  # fmt: skip
    if exchange.state is E.REQUESTED:
        record(db, ExchangeRequested(**said))
        return
    lines = tuple(
        {"order_line_id": str(row.order_line_id), "quantity": row.quantity, "sku": row.sku, "name": row.name}
        for row in rows
    )
    due_at = None if exchange.due_at is None else exchange.due_at.isoformat()
    record(db, ExchangeApproved(**said, lines=lines, due_at=due_at, replacement=exchange.replacement))


def _lines_of(exchange: Exchange, wish: ExchangeWish, preview: ExchangePreview) -> list[ExchangeLine]:
    return [
        ExchangeLine(
            id=new_id(), exchange_id=exchange.id, order_line_id=each.order_line_id, quantity=each.quantity,
            sku=each.sku, name=shown.new_name[:300], given=0, added=[],
        )
        for each, shown in zip(wish.pieces, preview.lines, strict=True)
    ]  # fmt: skip


async def _give_now(
    db: Session, order: Order, exchange: Exchange, rows: list[ExchangeLine], plan: Plan, *, now: datetime
) -> None:
    """Add the lines before anything has come back: what that is worth covers them so long."""
    added = await add_lines(db, order, plan.lines, plan.news, reason=f"exchange {exchange.number}", now=now)
    by_line = {row.order_line_id: row for row in rows}
    given = []
    for line, goods in zip(added.lines, plan.goods, strict=True):
        row = by_line[goods.line.id]
        row.added = [*row.added, str(line.id)]
        row.given = row.quantity
        given.append(Given(line.id, goods.line.id if goods.same_price else None))
    await put_cover(db, order.id, exchange.return_id, given, plan.preview.kept)
    await settle_difference(db, order, plan.preview.difference, now=now)


async def approve_exchange(db: Session, exchange: Exchange, *, now: datetime) -> Exchange:
    """Agree to what a customer asked for, on a locked order; raises `TransitionRefused`."""
    EXCHANGE.check(exchange.state, E.APPROVED, what="Exchange")
    _, found = await returns.lock_return(db, exchange.return_id)
    if found.state is ReturnState.REQUESTED:
        await return_service.approve_agreed(db, exchange.return_id, now=now)
    return await agree(db, exchange, now=now)


async def agree(db: Session, exchange: Exchange, *, now: datetime) -> Exchange:
    """The return of an exchange that was asked for was approved."""
    transition(db, exchange, E.APPROVED, table=EXCHANGE, now=now)
    exchange.updated_at = now
    _tell(db, exchange, (await queries.lines_of(db, [exchange.id]))[exchange.id])
    return exchange


async def cancel_exchange(db: Session, exchange: Exchange, *, reason: str, now: datetime) -> Exchange:
    """Call an exchange off before anything of it has moved, with its return.

    Raises `InvalidExchange` without words, `TransitionRefused`, and `ExchangeUnderWay` once goods came back, new ones
    were added, or the goods never come.
    """
    if not 1 <= len(reason.strip()) <= 300:
        raise InvalidExchange("1 to 300 characters.", path=("reason",), code="INVALID_REASON")
    EXCHANGE.check(exchange.state, E.CANCELED, what="Exchange")
    _, found = await returns.lock_return(db, exchange.return_id)
    rows = (await queries.lines_of(db, [exchange.id]))[exchange.id]
    if any(row.given for row in rows) or found.arrived_at is not None:
        raise ExchangeUnderWay("Goods of it have moved; its lines are canceled like others.", state=exchange.state)
    if found.state in (ReturnState.REQUESTED, ReturnState.APPROVED, ReturnState.IN_TRANSIT):
        await return_service.cancel_return(db, found.id, reason=reason, now=now)
    await call_off(db, exchange, code="WITHDRAWN", reason=reason.strip(), now=now)
    return exchange
