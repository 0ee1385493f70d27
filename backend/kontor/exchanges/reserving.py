"""Stock kept for a customer while the goods of an exchange travel."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from kontor.changes.placing import Sourcing
from kontor.core.db import Session
from kontor.exchanges.models import Exchange
from kontor.inventory.allocating import lock_levels
from kontor.inventory.errors import StockShort
from kontor.inventory.reservations import LONGEST, Wish, prolong_kept, release_kept, release_part, reserve_stock
from kontor.locations.models import StockLocation
from kontor.orders.models import Order, OrderLine
from kontor.returns.models import Return

TO_LOOK = timedelta(days=14)
"""How long pieces are kept at least while goods that came for them are looked at."""


def reference_of(exchange: Exchange) -> str:
    """Under which an exchange keeps its pieces."""
    return f"exchange {exchange.number}"


async def keep_goods(
    db: Session, order: Order, exchange: Exchange, rows: Sequence[OrderLine], sourcing: Sourcing, *, until: datetime
) -> None:
    """Keep the pieces where they were found. What is not free at this moment is looked for again when it is due.

    That goes for pieces of a channel's own quota and for goods that are still on their way to a place, too.
    """
    by_id = {row.id: row for row in rows}
    wanted: dict[tuple[UUID, str], int] = {}
    there = [pick for pick in sourcing.picks if pick.inbound_id is None]
    for pick in there:
        key = (pick.location_id, by_id[pick.order_line_id].sku)
        wanted[key] = wanted.get(key, 0) + pick.quantity
    # In the order in which everybody locks stock; one by one below they come in that of their names.
    await lock_levels(db, [(pick.location_id, by_id[pick.order_line_id].variant_id) for pick in there])
    codes = await _codes(db, {place for place, _ in wanted})
    until = min(until, db.now + LONGEST - timedelta(minutes=1))
    for (place, sku), count in sorted(wanted.items(), key=lambda each: (str(each[0][0]), each[0][1])):
        wish = Wish(order.channel_id, codes[place], sku, count)
        try:
            async with db.savepoint():
                await reserve_stock(db, wish, reference=reference_of(exchange), expires_at=until, anywhere=True)
        except StockShort:
            continue


async def give_up(db: Session, exchange: Exchange) -> None:
    """Keep nothing for an exchange any more."""
    await release_kept(db, reference_of(exchange))


async def give_up_for(db: Session, exchange: Exchange, rows: Sequence[OrderLine]) -> None:
    """Free the pieces that are given now; what is kept for pieces still to come stays kept."""
    pieces: dict[UUID, int] = {}
    for row in rows:
        pieces[row.variant_id] = pieces.get(row.variant_id, 0) + row.ordered
    await release_part(db, reference_of(exchange), pieces)


async def keep_longer(db: Session, exchange: Exchange, found: Return) -> None:
    """Keep the pieces as long as goods may come, and while what came is looked at."""
    until = db.now + TO_LOOK
    await prolong_kept(db, reference_of(exchange), max(until, found.expires_at or until))


async def _codes(db: Session, places: set[UUID]) -> dict[UUID, str]:
    rows = await db.execute(sa.select(StockLocation.id, StockLocation.code).where(StockLocation.id.in_(places)))
    return {row[0]: row[1] for row in rows}
