"""All recorded payments with their orders, also of those orders of which the set says little.

Of most orders the set has no header: they were delivered, and their times follow from the deadline of their seller. Of
some it has no lines: what they were is unknown, so they are one piece that cost what was paid. Each rule is counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from hashlib import blake2b
from pathlib import Path

from kontor.bench.replay.dataset import (
    FILES,
    DataSetError,
    Line,
    Place,
    Recorded,
    by_order,
    centavos,
    lines_of,
    moment,
    payments_of,
    perhaps,
    rows_of,
)

NEEDED = FILES[:3]
BEFORE_DEADLINE, AFTER_DEADLINE = timedelta(days=6), timedelta(days=17)
SOMEWHERE = Place("01000", "sao paulo", "SP", None, None)
# Recorded states of orders that were never worked on.
_AS = {"created": "approved"}


def load_all(folder: Path, notes: Counter[str], *, most: int | None = None) -> list[Recorded]:
    """Every order that has lines or payments, by time of purchase.

    `most` keeps so many: up to half of them paid otherwise than owed, an even sample of the others.

    Raises `DataSetError` naming a missing file.
    """
    missing = [name for name in NEEDED if not (folder / f"{name}.csv.gz").exists()]
    if missing:
        raise DataSetError(f"{folder} has no {', '.join(f'{name}.csv.gz' for name in missing)}")
    headers = list(rows_of(folder, "orders"))
    wanted = {row["order_id"] for row in headers}
    items, payments = by_order(folder, "order_items", wanted), by_order(folder, "order_payments", wanted)
    last = max(moment(text) for row in headers if (text := row["order_purchase_timestamp"]))
    if most is not None:
        differing = {key for key, rows in items.items() if _differs(rows, payments.get(key, []))}
        headers = _sample(headers, differing, most)
    found = [
        _order(row, items.get(row["order_id"], []), payments.get(row["order_id"], []), last, notes) for row in headers
    ]
    return sorted(found, key=lambda order: (order.purchased_at, order.id))


def _differs(items: Iterable[Mapping[str, str]], payments: Iterable[Mapping[str, str]]) -> bool:
    owed = sum(centavos(item["price"]) + centavos(item["freight_value"]) for item in items)
    return owed != sum(centavos(payment["payment_value"]) for payment in payments)


def _sample(headers: Iterable[dict[str, str]], differing: set[str], most: int) -> list[dict[str, str]]:
    """Chosen by their ids, so that the same orders are chosen each time."""
    mixed = sorted(headers, key=lambda row: blake2b(row["order_id"].encode()).digest())
    first = [row for row in mixed if row["order_id"] in differing][: most // 2]
    chosen = {row["order_id"] for row in first}
    return [*first, *(row for row in mixed if row["order_id"] not in chosen)][:most]


def _order(
    row: Mapping[str, str],
    items: Iterable[Mapping[str, str]],
    payments: Iterable[Mapping[str, str]],
    last: datetime,
    notes: Counter[str],
) -> Recorded:
    rows, paid = list(items), payments_of(payments)
    lines = lines_of(rows)
    if not lines:
        notes["orders without lines (one piece for what was paid)"] += 1
        lines = (Line("unknown", "unknown", sum(each.amount for each in paid), 1, 0),)
    bought, promised = perhaps(row["order_purchase_timestamp"]), row["order_estimated_delivery_date"][:10]
    if bought is None:
        notes["orders without header (times by the seller's deadline)"] += 1
        bought = _before_deadline(rows, last)
    return Recorded(
        id=row["order_id"],
        status=_AS.get(row["order_status"], row["order_status"]),
        person_id=row["customer_id"] or row["order_id"],
        place=SOMEWHERE,
        purchased_at=bought,
        approved_at=perhaps(row["order_approved_at"]),
        handed_over_at=perhaps(row["order_delivered_carrier_date"]),
        delivered_at=perhaps(row["order_delivered_customer_date"]),
        promised_on=date.fromisoformat(promised) if promised else (bought + BEFORE_DEADLINE + AFTER_DEADLINE).date(),
        lines=lines,
        payments=paid,
    )


def _before_deadline(rows: Iterable[Mapping[str, str]], last: datetime) -> datetime:
    """Six days before the first deadline, and no later than the last purchase that is known."""
    deadlines = [moment(text) for row in rows if (text := row.get("shipping_limit_date"))]
    return min(last, min(deadlines) - BEFORE_DEADLINE) if deadlines else last
