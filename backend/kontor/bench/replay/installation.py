"""A whole installation for one replay: servers, the processes of Kontor, the gateway, the simulated clock."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from kontor import bootstrap
from kontor.auth import clients
from kontor.auth.permissions import GRANTABLE, ClientKind
from kontor.bench.replay.client import Api
from kontor.bench.services import PostgresServer, RedisServer
from kontor.bench.stack import Stack
from kontor.core.clock import wall
from kontor.core.db import Database
from kontor.core.outbox import OutboxRow
from kontor.core.sharedclock import FRESH_SECONDS, SharedClock

QUIET_SECONDS = 120.0
POLL_SECONDS = 0.02


class NotQuiet(RuntimeError):
    """Work that was due did not get done; the message names what is stuck."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to run on: addresses of servers that are there, or empty for some of our own; "sqlite" is embedded."""

    database_url: str = ""
    redis_url: str = ""
    embedded: bool = False
    workers: int = 2
    clients: int = 16
    memory: bool = False


@dataclass(slots=True)
class Installation:
    """What the replay works with. `redis` is the server of our own, if there is one."""

    stack: Stack
    database: Database
    clock: SharedClock
    api: Api
    redis: RedisServer | None
    startup_seconds: float

    async def move_to(self, moment: datetime) -> None:
        """Make `moment` the present of every process; afterwards none of them remembers the past."""
        await self.clock.move_to(moment)
        await asyncio.sleep(2 * FRESH_SECONDS)

    async def quiet(self) -> None:
        """Wait until no work is due any more; raises `NotQuiet` when nothing moves for two minutes."""
        last, since = -1, time.monotonic()
        while True:
            waiting = await self._due()
            if not waiting:
                return
            if waiting != last:
                last, since = waiting, time.monotonic()
            elif time.monotonic() - since > QUIET_SECONDS:
                raise NotQuiet(await self._stuck())
            await asyncio.sleep(POLL_SECONDS)

    async def _due(self) -> int:
        now = await self.clock.now()
        async with self.database.engine.connect() as connection:
            due = sa.select(sa.func.count()).where(sa.not_(OutboxRow.dead), OutboxRow.due_at <= now)
            return int(await connection.scalar(due.select_from(OutboxRow)) or 0)

    async def _stuck(self) -> str:
        async with self.database.read_only() as db:
            rows = await db.execute(
                sa.select(OutboxRow.job, sa.func.count(), sa.func.max(OutboxRow.last_error))
                .where(sa.not_(OutboxRow.dead))
                .group_by(OutboxRow.job)
            )
            return "; ".join(f"{count} of {job}: {error}" for job, count, error in rows)


@contextlib.asynccontextmanager
async def running(wanted: Wanted, *, start: datetime) -> AsyncIterator[Installation]:
    """Start everything, with the clock at `start` and an empty, migrated database; end all of it afterwards."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kontor-replay-", dir=_memory(wanted))))
        database_url, redis = await asyncio.to_thread(_servers, stack, wanted, folder)
        processes = Stack(
            folder,
            database_url=database_url,
            redis_url=redis.url if redis else wanted.redis_url,
            workers=wanted.workers,
            environment={"KONTOR_SIMULATED_CLOCK": "1", "KONTOR_DATABASE_POOL": "10"},
        )
        await asyncio.to_thread(bootstrap.migrate, database_url)
        database = Database(database_url, pool_size=5)
        database.clock = clock = SharedClock(database.engine)
        await clock.move_to(start)
        begun = time.monotonic()
        await asyncio.to_thread(stack.enter_context, processes)
        startup_seconds = time.monotonic() - begun
        client_id, secret = await _client(database)
        api = Api(processes.base_url, client_id, secret, clients=wanted.clients)
        try:
            yield Installation(processes, database, clock, api, redis, startup_seconds)
        finally:
            await api.aclose()
            await database.close()
            await asyncio.to_thread(stack.close)


def _memory(wanted: Wanted) -> str | None:
    """Files in memory where there is room: what a replay writes is thrown away."""
    memory = Path("/dev/shm")
    return str(memory) if wanted.memory and memory.is_dir() else None


def _servers(stack: contextlib.ExitStack, wanted: Wanted, folder: Path) -> tuple[str, RedisServer | None]:
    if wanted.embedded:
        return wanted.database_url or f"sqlite+aiosqlite:///{folder / 'kontor.db'}", None
    url = wanted.database_url or stack.enter_context(PostgresServer()).create_database("replay")
    return url, None if wanted.redis_url else stack.enter_context(RedisServer())


async def _client(database: Database) -> tuple[str, str]:
    """An API client that may do what a shop, its sellers and its care may do together."""
    scopes = frozenset(str(permission) for permission in GRANTABLE[ClientKind.INTEGRATION])
    async with database.unit_of_work() as db:
        made = await clients.create_api_client(
            db, clients.ApiClientInput(name="replay", kind=ClientKind.INTEGRATION, scopes=scopes), now=wall()
        )
    return made.client.client_id, made.secret


Victims = dict[str, tuple[Callable[[], None], Callable[[], object]]]
"""Name to how it is killed and how it is started again."""


def victims(installation: Installation) -> Victims:
    """What may die during a replay: all processes of Kontor and Redis, but neither database nor gateway."""
    stack = installation.stack
    found: Victims = {
        name: ((lambda name=name: stack.kill(name)), (lambda name=name: stack.start(name)))  # type: ignore[misc]
        for name in stack.commands
        if name != "gateway"
    }
    if installation.redis is not None:
        found["redis"] = (installation.redis.kill, installation.redis.start)
    return found
