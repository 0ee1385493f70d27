"""The simulated clock: a row every process reads, so that a replay moves all of them through years at once."""

from __future__ import annotations

from datetime import datetime
from time import monotonic
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from kontor.core.clock import wall
from kontor.core.db import Model

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

FRESH_SECONDS = 0.01


class SimulatedClock(Model):
    """The one row; without it the machine's clock holds."""

    __tablename__ = "simulated_clock"
    id: Mapped[int] = mapped_column(primary_key=True)
    moment: Mapped[datetime]


@runtime_checkable
class MovableClock(Protocol):
    """A clock somebody may move forward."""

    async def now(self) -> datetime:
        """The present business moment, aware, UTC."""
        ...

    async def move_to(self, moment: datetime) -> None:
        """Make `moment` the present."""
        ...


class SharedClock:
    """Reads the row, at most every 10 ms; only a replay moves it."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._moment: datetime | None = None
        self._read_at = 0.0

    async def now(self) -> datetime:
        if monotonic() - self._read_at > FRESH_SECONDS:
            async with self._engine.connect() as connection:
                self._moment = await connection.scalar(sa.select(SimulatedClock.moment))
            self._read_at = monotonic()
        return self._moment or wall()

    async def move_to(self, moment: datetime) -> None:
        """Move every process to `moment`; the past is refused with `ValueError`."""
        if self._moment is not None and moment < self._moment:
            raise ValueError(f"The clock does not run backwards: {moment} is before {self._moment}")
        async with self._engine.begin() as connection:
            changed = await connection.execute(sa.update(SimulatedClock).values(moment=moment))
            if not changed.rowcount:
                await connection.execute(sa.insert(SimulatedClock).values(id=1, moment=moment))
        self._moment, self._read_at = moment, monotonic()
