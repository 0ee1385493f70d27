"""The apps in a real browser, against the real server and database."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest
import uvicorn
from playwright.async_api import Browser, Playwright, async_playwright, expect

from frontend.browser import FLAGS, chromium
from frontend.visiting import Site
from kontor.app import create_app
from kontor.core.jobs import Runtime
from support import StandingClock

# A machine that runs other tests beside this one is slow; what never comes still fails.
expect.set_options(timeout=20_000)


@pytest.fixture(scope="session", autouse=True)
def _browser_is_there() -> None:
    chromium()


@pytest.fixture
def browser(runner: asyncio.Runner) -> Iterator[Browser]:
    """Chromium without a window."""
    playwright: Playwright = runner.run(async_playwright().start())
    launched = runner.run(playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS)))
    yield launched
    runner.run(launched.close())
    runner.run(playwright.stop())


@pytest.fixture
def site(runtime: Runtime, browser: Browser, clock: StandingClock, runner: asyncio.Runner) -> Iterator[Site]:
    """The application, served on a free port; it stops with the test."""
    listening = socket.create_server(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    settings = replace(runtime.settings, base_url=address)
    app = create_app(settings, runtime=replace(runtime, settings=settings))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off", ws="websockets-sansio"))
    task = runner.get_loop().create_task(server.serve(sockets=[listening]))
    made = Site(address, browser, clock)
    yield made
    runner.run(made.close())
    server.should_exit = True
    runner.run(_ended(task))
    assert made.complaints == []


async def _ended(task: asyncio.Task[None]) -> None:
    await task
