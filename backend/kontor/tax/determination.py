"""Where a supply is taxed and how: domestic, across the EU, reverse charge, or export.

The place follows the delivery: the country it goes to, or the country of the store for a pick-up (VAT Directive
art. 31 to 33). A consumer in another EU state pays the rate of that state (One Stop Shop); a company there with a
valid VAT id of another state than the seller's owes the tax itself (art. 138, 196).
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from stdnum.eu import vat

EU = frozenset(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split()  # noqa: SIM905
)
# Parts of member states outside the area of the EU's value added tax (VAT Directive art. 6), by postal code.
_OUTSIDE = {
    "DE": re.compile(r"27498|78266"),  # Heligoland, Büsingen
    "ES": re.compile(r"35\d{3}|38\d{3}|51\d{3}|52\d{3}"),  # Canary Islands, Ceuta, Melilla
    "FI": re.compile(r"22\d{3}"),  # Åland
    "FR": re.compile(r"97[1-8]\d{2}|98[6-8]\d{2}"),  # overseas; 980 is Monaco, which belongs to the area
    "GR": re.compile(r"63086"),  # Mount Athos
    "IT": re.compile(r"23041|22061"),  # Livigno, Campione d'Italia
}


class TaxTreatment(StrEnum):
    """How a supply is taxed."""

    DOMESTIC = "DOMESTIC"
    CROSS_BORDER = "CROSS_BORDER"  # taxed where it arrives
    REVERSE_CHARGE = "REVERSE_CHARGE"  # the company that buys owes the tax
    EXPORT = "EXPORT"  # leaves the area of the tax


@dataclass(frozen=True, slots=True)
class PlaceOfSupply:
    """The country whose rates apply, and the treatment. `taxed` False means rate 0 whatever the tax class."""

    country: str
    treatment: TaxTreatment

    @property
    def taxed(self) -> bool:
        """Whether the rate of the country is charged."""
        return self.treatment in (TaxTreatment.DOMESTIC, TaxTreatment.CROSS_BORDER)


def place_of_supply(
    *,
    seller_country: str,
    delivery_country: str,
    store_country: str | None = None,
    postal_code: str | None = None,
    vat_id: str | None = None,
    registered: Collection[str] = (),
) -> PlaceOfSupply:
    """Decide place and treatment of one delivery or pick-up.

    `store_country` is set for a pick-up, which is taxed at the store. `vat_id` is the buying company's; an invalid one
    counts as none. `registered` names countries outside the seller's area where the seller charges the local tax.
    """
    if store_country is not None:
        treatment = TaxTreatment.DOMESTIC if store_country == seller_country else TaxTreatment.CROSS_BORDER
        return PlaceOfSupply(store_country, treatment)
    country = delivery_country
    outside = is_outside_eu_tax(country, postal_code)
    if country == seller_country and not outside:
        return PlaceOfSupply(country, TaxTreatment.DOMESTIC)
    if seller_country in EU and country in EU and not outside:
        if vat_id and country_of_vat_id(vat_id) not in (None, seller_country):
            return PlaceOfSupply(country, TaxTreatment.REVERSE_CHARGE)
        return PlaceOfSupply(country, TaxTreatment.CROSS_BORDER)
    if country in registered:
        return PlaceOfSupply(country, TaxTreatment.CROSS_BORDER)
    return PlaceOfSupply(country, TaxTreatment.EXPORT)


def is_outside_eu_tax(country: str, postal_code: str | None) -> bool:
    """Whether a place belongs to an EU state but not to the area of its value added tax."""
    pattern = _OUTSIDE.get(country)
    return bool(pattern and postal_code and pattern.fullmatch(postal_code.replace(" ", "")))


def country_of_vat_id(vat_id: str) -> str | None:
    """The EU state that gave a VAT id, None when its form or check digits are wrong."""
    if not vat.is_valid(vat_id):
        return None
    prefix: str = vat.compact(vat_id)[:2].upper()
    return "GR" if prefix == "EL" else prefix
