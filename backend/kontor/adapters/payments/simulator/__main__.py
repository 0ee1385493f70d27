"""Run the simulator as a process: `python -m kontor.adapters.payments.simulator --port 8100 --ledger bank.sqlite`."""

import argparse
import asyncio
from dataclasses import dataclass
from pathlib import Path

import httpx
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from kontor.adapters.payments.simulator.app import Simulator
from kontor.adapters.payments.simulator.bank import Terms
from kontor.adapters.payments.simulator.faults import Faults
from kontor.adapters.payments.simulator.notices import Notifier, keep_settling


class ClosableProtocol(HttpToolsProtocol):
    """Lets the application hang up on a caller, which no part of ASGI allows."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {"kontor.close": self.transport.abort}  # type: ignore[dict-item]


@dataclass(frozen=True, slots=True)
class Options:
    """Where to listen, what to keep, what to break."""

    port: int
    ledger: Path
    seed: int
    faults: Faults
    terms: Terms
    api_key: str
    webhook_url: str
    webhook_secret: str


def read_options(arguments: list[str] | None = None) -> Options:
    """The command line; fault rates from 0 to 1, durations in seconds."""
    parser = argparse.ArgumentParser(prog="python -m kontor.adapters.payments.simulator", description=__doc__)
    parser.add_argument("--port", type=int, default=8100)
    parser.add_argument("--ledger", type=Path, required=True, help="SQLite file that survives restarts")
    parser.add_argument("--seed", type=int, default=0, help="the same seed meets the same faults")
    parser.add_argument("--fault-rate", type=float, default=0.0, help="rate of every fault of transport and notices")
    parser.add_argument("--decline-rate", type=float, default=0.0)
    parser.add_argument("--pending-rate", type=float, default=0.0)
    parser.add_argument("--pending-delay", type=float, default=1.0)
    parser.add_argument("--slow-delay", type=float, default=3.0)
    parser.add_argument("--single-capture", action="store_true", help="one capture per authorization")
    parser.add_argument("--full-refund-only", action="store_true", help="no partial refunds")
    parser.add_argument("--api-key", default="", help="demanded as bearer token when given")
    parser.add_argument("--webhook-url", default="", help="where notices go")
    parser.add_argument("--webhook-secret", default="", help="whsec_... the notices are signed with")
    parser.add_argument("--notify-everything", action="store_true", help="notices for every operation")
    given = parser.parse_args(arguments)
    if bool(given.webhook_url) != bool(given.webhook_secret):
        parser.error("--webhook-url and --webhook-secret belong together")
    everywhere = Faults.everywhere(given.fault_rate)
    rates = {name: getattr(everywhere, name) for name in Faults.__dataclass_fields__}
    return Options(
        port=given.port,
        ledger=given.ledger,
        seed=given.seed,
        faults=Faults(**rates | {"declined": given.decline_rate, "pending": given.pending_rate}),
        terms=Terms(
            multi_capture=not given.single_capture,
            partial_refund=not given.full_refund_only,
            pending_delay=given.pending_delay,
            slow_delay=given.slow_delay,
            notify_everything=given.notify_everything,
        ),
        api_key=given.api_key,
        webhook_url=given.webhook_url,
        webhook_secret=given.webhook_secret,
    )


async def serve(options: Options) -> None:
    """Answer calls on the loopback interface, settle pending operations and send notices until stopped."""
    simulator = Simulator(
        options.ledger, seed=options.seed, faults=options.faults, terms=options.terms, api_key=options.api_key
    )
    config = uvicorn.Config(
        simulator.app,
        host="127.0.0.1",
        port=options.port,
        http=ClosableProtocol,
        ws="none",
        lifespan="off",
        access_log=False,
        log_level="warning",
        timeout_keep_alive=60,
    )
    server = uvicorn.Server(config)
    background = asyncio.create_task(_run_background(simulator, options))
    try:
        await server.serve()
    finally:
        background.cancel()
        await asyncio.gather(background, return_exceptions=True)
        simulator.ledger.close()


async def _run_background(simulator: Simulator, options: Options) -> None:
    async with httpx.AsyncClient(timeout=5.0, trust_env=False) as client:
        notifier = None
        if options.webhook_url:
            notifier = Notifier(simulator.ledger, url=options.webhook_url, secret=options.webhook_secret, client=client)
        await keep_settling(simulator.bank, notifier)


def main() -> None:
    """Read the command line and serve."""
    options = read_options()
    with asyncio.Runner(loop_factory=uvicorn.Config(app="").get_loop_factory()) as runner:
        runner.run(serve(options))


if __name__ == "__main__":
    main()
