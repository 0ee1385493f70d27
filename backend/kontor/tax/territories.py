"""Which tax territory an address lies in: whose rates count there and whether it belongs to the EU's VAT area.

A country is one territory unless a rule says otherwise about some of its postal codes: parts of member states outside
the area (VAT Directive art. 6), parts with rates of their own (art. 104, 105, 120), places that count as another
country (art. 7: Monaco as France, the Isle of Man as the United Kingdom) and Northern Ireland, which is part of the
area for goods (Windsor Framework, art. 8). The rules are data: `data/regions.csv`, or the table `tax_region`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

EU = frozenset(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split()  # noqa: SIM905
)
EU_AREA = "EU"


class RegionStatus(StrEnum):
    """How a region stands to the VAT area of the country whose rates count there."""

    INSIDE = "INSIDE"
    OUTSIDE = "OUTSIDE"  # a third territory: what goes there is exported, what comes from there is imported
    EU_GOODS = "EU_GOODS"  # part of the EU's area for goods, of its own country's for all else


class RateScope(StrEnum):
    """Which supplies bear a region's own rates; all others bear those of the country."""

    ARRIVAL = "ARRIVAL"  # whatever is delivered there
    ABROAD = "ABROAD"  # what is delivered there from another country, and what is handed over there
    LOCAL = "LOCAL"  # only what is handed over there, or sold by somebody who is established there


@dataclass(frozen=True, slots=True)
class RegionRule:
    """What holds for the postal codes of a country that begin with `postal_from` to `postal_to`, or for all ("")."""

    country: str
    postal_from: str
    postal_to: str
    region: str
    name: str
    taxed_as: str
    status: RegionStatus
    scope: RateScope
    valid_from: date
    valid_to: date | None = None

    def covers(self, postal_code: str) -> bool:
        """Whether a normalized postal code lies in the range, compared by as many characters as the bounds have."""
        code = postal_code.lstrip(_LETTERS) if self.postal_from.isdigit() else postal_code
        head = code[: len(self.postal_from)]
        return len(head) == len(self.postal_from) and self.postal_from <= head <= self.postal_to


@dataclass(frozen=True, slots=True)
class Territory:
    """Where somebody sells from or goods arrive. `country` is the one whose rates count; `area` the VAT area."""

    country: str
    area: str
    region: str = ""
    outside: bool = False
    scope: RateScope = RateScope.ARRIVAL


Rules = Mapping[str, Sequence[RegionRule]]
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def indexed(rules: Iterable[RegionRule]) -> dict[str, list[RegionRule]]:
    """Rules by country, the most precise first, as `territory_of` takes them."""
    found: dict[str, list[RegionRule]] = {}
    for rule in rules:
        found.setdefault(rule.country, []).append(rule)
    for own in found.values():
        own.sort(key=lambda rule: (-len(rule.postal_from), rule.postal_from, rule.postal_to))
    return found


def territory_of(country: str, postal_code: str | None, region: str | None, rules: Rules, on: date) -> Territory:
    """The territory of an address on a day.

    The postal code decides; where no rule knows it, the region that the address names by its code (ISO 3166-2) or name.
    """
    valid = [
        rule
        for rule in rules.get(country, ())
        if rule.valid_from <= on and (rule.valid_to is None or on < rule.valid_to)
    ]
    rule = _matching(valid, normalized(postal_code), (region or "").strip().casefold()) if valid else None
    if rule is None:
        return Territory(country, _area(country))
    match rule.status:
        case RegionStatus.OUTSIDE:
            return Territory(rule.taxed_as, rule.region or rule.country, rule.region, outside=True, scope=rule.scope)
        case RegionStatus.EU_GOODS:
            return Territory(rule.taxed_as, EU_AREA, rule.region, scope=rule.scope)
        case _:
            return Territory(rule.taxed_as, _area(rule.taxed_as), rule.region, scope=rule.scope)


def normalized(postal_code: str | None) -> str:
    """A postal code as ranges are compared with: capital letters and digits only."""
    return re.sub(r"[^A-Z0-9]", "", (postal_code or "").upper())


def _matching(rules: Sequence[RegionRule], postal_code: str, region: str) -> RegionRule | None:
    by_code = next((rule for rule in rules if rule.postal_from and rule.covers(postal_code)), None)
    if by_code is not None:
        return by_code
    if region:
        for rule in rules:
            if rule.region and region in (rule.region.casefold(), rule.name.casefold()):
                return rule
    return next((rule for rule in rules if not rule.postal_from), None)


def _area(country: str) -> str:
    return EU_AREA if country in EU else country
