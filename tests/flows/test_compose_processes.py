"""What docker-compose.yml starts, started here with the same commands and environment: an order goes all the way."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MessageHandler
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from architecture.test_compose import own_services
from kontor import bootstrap
from kontor.auth import clients
from kontor.auth.permissions import GRANTABLE, ClientKind
from kontor.bench import world
from kontor.bench.replay.client import Api
from kontor.bench.services import PostgresServer, RedisServer, free_port
from kontor.core.clock import wall
from kontor.core.db import Database
from support import Run

PLACE = (
    "mutation Place($input: PlaceOrderInput!) { placeOrder(input: $input) "
    "{ __typename ... on PlacedOrder { order { id } } ... on Error { code message path details } } }"
)
EVENTS = "query Events($order: UUID!) { events(orderId: $order, first: 100) { nodes { name } } }"


CHANGES = "subscription { fulfillmentOrdersChanged { node { state createdAt } } }"
WITHIN = 3.0
"""Seconds until an open page knows of an order that another process routed."""


class Inbox(MessageHandler):
    """The mail catcher's part: keeps what arrives."""

    def __init__(self) -> None:
        super().__init__()
        self.recipients: list[str] = []

    def handle_message(self, message: Any) -> None:
        self.recipients.append(message["x-rcptto"])


class Installation:
    """The services of the compose file that run our image, as processes of this machine."""

    def __init__(self, folder: Path, addresses: Mapping[str, str]) -> None:
        self.folder, self.port = folder, free_port()
        self._addresses = {**addresses, "KONTOR_BASE_URL": f"http://127.0.0.1:{self.port}"}
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.finding = ""

    def start(self, name: str) -> subprocess.Popen[bytes]:
        """Start a service; what the containers reach by name is reached by address."""
        service = own_services()[name]
        replaced = {"0.0.0.0": "127.0.0.1", "8000": str(self.port)}
        program, *words = [replaced.get(word, word) for word in service["command"]]
        assert program == "kontor"
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("KONTOR_")}
        environment = {**inherited, **service["environment"], **self._addresses}
        assert [value for key, value in environment.items() if key.startswith("KONTOR_") and "${" in value] == []
        environment["PYTHONPATH"] = os.pathsep.join(sys.path)
        with (self.folder / f"{name}.log").open("wb") as log:
            self.running[name] = subprocess.Popen(
                [sys.executable, "-m", "kontor", *words], env=environment, cwd=self.folder, stdout=log, stderr=log
            )
        return self.running[name]

    def is_ready(self) -> bool:
        """Whether the web process says so."""
        assert self.running["web"].poll() is None, self.log("web")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health/ready", timeout=5) as answer:
                return bool(answer.status == 200)
        except urllib.error.HTTPError as refused:
            self.finding = refused.read().decode()
        except OSError as away:
            self.finding = repr(away)
        return False

    def log(self, name: str) -> str:
        """The end of a service's log."""
        return (self.folder / f"{name}.log").read_text(errors="replace")[-3000:]

    def stop(self) -> dict[str, int]:
        """Ask every process to finish, as `docker compose stop` does; their exit codes."""
        for process in self.running.values():
            process.send_signal(signal.SIGTERM)
        return {name: process.wait(40) for name, process in self.running.items()}

    def kill(self) -> None:
        """Leave nothing running whatever happened."""
        for process in self.running.values():
            if process.poll() is None:
                process.kill()
                process.wait()


