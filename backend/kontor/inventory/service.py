"""What people set on stock levels, beside figures, reservations and expected goods (see the modules of those names)."""

from collections.abc import Iterable

import sqlalchemy as sa

from kontor.core.db import Session
from kontor.core.errors import InvalidInput
from kontor.core.sets import any_pair_of
from kontor.inventory import allocations
from kontor.inventory.allocating import Key, lock_levels
from kontor.inventory.counting import MAX_QUANTITY, article_of, place_of
from kontor.inventory.models import StockLevel
from kontor.inventory.promises import record_arrivals
from kontor.inventory.queries import find_articles, find_places

LONGEST_SHELF = 40


async def set_safety_stock(db: Session, location: str, sku: str, *, quantity: int) -> StockLevel:
    """Never promise the last `quantity` pieces of an article at a place. Raises `UnknownStockKey`, `InvalidInput`."""
    place = place_of(await find_places(db, {location}), location)
    key = (place.id, article_of(await find_articles(db, {sku}), sku))
    if not 0 <= quantity <= MAX_QUANTITY:
        raise InvalidInput("Safety stock is 0 or more pieces.", code="INVALID_QUANTITY", path=("quantity",))
    await allocations.ensure_levels(db, [key])
    level = (await lock_levels(db, [key]))[key]
    paused = level.paused_safety is not None
    less = (level.paused_safety if paused else level.safety) - quantity
    if less:
        await db.execute(
            sa.update(StockLevel)
            .where(StockLevel.location_id == key[0], StockLevel.variant_id == key[1])
            .values({"paused_safety" if paused else "safety": quantity, "updated_at": db.now})
        )
    if not paused and less > 0 and level.on_hand > level.allocated:
        await record_arrivals(db, {key: less})
    return await db.get_one(StockLevel, key, populate_existing=True)


async def set_shelf(db: Session, location: str, sku: str, *, shelf: str) -> StockLevel:
    """Note where a place keeps an article; an empty text: nobody says so any more. Quantities stay as they are.

    Raises `UnknownStockKey`, or `InvalidInput` for more than 40 characters.
    """
    place = place_of(await find_places(db, {location}), location)
    key = (place.id, article_of(await find_articles(db, {sku}), sku))
    name = shelf.replace("\0", "").strip()
    if len(name) > LONGEST_SHELF:
        raise InvalidInput(
            f"At most {LONGEST_SHELF} characters.", code="INVALID_TEXT", path=("shelf",), max=LONGEST_SHELF
        )
    await allocations.ensure_levels(db, [key])
    await lock_levels(db, [key])
    level = await db.get_one(StockLevel, key, populate_existing=True)
    level.shelf, level.updated_at = name or None, db.now
    await db.flush()
    return level


async def shelves_of(db: Session, keys: Iterable[Key]) -> dict[Key, str]:
    """Where places keep articles, by (location, variant); those of which nobody says so are left out."""
    columns = (StockLevel.location_id, StockLevel.variant_id)
    found = sa.select(*columns, StockLevel.shelf).where(
        any_pair_of(db, columns, sorted(set(keys))), StockLevel.shelf.is_not(None)
    )
    return {(row[0], row[1]): str(row[2]) for row in await db.execute(found)}
