"""What an installation holds when a replay is over: one record per order, read straight from the tables.

The digest covers everything that has to be the same however often processes died on the way: no ids, no times, no
numbers that depend on who came first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import UUID

import orjson
import sqlalchemy as sa

from kontor.catalog.models import ProductVariant
from kontor.core.db import Database, Session
from kontor.fulfillment.models import FulfillmentOrder, Shipment
from kontor.inventory.models import StockLevel
from kontor.invoicing.models import CreditNote, Invoice
from kontor.locations.models import StockLocation
from kontor.notifications.models import Notification
from kontor.orders.models import Order, OrderLine
from kontor.payments.models import Payment, Refund


class Pieces(NamedTuple):
    """The counters of a line."""

    sku: str
    ordered: int
    canceled: int
    allocated: int
    backordered: int
    shipped: int
    delivered: int
    returned: int
    refunded: int
    gross: int


class Paid(NamedTuple):
    """The amounts of a payment."""

    kind: str
    amount: int
    authorized: int
    captured: int
    refunded: int
    state: str


@dataclass(slots=True)
class Ended:
    """One order at the end; amounts in minor units."""

    external_id: str
    state: str
    fulfillment: str
    charge: str
    returned: str
    goods: int
    charges: int
    total: int
    lines: list[Pieces] = field(default_factory=list)
    payments: list[Paid] = field(default_factory=list)
    work: Counter[str] = field(default_factory=Counter)
    shipped: list[int] = field(default_factory=list)
    invoiced: list[int] = field(default_factory=list)
    credited: list[int] = field(default_factory=list)
    refunds: list[tuple[Any, ...]] = field(default_factory=list)
    messages: Counter[str] = field(default_factory=Counter)

    @property
    def captured(self) -> int:
        """Money that came in."""
        return sum(payment.captured for payment in self.payments)

    @property
    def refunded(self) -> int:
        """Money that went back."""
        return sum(payment.refunded for payment in self.payments)

    def plain(self) -> list[Any]:
        """The record as it goes into the digest.

        Pieces that come back in several parcels are paid back at once or one after the other, as the work happens to
        come: what counts is the sum of each kind, and that every refund was told once.
        """
        paid_back: Counter[tuple[str, str]] = Counter()
        for kind, state, amount in self.refunds:
            paid_back[kind, state] += int(amount)
        told = Counter(self.messages)
        told_refunds = told.pop("refunded", 0) == sum(state == "SUCCEEDED" for _, state, _ in self.refunds)
        return [
            self.external_id, self.state, self.fulfillment, self.charge, self.returned, self.goods, self.charges,
            self.total, sorted(self.lines), self.payments, sorted(self.work.items()), sorted(self.shipped),
            sorted(self.invoiced), sum(self.credited), sorted(paid_back.items()), sorted(told.items()), told_refunds,
        ]  # fmt: skip


@dataclass(slots=True)
class Outcome:
    """Everything at the end: orders by external id, pieces by place and article, messages that left."""

    orders: dict[str, Ended]
    stock: list[tuple[str, str, int, int]]
    sent_messages: int

    def ends(self) -> dict[str, str]:
        """Where each order and each article of a place ended, as the digest takes it."""
        ends = {key: orjson.dumps(self.orders[key].plain(), default=tuple).decode() for key in sorted(self.orders)}
        return ends | {f"{place} {sku}": f"{on_hand} {promised}" for place, sku, on_hand, promised in self.stock}

    def digest(self) -> str:
        """Equal for two ends that say the same."""
        text = orjson.dumps(
            [[self.orders[key].plain() for key in sorted(self.orders)], sorted(self.stock)], default=tuple
        )
        return sha256(text).hexdigest()


async def read(database: Database) -> Outcome:
    """The present state, in one read."""
    async with database.read_only() as db:
        orders = {
            row.id: Ended(
                row.external_id, str(row.state), str(row.fulfillment_status), str(row.charge_status),
                str(row.return_status), row.goods_total, row.charges_total, row.total,
            )
            for row in await db.execute(_ORDERS)
        }  # fmt: skip
        await _goods(db, orders)
        await _money(db, orders)
        stock = [tuple(row) for row in await db.execute(_STOCK)]
        sent = await db.scalar(
            sa.select(sa.func.count()).select_from(Notification).where(Notification.sent_at.is_not(None))
        )
    return Outcome({ended.external_id: ended for ended in orders.values()}, stock, sent or 0)  # type: ignore[arg-type]


_ORDERS = sa.select(
    Order.id, Order.external_id, Order.state, Order.fulfillment_status, Order.charge_status, Order.return_status,
    Order.goods_total, Order.charges_total, Order.total,
)  # fmt: skip
_LINES = sa.select(
    OrderLine.order_id, OrderLine.sku, OrderLine.ordered, OrderLine.canceled, OrderLine.allocated,
    OrderLine.backordered, OrderLine.shipped, OrderLine.delivered, OrderLine.returned, OrderLine.refunded,
    OrderLine.gross_total,
)  # fmt: skip
_PAYMENTS = sa.select(
    Payment.order_id, Payment.kind, Payment.amount, Payment.authorized, Payment.captured, Payment.refunded,
    Payment.state,
).order_by(Payment.order_id, Payment.position)  # fmt: skip
_STOCK = (
    sa.select(StockLocation.code, ProductVariant.sku, StockLevel.on_hand, StockLevel.allocated)
    .join(StockLocation, StockLocation.id == StockLevel.location_id)
    .join(ProductVariant, ProductVariant.id == StockLevel.variant_id)
)


async def _goods(db: Session, orders: dict[UUID, Ended]) -> None:
    for row in await db.execute(_LINES):
        orders[row.order_id].lines.append(Pieces(*row[1:]))
    for order_id, state in await db.execute(sa.select(FulfillmentOrder.order_id, FulfillmentOrder.state)):
        orders[order_id].work[str(state)] += 1
    sent = sa.select(Shipment.order_id, Shipment.amount).where(Shipment.recalled_at.is_(None))
    for order_id, amount in await db.execute(sent):
        orders[order_id].shipped.append(amount)


async def _money(db: Session, orders: dict[UUID, Ended]) -> None:
    for row in await db.execute(_PAYMENTS):
        orders[row.order_id].payments.append(Paid(*row[1:]))
    for order_id, gross in await db.execute(sa.select(Invoice.order_id, Invoice.gross)):
        orders[order_id].invoiced.append(gross)
    for order_id, gross in await db.execute(sa.select(CreditNote.order_id, CreditNote.gross)):
        orders[order_id].credited.append(gross)
    for order_id, *refund in await db.execute(sa.select(Refund.order_id, Refund.kind, Refund.state, Refund.amount)):
        orders[order_id].refunds.append(tuple(str(part) for part in refund))
    for order_id, template in await db.execute(sa.select(Notification.order_id, Notification.template)):
        if order_id in orders:
            orders[order_id].messages[template] += 1


def by_method(orders: Iterable[Ended]) -> dict[str, int]:
    """What was promised, by method."""
    sums: Counter[str] = Counter()
    for ended in orders:
        for payment in ended.payments:
            sums[payment.kind] += payment.amount
    return dict(sorted(sums.items()))
