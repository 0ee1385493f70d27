"""The rates and regions that come with Kontor: `data/rates.csv` and `data/regions.csv`."""

import csv
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

from kontor.tax.territories import RateScope, RegionRule, RegionStatus, Rules, indexed


def shipped_rates() -> list[dict[str, Any]]:
    """Rates as `set_tax_rates` takes them."""
    return [
        {
            "country": line["country"],
            "region": line["region"],
            "tax_class": line["tax_class"],
            "rate": Decimal(line["rate"]),
            **_validity(line),
        }
        for line in _lines("rates.csv")
    ]


def shipped_regions() -> list[dict[str, Any]]:
    """Regions as `set_tax_regions` takes them; each names its source."""
    names = ("country", "postal_from", "postal_to", "region", "name", "taxed_as", "note")
    return [
        {name: line[name] for name in names}
        | {"status": RegionStatus(line["status"]), "scope": RateScope(line["scope"]), **_validity(line)}
        for line in _lines("regions.csv")
    ]


@cache
def shipped_rules() -> Rules:
    """The regions in force where no other ones are entered."""
    return indexed(
        RegionRule(**{name: value for name, value in row.items() if name != "note"}) for row in shipped_regions()
    )


def _lines(name: str) -> Iterator[dict[str, str]]:
    with (files("kontor.tax") / "data" / name).open(encoding="utf-8") as file:
        yield from csv.DictReader(file)


def _validity(line: dict[str, str]) -> dict[str, date | None]:
    end = line["valid_to"]
    return {"valid_from": date.fromisoformat(line["valid_from"]), "valid_to": date.fromisoformat(end) if end else None}
