"""Cases that follow from what happens elsewhere."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from kontor.care import closing, late, service
from kontor.care.values import CaseKind, NewCase
from kontor.channels.models import SalesChannel
from kontor.core.db import Session
from kontor.core.jobs import JobContext, job
from kontor.core.outbox import Item
from kontor.core.principal import SYSTEM

LOSS_WITHIN = timedelta(days=7)
"""How long somebody has to claim money that a bank took back after it had been refunded."""


@job("care.raise", batch=50)
async def raise_cases(ctx: JobContext, items: Sequence[Item]) -> None:
    """Lines without stock, money that is not where it should be, and what was switched off need somebody."""
    async with ctx.claim(*items) as (db, mine):
        wanted = [case for item in mine if (case := _case_of(item)) is not None]
        if wanted:
            await service.open_cases(db, wanted, now=db.now)
        await _settle(db, mine)
        renewed = [str(item.key) for item in mine if item.event == "AuthorizationRenewed"]
        if renewed:
            kinds = (CaseKind.AUTHORIZATION_EXPIRING, CaseKind.PAYMENT_FAILED)
            await service.settle_cases(db, [(kind, key) for key in renewed for kind in kinds], now=db.now)


async def _settle(db: Session, items: Sequence[Item]) -> None:
    """Cases whose cause is gone: a dispute that is decided, a refund that was paid after all, a promise kept."""
    closed = [(CaseKind.DISPUTE, item.args["dispute_id"]) for item in items if item.event == "DisputeClosed"]
    repaid = [(CaseKind.REFUND_FAILED, item.args["refund_id"]) for item in items if item.event == "RefundRepaid"]
    done = [(CaseKind.FOLLOW_UP, item.args["contact_id"]) for item in items if item.event == "FollowUpDone"]
    if closed or repaid or done:
        await service.settle_cases(db, [*closed, *repaid, *done], now=db.now)


def _case_of(item: Item) -> NewCase | None:
    if item.key is None:
        return None
    match item.event:
        case "LinesUnallocated":
            facts = {"lines": item.args["lines"], "reason": item.args["reason"]}
            return NewCase(CaseKind.UNALLOCATED, str(item.key), item.key, facts)
        case "RefundFailed":
            facts = {name: item.args[name] for name in ("refund_id", "code", "message")}
            return NewCase(CaseKind.REFUND_FAILED, item.args["refund_id"], item.key, facts)
        case "AuthorizationExpiring":
            facts = {name: item.args[name] for name in ("payment_id", "expires_at")}
            due_at = datetime.fromisoformat(facts["expires_at"])
            return NewCase(CaseKind.AUTHORIZATION_EXPIRING, str(item.key), item.key, facts, due_at)
        case "RenewalDeclined":
            facts = {name: item.args[name] for name in ("missing", "currency")}
            return NewCase(CaseKind.PAYMENT_FAILED, str(item.key), item.key, facts)
        case "ChargebackLost":
            facts = {name: item.args[name] for name in ("payment_id", "amount", "currency")}
            until = None if item.occurred_at is None else item.occurred_at + LOSS_WITHIN
            return NewCase(CaseKind.CHARGEBACK_LOSS, item.args["transaction_id"], item.key, facts, until)
        case "RefundReturned":
            facts = {name: item.args[name] for name in ("refund_id", "code", "amount", "currency")}
            return NewCase(CaseKind.REFUND_FAILED, item.args["refund_id"], item.key, facts)
        case "DisputeOpened" | "DisputeChanged" | "DisputeDeadlineNear" | "DisputeAnswerFailed":
            return _of_dispute(item)
        case "FulfillmentOverdue":
            facts = {name: item.args[name] for name in ("fulfillment_order_id", "number", "partner_id", "ship_due_at")}
            return NewCase(CaseKind.LATE, item.args["fulfillment_order_id"], item.key, facts)
        case "FollowUpDue":
            facts = {name: item.args[name] for name in ("contact_id", "topic", "on")}
            order_id = UUID(item.args["order_id"]) if item.args.get("order_id") else None
            return NewCase(CaseKind.FOLLOW_UP, item.args["contact_id"], order_id, facts)
        case "WebhookEndpointDisabled":
            facts = {name: item.args[name] for name in ("endpoint_name", "reason")}
            return NewCase(CaseKind.WEBHOOK_DISABLED, str(item.key), facts=facts)
    return None


def _of_dispute(item: Item) -> NewCase | None:
    """A dispute that waits for an answer, with the last moment for it; what is with the bank needs nobody."""
    told = item.args
    if told.get("state", "NEEDS_RESPONSE") != "NEEDS_RESPONSE":
        return None
    names = ("dispute_id", "payment_id", "reason_code", "amount", "currency", "inquiry", "due_at", "code", "message")
    facts = {name: told[name] for name in names if told.get(name) is not None}
    if item.event == "DisputeDeadlineNear":
        facts["reminded"] = True
    due_at = datetime.fromisoformat(told["due_at"]) if told.get("due_at") else None
    return NewCase(CaseKind.DISPUTE, told["dispute_id"], item.key, facts, due_at)


@job("care.settle_late", every=timedelta(minutes=15))
async def settle_late(ctx: JobContext, items: Sequence[Item]) -> None:
    """Late work that has left, or is with nobody any more, needs nobody either."""
    async with ctx.claim(*items) as (db, mine):
        if mine:
            await late.settle_late(db, now=db.now)


@job("care.close_orders", every=timedelta(hours=6))
async def close_orders(ctx: JobContext, items: Sequence[Item]) -> None:
    """Close orders of which nothing is open any more, each few hundred in a unit of work of their own."""
    async with ctx.database.read_only(SYSTEM) as db:
        channels = [each for each in await db.scalars(sa.select(SalesChannel)) if closing.days_of(each) is not None]
    for channel in channels:
        count = closing.AT_ONCE
        while count == closing.AT_ONCE:
            async with ctx.database.unit_of_work(SYSTEM) as db:
                count = await closing.close_orders(db, channel, now=db.now)