def wait_for(true: Callable[[], bool], what: Callable[[], str], seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, what()
        time.sleep(0.1)


@pytest.fixture
def inbox() -> Iterator[tuple[Inbox, int]]:
    handler, port = Inbox(), free_port()
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    yield handler, port
    controller.stop()


@pytest.fixture
def installation(
    tmp_path: Path, postgres: PostgresServer, inbox: tuple[Inbox, int]
) -> Iterator[tuple[Installation, str]]:
    with ExitStack() as stack:
        redis = stack.enter_context(RedisServer())
        url = postgres.create_database("composed")
        addresses = {
            "KONTOR_DATABASE_URL": url,
            "KONTOR_REDIS_URL": redis.url,
            "KONTOR_SMTP_URL": f"smtp://127.0.0.1:{inbox[1]}",
            "KONTOR_SECRET_KEY": "composed-" + "k" * 40,
            "KONTOR_GATEWAY_SECRET": "composed-" + "g" * 40,
        }
        made = Installation(tmp_path, addresses)
        stack.callback(made.kill)
        assert made.start("migrate").wait(120) == 0, made.log("migrate")
        made.running.clear()
        yield made, url


async def prepare(url: str) -> tuple[world.World, str, str]:
    """Masters and stock to order from, and an API client with its secret."""
    bootstrap.load_models()
    database = Database(url)
    try:
        built = await world.build(database, articles=20, places=2, stocked=2)
        scopes = frozenset(str(permission) for permission in GRANTABLE[ClientKind.INTEGRATION])
        async with database.unit_of_work() as db:
            made = await clients.create_api_client(
                db, clients.ApiClientInput(name="shop", kind=ClientKind.INTEGRATION, scopes=scopes), now=wall()
            )
        return built, made.client.client_id, made.secret
    finally:
        await database.close()


async def place(base_url: str, credentials: tuple[str, str], variables: dict[str, Any]) -> str:
    api = Api(base_url, *credentials, clients=1)
    try:
        placed = (await api.run(PLACE, {"input": variables}, once=True))["placeOrder"]
        assert placed["__typename"] == "PlacedOrder", placed
        return str(placed["order"]["id"])
    finally:
        await api.aclose()


async def events_of(base_url: str, credentials: tuple[str, str], order_id: str) -> list[str]:
    api = Api(base_url, *credentials, clients=1)
    try:
        return [node["name"] for node in (await api.run(EVENTS, {"order": order_id}))["events"]["nodes"]]
    finally:
        await api.aclose()


async def told_after(base_url: str, credentials: tuple[str, str], variables: dict[str, Any]) -> tuple[str, float]:
    """Place an order while its places are followed: its id, and the seconds from being routed to being told."""
    api = Api(base_url, *credentials, clients=1)
    try:
        headers = {"authorization": f"Bearer {await api.token()}"}
        url = base_url.replace("http", "ws") + "/graphql"
        async with connect(
            url, subprotocols=[Subprotocol("graphql-transport-ws")], additional_headers=headers
        ) as socket:
            await socket.send(json.dumps({"type": "connection_init"}))
            assert json.loads(await socket.recv())["type"] == "connection_ack"
            await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": CHANGES}}))
            await asyncio.sleep(1)  # nobody tells when the feed has begun
            order_id = await place(base_url, credentials, variables)
            async with asyncio.timeout(60):
                told = json.loads(await socket.recv())
        created = datetime.fromisoformat(told["payload"]["data"]["fulfillmentOrdersChanged"]["node"]["createdAt"])
        return order_id, (wall() - created).total_seconds()
    finally:
        await api.aclose()


@pytest.mark.timeout(300)
def test_order_is_confirmed_by_the_processes_of_the_compose_file(
    installation: tuple[Installation, str], inbox: tuple[Inbox, int], run: Run
) -> None:
    composed, url = installation
    built, client_id, secret = run(prepare(url))
    for name in ("web", "worker", "relay"):
        composed.start(name)
    wait_for(composed.is_ready, lambda: composed.finding + "".join(map(composed.log, composed.running)))
    base_url, credentials = f"http://127.0.0.1:{composed.port}", (client_id, secret)

    order_id, seconds = run(told_after(base_url, credentials, world.order(built, "first-order", Random(1))))
    assert seconds < WITHIN, "the worker routed it, the page of the web process was told late"

    def confirmed() -> bool:
        return "OrderConfirmed" in run(events_of(base_url, credentials, order_id))

    wait_for(confirmed, lambda: composed.log("worker") + composed.log("relay"))
    wait_for(lambda: bool(inbox[0].recipients), lambda: composed.log("worker"))
    assert inbox[0].recipients[0] == "first-order@bench.example"
    told = run(events_of(base_url, credentials, order_id))
    assert [name for name in told if name in {"OrderPlaced", "PaymentAuthorized", "OrderConfirmed"}] == [
        "OrderPlaced", "PaymentAuthorized", "OrderConfirmed",
    ]  # fmt: skip
    assert composed.stop() == {"web": 0, "worker": 0, "relay": 0}, composed.log("worker")
    assert re.search(r"Traceback", "".join(map(composed.log, composed.running))) is None
