"""A settlement file: the lines of a gateway's payout as CSV, for gateways that cannot be asked. Pure.

Columns, by name and in any order: `reference`, `category`, `amount`, `fee`, `currency`, `occurred_at`; and where there
is something to say `source`, `authorization`, `original_amount`, `original_currency`, `description`. Amounts are minor
units, moments ISO 8601 with an offset, categories those of the port (CHARGE, REFUND, …).
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from kontor.core.errors import InvalidInput
from kontor.core.money import Money

NEEDED = ("reference", "category", "amount", "fee", "currency", "occurred_at")
CATEGORIES = frozenset({"CHARGE", "REFUND", "REFUND_FAILURE", "DISPUTE", "DISPUTE_REVERSAL", "FEE", "OTHER"})
MOST_LINES = 100_000


@dataclass(frozen=True, slots=True)
class FileLine:
    """A line as the port has it, `category` as text."""

    reference: str
    category: str
    amount: Money
    fee: Money
    occurred_at: datetime
    source: str
    authorization: str
    original: Money | None
    description: str


def read(text: str) -> list[FileLine]:
    """The lines of a file. Raises `InvalidInput` naming row (2 is the first under the head) and column."""
    rows = csv.DictReader(text.removeprefix("\ufeff").splitlines(keepends=True), strict=True)
    names = rows.fieldnames or []
    for name in NEEDED:
        if name not in names:
            raise _wrong(1, name, "The column is missing.", "COLUMN_MISSING")
    found: dict[str, FileLine] = {}
    try:
        for number, row in enumerate(rows, start=2):
            line = _line(number, {name: (row.get(name) or "").strip() for name in names})
            if line.reference in found or number > MOST_LINES + 1:
                raise _wrong(number, "reference", "The reference is there twice.", "DUPLICATE_REFERENCE")
            found[line.reference] = line
    except csv.Error as problem:
        raise _wrong(rows.line_num, "", f"This is no CSV: {problem}", "INVALID_FILE") from problem
    return list(found.values())


def _line(number: int, row: Mapping[str, str]) -> FileLine:
    if not 1 <= len(row["reference"]) <= 120:
        raise _wrong(number, "reference", "1 to 120 characters.")
    if row["category"] not in CATEGORIES:
        raise _wrong(number, "category", "There is no such category.")
    currency = row["currency"]
    return FileLine(
        row["reference"], row["category"], _money(number, "amount", row["amount"], currency),
        _money(number, "fee", row["fee"] or "0", currency), _moment(number, row["occurred_at"]),
        source=row.get("source", ""), authorization=row.get("authorization", ""),
        original=_money(number, "original_amount", row["original_amount"], row.get("original_currency", ""))
        if row.get("original_amount") else None,
        description=row.get("description", ""),
    )  # fmt: skip


def _money(number: int, name: str, text: str, currency: str) -> Money:
    if len(currency) != 3 or not currency.isascii() or not currency.isupper():
        raise _wrong(number, name, "The currency is no ISO 4217 code.")
    try:
        amount = int(text)
    except ValueError:
        raise _wrong(number, name, "This is no number of minor units.") from None
    if abs(amount) >= 10**15:
        raise _wrong(number, name, "The amount is too large.")
    return Money(amount, currency)


def _moment(number: int, text: str) -> datetime:
    try:
        moment: datetime | None = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise _wrong(number, "occurred_at", "This is no moment with an offset.")
    return moment.astimezone(UTC)


def _wrong(number: int, name: str, message: str, code: str = "INVALID_ROW") -> InvalidInput:
    return InvalidInput(message, code=code, path=("content",), row=number, column=name)
