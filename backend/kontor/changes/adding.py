"""Lines added to an order that was taken: priced, taxed, allocated like those it was placed with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from kontor.catalog.models import ProductKind
from kontor.changes.errors import NotChangeable
from kontor.changes.events import OrderLinesAdded
from kontor.changes.placing import Sourcing, take_pieces
from kontor.changes.pricing import NewLine, price_added
from kontor.core.db import Session
from kontor.core.errors import Path
from kontor.core.ids import new_id
from kontor.core.outbox import record
from kontor.core.statemachine import transition
from kontor.orders import progress
from kontor.orders.events import LinesUnallocated
from kontor.orders.models import Order, OrderLine, PriceAdjustment
from kontor.orders.states import ORDER, DeliveryType, OrderState
from kontor.orders.totals import PricedLine

ENDED = frozenset({OrderState.CANCELED, OrderState.REJECTED, OrderState.CLOSED})
ADDED_WITHOUT_STOCK = "ADDED_WITHOUT_STOCK"


@dataclass(frozen=True, slots=True)
class Added:
    """What was added: the new lines in the order of the wishes, what they cost gross, and from where they come."""

    lines: tuple[OrderLine, ...]
    amount: int
    sourcing: Sourcing


async def add_lines(
    db: Session,
    order: Order,
    lines: Sequence[OrderLine],
    wanted: Sequence[NewLine],
    *,
    reason: str,
    now: datetime,
    paths: Sequence[Path] | None = None,
) -> Added:
    """Add lines to a locked order (all of its lines are given) and promise their stock, in this transaction.

    Totals grow by what the lines cost; who pays that is `money.settle_difference`. An order whose goods have all left,
    or that was complete, is worked on again: its new lines are given to places, and codes issued, once this
    transaction is done and nothing holds the order (money that is not promised does). `paths` name the wishes in the
    caller's input. Raises what `price_added` raises, `NotChangeable` for an order that has ended or takes no goods, and
    `OutOfStock` where the channel takes no order without stock.
    """
    check_addable(order)
    priced = await price_added(db, order, lines, wanted)
    check_deliverable(order, priced)
    rows = new_rows(order, lines, priced)
    for row in rows:
        row.added_at = now
    db.add_all(rows)
    await db.flush()
    goods = {row.id: row.ordered for row in rows if row.kind == ProductKind.PHYSICAL}
    named = [("lines", index) for index in range(len(wanted))] if paths is None else paths
    by_row = {row.id: (*named[line.input_index], "quantity") for row, line in zip(rows, priced, strict=True)}
    sourcing = await take_pieces(db, order, rows, goods, paths=by_row, reason=reason)
    for pick in sourcing.picks:
        row = next(each for each in rows if each.id == pick.order_line_id)
        if pick.inbound_id is None:
            row.allocated += pick.quantity
        else:
            row.backordered += pick.quantity
    db.add_all(_adjustments(order, rows, priced))
    amount = _raise_totals(order, rows, now=now)
    _tell(db, order, rows, sourcing, amount=amount, reason=reason)
    progress.count(db, order, [*lines, *rows], {}, now=now)
    if order.state is OrderState.COMPLETED:
        transition(db, order, OrderState.IN_FULFILLMENT, table=ORDER, now=now, reason=reason[:500])
    await db.flush()
    return Added(tuple(rows), amount, sourcing)


def check_addable(order: Order) -> None:
    """Raise `NotChangeable` for an order to which nothing can be added any more."""
    if order.state in ENDED:
        raise NotChangeable(f"The order is {order.state}.", code="ORDER_ENDED", state=str(order.state))


def check_deliverable(order: Order, priced: Sequence[PricedLine]) -> None:
    """Raise `NotChangeable` for goods in an order that has no address they could go to."""
    if order.delivery_type is DeliveryType.DIGITAL and any(line.kind == ProductKind.PHYSICAL for line in priced):
        raise NotChangeable("The order has no address for goods.", code="NO_DELIVERY_ADDRESS", path=("adds",))


def new_rows(order: Order, lines: Sequence[OrderLine], priced: Sequence[PricedLine]) -> list[OrderLine]:
    """The rows of lines that are added, after those there are; nothing of them is allocated yet."""
    first = max((line.position for line in lines), default=0) + 1
    return [
        OrderLine(
            id=new_id(), order_id=order.id, position=position, external_id=line.external_id,
            variant_id=line.variant_id, sku=line.sku, name=line.name, kind=line.kind, group_key=line.group_key,
            bundle_sku=line.bundle_sku, bundle_key=line.bundle_key, bundle_quantity=line.bundle_quantity,
            no_split=line.no_split, tax_class=line.tax_class, tax_rate=line.tax_rate, unit_price=line.unit_price,
            price_list=line.price_list, discount_total=line.discount, net_total=line.net, tax_total=line.tax,
            gross_total=line.gross, weight_g=line.weight_g, ordered=line.quantity, canceled=0, allocated=0,
            backordered=0, shipped=0, delivered=0, returned=0, refunded=0, canceled_gross=0,
        )
        for position, line in enumerate(priced, first)
    ]  # fmt: skip


def _adjustments(order: Order, rows: Sequence[OrderLine], priced: Sequence[PricedLine]) -> list[PriceAdjustment]:
    return [
        PriceAdjustment(
            id=new_id(), order_id=order.id, order_line_id=row.id, code=(line.discount_code or "LINE")[:60],
            label=(line.discount_code or "LINE")[:200], amount=line.line_discount, promotion_id=None, return_rule=None,
        )
        for row, line in zip(rows, priced, strict=True)
        if line.line_discount
    ]  # fmt: skip


def _raise_totals(order: Order, rows: Sequence[OrderLine], *, now: datetime) -> int:
    gross = sum(row.gross_total for row in rows)
    order.goods_total += gross
    order.total += gross
    order.tax_total += sum(row.tax_total for row in rows)
    order.discount_total += sum(row.discount_total for row in rows)
    order.updated_at = now
    return gross


def _tell(
    db: Session, order: Order, rows: Sequence[OrderLine], sourcing: Sourcing, *, amount: int, reason: str
) -> None:
    told = tuple(
        {"line_id": str(row.id), "sku": row.sku, "quantity": row.ordered, "amount": row.gross_total} for row in rows
    )
    record(db, OrderLinesAdded(stream_id=order.id, lines=told, amount=amount, reason=reason[:300]))
    if sourcing.missing:
        lines = tuple({"line_id": str(line_id), "quantity": count} for line_id, count in sourcing.missing.items())
        record(db, LinesUnallocated(stream_id=order.id, lines=lines, reason=ADDED_WITHOUT_STOCK))
