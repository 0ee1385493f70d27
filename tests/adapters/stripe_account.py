"""An account at Stripe for tests: a server that follows the published contract and can be made to fail.

Form-encoded parameters (an unknown one is refused), keys whose first answer is kept, error objects, the life of a
PaymentIntent, refunds, search, events signed by the published scheme.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any
from urllib.parse import parse_qsl

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kontor.adapters.payments.simulator.__main__ import ClosableProtocol
from kontor.adapters.payments.stripe import API_VERSION, header_value

SECRET_KEY = "sk_test_" + "k" * 24
WEEK = 7 * 24 * 3600
DECLINES = {
    "pm_card_chargeDeclined": ("card_declined", "generic_decline"),
    "pm_card_chargeDeclinedInsufficientFunds": ("card_declined", "insufficient_funds"),
    "pm_card_authenticationRequired": ("authentication_required", "authentication_required"),
    "pm_card_chargeDeclinedExpiredCard": ("expired_card", None),
}
CREATE = {
    "amount", "currency", "payment_method", "capture_method", "confirm", "off_session", "customer", "expand[]",
    "automatic_payment_methods[enabled]", "automatic_payment_methods[allow_redirects]",
    "payment_method_options[card][request_multicapture]",
}  # fmt: skip
Json = dict[str, Any]
Form = dict[str, str]


class Refused(Exception):
    """An error object; `stored` when a method had begun to work, so that its key answers the same again."""

    def __init__(self, status: int, *, stored: bool = True, **error: Any) -> None:
        super().__init__(error)
        self.status, self.stored, self.body = status, stored, {"error": error}


def invalid(message: str, code: str = "parameter_invalid_integer", *, stored: bool = True, **more: Any) -> Refused:
    return Refused(400, stored=stored, type="invalid_request_error", code=code, message=message, **more)


class StripeAccount:
    """The books and the server over them. `faults` is what happens to the next calls, in their order."""

    def __init__(self, *, multi_capture: bool = True) -> None:
        self.multi_capture = multi_capture
        self.intents: dict[str, Json] = {}
        self.charges: dict[str, Json] = {}
        self.refunds: dict[str, Json] = {}
        self.disputes: dict[str, Json] = {}
        self.files: dict[str, bytes] = {}
        self.payouts: dict[str, Json] = {}
        self.balance: list[Json] = []
        self.faults: list[str] = []
        self.fault_of: Callable[[], str | None] = lambda: None
        self.calls: Counter[str] = Counter()
        self.requests: list[tuple[str, Form]] = []
        self._keys: dict[str, tuple[str, int, bytes]] = {}
        self._numbers = count(1)
        self.app = Starlette(routes=[Route("/{path:path}", self._serve, methods=["GET", "POST"])])

    # --- what a test does to it ---------------------------------------------------------------------------------

    def forget_keys(self) -> None:
        """A day has gone by."""
        self._keys.clear()

    def expire(self, intent_id: str) -> None:
        """The promise was not captured in time."""
        intent = self.intents[intent_id]
        partly = bool(intent["amount_received"])
        intent |= {"amount_capturable": 0, "status": "succeeded" if partly else "canceled"}
        if not partly:
            intent["cancellation_reason"] = "automatic"

    def checkout(self, amount: int, *, status: str = "requires_capture", customer: str | None = None) -> str:
        """A PaymentIntent that the shop's own checkout has made; its id."""
        intent = self._new_intent({"amount": str(amount), "currency": "eur", "payment_method": "pm_card_visa"}, {})
        self._charge(intent, multi=self.multi_capture)
        held = status == "requires_capture"
        intent |= {
            "status": status,
            "customer": customer,
            "amount_capturable": amount if held else 0,
            "amount_received": amount if status == "succeeded" else 0,
        }
        return str(intent["id"])

    def event(self, kind: str, content: Json, *, key: str | None = None, created: int | None = None) -> bytes:
        """The body of an event."""
        event = {
            "id": f"evt_{next(self._numbers)}", "object": "event", "api_version": API_VERSION, "type": kind,
            "created": int(time.time()) if created is None else created, "livemode": False, "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": key}, "data": {"object": content},
        }  # fmt: skip
        return json.dumps(event).encode()

    def dispute(self, intent_id: str, status: str, *, amount: int | None = None, due_by: int | None = None) -> Json:
        """A dispute object about a PaymentIntent as it is now; the bank moves the money and charges 15.00 once."""
        intent = self.intents[intent_id]
        dispute = self.disputes.setdefault(
            f"dp_{intent_id}",
            {
                "id": f"dp_{intent_id}", "object": "dispute", "amount": intent["amount"] if amount is None else amount,
                "currency": intent["currency"], "charge": intent["latest_charge"], "payment_intent": intent_id,
                "reason": "fraudulent", "metadata": {}, "balance_transactions": [], "evidence": {},
                "evidence_details": {"due_by": due_by, "has_evidence": False, "past_due": False, "submission_count": 0},
            },
        )  # fmt: skip
        dispute["status"] = status
        moves: list[Json] = dispute["balance_transactions"]
        if not moves and not status.startswith("warning"):
            moves.append(self.moved("dispute", dispute["id"], -dispute["amount"], fee=1500))
        if status == "won" and len(moves) == 1:
            moves.append(self.moved("dispute_reversal", dispute["id"], dispute["amount"], fee=0))
        return dict(json.loads(json.dumps(dispute)))

    def moved(self, category: str, source: str, amount: int, *, fee: int = 0, currency: str = "eur") -> Json:
        """A balance transaction that no payout has settled yet."""
        row = {
            "id": f"txn_{next(self._numbers)}", "object": "balance_transaction", "amount": amount, "fee": fee,
            "net": amount - fee, "currency": currency, "created": int(time.time()), "source": source,
            "reporting_category": category, "exchange_rate": None, "description": None, "payout": None,
        }  # fmt: skip
        self.balance.append(row)
        return row

    def pay_out(self, *, arrival: int | None = None) -> Json:
        """Send what no payout has settled yet to the bank; the payout."""
        rows = [each for each in self.balance if each["payout"] is None]
        payout = {
            "id": f"po_{next(self._numbers)}", "object": "payout", "amount": sum(each["net"] for each in rows),
            "currency": rows[0]["currency"], "status": "paid", "automatic": True, "created": int(time.time()),
            "arrival_date": arrival or int(time.time()), "statement_descriptor": "STRIPE",
        }  # fmt: skip
        for each in rows:
            each["payout"] = payout["id"]
        self.payouts[str(payout["id"])] = payout
        out = self.moved("payout", str(payout["id"]), -int(str(payout["amount"])))
        out["payout"] = payout["id"]
        return payout

    def settle(self, fee: int = 0) -> None:
        """Put every capture and refund that is not there yet into the balance, each charge with a fee."""
        known = Counter(each["source"] for each in self.balance)
        for intent in self.intents.values():
            if intent["amount_received"] and not known[intent["latest_charge"]]:
                self.moved("charge", intent["latest_charge"], intent["amount_received"], fee=fee)
        for refund in self.refunds.values():
            if refund["status"] == "succeeded" and not known[refund["id"]]:
                self.moved("refund", refund["id"], -refund["amount"])

    def fail_refund(self, refund_id: str) -> Json:
        """The customer's bank sends a refund back days after it had succeeded."""
        refund = self.refunds[refund_id]
        refund |= {"status": "failed", "failure_reason": "expired_or_canceled_card"}
        return refund

    def totals(self, reference: str) -> tuple[int, int]:
        """What was captured and refunded under our reference of a payment."""
        named = [each for each in self.intents.values() if each["metadata"].get("kontor_payment") == reference]
        ids = {each["id"] for each in named}
        back = sum(each["amount"] for each in self.refunds.values() if each["payment_intent"] in ids)
        return sum(each["amount_received"] for each in named), back

    @contextmanager
    def running(self) -> Iterator[str]:
        """Serve on the loopback interface; the address."""
        config = uvicorn.Config(
            self.app, host="127.0.0.1", port=0, http=ClosableProtocol, ws="none", lifespan="off", log_level="critical"
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)

    # --- the contract -------------------------------------------------------------------------------------------

    async def _serve(self, request: Request) -> Response:
        body, path = await request.body(), request.url.path
        if request.headers.get("authorization") != f"Bearer {SECRET_KEY}":
            return JSONResponse({"error": {"type": "invalid_request_error", "message": "Invalid API Key"}}, 401)
        if request.headers.get("stripe-version") != API_VERSION:
            return JSONResponse({"error": {"type": "invalid_request_error", "message": "unexpected version"}}, 400)
        fault = self.faults.pop(0) if self.faults else self.fault_of()
        if fault == "limited":
            limited = {"error": {"type": "invalid_request_error", "code": "rate_limit", "message": "Too many"}}
            return JSONResponse(limited, 429, {"retry-after": "1"})
        if fault == "closed":
            return await self._hang_up(request)
        if request.method == "GET":
            status, content, replayed = self._read(path, dict(request.query_params.multi_items()))
        else:
            if path == "/v1/files":
                return self._file(request, body)
            if request.headers["content-type"] != "application/x-www-form-urlencoded":
                raise AssertionError("parameters are form-encoded")
            key, form = request.headers["idempotency-key"], body.decode()
            status, content, replayed = self._once(path, form, key, broken=fault == "broken")
        if fault == "slow":
            await asyncio.sleep(2)
        if fault == "lost":
            return await self._hang_up(request)
        headers = {"idempotent-replayed": "true"} if replayed else {}
        return Response(content, status, headers, "application/json")

    def _file(self, request: Request, body: bytes) -> Response:
        kind, _, boundary = request.headers["content-type"].partition("; boundary=")
        parts = body.split(f"--{boundary}".encode())
        assert kind == "multipart/form-data"
        assert b'name="purpose"\r\n\r\ndispute_evidence' in parts[1]
        file_id = f"file_{request.headers['idempotency-key'].replace('/', '_')}"  # the same key, the same file
        self.files[file_id] = parts[2].partition(b"\r\n\r\n")[2].removesuffix(b"\r\n")
        return JSONResponse({"id": file_id, "object": "file", "purpose": "dispute_evidence"})

    async def _hang_up(self, request: Request) -> Response:
        request.scope["extensions"]["kontor.close"]()
        await asyncio.sleep(0)
        return Response(status_code=500)

    def _once(self, path: str, form: str, key: str, *, broken: bool) -> tuple[int, bytes, bool]:
        fingerprint = f"{path}?{'&'.join(sorted(form.split('&')))}"
        if key in self._keys:
            known, status, content = self._keys[key]
            if known != fingerprint:
                error = {"type": "idempotency_error", "message": "Keys can only be used with the same parameters."}
                return 400, json.dumps({"error": error}).encode(), False
            return status, content, True
        try:
            status, body = (500, _server_error()) if broken else (200, self._perform(path, dict(parse_qsl(form)), form))
        except Refused as refused:
            status, body = refused.status, refused.body
            if not refused.stored:
                return status, json.dumps(body).encode(), False
        content = json.dumps(body).encode()
        self._keys[key] = fingerprint, status, content
        return status, content, False

    def _perform(self, path: str, form: Form, raw: str) -> Json:
        self.calls[path] += 1
        self.requests.append((path, form))
        metadata = {name[9:-1]: value for name, value in form.items() if name.startswith("metadata[")}
        if len(raw) != len(raw.encode()) or any(len(name) > 40 for name in metadata):
            raise invalid("metadata", stored=False)
        plain = {name: value for name, value in form.items() if not name.startswith("metadata[")}
        if path == "/v1/refunds":
            return self._refund(plain, metadata)
        if path == "/v1/payment_intents":
            return self._create(plain, metadata)
        if path.startswith("/v1/disputes/"):
            return self._answer_dispute(path.removeprefix("/v1/disputes/"), plain, metadata)
        intent_id, _, action = path.removeprefix("/v1/payment_intents/").partition("/")
        intent = self._intent(intent_id)
        if action == "capture":
            self._capture(intent, plain)
        elif action == "cancel":
            self._cancel(intent, plain)
        elif plain.keys() - {"expand[]"}:
            raise invalid("unknown", "parameter_unknown", stored=False)
        intent["metadata"] |= metadata
        return self._shown(intent, plain)

    def _answer_dispute(self, rest: str, form: Form, metadata: Form) -> Json:
        dispute_id, _, action = rest.partition("/")
        dispute = self.disputes[dispute_id]
        if dispute["status"] not in ("needs_response", "warning_needs_response"):
            raise invalid("This dispute is already closed", "dispute_closed")
        if action == "close":
            dispute["status"] = "lost"
            return dispute
        evidence = {name[9:-1]: value for name, value in form.items() if name.startswith("evidence[")}
        if form.get("submit") != "true" or not evidence or len(evidence) + 1 != len(form):
            raise invalid("unknown parameter", "parameter_unknown", stored=False)
        dispute["evidence"] |= evidence
        dispute["metadata"] |= metadata
        dispute["evidence_details"] |= {"has_evidence": True, "submission_count": 1}
        dispute["status"] = dispute["status"].replace("needs_response", "under_review")
        return dispute

    def _intent(self, intent_id: str) -> Json:
        if intent_id not in self.intents:
            raise Refused(404, type="invalid_request_error", code="resource_missing", message="No such payment_intent")
        return self.intents[intent_id]

    def _create(self, form: Form, metadata: Form) -> Json:
        if form.keys() - CREATE or form["currency"] != form["currency"].lower():
            raise invalid(f"unknown: {form.keys() - CREATE}", "parameter_unknown", stored=False)
        if not form["amount"].isdigit() or form["amount"] == "0":
            raise invalid("Invalid integer", stored=False)
        intent = self._new_intent(form, metadata)
        method = form["payment_method"]
        if method in DECLINES:
            code, decline = DECLINES[method]
            error: Json = {
                "type": "card_error",
                "code": code,
                "decline_code": decline,
                "message": "Your card was declined.",
            }
            intent |= {"status": "requires_payment_method", "last_payment_error": error}
            raise Refused(402, **error, payment_intent=self._shown(intent, {}))
        if not method.startswith("pm_"):
            raise invalid("No such PaymentMethod", "resource_missing")
        wanted = form.get("payment_method_options[card][request_multicapture]") == "if_available"
        able = self.multi_capture and method != "pm_card_credit_disableEnterpriseCardFeatures"
        if method == "pm_sepa_debit":
            intent["status"] = "processing"
        elif form["capture_method"] == "manual":
            intent |= {"status": "requires_capture", "amount_capturable": intent["amount"]}
        else:
            intent |= {"status": "succeeded", "amount_received": intent["amount"]}
        self._charge(intent, multi=wanted and able)
        return self._shown(intent, form)

    def _new_intent(self, form: Form, metadata: Form) -> Json:
        intent_id = f"pi_{next(self._numbers)}"
        self.intents[intent_id] = {
            "id": intent_id, "object": "payment_intent", "amount": int(form["amount"]), "currency": form["currency"],
            "amount_capturable": 0, "amount_received": 0, "status": "requires_payment_method", "metadata": metadata,
            "customer": form.get("customer"), "payment_method": form["payment_method"], "latest_charge": None,
            "last_payment_error": None, "cancellation_reason": None, "created": int(time.time()),
        }  # fmt: skip
        return self.intents[intent_id]

    def _charge(self, intent: Json, *, multi: bool) -> None:
        charge_id = f"ch_{intent['id']}"
        card = {
            "brand": "visa", "last4": "4242", "capture_before": int(time.time()) + WEEK,
            "multicapture": {"status": "available" if multi else "unavailable"},
        }  # fmt: skip
        self.charges[charge_id] = {
            "id": charge_id, "object": "charge", "payment_method_details": {"type": "card", "card": card},
            "payment_intent": intent["id"], "amount": intent["amount"], "currency": intent["currency"],
        }  # fmt: skip
        intent["latest_charge"] = charge_id

    def _shown(self, intent: Json, form: Form) -> Json:
        shown = json.loads(json.dumps(intent))
        if form.get("expand[]") == "latest_charge" and intent["latest_charge"]:
            shown["latest_charge"] = self.charges[intent["latest_charge"]]
        return dict(shown)

    def _capture(self, intent: Json, form: Form) -> None:
        if intent["status"] != "requires_capture":
            raise invalid(
                "This PaymentIntent could not be captured because of its status.",
                "payment_intent_unexpected_state",
                payment_intent=self._shown(intent, {}),
            )
        amount, final = int(form["amount_to_capture"]), form.get("final_capture", "true") == "true"
        multi = self.charges[intent["latest_charge"]]["payment_method_details"]["card"]["multicapture"]["status"]
        if not final and multi != "available":
            raise invalid("final_capture is not supported", "parameter_unknown")
        if amount > intent["amount_capturable"] or (not amount and not (final and intent["amount_received"])):
            raise invalid("The requested capture amount is greater than the amount you can capture", "amount_too_large")
        intent["amount_received"] += amount
        intent["amount_capturable"] -= amount
        if final or not intent["amount_capturable"]:
            intent |= {"amount_capturable": 0, "status": "succeeded"}

    def _cancel(self, intent: Json, form: Form) -> None:
        if intent["status"] in ("succeeded", "canceled", "processing"):
            raise invalid("cannot be canceled", "payment_intent_unexpected_state")
        intent |= {"status": "canceled", "amount_capturable": 0, "cancellation_reason": form["cancellation_reason"]}

    def _refund(self, form: Form, metadata: Form) -> Json:
        intent = self._intent(form["payment_intent"])
        amount = int(form["amount"])
        gone = sum(each["amount"] for each in self.refunds.values() if each["payment_intent"] == intent["id"])
        if amount > intent["amount_received"] - gone:
            raise invalid("Refund amount is greater than unrefunded amount on charge", "charge_already_refunded")
        refund_id = f"re_{next(self._numbers)}"
        self.refunds[refund_id] = {
            "id": refund_id, "object": "refund", "amount": amount, "currency": intent["currency"],
            "payment_intent": intent["id"], "status": "succeeded", "metadata": metadata, "failure_reason": None,
        }  # fmt: skip
        return self.refunds[refund_id]

    def _source(self, source: str) -> Json:
        """What a balance transaction is about, expanded."""
        for things in (self.charges, self.refunds, self.disputes, self.payouts):
            if source in things:
                return things[source]
        return {"id": source, "object": "other"}

    def _read(self, path: str, query: Form) -> tuple[int, bytes, bool]:
        try:
            return 200, json.dumps(self._found(path, query)).encode(), False
        except Refused as refused:
            return refused.status, json.dumps(refused.body).encode(), False

    def _found(self, path: str, query: Form) -> Json:
        if path == "/v1/payment_intents/search":
            name, _, value = query["query"].partition(":")
            key = name.removeprefix('metadata["').removesuffix('"]')
            rows = [each for each in self.intents.values() if each["metadata"].get(key) == value.strip('"')]
            return {"object": "search_result", "data": rows, "has_more": False}
        if path == "/v1/refunds":
            rows = [each for each in self.refunds.values() if each["payment_intent"] == query["payment_intent"]][::-1]
            return _page(rows, query)
        if path.startswith("/v1/disputes/"):
            return self.disputes[path.removeprefix("/v1/disputes/")]
        if path == "/v1/payouts":
            rows = [each for each in self.payouts.values() if each["created"] >= int(query["created[gte]"])][::-1]
            return _page(rows, query)
        if path == "/v1/balance_transactions":
            rows = [each for each in self.balance if each["payout"] == query["payout"]][::-1]
            assert query["expand[]"] == "data.source"
            return _page([each | {"source": self._source(each["source"])} for each in rows], query)
        if path.startswith("/v1/refunds/"):
            return self.refunds[path.removeprefix("/v1/refunds/")]
        return self._shown(self._intent(path.removeprefix("/v1/payment_intents/")), query)


def _page(rows: list[Json], query: Form) -> Json:
    start = next((at + 1 for at, row in enumerate(rows) if row["id"] == query.get("starting_after")), 0)
    page = rows[start : start + 2]  # small pages, so that more than one is read
    return {"object": "list", "data": page, "has_more": start + 2 < len(rows)}


def signed(body: bytes, *secrets: str, at: int | None = None) -> dict[str, str]:
    """The headers of an event."""
    return {"stripe-signature": header_value(body, secrets, at=int(time.time()) if at is None else at)}


def _server_error() -> Json:
    return {"error": {"type": "api_error", "message": "An unknown error occurred."}}
