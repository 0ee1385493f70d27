"""DHL Parcel DE Shipping 2.1 and Shipment Tracking Unified 1.5, as DHL publishes them.

Sources: the OpenAPI description "Parcel DE Shipping API (Post & Parcel Germany)" 2.1.12 and
developer.dhl.com/api-reference/shipment-tracking. DHL has no key for repeated orders and finds no shipment by our
reference; but DHL Paket (V01PAK) is billed on production data, that is for what is handed over, so ordering a label
again after an unclear answer costs nothing. Products billed by announcement are not offered here for that reason.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import orjson

from kontor.adapters.payments.wire import Connection, NoAnswer, NotReached, Reply
from kontor.carriers.ports import (
    Abilities,
    CarrierOutcomeUnknown,
    CarrierUnavailable,
    Done,
    LabelRequest,
    Made,
    Progress,
    Refused,
    TrackingNews,
)
from kontor.documents.values import Address

NAME = "dhl_parcel_de"
API_URL = "https://api-eu.dhl.com/parcel/de/shipping/v2"
TRACKING_URL = "https://api-eu.dhl.com"
PRODUCT = "V01PAK"
PROFILE = "STANDARD_GRUPPENPROFIL"
HEAVIEST_GRAMS = 31_500
FOLLOW = "https://www.dhl.de/de/privatkunden/dhl-sendungsverfolgung.html?piececode={number}"
# Print formats by our sizes: 103 x 199 mm, and 103 x 150 mm for the smaller label printer.
FORMATS = {(103, 199): "910-300-600", (100, 150): "910-300-400"}
# Status codes of the unified tracking in our words.
PROGRESS = {
    "pre-transit": Progress.UNKNOWN, "transit": Progress.UNDER_WAY, "delivered": Progress.DELIVERED,
    "failure": Progress.STALLED, "unknown": Progress.UNKNOWN,
}  # fmt: skip
Json = dict[str, Any]


class DhlParcelDe:
    """Parcels within Germany. The account's settings name the `billing_number`, and a `profile` if not the usual one.

    Both interfaces want the key of an application; shipping also the user of the business customer portal.
    """

    abilities = Abilities(repeatable=True, closes_out=True, tracks=True)

    def __init__(self, shipping: Connection, tracking: Connection, *, api_key: str, user: str, password: str) -> None:
        basic = base64.b64encode(f"{user}:{password}".encode()).decode()
        self._shipping, self._tracking = shipping, tracking
        self._headers = {
            "dhl-api-key": api_key, "authorization": f"Basic {basic}", "accept": "application/json",
            "content-type": "application/json", "accept-language": "de-DE",
        }  # fmt: skip

    async def aclose(self) -> None:
        """Close the connections."""
        await self._shipping.aclose()
        await self._tracking.aclose()

    async def make_label(self, request: LabelRequest) -> Made | Refused:
        """Order one shipment with its label as PDF."""
        hurdle = _hurdle(request)
        if hurdle is not None:
            return hurdle
        query = {
            "includeDocs": "include",
            "docFormat": "PDF",
            "printFormat": FORMATS.get(request.size_mm, "910-300-400"),
        }
        body = {"profile": _profile(request.settings), "shipments": [_shipment(request)]}
        content = await self._call(self._shipping, "POST", f"/orders?{urlencode(query)}", body)
        item = _only_item(content)
        number, label = item.get("shipmentNo"), (item.get("label") or {}).get("b64")
        if _code(item) != 200 or not number or not label:
            return _refused(item, content)
        try:
            pdf = base64.b64decode(label, validate=True)
        except binascii.Error as problem:
            raise CarrierOutcomeUnknown("DHL's label cannot be read.") from problem
        return Made(str(number), pdf, FOLLOW.format(number=number))

    async def find_label(self, request: LabelRequest) -> Made | None:
        """DHL finds shipments by their number alone."""
        return None

    async def cancel_label(self, request: LabelRequest, tracking_number: str) -> Done | Refused:
        """Delete a shipment before its day is closed; one that is deleted already reads as unknown there."""
        query = urlencode({"profile": _profile(request.settings), "shipment": tracking_number})
        content = await self._call(self._shipping, "DELETE", f"/orders?{query}")
        item = _only_item(content)
        title = str((item.get("sstatus") or {}).get("title", ""))
        if _code(item) == 200 or title == "UnknownShipmentNumber":
            return Done()
        return _refused(item, content)

    async def close_out(
        self, settings: Mapping[str, Any], tracking_numbers: Sequence[str]
    ) -> dict[str, Done | Refused]:
        """Close shipments out before DHL does it in the evening.

        Those that DHL has closed read as a bad request there: its words then stay on the label.
        """
        body = {"profile": _profile(settings), "shipmentNumbers": list(tracking_numbers)}
        content = await self._call(self._shipping, "POST", "/manifests?all=false", body)
        found = {str(item.get("shipmentNo")): item for item in content.get("items") or () if isinstance(item, dict)}
        whole = int((content.get("status") or {}).get("statusCode", 0))
        answers: dict[str, Done | Refused] = {}
        for number in tracking_numbers:
            item = found.get(number)
            if item is None and whole != 200:
                answers[number] = _refused({}, content)
            else:
                answers[number] = Done() if item is None or _code(item) == 200 else _refused(item, content)
        return answers

    async def track(self, tracking_number: str) -> TrackingNews | None:
        """Where a parcel is; None for one that DHL does not know (yet)."""
        path = f"/track/shipments?{urlencode({'trackingNumber': tracking_number, 'service': 'parcel-de'})}"
        content = await self._call(self._tracking, "GET", path)
        for shipment in content.get("shipments") or ():
            status = shipment.get("status") or {}
            progress = PROGRESS.get(str(status.get("statusCode")), Progress.UNKNOWN)
            if shipment.get("returnFlag") is True:  # it goes back, and whoever gets it then is its sender
                progress = Progress.SENT_BACK if progress is Progress.DELIVERED else Progress.STALLED
            text = str(status.get("description") or status.get("status") or "")
            return TrackingNews(tracking_number, progress, _moment(status.get("timestamp")), text)
        return None

    async def _call(self, connection: Connection, method: str, path: str, body: Json | None = None) -> Json:
        data = orjson.dumps(body) if body is not None else b""
        try:
            reply = await connection.call(method, path, body=data, headers=self._headers)
        except NotReached as problem:
            raise CarrierUnavailable("DHL cannot be reached.", retry_after=None) from problem
        except NoAnswer as problem:
            raise CarrierOutcomeUnknown("DHL did not answer.") from problem
        return _answer(reply)


def _answer(reply: Reply) -> Json:
    """What an answer allows to conclude: 401 and 429 come before anything is done, 5xx leaves it open."""
    if reply.status in (401, 403):
        raise CarrierUnavailable("DHL refuses our credentials.", code="CARRIER_CREDENTIALS", retry_after=300)
    if reply.status == 429:
        wait = reply.headers.get("retry-after", "")
        raise CarrierUnavailable("DHL limits our rate.", retry_after=float(wait) if wait.isdecimal() else 60)
    try:
        content = orjson.loads(reply.body or b"{}")
    except orjson.JSONDecodeError as problem:
        raise CarrierOutcomeUnknown("DHL's answer cannot be read.", status=reply.status) from problem
    if reply.status >= 500 or not isinstance(content, dict):
        raise CarrierOutcomeUnknown("DHL did not say what became of it.", status=reply.status)
    return content


def _hurdle(request: LabelRequest) -> Refused | None:
    """What need not be asked."""
    if not request.settings.get("billing_number"):
        return Refused("BILLING_NUMBER_MISSING", "The carrier account names no billing number.")
    if {request.sender.country.upper(), request.recipient.country.upper()} != {"DE"}:
        return Refused("COUNTRY_NOT_SERVED", "DHL Paket goes within Germany.")
    if not 0 < request.weight_g <= HEAVIEST_GRAMS:
        return Refused("WEIGHT_NOT_CARRIED", "DHL Paket carries 1 g to 31.5 kg; please weigh the parcel.")
    return None


def _profile(settings: Mapping[str, Any]) -> str:
    return str(settings.get("profile") or PROFILE)


def _shipment(request: LabelRequest) -> Json:
    return {
        "product": PRODUCT,
        "billingNumber": str(request.settings["billing_number"]),
        "refNo": request.reference[:35],
        "costCenter": request.order_number[:20],
        "shipper": _party(request.sender),
        "consignee": _party(request.recipient) | _additional(request.recipient),
        "details": {"weight": {"uom": "g", "value": request.weight_g}},
    }


def _party(address: Address) -> Json:
    names = [name for name in (address.company, address.name) if name]
    lines = [name[:50] for name in names[:2]]
    return {
        **{f"name{index}": line for index, line in enumerate(lines, start=1)},
        "addressStreet": address.street[:50], "postalCode": address.postal_code, "city": address.city[:40],
        "country": "DEU",
    }  # fmt: skip


def _additional(address: Address) -> Json:
    return {"additionalAddressInformation1": address.extra[:60]} if address.extra else {}


def _only_item(content: Json) -> Json:
    items = content.get("items") or []
    return items[0] if items and isinstance(items[0], dict) else {}


def _code(item: Json) -> int:
    return int((item.get("sstatus") or {}).get("statusCode", 0))


def _refused(item: Json, content: Json) -> Refused:
    """DHL's words, the errors among its messages first."""
    messages = [each for each in item.get("validationMessages") or () if isinstance(each, dict)]
    messages.sort(key=lambda each: str(each.get("validationState", "")).lower() != "error")
    status = item.get("sstatus") or content.get("status") or {}
    said = [f"{each.get('property', '')}: {each.get('validationMessage', '')}".strip(": ") for each in messages]
    text = " ".join(said) or str(status.get("detail") or status.get("title") or "DHL gave no reason.")
    return Refused("VALIDATION" if messages else "CARRIER_REFUSED", text[:500])


def _moment(text: Any) -> datetime | None:
    """DHL's times bear a zone or are UTC."""
    try:
        moment = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
