"""Preview, confirm, settle and call off changes of orders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from kontor.changes import queries
from kontor.changes.adding import add_lines
from kontor.changes.delivering import book_delivery
from kontor.changes.errors import ChangeStale
from kontor.changes.events import (
    DeliveryChanged,
    OrderChangeAsked,
    OrderChangeCanceled,
    OrderChangeConfirmed,
    OrderChangeDeclined,
)
from kontor.changes.models import OrderChange
from kontor.changes.money import open_difference, settle_difference
from kontor.changes.moving import move_open_goods
from kontor.changes.planning import CHANGED_MESSAGE, Plan, open_goods, plan_change
from kontor.changes.reducing import Priced, book_lost, plan_lost
from kontor.changes.states import CHANGE, ChangeState
from kontor.changes.tokens import moved
from kontor.changes.values import Preview, Wish
from kontor.core.db import Session
from kontor.core.errors import InvalidInput
from kontor.core.ids import new_id
from kontor.core.outbox import record, schedule, unschedule
from kontor.core.statemachine import change_row, transition
from kontor.customers import terms
from kontor.fulfillment import queries as work_queries
from kontor.fulfillment.canceling import CancelOutcome, cancel_lines, look_at_open_work, withdraw_question
from kontor.fulfillment.models import FulfillmentOrder
from kontor.fulfillment.states import OPEN_STATES, FulfillmentState
from kontor.inventory.allocating import lock_levels
from kontor.orders import queries as orders
from kontor.orders import service as order_service
from kontor.orders.models import Order, OrderHold, OrderLine
from kontor.orders.states import OVER, HoldKind
from kontor.returns.rechecking import reductions_of
from kontor.routing import masters as routing_masters

ANSWER_HOURS = 24
WAITS = "a change of the order waits for the answer of a place"
_GIVEN_UP = frozenset({FulfillmentState.CANCELED, FulfillmentState.REJECTED})


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What a confirmed wish became; `preview` is what was booked."""

    change: OrderChange
    preview: Preview


async def preview_change(db: Session, order: Order, wish: Wish) -> Preview:
    """What the wish would do to the order now; writes nothing. Raises what `planning.plan_change` raises."""
    return (await plan_change(db, order, wish)).preview


async def confirm_change(db: Session, order: Order, wish: Wish, token: str, *, reason: str, now: datetime) -> Confirmed:
    """Do to a locked order what was previewed.

    Pieces with places that have begun are asked back: then the change is PENDING until they have answered or their time
    is over, and lines it adds are kept until then. Raises `ChangeStale` with the fresh `preview` and the parts that
    `moved` when the token stands for something else, and what previewing raises.
    """
    if not 1 <= len(reason.strip()) <= 300:
        raise InvalidInput("1 to 300 characters.", code="INVALID_REASON", path=("reason",))
    plan = await plan_change(db, order, wish)
    parts = moved(token, plan.preview)
    if parts:
        raise ChangeStale("The order has moved since the preview.", path=("token",), moved=parts, preview=plan.preview)
    change = _opened(db, order, wish, reason.strip(), now=now)
    change.canceled_before = sum(line.canceled_gross for line in plan.lines)
    done = await _book(db, order, plan, change, now=now)
    if done.asked:
        await _ask(db, order, change, plan, now=now)
    else:
        db.note_state(change_row("order_change", change.id, None, ChangeState.PENDING, now=now, by=db.by))
        transition(db, change, ChangeState.CONFIRMED, table=CHANGE, now=now)
        db.add(change)
        _confirmed(db, change, plan.preview.messages, now=now)
    await db.flush()
    return Confirmed(change, plan.preview)


def _opened(db: Session, order: Order, wish: Wish, reason: str, *, now: datetime) -> OrderChange:
    return OrderChange(
        id=new_id(), order_id=order.id, state=ChangeState.PENDING, wish=wish.as_json(), reason=reason, asked=[],
        added=[], canceled=0, refused=0, canceled_before=0, amount=0, opened_at=now, opened_by=db.by, updated_at=now,
    )  # fmt: skip


