"""The rows of the Online Retail data set (UCI), or of a file shaped like it. Amounts in pence, times UTC."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from itertools import groupby, takewhile
from pathlib import Path
from zoneinfo import ZoneInfo

FILE = "online_retail.csv.gz"
LOCAL = ZoneInfo("Europe/London")
# Codes that are no articles: carriage, postage, manual bookings, discounts, samples, fees and commissions, bad debts.
CHARGES = frozenset({"POST", "DOT", "C2", "M", "D", "S", "BANK CHARGES", "AMAZONFEE", "CRUK", "B"})
# The set names countries in words; of two of its words nothing can be said.
COUNTRIES = {
    "United Kingdom": "GB", "Germany": "DE", "France": "FR", "EIRE": "IE", "Spain": "ES", "Netherlands": "NL",
    "Belgium": "BE", "Switzerland": "CH", "Portugal": "PT", "Australia": "AU", "Norway": "NO", "Italy": "IT",
    "Channel Islands": "JE", "Finland": "FI", "Cyprus": "CY", "Sweden": "SE", "Austria": "AT", "Denmark": "DK",
    "Japan": "JP", "Poland": "PL", "Israel": "IL", "USA": "US", "Hong Kong": "HK", "Singapore": "SG", "Iceland": "IS",
    "Canada": "CA", "Greece": "GR", "Malta": "MT", "United Arab Emirates": "AE", "RSA": "ZA", "Lebanon": "LB",
    "Lithuania": "LT", "Brazil": "BR", "Czech Republic": "CZ", "Bahrain": "BH", "Saudi Arabia": "SA",
}  # fmt: skip
HOME = "GB"


class RetailDataError(ValueError):
    """The folder does not hold the data set; the message names what is missing."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row; `number` counts from 1. Quantity is negative where goods or money go back. The price is in pounds."""

    number: int
    document: str
    code: str
    description: str
    quantity: int
    at: datetime
    price: Decimal
    customer: str
    country: str

    @property
    def amount(self) -> int:
        """Pence of the row; half a penny counts as one."""
        return pence(self.price * self.quantity)

    @property
    def is_charge(self) -> bool:
        """Whether it is money for no article."""
        return self.code in CHARGES

    @property
    def is_credit(self) -> bool:
        """Whether its document cancels something."""
        return self.document.startswith("C")


@dataclass(frozen=True, slots=True)
class Span:
    """The months that are played, the last included; without a last one, the first alone."""

    first: date
    last: date

    def holds(self, moment: datetime) -> bool:
        """Whether the moment lies in one of the months, by the clock of the shop."""
        return self.first <= _month(moment) <= self.last

    def is_over(self, moment: datetime) -> bool:
        """Whether the moment lies after the last of the months."""
        return _month(moment) > self.last


def _month(moment: datetime) -> date:
    return moment.astimezone(LOCAL).date().replace(day=1)


def pence(pounds: Decimal) -> int:
    """Pounds in pence, half a penny rounded away from zero."""
    return int((pounds * 100).quantize(Decimal(1), ROUND_HALF_UP))


def span(first: str, last: str | None = None) -> Span:
    """Months written as 2010-12; raises `ValueError` for anything else and for a last one before the first."""
    begin = date.fromisoformat(f"{first}-01")
    end = date.fromisoformat(f"{last}-01") if last else begin
    if end < begin:
        raise ValueError(f"{last} lies before {first}")
    return Span(begin, end)


def read(folder: Path, months: Span | None = None) -> list[Row]:
    """Every row up to the end of the months, in the order of time, in which the file is.

    Raises `RetailDataError` when the file is not there.
    """
    path = folder / FILE
    if not path.exists():
        raise RetailDataError(f"{folder} has no {FILE}")
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = (_row(number, row) for number, row in enumerate(csv.DictReader(file), start=1))
        found = list(takewhile(lambda row: months is None or not months.is_over(row.at), rows))
    return sorted(found, key=lambda row: (row.at, row.number))


def _row(number: int, row: dict[str, str]) -> Row:
    return Row(
        number,
        row["invoice_no"],
        row["stock_code"].strip().upper(),
        row["description"].strip(),
        int(row["quantity"]),
        datetime.fromisoformat(row["invoice_date"]).replace(tzinfo=LOCAL).astimezone(UTC),
        Decimal(row["unit_price"]),
        row["customer_id"],
        row["country"],
    )


def documents(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """The rows by document, in the order of each document's first row; one that took longer than a minute is whole."""
    first: dict[str, int] = {}
    for position, row in enumerate(rows):
        first.setdefault(row.document, position)
    together = sorted(rows, key=lambda row: first[row.document])
    for _, group in groupby(together, key=lambda row: row.document):
        yield list(group)


def country_of(name: str) -> str:
    """The code of a country; that of the shop for what names none."""
    return COUNTRIES.get(name, HOME)


def articles(rows: Iterable[Row]) -> dict[str, str]:
    """Name by code of everything that is an article; the first name that is written counts."""
    found: dict[str, str] = {}
    for row in rows:
        if not row.is_charge and not found.get(row.code):
            found[row.code] = row.description
    return {code: name or code for code, name in found.items()}
