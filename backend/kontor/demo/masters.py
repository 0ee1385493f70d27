"""Load the demo company's masters, stock and people through the API."""

from __future__ import annotations

import secrets
from typing import Any

from kontor.demo import company
from kontor.demo.calling import Caller

_FIGURES = (
    "mutation Stock($figures: [StockFigureInput!]!) { setStockLevels(figures: $figures, reason: \"Opening stock\") "
    "{ __typename ... on SetStockLevelsPayload { refused } ... on Error { code message path } } }"
)  # fmt: skip


async def load(caller: Caller) -> dict[str, str]:
    """Masters in the order in which they refer to one another; the sign-ins of the demo people: email to password."""
    await caller.save("saveLegalEntities", "LegalEntityInput", company.LEGAL_ENTITIES)
    await caller.save("saveSalesChannels", "SalesChannelInput", company.CHANNELS)
    for partner in company.PARTNERS:
        invited = await caller.call(
            "mutation Invite($input: PartnerInput!) { invitePartner(input: $input) "
            "{ __typename ... on PartnerPayload { partner { id } } ... on Error { code message path } } }",
            input=partner,
        )
        await caller.call(
            "mutation Activate($id: UUID!) { activatePartner(id: $id) "
            "{ __typename ... on Error { code message path } } }",
            id=invited["partner"]["id"],
        )
    await caller.save("saveStockLocations", "StockLocationInput", company.LOCATIONS)
    await caller.save("saveShippingTariffs", "ShippingTariffInput", company.TARIFFS)
    await caller.save("setTaxRates", "TaxRateInput", company.TAX_RATES)
    products = [product for product, _ in company.ARTICLES]
    whole = [each for each in products if "components" not in each["variants"][0]]
    await caller.save("saveProducts", "ProductInput", whole)
    await caller.save("saveProducts", "ProductInput", [each for each in products if each not in whole])
    await caller.save("setPrices", "PriceInput", list(_prices()))
    await _codes(caller)
    await _stock(caller)
    return await _people(caller)


def _prices() -> Any:
    for product, gross in company.ARTICLES:
        for channel, share in company.PRICE_SHARES.items():
            amount = (gross * share + 50) // 100
            yield {"channel": channel, "sku": product["code"], "amount": amount, "validFrom": "2026-01-01T00:00:00Z"}


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


async def _people(caller: Caller) -> dict[str, str]:
    """One person per role; everybody has the password that is printed once."""
    places = await caller.call("{ stockLocations(first: 50) { nodes { id code } } }")
    partners = await caller.call("{ partners(first: 50) { nodes { id code } } }")
    place_ids = {node["code"]: node["id"] for node in places["nodes"]}
    partner_ids = {node["code"]: node["id"] for node in partners["nodes"]}
    signed: dict[str, str] = {}
    for name, full_name, role, scope in company.PEOPLE:
        email, password = f"{name}@nordlicht.example", f"{name}-{secrets.token_urlsafe(9)}"
        person: dict[str, Any] = {"email": email, "name": full_name, "role": role, "language": "en"}
        if "partner" in scope:
            person["partnerId"] = partner_ids[scope["partner"]]
        if "locations" in scope:
            person["locationIds"] = [place_ids[code] for code in scope["locations"]]
        await caller.call(
            "mutation Person($input: UserInput!, $password: String!) { createUser(input: $input, password: $password) "
            "{ __typename ... on Error { code message path } } }",
            input=person,
            password=password,
        )
        signed[email] = password
    return signed
