"""A customer in self-service, two agents and a dropshipper act on one order in the same moment, all through the API."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from factories.catalog import make_variant
from factories.intake import ADDRESS, Company, make_company, put_stock
from factories.locations import make_location, make_tariff
from factories.partners import make_partner
from flows.shop import PLACE, Shop
from kontor.audit.running import differences
from kontor.auth.permissions import CARE_AGENT, CUSTOMER, DROPSHIPPER
from kontor.core.db import Database
from kontor.core.ids import new_id
from kontor.core.principal import Principal, PrincipalKind
from kontor.fulfillment.models import FulfillmentOrder
from kontor.locations.models import LocationKind
from kontor.orders import queries as orders
from kontor.orders.models import Order, OrderLine
from kontor.partners.models import Partner
from support import Client, Drain, Principals, StandingClock

PIECES = 6
ANSWER = "__typename ... on Error { code message }"
POLICY = f"""mutation($channel: String!, $rules: SelfServicePolicyInput!) {{
  result: saveSelfServicePolicy(channel: $channel, rules: $rules) {{ {ANSWER} }} }}"""
CANCEL = f"""mutation($id: UUID!, $lines: [LineQuantityInput!]) {{
  result: cancelOrderLines(orderId: $id, reason: "changed my mind", lines: $lines) {{
    {ANSWER} ... on LinesCanceled {{ canceled asked }} }} }}"""
PREVIEW = """query($id: UUID!, $input: OrderChangeInput!) {
  result: previewOrderChange(orderId: $id, input: $input) { token } }"""
CONFIRM = f"""mutation($id: UUID!, $input: OrderChangeInput!, $token: String!) {{
  result: confirmOrderChange(orderId: $id, input: $input, token: $token, reason: "on the phone") {{
    {ANSWER} ... on OrderChangeConfirmed {{ change {{ state canceled }} }}
    ... on OrderChangeStale {{ code moved preview {{ token }} }} }} }}"""
PIECES_OF = "query($id: UUID!) { result: fulfillmentOrder(id: $id) { lines { id quantity } } }"
ACCEPT = f"""mutation($id: UUID!) {{
  result: acceptFulfillmentOrder(fulfillmentOrderId: $id, withdrawable: false) {{ {ANSWER} }} }}"""
REJECT = f"""mutation($id: UUID!, $lines: [RejectedLineInput!]!) {{
  result: rejectFulfillmentOrder(fulfillmentOrderId: $id, lines: $lines, withdrawable: false) {{ {ANSWER} }} }}"""
SHIP = f"""mutation($id: UUID!) {{
  result: shipFulfillmentOrder(fulfillmentOrderId: $id, recallable: false) {{
    {ANSWER} ... on ShipmentChanged {{ shipment {{ lines {{ quantity }} }} }} }} }}"""
AGREE = f"""mutation($id: UUID!, $agreed: Boolean!) {{
  result: answerCancellation(fulfillmentOrderId: $id, agreed: $agreed) {{ {ANSWER} }} }}"""

# What each may be told when another was faster; anything else is no truthful answer.
TOLD = {
    "cancel": {"SELF_SERVICE_TOO_LATE", "ORDER_NOT_CANCELABLE", "ORDER_ENDED", "CHANGE_OPEN"},
    "change": {
        "CHANGE_STALE", "CHANGE_OPEN", "NOTHING_CHANGES", "NOT_CHANGEABLE", "WORK_HAS_BEGUN", "ORDER_NOT_CANCELABLE",
        "ORDER_ENDED",
    },
    "work": {"FULFILLMENT_ORDER_STATE", "CANCELLATION_ASKED", "INVALID_QUANTITY", "FULFILLMENT_LINE_NOT_FOUND"},
}  # fmt: skip


@dataclass
class Table:
    """A shop whose goods lie at a dropshipper, and the people of one race."""

    shop: Shop
    partner: Partner
    chance: random.Random = field(default_factory=random.Random)

    def agent(self, number: int) -> Principal:
        """One of two agents."""
        return replace(self.shop.principals.holding(*CARE_AGENT), id=UUID(int=number))

    @property
    def supplier(self) -> Principal:
        """The dropshipper."""
        return self.shop.principals.holding(*DROPSHIPPER, partner_id=self.partner.id)

    def buyer(self, order: Order) -> Principal:
        """The customer with a token of the shop."""
        return Principal(
            PrincipalKind.CUSTOMER, order.customer_id, "Greta", frozenset(map(str, CUSTOMER)),
            channel_ids=frozenset({order.channel_id}), customer_id=order.customer_id,
        )  # fmt: skip

    async def ask(self, who: Principal, text: str, **given: Any) -> dict[str, Any]:
        """The answer; a server in trouble or an error of the call is no answer."""
        answer = await self.shop.client.graphql(text, given, principal=who)
        assert "errors" not in answer, answer["errors"]
        result: dict[str, Any] = answer["data"]["result"]
        assert result.get("__typename") != "UnavailableError", result
        return result


@dataclass
class Answers:
    """What everybody was told in one race."""

    cancel: dict[str, Any]
    changes: list[dict[str, Any]]
    work: dict[str, Any]
    act: str
    log: list[str] = field(default_factory=list)

    def canceled(self) -> int:
        """Pieces that were said to be canceled."""
        said = [self.cancel.get("canceled", 0), *(each["change"]["canceled"] for each in self._confirmed())]
        return sum(map(int, said))

    def shipped(self) -> int:
        """Pieces that were said to have left."""
        return sum(line["quantity"] for line in self.work.get("shipment", {"lines": ()})["lines"])

    def may_end_canceled(self) -> bool:
        """Whether the place gave up pieces that it was asked for as well."""
        asked = int(self.cancel.get("asked", 0)) or any(
            each["change"]["state"] == "PENDING" for each in self._confirmed()
        )
        return bool(asked) and self.act == "reject" and "code" not in self.work

    def _confirmed(self) -> list[dict[str, Any]]:
        return [each for each in self.changes if "change" in each]

    def check(self) -> None:
        """Each was told what happened, or why it did not."""
        said = [("cancel", self.cancel), ("work", self.work), *(("change", each) for each in self.changes)]
        for kind, answer in said:
            assert answer.get("code") is None or answer["code"] in TOLD[kind], (kind, answer)


async def set_table(
    database: Database, client: Client, drain: Drain, principals: Principals, clock: StandingClock
) -> Table:
    """A shop that lets its customers cancel until the goods have left, and asks the place before."""
    company: Company = await make_company(database)
    async with database.unit_of_work() as db:
        coat = await make_variant(db, sku="COAT")
        partner = await make_partner(db)
        place = await make_location(db, kind=LocationKind.DROPSHIPPER, partner_id=partner.id)
        await make_tariff(db, location_id=place.id, parcel_cents=100)
    await put_stock(database, place.id, coat.id, 100_000)
    table = Table(Shop(database, client, drain, principals, clock, company), partner)
    rules = {"cancel": "SHIPPED", "reduce": "SHIPPED"}
    await table.shop.call(POLICY, channel=company.channel.code, rules=rules)
    return table


async def race(table: Table, chance: random.Random) -> None:
    """One order, four who act on it at once, and everything that follows; raises `AssertionError` for any lie."""
    shop, table.chance = table.shop, chance
    wanted = {**shop.order_input(pieces=PIECES), "externalId": new_id().hex}
    order_id = str((await shop.call(PLACE, input=wanted))["id"])
    await shop.settle()
    (row_id,) = await shop.work(order_id)
    begun = chance.random() < 0.4
    if begun:
        assert "code" not in await table.ask(table.supplier, ACCEPT, id=row_id)
    order, line = await _state(shop.database, order_id)
    answers = await _at_once(table, order, line, row_id, begun=begun)
    answers.check()
    order, line = await _state(shop.database, order_id)
    assert line.shipped == answers.shipped(), answers
    assert line.canceled == answers.canceled() or (line.canceled > answers.canceled() and answers.may_end_canceled()), (
        line.canceled,
        answers,
    )
    await _aftermath(table, order_id)
    assert [str(each) for each in await differences(shop.database)] == []


async def _at_once(table: Table, order: Order, line: OrderLine, row_id: str, *, begun: bool) -> Answers:
    chance, order_id = table.chance, str(order.id)
    wishes = [_wish(chance, line, begun=begun), _wish(chance, line, begun=begun)]
    tokens = [
        (await table.ask(table.agent(number), PREVIEW, id=order_id, input=wish))["token"]
        for number, wish in enumerate(wishes, 2)
    ]
    act = chance.choice(("accept", "reject", "ship"))
    some = [{"lineId": str(line.id), "quantity": chance.randint(1, PIECES)}]
    calls: dict[str, Callable[[], Awaitable[dict[str, Any]]]] = {
        "cancel": lambda: table.ask(table.buyer(order), CANCEL, id=order_id, lines=chance.choice((some, None))),
        "work": lambda: _work(table, act, row_id),
        **{
            f"agent {number}": lambda number=number: table.ask(  # type: ignore[misc]
                table.agent(number + 2), CONFIRM, id=order_id, input=wishes[number], token=tokens[number]
            )
            for number in (0, 1)
        },
    }
    names = list(calls)
    chance.shuffle(names)
    told = dict(zip(names, await asyncio.gather(*[calls[name]() for name in names]), strict=True))
    return Answers(told["cancel"], [told["agent 0"], told["agent 1"]], told["work"], act, names)


def _wish(chance: random.Random, line: OrderLine, *, begun: bool) -> dict[str, Any]:
    """Fewer pieces, or another address as long as no place has begun."""
    if begun or chance.random() < 0.7:
        return {"lines": [{"lineId": str(line.id), "quantity": chance.randint(0, PIECES - 1)}]}
    street = f"Gasse {chance.randint(1, 99)}"
    return {
        "shippingAddress": {
            "name": ADDRESS.name, "street": street, "postalCode": ADDRESS.postal_code, "city": ADDRESS.city,
            "country": ADDRESS.country,
        }
    }  # fmt: skip


async def _work(table: Table, act: str, row_id: str) -> dict[str, Any]:
    if act == "accept":
        return await table.ask(table.supplier, ACCEPT, id=row_id)
    if act == "ship":
        return await table.ask(table.supplier, SHIP, id=row_id)
    seen = await table.ask(table.supplier, PIECES_OF, id=row_id)
    lines = [{"lineId": each["id"], "quantity": each["quantity"], "reason": "OUT_OF_STOCK"} for each in seen["lines"]]
    return await table.ask(table.supplier, REJECT, id=row_id, lines=lines)


async def _aftermath(table: Table, order_id: str) -> None:
    """What follows is done; the place answers what it was asked, and nothing stays open for ever."""
    await table.shop.settle()
    for row_id in await table.shop.work(order_id):
        async with table.shop.database.read_only() as db:
            asked = (await db.get_one(FulfillmentOrder, UUID(row_id))).cancel_requested
        if asked:
            answer = await table.ask(table.supplier, AGREE, id=row_id, agreed=table.chance.random() < 0.5)
            assert answer.get("code") in (None, "NO_CANCELLATION_ASKED"), answer
    await table.shop.settle()


async def _state(database: Database, order_id: str) -> tuple[Order, OrderLine]:
    async with database.read_only() as db:
        order = await db.get_one(Order, UUID(order_id))
        return order, (await orders.lines_of(db, [order.id]))[order.id][0]
