"""The one source of the time. Edges ask it and pass `now` inward; nothing else reads a clock.

The simulated clock is a row that every process reads, so that a replay can move all of them through years at once.
Waiting before a retry is measured on the wall: a simulated clock that stands still must not stop a retry.
"""

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the business time in UTC."""

    async def now(self) -> datetime:
        """The present moment, aware, UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    async def now(self) -> datetime:
        return wall()


def wall() -> datetime:
    """The machine's time in UTC: for leases, back-off and log lines, never for business dates."""
    return datetime.now(UTC)
