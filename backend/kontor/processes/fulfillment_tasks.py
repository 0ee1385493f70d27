"""Tasks of the processes of fulfillment orders and of pieces that need no parcel."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from kontor.care import service as care
from kontor.care.values import CaseKind, NewCase
from kontor.core.db import chunks, in_key_order
from kontor.core.outbox import schedule
from kontor.fulfillment import answering, pickup
from kontor.fulfillment.errors import WrongState
from kontor.fulfillment.models import FulfillmentOrder
from kontor.fulfillment.states import FulfillmentState, RejectReason
from kontor.invoicing import service as invoicing
from kontor.payments.models import Payment
from kontor.payments.states import PaymentMethodKind, PaymentState
from kontor.processes import handed_over, messages
from kontor.processes.work import WAITING, Answer, Answers, Subject, TaskRun, Waiting, task

S = FulfillmentState
NEVER = timedelta(days=3650)  # a place of our own is not held to an answer
_REACHED: dict[FulfillmentState, tuple[str, ...]] = {
    S.ACCEPTED: ("FulfillmentAccepted",),
    S.PICKED: ("FulfillmentAccepted",),
    S.PACKED: ("FulfillmentAccepted",),
    S.SHIPPED: ("FulfillmentAccepted",),
    S.DELIVERED: ("FulfillmentAccepted",),
    S.PICKED_UP: ("FulfillmentAccepted",),
    S.READY_FOR_PICKUP: ("FulfillmentAccepted", "FulfillmentReadyForPickup"),
}


@task("dispatch_fulfillment")
async def dispatch_fulfillment(run: TaskRun, subjects: Sequence[Subject]) -> Answers:
    """Say until when the place has to answer, and catch up with work that was split off in the middle."""
    found = {row.id: row for row in await _rows(run, subjects)}
    answers: dict[Subject, Answer] = {}
    for each in subjects:
        row = found[each.subject_id]
        answers[each] = {"answer_due": (row.due_at or run.now + NEVER).isoformat()}
        if (row.split_from_id is not None or row.state is not S.OPEN) and row.answer_until is None:
            for name in _REACHED.get(row.state, ()):
                run.tell(each.order_id, messages.Tell(messages.FULFILLMENT, name, each.subject_id))
    return answers


async def _rows(run: TaskRun, subjects: Sequence[Subject]) -> Sequence[sa.Row[tuple[UUID, str, object, UUID | None]]]:
    found = sa.select(
        FulfillmentOrder.id,
        FulfillmentOrder.state,
        FulfillmentOrder.due_at,
        FulfillmentOrder.split_from_id,
        FulfillmentOrder.answer_until,
    ).where(FulfillmentOrder.id.in_([each.subject_id for each in subjects]))
    return (await run.db.execute(found)).all()  # type: ignore[return-value]


@task("escalate_unanswered")
async def escalate_unanswered(run: TaskRun, subjects: Sequence[Subject]) -> None:
    """The place did not answer in time: somebody has to ask."""
    for each in subjects:
        if await answering.escalate(run.db, each.subject_id, now=run.now):
            case = NewCase(CaseKind.UNANSWERED, str(each.subject_id), each.order_id)
            await care.open_case(run.db, case, now=run.now)


@task("reroute_lines")
async def reroute_lines(run: TaskRun, subjects: Sequence[Subject]) -> Answers:
    """A place that never answered loses the lines; the order's process then looks for another one.

    `kept` where it has answered after all, or could not because the work is held: then it keeps them.
    """
    states = {row.id: row.state for row in await _rows(run, subjects)}
    for each in subjects:
        if states[each.subject_id] is S.OPEN:
            try:
                await answering.reject(run.db, each.subject_id, None, now=run.now, reason=RejectReason.NO_ANSWER)
            except WrongState as answered:
                states[each.subject_id] = S(answered.params["state"])
    await care.settle_cases(run.db, [(CaseKind.UNANSWERED, str(each.subject_id)) for each in subjects], now=run.now)
    return {each: {"kept": states[each.subject_id] not in (S.OPEN, S.REJECTED, S.CANCELED)} for each in subjects}


@task("remind_pickup")
async def remind_pickup(run: TaskRun, subjects: Sequence[Subject]) -> None:
    """Tell the customer once more that the goods wait."""
    for each in subjects:
        args = {"order_id": each.order_id, "template": "pickup_reminder", "source": f"{each.subject_id}/reminder"}
        schedule(run.db, "notifications.tell", args, key=each.order_id)


@task("cancel_uncollected")
async def cancel_uncollected(run: TaskRun, subjects: Sequence[Subject]) -> Answers:
    """Nobody came: the goods go back on the shelf. `kept` when somebody came after all."""
    states = {row.id: row.state for row in await _rows(run, subjects)}
    for each in subjects:
        if states[each.subject_id] is S.READY_FOR_PICKUP:
            await pickup.cancel_uncollected(run.db, each.subject_id, reason="not collected", now=run.now)
    return {each: {"kept": states[each.subject_id] is S.PICKED_UP} for each in subjects}


@task("capture_payment")
async def capture_payment(run: TaskRun, subjects: Sequence[Subject]) -> Answers:
    """Collect the money for a shipment; CaptureFinished or CaptureFailed answers."""
    values = await handed_over.values_of(run.db, {each.order_id for each in subjects}, now=run.now)
    answers: dict[Subject, Answer] = {}
    for each in subjects:
        value = values[each.order_id]
        handed_over.schedule_capture(
            run.db, each.order_id, each.uuid("shipment_id"), value.amount, final=value.complete
        )
        answers[each] = Waiting({"final": True} if value.complete else {})
    return answers


@task("raise_payment_case")
async def raise_payment_case(run: TaskRun, subjects: Sequence[Subject]) -> None:
    """The goods are gone and the money is not there."""
    cases = [NewCase(CaseKind.CAPTURE_FAILED, each.variables["shipment_id"], each.order_id) for each in subjects]
    await care.open_cases(run.db, cases, now=run.now)


@task("authorize_added_payment")
async def authorize_added_payment(run: TaskRun, subjects: Sequence[Subject]) -> Answers:
    """Ask for the promise of payments that were named since; PaymentAuthorized or PaymentDeclined answers.

    Where nothing is new (money that simply came in, another try of the same card) there is nothing to wait for.
    """
    new = await _orders_with_new_payment(run, {each.order_id for each in subjects})
    for order_id in sorted(new):
        schedule(run.db, "payments.authorize", {"order_id": order_id}, key=order_id)
    return {each: WAITING if each.order_id in new else {} for each in subjects}


async def _orders_with_new_payment(run: TaskRun, order_ids: set[UUID]) -> set[UUID]:
    """Orders with a payment nobody was asked to promise yet; a transfer is waited for, not promised."""
    found: set[UUID] = set()
    for part in chunks(in_key_order(order_ids)):
        found.update(
            await run.db.scalars(
                sa.select(Payment.order_id).where(
                    Payment.order_id.in_(part),
                    Payment.state == PaymentState.CREATED,
                    Payment.kind != PaymentMethodKind.PREPAYMENT,
                )
            )
        )
    return found


@task("settle_payment_case")
async def settle_payment_case(run: TaskRun, subjects: Sequence[Subject]) -> None:
    """The money was collected after all."""
    cases = [(CaseKind.CAPTURE_FAILED, each.variables["shipment_id"]) for each in subjects]
    await care.settle_cases(run.db, cases, now=run.now)


@task("issue_invoice", last=True)
async def issue_invoice(run: TaskRun, subjects: Sequence[Subject]) -> None:
    """One invoice per shipment."""
    await invoicing.issue_invoices(run.db, [each.uuid("shipment_id") for each in subjects], now=run.now)
