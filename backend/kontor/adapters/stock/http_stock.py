"""Live stock over HTTP: one question per place, answered with figures as JSON.

`POST {address}/stock` with `{"location": "HAM", "skus": ["LAMP"]}` answers
`{"figures": [{"sku": "LAMP", "quantity": 3, "asOf": "2026-06-15T10:00:00Z"}]}`; `asOf` may be left out, and an article
the system does not know is left out.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import httpx
import orjson

from kontor.inventory.errors import StockSystemAway
from kontor.inventory.ports import LiveFigure

_LARGEST = 4 * 1024 * 1024


def connect(
    base_url: str, *, api_key: str = "", timeout: float = 2.0, transport: httpx.AsyncBaseTransport | None = None
) -> httpx.AsyncClient:
    """One client for the life of the process; `timeout` in seconds. Proxies of the environment are ignored."""
    return httpx.AsyncClient(
        base_url=base_url,
        transport=transport,
        verify=not base_url.startswith("http://"),
        headers={"authorization": f"Bearer {api_key}"} if api_key else None,
        timeout=httpx.Timeout(timeout),
        limits=httpx.Limits(max_connections=20, max_keepalive_connections=20, keepalive_expiry=30.0),
        trust_env=False,
    )


class HttpLiveStock:
    """The system behind `client`."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def read(self, location: str, skus: Sequence[str]) -> Sequence[LiveFigure]:
        """Ask for the figures of a place."""
        body = orjson.dumps({"location": location, "skus": list(skus)})
        try:
            response = await self._client.post("/stock", content=body, headers={"content-type": "application/json"})
        except httpx.TransportError as exception:
            raise StockSystemAway("The stock system cannot be reached.") from exception
        if response.status_code != 200 or len(response.content) > _LARGEST:
            raise StockSystemAway("The stock system refuses to answer.", status=response.status_code)
        try:
            return [_figure(each) for each in orjson.loads(response.content)["figures"]]
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError) as exception:
            raise StockSystemAway("The stock system's answer cannot be read.") from exception


def _figure(entry: Any) -> LiveFigure:
    sku, quantity, as_of = entry["sku"], entry["quantity"], entry.get("asOf")
    if not isinstance(sku, str) or not isinstance(quantity, int) or isinstance(quantity, bool):
        raise TypeError("a figure has a text and a whole number")
    moment = None if as_of is None else datetime.fromisoformat(as_of)
    if moment is not None and moment.tzinfo is None:
        raise ValueError("a moment has a zone")
    return LiveFigure(sku, quantity, moment)
