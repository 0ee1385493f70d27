"""A worker process takes its work from Redis, stops when it is told to, and loses nothing."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from kontor.bench.services import RedisServer
from kontor.core import outbox
from kontor.core.clock import SystemClock
from kontor.core.db import Database
from kontor.core.outbox import OutboxRow
from support import Run

# A job of its own for these processes: it writes the words it is handed into a file.
PROCESS = """
import asyncio, sys
from kontor.core import jobs
from kontor.settings import from_environment
from kontor import worker

@jobs.job("test.write")
async def write(ctx, items):
    async with ctx.claim(*items) as (db, mine):
        if mine[0].args["seconds"]:
            open(sys.argv[2] + ".begun", "w").close()
        await asyncio.sleep(mine[0].args["seconds"])
    with open(sys.argv[2], "a") as file:
        file.write(mine[0].args["word"] + "\\n")

settings = from_environment()
worker.serve(settings) if sys.argv[1] == "worker" else asyncio.run(worker.relay_alone(settings))
"""


def start(role: str, file: Path, redis: RedisServer, database: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "KONTOR_REDIS_URL": redis.url, "KONTOR_DATABASE_URL": database}
    environment["KONTOR_SECRET_KEY"] = "worker-" + "k" * 40
    environment["KONTOR_GATEWAY_LEDGER"] = str(file.with_suffix(".db"))
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)
    return subprocess.Popen([sys.executable, "-c", PROCESS, role, str(file)], env=environment)


def wait_for(true: Callable[[], bool], seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


async def schedule(database: Database, words: list[str], seconds: float = 0.0) -> None:
    async with database.unit_of_work() as db:
        for word in words:
            outbox.schedule(db, "test.write", {"word": word, "seconds": seconds})


async def left(database: Database) -> int:
    async with database.read_only() as db:
        rows = sa.select(sa.func.count()).select_from(OutboxRow).where(OutboxRow.job == "test.write")
        return int(await db.scalar(rows) or 0)


@pytest.mark.engine("postgresql")
def test_work_is_done_once_and_the_last_job_is_finished(
    database: Database, database_url: str, run: Run, tmp_path: Path
) -> None:
    database.clock = SystemClock()
    file = tmp_path / "words"
    file.touch()
    with RedisServer() as redis:
        processes = [start(role, file, redis, database_url) for role in ("worker", "relay")]
        try:
            words = [f"word{number}" for number in range(20)]
            run(schedule(database, words))
            wait_for(lambda: len(file.read_text().split()) >= 20)
            run(schedule(database, ["last"], seconds=1.0))
            wait_for(file.with_name("words.begun").exists)
        finally:
            for process in processes:
                process.send_signal(signal.SIGTERM)
            codes = [process.wait(40) for process in processes]
    assert codes == [0, 0]
    assert sorted(file.read_text().split()) == sorted([*words, "last"])
    assert run(left(database)) == 0
