"""Numbers for people. Legal documents take theirs gapless inside the transaction; order numbers come in blocks."""

import asyncio
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kontor.core.db import Model

if TYPE_CHECKING:
    from kontor.core.db import Database, Session


class NumberSeries(Model):
    """The next number of a series, such as `invoice/KONTOR-DE/2026`."""

    __tablename__ = "number_series"
    name: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    next_number: Mapped[int] = mapped_column(sa.BigInteger)


_TAKE = sa.text(
    "INSERT INTO number_series (name, next_number) VALUES (:name, CAST(:count AS bigint) + 1) "
    "ON CONFLICT (name) DO UPDATE SET next_number = number_series.next_number + :count RETURNING next_number"
)


async def take(db: "Session", name: str, count: int = 1) -> int:
    """The first of `count` consecutive numbers; the series is locked until the commit, so no gap can arise.

    A rolled-back transaction gives its numbers back (VAT Directive art. 226 (2): sequential and unique).
    """
    after = (await db.execute(_TAKE, {"name": name, "count": count})).scalar_one()
    return int(after) - count


class NumberBlocks:
    """Numbers taken ahead in blocks by one process: no lock on the way of an order, gaps after a restart."""

    def __init__(self, name: str, *, block: int = 1000, start: int = 100_000) -> None:
        self._name, self._block, self._start = name, block, start
        self._next = self._end = 0
        self._lock = asyncio.Lock()

    async def take(self, database: "Database", count: int) -> list[int]:
        """`count` numbers no other process gets."""
        async with self._lock:
            numbers: list[int] = []
            while len(numbers) < count:
                if self._next == self._end:
                    await self._refill(database, max(self._block, count))
                many = min(count - len(numbers), self._end - self._next)
                numbers.extend(range(self._next, self._next + many))
                self._next += many
            return numbers

    async def _refill(self, database: "Database", size: int) -> None:
        async with database.unit_of_work() as db:
            first = await take(db, self._name, size)
        self._next, self._end = self._start + first, self._start + first + size
