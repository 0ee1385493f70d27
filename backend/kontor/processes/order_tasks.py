"""Tasks of the order process: check, secure the money, release, settle, complete."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from kontor.care import service as care
from kontor.care.values import CaseKind, NewCase
from kontor.changes.money import UNPAID
from kontor.core.outbox import schedule
from kontor.fulfillment import canceling, sourcing
from kontor.fulfillment.sourcing import SourceOutcome
from kontor.orders import queries as orders
from kontor.orders import service as order_service
from kontor.orders.models import Order, OrderHold
from kontor.orders.states import OVER, HoldKind, OrderState
from kontor.payments import queries as payments
from kontor.payments.states import PaymentState
from kontor.processes import handed_over, queries, shortages
from kontor.processes.settings import WAITING_TIMES, waiting_time
from kontor.processes.work import WAITING, Answer, Answers, Subject, TaskRun, task
from kontor.risk import service as risk

PAYMENT_WAIT = "order.payment_wait"


@task("assess_risk")
async def assess_risk(run: TaskRun, subjects: Sequence[Subject]) -> Answers:
    """ACCEPT, REVIEW (a hold is placed) or REJECT."""
    ids = [each.order_id for each in subjects]
    decisions = await risk.assess_orders(
        run.db,
        ids,
        channels={channel.id: channel for channel in run.channels.values()},
        payments=await queries.payment_facts(run.db, ids, now=run.now),
        now=run.now,
    )
    return {each: {"decision": decisions[each.order_id].value} for each in subjects}


@task("reject_order")
async def reject_order(run: TaskRun, subjects: Sequence[Subject]) -> None:
    """The order is refused: its stock is free again, nothing of its money is kept."""
    for order in (await _locked(run, subjects)).values():
        if order.state is not OrderState.RECEIVED:
            continue
        order_service.reject(run.db, order, reason="refused by the risk check", now=run.now)
        await canceling.withdraw(run.db, order, reason="the order was refused", now=run.now)
        _void(run, order.id)


@task("authorize_payment", compensation="void_payment")
async def authorize_payment(run: TaskRun, subjects: Sequence[Subject]) -> Answers:
    """Ask for the money; PaymentAuthorized or PaymentDeclined answers."""
    for each in subjects:
        schedule(run.db, "payments.authorize", {"order_id": each.order_id}, key=each.order_id)
    return dict.fromkeys(subjects, WAITING)


@task("void_payment")
async def void_payment(run: TaskRun, subjects: Sequence[Subject]) -> None:
    """Give back what was promised; undoes `authorize_payment`."""
    for each in subjects:
        _void(run, each.order_id)


def _void(run: TaskRun, order_id: UUID) -> None:
    schedule(run.db, "payments.void", {"order_id": order_id}, key=order_id, unique_key=f"void/{order_id}")


@task("hold_for_payment")
async def hold_for_payment(run: TaskRun, subjects: Sequence[Subject]) -> Answers:
    """Keep an order that is not covered; the time until it is canceled runs from the first time on."""
    locked = await _locked(run, subjects)
    held = await orders.open_holds(run.db, locked)
    promises = await payments.lock_payments(run.db, locked)
    answers: dict[Subject, Answer] = {}
    cases: list[NewCase] = []
    for each in subjects:
        order = locked[each.order_id]
        if order.state not in OVER and not _of_kind(held, order.id, HoldKind.PAYMENT):
            order_service.place_hold(
                run.db, order, kind=HoldKind.PAYMENT, reason="the payments do not cover the order", now=run.now
            )
        if any(payment.state is PaymentState.FAILED for payment in promises[order.id]):
            cases.append(NewCase(CaseKind.PAYMENT_FAILED, str(order.id), order.id))
        due = each.variables.get("payment_due")
        answers[each] = {"payment_due": due or (run.now + _payment_wait(run, order.id)).isoformat()}
    await care.open_cases(run.db, cases, now=run.now)
    return answers


def _payment_wait(run: TaskRun, order_id: UUID) -> Any:
    return waiting_time(run.channels[order_id].settings, PAYMENT_WAIT) or WAITING_TIMES[PAYMENT_WAIT][1]


def _of_kind(held: dict[UUID, list[OrderHold]], order_id: UUID, kind: HoldKind) -> list[OrderHold]:
    return [hold for hold in held.get(order_id, ()) if hold.kind is kind]


@task("cancel_unpaid_order")
async def cancel_unpaid_order(run: TaskRun, subjects: Sequence[Subject]) -> None:
    """Nobody paid in time: cancel everything that is open."""
    locked = await _locked(run, subjects)
    lines = await orders.lines_of(run.db, locked)
    held = await orders.open_holds(run.db, locked)
    for order in locked.values():
        _release(run, order, _of_kind(held, order.id, HoldKind.PAYMENT), "the order was canceled")
        wanted = {line.id: line.open_quantity for line in lines[order.id] if line.open_quantity}
        if wanted and order.state not in OVER:
            await canceling.cancel_lines(run.db, order, lines[order.id], wanted, reason="not paid in time", now=run.now)
    await care.settle_cases(run.db, [(CaseKind.PAYMENT_FAILED, str(order_id)) for order_id in locked], now=run.now)


def _release(run: TaskRun, order: Order, holds: Sequence[OrderHold], note: str) -> None:
    for hold in holds:
        order_service.release_hold(run.db, order, hold, now=run.now, note=note)


@task("confirm_order")
async def confirm_order(run: TaskRun, subjects: Sequence[Subject]) -> None:
    """Risk and money are fine; a hold for the money is released.

    What a change of the order made it cost more is looked at on its own: its hold stays.
    """
    locked = await _locked(run, subjects)
    found = await orders.open_holds(run.db, locked)
    held = {order_id: [hold for hold in holds if hold.reason != UNPAID] for order_id, holds in found.items()}
    paid = [order for order in locked.values() if _of_kind(held, order.id, HoldKind.PAYMENT)]
    for order in paid:
        _release(run, order, _of_kind(held, order.id, HoldKind.PAYMENT), "the payments cover the order")
    if paid:
        await care.settle_cases(run.db, [(CaseKind.PAYMENT_FAILED, str(order.id)) for order in paid], now=run.now)
    order_service.confirm(run.db, list(locked.values()), now=run.now)


@task("release_order")
async def release_order(run: TaskRun, subjects: Sequence[Subject]) -> Answers:
    """Give what is open to places; what finds nothing is somebody's case until it does."""
    sourced = await sourcing.source_orders(run.db, [each.order_id for each in subjects], now=run.now)
    short = shortages.short_of(sourced)
    if short:
        await shortages.raise_cases(run.db, short)
    had = [each.order_id for each in subjects if each.variables.get("missing") and each.order_id not in short]
    settled = [order_id for order_id in had if sourced[order_id].outcome is SourceOutcome.ALL]
    if settled:
        await shortages.settle_cases(run.db, settled)
    return {
        each: {"outcome": sourced[each.order_id].outcome.value}
        | ({"missing": True} if each.order_id in short else {"missing": False} if each.order_id in settled else {})
        for each in subjects
    }


