"""A load generator for HTTP POST: prepared bodies over kept connections, with as little of its own work as can be.

`python -m kontor.bench.load` reads one JSON object from standard input and writes one: it runs as a process of its own,
so that its CPU is not counted as the product's.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Result:
    """Answers, failures and latencies in seconds; `good` counts answers that hold `mark`."""

    seconds: float
    sent: int
    good: int
    p50: float
    p95: float
    p99: float
    sample: str


async def run(
    host: str, port: int, bodies: Sequence[bytes], *, path: str, headers: dict[str, str], clients: int, mark: bytes,
    rate: float = 0.0,
) -> Result:  # fmt: skip
    """Send every body once over `clients` connections; with a `rate` (per second) at fixed moments."""
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    latencies: list[float] = []
    good = 0
    sample = b""
    waiting = iter(enumerate(bodies))
    begun = time.perf_counter()

    async def client() -> None:
        nonlocal good, sample
        reader, writer = await asyncio.open_connection(host, port)
        for number, body in waiting:
            due = begun + number / rate if rate else time.perf_counter()
            if (early := due - time.perf_counter()) > 0:
                await asyncio.sleep(early)
            request = f"POST {path} HTTP/1.1\r\nHost: {host}:{port}\r\n{head}Content-Length: {len(body)}\r\n\r\n"
            writer.write(request.encode() + body)
            answer = await _answer(reader)
            latencies.append(time.perf_counter() - due)
            if mark in answer:
                good += 1
            elif not sample:
                sample = answer
        writer.close()

    await asyncio.gather(*[client() for _ in range(clients)])
    seconds = time.perf_counter() - begun
    latencies.sort()
    p50, p95, p99 = (_at(latencies, share) for share in (0.5, 0.95, 0.99))
    return Result(seconds, len(bodies), good, p50, p95, p99, sample[:500].decode(errors="replace"))


async def _answer(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    low = head.lower()
    start = low.index(b"content-length:") + 15
    return await reader.readexactly(int(low[start : low.index(b"\r\n", start)]))


def _at(values: Sequence[float], share: float) -> float:
    return values[min(len(values) - 1, int(len(values) * share))] if values else 0.0


def _bodies(call: dict[str, Any]) -> Iterator[bytes]:
    for variables in call["variables"]:
        yield json.dumps({"query": call["query"], "variables": variables}).encode()


def main() -> None:
    """Run the load described on standard input."""
    call = json.load(sys.stdin)
    options = {name: call[name] for name in ("path", "headers", "clients")}
    import uvloop

    result = uvloop.run(
        run(call["host"], call["port"], list(_bodies(call)), **options, mark=call["mark"].encode(), rate=call["rate"])
    )
    json.dump(asdict(result), sys.stdout)


if __name__ == "__main__":
    main()
