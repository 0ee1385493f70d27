"""Which articles a place sells: pausing and resuming one, and what follows when a partner's offer is approved."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa

from kontor.catalog.models import CatalogOffer
from kontor.catalog.states import OfferState
from kontor.core.db import Session, chunks
from kontor.inventory import allocations
from kontor.inventory.allocating import Key, lock_levels
from kontor.inventory.counting import MAX_QUANTITY, article_of, place_of
from kontor.inventory.errors import OfferWithdrawn
from kontor.inventory.models import StockLevel
from kontor.inventory.promises import record_arrivals
from kontor.inventory.queries import find_articles, find_places
from kontor.locations.models import StockLocation

# More than a level can hold: whoever promises stock leaves the safety stock alone, so nothing new is promised.
WHOLE_LEVEL = MAX_QUANTITY


async def pause_article(db: Session, location: str, sku: str) -> StockLevel:
    """Promise nothing new of an article at a place until it is resumed; what is promised stays so.

    Raises `UnknownStockKey`. Pausing what is paused changes nothing.
    """
    key = await _key(db, location, sku)
    await pause_levels(db, [key])
    return await db.get_one(StockLevel, key, populate_existing=True)


async def resume_article(db: Session, location: str, sku: str) -> StockLevel:
    """Sell an article at a place again, with the safety stock it had.

    Raises `UnknownStockKey`, and `OfferWithdrawn` at a partner's place for what the partner took from its catalogue:
    it is offered anew instead.
    """
    key = await _key(db, location, sku)
    if await _withdrawn(db, key):
        raise OfferWithdrawn("The article was withdrawn from the catalogue.", path=("sku",), sku=sku)
    await resume_levels(db, [key])
    return await db.get_one(StockLevel, key, populate_existing=True)


async def _withdrawn(db: Session, key: Key) -> bool:
    """Whether the partner of the place offered the article and withdrew each offer of it."""
    found = (
        sa.select(CatalogOffer.state)
        .join(StockLocation, StockLocation.partner_id == CatalogOffer.partner_id)
        .where(StockLocation.id == key[0], CatalogOffer.variant_id == key[1])
    )
    return set(await db.scalars(found)) == {OfferState.WITHDRAWN}


async def _key(db: Session, location: str, sku: str) -> Key:
    place = place_of(await find_places(db, {location}), location)
    key = (place.id, article_of(await find_articles(db, {sku}), sku))
    await allocations.ensure_levels(db, [key])
    return key


async def pause_levels(db: Session, keys: Sequence[Key]) -> None:
    """Pause levels that are there."""
    levels = await lock_levels(db, keys)
    for key, level in levels.items():
        if level.paused_safety is None:
            await _set(db, key, safety=WHOLE_LEVEL, paused_safety=level.safety)


async def resume_levels(db: Session, keys: Sequence[Key]) -> None:
    """Resume levels that are paused; orders that wait hear of what can be sold again."""
    arrived: dict[Key, int] = {}
    for key, level in (await lock_levels(db, keys)).items():
        if level.paused_safety is None:
            continue
        await _set(db, key, safety=level.paused_safety, paused_safety=None)
        free = level.on_hand - level.allocated - level.paused_safety
        if free > 0:
            arrived[key] = free
    if arrived:
        await record_arrivals(db, arrived)


async def _set(db: Session, key: Key, **values: int | None) -> None:
    await db.execute(
        sa.update(StockLevel)
        .where(StockLevel.location_id == key[0], StockLevel.variant_id == key[1])
        .values(**values, updated_at=db.now)
    )


async def list_offered(db: Session, offer_ids: Sequence[UUID]) -> None:
    """Articles of approved offers can be given stock at every place of their partners, and are on sale there."""
    keys = await _keys_of(db, offer_ids)
    await allocations.ensure_levels(db, keys)
    await resume_levels(db, keys)


async def unlist_withdrawn(db: Session, offer_ids: Sequence[UUID]) -> None:
    """Articles of withdrawn offers are paused at the places of their partners."""
    await pause_levels(db, await _keys_of(db, offer_ids))


async def _keys_of(db: Session, offer_ids: Sequence[UUID]) -> list[Key]:
    keys: list[Key] = []
    for part in chunks(sorted(offer_ids)):
        found = (
            sa.select(StockLocation.id, CatalogOffer.variant_id)
            .join(CatalogOffer, CatalogOffer.partner_id == StockLocation.partner_id)
            .where(CatalogOffer.id.in_(part), CatalogOffer.variant_id.is_not(None))
        )
        keys += [(row[0], row[1]) for row in await db.execute(found) if row[1] is not None]
    return sorted(set(keys))
