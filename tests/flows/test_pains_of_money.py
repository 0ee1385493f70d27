"""What people complain about in shops' money, each complaint a test named after its number.

| | complaint | where |
| --- | --- | --- |
| 13 | a refund ignores or doubles the order-wide discount | here |
| 14 | after a partial return the discount is spread anew | `tests/returns/test_rechecking.py` |
| 15 | several partial refunds differ by a cent or exceed what was paid | here |
| 16 | wrong tax in a refund | here, for gross and net prices |
| 17 | floats in money | `tests/architecture/test_money_has_no_float.py` |
| 18 | the provider is paid but the record fails | `tests/payments/test_jobs.py` |
| 19 | nothing outstanding to refund: goodwill is impossible, one refund per order | here |
| 20 | a refund for three although two arrived | here |
| 21 | of several shipments only the first is captured, or all at once | here |
| 22 | gift card plus card: money goes back to the wrong one | `test_payment_kinds.py` |
| 23 | charged twice, order created twice | here |
| 24 | gaps and doubles in invoice numbers | `test_parallel_invoices.py`, `tests/invoicing/test_service.py` |
| 25 | a tax rate that changes on a day | `tests/invoicing/test_days.py` |
| cash rounding sign | a payout rounds against its sale | `test_payment_kinds.py` |
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from flows.shop import ACCEPT, PLACE, REFUND, Shop, open_shop
from flows.test_payment_kinds import OpenShop, pay
from kontor.core.db import Database
from support import Client, Drain, Principals, StandingClock

LINES = "query($id: UUID!) { result: order(id: $id) { lines { id } } }"
REQUEST = (
    "mutation($id: UUID!, $lines: [ReturnLineInput!]!) { result: requestReturn(orderId: $id, lines: $lines) "
    "{ __typename ... on ReturnChanged { return { id lines { id } } } ... on Error { code message path } } }"
)
RECEIVE = (
    "mutation($id: UUID!, $place: UUID!, $lines: [LineQuantityInput!]!, $findings: [FindingInput!]!) { result: "
    "receiveReturn(id: $id, locationId: $place, lines: $lines, findings: $findings) "
    "{ __typename ... on Error { code message path } } }"
)
NOTES = "{ result: creditNotes(first: 20) { nodes { gross { amount } net { amount } tax { amount } } } }"
WORK_LINES = "query($id: UUID!) { result: fulfillmentOrder(id: $id) { lines { id } } }"
SHIP_SOME = (
    "mutation($id: UUID!, $lines: [LineQuantityInput!]) { result: shipFulfillmentOrder(fulfillmentOrderId: $id, "
    "lines: $lines, recallable: false) { __typename ... on Error { code message } } }"
)


@pytest.fixture
def shop_of(database: Database, client: Client, drain: Drain, principals: Principals, clock: StandingClock) -> OpenShop:
    async def opened(**channel: Any) -> Shop:
        return await open_shop(database, client, drain, principals, clock, **channel)

    return opened


async def send_back(shop: Shop, order_id: str, pieces: int, *, arrived: int | None = None) -> None:
    """A return of some pieces, of which some arrive and are paid back."""
    line_id = (await shop.call(LINES, id=order_id))["lines"][0]["id"]
    wish = [{"orderLineId": line_id, "quantity": pieces, "reason": "CHANGED_MIND"}]
    made = (await shop.call(REQUEST, id=order_id, lines=wish))["return"]
    await shop.settle()
    came = [{"lineId": made["lines"][0]["id"], "quantity": pieces if arrived is None else arrived}]
    findings = [{**came[0], "disposition": "RESTOCK"}]
    place = str(shop.company.warehouse.id)
    await shop.call(RECEIVE, id=made["id"], place=place, lines=came, findings=findings)
    await shop.settle()


async def discounted(shop: Shop) -> str:
    """Three coats for 30.00 less 1.00 for the whole order, paid by card, and sent."""
    off = [{"code": "SPRING", "label": "Spring", "amount": 100}]
    order_id = await shop.place(pay("CARD", 2900), pieces=3, discounts=off)
    await shop.send(order_id)
    return order_id


async def given_back(shop: Shop, order_id: str) -> int:
    """What went back of the only payment."""
    return (await shop.money(order_id))[0][3]


async def test_pain_13_refund_of_a_piece_is_its_share_of_the_order_wide_discount(shop_of: OpenShop) -> None:
    shop = await shop_of()
    order_id = await discounted(shop)
    await send_back(shop, order_id, 1)
    assert await given_back(shop, order_id) == 967  # a third of 29.00, the odd cents with the first pieces


async def test_pain_15_partial_refunds_end_at_exactly_what_was_paid(shop_of: OpenShop) -> None:
    shop = await shop_of()
    order_id = await discounted(shop)
    back = []
    for _ in range(3):
        await send_back(shop, order_id, 1)
        back.append(await given_back(shop, order_id))
    assert back == [967, 1934, 2900]
    wish = {"orderId": order_id, "kind": "CORRECTION", "amount": {"amount": 1, "currency": "EUR"}, "reason": "more"}
    assert await shop.refused(REFUND, input=wish) == "REFUND_EXCEEDS_CAPTURED"


@pytest.mark.parametrize(("gross", "notes"), [(True, [(1000, 840, 160)]), (False, [(1190, 1000, 190)])])
async def test_pain_16_refund_bears_the_tax_of_what_came_back(
    shop_of: OpenShop, gross: bool, notes: Sequence[tuple[int, int, int]]
) -> None:
    shop = await shop_of(gross=gross)
    order_id = await shop.place(pay("CARD", 3000 if gross else 3570), pieces=3)
    await shop.send(order_id)
    await send_back(shop, order_id, 1)
    found = (await shop.call(NOTES))["nodes"]
    assert [tuple(note[name]["amount"] for name in ("gross", "net", "tax")) for note in found] == notes
    assert await given_back(shop, order_id) == notes[0][0]


async def test_pain_19_goodwill_is_granted_as_often_as_money_is_left(shop_of: OpenShop) -> None:
    shop = await shop_of()
    order_id = await shop.place(pay("CARD", 2000))
    await shop.send(order_id)
    for amount in (300, 200):
        await shop.refund(order_id, amount)
    await shop.refund(order_id, 1500, kind="CORRECTION")
    assert await given_back(shop, order_id) == 2000
    assert (await shop.order(order_id))["state"] == "COMPLETED"
    assert await shop.booked(order_id) == {("CORRECTIONS", ""): 1500}


async def test_pain_20_no_more_is_paid_back_than_arrived(shop_of: OpenShop) -> None:
    shop = await shop_of()
    order_id = await shop.place(pay("CARD", 3000), pieces=3)
    await shop.send(order_id)
    await send_back(shop, order_id, 3, arrived=2)
    assert await given_back(shop, order_id) == 2000


async def test_pain_21_each_shipment_takes_its_own_value(shop_of: OpenShop) -> None:
    shop = await shop_of()
    order_id = await shop.place(pay("CARD", 2000))
    row_id = (await shop.work(order_id))[0]
    await shop.call(ACCEPT, id=row_id)
    line_id = (await shop.call(WORK_LINES, id=row_id))["lines"][0]["id"]
    await shop.call(SHIP_SOME, id=row_id, lines=[{"lineId": line_id, "quantity": 1}])
    await shop.settle()
    assert await shop.money(order_id) == [("CARD", "PARTIALLY_CAPTURED", 1000, 0)]
    await shop.call(SHIP_SOME, id=(await shop.work(order_id))[1], lines=None)
    await shop.settle()
    assert await shop.money(order_id) == [("CARD", "CAPTURED", 2000, 0)]


async def test_pain_23_order_that_is_sent_twice_is_placed_and_charged_once(shop_of: OpenShop) -> None:
    shop = await shop_of()
    wish = shop.order_input(pay("CARD", 2000))
    first, second = [await shop.call(PLACE, input=wish) for _ in range(2)]
    assert first["id"] == second["id"]
    assert await shop.refused(PLACE, input={**wish, "lines": [{**wish["lines"][0], "quantity": 1}]}) == "ORDER_CONFLICT"
    await shop.settle()
    await shop.send(first["id"])
    rows = (await shop.order(first["id"]))["payments"][0]["transactions"]
    assert [(row["kind"], row["amount"]) for row in rows] == [("AUTHORIZE", 2000), ("CAPTURE", 2000)]
