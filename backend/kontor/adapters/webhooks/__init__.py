"""How webhooks leave: one HTTP call per attempt, to an address that was checked."""

import asyncio
import re
import ssl
from collections.abc import Mapping
from time import monotonic

import httpx

from kontor.core.errors import KontorError
from kontor.webhooks.addresses import Destination, Resolver, resolve
from kontor.webhooks.ports import Answer

TIMEOUT = 10.0  # seconds for the whole call
MOST_READ = 4096  # bytes of an answer: only its status counts
_SECONDS = re.compile(r"\d{1,6}")


class HttpSender:
    """Connects to the address the name was resolved to, so that a second look-up cannot lead inward.

    Every call has a connection of its own: two names on one address must not share a certificate check.
    """

    def __init__(
        self, *, allow_private: bool = False, resolver: Resolver | None = None, timeout: float = TIMEOUT
    ) -> None:
        self._allow_private, self._resolver, self._timeout = allow_private, resolver, timeout
        self._client: httpx.AsyncClient | None = None

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        client = self._connected()
        started = monotonic()

        def after(status: int | None, error: str | None = None, retry_after: int | None = None) -> Answer:
            return Answer(status, error, int((monotonic() - started) * 1000), retry_after)

        try:
            async with asyncio.timeout(self._timeout):
                there = await resolve(url, resolver=self._resolver, allow_private=self._allow_private)
                status, retry_after = await _call(client, there, headers, body)
        except KontorError as problem:
            return after(None, f"{problem.code}: {problem.message}"[:500])
        except TimeoutError:
            return after(None, f"No answer within {self._timeout:g} seconds.")
        except (httpx.HTTPError, ssl.SSLError, OSError) as problem:
            return after(None, f"{type(problem).__name__}: {problem}"[:500])
        return after(status, None if 200 <= status < 300 else f"The receiver answered {status}.", retry_after)

    def _connected(self) -> httpx.AsyncClient:
        # Made late: loading the certificates takes longer than everything else at the start.
        if self._client is None:
            limits = httpx.Limits(max_connections=50, max_keepalive_connections=0)
            self._client = httpx.AsyncClient(
                timeout=self._timeout, limits=limits, follow_redirects=False, trust_env=False
            )
        return self._client

    async def aclose(self) -> None:
        """Close what is open."""
        if self._client is not None:
            await self._client.aclose()


async def _call(
    client: httpx.AsyncClient, there: Destination, headers: Mapping[str, str], body: bytes
) -> tuple[int, int | None]:
    request = client.build_request(
        "POST",
        there.url,
        headers={
            **headers,
            "host": there.host_header,
            "content-type": "application/json",
            "user-agent": "Kontor-Webhooks/1",
            "connection": "close",
        },
        content=body,
        extensions={"sni_hostname": there.endpoint.host},
    )
    answer = await client.send(request, stream=True)
    try:
        read = 0
        async for part in answer.aiter_raw():
            read += len(part)
            if read >= MOST_READ:
                break
    finally:
        await answer.aclose()
    wish = answer.headers.get("retry-after", "")
    return answer.status_code, int(wish) if _SECONDS.fullmatch(wish) else None
