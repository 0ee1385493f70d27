"""What the ledger of payments says against their counters, for the audit."""

from collections.abc import AsyncIterator

import sqlalchemy as sa

from kontor.core.db import Session
from kontor.payments.models import (
    Payment,
    PaymentTransaction,
    Refund,
    RefundAllocation,
    TransactionKind,
    TransactionState,
)
from kontor.payments.states import PaymentMethodKind, RefundState

K = TransactionKind
_ADVANCE = [kind for kind in PaymentMethodKind if kind.money_in_advance]


async def differences(db: Session) -> AsyncIterator[str]:
    """Each payment whose counters are not the sum of its transactions or pass a limit, each refund that does not add
    up, each intent that was never settled although its payment ended; one line of text per difference."""
    async for text in _counters(db):
        yield text
    async for text in _refunds(db):
        yield text


def _sum(*kinds: TransactionKind) -> sa.ColumnElement[int]:
    wanted = sa.and_(PaymentTransaction.kind.in_(kinds), PaymentTransaction.outcome == TransactionState.SUCCEEDED)
    return sa.func.coalesce(sa.func.sum(sa.case((wanted, PaymentTransaction.amount), else_=0)), 0)


async def _counters(db: Session) -> AsyncIterator[str]:
    advance = Payment.kind.in_(_ADVANCE)
    sums = (
        sa.select(
            Payment.id, Payment.order_id, Payment.kind,
            Payment.authorized, Payment.captured, Payment.refunded, Payment.billed, Payment.credited,
            (
                _sum(K.AUTHORIZE) - _sum(K.VOID, K.TAKEOVER) + sa.case((advance, _sum(K.RECEIVE)), else_=0)
            ).label("authorized_sum"),
            (_sum(K.CAPTURE, K.RECEIVE) - _sum(K.WITHDRAW)).label("captured_sum"),
            (
                _sum(K.REFUND, K.CHARGEBACK, K.TRANSFER) - _sum(K.REINSTATE, K.REFUND_RETURN)
            ).label("refunded_sum"),
            (_sum(K.BILL) - _sum(K.TAKEOVER)).label("billed_sum"),
            _sum(K.CREDIT).label("credited_sum"),
        )
        .outerjoin(PaymentTransaction, PaymentTransaction.payment_id == Payment.id)
        .group_by(Payment.id)
        .subquery()
    )  # fmt: skip
    names = ("authorized", "captured", "refunded", "billed", "credited")
    wrong = [sums.c[name] != sums.c[f"{name}_sum"] for name in names]
    limits = [
        sums.c.captured > sums.c.authorized,
        sums.c.refunded > sums.c.captured,
        sums.c.billed > sums.c.authorized,
    ]
    for row in (await db.execute(sa.select(sums).where(sa.or_(*wrong, *limits)))).mappings():
        off = [f"{name} {row[name]} is {row[f'{name}_sum']} by its transactions" for name in names
               if row[name] != row[f"{name}_sum"]]  # fmt: skip
        yield f"payment {row['id']} of order {row['order_id']}: {'; '.join(off) or 'more was taken than promised'}"


async def _refunds(db: Session) -> AsyncIterator[str]:
    shares = (
        sa.select(
            RefundAllocation.refund_id,
            sa.func.sum(RefundAllocation.amount).label("amount"),
            sa.func.sum(sa.case((RefundAllocation.done, RefundAllocation.amount), else_=0)).label("done"),
        )
        .group_by(RefundAllocation.refund_id)
        .subquery()
    )
    moved = (
        sa.select(
            PaymentTransaction.refund_id,
            sa.func.sum(
                sa.case(
                    (PaymentTransaction.kind == K.REFUND_RETURN, -PaymentTransaction.amount),
                    else_=PaymentTransaction.amount,
                )
            ).label("amount"),
        )
        .where(
            PaymentTransaction.kind.in_((K.REFUND, K.CREDIT, K.TRANSFER, K.REFUND_RETURN)),
            PaymentTransaction.outcome == TransactionState.SUCCEEDED,
        )
        .group_by(PaymentTransaction.refund_id)
        .subquery()
    )
    paid, done = sa.func.coalesce(moved.c.amount, 0), sa.func.coalesce(shares.c.done, 0)
    found = (
        sa.select(Refund.id, Refund.amount, shares.c.amount, done, paid)
        .outerjoin(shares, shares.c.refund_id == Refund.id)
        .outerjoin(moved, moved.c.refund_id == Refund.id)
        .where(
            sa.or_(
                sa.func.coalesce(shares.c.amount, 0) != Refund.amount,
                done != paid,
                sa.and_(Refund.state == RefundState.SUCCEEDED, paid != Refund.amount),
            )
        )
    )
    for row in await db.execute(found):
        yield f"refund {row[0]}: {row[1]} granted, {row[2]} divided, {row[3]} done, {row[4]} moved"
