"""Load the demo company's masters and stock through the API; once more over what an interrupted call left."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from kontor.demo import company
from kontor.demo.calling import Caller

_FIGURES = (
    "mutation Stock($figures: [StockFigureInput!]!) { setStockLevels(figures: $figures, reason: \"Opening stock\") "
    "{ __typename ... on SetStockLevelsPayload { refused } ... on Error { code message path } } }"
)  # fmt: skip


async def load(caller: Caller, now: datetime) -> None:
    """Masters in the order in which they refer to one another; prices changed before and will change after `now`."""
    await caller.save("saveLegalEntities", "LegalEntityInput", company.LEGAL_ENTITIES)
    await caller.save("saveSalesChannels", "SalesChannelInput", company.CHANNELS)
    await _partners(caller)
    await caller.save("saveStockLocations", "StockLocationInput", company.LOCATIONS)
    await caller.save("saveShippingTariffs", "ShippingTariffInput", company.TARIFFS)
    await caller.save("setTaxRates", "TaxRateInput", company.TAX_RATES)
    products = [product for product, _ in company.ARTICLES]
    whole = [each for each in products if "components" not in each["variants"][0]]
    await caller.save("saveProducts", "ProductInput", whole)
    await caller.save("saveProducts", "ProductInput", [each for each in products if each not in whole])
    await caller.save("setPrices", "PriceInput", list(_prices(now)))
    await caller.save("savePriceLists", "PriceListInput", company.PRICE_LISTS)
    await caller.save("setPrices", "PriceInput", list(_list_prices()))
    await caller.save("saveCustomers", "CustomerInput", [_member()])
    await _codes(caller)
    await _stock(caller)


async def _partners(caller: Caller) -> None:
    known = await caller.call("{ partners(first: 50) { nodes { id code state } } }")
    there = {node["code"]: node for node in known["nodes"]}
    for given in company.PARTNERS:
        partner = there.get(given["code"])
        if partner is None:
            invited = await caller.call(
                "mutation Invite($input: PartnerInput!) { invitePartner(input: $input) "
                "{ __typename ... on PartnerPayload { partner { id state } } ... on Error { code message path } } }",
                input=given,
            )
            partner = invited["partner"]
        if partner["state"] != "ACTIVE":
            await caller.call(
                "mutation Activate($id: UUID!) { activatePartner(id: $id) "
                "{ __typename ... on Error { code message path } } }",
                id=partner["id"],
            )


def _prices(now: datetime) -> Iterator[dict[str, Any]]:
    """Every price of every channel: what was, what is, and what is planned."""
    for product, gross in company.ARTICLES:
        sku, change = product["code"], company.PRICE_CHANGES.get(product["code"], company.PriceChange())
        for channel, share in company.PRICE_SHARES.items():
            yield from _timeline(channel, sku, (gross * share + 50) // 100, change, now)


def _timeline(
    channel: str, sku: str, amount: int, change: company.PriceChange, now: datetime
) -> Iterator[dict[str, Any]]:
    def price(percent: int, begin: int, end: int | None = None) -> dict[str, Any]:
        """A share of today's price, from one day to another, counted from today."""
        row = {"channel": channel, "sku": sku, "amount": (amount * percent + 50) // 100}
        day = now.replace(hour=0, minute=0, second=0, microsecond=0)
        row["validFrom"] = (day + timedelta(days=begin)).isoformat()
        return row if end is None else row | {"validTo": (day + timedelta(days=end)).isoformat()}

    if change.before:
        yield price(change.before, company.FIRST_PRICES, company.PRICES_CHANGED)
        yield price(100, company.PRICES_CHANGED)
    else:
        yield price(100, company.FIRST_PRICES)
    if change.sale:
        yield price(change.sale, *company.SALE)
    if change.after:
        yield price(change.after, company.PRICES_CHANGE)


def _list_prices() -> Iterator[dict[str, Any]]:
    """What is charged in price lists."""
    channels = {each["code"]: each["channel"] for each in company.PRICE_LISTS}
    for code, (steps, categories) in company.LIST_SHARES.items():
        for product, gross in company.ARTICLES:
            if categories and product.get("category") not in categories:
                continue
            for quantity, share in steps.items():
                yield {
                    "channel": channels[code], "sku": product["code"], "priceList": code,
                    "amount": (gross * share + 50) // 100, "minQuantity": quantity,
                }  # fmt: skip


def _member() -> dict[str, Any]:
    """A customer who is in the club before the first order."""
    name = company.CLUB_MEMBER
    email = company.email_of(name)
    return {"channel": "shop-de", "externalId": email, "name": name, "email": email, "tags": ["club"]}


async def _codes(caller: Caller) -> None:
    for sku in ("EBOOK-NORTH", "APP-ROUTE"):
        codes = [f"{sku[:3]}-{secrets.token_hex(4).upper()}-{secrets.token_hex(4).upper()}" for _ in range(60)]
        await caller.call(
            "mutation Codes($sku: String!, $codes: [String!]!) { addPoolCodes(sku: $sku, codes: $codes) "
            "{ __typename ... on Error { code message path } } }",
            sku=sku,
            codes=codes,
        )


async def _stock(caller: Caller) -> None:
    figures = []
    for product, _ in company.ARTICLES:
        code, variant = product["code"], product["variants"][0]
        if "components" in variant or product.get("kind", "PHYSICAL") != "PHYSICAL":
            continue
        if any(code in skus for skus in company.DROPSHIPPED.values()):
            continue
        for place, pieces in company.STOCK.items():
            if place.startswith("st-") and product.get("bulky"):
                continue
            scarce = company.SCARCE.get(code, pieces)
            figures.append({"location": place, "sku": code, "quantity": min(pieces, scarce), "kind": "ON_HAND"})
    for place, skus in company.DROPSHIPPED.items():
        figures.extend({"location": place, "sku": sku, "quantity": 25, "kind": "AVAILABLE"} for sku in skus)
    done = await caller.call(_FIGURES, figures=figures)
    if done["refused"]:
        raise RuntimeError(f"{done['refused']} stock figures were refused")
