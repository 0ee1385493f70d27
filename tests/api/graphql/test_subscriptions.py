"""The live feed over a websocket, served by the real server."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import pytest
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.typing import Subprotocol

from kontor.app import create_app
from kontor.core.db import Database
from kontor.core.jobs import Runtime
from kontor.core.outbox import EventRecord
from kontor.core.principal import ANONYMOUS, Principal
from support import Principals

pytestmark = pytest.mark.engine("sqlite")
QUERY = "subscription ($streams: [UUID!]) { eventsChanged(streamIds: $streams) { seq name streamId } }"
STREAM, OTHER = UUID(int=7), UUID(int=8)


@asynccontextmanager
async def served(runtime: Runtime, known: dict[str, Principal]) -> AsyncIterator[str]:
    """The application on a free port; a bearer token is a principal's name."""

    async def authenticate(headers: Mapping[str, str], _runtime: Runtime) -> Principal:
        return known.get(headers.get("authorization", "").removeprefix("Bearer "), ANONYMOUS)

    app = create_app(runtime.settings, runtime=runtime, authenticate=authenticate)
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
        await asyncio.sleep(0.3)
        await record(runtime.database, OTHER, 1)
        await record(runtime.database, STREAM, 1)
        async with asyncio.timeout(5):
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
        async with asyncio.timeout(5):
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
