"""Many `placeOrder` calls, one question to the systems that know their stock themselves.

Calls that arrive while the systems are asked wait for the next question, which is about the orders of all of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from kontor.orders.intake import OrderInput
from kontor.orders.live import ask_live_stock, may_have_to_ask

if TYPE_CHECKING:
    from kontor.core.db import Database
    from kontor.core.ports import Ports

Call = tuple[Sequence[OrderInput], asyncio.Future[None]]

_gates: WeakKeyDictionary[Database, LiveGate] = WeakKeyDictionary()


def of(database: Database, ports: Ports) -> LiveGate:
    """The gate of this process for the database."""
    gate = _gates.get(database)
    if gate is None:
        gate = _gates[database] = LiveGate(database, ports)
    return gate


class LiveGate:
    """One per process and event loop."""

    def __init__(self, database: Database, ports: Ports) -> None:
        self._database, self._ports = database, ports
        self._waiting: list[Call] = []
        self._task: asyncio.Task[None] | None = None

    async def pass_through(self, orders: Sequence[OrderInput]) -> None:
        """Return when the stock these orders may be served from is as fresh as it gets within the time limit."""
        if not may_have_to_ask(self._database):
            return
        asked: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((orders, asked))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._ask_all())
        await asked

    async def _ask_all(self) -> None:
        while self._waiting:
            part, self._waiting = self._waiting, []
            await ask_live_stock(self._database, self._ports, [order for orders, _ in part for order in orders])
            for _, asked in part:
                if not asked.done():  # the caller may have gone
                    asked.set_result(None)
