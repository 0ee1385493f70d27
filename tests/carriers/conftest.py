"""DHL on a socket, and carriers that are asked again at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import pytest

from carriers.dhl_server import API_KEY, PASSWORD, USER, Dhl
from kontor.adapters.carriers.dhl_parcel_de import NAME, DhlParcelDe
from kontor.adapters.payments.wire import connect
from kontor.carriers import jobs
from kontor.carriers.ports import Carrier
from kontor.core.jobs import Runtime


@pytest.fixture
def dhl(runtime: Runtime, runner: asyncio.Runner) -> Iterator[Dhl]:
    """DHL on a socket, and the adapter that speaks to it."""
    server = Dhl()
    runner.run(server.start())
    connections = [connect(server.url, timeout=0.3) for _ in range(2)]
    adapter = DhlParcelDe(*connections, api_key=API_KEY, user=USER, password=PASSWORD)
    runtime.ports.register(Carrier, adapter, name=NAME)
    yield server
    runner.run(server.stop())


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "ASK_AGAIN", timedelta(0))
    monkeypatch.setattr(jobs, "_delay", lambda _: timedelta(0))
