"""Tasks of the return process. Returns are few beside orders, so they are handled one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from kontor.core.db import Session
from kontor.exchanges import giving
from kontor.invoicing import service as invoicing
from kontor.payments import service as payments
from kontor.payments.models import Refund
from kontor.payments.states import RefundState
from kontor.processes.work import Answer, Answers, Subject, TaskRun, Waiting, task
from kontor.returns import queries as returns
from kontor.returns import refunding
from kontor.returns import service as return_service
from kontor.returns.inspection import is_done
from kontor.returns.labels import set_label
from kontor.returns.models import Return
from kontor.returns.states import ReturnState
from kontor.returns.values import RETURN_FEE, RefundDue

R = ReturnState
NEVER = timedelta(days=3650)
UNSEEN = frozenset({R.PARTIALLY_RECEIVED, R.RECEIVED})


@task("check_return")
async def check_return(run: TaskRun, subjects: Sequence[Subject]) -> Answers:
    """What the channel's rule says; who has decided already is not asked again."""
    answers: dict[Subject, Answer] = {}
    for each in subjects:
        _, found = await returns.lock_return(run.db, each.subject_id)
        if found.state is R.REQUESTED:
            decision = str(await return_service.check_return(run.db, found.id))
        else:
            decision = "DECLINED" if found.state is R.DECLINED else "APPROVED"
        answers[each] = {"decision": decision}
    return answers


@task("decline_return")
async def decline_return(run: TaskRun, subjects: Sequence[Subject]) -> None:
    """The return is not accepted."""
    for each in subjects:
        _, found = await returns.lock_return(run.db, each.subject_id)
        if found.state is R.REQUESTED:
            await return_service.decline(run.db, found.id, reason="declined after review", now=run.now)


@task("issue_return_label")
async def issue_return_label(run: TaskRun, subjects: Sequence[Subject]) -> Answers:
    """Approve the return and give it its label; goods brought to a counter need none."""
    answers: dict[Subject, Answer] = {}
    for each in subjects:
        _, found = await returns.lock_return(run.db, each.subject_id)
        if found.state is R.REQUESTED:
            found = await return_service.approve(run.db, found.id, now=run.now)
        if found.state is R.APPROVED:
            found = await set_label(run.db, found.id, now=run.now)
        answers[each] = {"label_expires": _label_expires(found, now=run.now)}
    return answers


def _label_expires(found: Return, *, now: datetime) -> str:
    """When waiting for goods ends; where some came already, their news ends it."""
    waits = found.state in (R.APPROVED, R.IN_TRANSIT)
    expires: datetime = (found.expires_at if waits else None) or now + NEVER
    return expires.isoformat()


@task("expire_return")
async def expire_return(run: TaskRun, subjects: Sequence[Subject]) -> Answers:
    """Nothing came. `kept` when something did, or the label was renewed: the process goes on waiting, as long as the
    label holds now."""
    answers: dict[Subject, Answer] = {}
    for each in subjects:
        if not await return_service.expire(run.db, each.subject_id, now=run.now):
            _, found = await returns.lock_return(run.db, each.subject_id)
            kept = found.state is not R.CANCELED
            answers[each] = {"kept": kept, "label_expires": _label_expires(found, now=run.now)}
        else:
            answers[each] = {"kept": False}
    return answers


@task("refund_return")
async def refund_return(run: TaskRun, subjects: Sequence[Subject]) -> Answers:
    """Pay for what was accepted; RefundSucceeded or RefundFailed answers. Asked again, what failed is tried again."""
    return {each: await _refund(run, each) for each in subjects}


async def _refund(run: TaskRun, each: Subject) -> Answer:
    order, found = await returns.lock_return(run.db, each.subject_id)
    lines = (await returns.lines_of(run.db, [found.id]))[found.id]
    known: dict[str, Any] = {"more_expected": not is_done(lines)}
    earlier = await _open_refund(run.db, each)
    if earlier is not None:
        # One refund after the other: each has its credit note. What was accepted since is paid by its own message.
        if earlier.state is RefundState.FAILED:
            payments.retry_refund(run.db, earlier, now=run.now)
        since = any(line.accepted > line.refunded for line in lines)
        return Waiting({"more_expected": known["more_expected"] or since})
    await giving.before_refund(run.db, order, found, now=run.now)
    due = await refunding.book_refund(run.db, found.id, now=run.now)
    if due.goods > 0:
        refund = await payments.request_refund(
            run.db, order, now=run.now, kind=payments.RefundKind.RETURN, amount=due.amount,
            lines=_lines(due), reason=f"return {found.number}", source_key=_source_key(each),
            return_id=found.id,
        )  # fmt: skip
        await giving.after_refund(run.db, order, found, due, now=run.now)
        return Waiting({**known, "refund_id": str(refund.id)})
    await giving.after_refund(run.db, order, found, due, now=run.now)
    return {**known, "refund_id": None}


async def _open_refund(db: Session, each: Subject) -> Refund | None:
    """The refund this very step asked for before it failed. That of an earlier step, whose money came back from the
    customer's bank, is not paid by this one: people decide about it."""
    refund_id = each.variables.get("refund_id")
    refund = await db.get(Refund, UUID(refund_id), with_for_update=True) if refund_id else None
    if refund is None or refund.source_key != _source_key(each):
        return None
    return refund if refund.state in (RefundState.FAILED, RefundState.REQUESTED) else None


def _source_key(each: Subject) -> str:
    """The name of the refund a step asks for: the token is new on each visit, and the same when it is tried again."""
    return f"return/{each.subject_id}/{each.token}"


def _lines(due: RefundDue) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [
        {"shipment_line_id": str(line.shipment_line_id), "quantity": line.quantity, "gross": line.gross}
        | ({"reduced": line.reduced} if line.reduced else {})
        for line in due.lines
    ]
    rows += [{"charge_id": str(charge.charge_id), "gross": charge.gross} for charge in due.charges]
    if due.fee:
        rows.append({"name": RETURN_FEE, "tax_rate": str(due.lines[0].tax_rate), "gross": -due.fee})
    for rate, kept in due.rechecked.items():
        rows.append({"name": "PROMOTION_NOT_EARNED", "tax_rate": rate, "gross": -kept})
    rows += [{"name": str(rule), "gross": -amount} for rule, amount in due.withheld.items()]
    return rows


@task("issue_credit_note", last=True)
async def issue_credit_note(run: TaskRun, subjects: Sequence[Subject]) -> None:
    """Correct the invoice by what was paid back."""
    ids = [each.uuid("refund_id") for each in subjects if each.variables.get("refund_id")]
    if ids:
        await invoicing.issue_credit_notes(run.db, ids, now=run.now)


@task("settle_return")
async def settle_return(run: TaskRun, subjects: Sequence[Subject]) -> None:
    """The money went back; a return of which everything came is over."""
    for each in subjects:
        refund_id = each.variables.get("refund_id")
        if refund_id:
            await refunding.mark_refunded(run.db, each.subject_id, now=run.now)
        if not each.variables["more_expected"]:
            await _close(run, each.subject_id)


@task("close_return")
async def close_return(run: TaskRun, subjects: Sequence[Subject]) -> Answers:
    """Nothing more comes of the rest. `kept` while pieces that came wait to be looked at."""
    return {each: {"kept": await _close(run, each.subject_id) in UNSEEN} for each in subjects}


async def _close(run: TaskRun, return_id: UUID) -> ReturnState:
    _, found = await returns.lock_return(run.db, return_id)
    if found.state in (R.INSPECTED, R.REFUNDED):
        found = await return_service.close_return(run.db, return_id, now=run.now)
    return found.state
