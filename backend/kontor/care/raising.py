"""Which facts need somebody, and which end that need."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.care.values import CaseKind, NewCase
from kontor.changes.money import UNPAID
from kontor.claims.models import Claim
from kontor.core.db import Session
from kontor.core.outbox import Item
from kontor.returns import homing
from kontor.returns.models import ReturnLine
from kontor.returns.states import ReturnReason

LOSS_WITHIN = timedelta(days=7)
"""How long somebody has to claim money that a bank took back after it had been refunded."""
CLAIM_WITHIN = timedelta(hours=48)
"""How long a customer waits for an answer to a claim."""
MUST_ARRIVE = frozenset(
    {
        "payment_awaited", "payment_failed", "dunning", "ready_for_pickup", "pickup_reminder", "digital_delivery",
        "goodwill_voucher", "return_approved", "exchange_agreed", "exchange_reminder", "exchange_overdue", "personal",
    }
)  # fmt: skip
"""Messages that ask the customer for something, or bring what they paid for: of one that came back they must hear."""
_GOODWILL_DECIDED = frozenset({"GoodwillGranted", "GoodwillDeclined", "GoodwillRecalled"})
_CLAIM_DECIDED = frozenset({"ClaimApproved", "ClaimDenied", "ClaimCanceled"})
REMINDERS_ALONE = 1
"""So many reminders go out before somebody looks after an invoice."""
Subject = tuple[CaseKind, str]


def case_of(item: Item) -> NewCase | None:
    """The case that an event raises; None for one that raises none."""
    if item.key is None:
        return None
    match item.event:
        case "LinesUnallocated":
            return NewCase(CaseKind.UNALLOCATED, str(item.key), item.key, _of(item, "lines", "reason"))
        case "FulfillmentOverdue":
            facts = _of(item, "fulfillment_order_id", "number", "partner_id", "ship_due_at")
            return NewCase(CaseKind.LATE, item.args["fulfillment_order_id"], item.key, facts)
        case "HoldPlaced":
            return _of_hold(item)
        case "GoodwillAsked":
            facts = _of(item, "goodwill_id", "form", "reason", "amount", "currency")
            return NewCase(CaseKind.GOODWILL, item.args["goodwill_id"], item.key, facts)
        case "ClaimOpened" | "ClaimReopened":
            until = None if item.occurred_at is None else item.occurred_at + CLAIM_WITHIN
            facts = _of(item, "claim_id", "number", "kind")
            return NewCase(CaseKind.CLAIM, item.args["claim_id"], item.key, facts, until)
        case "WebhookEndpointDisabled":
            return NewCase(CaseKind.WEBHOOK_DISABLED, str(item.key), facts=_of(item, "endpoint_name", "reason"))
        case "ReturnLabelFailed":
            facts = _of(item, "return_id", "code", "message")
            return NewCase(CaseKind.RETURN_LABEL, item.args["return_id"], item.key, facts)
        case "ContactLogged" if item.args.get("awaits_answer"):
            return NewCase(CaseKind.CUSTOMER_MAIL, str(item.key), item.key, _of(item, "contact_id", "topic"))
        case "MessageBounced" if item.args["template"] in MUST_ARRIVE:
            return NewCase(CaseKind.MAIL_BOUNCED, str(item.key), item.key, _of(item, "notification_id", "topic"))
        case "FollowUpDue":
            about = UUID(item.args["order_id"]) if item.args.get("order_id") else None
            return NewCase(CaseKind.FOLLOW_UP, item.args["contact_id"], about, _of(item, "contact_id", "topic", "on"))
        case "DisputeOpened" | "DisputeChanged" | "DisputeDeadlineNear" | "DisputeAnswerFailed":
            return _of_dispute(item)
    return _of_money(item, item.key)


def _of_money(item: Item, order_id: UUID) -> NewCase | None:
    match item.event:
        case "RefundFailed":
            facts = _of(item, "refund_id", "code", "message")
            return NewCase(CaseKind.REFUND_FAILED, item.args["refund_id"], order_id, facts)
        case "RefundReturned":
            facts = _of(item, "refund_id", "code", "amount", "currency")
            return NewCase(CaseKind.REFUND_FAILED, item.args["refund_id"], order_id, facts)
        case "ExchangeOverdue":
            facts = _of(item, "exchange_id", "number", "code", "amount", "currency", "asked")
            return NewCase(CaseKind.EXCHANGE_OVERDUE, item.args["exchange_id"], order_id, facts)
        case "AuthorizationExpiring":
            facts = _of(item, "payment_id", "expires_at")
            due_at = datetime.fromisoformat(facts["expires_at"])
            return NewCase(CaseKind.AUTHORIZATION_EXPIRING, str(order_id), order_id, facts, due_at)
        case "RenewalDeclined":
            return NewCase(CaseKind.PAYMENT_FAILED, str(order_id), order_id, _of(item, "missing", "currency"))
        case "ChargebackLost":
            until = None if item.occurred_at is None else item.occurred_at + LOSS_WITHIN
            facts = _of(item, "payment_id", "amount", "currency")
            return NewCase(CaseKind.CHARGEBACK_LOSS, item.args["transaction_id"], order_id, facts, until)
        case "PaymentChargedBack" if item.args["method"] == "DIRECT_DEBIT":
            facts = _of(item, "payment_id", "amount", "currency")
            return NewCase(CaseKind.RETURNED_DEBIT, item.args["transaction_id"], order_id, facts)
        case "DunningNoticeIssued" if item.args["level"] > REMINDERS_ALONE:
            facts = _of(item, "invoice_id", "number", "level", "claimed", "currency", "due_on")
            return NewCase(CaseKind.UNPAID, item.args["invoice_id"], order_id, facts)
    return None


def _of(item: Item, *names: str) -> dict[str, Any]:
    return {name: item.args[name] for name in names}


def _of_hold(item: Item) -> NewCase | None:
    """A hold that somebody has to decide on: a doubtful order, an address nobody can deliver to, a change that is not
    paid for."""
    if item.args["reason"] == UNPAID and item.key is not None:
        return NewCase(CaseKind.PAYMENT_FAILED, str(item.key), item.key, _of(item, "hold_id", "reason"))
    kinds = {"RISK": CaseKind.RISK_REVIEW, "ADDRESS": CaseKind.UNDELIVERABLE}
    kind = kinds.get(item.args["kind"])
    return None if kind is None else NewCase(kind, item.args["hold_id"], item.key, _of(item, "hold_id", "reason"))


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


def settled_by(item: Item) -> list[Subject]:
    """Cases whose cause an event ends: a dispute that is decided, a refund paid after all, a hold that is released,
    goodwill or a claim that is decided, a mail that is answered."""
    if item.event in _GOODWILL_DECIDED:
        return [(CaseKind.GOODWILL, item.args["goodwill_id"])]
    if item.event in _CLAIM_DECIDED:
        return [(CaseKind.CLAIM, item.args["claim_id"])]
    match item.event:
        case "DisputeClosed":
            return [(CaseKind.DISPUTE, item.args["dispute_id"])]
        case "RefundRepaid" | "RefundSucceeded":
            return [(CaseKind.REFUND_FAILED, item.args["refund_id"])]
        case "ReturnLabelMade":
            return [(CaseKind.RETURN_LABEL, item.args["return_id"])]
        case "ContactLogged" if item.args["direction"] == "OUTBOUND":
            return [(kind, str(item.key)) for kind in (CaseKind.CUSTOMER_MAIL, CaseKind.MAIL_BOUNCED)]
        case "FollowUpDone":
            return [(CaseKind.FOLLOW_UP, item.args["contact_id"])]
        case "HoldReleased" if item.args["kind"] == "PAYMENT":
            return [(CaseKind.PAYMENT_FAILED, str(item.key))]
        case "HoldReleased":
            return [(kind, item.args["hold_id"]) for kind in (CaseKind.RISK_REVIEW, CaseKind.UNDELIVERABLE)]
        case "AuthorizationRenewed":
            return [(kind, str(item.key)) for kind in (CaseKind.AUTHORIZATION_EXPIRING, CaseKind.PAYMENT_FAILED)]
    return []


def settled_last(items: Sequence[Item]) -> list[Subject]:
    """What events end, in their order, without what a later one raises anew: who writes again waits again."""
    ended: dict[Subject, None] = {}
    for item in items:
        case = case_of(item)
        if case is not None:
            ended.pop((case.kind, case.subject), None)
        ended |= dict.fromkeys(settled_by(item))
    return list(ended)


async def without_place(db: Session, items: Sequence[Item]) -> list[NewCase]:
    """Returns of goods that no place takes: somebody has to say where they are to go."""
    orders = {UUID(item.args["return_id"]): item for item in items}
    return [
        NewCase(
            CaseKind.RETURN_LABEL, str(each), orders[each].key,
            {**_of(orders[each], "return_id", "number"), "code": "NO_RETURN_PLACE"},
        )
        for each in sorted(await homing.without_place(db, orders) if orders else ())
    ]  # fmt: skip


async def wrong_articles(db: Session, items: Sequence[Item]) -> list[NewCase]:
    """Returns of what was not ordered: the customer still waits for the right article.

    Not those that answer a claim: with it somebody has decided what the customer gets.
    """
    orders = {UUID(item.args["return_id"]): item for item in items}
    if not orders:
        return []
    found = await db.scalars(
        sa.select(ReturnLine.return_id)
        .where(ReturnLine.return_id.in_(orders), ReturnLine.reason == ReturnReason.WRONG_ITEM)
        .where(~sa.exists().where(Claim.return_id == ReturnLine.return_id))
        .distinct()
    )
    return [
        NewCase(CaseKind.WRONG_ARTICLE, str(each), orders[each].key, _of(orders[each], "return_id", "number"))
        for each in sorted(found)
    ]
