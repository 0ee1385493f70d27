"""The company behind the recorded orders: a channel, the sellers as dropshippers, their articles and just enough stock.

All of it goes through the public API, in the bulk calls that partners and shops use.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from kontor.bench.replay.client import REFUSED, Api, Refused, all_at_once, parts
from kontor.bench.replay.dataset import DataSet
from kontor.bench.replay.plan import METHODS

CHANNEL = "olist"
ENTITY = "OLIST"
COUNTRY, CURRENCY, ZONE = "BR", "BRL", "America/Sao_Paulo"
TAX_RATE = "18"  # one flat rate; what a state really charges is no part of the set
TOLERANCE = 20_000  # centavos by which the payments may differ from what is owed; the set's largest is 182.81
ROWS = 500
# What people do is recorded, so no waiting time of the processes may decide instead, and nobody is turned away.
FOREVER = "P3650D"
SETTINGS = {
    "payment_tolerance": TOLERANCE,
    "immediate_capture": ["WALLET"],
    "risk.reject_score": 1_000_000,
    **dict.fromkeys(
        (
            "order.payment_wait", "order.payment_retry", "order.delivery_wait", "fulfillment.answer_wait",
            "fulfillment.escalation_wait", "return.label_wait",
        ),
        FOREVER,
    ),
}  # fmt: skip
ALIASES = 100
# Kilometers from, to, centavos per parcel, days on the way: about the medians that the set shows.
BANDS = ((0, 100, 934, 3), (100, 500, 1525, 6), (500, 1000, 1774, 9), (1000, 2000, 2262, 13), (2000, None, 2875, 18))

_ROWS = f"{{ __typename ... on SavedRows {{ refused rows {{ key outcome id code message path }} }} {REFUSED} }}"
_SAVE = "mutation($rows: [%s!]!) { %s(inputs: $rows) %s }"
STOCK = (
    "mutation($figures: [StockFigureInput!]!) { setStockLevels(figures: $figures) { __typename "
    "... on SetStockLevelsPayload { applied refused rows(only: [REFUSED]) { index code message } } "
    f"{REFUSED} }} }}"
)


async def load_company(api: Api, data: DataSet, *, first_day: date) -> dict[str, str]:
    """Save everything the orders refer to; the ids of the places by code.

    Raises `Refused` naming the first row that was not taken.
    """
    await save(api, "LegalEntityInput", "saveLegalEntities", [_entity()])
    await save(api, "SalesChannelInput", "saveSalesChannels", [_channel()])
    await save(
        api, "TaxRateInput", "setTaxRates",
        [{"country": COUNTRY, "taxClass": "standard", "rate": TAX_RATE, "validFrom": first_day.isoformat()}],
    )  # fmt: skip
    await save(api, "ShippingTariffInput", "saveShippingTariffs", [_tariff(*band) for band in BANDS])
    await _load_partners(api, data)
    locations = await save(api, "StockLocationInput", "saveStockLocations", _locations(data))
    await save(api, "ProductInput", "saveProducts", _products(data))
    return locations


async def load_stock(api: Api, data: DataSet, *, as_of: datetime) -> None:
    """Exactly the pieces that will be sold, at the seller that sold them."""
    skus = data.skus()
    figures = [
        {"location": seller, "sku": skus[product, seller], "quantity": quantity, "kind": "ON_HAND",
         "asOf": as_of.isoformat()}
        for (product, seller), quantity in sorted(data.offers().items())
    ]  # fmt: skip

    async def send(part: Sequence[dict[str, Any]]) -> None:
        answer = (await api.run(STOCK, {"figures": list(part)}, once=True))["setStockLevels"]
        for row in answer["rows"]:
            raise Refused("setStockLevels", row["code"], f"{part[row['index']]}: {row['message']}")

    await all_at_once(figures, ROWS, send)


async def save(api: Api, kind: str, name: str, rows: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Save rows side by side; their ids by key."""
    ids: dict[str, str] = {}

    async def send(part: Sequence[dict[str, Any]]) -> None:
        answer = (await api.run(_SAVE % (kind, name, _ROWS), {"rows": list(part)}))[name]
        for row in answer["rows"]:
            if row["outcome"] == "REFUSED":
                raise Refused(name, row["code"], f"{row['key']}: {row['message']} {row['path']}")
            ids[row["key"]] = row["id"]

    await all_at_once(rows, ROWS, send)
    return ids


