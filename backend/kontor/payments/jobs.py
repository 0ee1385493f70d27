"""Jobs of payments. Each works in two steps: intents are committed, gateways are called, outcomes are committed with
the job's own end. What has no outcome yet is asked again under the same key."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa

from kontor.core.clock import wall
from kontor.core.db import Session
from kontor.core.inbox import InboxMessage
from kontor.core.jobs import JobContext, RetryLater, job
from kontor.core.outbox import Item, OutboxRow, schedule
from kontor.core.principal import SYSTEM
from kontor.documents import service as documents
from kontor.documents.models import Document
from kontor.documents.ports import DocumentStore
from kontor.orders.queries import lock_orders
from kontor.payments import (
    authorizing,
    capturing,
    disputes,
    disputing,
    queries,
    refunding,
    renewing,
    returning,
    surplus,
)
from kontor.payments.calling import Call, Results, Unsettled, carry_out, wait_for
from kontor.payments.capturing import CaptureOrder, CaptureUnderWay
from kontor.payments.models import (
    Dispute,
    DisputeAction,
    Payment,
    PaymentTransaction,
    TransactionKind,
    TransactionState,
)
from kontor.payments.ports import (
    Abilities,
    Declined,
    DisputeGateway,
    DisputeNews,
    Evidence,
    EvidenceFile,
    Operation,
    OutcomeUnknown,
    PaymentGateway,
    Sought,
)
from kontor.payments.reporting import report

PATIENT = 300
"""Attempts before a job is given up: a gateway may be away for a day and more."""

Plan = Callable[[Session], Awaitable[Mapping[UUID, Sequence[Call]]]]
End = Callable[[Session, Sequence[Item], Results], Awaitable[None]]
_JOB_OF = {
    TransactionKind.AUTHORIZE: "payments.authorize",
    TransactionKind.CAPTURE: "payments.capture",
    TransactionKind.VOID: "payments.void",
    TransactionKind.REFUND: "payments.refund",
}


def _ids(items: Iterable[Item], name: str) -> list[UUID]:
    return list(dict.fromkeys(UUID(item.args[name]) for item in items))


@job("payments.authorize", queue="payments", batch=50, max_attempts=PATIENT)
async def authorize(ctx: JobContext, items: Sequence[Item]) -> None:
    """Secure the money of orders: `order_id`; whatever comes of it, `then_capture` is collected for afterwards."""

    async def end(db: Session, mine: Sequence[Item], results: Results) -> None:
        await authorizing.finish_authorizations(db, _ids(mine, "order_id"), results, now=db.now)
        for item in mine:
            if then := item.args.get("then_capture"):
                schedule(db, "payments.capture", then, key=UUID(item.args["order_id"]))

    plan: Plan = lambda db: authorizing.plan_authorizations(db, _ids(items, "order_id"))  # noqa: E731
    await _two_steps(ctx, items, "order_id", plan, end)


@job("payments.capture", queue="payments", batch=50, max_attempts=PATIENT)
async def capture(ctx: JobContext, items: Sequence[Item]) -> None:
    """Collect for shipments: what a `CaptureOrder` says."""

    async def end(db: Session, mine: Sequence[Item], results: Results) -> None:
        asked = [CaptureOrder.of(item.args) for item in mine]
        await capturing.finish_captures(db, asked, results, _abilities(ctx), now=db.now)

    for part in _rounds(items):
        asked = [CaptureOrder.of(item.args) for item in part]
        try:
            await _two_steps(
                ctx, part, "shipment_id", partial(_plan_captures, asked=asked, abilities_of=_abilities(ctx)), end
            )
        except CaptureUnderWay:
            raise RetryLater(timedelta(seconds=1), "an earlier capture has no outcome yet") from None


async def _plan_captures(
    db: Session, *, asked: Sequence[CaptureOrder], abilities_of: Callable[[str], Abilities]
) -> Mapping[UUID, Sequence[Call]]:
    return await capturing.prepare_captures(db, asked, abilities_of)


def _rounds(items: Sequence[Item]) -> list[list[Item]]:
    """The rows in rounds of one per order: a shipment is planned when the one before it is collected."""
    rounds: list[list[Item]] = []
    seen: dict[str, int] = {}
    for item in items:
        number = seen[item.args["order_id"]] = seen.get(item.args["order_id"], -1) + 1
        if number == len(rounds):
            rounds.append([])
        rounds[number].append(item)
    return rounds


@job("payments.void", queue="payments", batch=50, max_attempts=PATIENT)
async def void(ctx: JobContext, items: Sequence[Item]) -> None:
    """Give back what is promised and not needed any more: `order_id`."""

    async def end(db: Session, mine: Sequence[Item], results: Results) -> None:
        await capturing.finish_voids(db, _ids(mine, "order_id"), results, now=db.now)
        await surplus.refund_called_off(db, _ids(mine, "order_id"), now=db.now)

    plan: Plan = lambda db: capturing.prepare_voids(db, _ids(items, "order_id"))  # noqa: E731
    await _two_steps(ctx, items, "order_id", plan, end)


@job("payments.refund", queue="payments", batch=50, max_attempts=PATIENT)
async def refund(ctx: JobContext, items: Sequence[Item]) -> None:
    """Pay money back: `refund_id`."""

    async def end(db: Session, mine: Sequence[Item], results: Results) -> None:
        await refunding.finish_refunds(db, _ids(mine, "refund_id"), results, now=db.now)

    plan: Plan = lambda db: refunding.prepare_refunds(db, _ids(items, "refund_id"))  # noqa: E731
    await _two_steps(ctx, items, "refund_id", plan, end)


async def _two_steps(ctx: JobContext, items: Sequence[Item], subject: str, plan: Plan, end: End) -> None:
    """Intents, calls, outcomes; items whose calls have no outcome stay and are tried again."""
    calls = await ctx.database.in_unit(SYSTEM, plan)
    results = await carry_out([call for group in calls.values() for call in group], lambda name: _gateway(ctx, name))
    waiting = {
        key: [call for call in group if isinstance(results[call.intent.id], Unsettled)] for key, group in calls.items()
    }
    ready = [item for item in items if not waiting.get(UUID(item.args[subject]))]
    if ready:
        async with ctx.claim(*ready) as (db, mine):
            if mine:
                await end(db, mine, results)
    unsettled = [call for group in waiting.values() for call in group]
    if unsettled:
        await _come_back(ctx, unsettled, results)


async def _come_back(ctx: JobContext, calls: Sequence[Call], results: Results) -> None:
    """Mark what is not known and leave by the exception that brings the job back."""
    problems = [each.problem for call in calls if isinstance(each := results[call.intent.id], Unsettled)]
    unknown = [call.intent for call, problem in zip(calls, problems, strict=True) if problem is None]
    if not unknown:
        problem = next(each for each in problems if each is not None)
        if after := problem.params.get("retry_after"):
            raise RetryLater(timedelta(seconds=float(after)), problem.message)
        raise problem
    async with ctx.database.unit_of_work() as db:
        await db.execute(
            sa.update(PaymentTransaction)
            .where(
                PaymentTransaction.id.in_([intent.id for intent in unknown]),
                PaymentTransaction.outcome == TransactionState.PENDING,
            )
            .values(outcome=TransactionState.UNKNOWN)
        )
        await queries.lock_payments(db, [intent.order_id for intent in unknown])
        touched = sa.update(Payment).where(Payment.id.in_([intent.payment_id for intent in unknown]))
        await db.execute(touched.values(updated_at=db.now))
        delay = wait_for(unknown, db.now)
    raise RetryLater(delay, "the outcome is not known yet")


def _abilities(ctx: JobContext) -> Callable[[str], Abilities]:
    return lambda name: _gateway(ctx, name).abilities


def _gateway(ctx: JobContext, name: str) -> PaymentGateway:
    return ctx.ports.get(PaymentGateway, name)  # type: ignore[type-abstract]


@job("payments.watch_authorizations", queue="payments", every=timedelta(minutes=15))
async def watch_authorizations(ctx: JobContext, items: Sequence[Item]) -> None:
    """Warn of promises that run out, and renew those that have."""
    async with ctx.claim(*items) as (db, mine):
        if mine:
            await renewing.watch_expiry(db, now=db.now)


@job("payments.notice", queue="payments", batch=50)
async def notice(ctx: JobContext, items: Sequence[Item]) -> None:
    """Follow what gateways told: `source`, `external_id` of a message in the inbox.

    About a call of ours, the gateway itself is asked at once; only what we did not start is taken from the notice.
    """
    async with ctx.claim(*items) as (db, mine):
        for item in mine:
            message: InboxMessage | None = await db.scalar(
                sa.select(InboxMessage).where(
                    InboxMessage.source == item.args["source"], InboxMessage.external_id == item.args["external_id"]
                )
            )
            if message is not None and message.handled_at is None:
                gateway = message.source.removeprefix("gateway/")
                await _follow(db, message.body, notice_id=message.external_id, gateway=gateway)
                message.handled_at = db.now


async def _follow(db: Session, told: Mapping[str, Any], *, notice_id: str, gateway: str) -> None:
    if told["key"] is not None:
        intent = await db.scalar(sa.select(PaymentTransaction).where(PaymentTransaction.idempotency_key == told["key"]))
        if intent is not None and intent.outcome in (TransactionState.PENDING, TransactionState.UNKNOWN):
            await _hasten(db, _JOB_OF[intent.kind], intent.order_id)
        elif intent is not None and _came_back(intent, told):
            schedule(db, "payments.check_refund", {"transaction_id": intent.id}, key=intent.order_id)
        return
    if told["operation"] != TransactionKind.CHARGEBACK or told["amount"] is None:
        return
    payment = await _payment_named(db, told["payment_reference"])
    if payment is None and told.get("authorization"):
        payment = await _payment_authorized(db, gateway, told["authorization"])
    if payment is None:
        return
    orders = await lock_orders(db, [payment.order_id])
    payments = await queries.lock_payments(db, orders)
    locked = next(each for each in payments[payment.order_id] if each.id == payment.id)
    if told.get("dispute"):
        await disputing.hear(db, locked, disputing.news_of(told["dispute"]), gateway=gateway, now=db.now)
        await db.flush()
    else:
        await disputes.charge_back(db, locked, int(told["amount"]), notice_id=notice_id, now=db.now)
    await report(db, list(orders.values()), payments, now=db.now)


def _came_back(intent: PaymentTransaction, told: Mapping[str, Any]) -> bool:
    """Whether a refund that went is said to have failed after all."""
    done = intent.kind is TransactionKind.REFUND and intent.outcome is TransactionState.SUCCEEDED
    return done and told["result"] == Declined.__name__


async def _payment_named(db: Session, reference: str) -> Payment | None:
    try:
        return await db.get(Payment, UUID(reference))
    except ValueError:
        return None


async def _payment_authorized(db: Session, gateway: str, authorization: str) -> Payment | None:
    """The payment by the gateway's own reference; notices of the default gateway come under either of its names."""
    found = sa.select(Payment).where(Payment.gateway_reference == authorization, Payment.gateway.in_({gateway, ""}))
    payment: Payment | None = await db.scalar(found.order_by(Payment.id).limit(1))
    return payment


