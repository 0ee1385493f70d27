"""The simulator inside one's own process: the same calls without a socket."""

import httpx

from kontor.adapters.payments.simulator.app import ConnectionClosed, Simulator


class EmbeddedTransport(httpx.ASGITransport):
    """Carries calls to a simulator in this process; a closed connection looks as it would over a socket."""

    def __init__(self, simulator: Simulator) -> None:
        super().__init__(app=simulator.app)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Hand the call over; raises `httpx.RemoteProtocolError` where the simulator hangs up."""
        try:
            return await super().handle_async_request(request)
        except ConnectionClosed as exception:
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.") from exception
