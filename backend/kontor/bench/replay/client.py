"""Clients of the public API: bearer tokens by client credentials, many calls at once, and patience with a dead server.

A call is repeated under the same idempotency key until it is answered, as a caller must do who does not know whether
the first one arrived.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx
import orjson

from kontor.core.ids import new_id

T = TypeVar("T")
PATIENCE_SECONDS = 180.0
PAUSE_SECONDS = 0.1
MOST_TROUBLES = 30
AWAY = "UnavailableError"
REFUSED = "... on Error { code message path details }"


class Refused(RuntimeError):
    """The API understood a call and refused it."""

    def __init__(self, operation: str, code: str, message: str) -> None:
        super().__init__(f"{operation}: {code}: {message}")
        self.code = code


@dataclass(slots=True)
class Calls:
    """What the clients did."""

    sent: int = 0
    repeated: int = 0
    seconds: list[float] = field(default_factory=list)


class Api:
    """The GraphQL endpoint as an API client with granted scopes sees it. Belongs to one event loop."""

    def __init__(self, base_url: str, client_id: str, secret: str, *, clients: int = 16) -> None:
        limits = httpx.Limits(max_connections=clients, max_keepalive_connections=clients)
        self._http = httpx.AsyncClient(base_url=base_url, timeout=60.0, limits=limits, trust_env=False)
        self._credentials = (client_id, secret)
        self._token = ""
        self._signing_in = asyncio.Lock()
        self._gate = asyncio.Semaphore(clients)
        self.calls = Calls()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def run(self, query: str, variables: dict[str, Any] | None = None, *, once: bool = False) -> dict[str, Any]:
        """The `data` of one operation; `once` sends an idempotency key. Raises `Refused` for an error of the call."""
        body = orjson.dumps({"query": query, "variables": variables or {}})
        key = {"idempotency-key": str(new_id())} if once else {}
        async with self._gate:
            started = time.perf_counter()
            answer = await self._send(body, key)
            self.calls.seconds.append(time.perf_counter() - started)
        if answer.get("errors"):
            error = answer["errors"][0]
            raise Refused("call", error.get("extensions", {}).get("code", "ERROR"), orjson.dumps(error).decode())
        data: dict[str, Any] = answer["data"]
        for name, value in data.items():
            if _is_refusal(value):
                raise Refused(name, value["code"], f"{value['message']} {value.get('path')} {value.get('details')}")
        return data

    async def token(self) -> str:
        """The access token in use, for what does not go over `run`, such as a websocket; "" when the server is away."""
        return self._token or await self._sign_in("")

    async def _send(self, body: bytes, headers: dict[str, str]) -> dict[str, Any]:
        deadline, troubles = time.monotonic() + PATIENCE_SECONDS, 0
        while True:
            token = self._token or await self._sign_in("")
            try:
                answer = await self._http.post(
                    "/graphql",
                    content=body,
                    headers={**headers, "content-type": "application/json", "authorization": f"Bearer {token}"},
                )
                self.calls.sent += 1
                if answer.status_code == 401:
                    await self._sign_in(token)
                elif answer.status_code < 500 and answer.status_code != 429:
                    decoded: dict[str, Any] = orjson.loads(answer.content)
                    troubles += 1
                    if troubles > MOST_TROUBLES or not _in_trouble(decoded):
                        return decoded
            except (httpx.HTTPError, orjson.JSONDecodeError):
                pass
            if time.monotonic() > deadline:
                raise TimeoutError(f"No answer within {PATIENCE_SECONDS:.0f} seconds")
            self.calls.repeated += 1
            await asyncio.sleep(PAUSE_SECONDS)

    async def _sign_in(self, old: str) -> str:
        """A new token, asked for once by all who need it; '' when the server is away."""
        async with self._signing_in:
            if self._token != old:
                return self._token
            try:
                answer = await self._http.post(
                    "/oauth/token", data={"grant_type": "client_credentials"}, auth=self._credentials
                )
            except httpx.HTTPError:
                return ""
            if answer.status_code == 200:
                self._token = str(answer.json()["access_token"])
            elif answer.status_code < 500 and answer.status_code != 429:
                raise Refused("token", str(answer.status_code), answer.text)
            return self._token

    async def pages(
        self, query: str, name: str, variables: dict[str, Any], *, first: int = 200
    ) -> list[dict[str, Any]]:
        """Every node of a connection."""
        nodes: list[dict[str, Any]] = []
        after: str | None = None
        while True:
            page = (await self.run(query, {**variables, "first": first, "after": after}))[name]
            nodes += page["nodes"]
            if not page["pageInfo"]["hasNextPage"]:
                return nodes
            after = page["pageInfo"]["endCursor"]


def _in_trouble(answer: dict[str, Any]) -> bool:
    """The server says that it failed, not the call: a repetition may succeed."""
    codes = {error.get("extensions", {}).get("code") for error in answer.get("errors") or ()}
    away = any(_is_refusal(value) and value["__typename"] == AWAY for value in (answer.get("data") or {}).values())
    return away or "INTERNAL_ERROR" in codes


def _is_refusal(value: Any) -> bool:
    """Whether a payload is one of the refusals, whose types all end alike."""
    return isinstance(value, dict) and str(value.get("__typename", "")).endswith("Error")


def parts(items: Sequence[T], size: int) -> Iterable[Sequence[T]]:
    """Pieces of at most `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


async def all_at_once(items: Sequence[T], size: int, work: Callable[[Sequence[T]], Awaitable[None]]) -> None:
    """Run `work` over pieces of the items side by side; the clients' gate bounds how many are under way."""
    async with asyncio.TaskGroup() as group:
        for part in parts(items, size):
            group.create_task(_as_coroutine(work(part)))


async def _as_coroutine(work: Awaitable[None]) -> None:
    await work
