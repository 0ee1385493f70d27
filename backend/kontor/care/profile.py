"""Who a customer is to the company: what they bought, sent back and are owed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from kontor.care.erasing import all_ids, entries_of
from kontor.core.db import Session
from kontor.customers.models import ConsentChange, Customer
from kontor.documents.models import Document
from kontor.orders.models import Order, OrderLine
from kontor.orders.states import OrderState
from kontor.payments.models import Refund
from kontor.payments.states import RefundState
from kontor.returns.models import Return
from kontor.risk.models import RiskListEntry

MOST_RETURNS, MOST_REFUNDS, MOST_CHANGES, MOST_EXPORTS = 20, 20, 50, 5
_VOID = (OrderState.CANCELED, OrderState.REJECTED)


@dataclass(frozen=True, slots=True)
class Value:
    """Orders in one currency that were not canceled, their total and what was paid back, in minor units."""

    currency: str
    orders: int
    ordered: int
    refunded: int


@dataclass(frozen=True, slots=True)
class Profile:
    """A customer with everything their page shows beside orders. `return_share` is in percent of shipped pieces."""

    customer: Customer
    merged: Sequence[Customer]
    values: Sequence[Value]
    shipped: int
    returned: int
    entries: Sequence[RiskListEntry]
    consent_changes: Sequence[ConsentChange]
    returns: Sequence[tuple[Return, str]]
    credits: Sequence[tuple[Refund, str]]
    exports: Sequence[Document]

    @property
    def return_share(self) -> int:
        """Of a hundred pieces that left, how many came back; rounded."""
        return round(100 * self.returned / self.shipped) if self.shipped else 0


async def profile_of(db: Session, customer: Customer) -> Profile:
    """The profile of a visible customer, in as many statements however much they bought."""
    ids = [item for item in await all_ids(db, customer.id) if item != customer.id]
    merged = await db.scalars(sa.select(Customer).where(Customer.id.in_(ids)).order_by(Customer.merged_at))
    mine = Order.customer_id == customer.id
    totals = (
        sa.select(Order.currency, sa.func.count(), sa.func.sum(Order.total))
        .where(mine, Order.state.not_in(_VOID))
        .group_by(Order.currency)
        .order_by(Order.currency)
    )
    paid_back = (
        sa.select(Refund.currency, sa.func.sum(Refund.amount))
        .join(Order, Order.id == Refund.order_id)
        .where(mine, Refund.state == RefundState.SUCCEEDED)
        .group_by(Refund.currency)
    )
    refunded = {row[0]: int(row[1]) for row in await db.execute(paid_back)}
    values = [Value(row[0], row[1], int(row[2]), refunded.get(row[0], 0)) for row in await db.execute(totals)]
    pieces = (
        sa.select(
            sa.func.coalesce(sa.func.sum(OrderLine.shipped), 0), sa.func.coalesce(sa.func.sum(OrderLine.returned), 0)
        )
        .join(Order, Order.id == OrderLine.order_id)
        .where(mine)
    )
    shipped, returned = (await db.execute(pieces)).one()
    changes = sa.select(ConsentChange).where(ConsentChange.customer_id == customer.id)
    exports = sa.select(Document).where(Document.kind == "CUSTOMER_EXPORT", Document.subject_id == customer.id)
    return Profile(
        customer=customer,
        merged=merged.all(),
        values=values,
        shipped=int(shipped),
        returned=int(returned),
        entries=await entries_of(db, [customer.id, *ids]),
        consent_changes=(
            await db.scalars(changes.order_by(ConsentChange.at.desc(), ConsentChange.id.desc()).limit(MOST_CHANGES))
        ).all(),
        returns=await _returns(db, customer.id),
        credits=await _refunds(db, customer.id),
        exports=(await db.scalars(exports.order_by(Document.created_at.desc()).limit(MOST_EXPORTS))).all(),
    )


async def _returns(db: Session, customer_id: UUID) -> list[tuple[Return, str]]:
    found = (
        sa.select(Return, Order.number)
        .join(Order, Order.id == Return.order_id)
        .where(Order.customer_id == customer_id)
        .order_by(Return.requested_at.desc())
        .limit(MOST_RETURNS)
    )
    return [(row[0], row[1]) for row in await db.execute(found)]


async def _refunds(db: Session, customer_id: UUID) -> list[tuple[Refund, str]]:
    found = (
        sa.select(Refund, Order.number)
        .join(Order, Order.id == Refund.order_id)
        .where(Order.customer_id == customer_id)
        .order_by(Refund.requested_at.desc())
        .limit(MOST_REFUNDS)
    )
    return [(row[0], row[1]) for row in await db.execute(found)]
