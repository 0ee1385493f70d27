"""The simulator inside one's own process: the same calls without a socket."""

from collections.abc import Mapping, MutableMapping
from typing import Any

import httpx

from kontor.adapters.payments.simulator.app import ConnectionClosed, Simulator
from kontor.adapters.payments.wire import NoAnswer, Reply


class EmbeddedTransport(httpx.AsyncBaseTransport):
    """Carries calls to a simulator in this process; a closed connection looks as it would over a socket.

    `httpx.ASGITransport` would do, at twice the price: it looks for other event loops at every call.
    """

    def __init__(self, simulator: Simulator) -> None:
        self._app = simulator.app

    async def exchange(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Hand the call over; raises `NoAnswer` where the simulator hangs up."""
        raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        path, _, query = path.partition("?")
        try:
            status, answered, content = await self._call(_scope(method, path, query.encode(), raw), body)
        except ConnectionClosed as exception:
            raise NoAnswer("The connection was closed without an answer.") from exception
        return Reply(status, {name.decode(): value.decode() for name, value in answered}, content)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The same for an `httpx` client; raises `httpx.RemoteProtocolError` where the simulator hangs up."""
        raw = [(name.lower(), value) for name, value in request.headers.raw]
        scope = _scope(request.method, request.url.path, request.url.query, raw)
        try:
            status, headers, content = await self._call(scope, await request.aread())
        except ConnectionClosed as exception:
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.") from exception
        return httpx.Response(status, headers=headers, content=content)

    async def _call(self, scope: dict[str, Any], body: bytes) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        sent: list[MutableMapping[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: MutableMapping[str, Any]) -> None:
            sent.append(message)

        await self._app(scope, receive, send)
        return sent[0]["status"], sent[0]["headers"], b"".join(message.get("body", b"") for message in sent[1:])


def _scope(method: str, path: str, query: bytes, headers: list[tuple[bytes, bytes]]) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "headers": headers,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query,
        "server": ("gateway", 80),
        "client": ("127.0.0.1", 0),
        "root_path": "",
    }
