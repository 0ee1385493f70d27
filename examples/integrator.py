"""A supplier's own system in small: connects to Kontor and does what a partner does. Python's standard library alone.

    KONTOR=https://orders.retailer.example CLIENT_ID=… CLIENT_SECRET=… WEBHOOK_SECRET=whsec_… \
        python examples/integrator.py --stock stock.json --state state.json --listen 8080

It is told by webhooks what happened and asks every minute besides, by `changedSince`: neither alone would be enough,
as a webhook can be late and asking is slow. What it knows is kept in the state file, so that it may be stopped and
started at any time. `stock.json` holds its own stock: {"SKU": 12}.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import json
import logging
import os
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

log = logging.getLogger("integrator")
OLDEST = 300  # seconds a webhook may be old
GRACE = timedelta(minutes=1)
BEGINNING = "2020-01-01T00:00:00+00:00"
REFUSED = "... on Error { code message path }"

CHANGED = """query Changed($since: DateTime!, $after: String) {
  fulfillmentOrders(filter: {changedSince: $since}, sort: UPDATED_AT, first: 100, after: $after) {
    nodes { id number state cancelRequested updatedAt lines { id sku quantity } }
    pageInfo { hasNextPage endCursor } } }"""
RETURNS = """{ partnerReturns(filter: {phases: [ANNOUNCED, ARRIVED]}, first: 100) {
  nodes { id number phase lines { id sku quantity inspected } } } }"""
REJECT = f"""mutation Reject($id: UUID!, $lines: [RejectedLineInput!]!) {{
  rejectFulfillmentOrder(fulfillmentOrderId: $id, lines: $lines) {{ __typename {REFUSED} }} }}"""
ACCEPT = f"mutation Accept($id: UUID!) {{ acceptFulfillmentOrder(fulfillmentOrderId: $id) {{ __typename {REFUSED} }} }}"
SHIP = f"""mutation Ship($id: UUID!, $parcels: [ParcelInput!]) {{
  shipFulfillmentOrder(fulfillmentOrderId: $id, parcels: $parcels) {{
    ... on ShipmentChanged {{ shipment {{ id }} }} {REFUSED} }} }}"""
BILL = f"""mutation Bill($ids: [UUID!]!, $number: String!, $on: Date!) {{
  recordPartnerInvoice(shipmentIds: $ids, number: $number, issuedOn: $on) {{ __typename {REFUSED} }} }}"""
STOCK = (
    f"mutation Stock($figures: [StockFigureInput!]!) {{ setStockLevels(figures: $figures) {{ __typename {REFUSED} }} }}"
)
PLACES = "{ stockLocations(first: 10) { nodes { code } } }"
DECIDE = f"""mutation Decide($id: UUID!, $pieces: [PieceDecisionInput!]!) {{
  decideReturn(id: $id, pieces: $pieces) {{ __typename {REFUSED} }} }}"""


class Refused(Exception):
    """Kontor understood a call and refused it."""


class Kontor:
    """The API as a client with a key: one token at a time, a new one when it has ended."""

    def __init__(self, address: str, client_id: str, secret: str) -> None:
        self._address, self._credentials, self._token = address.rstrip("/"), f"{client_id}:{secret}", ""

    def ask(self, document: str, variables: Mapping[str, Any] | None = None, *, key: str = "") -> dict[str, Any]:
        """The data of a document. With a `key` a mutation is done once however often it is sent; raises `Refused`."""
        body = json.dumps({"query": document, "variables": variables or {}}).encode()
        headers = {"content-type": "application/json", **({"idempotency-key": key} if key else {})}
        for attempt in range(5):
            try:
                answer = self._post("/graphql", body, {**headers, "authorization": f"Bearer {self._signed_in()}"})
                return _data(answer)
            except urllib.error.HTTPError as problem:
                if problem.code == 401:
                    self._token = ""
                elif problem.code < 500 and problem.code != 429:
                    raise Refused(problem.read().decode()) from problem
            except OSError:
                pass  # away for a moment
            time.sleep(min(2**attempt, 10))
        raise ConnectionError("Kontor does not answer.")

    def _signed_in(self) -> str:
        if not self._token:
            basic = base64.b64encode(self._credentials.encode()).decode()
            form = urllib.parse.urlencode({"grant_type": "client_credentials"}).encode()
            granted = self._post("/oauth/token", form, {"authorization": f"Basic {basic}"})
            self._token = str(granted["access_token"])
        return self._token

    def _post(self, path: str, body: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
        request = urllib.request.Request(self._address + path, body, dict(headers))  # noqa: S310 - our own address
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            found: dict[str, Any] = json.load(answer)
            return found


def _data(answer: Mapping[str, Any]) -> dict[str, Any]:
    if answer.get("errors"):
        raise Refused(json.dumps(answer["errors"]))
    data: dict[str, Any] = answer["data"]
    for result in data.values():
        if isinstance(result, dict) and "code" in result and "message" in result:
            raise Refused(f"{result['code']}: {result['message']}")
    return data


def verify(secret: str, headers: Mapping[str, str], body: bytes, *, now: float) -> str:
    """The id of a message that is really Kontor's (Standard Webhooks); raises `ValueError` for any other."""
    message_id, sent = headers["webhook-id"], headers["webhook-timestamp"]
    if abs(now - int(sent)) > OLDEST:
        raise ValueError("The message is too old.")
    key = base64.b64decode(secret.removeprefix("whsec_"))
    wanted = base64.b64encode(hmac.digest(key, f"{message_id}.{sent}.".encode() + body, hashlib.sha256)).decode()
    given = [part.partition(",")[2] for part in headers["webhook-signature"].split(" ") if part.startswith("v1,")]
    if not any(hmac.compare_digest(wanted, each) for each in given):
        raise ValueError("The signature is wrong.")
    return message_id


