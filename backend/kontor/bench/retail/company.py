"""The wholesaler behind the invoices: one warehouse, one shop, its articles, and just the stock that was sold.

All of it goes through the public API. Every country is taxed at one flat rate, as the set says nothing of taxes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from kontor.bench.replay.client import Api, Refused, all_at_once
from kontor.bench.replay.loading import FOREVER, ROWS, STOCK, save
from kontor.bench.retail.book import Sale
from kontor.bench.retail.rows import COUNTRIES, HOME

CHANNEL, ENTITY, WAREHOUSE = "retail", "RETAIL", "retail-warehouse"
CURRENCY, ZONE = "GBP", "Europe/London"
TAX_RATE = "20"
SETTINGS: dict[str, Any] = {
    "risk.reject_score": 1_000_000,
    **dict.fromkeys(
        (
            "order.payment_wait", "order.payment_retry", "order.delivery_wait", "fulfillment.answer_wait",
            "fulfillment.escalation_wait", "return.label_wait",
        ),
        FOREVER,
    ),
    "refund_approval_above": 10**12,  # the credits were given; nobody is asked again
}  # fmt: skip


async def load_company(api: Api, names: Mapping[str, str], sales: Sequence[Sale], *, start: datetime) -> str:
    """Save all that the orders refer to, and the stock; the id of the warehouse. Raises `Refused` for what was not."""
    countries = sorted({*COUNTRIES.values(), HOME})
    day = start.date().isoformat()
    await save(api, "LegalEntityInput", "saveLegalEntities", [_entity()])
    await save(api, "SalesChannelInput", "saveSalesChannels", [_channel()])
    rates = [{"country": each, "taxClass": "standard", "rate": TAX_RATE, "validFrom": day} for each in countries]
    await save(api, "TaxRateInput", "setTaxRates", rates)
    tariffs = [{"carrier": "Carrier", "country": each, "parcelCents": 500, "transitDays": 3} for each in countries]
    await save(api, "ShippingTariffInput", "saveShippingTariffs", tariffs)
    places = await save(api, "StockLocationInput", "saveStockLocations", [_warehouse()])
    pieces: Counter[str] = Counter()
    for sale in sales:
        for row in sale.lines:
            pieces[row.code] += row.quantity
    products = [
        {"code": code, "kind": "PHYSICAL", "name": names[code], "variants": [{"sku": code}]} for code in sorted(pieces)
    ]
    await save(api, "ProductInput", "saveProducts", products)
    figures = [
        {"location": WAREHOUSE, "sku": code, "quantity": count, "kind": "ON_HAND", "asOf": start.isoformat()}
        for code, count in sorted(pieces.items())
    ]

    async def send(part: Sequence[dict[str, Any]]) -> None:
        answer = (await api.run(STOCK, {"figures": list(part)}, once=True))["setStockLevels"]
        for row in answer["rows"]:
            raise Refused("setStockLevels", row["code"], f"{part[row['index']]}: {row['message']}")

    await all_at_once(figures, ROWS, send)
    return places[WAREHOUSE]


def _entity() -> dict[str, Any]:
    return {
        "code": ENTITY, "name": "Online Retail", "street": "High Street 1", "postalCode": "EC1A 1AA", "city": "London",
        "country": HOME, "vatId": "GB123456789", "email": "billing@retail.example",
    }  # fmt: skip


def _channel() -> dict[str, Any]:
    return {
        "code": CHANNEL, "name": "Online Retail", "kind": "WEB_SHOP", "legalEntity": ENTITY, "country": HOME,
        "currency": CURRENCY, "languages": ["en"], "gross": True, "shortage": "REFUSE", "pricedByChannel": True,
        "paymentMethods": ["CARD"], "returnDays": 365, "settings": SETTINGS,
    }  # fmt: skip


def _warehouse() -> dict[str, Any]:
    return {
        "code": WAREHOUSE, "name": "Warehouse", "kind": "WAREHOUSE", "postalCode": "EC1A 1AA", "city": "London",
        "country": HOME, "timezone": ZONE, "acceptsReturns": True, "answerHours": 8760,
    }  # fmt: skip