async def _hasten(db: Session, name: str, order_id: UUID) -> None:
    """The job that waits for an outcome asks now."""
    await db.execute(
        sa.update(OutboxRow)
        .where(OutboxRow.key == order_id, OutboxRow.job == name, sa.not_(OutboxRow.dead))
        .values(available_at=wall())
    )


@job("payments.check_refund", queue="payments", max_attempts=PATIENT)
async def check_refund(ctx: JobContext, items: Sequence[Item]) -> None:
    """Ask the gateway whether a refund that went has come back, and book it if so: `transaction_id`."""
    for item in items:
        async with ctx.database.read_only() as db:
            intent = await db.get_one(PaymentTransaction, UUID(item.args["transaction_id"]))
            payment = await db.get_one(Payment, intent.payment_id)
        sought = Sought(Operation.REFUND, str(payment.id), payment.gateway_reference or "", asked_at=intent.created_at)
        try:
            outcome = await _gateway(ctx, payment.gateway).find(intent.idempotency_key, sought)
        except OutcomeUnknown:
            raise RetryLater(timedelta(seconds=5), "the gateway did not answer") from None
        async with ctx.claim(item) as (db, mine):
            if mine and isinstance(outcome, Declined):
                await returning.take_back(db, intent.id, outcome, now=db.now)


