"""The European Commission's register of VAT ids (VIES) by its published REST API.

`POST /check-vat-number` with `countryCode` and `vatNumber`, and with `requesterMemberStateCode` and `requesterNumber`
where the answer is to carry a consultation number (`requestIdentifier`), which proves that it was asked. The answer
says `valid`; data that a state does not disclose reads `---`. What goes wrong comes as `errorWrappers` with a code such
as MS_UNAVAILABLE, also under status 200, or as `userError`.
"""

from typing import Any

import httpx
import orjson

from kontor.tax.errors import RegisterAway
from kontor.tax.ports import RegisterAnswer

VIES_URL = "https://ec.europa.eu/taxation_customs/vies/rest-api"
_LARGEST = 256 * 1024
# A state that calls the number itself impossible has answered; all other codes say nothing of it.
_NO = frozenset({"INVALID", "INVALID_INPUT"})
_ANSWERS = frozenset({"", "VALID"}) | _NO


def connect(
    base_url: str = VIES_URL, *, timeout: float = 20.0, transport: httpx.AsyncBaseTransport | None = None
) -> httpx.AsyncClient:
    """One client for the life of the process; some states take a quarter of a minute. Proxies are ignored."""
    return httpx.AsyncClient(
        base_url=base_url,
        transport=transport,
        verify=not base_url.startswith("http://"),
        timeout=httpx.Timeout(timeout),
        limits=httpx.Limits(max_connections=4, max_keepalive_connections=2),
        trust_env=False,
    )


class ViesRegister:
    """VIES behind `client`."""

    name = "VIES"

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def check(self, vat_id: str, *, requester: str | None = None) -> RegisterAnswer:
        """Ask about a VAT id; raises `RegisterAway`."""
        question = {"countryCode": vat_id[:2], "vatNumber": vat_id[2:]}
        if requester:
            question |= {"requesterMemberStateCode": requester[:2], "requesterNumber": requester[2:]}
        try:
            response = await self._client.post(
                "/check-vat-number",
                content=orjson.dumps(question),
                headers={"content-type": "application/json", "accept": "application/json"},
            )
        except httpx.TimeoutException as late:
            raise RegisterAway("The register took too long.", reason="TIMEOUT") from late
        except httpx.TransportError as gone:
            raise RegisterAway("The register cannot be reached.", reason="UNREACHABLE") from gone
        return _answer(_body(response), response.status_code)


def _body(response: httpx.Response) -> dict[str, Any]:
    try:
        found = orjson.loads(response.content) if len(response.content) <= _LARGEST else None
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise RegisterAway("The register's answer cannot be read.", reason=f"HTTP_{response.status_code}")
    return found


def _answer(body: dict[str, Any], status: int) -> RegisterAnswer:
    code = _error(body)
    if code in _NO:
        return RegisterAnswer(False, _said(body.get("requestIdentifier")))
    if code not in _ANSWERS or status != 200 or not isinstance(body.get("valid"), bool):
        raise RegisterAway("The register gives no answer.", reason=(code or f"HTTP_{status}")[:60])
    return RegisterAnswer(
        body["valid"], _said(body.get("requestIdentifier")), _said(body.get("name")), _said(body.get("address"))
    )


def _error(body: dict[str, Any]) -> str:
    """The first code of what went wrong, "" when nothing did."""
    wrappers = body.get("errorWrappers")
    if isinstance(wrappers, list) and wrappers and isinstance(wrappers[0], dict):
        return str(wrappers[0].get("error") or "UNKNOWN")
    return str(body.get("userError") or "")


def _said(text: Any) -> str | None:
    """What is disclosed; states write --- for what they keep to themselves."""
    found = str(text).strip() if isinstance(text, str) else ""
    return found if found.strip("-") else None
