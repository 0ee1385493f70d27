"""Statements over payments, transactions and refunds. Orders are locked before payments."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session, chunks, in_key_order
from kontor.core.principal import Principal
from kontor.orders.models import Order
from kontor.orders.queries import visible_to as orders_visible_to
from kontor.payments.errors import PaymentNotFound, RefundNotFound
from kontor.payments.ledger import OPEN
from kontor.payments.models import (
    Payment,
    PaymentTransaction,
    Refund,
    RefundAllocation,
    TransactionKind,
    TransactionState,
)
from kontor.payments.states import RefundState

UNDER_WAY = (RefundState.AWAITING_APPROVAL, RefundState.REQUESTED)


def payments_visible_to(principal: Principal) -> sa.Select[Any]:
    """Payments of the orders a principal may see."""
    return _of_visible_orders(sa.select(Payment), Payment.order_id, principal)


def refunds_visible_to(principal: Principal) -> sa.Select[Any]:
    """Refunds of the orders a principal may see."""
    return _of_visible_orders(sa.select(Refund), Refund.order_id, principal)


def _of_visible_orders(found: sa.Select[Any], column: Any, principal: Principal) -> sa.Select[Any]:
    if not principal.restricted:
        return found
    return found.where(column.in_(orders_visible_to(principal).with_only_columns(Order.id)))


async def get_payment(db: Session, payment_id: UUID, principal: Principal) -> Payment:
    """The payment, if the principal may see it; raises `PaymentNotFound`."""
    payment: Payment | None = await db.scalar(payments_visible_to(principal).where(Payment.id == payment_id))
    if payment is None:
        raise PaymentNotFound("There is no such payment.", payment_id=str(payment_id))
    return payment


async def get_refund(db: Session, refund_id: UUID, principal: Principal) -> Refund:
    """The refund, if the principal may see it; raises `RefundNotFound`."""
    refund: Refund | None = await db.scalar(
        refunds_visible_to(principal).where(Refund.id == refund_id).execution_options(populate_existing=True)
    )
    if refund is None:
        raise RefundNotFound("There is no such refund.", refund_id=str(refund_id))
    return refund


async def lock_payments(db: Session, order_ids: Iterable[UUID]) -> dict[UUID, list[Payment]]:
    """Payments by order in their position, locked; their orders are locked before."""
    ids = in_key_order(order_ids)
    found: dict[UUID, list[Payment]] = {order_id: [] for order_id in ids}
    for part in chunks(ids):
        rows = await db.scalars(
            sa.select(Payment)
            .where(Payment.order_id.in_(part))
            .order_by(Payment.order_id, Payment.position)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        for payment in rows:
            found[payment.order_id].append(payment)
    return found


async def read_payments(db: Session, order_id: UUID) -> list[Payment]:
    """Payments of one order in their position, as they are now."""
    found = sa.select(Payment).where(Payment.order_id == order_id).order_by(Payment.position)
    return list(await db.scalars(found.execution_options(populate_existing=True)))


async def open_transactions(db: Session, payment_ids: Iterable[UUID]) -> dict[UUID, list[PaymentTransaction]]:
    """Intents without an outcome, by payment, oldest first."""
    found: dict[UUID, list[PaymentTransaction]] = {}
    for part in chunks(in_key_order(payment_ids)):
        rows = await db.scalars(
            sa.select(PaymentTransaction)
            .where(PaymentTransaction.payment_id.in_(part), PaymentTransaction.outcome.in_(OPEN))
            .order_by(PaymentTransaction.id)
            .execution_options(populate_existing=True)
        )
        for intent in rows:
            found.setdefault(intent.payment_id, []).append(intent)
    return found


async def declined_captures(db: Session, payment_ids: Iterable[UUID]) -> set[UUID]:
    """Those of the payments whose last capture was declined."""
    last: dict[UUID, TransactionState] = {}
    for part in chunks(in_key_order(payment_ids)):
        rows = await db.execute(
            sa.select(PaymentTransaction.payment_id, PaymentTransaction.outcome)
            .where(
                PaymentTransaction.payment_id.in_(part),
                PaymentTransaction.kind == TransactionKind.CAPTURE,
                PaymentTransaction.outcome.not_in(OPEN),
            )
            .order_by(PaymentTransaction.id)
        )
        last.update({row.payment_id: row.outcome for row in rows})
    return {payment_id for payment_id, outcome in last.items() if outcome is TransactionState.FAILED}


async def promised_refunds(db: Session, order_ids: Iterable[UUID]) -> dict[UUID, int]:
    """What open refunds of the orders will still take from each payment."""
    found: dict[UUID, int] = {}
    for part in chunks(in_key_order(order_ids)):
        rows = await db.execute(
            sa.select(RefundAllocation.payment_id, sa.func.sum(RefundAllocation.amount))
            .join(Refund, Refund.id == RefundAllocation.refund_id)
            .where(Refund.order_id.in_(part), Refund.state.in_(UNDER_WAY), sa.not_(RefundAllocation.done))
            .group_by(RefundAllocation.payment_id)
        )
        found.update({row[0]: int(row[1]) for row in rows})
    return found


async def allocations_of(db: Session, refund_ids: Iterable[UUID]) -> dict[UUID, list[RefundAllocation]]:
    """Shares by refund."""
    found: dict[UUID, list[RefundAllocation]] = {}
    for part in chunks(in_key_order(refund_ids)):
        rows = await db.scalars(
            sa.select(RefundAllocation)
            .where(RefundAllocation.refund_id.in_(part))
            .order_by(RefundAllocation.refund_id, RefundAllocation.payment_id)
            .execution_options(populate_existing=True)
        )
        for share in rows:
            found.setdefault(share.refund_id, []).append(share)
    return found


async def canceled_refunds(db: Session, order_ids: Iterable[UUID]) -> Mapping[UUID, int]:
    """What went back for pieces that never shipped, by order."""
    found: dict[UUID, int] = {}
    for part in chunks(in_key_order(order_ids)):
        rows = await db.execute(
            sa.select(Refund.order_id, sa.func.sum(Refund.amount))
            .where(Refund.order_id.in_(part), Refund.state == RefundState.SUCCEEDED, Refund.kind == "CANCELLATION")
            .group_by(Refund.order_id)
        )
        found.update({row[0]: int(row[1]) for row in rows})
    return found