@job("payments.answer_dispute", queue="payments", max_attempts=PATIENT)
async def answer_dispute(ctx: JobContext, items: Sequence[Item]) -> None:
    """Send what a person answered to a dispute, once: `action_id`. What became of it is asked until it is known."""
    for item in items:
        async with ctx.database.read_only() as db:
            action = await db.get_one(DisputeAction, UUID(item.args["action_id"]))
            dispute = await db.get_one(Dispute, action.dispute_id)
            payment = await db.get_one(Payment, dispute.payment_id)
            files = await _documents_of(db, action)
        gateway = cast(DisputeGateway, _gateway(ctx, payment.gateway))
        try:
            answer = await _answer(ctx, gateway, action, dispute, files)
        except OutcomeUnknown:
            await _note_unknown(ctx, action.id)
            raise RetryLater(timedelta(seconds=5), "the outcome is not known yet") from None
        async with ctx.claim(item) as (db, mine):
            if mine:
                await disputing.finish_action(db, action.id, answer, now=db.now)


async def _documents_of(db: Session, action: DisputeAction) -> list[tuple[str, Document]]:
    return [(each["purpose"], await db.get_one(Document, UUID(each["document_id"]))) for each in action.documents]


async def _answer(
    ctx: JobContext,
    gateway: DisputeGateway,
    action: DisputeAction,
    dispute: Dispute,
    files: Sequence[tuple[str, Document]],
) -> DisputeNews | Declined:
    key = str(action.id)
    done = await gateway.find_dispute(key, dispute.reference) if action.outcome is TransactionState.UNKNOWN else None
    if done is not None:
        return done
    if action.kind == disputing.ACCEPT:
        return await gateway.accept(key, dispute.reference)
    store = ctx.ports.get(DocumentStore)  # type: ignore[type-abstract]
    shown = [
        EvidenceFile(purpose, f"{row.number}.{row.key.rpartition('.')[2]}", row.content_type,
                     await documents.read(store, row))
        for purpose, row in files
    ]  # fmt: skip
    return await gateway.contest(key, dispute.reference, Evidence(action.texts, shown))


async def _note_unknown(ctx: JobContext, action_id: UUID) -> None:
    async with ctx.database.unit_of_work() as db:
        pending = sa.update(DisputeAction).where(
            DisputeAction.id == action_id, DisputeAction.outcome == TransactionState.PENDING
        )
        await db.execute(pending.values(outcome=TransactionState.UNKNOWN))


@job("payments.watch_disputes", queue="payments", every=timedelta(hours=1))
async def watch_disputes(ctx: JobContext, items: Sequence[Item]) -> None:
    """Remind of disputes that nobody has answered before it is too late."""
    async with ctx.claim(*items) as (db, mine):
        if mine:
            await disputing.remind(db, now=db.now)
