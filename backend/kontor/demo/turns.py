"""One process at a time fills a database: whoever comes second waits for its turn and finds what the first one left.

A turn ends with its process, however that ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

LOOK_AGAIN = 0.3  # seconds
_FILE = "sqlite+aiosqlite:///"
Try = Callable[[], Awaitable[bool]]


@contextlib.asynccontextmanager
async def turn(url: str, told: Callable[[], None]) -> AsyncIterator[None]:
    """Be the only one in this database, which may be empty yet; `told` is called once when it has to be waited for."""
    async with contextlib.AsyncExitStack() as ending:
        attempt = _beside_the_file(url, ending) if url.startswith(_FILE) else await _in_the_database(url, ending)
        waiting = False
        # Asked again and again: a statement that waits inside the database would keep an index from being built.
        while not await attempt():
            if not waiting:
                told()
            waiting = True
            await asyncio.sleep(LOOK_AGAIN)
        yield


async def _in_the_database(url: str, ending: contextlib.AsyncExitStack) -> Try:
    engine = create_async_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    ending.push_async_callback(engine.dispose)
    connection = await ending.enter_async_context(engine.connect())

    async def attempt() -> bool:
        return bool(await connection.scalar(sa.text("SELECT pg_try_advisory_lock(hashtext('kontor.demo'))")))

    return attempt


def _beside_the_file(url: str, ending: contextlib.AsyncExitStack) -> Try:
    """The folder is locked, not the file, which SQLite locks in its own way."""
    folder = Path(url.removeprefix(_FILE)).absolute().parent
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    ending.callback(os.close, handle)

    async def attempt() -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    return attempt
