"""Promotions, coupons and previews through the API."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from factories.catalog import make_variant
from factories.channels import make_channel
from factories.pricing import make_price
from kontor.auth.models import AuditEntry
from kontor.auth.permissions import Permission as P
from kontor.core.db import Database
from kontor.core.ids import new_id
from kontor.core.principal import Principal
from support import Client, Principals, StandingClock

REFUSED = "... on Error { code path message }"
SAVE = f"""mutation ($input: PromotionInput!) {{ savePromotion(input: $input) {{
  ... on PromotionSaved {{ promotion {{ id code kind validFrom validTo returnRule scope {{ categories exceptSkus }}
    benefit {{ kind basis tiers {{ since percent amount }} }} used {{ uses given }} }} }} {REFUSED} }} }}"""
LIST = """query ($filter: PromotionsFilter, $sort: PromotionsSort!) {
  promotions(filter: $filter, sort: $sort, first: 2) {
    nodes { code validFrom validTo } pageInfo { hasNextPage endCursor } } }"""
COUPONS = f"""mutation ($input: CouponsInput!) {{ generateCoupons(input: $input) {{
  ... on CouponsGenerated {{ batchId count }} {REFUSED} }} }}"""
PREVIEW = """query ($basket: PromotionBasketInput!, $at: DateTime) { previewPromotions(basket: $basket, at: $at) {
  lines { sku amount { amount } discount { amount } unitDiscounts { count discount { amount } } }
  shippingDiscount { amount } total { amount currency } proven
  grants { promotionCode index amount { amount } units returnRule text }
  refusals { promotionCode reason details text } refusedCoupons { index code message } } }"""


async def ask(client: Client, query: str, variables: dict[str, Any] | None = None, **given: Any) -> dict[str, Any]:
    answer = await client.graphql(query, variables, **given)
    assert "errors" not in answer, answer["errors"]
    data: dict[str, Any] = answer["data"]
    return data


def retailer(principals: Principals, **scope: Any) -> Principal:
    return principals.holding(P.PROMOTIONS_READ, P.PROMOTIONS_WRITE, P.PRICES_READ, **scope)


def sale(**given: Any) -> dict[str, Any]:
    benefit = {"kind": "PERCENT_OFF", "percent": "10"}
    return {"code": "SALE", "name": "Summer sale", "benefit": benefit, **given}


async def test_saved_promotion_is_shown_listed_and_noted(
    client: Client, principals: Principals, database: Database, clock: StandingClock
) -> None:
    who = retailer(principals)
    tiers = [{"since": 3, "percent": "12.5"}, {"since": 1, "percent": "5"}]
    given = sale(
        benefit={"kind": "PERCENT_OFF", "tiers": tiers}, scope={"categories": ["shoes"], "exceptSkus": ["B"]},
        returnRule="RECHECK", currency="EUR", mostGiven=10_000,
    )  # fmt: skip
    [saved] = (await ask(client, SAVE, {"input": given}, principal=who)).values()
    shown = saved["promotion"]
    assert shown["benefit"] == {
        "kind": "PERCENT_OFF", "basis": "QUANTITY",
        "tiers": [{"since": 1, "percent": "5", "amount": None}, {"since": 3, "percent": "12.5", "amount": None}],
    }  # fmt: skip
    assert (shown["scope"], shown["used"]) == (
        {"categories": ["shoes"], "exceptSkus": ["B"]}, {"uses": 0, "given": 0},
    )  # fmt: skip
    clock.advance(days=1)
    await ask(client, SAVE, {"input": sale()}, principal=who)
    ended = 'mutation { endPromotion(code: "SALE", at: "2026-06-30T00:00:00Z") { ... on PromotionEnded { promotion { validTo } } } }'  # noqa: E501
    assert (await ask(client, ended, principal=who))["endPromotion"]["promotion"] == {"validTo": "2026-06-30T00:00:00Z"}
    listed = await ask(client, LIST, {"sort": "VALID_FROM", "filter": {"codes": ["SALE"]}}, principal=who)
    assert [(row["validFrom"][:10], row["validTo"][:10]) for row in listed["promotions"]["nodes"]] == [
        ("2026-06-15", "2026-06-16"), ("2026-06-16", "2026-06-30"),
    ]  # fmt: skip
    async with database.read_only() as db:
        noted = list(await db.scalars(sa.select(AuditEntry.operation).order_by(AuditEntry.at, AuditEntry.id)))
    assert noted == ["savePromotion", "savePromotion", "endPromotion"]


async def test_refusal_names_the_field_in_german(client: Client, principals: Principals) -> None:
    wrong = sale(benefit={"kind": "CHEAPEST_FREE", "size": 1})
    answer = await ask(
        client, SAVE, {"input": wrong}, principal=retailer(principals), headers={"Accept-Language": "de"}
    )
    assert answer["savePromotion"] == {
        "code": "INVALID_PROMOTION", "path": ["input", "benefit", "size"],
        "message": "Diese Aktion lässt sich so nicht speichern.",
    }  # fmt: skip


async def test_coupons_are_generated_once_per_key_listed_and_blocked(client: Client, principals: Principals) -> None:
    who = retailer(principals)
    await ask(client, SAVE, {"input": sale(coupon=True)}, principal=who)
    body = {"input": {"promotion": "SALE", "count": 3, "prefix": "JUNE-"}}
    first, again = [
        await ask(client, COUPONS, body, principal=who, headers={"Idempotency-Key": "one"}) for _ in range(2)
    ]
    assert first == again
    batch = first["generateCoupons"]["batchId"]
    asked = "query ($filter: CouponsFilter) { coupons(filter: $filter) { nodes { code mostUses uses blockedAt } } }"
    listed = await ask(client, asked, {"filter": {"batchIds": [batch]}}, principal=who)
    codes = [row["code"] for row in listed["coupons"]["nodes"]]
    assert len(codes) == 3
    assert all(code.startswith("JUNE-") for code in codes)
    block = "mutation ($codes: [String!]) { blockCoupons(codes: $codes) { ... on CouponsBlocked { count } } }"
    assert (await ask(client, block, {"codes": codes[:1]}, principal=who))["blockCoupons"] == {"count": 1}
    left = await ask(client, asked, {"filter": {"blocked": False}}, principal=who)
    assert len(left["coupons"]["nodes"]) == 2


async def test_preview_tells_what_was_given_and_why_not_in_both_languages(
    client: Client, principals: Principals, database: Database, clock: StandingClock
) -> None:
    who = retailer(principals)
    async with database.unit_of_work() as db:
        channel = await make_channel(db, code="shop")
        variant = await make_variant(db, sku="LAMP")
        await make_price(db, channel, variant, 1000)
    await ask(client, SAVE, {"input": sale()}, principal=who)
    later = sale(code="LATER", validFrom="2026-07-01T00:00:00Z", benefit={"kind": "FREE_SHIPPING"})
    await ask(client, SAVE, {"input": later}, principal=who)
    big = sale(code="BIG", currency="EUR", minimumValue=5000)
    await ask(client, SAVE, {"input": big}, principal=who)
    basket = {
        "channel": "shop", "lines": [{"sku": "LAMP", "quantity": 3}], "shipping": 490, "coupons": ["NONE"],
    }  # fmt: skip
    now = (await ask(client, PREVIEW, {"basket": basket}, principal=who))["previewPromotions"]
    assert now["lines"] == [
        {
            "sku": "LAMP", "amount": {"amount": 3000}, "discount": {"amount": 300},
            "unitDiscounts": [{"count": 3, "discount": {"amount": 100}}],
        }
    ]  # fmt: skip
    assert (now["total"], now["proven"]) == ({"amount": 3190, "currency": "EUR"}, True)
    assert [each["text"] for each in now["grants"]] == ["3.00 EUR off 3 pcs by Summer sale"]
    assert now["refusals"] == [
        {
            "promotionCode": "BIG", "reason": "MINIMUM_VALUE", "details": {"needed": 5000, "present": 3000},
            "text": "Needs goods for 50.00 EUR; there are 30.00 EUR.",
        }
    ]  # fmt: skip
    assert [(each["index"], each["code"]) for each in now["refusedCoupons"]] == [(0, "COUPON_UNKNOWN")]
    planned = (
        await ask(client, 
            PREVIEW, {"basket": basket, "at": "2026-07-02T00:00:00Z"}, principal=who,
            headers={"Accept-Language": "de"},
        )
    )["previewPromotions"]  # fmt: skip
    assert (planned["shippingDiscount"], planned["total"]["amount"]) == ({"amount": 490}, 2700)
    assert planned["refusals"][0]["text"] == "Braucht Waren für 50,00 EUR; es sind 30,00 EUR."


async def test_shop_is_told_only_of_its_own_basket(client: Client, principals: Principals, database: Database) -> None:
    async with database.unit_of_work() as db:
        channel = await make_channel(db, code="shop")
        await make_channel(db, code="other")
        await make_price(db, channel, await make_variant(db, sku="LAMP"), 1000)
    secret = sale(code="SECRET", scope={"skus": ["ELSE"]}, channels=["other"])
    await ask(client, SAVE, {"input": secret}, principal=retailer(principals))
    basket = {"channel": "shop", "lines": [{"sku": "LAMP"}]}
    everything = await ask(client, PREVIEW, {"basket": basket}, principal=retailer(principals))
    assert len(everything["previewPromotions"]["refusals"]) == 1
    shop = principals.holding(P.PRICES_READ, P.PROMOTIONS_READ, channel_ids=frozenset({channel.id}))
    store = principals.holding(P.PRICES_READ, P.PROMOTIONS_READ, location_ids=frozenset({new_id()}))
    for narrow in (shop, store):
        own = await ask(client, PREVIEW, {"basket": basket}, principal=narrow)
        listed = await ask(client, LIST, {"sort": "CODE"}, principal=narrow)
        assert own["previewPromotions"]["refusals"] == listed["promotions"]["nodes"] == []