async def _book(db: Session, order: Order, plan: Plan, change: OrderChange, *, now: datetime) -> CancelOutcome:
    """Everything of a plan but the answers of places: delivery, added lines, canceled ones, what they lose, money.

    Stock that is given back and taken is locked at once, in its order: two swaps the other way round never wait for
    each other.
    """
    reason, pieces = change.reason, plan.pieces
    await lock_levels(db, plan.levels)
    if plan.delivery.what or plan.delivery.fees or plan.delivery.waived:
        book_delivery(db, order, plan.lines, plan.charges, plan.delivery)
        if order.customer_id is not None:  # whoever the goods go to now may call about them
            await terms.remember(db, [(order.customer_id, order.shipping_address)])
    rows: tuple[OrderLine, ...] = ()
    if pieces.adds:
        added = await add_lines(db, order, plan.lines, pieces.adds, reason=reason, now=now, paths=pieces.add_paths)
        rows = added.lines
    everything = [*plan.lines, *rows]
    outcome = CancelOutcome()
    if pieces.cancel:
        await db.flush()
        outcome = await cancel_lines(db, order, everything, pieces.cancel, reason=reason, now=now, change_id=change.id)
    if plan.lost.more > 0 or not outcome.asked:  # what falls away goes back when it is known which pieces stay
        book_lost(db, order, plan.charges, plan.lost)
    if plan.delivery.what:
        await db.flush()
        work = await look_at_open_work(db, order, everything)
        goods = {
            line_id: count
            for line_id, count in open_goods(everything, work, {}, CancelOutcome()).items()
            if line_id not in {line.id for line in rows}
        }
        await move_open_goods(db, order, everything, goods, path=("address",), reason=reason, now=now)
        amount = plan.preview.total_before - plan.preview.total_after if not (pieces.cancel or pieces.adds) else 0
        record(db, DeliveryChanged(stream_id=order.id, what=tuple(plan.delivery.what), amount=amount, reason=reason))
    change.added = [str(line.id) for line in rows]
    change.canceled = sum(outcome.canceled.values())
    change.amount = plan.preview.total_before - plan.preview.total_after
    order.updated_at = now
    if not outcome.asked:
        await _settle_money(db, order, change, plan, now=now)
    return outcome


async def _settle_money(db: Session, order: Order, change: OrderChange, plan: Plan, *, now: datetime) -> None:
    """Ask for what is more, and let what falls away beyond the canceled pieces go back."""
    await settle_difference(db, order, plan.preview.difference, now=now)
    if plan.off > plan.of_pieces:
        _schedule_refund(db, change, plan.off - plan.of_pieces)


def _schedule_refund(db: Session, change: OrderChange, most: int) -> None:
    args: dict[str, Any] = {"change_id": change.id, "most": most}
    schedule(db, "changes.refund", args, key=change.order_id, unique_key=f"changed/{change.id}")


async def _ask(db: Session, order: Order, change: OrderChange, plan: Plan, *, now: datetime) -> None:
    """The change waits for places; lines it adds are kept from moving so long."""
    await db.flush()
    rows = await work_queries.lock_of_order(db, order.id, OPEN_STATES)
    lines = await work_queries.lines_of(db, [row.id for row in rows])
    asked = [row for row in rows if row.cancel_requested and row.id not in plan.asked_before]
    change.asked = [{"id": str(row.id), "pieces": sum(line.quantity for line in lines[row.id])} for row in asked]
    change.due_at = now + timedelta(hours=await _answer_hours(db, order))
    db.add(change)
    db.note_state(change_row("order_change", change.id, None, ChangeState.PENDING, now=now, by=db.by))
    if change.added:
        hold = order_service.place_hold(db, order, kind=HoldKind.CUSTOMER, reason=WAITS, now=now)
        await db.flush()
        change.hold_id = hold.id
    pieces = sum(each["pieces"] for each in change.asked)
    due_at = change.due_at.isoformat()
    record(db, OrderChangeAsked(stream_id=order.id, change_id=change.id, pieces=pieces, due_at=due_at))
    schedule(
        db, "changes.expire", {"change_id": change.id}, key=order.id, due_at=change.due_at,
        unique_key=f"change/{change.id}",
    )  # fmt: skip


async def _answer_hours(db: Session, order: Order) -> int:
    """How long places have to answer: the channel's `change_answer_hours`."""
    channel = (await routing_masters.load(db)).channels_by_id[order.channel_id]
    return int(channel.settings.get("change_answer_hours", ANSWER_HOURS))


def _confirmed(db: Session, change: OrderChange, messages: tuple[str, ...], *, now: datetime) -> None:
    record(
        db,
        OrderChangeConfirmed(
            stream_id=change.order_id, change_id=change.id, reason=change.reason,
            message=CHANGED_MESSAGE if CHANGED_MESSAGE in messages else "", amount=change.amount,
        ),
    )  # fmt: skip
    _close(change, by=db.by, now=now)


def _close(change: OrderChange, *, by: str, now: datetime) -> None:
    change.closed_at, change.closed_by, change.updated_at = now, by, now


async def settle_change(db: Session, order: Order, change: OrderChange, *, now: datetime) -> bool:
    """Close a change of a locked order whose places have all answered; whether it is closed.

    CONFIRMED when all of them stopped; DECLINED when one goes on: what others stopped stays canceled, lines the change
    added are canceled again, and pieces that stay earn their discounts anew.
    """
    if change.state is not ChangeState.PENDING:
        return True
    rows = await asked_rows(db, change)
    if any(row.cancel_requested and row.state in OPEN_STATES for row in rows):
        return False
    await _count_answers(db, change, rows)
    if change.refused:
        await _finish(db, order, change, ChangeState.DECLINED, now=now)
        change.code = change.code or "REFUSED"
        record(
            db,
            OrderChangeDeclined(
                stream_id=order.id, change_id=change.id, canceled=change.canceled, refused=change.refused,
                code=change.code,
            ),
        )  # fmt: skip
    else:
        await _finish(db, order, change, ChangeState.CONFIRMED, now=now)
        _confirmed(db, change, (CHANGED_MESSAGE,) if change.added else (), now=now)
    return True


