"""Dramatiq carries hints to the workers: one actor per declared job, all on one event loop with one runtime.

The outbox repeats what fails, so Dramatiq does not; a message that is lost costs a lease, nothing else.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import dramatiq
import structlog
from dramatiq.asyncio import EventLoopThread, get_event_loop_thread, set_event_loop_thread
from dramatiq.brokers.stub import StubBroker
from dramatiq.middleware import AsyncIO, Middleware, ShutdownNotifications
from prometheus_client import start_http_server

from kontor import bootstrap
from kontor.core import jobs
from kontor.redisbroker import PromptBroker
from kontor.relay import Relay

if TYPE_CHECKING:
    from kontor.core.jobs import Runtime
    from kontor.settings import Settings

log = structlog.get_logger("kontor.worker")
LONGEST_JOB_SECONDS = 600.0
STOP_MILLISECONDS = 30_000
LONGEST_STOP_SECONDS = 45.0
PREFETCHED = 2  # messages a worker takes ahead per queue: what waits stays in sight of the relay and of the others


class JobLoop(AsyncIO):
    """Gives all jobs one event loop and one runtime, made when the worker starts and closed when it stops."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings
        self._runtime: Runtime | None = None

    async def runtime(self) -> Runtime:
        """The worker's runtime; called on the worker's loop."""
        if self._runtime is None:
            self._runtime = bootstrap.build(self._settings)
            bootstrap.settle()
        return self._runtime

    def after_worker_shutdown(self, broker: Any, worker: Any) -> None:
        thread = get_event_loop_thread()
        if self._runtime is not None and thread is not None:
            thread.run_coroutine(bootstrap.close(self._runtime))
            self._runtime = None
        super().after_worker_shutdown(broker, worker)  # type: ignore[no-untyped-call]


class _SameLoop(EventLoopThread):
    """The loop of the web process, for jobs that run beside its requests. Never started: it runs already."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        threading.Thread.__init__(self, daemon=True)
        self.logger = logging.getLogger("kontor.worker")
        self.interrupt_check_ival = 0.1
        self.loop = loop


class EmbeddedLoop(AsyncIO):
    """Jobs share the web process's loop and database, so that SQLite's one writer is queued for in one place."""

    def __init__(self, shared: Runtime, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._runtime, self._loop = shared, loop

    async def runtime(self) -> Runtime:
        """The web process's own runtime."""
        return self._runtime

    def before_worker_boot(self, broker: Any, worker: Any) -> None:
        set_event_loop_thread(_SameLoop(self._loop))

    def after_worker_shutdown(self, broker: Any, worker: Any) -> None:
        set_event_loop_thread(None)


def make_broker(settings: Settings, *, shared: Runtime | None = None) -> dramatiq.Broker:
    """The broker with an actor per job: Redis where configured, else in memory beside the `shared` runtime.

    Without Redis it must be called on the event loop that `shared` belongs to.
    """
    bootstrap.load()
    loop = JobLoop(settings) if shared is None else EmbeddedLoop(shared, asyncio.get_running_loop())
    middleware: list[Middleware] = [loop, ShutdownNotifications()]
    if settings.redis_url:
        broker: dramatiq.Broker = PromptBroker(url=settings.redis_url, middleware=middleware, namespace="kontor")
    else:
        broker = StubBroker(middleware=middleware)
    for declared in jobs.JOBS.values():
        declare = dramatiq.actor(actor_name=declared.name, queue_name=declared.queue, broker=broker)
        declare(_actor(declared.name, loop.runtime))
    return broker


def _actor(name: str, runtime_of: Callable[[], Any]) -> Callable[[list[int]], Any]:
    async def perform(ids: list[int]) -> None:
        try:
            async with asyncio.timeout(LONGEST_JOB_SECONDS):
                await jobs.run(await runtime_of(), name, ids)
        except Exception:
            # The database is away or the job hangs: the lease runs out and the rows are due again.
            log.exception("job could not be run", job=name, rows=len(ids))

    return perform


class BrokerCarrier:
    """Hands the relay's messages to a broker."""

    def __init__(self, broker: dramatiq.Broker) -> None:
        self._broker = broker

    def send(self, job: str, ids: Sequence[int]) -> None:
        """Hand over one message: the job's name and row ids, nothing else."""
        self._broker.get_actor(job).send(list(ids))

    def queued(self) -> dict[str, int]:
        """Messages waiting in each queue."""
        names = {declared.queue for declared in jobs.JOBS.values()}
        if isinstance(self._broker, StubBroker):
            return {name: self._broker.queues[name].qsize() for name in names}
        assert isinstance(self._broker, PromptBroker)
        return self._broker.waiting(names)


class PromptWorker(dramatiq.Worker):
    """Does not look for delayed messages: what is due later waits in the outbox, and looking costs CPU all day."""

    def _add_consumer(self, queue_name: str, *, delay: bool = False) -> None:
        if not delay:
            super()._add_consumer(queue_name)


def make_worker(broker: dramatiq.Broker, settings: Settings) -> dramatiq.Worker:
    """A worker that runs `settings.worker_threads` jobs at once."""
    worker = PromptWorker(broker, worker_threads=settings.worker_threads, worker_timeout=1000)
    worker.queue_prefetch = PREFETCHED
    return worker


def serve(settings: Settings) -> None:
    """Run a worker process until SIGTERM or SIGINT; what runs is finished first."""
    if not settings.redis_url:
        raise ValueError("A worker of its own needs KONTOR_REDIS_URL; without it the web process does the work")
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    broker = make_broker(settings)
    worker = make_worker(broker, settings)
    show_metrics(settings)
    worker.start()
    log.info("worker started", threads=settings.worker_threads, jobs=len(jobs.JOBS))
    stopping.wait()
    _end_by_force_after(LONGEST_STOP_SECONDS)
    worker.stop(timeout=STOP_MILLISECONDS)
    broker.close()
    log.info("worker stopped")


def show_metrics(settings: Settings) -> None:
    """Serve this process's metrics on the loopback address, where a port is set; raises `OSError` when it is taken."""
    if settings.metrics_port:
        start_http_server(settings.metrics_port, addr="127.0.0.1")


def _end_by_force_after(seconds: float) -> None:
    """A Redis or database that is away must not keep a process from ending: what it held is handed out again."""
    last = threading.Timer(seconds, os._exit, (1,))
    last.daemon = True
    last.start()


async def relay_alone(settings: Settings) -> None:
    """Run a relay process until SIGTERM or SIGINT."""
    if not settings.redis_url:
        raise ValueError("A relay of its own needs KONTOR_REDIS_URL; without it the web process does the work")
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    runtime, broker = bootstrap.build(settings), make_broker(settings)
    show_metrics(settings)
    bootstrap.settle()
    try:
        await Relay(runtime, BrokerCarrier(broker)).run(stop)
    finally:
        broker.close()
        await bootstrap.close(runtime)
