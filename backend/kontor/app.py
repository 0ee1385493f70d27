"""The ASGI application. Without Redis it does the background work itself, on the same event loop."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import httpx
import structlog
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles

from kontor import bootstrap, worker
from kontor.adapters.payments.simulator.app import Simulator
from kontor.adapters.payments.simulator.notices import Notifier, keep_settling
from kontor.api.graphql import endpoint
from kontor.api.graphql.feeds import EventFeed
from kontor.api.http import assets, health, metrics, oauth, pages, session
from kontor.api.http.shell import Authenticate, Shell
from kontor.core import logging
from kontor.core.jobs import Runtime
from kontor.relay import Relay, woken_by_commits
from kontor.settings import Settings, from_environment

log = structlog.get_logger("kontor.app")
SETTLE_SECONDS = 0.25
EXPLORER = ("vendor", "explorer")
# Pages and hooks beside GraphQL; each module brings its `routes`.
FURTHER = (
    "kontor.api.http.webhooks",
    "kontor.api.http.gateway",
    "kontor.api.http.files",
    "kontor.api.http.figures",
    "kontor.api.http.uploads",
    "kontor.api.http.printing",
    "kontor.api.http.photos",
    "kontor.api.http.branding",
    "kontor.api.http.mailbox",
    "kontor.api.http.mail_preview",
    "kontor.api.http.documents",
    "kontor.api.http.sign_in",
    "kontor.api.http.access",
    "kontor.api.http.openid",
    "kontor.api.http.practice",
)


def create() -> Starlette:
    """The application of the environment's settings; what `kontor serve` runs in each process."""
    settings = from_environment()
    logging.configure(settings.log_level, settings.log_format)
    return create_app(settings)


def create_app(
    settings: Settings, *, runtime: Runtime | None = None, authenticate: Authenticate = session.authenticate
) -> Starlette:
    """The application; over a given `runtime` it starts and closes nothing."""
    app = Starlette(
        routes=_routes(settings, authenticate),
        middleware=[Middleware(Shell, authenticate=authenticate, settings=settings)],
        lifespan=None if runtime is not None else _lifespan,
    )
    app.state.settings, app.state.authenticate = settings, authenticate
    if runtime is not None:
        app.state.runtime, app.state.feed = runtime, EventFeed(runtime.database)
    return app


def _routes(settings: Settings, authenticate: Authenticate) -> list[BaseRoute]:
    explorer = [Route("/graphql", pages.explorer, methods=["GET"])] if settings.development else []
    routes: list[BaseRoute] = [
        Route("/graphql", endpoint.post, methods=["POST"]),
        *explorer,
        WebSocketRoute("/graphql", endpoint.Socket(authenticate, allowed_origins=(settings.base_url,))),
        *session.routes,
        *oauth.routes,
        *health.routes,
        *metrics.routes,
        *pages.routes,
    ]
    for name in FURTHER:
        if importlib.util.find_spec(name):
            routes.extend(importlib.import_module(name).routes)
    frontend = bootstrap.project_root() / "frontend"
    routes.extend(assets.routes(frontend, settings))
    routes.extend(
        Mount(f"/{name}", StaticFiles(directory=frontend / name, html=True))
        for name in EXPLORER
        if (frontend / name).is_dir()
    )
    return routes


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    runtime = bootstrap.build(settings)
    feed = EventFeed(runtime.database)
    app.state.runtime, app.state.feed = runtime, feed
    try:
        async with AsyncExitStack() as stack:
            if settings.embedded:
                await stack.enter_async_context(background_work(runtime))
            await stack.enter_async_context(_simulated_bank(app, runtime))
            bootstrap.settle()
            yield
    finally:
        await feed.close()
        await bootstrap.close(runtime)


@asynccontextmanager
async def _simulated_bank(app: Starlette, runtime: Runtime) -> AsyncIterator[None]:
    """Where no gateway is set: settle what the simulator left pending, and take its notices without a socket."""
    connection = runtime.ports.get(bootstrap.GatewayConnection)
    if connection.simulator is None:
        yield
        return
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=runtime.settings.base_url) as client:
        task = asyncio.create_task(_settle(connection.simulator, bootstrap.webhook_secret(runtime.settings), client))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def _settle(simulator: Simulator, secret: str, client: httpx.AsyncClient) -> None:
    notifier = Notifier(simulator.ledger, url="/webhooks/payments", secret=secret, client=client)
    while True:
        try:
            await keep_settling(simulator.bank, notifier, every=SETTLE_SECONDS)
        except Exception:
            log.warning("simulated bank", exc_info=True)
            await asyncio.sleep(SETTLE_SECONDS)


@asynccontextmanager
async def background_work(runtime: Runtime) -> AsyncIterator[None]:
    """The relay and a worker on this event loop; what runs is finished at the end."""
    broker = worker.make_broker(runtime.settings, shared=runtime)
    jobs = worker.make_worker(broker, runtime.settings)
    jobs.start()
    relay, stop = Relay(runtime, worker.BrokerCarrier(broker)), asyncio.Event()
    loop = asyncio.create_task(relay.run(stop))
    try:
        with woken_by_commits(relay, runtime):
            yield
    finally:
        stop.set()
        await loop
        # The jobs need this loop to finish, so it must not wait in it.
        await asyncio.to_thread(jobs.stop, worker.STOP_MILLISECONDS)
        log.info("background work stopped")
