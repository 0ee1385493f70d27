"""Statements over returns. A return is locked after its order."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.core.clock import local_day
from kontor.core.db import Session, chunks, in_key_order
from kontor.core.pagination import Page, PageRequest, choose, narrow, paginate
from kontor.core.principal import Principal
from kontor.fulfillment.models import Parcel, Shipment, ShipmentLine
from kontor.locations.models import StockLocation
from kontor.orders import queries as orders
from kontor.orders.errors import OrderNotFound
from kontor.orders.models import Order, OrderLine
from kontor.returns.eligibility import SentPieces
from kontor.returns.errors import ReturnNotFound
from kontor.returns.models import Return, ReturnInspection, ReturnLine, ReturnReceipt
from kontor.returns.states import ReturnState

ENDED = frozenset({ReturnState.DECLINED, ReturnState.CANCELED})
OPEN = frozenset(ReturnState) - ENDED - {ReturnState.REFUNDED, ReturnState.CLOSED}
SORTS: dict[str, Any] = {
    "NUMBER": Return.number,
    "REQUESTED_AT": Return.requested_at,
    "UPDATED_AT": Return.updated_at,
}


@dataclass(frozen=True, slots=True)
class ReturnFilter:
    """Which returns are wanted; what is None does not narrow. From inclusive, until exclusive.

    `code` is what is read from a label: our number or the carrier's.
    """

    states: Sequence[ReturnState] | None = None
    order_ids: Sequence[UUID] | None = None
    order_number: str | None = None
    number: str | None = None
    code: str | None = None
    location_ids: Sequence[UUID] | None = None
    requested_from: datetime | None = None
    requested_until: datetime | None = None
    changed_since: datetime | None = None


def may_see(principal: Principal) -> sa.ColumnElement[bool] | None:
    """The condition under which a principal sees a return; None when it sees all.

    Stores and partners see what was announced for or arrived at their places; customers and channels go by the order.
    """
    conditions: list[sa.ColumnElement[bool]] = []
    if principal.location_ids is not None:
        arrived = (
            sa.select(ReturnLine.return_id)
            .join(ReturnReceipt, ReturnReceipt.return_line_id == ReturnLine.id)
            .where(ReturnReceipt.location_id.in_(principal.location_ids))
        )
        conditions.append(sa.or_(Return.location_id.in_(principal.location_ids), Return.id.in_(arrived)))
    if principal.partner_id is not None:
        places = sa.select(StockLocation.id).where(StockLocation.partner_id == principal.partner_id)
        conditions.append(Return.location_id.in_(places))
    if principal.channel_ids is not None or principal.customer_id is not None:
        conditions.append(Return.order_id.in_(_own_orders(principal)))
    return sa.and_(*conditions) if conditions else None


def _own_orders(principal: Principal) -> sa.Select[Any]:
    own = sa.select(Order.id)
    if principal.channel_ids is not None:
        own = own.where(Order.channel_id.in_(principal.channel_ids))
    if principal.customer_id is not None:
        own = own.where(Order.customer_id == principal.customer_id)
    return own


def visible_to(principal: Principal) -> sa.Select[Return]:
    """Returns a principal may see."""
    found, condition = sa.select(Return), may_see(principal)
    return found if condition is None else found.where(condition)


async def get_return(db: Session, return_id: UUID, principal: Principal) -> Return:
    """The return, if the principal may see it; raises `ReturnNotFound`."""
    found = await db.scalar(visible_to(principal).where(Return.id == return_id))
    if found is None:
        raise ReturnNotFound("There is no such return.", return_id=str(return_id))
    return found


async def find_by_number(db: Session, number: str, principal: Principal) -> Return | None:
    """The return a customer shows the number of: any place may look it up, as goods come back anywhere."""
    statement = sa.select(Return).where(Return.number == number.strip())
    if principal.partner_id is not None:
        return None
    if principal.channel_ids is not None or principal.customer_id is not None:
        statement = statement.where(Return.order_id.in_(_own_orders(principal)))
    return await db.scalar(statement)


def narrowed(found: sa.Select[Return], wanted: ReturnFilter) -> sa.Select[Return]:
    """Of these returns the wanted ones."""
    return narrow(
        found,
        (Return.state.in_, wanted.states),
        (Return.order_id.in_, wanted.order_ids),
        (lambda number: Return.order_id.in_(sa.select(Order.id).where(Order.number == number)), wanted.order_number),
        (Return.number.__eq__, wanted.number),
        (lambda code: sa.or_(Return.number == code, Return.label_tracking == code), wanted.code),
        (Return.location_id.in_, wanted.location_ids),
        (Return.requested_at.__ge__, wanted.requested_from),
        (Return.requested_at.__lt__, wanted.requested_until),
        (Return.updated_at.__ge__, wanted.changed_since),
    )


async def list_returns(
    db: Session,
    wanted: ReturnFilter,
    page: PageRequest,
    *,
    principal: Principal,
    sort: str = "REQUESTED_AT",
    descending: bool = True,
) -> Page[Return]:
    """A page of returns the principal may see."""
    found = narrowed(visible_to(principal), wanted)
    return await paginate(db, found, choose(SORTS, sort, descending=descending), Return.id, page)


async def lock_order_of(db: Session, order_id: UUID, principal: Principal | None) -> Order:
    """The order a return is to be announced for, locked: a store may do that for what it sold or handed out."""
    if principal is None or not _is_store(principal):
        return await orders.lock_order(db, order_id, principal)
    await _check_handled(db, order_id, principal)
    return await orders.lock_order(db, order_id)


async def order_of(db: Session, order_id: UUID, principal: Principal) -> Order:
    """The same order, to look at only."""
    if not _is_store(principal):
        return await orders.get_order(db, order_id, principal)
    await _check_handled(db, order_id, principal)
    return await db.get_one(Order, order_id)


def _is_store(principal: Principal) -> bool:
    return principal.location_ids is not None and principal.partner_id is None


async def _check_handled(db: Session, order_id: UUID, principal: Principal) -> None:
    """Raise `OrderNotFound` for an order that the principal's stores neither sold nor handed out nor sent."""
    places = principal.location_ids or frozenset()
    known = await db.scalar(
        sa.select(Order.id).where(
            Order.id == order_id,
            sa.or_(
                Order.pickup_location_id.in_(places),
                Order.sold_at_location_id.in_(places),
                Order.id.in_(sa.select(Shipment.order_id).where(Shipment.location_id.in_(places))),
            ),
        )
    )
    if known is None:
        raise OrderNotFound("There is no such order.", order_id=str(order_id))


