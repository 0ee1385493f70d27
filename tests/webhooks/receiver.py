"""A receiver on this machine that keeps what it is sent and answers as it is told."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from kontor.webhooks.signing import verify

HANG_UP, SILENT = -1, -2


@dataclass
class Call:
    """One request."""

    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def json(self) -> dict[str, Any]:
        parsed: dict[str, Any] = json.loads(self.body)
        return parsed


@dataclass
class Receiver:
    """`answers` are statuses for the next calls, then 204; HANG_UP and SILENT say nothing."""

    answers: list[int] = field(default_factory=list)
    headers: str = ""
    calls: list[Call] = field(default_factory=list)
    answer_body: bytes = b""
    _server: asyncio.Server | None = None
    _handlers: set[asyncio.Task[None]] = field(default_factory=set)

    async def __aenter__(self) -> Receiver:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()
        await asyncio.gather(*self._handlers, return_exceptions=True)

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/hooks?shop=1"

    @property
    def ids(self) -> list[str]:
        return [call.id for call in self.calls]

    @property
    def types(self) -> list[str]:
        return [call.json["type"] for call in self.calls]

    def check(self, secret: str) -> Iterator[str]:
        """The ids of the calls whose signature is right."""
        for call in self.calls:
            yield verify([secret], headers=call.headers, body=call.body, now=datetime.now(UTC))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._handlers.add(task)
        try:
            await self._answer(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the caller has heard enough
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[1:-2]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head)}
        self.calls.append(Call(headers, await reader.readexactly(int(headers["content-length"]))))
        status = self.answers.pop(0) if self.answers else 204
        if status > 0:
            length = len(self.answer_body)
            writer.write(f"HTTP/1.1 {status} X\r\n{self.headers}content-length: {length}\r\n\r\n".encode())
            writer.write(self.answer_body)
            await writer.drain()
        elif status == SILENT:
            await reader.read()
