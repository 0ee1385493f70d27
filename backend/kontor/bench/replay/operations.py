"""What shop, sellers and care send in a replay: the documents, and the stories as their variables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kontor.bench.replay.client import REFUSED, Api, Refused
from kontor.bench.replay.dataset import Recorded
from kontor.bench.replay.loading import CHANNEL, COUNTRY
from kontor.bench.replay.plan import Story

_PLACE = (
    "mutation($orders: [PlaceOrderInput!]!) { placeOrders(inputs: $orders) { __typename ... on PlacedOrders { results "
    "{ __typename ... on PlacedOrder { id } ... on RefusedOrder { externalId code message path } } } "
    f"{REFUSED} }} }}"
)
_ROWS = "results { __typename ... on RefusedRow { index code message } }"
_ACCEPT = (
    "mutation($inputs: [AcceptFulfillmentOrderInput!]!) { acceptFulfillmentOrders(inputs: $inputs) "
    f"{{ __typename ... on FulfillmentOrdersChanged {{ {_ROWS} }} {REFUSED} }} }}"
)
_SHIP = (
    "mutation($inputs: [ShipFulfillmentOrderInput!]!) { shipFulfillmentOrders(inputs: $inputs) "
    f"{{ __typename ... on ShipmentsChanged {{ {_ROWS} }} {REFUSED} }} }}"
)
_DELIVER = (
    "mutation($inputs: [RecordDeliveryInput!]!) { recordDeliveries(inputs: $inputs) "
    f"{{ __typename ... on ShipmentsChanged {{ {_ROWS} }} {REFUSED} }} }}"
)
_REFUSE = (
    "mutation($id: UUID!, $lines: [RejectedLineInput!]!) { rejectFulfillmentOrder(fulfillmentOrderId: $id, "
    f"lines: $lines) {{ __typename {REFUSED} }} }}"
)
_CANCEL = (
    'mutation($id: UUID!) { cancelOrderLines(orderId: $id, reason: "canceled as recorded") '
    f"{{ __typename {REFUSED} }} }}"
)
_AGREE = (
    f"mutation($id: UUID!) {{ answerCancellation(fulfillmentOrderId: $id, agreed: true) {{ __typename {REFUSED} }} }}"
)
_REVIEW = f"mutation($id: UUID!) {{ reviewRisk(orderId: $id, accept: true) {{ __typename {REFUSED} }} }}"
PAGE = "pageInfo { hasNextPage endCursor }"
_OPEN_WORK = (
    "query($since: DateTime, $first: Int!, $after: String) { fulfillmentOrders(filter: {states: [OPEN], changedSince: "
    f"$since}}, sort: CREATED_AT, first: $first, after: $after) {{ nodes {{ id orderId locationId }} {PAGE} }} }}"
)
_IN_REVIEW = (
    "query($since: DateTime, $first: Int!, $after: String) { riskAssessments(filter: {states: [REVIEW], assessedSince: "
    f"$since}}, first: $first, after: $after) {{ nodes {{ orderId }} {PAGE} }} }}"
)
_LINES = "query($id: UUID!) { order(id: $id) { lines { id position sku shipped } } }"
_PART = "id lines { id orderLineId quantity }"
_REQUEST = (
    "mutation($id: UUID!, $lines: [ReturnLineInput!]!) { requestReturn(orderId: $id, lines: $lines) { __typename "
    f"... on ReturnChanged {{ return {{ {_PART} announcedWith {{ {_PART} }} }} }} {REFUSED} }} }}"
)
_RECEIVE = (
    "mutation($id: UUID!, $place: UUID!, $lines: [LineQuantityInput!]!, $findings: [FindingInput!]!) { receiveReturn("
    f"id: $id, locationId: $place, lines: $lines, findings: $findings) {{ __typename {REFUSED} }} }}"
)
_PAYMENTS = "query($id: UUID!) { payments(filter: {orderId: $id}) { nodes { id kind amount { amount currency } } } }"
_RECEIVED = (
    "mutation($id: UUID!, $amount: MoneyInput!) { recordPayment(paymentId: $id, amount: $amount, "
    f'reference: "boleto") {{ __typename {REFUSED} }} }}'
)
_PIECES = "query($id: UUID!) { fulfillmentOrder(id: $id) { lines { id quantity } } }"


@dataclass(frozen=True, slots=True)
class Work:
    """A fulfillment order as its place sees it."""

    id: str
    order_id: str
    location: str
    location_id: str


@dataclass(frozen=True, slots=True)
class Announced:
    """Returns announced together, one for each place that takes goods: their pieces by return and place of origin."""

    pieces: dict[tuple[str, str], list[dict[str, Any]]]


class Operations:
    """The calls of a replay over one API."""

    def __init__(self, api: Api, skus: Mapping[tuple[str, str], str], locations: Mapping[str, str]) -> None:
        self._api, self._skus = api, skus
        self._codes = {location_id: code for code, location_id in locations.items()}
        self._places = {sku: locations[seller] for (_, seller), sku in skus.items()}

    async def place(self, stories: Sequence[Story]) -> list[str]:
        """Place orders in one call; their ids. Raises `Refused` for the first that was not taken."""
        variables = {"orders": [self._order(story) for story in stories]}
        results = (await self._api.run(_PLACE, variables))["placeOrders"]["results"]
        for result in results:
            if result["__typename"] == "RefusedOrder":
                raise Refused("placeOrders", result["code"], f"{result['externalId']}: {result['message']}")
        return [result["id"] for result in results]

    async def open_work(self, since: datetime) -> list[Work]:
        """Work that waits for an answer and changed since a moment."""
        nodes = await self._api.pages(_OPEN_WORK, "fulfillmentOrders", {"since": since.isoformat()})
        return [
            Work(node["id"], node["orderId"], self._codes[node["locationId"]], node["locationId"]) for node in nodes
        ]

    async def accept(self, part: Sequence[Work]) -> None:
        """Sellers take work on."""
        await self._rows(_ACCEPT, "acceptFulfillmentOrders", [{"fulfillmentOrderId": work.id} for work in part])

    async def ship(self, part: Sequence[tuple[Work, datetime]]) -> None:
        """Goods left at the recorded times, one parcel each."""
        inputs = [
            {"fulfillmentOrderId": work.id, "shippedAt": at.isoformat(),
             "parcels": [{"carrier": "Correios", "trackingNumber": work.id.replace("-", "").upper()}]}
            for work, at in part
        ]  # fmt: skip
        await self._rows(_SHIP, "shipFulfillmentOrders", inputs)

    async def deliver(self, part: Sequence[tuple[Work, datetime]]) -> None:
        """Goods arrived at the recorded times."""
        inputs = [{"fulfillmentOrderId": work.id, "deliveredAt": at.isoformat()} for work, at in part]
        await self._rows(_DELIVER, "recordDeliveries", inputs)

    async def refuse(self, part: Sequence[Work]) -> None:
        """Sellers cannot supply what they offered."""
        for work in part:
            pieces = (await self._api.run(_PIECES, {"id": work.id}))["fulfillmentOrder"]["lines"]
            lines = [{"lineId": each["id"], "quantity": each["quantity"], "reason": "OUT_OF_STOCK"} for each in pieces]
            await self._api.run(_REFUSE, {"id": work.id, "lines": lines}, once=True)

    async def cancel(self, order_id: str, begun: Sequence[Work]) -> None:
        """Cancel what is open of an order; the sellers that had taken it on are asked, and agree."""
        await self._api.run(_CANCEL, {"id": order_id}, once=True)
        for work in begun:
            await self.agree(work)

    async def agree(self, work: Work) -> None:
        """A seller agrees to a cancellation."""
        await self._api.run(_AGREE, {"id": work.id}, once=True)

    async def pay(self, order_id: str) -> None:
        """The transfers that an order waits for have come in."""
        for payment in (await self._api.run(_PAYMENTS, {"id": order_id}))["payments"]["nodes"]:
            if payment["kind"] == "PREPAYMENT":
                await self._api.run(_RECEIVED, {"id": payment["id"], "amount": payment["amount"]}, once=True)

    async def request_return(self, order_id: str, *, whole: bool) -> Announced:
        """Announce everything that was sent, or one piece of the first line."""
        lines = await self.lines(order_id)
        wishes = lines if whole else lines[:1]
        return await self.announce(order_id, wishes, lambda line: int(line["shipped"]) if whole else 1)

    async def lines(self, order_id: str) -> list[dict[str, Any]]:
        """The lines of an order in their order."""
        found: list[dict[str, Any]] = (await self._api.run(_LINES, {"id": order_id}))["order"]["lines"]
        return sorted(found, key=lambda line: line["position"])

    async def announce(
        self, order_id: str, lines: Sequence[dict[str, Any]], count: Callable[[dict[str, Any]], int]
    ) -> Announced:
        """Announce so many pieces of each of some lines."""
        wishes = [{"orderLineId": line["id"], "quantity": count(line), "reason": "CHANGED_MIND"} for line in lines]
        made = (await self._api.run(_REQUEST, {"id": order_id, "lines": wishes}, once=True))["requestReturn"]["return"]
        skus = {line["id"]: line["sku"] for line in lines}
        pieces: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for each in [made, *made["announcedWith"]]:
            for line in each["lines"]:
                place = self._places[skus[line["orderLineId"]]]
                part = {"lineId": line["id"], "quantity": line["quantity"]}
                pieces.setdefault((each["id"], place), []).append(part)
        return Announced(pieces)

    async def take_back(self, announced: Announced) -> None:
        """Goods come back to the sellers that sent them, who can sell them again."""
        for (return_id, place), pieces in announced.pieces.items():
            findings = [{**piece, "disposition": "RESTOCK"} for piece in pieces]
            variables = {"id": return_id, "place": place, "lines": pieces, "findings": findings}
            await self._api.run(_RECEIVE, variables, once=True)

    async def orders_in_review(self, since: datetime) -> list[str]:
        """Orders somebody has to look at."""
        nodes = await self._api.pages(_IN_REVIEW, "riskAssessments", {"since": since.isoformat()})
        return [node["orderId"] for node in nodes]

    async def accept_review(self, part: Sequence[str]) -> None:
        """They were real orders: all of them are accepted."""
        for order_id in part:
            await self._api.run(_REVIEW, {"id": order_id}, once=True)

    async def _rows(self, document: str, name: str, inputs: Sequence[dict[str, Any]]) -> None:
        answer = (await self._api.run(document, {"inputs": list(inputs)}, once=True))[name]
        for row in answer["results"]:
            if row["__typename"] == "RefusedRow":
                raise Refused(name, row["code"], f"{inputs[row['index']]}: {row['message']}")

    def _order(self, story: Story) -> dict[str, Any]:
        order = story.order
        lines = [
            {"sku": self._skus[line.product_id, line.seller_id], "quantity": line.quantity, "unitPrice": line.price}
            for line in order.lines
        ]
        charges = [{"kind": "SHIPPING", "name": "Frete", "amount": order.freight}] if order.freight else []
        return {
            "channel": CHANNEL,
            "externalId": order.id,
            "placedAt": order.purchased_at.isoformat(),
            "promisedOn": max(order.promised_on, order.purchased_at.date()).isoformat(),
            "lines": lines,
            "charges": charges,
            "billingAddress": _address(order),
            "customer": {
                "externalId": order.person_id,
                "name": f"Cliente {order.person_id[:8]}",
                "email": f"{order.person_id}@customers.example",
            },
            "payments": [
                {"kind": each.method, "amount": each.amount, "token": each.token} for each in story.payments
            ],
        }  # fmt: skip


def _address(order: Recorded) -> dict[str, Any]:
    place = order.place
    return {
        "name": f"Cliente {order.person_id[:8]}",
        "street": f"Rua {order.person_id[8:16]} 1",
        "postalCode": place.postal_code,
        "city": place.city,
        "region": place.state,
        "country": COUNTRY,
        "latitude": place.latitude,
        "longitude": place.longitude,
    }
