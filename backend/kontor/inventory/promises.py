"""What stock changes mean for orders: their rows are locked first, then stock, and their counters follow.

Orders build on stock, so their tables are named here, not imported. The row of an order is the lock over its
allocations and counters; who needs to touch allocations of orders he does not know yet looks first, locks the orders
he found, and looks again.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa

from kontor.core.db import Session, UtcDateTime, chunks
from kontor.core.errors import Unavailable
from kontor.core.outbox import record
from kontor.inventory.allocating import Key
from kontor.inventory.events import AllocationsReleased, StockArrived
from kontor.inventory.models import Allocation

T = TypeVar("T")
ORDERS = sa.table(
    "orders",
    sa.column("id", sa.Uuid()),
    sa.column("placed_at", UtcDateTime),
    sa.column("updated_at", UtcDateTime),
)
_LINES = sa.table(
    "order_line",
    sa.column("id", sa.Uuid()),
    sa.column("variant_id", sa.Uuid()),
    sa.column("ordered", sa.Integer()),
    sa.column("canceled", sa.Integer()),
    sa.column("allocated", sa.Integer()),
    sa.column("shipped", sa.Integer()),
)
_ROUNDS = 8


async def with_orders_locked(db: Session, read: Callable[[], Awaitable[tuple[T, Iterable[UUID]]]]) -> T:
    """What `read` answers once the orders it names are locked before the rows it locks.

    `read` locks rows, changes nothing, and answers with its result and the orders concerned. Raises `Unavailable` when
    new orders keep coming in.
    """
    await db.flush()
    held: set[UUID] = set()
    for _ in range(_ROUNDS):
        if not db.sqlite:  # one writer at a time there: no locks to give back
            await db.execute(sa.text("SAVEPOINT look"))
        result, orders = await read()
        unlocked = set(orders) - held
        if not unlocked:
            return result
        if not db.sqlite:
            await db.execute(sa.text("ROLLBACK TO SAVEPOINT look"))
        for part in chunks(sorted(unlocked)):
            await db.execute(
                sa.select(ORDERS.c.id).where(ORDERS.c.id.in_(part)).order_by(ORDERS.c.id).with_for_update()
            )
        held |= unlocked
    raise Unavailable("Stock is changing too fast; please send this again.", code="TRY_AGAIN")


_CHANGE_PG = sa.text(
    "UPDATE order_line AS l SET allocated = l.allocated + d.allocated, backordered = l.backordered + d.backordered "
    "FROM unnest(CAST(:ids AS uuid[]), CAST(:allocated AS int[]), CAST(:backordered AS int[])) "
    "AS d(id, allocated, backordered) WHERE l.id = d.id"
)
_CHANGE_SQLITE = "UPDATE order_line SET allocated = allocated + ?, backordered = backordered + ? WHERE id = ?"


async def change_lines(db: Session, allocations: Sequence[tuple[Allocation, int, int]]) -> None:
    """Add (allocated, backordered) pieces to the lines of allocations, in the transaction that moves the stock.

    The counters are only ever added to: readers of a locked order never see a value that was computed elsewhere.
    """
    sums: dict[UUID, list[int]] = {}
    for row, allocated, backordered in allocations:
        line = sums.setdefault(row.order_line_id, [0, 0])
        line[0] += allocated
        line[1] += backordered
    if not sums:
        return
    ids = sorted(sums)
    if db.sqlite:
        connection = await db.connection()
        await connection.exec_driver_sql(_CHANGE_SQLITE, [(*sums[line_id], line_id.hex) for line_id in ids])
    else:
        columns = {"allocated": [sums[each][0] for each in ids], "backordered": [sums[each][1] for each in ids]}
        await db.execute(_CHANGE_PG, {"ids": ids, **columns})
    for part in chunks(sorted({row.order_id for row, _, _ in allocations})):
        await db.execute(sa.update(ORDERS).where(ORDERS.c.id.in_(part)).values(updated_at=db.now))


def lines_of(parts: Iterable[tuple[Allocation, int]]) -> dict[tuple[UUID, UUID], tuple[dict[str, Any], ...]]:
    """Pieces of allocations as events tell them, by (order, location)."""
    found: dict[tuple[UUID, UUID], list[dict[str, Any]]] = {}
    for row, quantity in parts:
        given = row.fulfillment_order_id
        found.setdefault((row.order_id, row.location_id), []).append(
            {
                "order_line_id": str(row.order_line_id),
                "quantity": quantity,
                "fulfillment_order_id": None if given is None else str(given),
            }
        )
    return {key: tuple(lines) for key, lines in found.items()}


def record_released(db: Session, parts: Iterable[tuple[Allocation, int]], *, reason: str) -> None:
    """Tell each order which of its pieces are not promised any more."""
    for (order_id, location_id), lines in lines_of(parts).items():
        record(db, AllocationsReleased(stream_id=order_id, location_id=location_id, lines=lines, reason=reason))


async def record_arrivals(db: Session, rises: Mapping[Key, int]) -> None:
    """Tell that there is more of a variant, where order lines wait for it: unallocated or backordered ones."""
    wanted = sorted({variant_id for _, variant_id in rises})
    waiting: set[UUID] = set()
    line = _LINES.c
    for part in chunks(wanted, 5000 if not db.sqlite else 500):
        some = line.variant_id.in_(part) if db.sqlite else line.variant_id == sa.any_(sa.literal(part, _UUIDS))
        # The very condition of the partial index of the waiting lines.
        open_lines = sa.select(line.variant_id).where(
            some, line.ordered > line.canceled + line.allocated + line.shipped
        )
        waiting.update(await db.scalars(open_lines.distinct()))
    for (location_id, variant_id), quantity in sorted(rises.items()):
        if variant_id in waiting:
            record(db, StockArrived(stream_id=variant_id, location_id=location_id, quantity=quantity))


_UUIDS: sa.types.TypeEngine[Any] = sa.ARRAY(sa.Uuid())
