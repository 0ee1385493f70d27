"""Sales and returns through the public API, day by day: placed, shipped and paid; then what came back that day.

Each customer's returns are done one after the other in the order of time; customers come side by side.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from kontor.bench.replay.client import REFUSED, Api, Refused, all_at_once
from kontor.bench.replay.installation import Installation
from kontor.bench.replay.operations import Operations, Work
from kontor.bench.retail.book import Asked, Book, Credit, Sale
from kontor.bench.retail.company import CHANNEL, CURRENCY, WAREHOUSE
from kontor.bench.retail.rows import country_of

ORDERS_PER_CALL = 10
WORK_PER_CALL = 20
ASKED_AGAIN = timedelta(hours=6)
_PLACE = (
    "mutation($orders: [PlaceOrderInput!]!) { placeOrders(inputs: $orders) { __typename ... on PlacedOrders { results "
    "{ __typename ... on PlacedOrder { id } ... on RefusedOrder { externalId code message path } } } "
    f"{REFUSED} }} }}"
)
_REQUEST = (
    "mutation($id: UUID!, $lines: [ReturnLineInput!]!) { requestReturn(orderId: $id, lines: $lines) { __typename "
    f"... on ReturnChanged {{ return {{ id lines {{ id quantity }} }} }} {REFUSED} }} }}"
)
_RECEIVE = (
    "mutation($id: UUID!, $place: UUID!, $lines: [LineQuantityInput!]!, $findings: [FindingInput!]!) { receiveReturn("
    f"id: $id, locationId: $place, lines: $lines, findings: $findings) {{ __typename {REFUSED} }} }}"
)
_CREDIT = f"mutation($input: IssueRefundInput!) {{ issueRefund(input: $input) {{ __typename {REFUSED} }} }}"
NOT_REFUSED = "Kontor took it back"


@dataclass(slots=True)
class Played:
    """What was done, how long it took, and what Kontor said of the rows it had to refuse, by their number."""

    acts: Counter[str] = field(default_factory=Counter)
    said: dict[int, str] = field(default_factory=dict)
    seconds: float = 0.0


class Player:
    """Plays a book over an installation whose warehouse has the id `place`."""

    def __init__(self, installation: Installation, book: Book, place: str, say: Callable[[str], None]) -> None:
        self._on, self._book, self._place, self._say = installation, book, place, say
        self._api: Api = installation.api
        self._do = Operations(installation.api, {}, {WAREHOUSE: place})
        self._orders: dict[str, str] = {}
        self._lines: dict[str, list[str]] = {}
        self.played = Played()

    async def play(self) -> Played:
        """Everything in the book; raises `Refused` for what should have been taken and was not."""
        started = time.perf_counter()
        days = groupby(self._book.acts, key=lambda act: act.at.date())
        for day, group in days:
            acts = list(group)
            await self._day(acts)
            if self._is_first_of_month(day):
                self._say(f"{day}: {self.played.acts['sale']} sales, {time.perf_counter() - started:.0f} s")
        # An outcome that a gateway owes is asked for a while later.
        await self._on.move_to(await self._on.clock.now() + ASKED_AGAIN)
        await self._on.quiet()
        self.played.seconds = time.perf_counter() - started
        return self.played

    def _is_first_of_month(self, day: date) -> bool:
        return (day - timedelta(days=1)).month != day.month

    async def _day(self, acts: Sequence[Sale | Credit]) -> None:
        since = await self._on.clock.now()
        await self._on.move_to(max(since, acts[-1].at))
        sales = [act for act in acts if isinstance(act, Sale)]
        await all_at_once(sales, ORDERS_PER_CALL, self._sell)
        await self._on.quiet()
        await self._accept_reviews(since)
        await self._send(sales, since)
        await self._on.quiet()
        by_customer: dict[str, list[Credit]] = defaultdict(list)
        for act in acts:
            if isinstance(act, Credit):
                by_customer[act.customer].append(act)
        await all_at_once(list(by_customer.values()), 1, self._take_back)
        await self._on.quiet()

    async def _sell(self, sales: Sequence[Sale]) -> None:
        answer = await self._api.run(_PLACE, {"orders": [order_input(sale) for sale in sales]})
        for sale, result in zip(sales, answer["placeOrders"]["results"], strict=True):
            if result["__typename"] == "RefusedOrder":
                raise Refused("placeOrders", result["code"], f"{sale.document}: {result['message']} {result['path']}")
            self._orders[sale.document] = result["id"]
        self.played.acts["sale"] += len(sales)

    async def _accept_reviews(self, since: Any) -> None:
        """They were real orders."""
        reviews = await self._do.orders_in_review(since)
        if reviews:
            await all_at_once(reviews, 1, self._do.accept_review)
            await self._on.quiet()
        self.played.acts["risk review"] += len(reviews)

    async def _send(self, sales: Sequence[Sale], since: Any) -> None:
        """The warehouse takes everything on and sends it at the time of the invoice."""
        work = await self._do.open_work(since)
        sold_at = {self._orders[sale.document]: sale.at for sale in sales}
        await all_at_once(work, WORK_PER_CALL, self._do.accept)
        sent: list[tuple[Work, Any]] = [(each, sold_at[each.order_id]) for each in work]
        await all_at_once(sent, WORK_PER_CALL, self._do.ship)
        self.played.acts["shipment"] += len(work)

    async def _take_back(self, customers: Sequence[Sequence[Credit]]) -> None:
        for credits_ in customers:
            for credit in credits_:
                for asked in credit.asked:
                    await self._ask(asked)
                for document, pieces in credit.pieces.items():
                    await self._return(document, pieces)
                for document, amount in credit.charges:
                    await self._credit(document, amount, credit.document)

    async def _line_ids(self, document: str) -> list[str]:
        if document not in self._lines:
            lines = await self._do.lines(self._orders[document])
            self._lines[document] = [line["id"] for line in lines]
        return self._lines[document]

    async def _request(self, document: str, pieces: Mapping[int, int]) -> dict[str, Any]:
        ids = await self._line_ids(document)
        wishes = [
            {"orderLineId": ids[line], "quantity": count, "reason": "CHANGED_MIND"} for line, count in pieces.items()
        ]
        answer = await self._api.run(_REQUEST, {"id": self._orders[document], "lines": wishes}, once=True)
        made: dict[str, Any] = answer["requestReturn"]["return"]
        return made

    async def _return(self, document: str, pieces: Mapping[int, int]) -> None:
        made = await self._request(document, pieces)
        lines = [{"lineId": line["id"], "quantity": line["quantity"]} for line in made["lines"]]
        findings = [{**line, "disposition": "RESTOCK"} for line in lines]
        variables = {"id": made["id"], "place": self._place, "lines": lines, "findings": findings}
        await self._api.run(_RECEIVE, variables, once=True)
        self.played.acts["return"] += 1

    async def _credit(self, document: str, amount: int, why: str) -> None:
        # What came back just now is paid first: what both give together is never more than was paid.
        await self._on.quiet()
        wish = {
            "orderId": self._orders[document], "kind": "CORRECTION", "reason": f"credit {why}",
            "amount": {"amount": amount, "currency": CURRENCY}, "wait": False,
        }  # fmt: skip
        await self._api.run(_CREDIT, {"input": wish}, once=True)
        self.played.acts["charge credited"] += 1

    async def _ask(self, asked: Asked) -> None:
        """Kontor itself has to say that so much cannot come back."""
        try:
            await self._request(asked.sale.document, {asked.line: -asked.row.quantity})
            self.played.said[asked.row.number] = NOT_REFUSED
        except Refused as refused:
            self.played.said[asked.row.number] = str(refused)
        self.played.acts["return refused"] += 1


def order_input(sale: Sale) -> dict[str, Any]:
    """The order of an invoice; the set has no names and streets, so those of the address say who it is."""
    buyer = sale.customer or f"guest of {sale.document}"
    charges = [
        {"kind": "SHIPPING" if each.row.code in ("POST", "DOT", "C2") else "FEE",
         "name": each.row.description or each.row.code, "amount": each.row.amount}
        for each in sale.charges
    ]  # fmt: skip
    return {
        "channel": CHANNEL,
        "externalId": sale.document,
        "placedAt": sale.at.isoformat(),
        "lines": [_line(row.code, row.quantity, row.amount) for row in sale.lines],
        "charges": charges,
        "billingAddress": {
            "name": f"Customer {buyer}", "street": "not recorded", "postalCode": "not recorded", "city": sale.country,
            "country": country_of(sale.country),
        },
        "customer": {"externalId": buyer, "name": f"Customer {buyer}"},
        "payments": [{"kind": "CARD", "amount": sale.paid, "token": "tok_visa"}] if sale.paid else [],
    }  # fmt: skip


def _line(sku: str, quantity: int, amount: int) -> dict[str, Any]:
    """Pieces whose price in pence need not be whole: the next whole one, less a discount of what is too much."""
    price = -(-amount // quantity)
    over = price * quantity - amount
    discount = {"discount": over, "discountCode": "ROUNDING"} if over else {}
    return {"sku": sku, "quantity": quantity, "unitPrice": price, **discount}
