"""A generated data set in the shape of the Olist one: small, with every state, payment method and quirk in it."""

from __future__ import annotations

import csv
import gzip
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import md5
from pathlib import Path
from typing import Any

STATES = {"SP": (-23.5, -46.6), "RJ": (-22.9, -43.2), "MG": (-19.9, -43.9), "RS": (-30.0, -51.2)}
FIRST = datetime(2017, 11, 20, 8, 0)  # noqa: DTZ001 - the set writes local times without a zone
# Recorded state -> how many of sixty orders have it.
MIX = (
    ("delivered", 38), ("shipped", 4), ("canceled", 7), ("invoiced", 3), ("processing", 3), ("approved", 1),
    ("unavailable", 3), ("created", 1),
)  # fmt: skip


@dataclass
class Tables:
    """The rows of each file."""

    orders: list[dict[str, Any]] = field(default_factory=list)
    order_items: list[dict[str, Any]] = field(default_factory=list)
    order_payments: list[dict[str, Any]] = field(default_factory=list)
    customers: list[dict[str, Any]] = field(default_factory=list)
    products: list[dict[str, Any]] = field(default_factory=list)
    sellers: list[dict[str, Any]] = field(default_factory=list)
    geolocation_by_zip_prefix: list[dict[str, Any]] = field(default_factory=list)


def write(folder: Path, *, seed: int = 7, differing: bool = False) -> Path:
    """Write the files of sixty orders; the same seed gives the same files. `differing` has many paid otherwise."""
    chance, tables = random.Random(seed), Tables()
    _places(tables)
    sellers = [_seller(tables, number) for number in range(6)]
    products = [_product(tables, number, chance) for number in range(12)]
    states = [state for state, count in MIX for _ in range(count)]
    chance.shuffle(states)
    for number, state in enumerate(states):
        _order(tables, number, state, sellers, products, chance)
    if differing:
        _differ(tables)
    for name, rows in vars(tables).items():
        _save(folder / f"{name}.csv.gz", rows)
    return folder


def _differ(tables: Tables) -> None:
    """Every third payment is above what is owed and every fourth one below it; some orders lose their header."""
    for number, row in enumerate(tables.order_payments):
        value = int(str(row["payment_value"]).replace(".", ""))
        change = (number + 1) * 7 if number % 3 == 0 else -number if number % 4 == 0 else 0
        row["payment_value"] = _amount(max(1, value + change) if value else 0)
    for number, row in enumerate(tables.orders):
        if row["order_status"] == "delivered" and number % 5 == 0:
            row |= {name: "" for name in row if name not in ("order_id", "order_status", "sample")}


