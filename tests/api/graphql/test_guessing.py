"""Codes cannot be guessed: unknown ones are counted per customer of a shop and per caller, before anything is said."""

from __future__ import annotations

from typing import Any

import pytest

from factories.catalog import make_variant
from factories.channels import make_channel
from kontor.api.graphql.guessing import tried_by
from kontor.auth import limits
from kontor.auth.limits import Limit
from kontor.auth.permissions import Permission as P
from kontor.core.db import Database
from kontor.core.principal import Principal
from kontor.giftcards.values import GATEWAY
from kontor.orders.intake import Address, CustomerInput, LineInput, OrderInput, PaymentInput
from support import Client, Principals

PREVIEW = """query ($basket: PromotionBasketInput!) { previewPromotions(basket: $basket) {
  refusedCoupons { code } } }"""
SAVE = """mutation { savePromotion(input: {code: "SALE", name: "Sale", coupon: true,
  benefit: {kind: PERCENT_OFF, percent: "10"}}) { ... on PromotionSaved { promotion { code } } } }"""
COUPON = """mutation { generateCoupons(input: {promotion: "SALE", code: "GOOD", mostUses: null}) {
  ... on CouponsGenerated { count } } }"""
PLACE = """mutation ($inputs: [PlaceOrderInput!]!) { placeOrders(inputs: $inputs) {
  ... on PlacedOrders { results { ... on RefusedOrder { externalId code } ... on PlacedOrder { number } } } } }"""
ADD = """mutation ($input: AddPaymentInput!) { addPayment(input: $input) { ... on Error { code } } }"""


async def preview(client: Client, who: Principal, shopper: str, *coupons: str) -> Any:
    """The coupons that were refused, or the code of the whole refusal."""
    basket = {
        "channel": "shop",
        "lines": [{"sku": "LAMP", "unitPrice": 1000}],
        "coupons": list(coupons),
        "shopper": shopper,
    }
    answer = await client.graphql(PREVIEW, {"basket": basket}, principal=who)
    if "errors" in answer:
        return answer["errors"][0]["extensions"]["code"]
    return [each["code"] for each in answer["data"]["previewPromotions"]["refusedCoupons"]]


def basket_of(external_id: str, email: str, *coupons: str) -> dict[str, Any]:
    address = {"name": "Greta Fock", "street": "Weg 1", "postalCode": "20095", "city": "Hamburg", "country": "DE"}
    return {
        "channel": "shop", "externalId": external_id, "lines": [{"sku": "NONE", "quantity": 1}],
        "billingAddress": address, "customer": {"name": "Greta Fock", "email": email}, "coupons": list(coupons),
    }  # fmt: skip


async def opened(database: Database, client: Client, principals: Principals) -> Principal:
    """A shop with a coupon GOOD, and who speaks for it."""
    async with database.unit_of_work() as db:
        await make_channel(db, code="shop")
        await make_variant(db, sku="LAMP")
    who = principals.holding(P.PROMOTIONS_WRITE, P.PRICES_READ, P.ORDERS_PLACE, P.PAYMENTS_WRITE)
    for made in (SAVE, COUPON):
        assert "errors" not in await client.graphql(made, principal=who)
    return who


async def test_shopper_who_guesses_is_held_up_and_the_others_are_not(
    database: Database, client: Client, principals: Principals
) -> None:
    shop = await opened(database, client, principals)
    guesses = [f"GUESS{number}" for number in range(10)]
    assert await preview(client, shop, "anna", *guesses) == ["COUPON_UNKNOWN"] * 10
    assert await preview(client, shop, "Anna ", "GUESS10") == "TOO_MANY_ATTEMPTS"
    assert await preview(client, shop, "anna", "good") == "TOO_MANY_ATTEMPTS"  # nothing more is told, good or not
    assert await preview(client, shop, "berta", "good") == []
    assert await preview(client, shop, "carla", *guesses, "GUESS10") == "TOO_MANY_ATTEMPTS"  # all at once is no way
    assert await preview(client, shop, "carla", "good") == "TOO_MANY_ATTEMPTS"
    assert await preview(client, shop, "anna") == []  # without coupons nothing is counted


async def test_orders_count_for_their_customers_and_a_batch_for_each(
    database: Database, client: Client, principals: Principals
) -> None:
    shop = await opened(database, client, principals)
    many = [f"GUESS{number}" for number in range(11)]
    answer = await client.graphql(
        PLACE, {"inputs": [basket_of("1", "anna@fock.example", *many), basket_of("2", "berta@fock.example", "GUESS")]},
        principal=shop,
    )  # fmt: skip
    assert answer["data"]["placeOrders"]["results"] == [
        {"externalId": "1", "code": "TOO_MANY_ATTEMPTS"}, {"externalId": "2", "code": "UNKNOWN_SKU"},
    ]  # fmt: skip


async def test_everybody_behind_one_caller_is_counted_too(
    database: Database, client: Client, principals: Principals, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = await opened(database, client, principals)
    monkeypatch.setattr(limits, "COUPONS_CLIENT", Limit("coupons-client-few", 3, 900))
    assert await preview(client, shop, "anna", "GUESS1", "GUESS2") == ["COUPON_UNKNOWN"] * 2
    assert await preview(client, shop, "", "GUESS3") == ["COUPON_UNKNOWN"]
    assert await preview(client, shop, "berta", "good") == "TOO_MANY_ATTEMPTS"


async def test_paying_with_cards_counts_to_the_limit_of_cards(
    database: Database, client: Client, principals: Principals, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = await opened(database, client, principals)
    monkeypatch.setattr(limits, "GIFT_CARDS", Limit("gift-cards-few", 2, 60))
    payment = {"orderId": str(shop.id), "kind": "GIFT_CARD", "amount": {"amount": 100, "currency": "EUR"}}
    codes = []
    for number in range(3):
        given = {**payment, "gateway": GATEWAY, "token": f"CARD-{number}"}
        answer = await client.graphql(ADD, {"input": given}, principal=shop)
        codes.append(answer["data"]["addPayment"]["code"])
    assert codes == ["ORDER_NOT_FOUND", "ORDER_NOT_FOUND", "TOO_MANY_ATTEMPTS"]


def test_only_codes_that_would_be_answered_are_counted() -> None:
    address = Address("Greta Fock", "Weg 1", "20095", "Hamburg", "DE")
    cards = (PaymentInput("GIFT_CARD", 1, GATEWAY, "CODE"), PaymentInput("CARD", 1, "stripe", "pm_1"))
    order = OrderInput(
        "shop", "1", (LineInput("LAMP", 1, 1000),), address, CustomerInput("Greta", "Greta@Fock.example"),
        coupons=("A",), payments=cards,
    )  # fmt: skip
    tried = tried_by(order)
    assert tried.shopper == "shop/greta@fock.example"
    assert (tried.coupons, tried.cards) == (frozenset(), frozenset({"CODE"}))