async def _load_partners(api: Api, data: DataSet) -> None:
    rows = [
        {"code": seller.id, "name": f"Seller {seller.id[:8]}", "kind": "DROPSHIPPER", "country": COUNTRY,
         "language": "en", "email": f"{seller.id}@sellers.example", "agreement": {"answer_hours": 8760}}
        for seller in sorted(data.sellers.values(), key=lambda seller: seller.id)
    ]  # fmt: skip
    ids = sorted((await save(api, "PartnerInput", "savePartners", rows)).values())
    states = {
        node["id"]: node["state"]
        for node in await api.pages(
            "query($first: Int!, $after: String) { partners(first: $first, after: $after) "
            "{ nodes { id state } pageInfo { hasNextPage endCursor } } }",
            "partners",
            {},
        )
    }
    for step, before in (("startOnboarding", "INVITED"), ("activatePartner", "ONBOARDING")):
        waiting = [row_id for row_id in ids if states[row_id] == before]
        for part in parts(waiting, ALIASES):
            calls = " ".join(
                f'p{number}: {step}(id: "{row_id}") {{ __typename {REFUSED} }}' for number, row_id in enumerate(part)
            )
            await api.run(f"mutation {{ {calls} }}", once=True)
            states.update(dict.fromkeys(part, "ONBOARDING" if step == "startOnboarding" else "ACTIVE"))


def _entity() -> dict[str, Any]:
    return {
        "code": ENTITY,
        "name": "Olist Marketplace",
        "street": "Rua Marechal Hermes 999",
        "postalCode": "80530-230",
        "city": "Curitiba",
        "country": COUNTRY,
        "taxNumber": "00.000.000/0001-91",
        "email": "billing@olist.example",
    }


def _channel() -> dict[str, Any]:
    return {
        "code": CHANNEL,
        "name": "Olist",
        "kind": "WEB_SHOP",
        "legalEntity": ENTITY,
        "country": COUNTRY,
        "currency": CURRENCY,
        "languages": ["en"],
        "gross": True,
        "shortage": "REFUSE",
        "pricedByChannel": True,
        "paymentMethods": sorted({method for method, _ in METHODS.values()}),
        "returnDays": 365,
        "settings": SETTINGS,
    }


def _tariff(from_km: int, to_km: int | None, cents: int, days: int) -> dict[str, Any]:
    return {
        "carrier": "Correios", "country": COUNTRY, "fromKm": from_km, "toKm": to_km, "parcelCents": cents,
        "centsPerKg": 189, "transitDays": days,
    }  # fmt: skip


def _locations(data: DataSet) -> list[dict[str, Any]]:
    return [
        {
            "code": seller.id,
            "name": f"Seller {seller.id[:8]}",
            "kind": "DROPSHIPPER",
            "partner": seller.id,
            "postalCode": seller.place.postal_code,
            "city": seller.place.city,
            "region": seller.place.state,
            "country": COUNTRY,
            "latitude": seller.place.latitude,
            "longitude": seller.place.longitude,
            "timezone": ZONE,
            "acceptsReturns": True,
            "answerHours": 8760,
        }
        for seller in sorted(data.sellers.values(), key=lambda seller: seller.id)
    ]


def _products(data: DataSet) -> list[dict[str, Any]]:
    variants: dict[str, list[str]] = defaultdict(list)
    for (product, _), sku in sorted(data.skus().items()):
        variants[product].append(sku)
    return [
        {
            "code": product.id,
            "kind": "PHYSICAL",
            "name": f"{product.category} {product.id[:8]}",
            "category": product.category,
            "variants": [{"sku": sku, "weightG": product.weight_g} for sku in variants[product.id]],
        }
        for product in sorted(data.products.values(), key=lambda product: product.id)
    ]
