"""Whether this process lives, and whether it may be given work."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import sqlalchemy as sa
import structlog
from redis.asyncio import Redis
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kontor import bootstrap, relay
from kontor.core.clock import wall
from kontor.core.jobs import Runtime

log = structlog.get_logger("kontor.health")
PATIENCE_SECONDS = 3.0
SILENT_RELAY = timedelta(seconds=30)
# Orders are taken without Redis and without a relay, the work behind them waits: that is told, but no reason to take
# the process out of service.
NEEDED = frozenset({"database", "migrations"})


async def _live(_request: Request) -> Response:
    return JSONResponse({"status": "ok"})


async def _ready(request: Request) -> Response:
    findings = await look(request.app.state.runtime)
    ready = all(finding == "ok" for name, finding in findings.items() if name in NEEDED)
    return JSONResponse({"status": "ok" if ready else "unavailable", "checks": findings}, 200 if ready else 503)


async def look(runtime: Runtime) -> dict[str, str]:
    """Each check with `ok` or what is wrong."""
    checks: dict[str, Callable[[Runtime], Awaitable[str]]] = {
        "database": _database,
        "migrations": _migrations,
        "relay": _relay,
    }
    if runtime.settings.redis_url:
        checks["redis"] = _redis
    outcomes = await asyncio.gather(*(_checked(name, check, runtime) for name, check in checks.items()))
    return dict(zip(checks, outcomes, strict=True))


async def _checked(name: str, check: Callable[[Runtime], Awaitable[str]], runtime: Runtime) -> str:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await check(runtime)
    except Exception as problem:
        log.warning("check failed", check=name, error=repr(problem))
        return "cannot be reached"


async def _database(runtime: Runtime) -> str:
    async with runtime.database.read_only() as db:
        await db.execute(sa.select(1))
    return "ok"


async def _migrations(runtime: Runtime) -> str:
    head = await asyncio.to_thread(bootstrap.head_revision)
    return "ok" if await bootstrap.current_revision(runtime.database) == head else "not at the newest migration"


async def _relay(runtime: Runtime) -> str:
    async with runtime.database.read_only() as db:
        seen = await relay.last_beat(db)
    if seen is None:
        return "no relay was ever seen"
    age = wall() - seen
    return "ok" if age < SILENT_RELAY else f"no relay seen for {int(age.total_seconds())} seconds"


async def _redis(runtime: Runtime) -> str:
    async with Redis.from_url(runtime.settings.redis_url) as client:
        await client.execute_command("PING")  # type: ignore[no-untyped-call]
    return "ok"


routes: list[Route] = [
    Route("/health/live", _live, methods=["GET"]),
    Route("/health/ready", _ready, methods=["GET"]),
]