class Integrator:
    """What the supplier does with orders and returns, by its own stock."""

    def __init__(self, kontor: Kontor, stock_file: Path, state_file: Path) -> None:
        self._kontor, self._stock_file, self._state_file = kontor, stock_file, state_file
        self._state = json.loads(state_file.read_text()) if state_file.exists() else {"since": BEGINNING}
        self._places = [row["code"] for row in kontor.ask(PLACES)["stockLocations"]["nodes"]]

    def work(self) -> None:
        """One round: what has changed since the last one, and what came back."""
        for order in self._changed():
            try:
                self._handle(order)
            except Refused as refused:  # somebody was faster, such as a person in the portal: the next round knows
                log.info(f"{order['number']}: {refused}")
        self._take_back()

    def _changed(self) -> Iterator[dict[str, Any]]:
        since = datetime.fromisoformat(self._state["since"]) - GRACE
        newest, after = self._state["since"], None
        while True:
            page = self._kontor.ask(CHANGED, {"since": since.isoformat(), "after": after})["fulfillmentOrders"]
            for order in page["nodes"]:
                newest = max(newest, order["updatedAt"], key=datetime.fromisoformat)
                yield order
            if not page["pageInfo"]["hasNextPage"]:
                break
            after = page["pageInfo"]["endCursor"]
        self._state["since"] = newest
        self._state_file.write_text(json.dumps(self._state))

    def _handle(self, order: dict[str, Any]) -> None:
        if order["state"] == "OPEN":
            self._acknowledge(order)
        elif order["state"] in ("ACCEPTED", "PICKED", "PACKED") and not order["cancelRequested"]:
            self._ship(order)

    def _acknowledge(self, order: dict[str, Any]) -> None:
        """Accept what there is, reject the rest; what is left open is accepted when it is seen again."""
        stock = self._stock()
        missing = [
            {"lineId": line["id"], "quantity": line["quantity"] - stock.get(line["sku"], 0), "reason": "OUT_OF_STOCK"}
            for line in order["lines"]
            if line["quantity"] > stock.get(line["sku"], 0)
        ]
        if missing:
            self._do(REJECT, order, {"id": order["id"], "lines": missing})
            return
        self._do(ACCEPT, order, {"id": order["id"]})
        for line in order["lines"]:
            stock[line["sku"]] -= line["quantity"]
        self._stock_file.write_text(json.dumps(stock))
        figures = [
            {"location": self._places[0], "sku": line["sku"], "quantity": stock[line["sku"]], "kind": "AVAILABLE"}
            for line in order["lines"]
        ]
        self._kontor.ask(STOCK, {"figures": figures})
        self._ship(order)

    def _ship(self, order: dict[str, Any]) -> None:
        parcel = {"carrier": "DHL", "trackingNumber": f"T{order['number']}"}
        shipped = self._do(SHIP, order, {"id": order["id"], "parcels": [parcel]})
        shipment = shipped["shipFulfillmentOrder"]["shipment"]["id"]
        self._do(BILL, order, {"ids": [shipment], "number": f"RE-{order['number']}", "on": time.strftime("%Y-%m-%d")})
        log.info(f"shipped {order['number']}")

    def _take_back(self) -> None:
        """Everything that came back is as new here; a real supplier looks at it first."""
        for found in self._kontor.ask(RETURNS)["partnerReturns"]["nodes"]:
            pieces = [
                {
                    "lineId": line["id"],
                    "quantity": line["quantity"] - line["inspected"],
                    "condition": "NEW",
                    "accepted": True,
                }
                for line in found["lines"]
                if line["quantity"] > line["inspected"]
            ]
            if found["phase"] == "ARRIVED" and pieces:
                self._do(DECIDE, found, {"id": found["id"], "pieces": pieces})
                log.info(f"took back {found['number']}")

    def _do(self, document: str, thing: Mapping[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
        """A mutation under a key made of what it does: sent again after a crash it is the same call."""
        key = uuid5(NAMESPACE_URL, json.dumps([document, thing["id"], variables], sort_keys=True))
        return self._kontor.ask(document, variables, key=str(key))

    def _stock(self) -> dict[str, int]:
        found: dict[str, int] = json.loads(self._stock_file.read_text())
        return found


def listen(port: int, secret: str, told: threading.Event) -> ThreadingHTTPServer:
    """Take webhooks: check, note that something happened, answer at once. The work is done elsewhere."""

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            try:
                message_id = verify(secret, self.headers, body, now=time.time())  # type: ignore[arg-type]
            except (ValueError, KeyError, TypeError) as problem:
                log.info(f"refused: {problem}")
                self._answer(400)
                return
            log.info(f"told {json.loads(body)['type']} {message_id}")
            told.set()
            self._answer(204)

        def _answer(self, status: int) -> None:
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """What matters is printed above."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def main() -> None:
    """Work until stopped: at once when a webhook comes, else every minute."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stock", type=Path, required=True, help="own stock as JSON")
    parser.add_argument("--state", type=Path, required=True, help="where what is known is kept")
    parser.add_argument("--listen", type=int, default=8080, help="port for webhooks")
    parser.add_argument("--every", type=float, default=60, help="seconds between questions without a webhook")
    given = parser.parse_args()
    logging.basicConfig(level="INFO", format="%(message)s", stream=sys.stdout)
    told = threading.Event()
    listen(given.listen, os.environ["WEBHOOK_SECRET"], told)
    kontor = Kontor(os.environ["KONTOR"], os.environ["CLIENT_ID"], os.environ["CLIENT_SECRET"])
    integrator = Integrator(kontor, given.stock, given.state)
    while True:
        told.clear()
        integrator.work()
        told.wait(given.every)


if __name__ == "__main__":
    main()
