"""The count of the places claimed goods left from: what did not leave is still there, what left in its place is not."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa

from kontor.catalog.models import ProductVariant
from kontor.claims.models import Claim, ClaimLine
from kontor.claims.states import ClaimKind
from kontor.core.db import Session
from kontor.fulfillment.models import Shipment, ShipmentLine
from kontor.inventory import counting
from kontor.inventory.allocating import Key, lock_levels
from kontor.inventory.errors import StockShort
from kontor.locations.models import StockLocation
from kontor.orders.models import OrderLine


async def correct_stock(db: Session, claim: Claim, lines: Sequence[ClaimLine]) -> bool:
    """Put the counts of our own places right; whether there was anything to correct.

    Of damaged goods there is not: they left. Partners count their own places. What came in place of the goods is taken
    off as far as it is there: a count that was right meanwhile is not made wrong below zero.
    """
    if claim.kind is ClaimKind.DAMAGED:
        return False
    places = await _places(db, lines)
    skus = await _skus(db, lines)
    keys = await _keys(db, lines)
    await lock_levels(db, keys)  # all at once, in their order: claims about swapped parcels never wait for each other
    changed = False
    for line in sorted(lines, key=lambda each: (places[each.shipment_line_id][0] or "", str(each.order_line_id))):
        code, ours = places[line.shipment_line_id]
        if not ours or code is None:
            continue
        reason = f"claim {claim.number}"
        await counting.adjust_stock(db, code, skus[line.order_line_id], delta=line.quantity, reason=reason)
        if line.came_id is not None:
            await _take_off(db, code, skus[line.came_id], line.quantity, reason)
        changed = True
    return changed


async def _take_off(db: Session, code: str, sku: str, quantity: int, reason: str) -> None:
    try:
        await counting.adjust_stock(db, code, sku, delta=-quantity, reason=reason)
    except StockShort as short:
        there = int(short.params["on_hand"])
        if there:
            await counting.adjust_stock(db, code, sku, delta=-there, reason=reason)


async def _places(db: Session, lines: Sequence[ClaimLine]) -> dict[UUID, tuple[str | None, bool]]:
    """Code of the place by shipment line, and whether it is ours."""
    rows = await db.execute(
        sa.select(ShipmentLine.id, StockLocation.code, StockLocation.partner_id)
        .join(Shipment, Shipment.id == ShipmentLine.shipment_id)
        .outerjoin(StockLocation, StockLocation.id == Shipment.location_id)
        .where(ShipmentLine.id.in_([line.shipment_line_id for line in lines]))
    )
    return {line_id: (code, partner_id is None) for line_id, code, partner_id in rows}


async def _keys(db: Session, lines: Sequence[ClaimLine]) -> set[Key]:
    """The levels that may change: those of the articles that were ordered and of those that came."""
    place = sa.type_coerce(Shipment.location_id, sa.Uuid())
    rows = await db.execute(
        sa.select(ClaimLine.came_id, OrderLine.variant_id, place)
        .join(OrderLine, OrderLine.id == ClaimLine.order_line_id)
        .join(ShipmentLine, ShipmentLine.id == ClaimLine.shipment_line_id)
        .join(Shipment, Shipment.id == ShipmentLine.shipment_id)
        .where(ClaimLine.id.in_([line.id for line in lines]), Shipment.location_id.is_not(None))
    )
    return {(place_id, variant_id) for *variants, place_id in rows for variant_id in variants if variant_id is not None}


async def _skus(db: Session, lines: Sequence[ClaimLine]) -> dict[UUID, str]:
    """The SKU of order lines and articles that came, by their id."""
    own = sa.select(OrderLine.id, ProductVariant.sku).join(ProductVariant, ProductVariant.id == OrderLine.variant_id)
    ordered = await db.execute(own.where(OrderLine.id.in_([line.order_line_id for line in lines])))
    came = [line.came_id for line in lines if line.came_id]
    other = await db.execute(sa.select(ProductVariant.id, ProductVariant.sku).where(ProductVariant.id.in_(came)))
    return {row[0]: row[1] for row in (*ordered, *other)}
