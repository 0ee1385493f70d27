"""Running payment gateways for tests: in this process, and in one that can be killed."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from itertools import count
from pathlib import Path
from typing import Any, Protocol, TypeVar

from kontor.adapters.payments.http_gateway import HttpGateway, connect
from kontor.adapters.payments.simulator import (
    Audit,
    EmbeddedTransport,
    Simulator,
    audit_file,
)
from kontor.core.money import Money
from kontor.payments.ports import (
    Instruction,
    PaymentGateway,
    Succeeded,
)

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
T = TypeVar("T")
_numbers = count(1)


class Bank(Protocol):
    """A running gateway to hold the contract against."""

    def run(self, story: Callable[[HttpGateway], Awaitable[T]], *, timeout: float = 5.0) -> T: ...

    def audit(self) -> Audit: ...


class EmbeddedBank:
    def __init__(self, ledger: Path, **options: Any) -> None:
        self.ledger = ledger
        self.simulator = Simulator(ledger, **options)

    def run(self, story: Callable[[HttpGateway], Awaitable[T]], *, timeout: float = 5.0) -> T:
        async def told() -> T:
            async with connect("http://gateway", transport=EmbeddedTransport(self.simulator)) as client:
                return await story(HttpGateway(client, webhook_secrets=(SECRET,)))

        return asyncio.run(told())

    def audit(self) -> Audit:
        return audit_file(self.ledger)

    def close(self) -> None:
        self.simulator.ledger.close()


class ProcessBank:
    def __init__(self, ledger: Path, *options: str) -> None:
        self.ledger = ledger
        self.options = options
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "kontor.adapters.payments.simulator", "--port", str(self.port)]
        self.process = subprocess.Popen([*command, "--ledger", str(self.ledger), *self.options])
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return
            time.sleep(0.05)
        raise AssertionError("the simulator did not start")

    def kill(self) -> None:
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def run(self, story: Callable[[HttpGateway], Awaitable[T]], *, timeout: float = 5.0) -> T:
        async def told() -> T:
            async with connect(self.url, timeout=timeout) as client:
                return await story(HttpGateway(client, webhook_secrets=(SECRET,)))

        return asyncio.run(told())

    def audit(self) -> Audit:
        return audit_file(self.ledger)


def next_number() -> int:
    return next(_numbers)


def instruction(amount: int, *, reference: str = "", key: str = "", currency: str = "EUR") -> Instruction:
    number = next_number()
    return Instruction(key or f"key-{number}", reference or f"payment-{number}", Money(amount, currency))


async def authorized(gateway: PaymentGateway, amount: int, reference: str, method: str = "tok_visa") -> str:
    outcome = await gateway.authorize(instruction(amount, reference=reference), method=method)
    assert isinstance(outcome, Succeeded)
    return outcome.reference