async def lock_return(db: Session, return_id: UUID, principal: Principal | None = None) -> tuple[Order, Return]:
    """Order and return, locked in this order; raises `ReturnNotFound`."""
    found = sa.select(Return) if principal is None else visible_to(principal)
    order_id = await db.scalar(found.with_only_columns(Return.order_id).where(Return.id == return_id))
    if order_id is None:
        raise ReturnNotFound("There is no such return.", return_id=str(return_id))
    order = await orders.lock_order(db, order_id)
    locked = await db.scalar(
        sa.select(Return).where(Return.id == return_id).with_for_update().execution_options(populate_existing=True)
    )
    assert locked is not None
    return order, locked


async def lines_of(db: Session, return_ids: Iterable[UUID]) -> dict[UUID, list[ReturnLine]]:
    """Lines by return, as they are now."""
    found: dict[UUID, list[ReturnLine]] = {return_id: [] for return_id in return_ids}
    for part in chunks(in_key_order(found)):
        for line in await db.scalars(
            sa.select(ReturnLine)
            .where(ReturnLine.return_id.in_(part))
            .order_by(ReturnLine.id)
            .execution_options(populate_existing=True)
        ):
            found[line.return_id].append(line)
    return found


async def sent_pieces(
    db: Session, order_id: UUID, time_zone: str, places: Collection[UUID] | None = None
) -> list[SentPieces]:
    """What was shipped of an order and how much of it was announced as a return, oldest shipment first.

    With `places` only what left there.

    The day of delivery is that of the seller, whose time zone is given.

    What a closed return waited for in vain can be announced again: the customer still has it.
    """
    left_from = () if places is None else (Shipment.location_id.in_(places),)
    closed = Return.state == ReturnState.CLOSED
    pieces = sa.case((closed, ReturnLine.received), else_=ReturnLine.quantity)
    announced = (
        sa.select(ReturnLine.shipment_line_id, sa.func.sum(pieces).label("count"))
        .join(Return, Return.id == ReturnLine.return_id)
        .where(Return.order_id == order_id, Return.state.not_in(ENDED))
        .group_by(ReturnLine.shipment_line_id)
        .subquery()
    )
    rows = await db.execute(
        sa.select(
            ShipmentLine.id, ShipmentLine.order_line_id, OrderLine.kind, ShipmentLine.quantity,
            sa.func.coalesce(announced.c.count, 0), ShipmentLine.gross, Shipment.delivered_at,
        )
        .join(Shipment, Shipment.id == ShipmentLine.shipment_id)
        .join(OrderLine, OrderLine.id == ShipmentLine.order_line_id)
        .outerjoin(announced, announced.c.shipment_line_id == ShipmentLine.id)
        .where(Shipment.order_id == order_id, Shipment.recalled_at.is_(None), *left_from)
        .order_by(Shipment.shipped_at, ShipmentLine.id)
    )  # fmt: skip
    return [
        SentPieces(
            line_id,
            order_line_id,
            kind,
            quantity,
            int(count),
            gross,
            delivered_at and local_day(delivered_at, time_zone),
        )
        for line_id, order_line_id, kind, quantity, count, gross, delivered_at in rows
    ]


