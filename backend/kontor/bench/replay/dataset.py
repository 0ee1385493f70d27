"""The recorded orders as they are played: read from the CSV files of the Olist data set, or of one shaped like it.

Amounts become centavos, local Brazilian times become UTC. What the files leave out is filled in by a named rule and
counted in `notes`, so that the summary accounts for every row.
"""

from __future__ import annotations

import csv
import gzip
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

LOCAL = ZoneInfo("America/Sao_Paulo")
UNKNOWN_WEIGHT_G = 700  # the median of the set
SAMPLES = frozenset({"random", "header"})
FILES = ("orders", "order_items", "order_payments", "customers", "products", "sellers", "geolocation_by_zip_prefix")


class DataSetError(ValueError):
    """The folder does not hold the data set; the message names what is missing."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody is; the coordinates are None only when not even the state is known."""

    postal_code: str
    city: str
    state: str
    latitude: float | None
    longitude: float | None


@dataclass(frozen=True, slots=True)
class Seller:
    """Who ships."""

    id: str
    place: Place


@dataclass(frozen=True, slots=True)
class Product:
    """What is sold."""

    id: str
    category: str
    weight_g: int


@dataclass(frozen=True, slots=True)
class Line:
    """Pieces of one product from one seller at one price; `freight` is that of all of them."""

    product_id: str
    seller_id: str
    price: int
    quantity: int
    freight: int


@dataclass(frozen=True, slots=True)
class Paid:
    """A payment as recorded; `kind` in the words of the set."""

    kind: str
    amount: int


@dataclass(frozen=True, slots=True)
class Recorded:
    """One order as recorded; times UTC, None where the set has none."""

    id: str
    status: str
    person_id: str
    place: Place
    purchased_at: datetime
    approved_at: datetime | None
    handed_over_at: datetime | None
    delivered_at: datetime | None
    promised_on: date
    lines: tuple[Line, ...]
    payments: tuple[Paid, ...]

    @property
    def goods(self) -> int:
        """Value of the goods."""
        return sum(line.price * line.quantity for line in self.lines)

    @property
    def freight(self) -> int:
        """Freight of all lines."""
        return sum(line.freight for line in self.lines)

    @property
    def sellers(self) -> int:
        """How many sellers serve it."""
        return len({line.seller_id for line in self.lines})


@dataclass(slots=True)
class DataSet:
    """What is played, in the order of purchase, and what is not: unplaceable orders by their recorded state."""

    orders: list[Recorded]
    sellers: dict[str, Seller]
    products: dict[str, Product]
    unplaceable: Counter[str]
    notes: Counter[str] = field(default_factory=Counter)

    def offers(self) -> dict[tuple[str, str], int]:
        """Pieces sold per product and seller: the stock that just suffices."""
        pieces: Counter[tuple[str, str]] = Counter()
        for order in self.orders:
            for line in order.lines:
                pieces[line.product_id, line.seller_id] += line.quantity
        return dict(pieces)

    def skus(self) -> dict[tuple[str, str], str]:
        """The article number of each offer: the product's, with the seller's where several sell it."""
        sellers: Counter[str] = Counter(product for product, _ in self.offers())
        return {
            (product, seller): product if sellers[product] == 1 else f"{product}-{seller}"
            for product, seller in self.offers()
        }


def load(folder: Path, *, most: int | None = None, day: date | None = None) -> DataSet:
    """Read the set; `most` keeps the first orders by time of purchase. Raises `DataSetError` naming a missing file.

    `day` keeps the orders that were placed on it, of the random sample alone, so that rates are those of the whole;
    and every seller, busy that day or not.
    """
    missing = [name for name in FILES if not (folder / f"{name}.csv.gz").exists()]
    if missing:
        raise DataSetError(f"{folder} has no {', '.join(f'{name}.csv.gz' for name in missing)}")
    notes: Counter[str] = Counter()
    found = _headers(folder, SAMPLES if day is None else frozenset({"random"}))
    headers = sorted(found, key=lambda row: (row["order_purchase_timestamp"], row["order_id"]))[:most]
    if day is not None:
        headers = [row for row in headers if row["order_purchase_timestamp"].startswith(day.isoformat())]
    wanted = {row["order_id"] for row in headers}
    items, payments = by_order(folder, "order_items", wanted), by_order(folder, "order_payments", wanted)
    map_of = _Map(folder, notes)
    customers = _customers(folder, {row["customer_id"] for row in headers})
    unplaceable: Counter[str] = Counter()
    orders = []
    for row in headers:
        lines = items.get(row["order_id"])
        if not lines:
            unplaceable[row["order_status"]] += 1
            continue
        orders.append(_order(row, customers[row["customer_id"]], lines, payments.get(row["order_id"], []), map_of))
    data = DataSet(orders, {}, {}, unplaceable, notes)
    busy = {line.seller_id for order in orders for line in order.lines} if day is None else None
    data.sellers = _sellers(folder, busy, map_of)
    data.products = _products(folder, {line.product_id for order in orders for line in order.lines}, notes)
    return data


