"""One call to Stripe and what its answer allows to conclude (docs.stripe.com/error-low-level)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import orjson

from kontor.adapters.payments.stripe.reading import refusal
from kontor.adapters.payments.wire import Connection, NoAnswer, NotReached, Reply
from kontor.core.errors import Conflict
from kontor.payments.ports import Declined, GatewayUnavailable, OutcomeUnknown

Parameters = Iterable[tuple[str, object]]


@dataclass(frozen=True, slots=True)
class Answer:
    """An object, or an error as `refused`. `replayed`: stored at the first call with this key, so perhaps outdated."""

    content: Mapping[str, Any]
    refused: Declined | None = None
    replayed: bool = False


class Calls:
    """Form-encoded calls with a pinned version of the API; the connection bears the secret key."""

    def __init__(self, client: Connection, *, version: str) -> None:
        self._client = client
        self._headers = {"stripe-version": version}

    async def get(self, path: str, parameters: Parameters = ()) -> Answer:
        """Read; repeating it is harmless."""
        query = urlencode([(name, _text(value)) for name, value in parameters])
        return _answer(await self._exchange("GET", f"{path}?{query}" if query else path, b"", {}))

    async def post(self, path: str, parameters: Parameters, *, key: str) -> Answer:
        """Do once per key; raises `Conflict` when the key stands for other parameters."""
        body = urlencode([(name, _text(value)) for name, value in parameters]).encode()
        headers = {"idempotency-key": key, "content-type": "application/x-www-form-urlencoded"}
        return _answer(await self._exchange("POST", path, body, headers))

    async def _exchange(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        try:
            return await self._client.call(method, path, body=body, headers={**self._headers, **headers})
        except NotReached as exception:
            raise GatewayUnavailable("Stripe cannot be reached.", retry_after=None) from exception
        except NoAnswer as exception:
            raise OutcomeUnknown("Stripe did not answer.") from exception


def refused_or(reply: Reply) -> Answer:
    """What an answer of Stripe says, wherever the call went."""
    return _answer(reply)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _answer(reply: Reply) -> Answer:
    """Rate limits and missing rights are checked before anything is done; what 409 and 5xx leave behind is unknown.

    Stripe stores a 5xx under its key too and repeats it for a day: what was done is then found by looking.
    """
    status = reply.status
    if status == 429:
        raise GatewayUnavailable("Stripe limits our rate.", retry_after=_retry_after(reply))
    if status in (401, 403):
        raise GatewayUnavailable(
            "Stripe refuses our credentials.", code="PAYMENT_GATEWAY_CREDENTIALS", retry_after=None
        )
    content = _content(reply)
    replayed = reply.headers.get("idempotent-replayed") == "true"
    if 200 <= status < 300:
        return Answer(content, replayed=replayed)
    error = content.get("error")
    if not isinstance(error, dict) or status in (409, 424) or not 400 <= status < 500:
        raise OutcomeUnknown("Stripe did not say what became of it.", status=status)
    if error.get("type") == "idempotency_error":
        raise Conflict("The idempotency key was used for another instruction.", code="IDEMPOTENCY_KEY_REUSED")
    return Answer(content, refused=refusal(error), replayed=replayed)


def _content(reply: Reply) -> Mapping[str, Any]:
    try:
        content = orjson.loads(reply.body)
    except orjson.JSONDecodeError as exception:
        raise OutcomeUnknown("Stripe's answer cannot be read.", status=reply.status) from exception
    if not isinstance(content, dict):
        raise OutcomeUnknown("Stripe's answer is no object.", status=reply.status)
    return content


def _retry_after(reply: Reply) -> float | None:
    value = reply.headers.get("retry-after", "")
    return float(value) if value.isdecimal() else None
