"""Redeem what was kept for a customer: the order that names the reference gets exactly these pieces.

The order is planned as if they were free, for it alone. They are given up in the statement batch that allocates them,
with the levels locked, so nobody else gets them in between; an order that is refused leaves them kept.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session, chunks
from kontor.core.outbox import unschedule
from kontor.core.sets import any_pair_of
from kontor.inventory import allocations
from kontor.inventory.allocating import Key, Pick, lock_levels, movement_row, try_allocate, write_movements
from kontor.inventory.errors import ReservationElsewhere, ReservationNotFound, ReservationOver
from kontor.inventory.models import MovementKind, Reservation
from kontor.inventory.promises import record_arrivals

Named = tuple[UUID, str]
"""(channel, reference)."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One row of a reservation, as it was read without a lock."""

    id: UUID
    key: Key
    quantity: int
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Redemption:
    """What one order takes over; `order_id` stands in the ledger beside it."""

    order_id: UUID
    reference: str
    rows: tuple[Kept, ...]

    @property
    def pieces(self) -> dict[Key, int]:
        """What is kept, by place and variant."""
        return {row.key: row.quantity for row in self.rows}


async def read_kept(db: Session, names: Collection[Named]) -> dict[Named, list[Kept]]:
    """Everything that was ever kept under these references, in one statement; used-up rows have a quantity of 0."""
    found: dict[Named, list[Kept]] = {}
    if not names:
        return found
    columns = (Reservation.channel_id, Reservation.reference)
    rows = await db.execute(
        sa.select(
            *columns, Reservation.id, Reservation.location_id, Reservation.variant_id, Reservation.quantity,
            Reservation.expires_at,
        ).where(any_pair_of(db, columns, sorted(names)))
    )  # fmt: skip
    for channel_id, reference, row_id, location_id, variant_id, quantity, expires_at in rows:
        kept = Kept(row_id, (location_id, variant_id), quantity, expires_at)
        found.setdefault((channel_id, reference), []).append(kept)
    return found


def check_redeemable(
    rows: Sequence[Kept], *, location_id: UUID | None, variant_ids: Collection[UUID], now: datetime
) -> list[Kept]:
    """The rows an order of these variants at this pick-up place takes over.

    Raises `ReservationNotFound`, `ReservationOver` and `ReservationElsewhere`, naming the field `reservation`.
    """
    path = ("reservation",)
    if not rows:
        raise ReservationNotFound("There is no such reservation.", path=path)
    if location_id is None or all(row.key[0] != location_id for row in rows):
        raise ReservationElsewhere("Nothing is reserved under this reference at the pick-up place.", path=path)
    here = [row for row in rows if row.key[0] == location_id and row.quantity > 0]
    if not here:
        raise ReservationOver("The reservation was used or given up.", path=path)
    if all(row.expires_at is not None and row.expires_at <= now for row in here):
        raise ReservationOver("The time of the reservation is over.", code="RESERVATION_EXPIRED", path=path)
    here = [row for row in here if row.expires_at is None or row.expires_at > now]
    if all(row.key[1] not in variant_ids for row in here):
        raise ReservationElsewhere(
            "The order has none of the reserved articles.", code="RESERVATION_OTHER_ARTICLE", path=path
        )
    return here


async def allocate_redeeming(db: Session, picks: Sequence[Pick], redemptions: Sequence[Redemption]) -> bool:
    """Allocate all picks and give up what their orders redeem, or nothing: False when anything no longer holds.

    A redeemed reservation is over: what its order does not take is free for everybody.
    """
    if not redemptions:
        return await try_allocate(db, picks)
    freed = _sums(row for each in redemptions for row in each.rows)
    await lock_levels(db, {*freed, *(pick.key for pick in picks if pick.inbound_id is None)})
    if not await _still_kept(db, [row for each in redemptions for row in each.rows]):
        return False
    if not await try_allocate(db, picks, freed=freed):
        return False
    await _give_up(db, redemptions)
    await _tell_of_rest(db, picks, redemptions)
    return True


def _sums(rows: Iterable[Kept]) -> dict[Key, int]:
    sums: dict[Key, int] = {}
    for row in rows:
        sums[row.key] = sums.get(row.key, 0) + row.quantity
    return sums


async def _still_kept(db: Session, rows: Sequence[Kept]) -> bool:
    """Lock the rows in the order of their ids; whether they are as they were read."""
    now: dict[UUID, int] = {}
    for part in chunks(sorted(row.id for row in rows)):
        locked = await db.execute(
            sa.select(Reservation.id, Reservation.quantity)
            .where(Reservation.id.in_(part))
            .order_by(Reservation.id)
            .with_for_update()
        )
        now.update((row.id, row.quantity) for row in locked)
    return all(now.get(row.id) == row.quantity for row in rows)


async def _give_up(db: Session, redemptions: Sequence[Redemption]) -> None:
    rows = [row for each in redemptions for row in each.rows]
    for part in chunks([row.id for row in rows]):
        done = sa.update(Reservation).where(Reservation.id.in_(part)).values(quantity=0)
        await db.execute(done.execution_options(synchronize_session=False))
    await allocations.apply(db, {key: (0, 0, -count) for key, count in _sums(rows).items()})
    await write_movements(
        db,
        [
            movement_row(db, row.key, MovementKind.UNRESERVE, reserved=-row.quantity, order=(each.order_id, None),
                         reason=each.reference)
            for each in redemptions
            for row in each.rows
        ],
    )  # fmt: skip
    await unschedule(db, [f"reservation/{row.id}" for row in rows])


async def _tell_of_rest(db: Session, picks: Sequence[Pick], redemptions: Sequence[Redemption]) -> None:
    taken: dict[tuple[UUID, Key], int] = {}
    for pick in picks:
        if pick.inbound_id is None:
            taken[pick.order_id, pick.key] = taken.get((pick.order_id, pick.key), 0) + pick.quantity
    rest: dict[Key, int] = {}
    for each in redemptions:
        for key, count in each.pieces.items():
            left = count - taken.get((each.order_id, key), 0)
            if left > 0:
                rest[key] = rest.get(key, 0) + left
    if rest:
        await record_arrivals(db, rest)
