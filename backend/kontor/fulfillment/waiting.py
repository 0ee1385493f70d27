"""Orders that wait: what of them may still move without breaking work at a place.

That is what was promised but given to no place yet, what has found nothing, what is bound to expected goods, and work
whose day has not come. Goods for collection, locked orders and open work stay where they are.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session, chunks, in_key_order
from kontor.fulfillment import queries
from kontor.fulfillment.holdings import articles_of, demand_of, is_physical
from kontor.fulfillment.models import FulfillmentLine, FulfillmentOrder
from kontor.fulfillment.states import FulfillmentState
from kontor.inventory import allocations as stock
from kontor.inventory.models import Allocation
from kontor.orders import queries as orders
from kontor.orders.models import Order, OrderLine
from kontor.orders.states import DeliveryType, OrderState
from kontor.routing.excluding import shut_of
from kontor.routing.models import RoutingLock
from kontor.routing.service import SupplyBook
from kontor.routing.values import Demand, Id

MOST_ORDERS = 20_000
OPEN = (OrderState.RECEIVED, OrderState.CONFIRMED, OrderState.IN_FULFILLMENT)


@dataclass(slots=True)
class Waiting:
    """What of an order may move: pieces wanted by line, the allocations that hold some, work of a later day.

    `refused` are the places that refused each line.
    """

    order: Order
    lines: Sequence[OrderLine]
    held: list[Allocation] = field(default_factory=list)
    scheduled: dict[UUID, FulfillmentOrder] = field(default_factory=dict)
    wanted: dict[UUID, int] = field(default_factory=dict)
    refused: Mapping[UUID, set[UUID]] = field(default_factory=dict)

    def seal(self) -> tuple[Any, ...]:
        """What a plan of this order rests on: made of it anew under lock, a plan of an equal seal still holds."""
        rows = sorted(
            (row.id, row.quantity, row.from_reservation, str(row.inbound_id), str(row.fulfillment_order_id))
            for row in self.held
        )
        address = self.order.shipping_address or self.order.billing_address
        refused = {line_id: sorted(self.refused[line_id]) for line_id in self.wanted if line_id in self.refused}
        return rows, self.wanted, address, self.order.promised_on, self.order.priority, refused

    def demands(self, book: SupplyBook, articles: Mapping[UUID, tuple[bool, bool]]) -> list[Demand]:
        """What the router has to serve, lines that the same places refused or are shut for together."""
        groups: dict[frozenset[Id], list[OrderLine]] = {}
        shut = book.excluded_places()
        for line in self.lines:
            if line.id in self.wanted:
                refused = frozenset[Id](self.refused.get(line.id, ()))
                groups.setdefault(refused | shut | book.excluded_for(self.order.id, line.variant_id), []).append(line)
        return [
            replace(demand_of(book, self.order, self.wanted, members=members, articles=articles), excluded=places)
            for places, members in groups.items()
        ]


class Taken(NamedTuple):
    """Orders to plan jointly; where more wait, the last of those that were taken in turn."""

    order_ids: list[UUID]
    last: UUID | None = None


async def find_waiting(db: Session, after: UUID | None = None, *, most: int = MOST_ORDERS) -> Taken:
    """Orders of which something may move, at most so many.

    Where more wait, half of the places are for the most important ones, then the oldest; for the others the orders
    take turns, from the one behind `after` on, so that every order is planned jointly with others in some run.
    """
    first = list(await db.scalars(_waiting().order_by(Order.priority.desc(), Order.placed_at, Order.id).limit(most)))
    if len(first) < most:
        return Taken(first)
    first = first[: most - most // 2]
    taken = set(first)
    begins = [] if after is None else [Order.id > after]
    behind = await db.scalars(_waiting().where(*begins).order_by(Order.id).limit(most))
    turn = [order_id for order_id in behind if order_id not in taken][: most // 2]
    if after is not None and len(turn) < most // 2:
        around = await db.scalars(_waiting().where(Order.id <= after).order_by(Order.id).limit(most))
        turn += [order_id for order_id in around if order_id not in taken][: most // 2 - len(turn)]
    return Taken(first + turn, turn[-1] if turn else after)


def _waiting() -> sa.Select[UUID]:
    """The ids of all orders of which something may move."""
    loose = sa.select(Allocation.order_id).where(Allocation.fulfillment_order_id.is_(None))
    # The very condition of the partial index of the waiting lines.
    short = sa.select(OrderLine.order_id).where(
        OrderLine.ordered > OrderLine.canceled + OrderLine.allocated + OrderLine.shipped
    )
    later = sa.select(FulfillmentOrder.order_id).where(FulfillmentOrder.state == FulfillmentState.SCHEDULED)
    return sa.select(Order.id).where(Order.id.in_(sa.union(loose, short, later)), *_movable())


def _movable() -> tuple[sa.ColumnElement[bool], ...]:
    locked = sa.select(sa.literal(1)).where(RoutingLock.order_id == Order.id).exists()
    return Order.state.in_(OPEN), Order.delivery_type == DeliveryType.SHIP, sa.not_(locked)


async def load_waiting(db: Session, order_ids: Iterable[UUID]) -> dict[UUID, Waiting]:
    """What of these orders may move now; those of which nothing may are left out. A fixed number of statements."""
    found: dict[UUID, Waiting] = {}
    ids = in_key_order(order_ids)
    lines = await orders.lines_of(db, ids)
    for part in chunks(ids):
        rows = await db.scalars(
            sa.select(Order)
            .where(Order.id.in_(part), *_movable())
            .order_by(Order.id)
            .execution_options(populate_existing=True)
        )
        found.update({order.id: Waiting(order, lines[order.id]) for order in rows})
    later = await _later_work(db, found)
    taken: dict[UUID, int] = {}
    for row in await stock.of_orders(db, found):
        if row.fulfillment_order_id is None or row.fulfillment_order_id in later:
            found[row.order_id].held.append(row)
        else:
            taken[row.order_line_id] = taken.get(row.order_line_id, 0) + row.quantity
    for work in later.values():
        found[work.order_id].scheduled[work.id] = work
    refusals = await queries.refusals_of(db, found)
    for waiting in found.values():
        waiting.refused = refusals
        for line in waiting.lines:
            pieces = line.open_quantity - taken.get(line.id, 0)
            if pieces > 0 and is_physical(line):
                waiting.wanted[line.id] = pieces
    return {order_id: waiting for order_id, waiting in found.items() if waiting.wanted}


async def _later_work(db: Session, found: Mapping[UUID, Waiting]) -> dict[UUID, FulfillmentOrder]:
    """Work of a later day that nobody holds or asks back, that has all of its stock, and at no place that is shut."""
    rows: dict[UUID, FulfillmentOrder] = {}
    for part in chunks(in_key_order(found)):
        later = await db.scalars(
            sa.select(FulfillmentOrder)
            .where(
                FulfillmentOrder.order_id.in_(part),
                FulfillmentOrder.state == FulfillmentState.SCHEDULED,
                sa.not_(FulfillmentOrder.cancel_requested),
            )
            .order_by(FulfillmentOrder.id)
            .execution_options(populate_existing=True)
        )
        rows.update({row.id: row for row in later})
    if not rows:
        return {}
    held = await queries.held_orders(db, {row.order_id for row in rows.values()})
    lines = await queries.lines_of(db, rows)
    missing = await _pieces_without_stock(db, lines)
    stays = await _at_shut_places(db, rows, lines)
    return {
        row_id: row
        for row_id, row in rows.items()
        if row.order_id not in held and not missing.get(row_id) and row_id not in stays
    }


async def _at_shut_places(
    db: Session, rows: Mapping[UUID, FulfillmentOrder], lines: Mapping[UUID, Sequence[FulfillmentLine]]
) -> set[UUID]:
    """Work of places that are paused or excluded for a while: they get nothing new, and keep what they were given."""
    pieces = [
        (row.id, (row.location_id, line.variant_id, row.order_id)) for row in rows.values() for line in lines[row.id]
    ]
    shut = await shut_of(db, {asked for _, asked in pieces})
    return {row_id for row_id, asked in pieces if asked in shut}


async def _pieces_without_stock(db: Session, lines: Mapping[UUID, Sequence[FulfillmentLine]]) -> dict[UUID, int]:
    missing = {row_id: sum(line.quantity for line in own) for row_id, own in lines.items()}
    for part in chunks(in_key_order(missing)):
        given = await db.execute(
            sa.select(Allocation.fulfillment_order_id, sa.func.sum(Allocation.quantity))
            .where(Allocation.fulfillment_order_id.in_(part))
            .group_by(Allocation.fulfillment_order_id)
        )
        for row_id, quantity in given:
            if row_id is not None:
                missing[row_id] -= int(quantity)
    return missing


async def articles_in(db: Session, found: Iterable[Waiting]) -> dict[UUID, tuple[bool, bool]]:
    """Of the articles that wait whether they are hazardous, and whether bulky."""
    return await articles_of(db, {line.variant_id for each in found for line in each.lines if line.id in each.wanted})
