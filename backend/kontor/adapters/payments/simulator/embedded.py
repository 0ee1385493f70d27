"""The simulator inside one's own process: the same calls without a socket."""

from collections.abc import MutableMapping
from typing import Any

import httpx

from kontor.adapters.payments.simulator.app import ConnectionClosed, Simulator


class EmbeddedTransport(httpx.AsyncBaseTransport):
    """Carries calls to a simulator in this process; a closed connection looks as it would over a socket.

    `httpx.ASGITransport` would do, at twice the price: it looks for other event loops at every call.
    """

    def __init__(self, simulator: Simulator) -> None:
        self._app = simulator.app

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Hand the call over; raises `httpx.RemoteProtocolError` where the simulator hangs up."""
        body = await request.aread()
        sent: list[MutableMapping[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: MutableMapping[str, Any]) -> None:
            sent.append(message)

        try:
            await self._app(_scope(request), receive, send)
        except ConnectionClosed as exception:
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.") from exception
        content = b"".join(message.get("body", b"") for message in sent[1:])
        return httpx.Response(sent[0]["status"], headers=sent[0]["headers"], content=content)


def _scope(request: httpx.Request) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "scheme": request.url.scheme,
        "path": request.url.path,
        "raw_path": request.url.raw_path.split(b"?")[0],
        "query_string": request.url.query,
        "server": (request.url.host, request.url.port),
        "client": ("127.0.0.1", 0),
        "root_path": "",
    }
