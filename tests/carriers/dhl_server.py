"""DHL as its published description has it, on a socket of this machine: Parcel DE Shipping 2.1.12 and unified tracking.

It checks what the description demands (credentials, required fields, lengths, patterns), answers with its structures,
and can fall silent, refuse and break. What it does not describe it does not do.
"""

import asyncio
import base64
import re
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

API_KEY, USER, PASSWORD = "key-of-the-app", "user-of-the-portal", "secret"
PDF = b"%PDF-1.4 a label"


@dataclass
class Dhl:
    """The state of the server, and the faults it is to show next."""

    shipments: dict[str, dict[str, Any]] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    calls: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    statuses: dict[str, dict[str, Any]] = field(default_factory=dict)
    going_back: set[str] = field(default_factory=set)
    url: str = ""
    runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application()
        app.router.add_post("/orders", self.create)
        app.router.add_delete("/orders", self.delete)
        app.router.add_post("/manifests", self.manifest)
        app.router.add_get("/track/shipments", self.track)
        self.runner = web.AppRunner(app)
        await self.runner.setup()
        site = web.TCPSite(self.runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self.runner.addresses[0][1]}"

    async def stop(self) -> None:
        if self.runner is not None:
            await self.runner.cleanup()

    def _early(self, request: web.Request, *, basic: bool = True) -> web.Response | None:
        self.calls.append(f"{request.method} {request.path}")
        if self.faults and self.faults[0] in ("429", "500"):
            status = int(self.faults.pop(0))
            headers = {"retry-after": "7"} if status == 429 else {}
            return _problem(status, "Too Many Requests" if status == 429 else "Internal Server Error", headers)
        wanted = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if request.headers.get("dhl-api-key") != API_KEY or (basic and request.headers.get("authorization") != wanted):
            return _problem(401, "Unauthorized")
        return None

    async def create(self, request: web.Request) -> web.Response:
        """POST /orders with one shipment."""
        early = self._early(request)
        if early is not None:
            return early
        body = await request.json()
        messages = _invalid(body)
        if messages:
            item = {"sstatus": {"title": "Bad Request", "statusCode": 400}, "validationMessages": messages}
            return _answer(400, "Bad Request", "0 of 1 shipment successfully created.", [item])
        number = f"00340434333301010000{len(self.shipments):06d}"
        self.shipments[number] = body["shipments"][0]
        if self.faults and self.faults[0] == "silent":
            self.faults.pop(0)
            await asyncio.sleep(0.6)
        label = {
            "b64": base64.b64encode(PDF).decode(), "fileFormat": "PDF", "printFormat": request.query["printFormat"],
        }  # fmt: skip
        item = {"shipmentNo": number, "sstatus": {"title": "OK", "statusCode": 200}, "label": label}
        return _answer(200, "OK", "1 of 1 shipment successfully created.", [item])

    async def delete(self, request: web.Request) -> web.Response:
        """DELETE /orders?profile=…&shipment=…"""
        early = self._early(request)
        if early is not None:
            return early
        number = request.query["shipment"]
        assert request.query["profile"]
        if number in self.closed:
            status = {"title": "Bad Request", "statusCode": 400, "detail": "The shipment was manifested."}
            return _answer(400, "Bad Request", "0 of 1", [{"shipmentNo": number, "sstatus": status}])
        if number not in self.shipments:
            status = {"title": "UnknownShipmentNumber", "statusCode": 204, "detail": "Unknown shipment number."}
            return _answer(400, "Bad Request", "0 of 1", [{"shipmentNo": number, "sstatus": status}])
        del self.shipments[number]
        ok = {"title": "OK", "statusCode": 200}
        return _answer(200, "OK", "1 of 1", [{"shipmentNo": number, "sstatus": ok}])

    async def manifest(self, request: web.Request) -> web.Response:
        """POST /manifests: a status for each shipment, 400 for those closed before."""
        early = self._early(request)
        if early is not None:
            return early
        body = await request.json()
        assert body["profile"]
        assert 1 <= len(body["shipmentNumbers"]) <= 30
        items = []
        for number in body["shipmentNumbers"]:
            good = number in self.shipments and number not in self.closed
            status = {"title": "OK", "statusCode": 200} if good else {"title": "Bad Request", "statusCode": 400}
            items.append({"shipmentNo": number, "sstatus": status})
            self.closed.add(number)
        return _answer(207, "Multi-Status", "", items)

    async def track(self, request: web.Request) -> web.Response:
        """GET /track/shipments?trackingNumber=…"""
        early = self._early(request, basic=False)
        if early is not None:
            return early
        number = request.query["trackingNumber"]
        status = self.statuses.get(number)
        if status is None:
            return _problem(404, "No result found")
        found = {"id": number, "status": status, "returnFlag": number in self.going_back}
        return web.json_response({"shipments": [found]})


def _invalid(body: dict[str, Any]) -> list[dict[str, str]]:
    """What the description's schema would refuse of a DHL Paket order."""
    found = []

    def check(good: bool, name: str, text: str) -> None:
        if not good:
            found.append({"property": name, "validationMessage": text, "validationState": "Error"})

    check(0 < len(body.get("profile", "")) <= 35, "profile", "required")
    check(len(body.get("shipments", ())) == 1, "shipments", "one here")
    for each in body.get("shipments", ()):
        check(each.get("product") == "V01PAK", "product", "unknown product")
        check(bool(re.fullmatch(r"\w{10}\d{2}\w{2}", each.get("billingNumber", ""))), "billingNumber", "pattern")
        check(8 <= len(each.get("refNo", "")) <= 35, "refNo", "8 to 35 characters")
        for name in ("shipper", "consignee"):
            party = each.get(name, {})
            for part, most in (("name1", 50), ("addressStreet", 50), ("city", 40)):
                check(1 <= len(party.get(part, "")) <= most, f"{name}.{part}", f"1 to {most} characters")
            check(party.get("country") == "DEU", f"{name}.country", "three letters")
            check(bool(re.fullmatch(r"\d{5}", party.get("postalCode", ""))), f"{name}.postalCode", "five digits")
        weight = each.get("details", {}).get("weight", {})
        check(weight.get("uom") in ("g", "kg") and 0 <= weight.get("value", -1) <= 31500, "details.weight", "required")
    return found


def _answer(status: int, title: str, detail: str, items: list[dict[str, Any]]) -> web.Response:
    whole = {"title": title, "statusCode": status, "detail": detail}
    kind = "application/json" if status < 400 else "application/problem+json"
    return web.json_response({"status": whole, "items": items}, status=status, content_type=kind)


def _problem(status: int, title: str, headers: dict[str, str] | None = None) -> web.Response:
    content = {"title": title, "statusCode": status}
    return web.json_response(content, status=status, headers=headers, content_type="application/problem+json")