@task("settle_payments", last=True)
async def settle_payments(run: TaskRun, subjects: Sequence[Subject]) -> None:
    """Nothing else ships: promises that are left over are given back.

    The capture that knew it was the last one does that by itself. Else the last shipment is captured once more, as the
    final one, so that this happens after every capture still under way; where nothing shipped, all is given back.
    """
    asked = [each.order_id for each in subjects if not _ended_by_capture(run, each.order_id)]
    shipped = await handed_over.values_of(run.db, asked, now=run.now)
    for order_id in asked:
        value = shipped.get(order_id)
        if value is None:
            _void(run, order_id)
        else:
            handed_over.schedule_capture(run.db, order_id, value.last, value.amount, final=True)


def _ended_by_capture(run: TaskRun, order_id: UUID) -> bool:
    return any(variables.get("final") for variables in run.siblings(order_id))


@task("complete_order")
async def complete_order(run: TaskRun, subjects: Sequence[Subject]) -> None:
    """Everything has arrived or was waited for long enough.

    Orders to which lines were added meanwhile are completed when those have arrived (`reopened`).
    """
    locked = await _locked(run, subjects)
    still_open = await orders.still_open(run.db, locked)
    done = [order for order in locked.values() if order.id not in still_open]
    order_service.complete(run.db, done, now=run.now)


async def _locked(run: TaskRun, subjects: Sequence[Subject]) -> dict[UUID, Order]:
    return await orders.lock_orders(run.db, {each.order_id for each in subjects})
