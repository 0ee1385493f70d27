"""The live feed over a websocket, served by the real server."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4
from weakref import WeakKeyDictionary

import pytest
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.typing import Subprotocol

from kontor.api.graphql.feeds import EventFeed
from kontor.app import create_app
from kontor.core.db import Database
from kontor.core.jobs import Runtime
from kontor.core.outbox import EventRecord
from kontor.core.principal import ANONYMOUS, Principal
from support import Principals

pytestmark = pytest.mark.engine("sqlite")
QUERY = "subscription ($streams: [UUID!]) { eventsChanged(streamIds: $streams) { seq name streamId } }"
STREAM, OTHER = UUID(int=7), UUID(int=8)
FEEDS: WeakKeyDictionary[Database, EventFeed] = WeakKeyDictionary()


@asynccontextmanager
async def served(runtime: Runtime, known: dict[str, Principal]) -> AsyncIterator[str]:
    """The application on a free port; a bearer token is a principal's name."""

    async def authenticate(headers: Mapping[str, str], _runtime: Runtime) -> Principal:
        return known.get(headers.get("authorization", "").removeprefix("Bearer "), ANONYMOUS)

    app = create_app(runtime.settings, runtime=runtime, authenticate=authenticate)
    FEEDS[runtime.database] = app.state.feed
    config = uvicorn.Config(app, port=0, log_config=None, access_log=False, ws="websockets-sansio", lifespan="off")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - the server tells nobody when it has started
        await asyncio.sleep(0.01)
    try:
        yield f"ws://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/graphql"
    finally:
        server.should_exit = True
        await serving
        await app.state.feed.close()


@asynccontextmanager
async def signed_in(url: str, token: str, **options: Any) -> AsyncIterator[ClientConnection]:
    async with connect(url, subprotocols=[Subprotocol("graphql-transport-ws")], **options) as socket:
        await socket.send(json.dumps({"type": "connection_init", "payload": {"Authorization": f"Bearer {token}"}}))
        assert json.loads(await socket.recv()) == {"type": "connection_ack"}
        yield socket


async def subscribe(socket: ClientConnection, **variables: Any) -> None:
    call = {"query": QUERY, "variables": variables}
    await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": call}))


async def heard(runtime: Runtime, listeners: int = 1) -> None:
    """Wait until so many listen, and the feed knows where the log ended."""
    feed = FEEDS[runtime.database]
    async with asyncio.timeout(60):
        while len(feed._listeners) < listeners or not feed.reading:  # noqa: ASYNC110 - nobody is told
            await asyncio.sleep(0.01)


async def record(database: Database, stream: UUID, number: int) -> None:
    async with database.unit_of_work() as db:
        event = EventRecord(
            id=uuid4(), stream_id=stream, seq=number, name="Tested", payload={}, occurred_at=db.now,
            principal_kind="SYSTEM", principal_name="x",
        )  # fmt: skip
        db.add(event)


async def test_listener_gets_the_events_of_its_streams(runtime: Runtime, principals: Principals) -> None:
    async with served(runtime, {"a": principals.holding("events:read")}) as url, signed_in(url, "a") as socket:
        await subscribe(socket, streams=[str(STREAM)])
        await heard(runtime)
        await record(runtime.database, OTHER, 1)
        await record(runtime.database, STREAM, 1)
        async with asyncio.timeout(60):
            message = json.loads(await socket.recv())
    event = {"seq": 1, "name": "Tested", "streamId": str(STREAM)}
    assert message == {"id": "1", "type": "next", "payload": {"data": {"eventsChanged": event}}}


@pytest.mark.parametrize(
    ("permissions", "scope", "code"),
    [([], {}, "FORBIDDEN"), (["events:read"], {"partner_id": UUID(int=3)}, "SCOPE_TOO_NARROW")],
)
async def test_listener_without_the_right_is_refused(
    runtime: Runtime, principals: Principals, permissions: list[str], scope: dict[str, Any], code: str
) -> None:
    async with served(runtime, {"a": principals.holding(*permissions, **scope)}) as url, signed_in(url, "a") as socket:
        await subscribe(socket)
        async with asyncio.timeout(60):
            message = json.loads(await socket.recv())
    errors = message["payload"] if message["type"] == "error" else message["payload"]["errors"]
    assert errors[0]["extensions"]["code"] == code


async def test_nobody_gets_no_connection(runtime: Runtime) -> None:
    async with served(runtime, {}) as url:
        with pytest.raises(ConnectionClosedError) as refused:
            async with signed_in(url, "unknown"):
                pass
    assert refused.value.rcvd is not None
    assert refused.value.rcvd.code == 4403


async def test_foreign_page_gets_no_connection(runtime: Runtime, principals: Principals) -> None:
    async with served(runtime, {"a": principals.system}) as url:
        with pytest.raises(InvalidStatus):
            async with signed_in(url, "a", origin="https://evil.example"):
                pass


async def received(socket: ClientConnection) -> Any:
    async with asyncio.timeout(60):
        return json.loads(await socket.recv())


async def test_each_of_two_listeners_gets_an_event_once(runtime: Runtime, principals: Principals) -> None:
    async with (
        served(runtime, {"a": principals.holding("events:read")}) as url,
        signed_in(url, "a") as first,
        signed_in(url, "a") as second,
    ):
        await asyncio.gather(subscribe(first), subscribe(second))
        await heard(runtime, 2)
        for number in (1, 2, 3):
            await record(runtime.database, STREAM, number)
        for socket in (first, second):
            events = [(await received(socket))["payload"]["data"]["eventsChanged"]["seq"] for _ in range(3)]
            assert events == [1, 2, 3]


@pytest.mark.parametrize("query", ["{ version }", f'mutation {{ releaseHold(holdId: "{STREAM}") {{ __typename }} }}'])
async def test_only_subscriptions_go_over_a_socket(runtime: Runtime, principals: Principals, query: str) -> None:
    async with served(runtime, {"a": principals.system}) as url, signed_in(url, "a") as socket:
        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": query}}))
        message = await received(socket)
    errors = message["payload"] if message["type"] == "error" else message["payload"]["errors"]
    assert errors[0]["extensions"]["code"] == "WRONG_OPERATION"


async def test_who_is_signed_out_hears_nothing_more(runtime: Runtime, principals: Principals) -> None:
    known = {"a": principals.holding("events:read")}
    async with served(runtime, known) as url, signed_in(url, "a") as socket:
        await subscribe(socket)
        await heard(runtime)
        await record(runtime.database, STREAM, 1)
        assert (await received(socket))["payload"]["data"]["eventsChanged"]["seq"] == 1
        known.clear()
        await record(runtime.database, STREAM, 2)
        message = await received(socket)
    errors = message["payload"] if message["type"] == "error" else message["payload"]["errors"]
    assert errors[0]["extensions"]["code"] == "UNAUTHENTICATED"