def rows_of(folder: Path, name: str) -> Iterator[dict[str, str]]:
    """The rows of a file of the set."""
    with gzip.open(folder / f"{name}.csv.gz", "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _headers(folder: Path, samples: frozenset[str]) -> Iterator[dict[str, str]]:
    return (row for row in rows_of(folder, "orders") if row["sample"] in samples)


def busiest_day(folder: Path) -> date:
    """The day on which most orders of the random sample were placed, the first of such days."""
    days = Counter(row["order_purchase_timestamp"][:10] for row in _headers(folder, frozenset({"random"})))
    return date.fromisoformat(min(days, key=lambda day: (-days[day], day)))


def by_order(folder: Path, name: str, wanted: set[str]) -> dict[str, list[dict[str, str]]]:
    """The rows of a file that belong to some orders, by order."""
    found: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in rows_of(folder, name):
        if row["order_id"] in wanted:
            found[row["order_id"]].append(row)
    return found


def _customers(folder: Path, wanted: set[str]) -> dict[str, dict[str, str]]:
    return {row["customer_id"]: row for row in rows_of(folder, "customers") if row["customer_id"] in wanted}


def _order(
    row: Mapping[str, str],
    customer: Mapping[str, str],
    items: Iterable[Mapping[str, str]],
    payments: Iterable[Mapping[str, str]],
    map_of: _Map,
) -> Recorded:
    return Recorded(
        id=row["order_id"],
        status=row["order_status"],
        person_id=customer["customer_unique_id"],
        place=map_of.place(
            "customers",
            customer["customer_zip_code_prefix"],
            customer["customer_city"],
            customer["customer_state"],
        ),
        purchased_at=moment(row["order_purchase_timestamp"]),
        approved_at=perhaps(row["order_approved_at"]),
        handed_over_at=perhaps(row["order_delivered_carrier_date"]),
        delivered_at=perhaps(row["order_delivered_customer_date"]),
        promised_on=date.fromisoformat(row["order_estimated_delivery_date"][:10]),
        lines=lines_of(items),
        payments=payments_of(payments),
    )


def payments_of(rows: Iterable[Mapping[str, str]]) -> tuple[Paid, ...]:
    """The payments of an order in the order in which they were made."""
    return tuple(
        Paid(row["payment_type"], centavos(row["payment_value"]))
        for row in sorted(rows, key=lambda row: int(row["payment_sequential"]))
    )


def lines_of(items: Iterable[Mapping[str, str]]) -> tuple[Line, ...]:
    """Three of a kind are three rows in the set and one line of three pieces here."""
    pieces: Counter[tuple[str, str, int]] = Counter()
    freight: Counter[tuple[str, str, int]] = Counter()
    for item in sorted(items, key=lambda item: int(item["order_item_id"])):
        key = (item["product_id"], item["seller_id"], centavos(item["price"]))
        pieces[key] += 1
        freight[key] += centavos(item["freight_value"])
    return tuple(Line(*key, quantity, freight[key]) for key, quantity in pieces.items())


def _sellers(folder: Path, wanted: set[str] | None, map_of: _Map) -> dict[str, Seller]:
    return {
        row["seller_id"]: Seller(
            row["seller_id"],
            map_of.place("sellers", row["seller_zip_code_prefix"], row["seller_city"], row["seller_state"]),
        )
        for row in rows_of(folder, "sellers")
        if wanted is None or row["seller_id"] in wanted
    }


def _products(folder: Path, wanted: set[str], notes: Counter[str]) -> dict[str, Product]:
    found: dict[str, Product] = {}
    for row in rows_of(folder, "products"):
        if row["product_id"] not in wanted:
            continue
        weight = int(row["product_weight_g"] or 0)
        if not weight:
            notes["products without weight (the median is used)"] += 1
        if not row["product_category_name"]:
            notes["products without category"] += 1
        found[row["product_id"]] = Product(
            row["product_id"], row["product_category_name"] or "sem_categoria", weight or UNKNOWN_WEIGHT_G
        )
    return found


class _Map:
    """Coordinates by postal code prefix, by the mean of the state where the prefix has none."""

    def __init__(self, folder: Path, notes: Counter[str]) -> None:
        self._notes = notes
        self._points: dict[str, tuple[float, float]] = {}
        states: dict[str, list[tuple[float, float]]] = defaultdict(list)
        for row in rows_of(folder, "geolocation_by_zip_prefix"):
            point = (float(row["lat"]), float(row["lng"]))
            self._points[row["zip_code_prefix"]] = point
            states[row["state"]].append(point)
        self._means = {
            state: (sum(lat for lat, _ in points) / len(points), sum(lng for _, lng in points) / len(points))
            for state, points in states.items()
        }

    def place(self, whose: str, postal_code: str, city: str, state: str) -> Place:
        """Somebody's place."""
        point = self._points.get(postal_code)
        if point is None:
            self._notes[f"{whose} without coordinates (the mean of the state is used)"] += 1
            point = self._means.get(state)
        latitude, longitude = point or (None, None)
        return Place(postal_code, city, state, latitude, longitude)


def centavos(text: str) -> int:
    """An amount as written in the set, in minor units; exact."""
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text)
    whole, _, part = digits.partition(".")
    return sign * (int(whole or 0) * 100 + int(part.ljust(2, "0")[:2]))


def moment(text: str) -> datetime:
    """A local Brazilian time in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=LOCAL).astimezone(UTC)


def perhaps(text: str) -> datetime | None:
    """The same where the set may have none."""
    return moment(text) if text else None