def _save(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    listed = list(rows)
    with gzip.open(path, "wt", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(listed[0]))
        writer.writeheader()
        writer.writerows(listed)


def key(*parts: object) -> str:
    """An id as the set has them: 32 hexadecimal digits."""
    return md5("/".join(str(part) for part in parts).encode()).hexdigest()


def _places(tables: Tables) -> None:
    for position, (state, (latitude, longitude)) in enumerate(STATES.items()):
        for number in range(3):
            tables.geolocation_by_zip_prefix.append(
                {"zip_code_prefix": f"{position}{number}000", "lat": latitude + number / 10, "lng": longitude,
                 "city": f"cidade {position}", "state": state}
            )  # fmt: skip


def _seller(tables: Tables, number: int) -> str:
    position = number % len(STATES)
    # The last one's prefix has no coordinates.
    prefix = "99999" if number == 5 else f"{position}{number % 3}000"
    row = {"seller_id": key("seller", number), "seller_zip_code_prefix": prefix, "seller_city": f"cidade {position}",
           "seller_state": list(STATES)[position]}  # fmt: skip
    tables.sellers.append(row)
    return str(row["seller_id"])


def _product(tables: Tables, number: int, chance: random.Random) -> str:
    row = {"product_id": key("product", number), "product_category_name": "" if number == 3 else "beleza_saude",
           "product_weight_g": "" if number == 4 else chance.randrange(100, 5000)}  # fmt: skip
    tables.products.append(row)
    return str(row["product_id"])


def _order(
    tables: Tables, number: int, state: str, sellers: list[str], products: list[str], chance: random.Random
) -> None:
    order_id, customer_id = key("order", number), key("customer", number)
    position = chance.randrange(len(STATES))
    tables.customers.append(
        {"customer_id": customer_id, "customer_unique_id": key("person", number % 50),
         "customer_zip_code_prefix": f"{position}{chance.randrange(3)}000", "customer_city": f"cidade {position}",
         "customer_state": list(STATES)[position]}
    )  # fmt: skip
    bought = FIRST + timedelta(minutes=chance.randrange(14 * 24 * 60))
    method = ("credit_card", "boleto", "credit_card", "voucher", "credit_card", "debit_card", "mixed")[number % 7]
    empty = state == "created" or (state in ("canceled", "unavailable") and number % 6 == 0)
    owed = 0 if empty else _items(tables, order_id, number, sellers, products, chance)
    if not empty and number != 11:
        _payments(tables, order_id, method, owed + (13 if number == 8 else 0))
    tables.orders.append(
        {"order_id": order_id, "customer_id": customer_id, "order_status": state,
         "order_purchase_timestamp": bought, **_times(bought, state, number, method, chance),
         "order_estimated_delivery_date": (bought + timedelta(days=20)).replace(hour=0, minute=0),
         "sample": "id_only" if number == 59 else "random"}
    )  # fmt: skip


def _items(
    tables: Tables, order_id: str, number: int, sellers: list[str], products: list[str], chance: random.Random
) -> int:
    owed, position = 0, 0
    for row in range(1 + (number % 5 == 0) + (number % 10 == 0)):
        product = chance.randrange(len(products))
        # Products have a seller of their own, the first two are sold by everybody.
        seller = sellers[chance.randrange(len(sellers)) if product < 2 else product % len(sellers)]
        price, freight = chance.randrange(500, 30_000), 0 if number % 9 == 0 else chance.randrange(500, 4_000)
        for _ in range(1 + (number + row) % 3 // 2):
            position += 1
            tables.order_items.append(
                {"order_id": order_id, "order_item_id": position, "product_id": products[product], "seller_id": seller,
                 "price": _amount(price), "freight_value": _amount(freight)}
            )  # fmt: skip
            owed += price + freight
    return owed


def _payments(tables: Tables, order_id: str, method: str, owed: int) -> None:
    shares = {"mixed": [("credit_card", owed - owed // 3), ("voucher", owed // 3), ("voucher", 0)]}.get(
        method, [(method, owed)]
    )
    for sequence, (kind, amount) in enumerate(shares, 1):
        tables.order_payments.append(
            {"order_id": order_id, "payment_sequential": sequence, "payment_type": kind, "payment_installments": 1,
             "payment_value": _amount(amount)}
        )  # fmt: skip


def _times(bought: datetime, state: str, number: int, method: str, chance: random.Random) -> dict[str, Any]:
    """Canceled orders are canceled before hand-over, after it, or after delivery; some times are missing or early."""
    reached = {"delivered": 3, "shipped": 2, "canceled": 1 + number % 3}.get(state, 0 if state == "created" else 1)
    approved = bought + timedelta(hours=chance.randrange(1, 48 if method == "boleto" else 3))
    handed = approved + timedelta(hours=chance.randrange(-4 if number % 13 == 0 else 1, 90))
    arrived = handed + timedelta(hours=chance.randrange(20, 240))
    return {
        "order_approved_at": approved if reached >= 1 and not (state == "delivered" and number % 17 == 1) else "",
        "order_delivered_carrier_date": handed if reached >= 2 else "",
        "order_delivered_customer_date": arrived if reached >= 3 and number % 19 != 2 else "",
    }


def _amount(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"
