"""Figures for Prometheus; the backlog is measured when they are asked for."""

from __future__ import annotations

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from kontor import relay
from kontor.auth.permissions import Permission
from kontor.core.jobs import Runtime

log = structlog.get_logger("kontor.metrics")


async def _metrics(request: Request) -> Response:
    runtime: Runtime = request.app.state.runtime
    if not (runtime.settings.metrics_public or await _may_read(request, runtime)):
        return PlainTextResponse(f"This needs the permission {Permission.OPERATIONS_READ}.\n", 403)
    try:
        async with runtime.database.read_only() as db:
            await relay.measure(db)
    except Exception as problem:
        # The other figures matter most when the database is away.
        log.warning("the backlog cannot be measured", error=repr(problem))
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


async def _may_read(request: Request, runtime: Runtime) -> bool:
    principal = await request.app.state.authenticate(request.headers, runtime)
    return bool(principal.may(Permission.OPERATIONS_READ))


routes: list[Route] = [Route("/metrics", _metrics, methods=["GET"])]
