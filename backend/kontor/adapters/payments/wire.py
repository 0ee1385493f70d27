"""One call to a gateway and its answer: over a socket, or handed to a simulator in this process.

A general HTTP client spends milliseconds of CPU on a call; payments make several for every order.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

import aiohttp
from yarl import URL


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class NotReached(Exception):
    """No connection came about: the call was surely not read."""


class NoAnswer(Exception):
    """The call was sent and the connection broke or fell silent: it may have been carried out."""


class Transport(Protocol):
    """Carries one call; raises `NotReached` or `NoAnswer`."""

    async def exchange(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply: ...

    async def aclose(self) -> None: ...


class SocketTransport:
    """Kept-open connections to one address. Proxies of the environment are ignored: money goes where settings say."""

    def __init__(self, base_url: str, *, timeout: float, connections: int) -> None:
        self._base = base_url.rstrip("/")
        self._timeout = aiohttp.ClientTimeout(total=timeout, sock_connect=min(3.0, timeout))
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None

    async def exchange(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Send and read the whole answer; redirects are not followed."""
        session = self._opened()
        try:
            async with session.request(
                method, URL(self._base + path, encoded=True), headers=headers, data=body or None, allow_redirects=False
            ) as answer:
                content = await answer.read()
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as problem:
            raise NotReached(str(problem)) from problem
        except (aiohttp.ClientError, TimeoutError, OSError) as problem:
            raise NoAnswer(str(problem)) from problem
        return Reply(answer.status, {name.lower(): value for name, value in answer.headers.items()}, content)

    def _opened(self) -> aiohttp.ClientSession:
        # Made at the first call: it belongs to the event loop that makes it.
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._connections, keepalive_timeout=30.0),
                timeout=self._timeout,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                skip_auto_headers=("accept-encoding", "accept", "user-agent"),
                trust_env=False,
            )
        return self._session

    async def aclose(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()


class Connection:
    """A transport with the headers every call bears. Ends with `aclose` or its `async with` block."""

    def __init__(self, transport: Transport, *, api_key: str = "") -> None:
        self._transport = transport
        self._headers = {"authorization": f"Bearer {api_key}"} if api_key else {}

    async def call(
        self, method: str, path: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Reply:
        """One call; raises `NotReached` or `NoAnswer`."""
        return await self._transport.exchange(method, path, {**self._headers, **(headers or {})}, body)

    async def aclose(self) -> None:
        """Close the transport."""
        await self._transport.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


def connect(
    base_url: str,
    *,
    api_key: str = "",
    timeout: float = 10.0,
    connections: int = 20,
    transport: Transport | None = None,
) -> Connection:
    """One connection for the life of the process. `timeout` in seconds, connecting 3 at most."""
    carrier = transport or SocketTransport(base_url, timeout=timeout, connections=connections)
    return Connection(carrier, api_key=api_key)
