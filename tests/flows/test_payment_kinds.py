"""Every kind of payment from order to refund, through the API and the jobs, on both databases."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from flows.shop import PLACE, RECORD, REFUND, Shop, open_shop
from kontor.audit import running as audit
from kontor.channels.models import LegalEntity
from kontor.core.db import Database
from kontor.ledger import closing, rebuilding
from kontor.orders.queries import lock_order
from kontor.payments import queries, service
from support import Client, Drain, Principals, StandingClock

OpenShop = Callable[..., Awaitable[Shop]]


@pytest.fixture
def shop_of(database: Database, client: Client, drain: Drain, principals: Principals, clock: StandingClock) -> OpenShop:
    async def opened(**channel: Any) -> Shop:
        return await open_shop(database, client, drain, principals, clock, **channel)

    return opened


def pay(kind: str, amount: int, **given: Any) -> dict[str, Any]:
    """A payment as a channel sends it; those that a gateway moves have a token."""
    token = {"CARD": "tok_visa", "WALLET": "tok_wallet", "DIRECT_DEBIT": "tok_sepa_debit"}.get(kind)
    return {"kind": kind, "amount": amount, "token": token, **given}


@dataclass(frozen=True)
class Kind:
    """How a method behaves: taken at placing or at shipping, the account its money is on, its state when called off."""

    name: str
    account: str
    at_once: bool = False
    settings: tuple[tuple[str, Any], ...] = ()


KINDS = (
    Kind("CARD", "GATEWAY"),
    Kind("WALLET", "GATEWAY"),
    Kind("WALLET", "GATEWAY", at_once=True, settings=(("immediate_capture", ["WALLET"]),)),
    Kind("DIRECT_DEBIT", "GATEWAY"),
    Kind("GIFT_CARD", "STORED_VALUE"),
    Kind("VOUCHER", "STORED_VALUE"),
    Kind("BONUS_POINTS", "STORED_VALUE"),
    Kind("CASH", "CASH", at_once=True),
    Kind("COLLECTED_BY_CHANNEL", "CHANNEL", at_once=True),
)
every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name + ("-at-once" if kind.at_once else ""))


@every_kind
async def test_money_moves_when_goods_leave_or_at_once_and_goes_back_as_it_came(shop_of: OpenShop, kind: Kind) -> None:
    shop = await shop_of(settings=dict(kind.settings))
    order_id = await shop.place(pay(kind.name, 2000))
    before = 2000 if kind.at_once else 0
    assert await shop.money(order_id) == [(kind.name, "CAPTURED" if before else "AUTHORIZED", before, 0)]
    assert await shop.open(order_id) == ({"ADVANCE": -2000} if before else {})

    await shop.send(order_id)
    assert await shop.money(order_id) == [(kind.name, "CAPTURED", 2000, 0)]
    assert await shop.booked(order_id) == {(kind.account, kind.name): 2000}
    assert await shop.open(order_id) == {}

    await shop.refund(order_id, 500)
    assert await shop.money(order_id) == [(kind.name, "PARTIALLY_REFUNDED", 2000, 500)]
    assert await shop.booked(order_id) == {(kind.account, kind.name): 1500}
    wish = {"orderId": order_id, "kind": "GOODWILL", "amount": {"amount": 1501, "currency": "EUR"}, "reason": "more"}
    assert await shop.refused(REFUND, input=wish) == "REFUND_EXCEEDS_CAPTURED"


@every_kind
async def test_order_called_off_before_it_left_costs_nothing(shop_of: OpenShop, kind: Kind) -> None:
    shop = await shop_of(settings=dict(kind.settings))
    order_id = await shop.place(pay(kind.name, 2000))
    await shop.cancel(order_id)
    taken = 2000 if kind.at_once else 0
    assert await shop.money(order_id) == [(kind.name, "REFUNDED" if taken else "VOIDED", taken, taken)]
    assert (await shop.order(order_id))["state"] == "CANCELED"
    assert await shop.booked(order_id) == {}
    assert await shop.open(order_id) == {}


async def test_on_account_is_owed_from_the_invoice_on_until_it_is_paid(shop_of: OpenShop) -> None:
    shop = await shop_of()
    order_id = await shop.place(pay("ON_ACCOUNT", 2000))
    assert await shop.money(order_id) == [("ON_ACCOUNT", "CREATED", 0, 0)]
    await shop.send(order_id)
    assert await shop.money(order_id) == [("ON_ACCOUNT", "INVOICED", 0, 0)]
    assert await shop.open(order_id) == {"INVOICE": 2000}
    await shop.transfer(order_id, 700, "part")
    assert await shop.open(order_id) == {"INVOICE": 1300}
    await shop.transfer(order_id, 1300, "rest")
    assert await shop.money(order_id) == [("ON_ACCOUNT", "PAID", 2000, 0)]
    assert await shop.booked(order_id) == {("BANK", "ON_ACCOUNT"): 2000}
    assert await shop.open(order_id) == {}


async def test_on_account_called_off_is_never_invoiced(shop_of: OpenShop) -> None:
    shop = await shop_of()
    order_id = await shop.place(pay("ON_ACCOUNT", 2000))
    await shop.cancel(order_id)
    assert await shop.money(order_id) == [("ON_ACCOUNT", "VOIDED", 0, 0)]
    assert await shop.booked(order_id) == {}


async def test_prepaid_order_waits_for_all_of_its_money(shop_of: OpenShop) -> None:
    shop = await shop_of()
    order_id = await shop.place(pay("PREPAYMENT", 2000))
    assert (await shop.order(order_id))["state"] == "RECEIVED"
    assert await shop.work(order_id) == []
    await shop.transfer(order_id, 1500, "first")
    assert await shop.money(order_id) == [("PREPAYMENT", "PARTIALLY_CAPTURED", 1500, 0)]
    assert await shop.work(order_id) == []
    assert await shop.open(order_id) == {"ADVANCE": -1500}
    payment = (await shop.order(order_id))["payments"][0]
    too_much = {"id": payment["id"], "amount": {"amount": 501, "currency": "EUR"}, "reference": "more"}
    assert await shop.refused(RECORD, **too_much) == "PAYMENT_NOT_AWAITED"
    await shop.transfer(order_id, 500, "second")
    await shop.send(order_id)
    assert await shop.booked(order_id) == {("BANK", "PREPAYMENT"): 2000}
    assert await shop.open(order_id) == {}


async def test_prepaid_order_that_nobody_pays_in_time_gives_stock_and_money_back(shop_of: OpenShop) -> None:
    shop = await shop_of(settings={"order.payment_wait": "P5D"})
    order_id = await shop.place(pay("PREPAYMENT", 2000), pieces=2)
    await shop.transfer(order_id, 1500, "not enough")
    await shop.drain(until=shop.clock.moment + timedelta(days=6))
    assert (await shop.order(order_id))["state"] == "CANCELED"
    assert await shop.money(order_id) == [("PREPAYMENT", "REFUNDED", 1500, 1500)]
    assert await shop.booked(order_id) == {}
    stock = await shop.call("{ result: stockLevels { nodes { allocated } } }")
    assert {node["allocated"] for node in stock["nodes"]} == {0}


async def test_pain_22_gift_card_pays_first_and_gets_back_last(shop_of: OpenShop) -> None:
    shop = await shop_of(settings={"refund_policy": "CARD_FIRST"})
    order_id = await shop.place(pay("GIFT_CARD", 500), pay("CARD", 1500))
    await shop.send(order_id)
    assert await shop.booked(order_id) == {("STORED_VALUE", "GIFT_CARD"): 500, ("GATEWAY", "CARD"): 1500}
    await shop.refund(order_id, 1600)
    assert await shop.money(order_id) == [
        ("GIFT_CARD", "PARTIALLY_REFUNDED", 500, 100), ("CARD", "REFUNDED", 1500, 1500),
    ]  # fmt: skip


async def test_points_come_back_after_card_and_gift_card(shop_of: OpenShop) -> None:
    shop = await shop_of(settings={"refund_policy": "CARD_FIRST"})
    order_id = await shop.place(pay("BONUS_POINTS", 300), pay("GIFT_CARD", 500), pay("CARD", 1200))
    await shop.send(order_id)
    for amount, back in ((1200, [0, 0, 1200]), (500, [0, 500, 1200]), (300, [300, 500, 1200])):
        await shop.refund(order_id, amount)
        assert [refunded for _, _, _, refunded in await shop.money(order_id)] == back
    assert await shop.booked(order_id) == {}


async def test_goods_fetched_in_a_store_are_paid_at_the_till(shop_of: OpenShop) -> None:
    shop = await shop_of()
    pickup = {"deliveryType": "PICKUP", "pickupLocation": shop.store}
    order_id = await shop.place(pay("CASH", 2000), **pickup)
    assert await shop.money(order_id) == [("CASH", "AUTHORIZED", 0, 0)]
    assert await shop.booked(order_id) == {}
    await shop.fetch(order_id)
    assert await shop.money(order_id) == [("CASH", "CAPTURED", 2000, 0)]
    assert await shop.booked(order_id) == {("CASH", "CASH"): 2000}
    assert await shop.open(order_id) == {}


async def test_goods_nobody_fetched_were_never_paid(shop_of: OpenShop) -> None:
    shop = await shop_of()
    order_id = await shop.place(pay("CASH", 2000), deliveryType="PICKUP", pickupLocation=shop.store)
    await shop.cancel(order_id)
    assert await shop.money(order_id) == [("CASH", "VOIDED", 0, 0)]
    assert await shop.booked(order_id) == {}


async def test_gift_card_pays_a_part_and_the_till_the_rest(shop_of: OpenShop) -> None:
    shop = await shop_of()
    pickup = {"deliveryType": "PICKUP", "pickupLocation": shop.store}
    order_id = await shop.place(pay("GIFT_CARD", 500), pay("CASH", 1500), **pickup)
    await shop.fetch(order_id)
    assert await shop.booked(order_id) == {("STORED_VALUE", "GIFT_CARD"): 500, ("CASH", "CASH"): 1500}


async def test_cash_is_rounded_and_paid_out_with_the_sign_of_the_sale(shop_of: OpenShop) -> None:
    """19.98 francs are 20.00 in coins; 9.99 given back are 10.00, and the rest what is left of the 20.00."""
    shop = await shop_of(currency="CHF")
    shop.price = 999
    order_id = await shop.place(pay("CASH", 1998), deliveryType="PICKUP", pickupLocation=shop.store)
    await shop.fetch(order_id)
    assert await shop.booked(order_id) == {("CASH", "CASH"): 2000, ("ROUNDING", ""): -2}
    assert await shop.open(order_id) == {}
    await shop.refund(order_id, 999)
    assert await shop.booked(order_id) == {("CASH", "CASH"): 1000, ("ROUNDING", ""): -1}
    await shop.refund(order_id, 999)
    assert await shop.booked(order_id) == {}
    rows = (await shop.order(order_id))["payments"][0]["transactions"]
    assert [(row["kind"], row["amount"], row["rounding"]) for row in rows] == [
        ("AUTHORIZE", 1998, 0), ("CAPTURE", 1998, 2), ("REFUND", 999, 1), ("REFUND", 999, 1),
    ]  # fmt: skip


async def test_direct_debit_that_is_returned_is_owed_again(shop_of: OpenShop, database: Database) -> None:
    shop = await shop_of()
    order_id = await shop.place(pay("DIRECT_DEBIT", 2000))
    await shop.send(order_id)
    async with database.unit_of_work() as db:
        order = await lock_order(db, UUID(order_id))
        payment = (await queries.lock_payments(db, [order.id]))[order.id][0]
        await service.charge_back(db, payment, 2000, notice_id="returned", now=db.now)
    await shop.settle()
    assert await shop.money(order_id) == [("DIRECT_DEBIT", "CHARGED_BACK", 2000, 2000)]
    assert await shop.booked(order_id) == {("RECEIVABLES", ""): 2000}
    assert await shop.open(order_id) == {"INVOICE": 2000}


async def test_cash_sale_in_a_store_is_paid_at_once(shop_of: OpenShop) -> None:
    shop = await shop_of()
    order_id = await shop.place(
        pay("CASH", 2000), deliveryType="PICKUP", pickupLocation=shop.store, soldAtLocation=shop.store
    )
    assert await shop.money(order_id) == [("CASH", "CAPTURED", 2000, 0)]
    await shop.fetch(order_id)
    assert await shop.booked(order_id) == {("CASH", "CASH"): 2000}


async def test_order_sold_in_an_unknown_store_is_refused_by_the_field(shop_of: OpenShop) -> None:
    shop = await shop_of()
    answer = await shop.client.graphql(
        PLACE, {"input": shop.order_input(pay("CASH", 2000), soldAtLocation="nowhere")}, principal=shop.principals.admin
    )
    refusal = answer["data"]["result"]
    assert (refusal["code"], refusal["path"]) == ("SOLD_AT_NOT_FOUND", ["input", "soldAtLocation"])


@pytest.mark.parametrize(
    ("chosen", "taken", "still"), [({}, 2000, {}), ({"capture_surplus": True}, 2150, {"OVERPAYMENT": -150})]
)
async def test_more_than_the_total_is_taken_only_where_the_channel_says_so(
    shop_of: OpenShop, database: Database, chosen: dict[str, Any], taken: int, still: dict[str, int]
) -> None:
    shop = await shop_of(settings={"payment_tolerance": 200, **chosen})
    order_id = await shop.place(pay("CARD", 2150))
    await shop.send(order_id)
    assert await shop.money(order_id) == [("CARD", "CAPTURED", taken, 0)]
    assert await shop.open(order_id) == still
    assert await audit.differences(database) == []


async def test_less_than_the_total_stays_open_on_the_invoice(shop_of: OpenShop, database: Database) -> None:
    shop = await shop_of(settings={"payment_tolerance": 200, "capture_surplus": True})
    order_id = await shop.place(pay("CARD", 1900))
    await shop.send(order_id)
    assert await shop.money(order_id) == [("CARD", "CAPTURED", 1900, 0)]
    assert await shop.open(order_id) == {"INVOICE": 100}
    assert await audit.differences(database) == []


async def test_books_of_the_till_agree_with_the_day_and_can_be_computed_anew(
    shop_of: OpenShop, database: Database
) -> None:
    shop = await shop_of(currency="CHF")
    shop.price = 999
    order_id = await shop.place(pay("CASH", 1998), deliveryType="PICKUP", pickupLocation=shop.store)
    await shop.fetch(order_id)
    await shop.refund(order_id, 999)
    async with database.read_only() as db:
        entity = await db.scalar(sa.select(LegalEntity))
        assert entity is not None
        [figures] = await closing.figures_of(db, entity, shop.clock.moment.date())
        assert (figures.captured, figures.refunded, figures.differences) == ({"CASH": 2000}, {"CASH": 1000}, [])
        assert [text async for text in rebuilding.differences(db)] == []
    assert await audit.differences(database) == []
