"""Before orders are placed: the places that know their stock themselves are asked for the articles ordered.

What they say is news about stock, booked in a transaction of its own. Nobody's order waits for it beyond the time limit
of `inventory.live`, and no trouble with it refuses one: then the last known figure counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa
import structlog

from kontor.catalog.models import BundleItem, ProductVariant
from kontor.core.db import Session
from kontor.core.sets import any_of
from kontor.inventory.live import refresh_live
from kontor.locations.models import StockLocation
from kontor.orders.intake import OrderInput
from kontor.orders.states import DeliveryType
from kontor.routing import masters as routing_masters
from kontor.routing.masters import Masters

if TYPE_CHECKING:
    from kontor.core.db import Database
    from kontor.core.ports import Ports

log = structlog.get_logger("kontor.stock")


def may_have_to_ask(database: Database) -> bool:
    """Whether any place may have a system of its own; a look into memory.

    Such a place is known here from the first order after it was set up.
    """
    masters = routing_masters.known(database)
    return masters is None or bool(masters.live_places)


async def ask_live_stock(database: Database, ports: Ports, orders: Sequence[OrderInput]) -> None:
    """Bring the stock the orders may be served from up to date; call it outside of every transaction. Never raises."""
    try:
        masters = routing_masters.known(database)
        if masters is None:
            async with database.read_only() as db:
                masters = await routing_masters.load(db)
        places = sorted({place for order in orders for place in _live_places(order, masters)})
        if not places:
            return
        async with database.read_only() as db:
            variants = await _variants(db, {line.sku for order in orders for line in order.lines})
        await refresh_live(database, ports, places, variants)
    except Exception:
        log.exception("live stock could not be asked before placing", orders=len(orders))


def _live_places(order: OrderInput, masters: Masters) -> list[UUID]:
    """The places with a system of their own that may serve the order."""
    return [place.id for place in masters.live_places if _may_serve(place, order)]


def _may_serve(place: StockLocation, order: OrderInput) -> bool:
    if order.delivery_type is DeliveryType.PICKUP:
        return place.code == order.pickup_location
    return place.can_ship and (place.channel_codes is None or order.channel in place.channel_codes)


async def _variants(db: Session, skus: set[str]) -> list[UUID]:
    """The variants whose stock decides: components in place of bundles."""
    found = sa.select(ProductVariant.id, ProductVariant.bundle).where(any_of(ProductVariant.sku, sorted(skus)))
    rows = (await db.execute(found)).all()
    bundles = [row.id for row in rows if row.bundle]
    variants = {row.id for row in rows if not row.bundle}
    if bundles:
        variants.update(await db.scalars(sa.select(BundleItem.component_id).where(BundleItem.bundle_id.in_(bundles))))
    return sorted(variants)