async def lock_shipment_lines(db: Session, ids: Iterable[UUID]) -> dict[UUID, ShipmentLine]:
    """Shipment lines of a locked order, fresh from the database."""
    found: dict[UUID, ShipmentLine] = {}
    for part in chunks(in_key_order(ids)):
        for line in await db.scalars(
            sa.select(ShipmentLine).where(ShipmentLine.id.in_(part)).execution_options(populate_existing=True)
        ):
            found[line.id] = line
    return found


async def shipped_lines(db: Session, order_id: UUID) -> list[ShipmentLine]:
    """Everything that was shipped of an order."""
    rows = await db.scalars(
        sa.select(ShipmentLine)
        .join(Shipment, Shipment.id == ShipmentLine.shipment_id)
        .where(Shipment.order_id == order_id, Shipment.recalled_at.is_(None))
    )
    return list(rows)


async def senders_of(db: Session, shipment_line_ids: Collection[UUID]) -> dict[UUID, UUID | None]:
    """The place each of these shipment lines left from."""
    found = sa.select(ShipmentLine.id, Shipment.location_id).join(Shipment, Shipment.id == ShipmentLine.shipment_id)
    rows = await db.execute(found.where(ShipmentLine.id.in_(shipment_line_ids)))
    return {line_id: place for line_id, place in rows}  # noqa: C416 - rows, not pairs


async def announced_with(db: Session, found: Return) -> list[Return]:
    """The return and all that were announced with it, by their numbers."""
    if found.announcement_id is None:
        return [found]
    together = sa.select(Return).where(Return.announcement_id == found.announcement_id).order_by(Return.id)
    return list(await db.scalars(together))


async def count_open(db: Session, order_id: UUID) -> int:
    """Returns of an order that are still to come or to be looked at."""
    found = sa.select(sa.func.count()).where(Return.order_id == order_id, Return.state.in_(OPEN))
    return int(await db.scalar(found) or 0)


async def count_all(db: Session, order_id: UUID) -> int:
    """Returns an order has had; what the next number follows from."""
    return int(await db.scalar(sa.select(sa.func.count()).where(Return.order_id == order_id)) or 0)


async def places_of(db: Session, line_ids: Sequence[UUID]) -> dict[UUID, dict[UUID, int]]:
    """Pieces by return line and place that arrived there and were not looked at yet."""
    found: dict[UUID, dict[UUID, int]] = {line_id: {} for line_id in line_ids}
    for model, sign in ((ReturnReceipt, 1), (ReturnInspection, -1)):
        rows = await db.execute(
            sa.select(model.return_line_id, model.location_id, sa.func.sum(model.quantity))
            .where(model.return_line_id.in_(line_ids))
            .group_by(model.return_line_id, model.location_id)
        )
        for line_id, location_id, count in rows:
            found[line_id][location_id] = found[line_id].get(location_id, 0) + sign * int(count)
    return found


