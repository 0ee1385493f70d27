"""A shop whose orders run by their processes, spoken to through the API alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from factories.intake import Company, put_stock
from factories.locations import make_location
from factories.payments import METHODS, make_shop
from kontor.catalog.models import ProductVariant
from kontor.core.db import Database
from kontor.fulfillment.models import FulfillmentOrder
from kontor.locations.models import LocationKind
from support import Client, Drain, Principals, StandingClock

ALL_METHODS = [*METHODS, "DIRECT_DEBIT", "BONUS_POINTS"]
PLACE = (
    "mutation($input: PlaceOrderInput!) { result: placeOrder(input: $input) "
    "{ __typename ... on PlacedOrder { id } ... on Error { code message path } } }"
)
ACCEPT = (
    "mutation($id: UUID!) { result: acceptFulfillmentOrder(fulfillmentOrderId: $id) "
    "{ __typename ... on Error { code message } } }"
)
SHIP = (
    "mutation($id: UUID!) { result: shipFulfillmentOrder(fulfillmentOrderId: $id, recallable: false) "
    "{ __typename ... on Error { code message } } }"
)
DELIVER = (
    "mutation($id: UUID!) { result: recordDelivery(fulfillmentOrderId: $id) "
    "{ __typename ... on Error { code message } } }"
)
CANCEL = (
    'mutation($id: UUID!) { result: cancelOrderLines(orderId: $id, reason: "changed their mind") '
    "{ __typename ... on Error { code message } } }"
)
RECORD = (
    "mutation($id: UUID!, $amount: MoneyInput!, $reference: String!) { result: recordPayment(paymentId: $id, "
    "amount: $amount, reference: $reference) { __typename ... on Error { code message path } } }"
)
REFUND = (
    "mutation($input: IssueRefundInput!) { result: issueRefund(input: $input) "
    "{ __typename ... on RefundChanged { refund { id } } ... on Error { code message path } } }"
)
READY = (
    "mutation($id: UUID!) { result: markReadyForPickup(fulfillmentOrderId: $id) "
    "{ __typename ... on Error { code message } } }"
)
HAND_OVER = (
    "mutation($id: UUID!, $code: String!) { result: handOverPickup(fulfillmentOrderId: $id, code: $code) "
    "{ __typename ... on Error { code message } } }"
)
ORDER = (
    "query($id: UUID!) { result: order(id: $id) { state chargeStatus authorizeStatus payments { id kind state "
    "amount { amount } authorized { amount } captured { amount } refunded { amount } "
    "transactions { kind amount rounding outcome } } } }"
)
ENTRIES = (
    "query($id: UUID!) { result: journalEntries(filter: {orderId: $id}, sort: POSTED_AT, first: 100) "
    "{ nodes { kind lines { account detail amount } } } }"
)
OPEN = "query($id: UUID!) { result: openItems(filter: {orderId: $id}) { nodes { kind open { amount } } } }"
WORK = "query($id: UUID!) { result: fulfillmentOrders(filter: {orderIds: [$id]}, sort: CREATED_AT) { nodes { id } } }"


@dataclass
class Shop:
    """One company, and what its channel, its people and its books say to Kontor."""

    database: Database
    client: Client
    drain: Drain
    principals: Principals
    clock: StandingClock
    company: Company
    price: int = 1000
    store: str = ""

    async def call(self, query: str, **variables: Any) -> Any:
        """What a field answers; a refusal fails the test."""
        answer = await self.client.graphql(query, variables, principal=self.principals.admin)
        assert "errors" not in answer, answer
        result = answer["data"]["result"]
        assert not isinstance(result, Mapping) or not str(result.get("__typename", "")).endswith("Error"), result
        return result

    async def refused(self, query: str, **variables: Any) -> str:
        """The code of a refusal."""
        answer = await self.client.graphql(query, variables, principal=self.principals.admin)
        return str(answer["data"]["result"]["code"])

    async def settle(self) -> None:
        """Everything that is due is done, and nothing failed."""
        assert await self.drain() == []

    def order_input(self, *payments: Mapping[str, Any], pieces: int = 2, **given: Any) -> dict[str, Any]:
        """An order of some pieces as its channel sends it."""
        address = {
            "name": "Greta Fock", "street": "Deichstraße 7", "postalCode": "20459", "city": "Hamburg", "country": "DE",
        }  # fmt: skip
        order = {
            "channel": self.company.channel.code,
            "externalId": f"order-{self.company.numbers[-1]}",
            "lines": [{"sku": "COAT", "quantity": pieces, "unitPrice": self.price}],
            "billingAddress": address,
            "customer": {"name": "Greta Fock", "email": "greta@fock.example"},
            "payments": list(payments),
        }
        self.company.numbers.append(self.company.numbers[-1] + 1)
        return {**order, **given}

    async def place(self, *payments: Mapping[str, Any], **given: Any) -> str:
        """An order of some pieces; its id, once everything that follows is done."""
        placed = await self.call(PLACE, input=self.order_input(*payments, **given))
        await self.settle()
        return str(placed["id"])

    async def work(self, order_id: str) -> list[str]:
        """The fulfillment orders of an order."""
        return [node["id"] for node in (await self.call(WORK, id=order_id))["nodes"]]

    async def send(self, order_id: str) -> None:
        """Everything is shipped and arrives."""
        for query in (ACCEPT, SHIP, DELIVER):
            for row_id in await self.work(order_id):
                await self.call(query, id=row_id)
            await self.settle()

    async def fetch(self, order_id: str) -> None:
        """The customer comes to the store and takes everything."""
        for row_id in await self.work(order_id):
            await self.call(READY, id=row_id)
            await self.settle()
            async with self.database.read_only() as db:
                code = (await db.get_one(FulfillmentOrder, UUID(row_id))).pickup_code
            await self.call(HAND_OVER, id=row_id, code=code)
        await self.settle()

    async def cancel(self, order_id: str) -> None:
        """The whole order is called off."""
        await self.call(CANCEL, id=order_id)
        await self.settle()

    async def refund(self, order_id: str, amount: int, **given: Any) -> None:
        """Money goes back at once."""
        money = {"amount": amount, "currency": self.company.channel.currency}
        wish = {"orderId": order_id, "kind": "GOODWILL", "amount": money, "reason": "late", "wait": False, **given}
        await self.call(REFUND, input=wish)
        await self.settle()

    async def transfer(self, order_id: str, amount: int, reference: str = "transfer") -> None:
        """Money came in for the first payment."""
        payment = (await self.order(order_id))["payments"][0]
        money = {"amount": amount, "currency": self.company.channel.currency}
        await self.call(RECORD, id=payment["id"], amount=money, reference=reference)
        await self.settle()

    async def order(self, order_id: str) -> Any:
        """The order with its payments."""
        return await self.call(ORDER, id=order_id)

    async def money(self, order_id: str) -> list[tuple[str, str, int, int]]:
        """Kind, state, taken and given back of each payment."""
        return [
            (each["kind"], each["state"], each["captured"]["amount"], each["refunded"]["amount"])
            for each in (await self.order(order_id))["payments"]
        ]

    async def booked(self, order_id: str) -> dict[tuple[str, str], int]:
        """The balance of every account but revenue and tax; each entry balances."""
        sums: dict[tuple[str, str], int] = {}
        for entry in (await self.call(ENTRIES, id=order_id))["nodes"]:
            assert sum(line["amount"] for line in entry["lines"]) == 0, entry
            for line in entry["lines"]:
                if line["account"] not in ("REVENUE", "TAX"):
                    key = (line["account"], line["detail"])
                    sums[key] = sums.get(key, 0) + line["amount"]
        return {key: amount for key, amount in sums.items() if amount}

    async def open(self, order_id: str) -> dict[str, int]:
        """What is open of an order, by kind."""
        return {node["kind"]: node["open"]["amount"] for node in (await self.call(OPEN, id=order_id))["nodes"]}


async def open_shop(
    database: Database, client: Client, drain: Drain, principals: Principals, clock: StandingClock, **channel: Any
) -> Shop:
    """A shop with plenty of coats in a warehouse, and some in a store where they can be fetched."""
    company = await make_shop(database, **{"payment_methods": ALL_METHODS, **channel})
    async with database.unit_of_work() as db:
        store = await make_location(db, kind=LocationKind.STORE)
        variant_id = await db.scalar(sa.select(ProductVariant.id).where(ProductVariant.sku == "COAT"))
    await put_stock(database, store.id, variant_id, 100)
    return Shop(database, client, drain, principals, clock, company, store=store.code)
