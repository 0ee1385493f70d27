"""Stock kept for a channel (a marketplace's quota), or for a customer until a moment (click and reserve).

A quota is the row without reference; orders of its channel draw on it before the free stock, and what they give back
returns into it. A customer's row bears a reference and is drawn on by nobody but the order that redeems it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session
from kontor.core.errors import InvalidInput
from kontor.core.ids import new_id
from kontor.core.outbox import schedule, unschedule
from kontor.inventory import allocations
from kontor.inventory.allocating import Key, lock_levels, movement_row, write_movements
from kontor.inventory.counting import MAX_QUANTITY, article_of, place_of
from kontor.inventory.errors import ReservationNotFound, ReservationTaken, StockShort
from kontor.inventory.models import MovementKind, Reservation
from kontor.inventory.promises import record_arrivals
from kontor.inventory.queries import find_articles, find_places, free_of, reservations_visible_to
from kontor.locations import queries as locations

LONGEST = timedelta(days=90)
_BATCH = 200


@dataclass(frozen=True, slots=True)
class Wish:
    """Pieces to keep at a place; `channel_id` is whose orders may have them."""

    channel_id: UUID
    location: str
    sku: str
    quantity: int


async def set_channel_reservation(db: Session, wish: Wish) -> Reservation:
    """Keep exactly this many pieces for a channel from now on; 0 keeps none.

    More than there is may be kept: what comes fills it. Raises `UnknownStockKey`, `InvalidInput`.
    """
    key = await _key(db, wish)
    if not 0 <= wish.quantity <= MAX_QUANTITY:
        raise InvalidInput("A quota is 0 or more pieces.", code="INVALID_QUANTITY", path=("quantity",))
    await allocations.ensure_levels(db, [key])
    await lock_levels(db, [key])
    row = await _find(db, key, wish.channel_id, "")
    if row is None:
        row = _new(db, key, wish, reference="", expires_at=None)
    await _keep(db, row, wish.quantity)
    return row


async def reserve_stock(
    db: Session, wish: Wish, *, reference: str, expires_at: datetime, anywhere: bool = False
) -> Reservation:
    """Keep free pieces for a customer until `expires_at`; the same call again changes nothing.

    `anywhere` also at places that whoever asks does not see: a plan has chosen them.
    Raises `StockShort` when fewer are free, `ReservationTaken` when the reference kept something else before.
    """
    key = await _key(db, wish, visible=sa.true() if anywhere else locations.visible_to(db.principal))
    if not 0 < wish.quantity <= MAX_QUANTITY:
        raise InvalidInput("Some pieces are reserved.", code="INVALID_QUANTITY", path=("quantity",))
    if not 0 < len(reference) <= 80 or not reference.isprintable():
        raise InvalidInput("A reference has 1 to 80 characters.", code="INVALID_REFERENCE", path=("reference",))
    if not db.now < expires_at <= db.now + LONGEST:
        raise InvalidInput("A reservation ends within 90 days.", code="INVALID_EXPIRY", path=("expiresAt",))
    await allocations.ensure_levels(db, [key])
    level = (await lock_levels(db, [key]))[key]
    known = await _find(db, key, wish.channel_id, reference)
    if known is not None:
        if known.quantity == wish.quantity and known.expires_at == expires_at:
            return known
        raise ReservationTaken(f"{reference} was used before.", path=("reference",), reference=reference)
    if free_of(level) < wish.quantity:
        raise StockShort(
            f"Only {free_of(level)} pieces are free.", path=("quantity",), sku=wish.sku, available=free_of(level)
        )
    row = _new(db, key, wish, reference=reference, expires_at=expires_at)
    await _keep(db, row, wish.quantity)
    schedule(db, "inventory.release_expired", {}, key=row.id, due_at=expires_at, unique_key=f"reservation/{row.id}")
    return row


async def release_reservation(db: Session, reservation_id: UUID) -> Reservation:
    """Give up what a reservation still keeps; once given up, again changes nothing. Raises `ReservationNotFound`."""
    found = (
        await db.execute(
            sa.select(Reservation.location_id, Reservation.variant_id).where(
                Reservation.id == reservation_id, reservations_visible_to(db.principal)
            )
        )
    ).first()
    if found is None:
        raise ReservationNotFound("There is no such reservation.", path=("id",))
    await lock_levels(db, [(found.location_id, found.variant_id)])
    row = await _lock(db, reservation_id)
    await _keep(db, row, 0)
    await unschedule(db, [f"reservation/{row.id}"])
    return row


async def release_kept(db: Session, reference: str) -> None:
    """Give up all that is kept for customers under a reference, wherever that is."""
    rows = await _kept_rows(db, reference)
    await lock_levels(db, [(row.location_id, row.variant_id) for row in rows])
    for row_id in sorted(row.id for row in rows):
        await _keep(db, await _lock(db, row_id), 0)
    await unschedule(db, [f"reservation/{row.id}" for row in rows])


async def release_part(db: Session, reference: str, pieces: Mapping[UUID, int]) -> None:
    """Give up so many pieces of these variants of what is kept under a reference; the others stay kept."""
    rows = await _kept_rows(db, reference)
    await lock_levels(db, [(row.location_id, row.variant_id) for row in rows if row.variant_id in pieces])
    left = dict(pieces)
    for row_id in sorted(row.id for row in rows if row.variant_id in pieces):
        kept = await _lock(db, row_id)
        part = min(left[kept.variant_id], kept.quantity)
        left[kept.variant_id] -= part
        await _keep(db, kept, kept.quantity - part)


async def prolong_kept(db: Session, reference: str, until: datetime) -> None:
    """Keep what is kept under a reference at least until then, but no longer than 90 days from now."""
    until = min(until, db.now + LONGEST - timedelta(minutes=1))
    for row_id in sorted(row.id for row in await _kept_rows(db, reference)):
        row = await _lock(db, row_id)
        if row.expires_at is None or row.expires_at >= until or not row.quantity:
            continue
        row.expires_at = until
        await unschedule(db, [f"reservation/{row.id}"])
        schedule(db, "inventory.release_expired", {}, key=row.id, due_at=until, unique_key=f"reservation/{row.id}")


async def _kept_rows(db: Session, reference: str) -> list[sa.Row[tuple[UUID, UUID, UUID]]]:
    found = sa.select(Reservation.id, Reservation.location_id, Reservation.variant_id).where(
        Reservation.reference == reference, Reservation.quantity > 0
    )
    return list(await db.execute(found))


async def release_expired(db: Session) -> int:
    """Give up what is kept beyond its time, some hundred rows at once; how many rows.

    What was prolonged in the meantime stays kept.
    """
    found = (
        sa.select(Reservation.id, Reservation.location_id, Reservation.variant_id)
        .where(Reservation.expires_at <= db.now, Reservation.quantity > 0)
        .order_by(Reservation.expires_at)
        .limit(_BATCH)
    )
    rows = list(await db.execute(found))
    await lock_levels(db, [(row.location_id, row.variant_id) for row in rows])
    for row_id in sorted(row.id for row in rows):
        kept = await _lock(db, row_id)
        if kept.expires_at is not None and kept.expires_at <= db.now:
            await _keep(db, kept, 0)
    return len(rows)


async def _key(db: Session, wish: Wish, *, visible: sa.ColumnElement[bool] | None = None) -> Key:
    place = place_of(await find_places(db, {wish.location}, visible=visible), wish.location)
    return place.id, article_of(await find_articles(db, {wish.sku}), wish.sku)


def _new(db: Session, key: Key, wish: Wish, *, reference: str, expires_at: datetime | None) -> Reservation:
    row = Reservation(
        id=new_id(), location_id=key[0], variant_id=key[1], channel_id=wish.channel_id, reference=reference, quantity=0,
        expires_at=expires_at, created_at=db.now,
    )  # fmt: skip
    db.add(row)
    return row


async def _find(db: Session, key: Key, channel_id: UUID, reference: str) -> Reservation | None:
    row: Reservation | None = await db.scalar(
        sa.select(Reservation)
        .where(
            Reservation.location_id == key[0],
            Reservation.variant_id == key[1],
            Reservation.channel_id == channel_id,
            Reservation.reference == reference,
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return row


async def _lock(db: Session, reservation_id: UUID) -> Reservation:
    return await db.get_one(Reservation, reservation_id, with_for_update=True, populate_existing=True)


async def _keep(db: Session, row: Reservation, quantity: int, *, arrives: bool = True) -> None:
    """Let a locked reservation keep this many pieces; level and ledger follow."""
    change = quantity - row.quantity
    if change == 0:
        await db.flush()
        return
    key = (row.location_id, row.variant_id)
    row.quantity = quantity
    await db.flush()
    await allocations.apply(db, {key: (0, 0, change)})
    kind = MovementKind.RESERVE if change > 0 else MovementKind.UNRESERVE
    await write_movements(db, [movement_row(db, key, kind, reserved=change, reason=row.reference or None)])
    if change < 0 and arrives:
        await record_arrivals(db, {key: -change})
