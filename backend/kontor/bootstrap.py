"""The composition root: settings to database, clock and adapters. Nothing else knows which adapter stands behind a port."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from functools import cache
from typing import TYPE_CHECKING

import kontor
from kontor.core import inbox, numbering, outbox, sharedclock, statemachine
from kontor.core.db import Database
from kontor.core.jobs import Runtime
from kontor.core.ports import Ports

if TYPE_CHECKING:
    from kontor.settings import Settings

# The edges hold no tables, jobs or events of the trade.
EDGES = frozenset({"adapters", "api", "bench", "core"})
ROLES = ("models", "events", "jobs")
GROUND_TABLES = (inbox, numbering, outbox, sharedclock, statemachine)


@cache
def load() -> None:
    """Import every module that declares tables, events or jobs, and put the reactions to events in force."""
    for package in packages():
        present = {item.name for item in pkgutil.iter_modules(importlib.import_module(f"kontor.{package}").__path__)}
        for role in ROLES:
            if role in present:
                importlib.import_module(f"kontor.{package}.{role}")
    for module in ("kontor.relay", "kontor.auth.audit"):  # tables outside a models module
        if importlib.util.find_spec(module):
            importlib.import_module(module)
    from kontor.subscribers import SUBSCRIBERS

    outbox.route(SUBSCRIBERS)


def packages() -> list[str]:
    """The packages of the trade, by name."""
    return sorted(item.name for item in pkgutil.iter_modules(kontor.__path__) if item.ispkg and item.name not in EDGES)


def build(settings: Settings) -> Runtime:
    """What one event loop works with; call it once per loop and `close` it there."""
    load()
    database = Database(settings.database_url, pool_size=settings.database_pool)
    if settings.simulated_clock:
        database.clock = sharedclock.SharedClock(database.engine)
    ports = Ports()
    bind_adapters(ports, settings)
    return Runtime(database, ports, settings)


async def close(runtime: Runtime) -> None:
    """End the adapters' and the database's connections."""
    for adapter in runtime.ports.adapters():
        ending = getattr(adapter, "aclose", None) or getattr(adapter, "close", None)
        if ending is not None:
            outcome = ending()
            if inspect.isawaitable(outcome):
                await outcome
    await runtime.database.close()


def bind_adapters(ports: Ports, settings: Settings) -> None:
    """Bind each port to the adapter this installation is set to."""