@dataclass(frozen=True, slots=True)
class SentLine:
    """Pieces of an order line that left, and how many of them may still come back."""

    order_line_id: UUID
    sku: str
    name: str
    returnable: int


@dataclass(frozen=True, slots=True)
class SentOrder:
    """An order that left from certain places."""

    order_id: UUID
    order_number: str
    shipped_at: datetime
    lines: tuple[SentLine, ...]


SEARCHED_BACK = timedelta(days=400)
MOST_FOUND = 20


async def was_sent_from(db: Session, order_id: UUID, places: Collection[UUID]) -> bool:
    """Whether anything of the order left from the places."""
    left = Shipment.order_id == order_id, Shipment.location_id.in_(places), Shipment.recalled_at.is_(None)
    return await db.scalar(sa.select(Shipment.id).where(*left).limit(1)) is not None


async def sent_orders(db: Session, text: str, places: sa.Select[UUID], *, now: datetime) -> list[SentOrder]:
    """Orders that left from the places within 400 days and fit the text by a number, the name or an article."""

    def has(column: Any) -> sa.ColumnElement[bool]:
        return sa.func.lower(column).contains(text.lower(), autoescape=True)

    named = sa.or_(has(Order.shipping_address["name"].as_string()), has(Order.billing_address["name"].as_string()))
    articles = sa.select(OrderLine.order_id).where(
        OrderLine.order_id == Order.id, sa.or_(sa.func.lower(OrderLine.sku) == text.lower(), has(OrderLine.name))
    )
    parcels = sa.select(Parcel.id).where(Parcel.shipment_id == Shipment.id, Parcel.tracking_number == text)
    found = (
        sa.select(Order.id, Order.number, sa.func.max(Shipment.shipped_at).label("shipped_at"))
        .join(Shipment, Shipment.order_id == Order.id)
        .where(
            Shipment.location_id.in_(places), Shipment.recalled_at.is_(None),
            Shipment.shipped_at >= now - SEARCHED_BACK,
            sa.or_(Order.number == text, named, articles.exists(), parcels.exists()),
        )
        .group_by(Order.id, Order.number)
        .order_by(sa.desc("shipped_at"), Order.id)
        .limit(MOST_FOUND)
    )  # fmt: skip
    rows = (await db.execute(found)).all()
    lines = await _sent_lines(db, [row.id for row in rows], places)
    return [SentOrder(row.id, row.number, row.shipped_at, tuple(lines.get(row.id, ()))) for row in rows]


async def _sent_lines(db: Session, order_ids: Sequence[UUID], places: sa.Select[UUID]) -> dict[UUID, list[SentLine]]:
    pieces = sa.case((Return.state == ReturnState.CLOSED, ReturnLine.received), else_=ReturnLine.quantity)
    announced = (
        sa.select(ReturnLine.shipment_line_id, sa.func.sum(pieces))
        .join(Return, Return.id == ReturnLine.return_id)
        .where(Return.order_id.in_(order_ids), Return.state.not_in(ENDED))
        .group_by(ReturnLine.shipment_line_id)
    )  # fmt: skip
    taken = {line_id: int(count) for line_id, count in await db.execute(announced)}
    rows = await db.execute(
        sa.select(
            ShipmentLine.id, ShipmentLine.quantity, Shipment.order_id, OrderLine.id, OrderLine.sku, OrderLine.name
        )
        .join(Shipment, Shipment.id == ShipmentLine.shipment_id)
        .join(OrderLine, OrderLine.id == ShipmentLine.order_line_id)
        .where(Shipment.order_id.in_(order_ids), Shipment.location_id.in_(places), Shipment.recalled_at.is_(None))
        .order_by(OrderLine.position)
    )  # fmt: skip
    left: dict[UUID, dict[UUID, SentLine]] = {}
    for shipment_line, quantity, order_id, line_id, sku, name in rows:
        own = left.setdefault(order_id, {})
        before = own[line_id].returnable if line_id in own else 0
        own[line_id] = SentLine(line_id, sku, name, before + quantity - taken.get(shipment_line, 0))
    return {order_id: list(own.values()) for order_id, own in left.items()}
