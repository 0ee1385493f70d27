"""Statements over fulfillment orders, shipments and parcels. Rows are locked after their orders, in key order."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from kontor.channels.models import LegalEntity, SalesChannel
from kontor.core.db import Session, chunks, in_key_order
from kontor.core.principal import Principal
from kontor.fulfillment.errors import FulfillmentOrderNotFound, ShipmentNotFound
from kontor.fulfillment.models import FulfillmentLine, FulfillmentOrder, Parcel, Shipment, ShipmentLine
from kontor.fulfillment.states import FulfillmentState, ParcelState
from kontor.orders.models import Order, OrderHold


def may_see(principal: Principal) -> sa.ColumnElement[bool] | None:
    """The condition under which a principal sees a fulfillment order; None when it sees all."""
    conditions: list[sa.ColumnElement[bool]] = []
    if principal.partner_id is not None:
        conditions.append(FulfillmentOrder.partner_id == principal.partner_id)
    if principal.location_ids is not None:
        conditions.append(FulfillmentOrder.location_id.in_(principal.location_ids))
    if principal.channel_ids is not None:
        conditions.append(FulfillmentOrder.channel_id.in_(principal.channel_ids))
    if principal.customer_id is not None:
        own = sa.select(Order.id).where(Order.customer_id == principal.customer_id)
        conditions.append(FulfillmentOrder.order_id.in_(own))
    return sa.and_(*conditions) if conditions else None


def may_see_shipment(principal: Principal) -> sa.ColumnElement[bool] | None:
    """The condition for shipments: partners and stores see those of their fulfillment orders, others by order."""
    if not principal.restricted:
        return None
    if principal.partner_id is not None or principal.location_ids is not None:
        return Shipment.fulfillment_order_id.in_(visible_to(principal).with_only_columns(FulfillmentOrder.id))
    own = sa.select(Order.id)
    if principal.channel_ids is not None:
        own = own.where(Order.channel_id.in_(principal.channel_ids))
    if principal.customer_id is not None:
        own = own.where(Order.customer_id == principal.customer_id)
    return Shipment.order_id.in_(own)


IS_PARCEL = Parcel.state != ParcelState.VOIDED  # the goods of a voided one left in others


def may_see_parcel(principal: Principal) -> sa.ColumnElement[bool] | None:
    """The condition for parcels: that of their fulfillment order."""
    if not principal.restricted:
        return None
    return Parcel.fulfillment_order_id.in_(visible_to(principal).with_only_columns(FulfillmentOrder.id))


def visible_to(principal: Principal) -> sa.Select[FulfillmentOrder]:
    """Fulfillment orders a principal may see: a partner's, a store's, a channel's, or a customer's own."""
    found, condition = sa.select(FulfillmentOrder), may_see(principal)
    return found if condition is None else found.where(condition)


def parcels_visible_to(principal: Principal) -> sa.Select[Parcel]:
    """Parcels a principal may see."""
    found, condition = sa.select(Parcel), may_see_parcel(principal)
    return found if condition is None else found.where(condition)


def shipments_visible_to(principal: Principal) -> sa.Select[Shipment]:
    """Shipments a principal may see."""
    found, condition = sa.select(Shipment), may_see_shipment(principal)
    return found if condition is None else found.where(condition)


async def get_fulfillment_order(db: Session, row_id: UUID, principal: Principal) -> FulfillmentOrder:
    """The fulfillment order, if the principal may see it; raises `FulfillmentOrderNotFound`."""
    row = await db.scalar(visible_to(principal).where(FulfillmentOrder.id == row_id))
    if row is None:
        raise FulfillmentOrderNotFound("There is no such fulfillment order.", fulfillment_order_id=str(row_id))
    return row


async def orders_of(db: Session, ids: Iterable[UUID], principal: Principal | None) -> dict[UUID, UUID]:
    """The order of each fulfillment order that may be seen; read before the orders are locked."""
    found = sa.select(FulfillmentOrder) if principal is None else visible_to(principal)
    pairs: dict[UUID, UUID] = {}
    for part in chunks(in_key_order(ids)):
        narrowed = found.with_only_columns(FulfillmentOrder.id, FulfillmentOrder.order_id)
        pairs.update({row.id: row.order_id for row in await db.execute(narrowed.where(FulfillmentOrder.id.in_(part)))})
    return pairs


async def lock_rows(db: Session, ids: Iterable[UUID]) -> dict[UUID, FulfillmentOrder]:
    """Fulfillment orders locked in key order; their orders are locked already."""
    found: dict[UUID, FulfillmentOrder] = {}
    for part in chunks(in_key_order(ids)):
        rows = await db.scalars(
            sa.select(FulfillmentOrder)
            .where(FulfillmentOrder.id.in_(part))
            .order_by(FulfillmentOrder.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        found.update({row.id: row for row in rows})
    return found


async def lock_of_order(db: Session, order_id: UUID, states: Iterable[FulfillmentState]) -> list[FulfillmentOrder]:
    """The fulfillment orders of a locked order that are in one of the states, oldest first."""
    rows = await db.scalars(
        sa.select(FulfillmentOrder)
        .where(FulfillmentOrder.order_id == order_id, FulfillmentOrder.state.in_(list(states)))
        .order_by(FulfillmentOrder.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list(rows)


async def lines_of(db: Session, ids: Iterable[UUID]) -> dict[UUID, list[FulfillmentLine]]:
    """Lines by fulfillment order, in the order of their ids."""
    found: dict[UUID, list[FulfillmentLine]] = {row_id: [] for row_id in ids}
    for part in chunks(in_key_order(found)):
        for line in await db.scalars(
            sa.select(FulfillmentLine)
            .where(FulfillmentLine.fulfillment_order_id.in_(part))
            .order_by(FulfillmentLine.id)
            .execution_options(populate_existing=True)
        ):
            found[line.fulfillment_order_id].append(line)
    return found


async def parcels_of(db: Session, ids: Iterable[UUID]) -> dict[UUID, list[Parcel]]:
    """Parcels by fulfillment order, in the order they were packed."""
    found: dict[UUID, list[Parcel]] = {row_id: [] for row_id in ids}
    for part in chunks(in_key_order(found)):
        for parcel in await db.scalars(
            sa.select(Parcel).where(Parcel.fulfillment_order_id.in_(part), IS_PARCEL).order_by(Parcel.id)
        ):
            found[parcel.fulfillment_order_id].append(parcel)
    return found


async def unnumbered_parcels(db: Session, row_ids: Iterable[UUID]) -> dict[str, list[Parcel]]:
    """Parcels without an SSCC, by the GS1 company prefix of who sells; those of sellers without one are left out."""
    await db.flush()
    found: dict[str, list[Parcel]] = {}
    for part in chunks(in_key_order(row_ids)):
        rows = await db.execute(
            sa.select(Parcel, LegalEntity.gs1_prefix)
            .join(FulfillmentOrder, FulfillmentOrder.id == Parcel.fulfillment_order_id)
            .join(SalesChannel, SalesChannel.id == FulfillmentOrder.channel_id)
            .join(LegalEntity, LegalEntity.id == SalesChannel.legal_entity_id)
            .where(
                Parcel.fulfillment_order_id.in_(part), Parcel.sscc.is_(None), LegalEntity.gs1_prefix.is_not(None),
                IS_PARCEL,
            )
            .order_by(Parcel.id)
        )  # fmt: skip
        for parcel, prefix in rows:
            found.setdefault(prefix or "", []).append(parcel)
    return found


async def shipment_lines_of(db: Session, ids: Iterable[UUID]) -> dict[UUID, list[ShipmentLine]]:
    """Lines by shipment."""
    found: dict[UUID, list[ShipmentLine]] = {row_id: [] for row_id in ids}
    for part in chunks(in_key_order(found)):
        for line in await db.scalars(
            sa.select(ShipmentLine).where(ShipmentLine.shipment_id.in_(part)).order_by(ShipmentLine.id)
        ):
            found[line.shipment_id].append(line)
    return found


async def shipments_of_rows(db: Session, ids: Iterable[UUID]) -> dict[UUID, Shipment]:
    """The shipment of each fulfillment order that left, recalled ones left out."""
    found: dict[UUID, Shipment] = {}
    for part in chunks(in_key_order(ids)):
        for shipment in await db.scalars(
            sa.select(Shipment).where(Shipment.fulfillment_order_id.in_(part), Shipment.recalled_at.is_(None))
        ):
            if shipment.fulfillment_order_id is not None:
                found[shipment.fulfillment_order_id] = shipment
    return found


async def get_shipment(db: Session, shipment_id: UUID, principal: Principal) -> Shipment:
    """The shipment, if the principal may see it; raises `ShipmentNotFound`."""
    row = await db.scalar(shipments_visible_to(principal).where(Shipment.id == shipment_id))
    if row is None:
        raise ShipmentNotFound("There is no such shipment.", shipment_id=str(shipment_id))
    return row


async def shipments_of(db: Session, ids: Iterable[UUID], principal: Principal) -> dict[UUID, Shipment]:
    """Shipments the principal may see, by id."""
    found: dict[UUID, Shipment] = {}
    for part in chunks(in_key_order(ids)):
        rows = await db.scalars(shipments_visible_to(principal).where(Shipment.id.in_(part)).order_by(Shipment.id))
        found.update({row.id: row for row in rows})
    return found


async def tracked(db: Session, numbers: Iterable[str], principal: Principal) -> dict[str, list[Parcel]]:
    """Parcels by tracking number, as far as the principal may see them."""
    wanted = sorted(set(numbers))
    found: dict[str, list[Parcel]] = {number: [] for number in wanted}
    condition = may_see_parcel(principal)
    for part in chunks(wanted):
        statement = sa.select(Parcel).where(Parcel.tracking_number.in_(part), IS_PARCEL).order_by(Parcel.id)
        for parcel in await db.scalars(statement if condition is None else statement.where(condition)):
            found[parcel.tracking_number or ""].append(parcel)
    return found


async def used_by(db: Session, number: str, principal: Principal) -> list[FulfillmentOrder]:
    """Fulfillment orders with a parcel of this number, as far as the principal may see them, oldest first."""
    parcels = sa.select(Parcel.fulfillment_order_id).where(Parcel.tracking_number == number, IS_PARCEL)
    found = visible_to(principal).where(FulfillmentOrder.id.in_(parcels))
    return list(await db.scalars(found.order_by(FulfillmentOrder.id).limit(10)))


async def articles_at(db: Session, ids: Iterable[UUID], principal: Principal) -> set[tuple[UUID, UUID]]:
    """The articles of fulfillment orders the principal may see, with the place of each: (location, variant)."""
    line = FulfillmentLine
    found = visible_to(principal).where(FulfillmentOrder.id.in_(list(ids)))
    rows = await db.execute(
        found.join(line, line.fulfillment_order_id == FulfillmentOrder.id).with_only_columns(
            FulfillmentOrder.location_id, line.variant_id
        )
    )
    return {(row[0], row[1]) for row in rows}


async def held_orders(db: Session, order_ids: Iterable[UUID]) -> set[UUID]:
    """Orders with an open blocking hold."""
    found: set[UUID] = set()
    for part in chunks(in_key_order(order_ids)):
        found.update(
            await db.scalars(
                sa.select(OrderHold.order_id).where(
                    OrderHold.order_id.in_(part), OrderHold.blocking, OrderHold.released_at.is_(None)
                )
            )
        )
    return found


async def untold_orders(db: Session, order_ids: Iterable[UUID]) -> set[UUID]:
    """Orders with a shipment that may still be recalled, or that nobody has heard of yet."""
    found: set[UUID] = set()
    for part in chunks(in_key_order(order_ids)):
        found.update(
            await db.scalars(
                sa.select(FulfillmentOrder.order_id).where(
                    FulfillmentOrder.order_id.in_(part),
                    FulfillmentOrder.state == FulfillmentState.SHIPPED,
                    FulfillmentOrder.recallable_until.is_not(None),
                )
            )
        )
    return found


async def refusals_of(db: Session, order_ids: Iterable[UUID]) -> dict[UUID, set[UUID]]:
    """Places that refused pieces, by order line: they are not asked again."""
    found: dict[UUID, set[UUID]] = {}
    for part in chunks(in_key_order(order_ids)):
        for line_id, location_id in await db.execute(
            sa.select(FulfillmentLine.order_line_id, FulfillmentOrder.location_id)
            .join(FulfillmentOrder, FulfillmentOrder.id == FulfillmentLine.fulfillment_order_id)
            .where(FulfillmentOrder.order_id.in_(part), FulfillmentOrder.state == FulfillmentState.REJECTED)
        ):
            found.setdefault(line_id, set()).add(location_id)
    return found


async def count_rows(db: Session, model: Any, order_ids: Iterable[UUID]) -> dict[UUID, int]:
    """How many fulfillment orders or shipments each order has had; what the next number follows from."""
    found: dict[UUID, int] = {}
    for part in chunks(in_key_order(order_ids)):
        rows = await db.execute(
            sa.select(model.order_id, sa.func.count()).where(model.order_id.in_(part)).group_by(model.order_id)
        )
        found.update({order_id: int(count) for order_id, count in rows})
    return found
