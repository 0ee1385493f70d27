"""The gateway over HTTP: payment intents with manual capture, refunds, look-up by key, its books."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kontor.adapters.payments.simulator import payouts
from kontor.adapters.payments.simulator.bank import Answer, Bank, Order, Terms, behavior_of, error
from kontor.adapters.payments.simulator.faults import AFTER, BEFORE, Dice, Faults, Trouble, Troublemaker
from kontor.adapters.payments.simulator.ledger import Ledger, audit_entries

Handler = Callable[[Request], Awaitable[Answer]]

_MAX_AMOUNT = 10**12
_IN_PROGRESS = error(409, "operation_in_progress", "This key is being worked on.")


class ConnectionClosed(Exception):
    """The connection ends without an answer."""


class BadRequest(Exception):
    """The call is malformed; nothing was done."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.answer = error(400, "invalid_request", message)


class Simulator:
    """A payment gateway with its own books: `app` is its ASGI application, `bank` what it does, `ledger` its memory."""

    def __init__(
        self,
        ledger: str | Path,
        *,
        seed: int = 0,
        faults: Faults | None = None,
        terms: Terms | None = None,
        api_key: str = "",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.ledger = Ledger(ledger)
        self.terms = terms or Terms()
        self._faults = faults or Faults()
        self._dice = Dice(seed)
        self._trouble = Troublemaker(self._faults, self._dice)
        self._authorization = f"Bearer {api_key}" if api_key else ""
        self._in_flight: set[str] = set()
        self._clock = clock
        self.bank = Bank(self.ledger, terms=self.terms, faults=self._faults, dice=self._dice, clock=clock)
        self.app = Starlette(routes=self._routes())

    def _routes(self) -> list[Route]:
        def post(path: str, read: Callable[[str, Request, dict[str, Any]], Order]) -> Route:
            return Route(path, self._guarded(partial(self._post, read)), methods=["POST"])

        def get(path: str, handle: Handler) -> Route:
            return Route(path, self._guarded(handle), methods=["GET"])

        return [
            post("/v1/payment_intents", _read_authorization),
            post("/v1/payment_intents/{intent}/capture", _read_capture),
            post("/v1/payment_intents/{intent}/cancel", _read_void),
            post("/v1/refunds", _read_refund),
            post("/v1/test/chargebacks", _read_chargeback),
            post("/v1/test/disputes", _read_dispute),
            post("/v1/test/disputes/{dispute}/decide", _read_decision),
            post("/v1/test/refund_returns", _read_refund_return),
            post("/v1/disputes/{dispute}/evidence", _read_evidence),
            post("/v1/disputes/{dispute}/accept", _read_acceptance),
            Route("/v1/test/payouts", self._guarded(self._pay_out), methods=["POST"]),
            get("/v1/disputes/{dispute}", self._get_dispute),
            get("/v1/payouts", self._get_payouts),
            get("/v1/payouts/{payout}/lines", self._get_payout_lines),
            get("/v1/payment_intents/{intent}", self._get_intent),
            get("/v1/operations", self._get_operation),
            get("/ledger", self._get_ledger),
            Route("/health", _get_health, methods=["GET"]),
        ]

    def _guarded(self, handle: Handler) -> Callable[[Request], Awaitable[Response]]:
        """Let only callers with the key in, and turn a hang-up into a closed connection."""

        async def guarded(request: Request) -> Response:
            if self._authorization and request.headers.get("authorization") != self._authorization:
                return _respond(error(401, "invalid_api_key", "The API key is not valid."))
            try:
                return _respond(await handle(request))
            except BadRequest as exception:
                return _respond(exception.answer)
            except ConnectionClosed:
                close = request.scope.get("extensions", {}).get("kontor.close")
                if close is None:
                    raise
                close()
                await asyncio.sleep(0)  # lets the server see the end before it would answer for us
                return Response(status_code=500)

        return guarded

    async def _post(self, read: Callable[[str, Request, dict[str, Any]], Order], request: Request) -> Answer:
        return await self._once(read(_key_of(request), request, _fields_of(await request.body())))

    async def _once(self, order: Order) -> Answer:
        """Perform the call with the trouble that meets it before and after."""
        if order.key in self._in_flight:
            return _IN_PROGRESS
        behavior = behavior_of(self.ledger, order)
        first = self._trouble.first_try(order.key)
        trouble = self._trouble.pick(BEFORE, order.key)
        if first and behavior.error_once:
            trouble = Trouble.ERROR_BEFORE
        if first and behavior.closed_once:
            trouble = Trouble.CLOSED_BEFORE
        if trouble:
            return self._fail(order.key, trouble)
        if behavior.slow or self._dice.falls(self._faults.slow, "slow", order.key):
            await self._take_long(order.key)
        answer = self.bank.perform(order)
        if not answer.fresh:
            return answer
        trouble = self._trouble.pick(AFTER, order.key)
        if behavior.lost_answer_once:
            trouble = Trouble.ERROR_AFTER
        if behavior.closed_after_once:
            trouble = Trouble.CLOSED_AFTER
        return self._fail(order.key, trouble) if trouble else answer

    async def _take_long(self, key: str) -> None:
        self._in_flight.add(key)
        try:
            await asyncio.sleep(self.terms.slow_delay)
        finally:
            self._in_flight.discard(key)

    def _fail(self, key: str, trouble: Trouble) -> Answer:
        self._trouble.met(key)
        if trouble is Trouble.RATE_LIMITED:
            return error(429, "rate_limited", "Too many calls, try again in a second.")
        if trouble in (Trouble.ERROR_BEFORE, Trouble.ERROR_AFTER):
            return error(500, "internal_error", "Something went wrong.")
        raise ConnectionClosed

    async def _get_operation(self, request: Request) -> Answer:
        key = request.query_params.get("idempotency_key", "")
        if key in self._in_flight:
            return _IN_PROGRESS
        look_up = f"look-up:{key}"
        trouble = self._trouble.pick(BEFORE, look_up)
        return self._fail(look_up, trouble) if trouble else _found(self.bank.current(key))

    async def _get_intent(self, request: Request) -> Answer:
        return _found(self.bank.intent(request.path_params["intent"]))

    async def _get_dispute(self, request: Request) -> Answer:
        return _found(self.bank.dispute(request.path_params["dispute"]))

    async def _pay_out(self, request: Request) -> Answer:
        fields = _fields_of(await request.body())
        return _found(payouts.pay_out(self.ledger, _key_of(request), _currency(fields), self._clock()))

    async def _get_payouts(self, request: Request) -> Answer:
        return _found({"data": self.ledger.payouts(float(request.query_params.get("since", "0")))})

    async def _get_payout_lines(self, request: Request) -> Answer:
        return _found({"data": payouts.lines_of(self.ledger, request.path_params["payout"])})

    async def _get_ledger(self, request: Request) -> Answer:
        entries = self.ledger.entries()
        audit = audit_entries(entries)
        return _found({"entries": entries, "totals": audit.totals, "repeated": audit.repeated})


async def _get_health(request: Request) -> Response:
    return Response(b'{"status":"ok"}', media_type="application/json")


def _respond(answer: Answer) -> Response:
    headers = {"idempotent-replayed": "false" if answer.fresh else "true"} if answer.status in (200, 402) else {}
    if answer.status == 429:
        headers["retry-after"] = "1"
    return Response(answer.body, answer.status, headers, "application/json")


def _found(content: dict[str, Any] | None) -> Answer:
    if content is None:
        return error(404, "not_found", "There is no such thing.")
    return Answer(200, orjson.dumps(content))


def _key_of(request: Request) -> str:
    key = request.headers.get("idempotency-key", "")
    if not key or len(key) > 255:
        raise BadRequest("The Idempotency-Key header must have 1 to 255 characters.")
    return key


def _fields_of(body: bytes) -> dict[str, Any]:
    try:
        fields = orjson.loads(body)
    except orjson.JSONDecodeError as exception:
        raise BadRequest("The body is not JSON.") from exception
    if not isinstance(fields, dict):
        raise BadRequest("The body must be a JSON object.")
    return fields


def _amount(fields: dict[str, Any], least: int = 1) -> int:
    amount = fields.get("amount")
    if type(amount) is not int or not least <= amount <= _MAX_AMOUNT:
        raise BadRequest(f"amount must be a whole number of minor units of at least {least}.")
    return amount


def _text(fields: dict[str, Any], name: str, length: int = 200) -> str:
    text = fields.get(name)
    if not isinstance(text, str) or not text or len(text) > length:
        raise BadRequest(f"{name} must be a text of 1 to {length} characters.")
    return text


def _currency(fields: dict[str, Any]) -> str:
    currency = _text(fields, "currency", 3)
    if len(currency) != 3 or not currency.isascii() or not currency.isupper():
        raise BadRequest("currency must be an ISO 4217 code.")
    return currency


def _check_mandate(fields: dict[str, Any], *, takes: bool) -> None:
    """A debit names a signed mandate, its place among the debits of it, and a day that has not passed."""
    said = fields.get("mandate")
    if said is None:
        return
    if not isinstance(said, dict):
        raise BadRequest("mandate must be an object.")
    for name in ("creditor", "reference", "signed_on", "scheme", "name", "iban"):
        _text(said, name, 70)
    if takes and said.get("sequence_type") not in ("OOFF", "FRST", "RCUR"):
        raise BadRequest("sequence_type must be OOFF, FRST or RCUR.")
    if takes and not date.fromisoformat(_text(said, "collect_on", 10)) > date.fromisoformat(said["signed_on"]):
        raise BadRequest("collect_on must be after signed_on.")


def _read_authorization(key: str, request: Request, fields: dict[str, Any]) -> Order:
    method = fields.get("capture_method", "manual")
    if method not in ("manual", "automatic"):
        raise BadRequest("capture_method must be manual or automatic.")
    kind = "authorize" if method == "manual" else "sale"
    _check_mandate(fields, takes=kind == "sale")
    reference = _text(fields, "reference")
    return Order(kind, key, _amount(fields), _currency(fields), reference, method=_text(fields, "payment_method"))


def _read_capture(key: str, request: Request, fields: dict[str, Any]) -> Order:
    final = fields.get("final", False) is True
    _check_mandate(fields, takes=True)
    intent = request.path_params["intent"]
    reference = _text(fields, "reference")
    return Order("capture", key, _amount(fields), _currency(fields), reference, intent=intent, final=final)


def _read_void(key: str, request: Request, fields: dict[str, Any]) -> Order:
    intent = request.path_params["intent"]
    return Order("void", key, _amount(fields, 0), _currency(fields), _text(fields, "reference"), intent=intent)


def _read_refund(key: str, request: Request, fields: dict[str, Any]) -> Order:
    intent = _text(fields, "payment_intent")
    return Order("refund", key, _amount(fields), _currency(fields), _text(fields, "reference"), intent=intent)


def _read_chargeback(key: str, request: Request, fields: dict[str, Any]) -> Order:
    intent = _text(fields, "payment_intent")
    return Order("chargeback", key, _amount(fields), _currency(fields), _text(fields, "reference"), intent=intent)


def _read_dispute(key: str, request: Request, fields: dict[str, Any]) -> Order:
    intent, reason = _text(fields, "payment_intent"), _text(fields, "reason")
    inquiry = fields.get("inquiry", False) is True
    return Order("dispute", key, _amount(fields), _currency(fields), "", method=reason, intent=intent, final=inquiry)


def _read_decision(key: str, request: Request, fields: dict[str, Any]) -> Order:
    word = _text(fields, "decision", 4)
    if word not in ("won", "lost"):
        raise BadRequest("decision must be won or lost.")
    return Order("decide", key, 0, _currency(fields), "", method=word, intent=request.path_params["dispute"])


def _read_refund_return(key: str, request: Request, fields: dict[str, Any]) -> Order:
    intent, refund = _text(fields, "payment_intent"), _text(fields, "refund")
    return Order("refund_return", key, 0, _currency(fields), "", method=refund, intent=intent)


def _read_evidence(key: str, request: Request, fields: dict[str, Any]) -> Order:
    evidence = orjson.dumps(fields.get("evidence"), option=orjson.OPT_SORT_KEYS).decode()
    return Order("contest", key, 0, _currency(fields), "", method=evidence, intent=request.path_params["dispute"])


def _read_acceptance(key: str, request: Request, fields: dict[str, Any]) -> Order:
    return Order("accept", key, 0, _currency(fields), "", intent=request.path_params["dispute"])