async def settle_of(db: Session, order_ids: Sequence[UUID]) -> None:
    """Close the changes of orders whose places have all answered; the orders are locked before anything of theirs."""
    waiting = [order_id for order_id in order_ids if await queries.open_change(db, order_id) is not None]
    for order in (await orders.lock_orders(db, waiting)).values():
        change = await queries.open_change(db, order.id)
        if change is not None:
            await settle_change(db, order, change, now=db.now)


async def expire_change(db: Session, order: Order, change: OrderChange, *, now: datetime) -> None:
    """The time to answer is over: places that have not go on, and the change is DECLINED."""
    if change.state is ChangeState.PENDING:
        change.code = "NO_ANSWER"
        await _ask_no_more(db, change, now=now)
        await settle_change(db, order, change, now=now)


async def cancel_change(db: Session, order: Order, change: OrderChange, *, now: datetime) -> None:
    """Wait no more for the answers of places to a change of a locked order; what was canceled stays canceled.

    Raises `TransitionRefused` when the change is closed.
    """
    CHANGE.check(change.state, ChangeState.CANCELED, what="OrderChange")
    await _ask_no_more(db, change, now=now)
    await _count_answers(db, change, await asked_rows(db, change))
    await unschedule(db, [f"change/{change.id}"])
    await _finish(db, order, change, ChangeState.CANCELED, now=now)
    record(db, OrderChangeCanceled(stream_id=order.id, change_id=change.id, canceled=change.canceled))


async def _ask_no_more(db: Session, change: OrderChange, *, now: datetime) -> None:
    for row in await asked_rows(db, change):
        withdraw_question(db, row, now=now)


async def asked_rows(db: Session, change: OrderChange) -> list[FulfillmentOrder]:
    """The work places were asked to stop, locked, with what was split off it since: its question goes along."""
    rows = await work_queries.lock_of_order(db, change.order_id, frozenset(FulfillmentState))
    return family({UUID(each["id"]) for each in change.asked}, rows, since=change.id)


def family(ids: set[UUID], rows: Sequence[FulfillmentOrder], *, since: UUID) -> list[FulfillmentOrder]:
    """The rows of these ids and all that was split off them, whatever its depth, since this id was given. Pure."""
    known = set(ids)
    while more := {row.id for row in rows if row.id > since and row.split_from_id in known} - known:
        known |= more
    return [row for row in rows if row.id in known]


async def _count_answers(db: Session, change: OrderChange, rows: Sequence[FulfillmentOrder]) -> None:
    given_up = [row.id for row in rows if row.state in _GIVEN_UP]
    lines = await work_queries.lines_of(db, given_up)
    stopped = sum(line.quantity for row_id in given_up for line in lines[row_id])
    change.refused = sum(each["pieces"] for each in change.asked) - stopped
    change.canceled += stopped


async def _finish(db: Session, order: Order, change: OrderChange, to: ChangeState, *, now: datetime) -> None:
    """Undo what was added where not everything was agreed, charge what is lost in the end, let the order move on."""
    transition(db, change, to, table=CHANGE, now=now)
    _close(change, by=db.by, now=now)
    lines = (await orders.lines_of(db, [order.id]))[order.id]
    if change.refused and change.added and order.state not in OVER:
        wanted = {line.id: line.open_quantity for line in lines if str(line.id) in change.added and line.open_quantity}
        if wanted:
            await cancel_lines(db, order, lines, wanted, reason=change.reason, now=now)
            await db.flush()
    await _lose_in_the_end(db, order, change)
    hold = await db.get(OrderHold, change.hold_id) if change.hold_id else None
    if hold is not None and hold.released_at is None:
        order_service.release_hold(db, order, hold, now=now, note=f"the change is {to.lower()}")
    await db.flush()
    if order.state not in OVER:
        await settle_difference(db, order, await open_difference(db, order), now=now)


async def _lose_in_the_end(db: Session, order: Order, change: OrderChange) -> None:
    """Charge what pieces that stay no longer earn, once it is known which do; what falls away of it goes back.

    A higher charge was booked before, for all pieces places were asked for: those that stay earn theirs again.
    """
    lines = (await orders.lines_of(db, [order.id]))[order.id]
    charges = (await orders.charges_of(db, [order.id]))[order.id]
    took = sum(line.canceled_gross for line in lines) - change.canceled_before
    lost = await plan_lost(
        db, order, Priced(lines, await reductions_of(db, order.id), charges), {}, took=took, again=True
    )
    if not change.refused and lost.more >= 0:
        return
    book_lost(db, order, charges, lost)
    if lost.more < 0:
        _schedule_refund(db, change, -lost.more)
