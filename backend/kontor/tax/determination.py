"""Where a supply is taxed and how: domestic, across the EU, reverse charge, or export.

The place follows the delivery: the territory it goes to, or that of the store for a pick-up (VAT Directive art. 31 to
33). A consumer in another EU state pays the rate of that state (One Stop Shop); a company there with a valid VAT id of
another state than the seller's owes the tax itself (art. 138, 196). What leaves the seller's area is exported (art.
146), also to those parts of member states that do not belong to it (art. 6).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from stdnum.eu import vat

from kontor.tax.territories import EU, EU_AREA, RateScope, Territory

__all__ = ["EU", "PlaceOfSupply", "TaxTreatment", "country_of_vat_id", "place_of_supply"]
WHOLE = ("",)


class TaxTreatment(StrEnum):
    """How a supply is taxed."""

    DOMESTIC = "DOMESTIC"
    CROSS_BORDER = "CROSS_BORDER"  # taxed where it arrives
    REVERSE_CHARGE = "REVERSE_CHARGE"  # the company that buys owes the tax
    EXPORT = "EXPORT"  # leaves the area of the tax


@dataclass(frozen=True, slots=True)
class PlaceOfSupply:
    """The country whose rates apply, and the treatment. `taxed` False means rate 0 whatever the tax class.

    `regions` are where a rate is looked for, in this order; "" stands for the country as a whole.
    """

    country: str
    treatment: TaxTreatment
    regions: tuple[str, ...] = WHOLE

    @property
    def taxed(self) -> bool:
        """Whether the rate of the country is charged."""
        return self.treatment in (TaxTreatment.DOMESTIC, TaxTreatment.CROSS_BORDER)

    def as_json(self) -> dict[str, Any]:
        """As an order keeps it."""
        return {"country": self.country, "treatment": self.treatment.value, "regions": list(self.regions)}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "PlaceOfSupply":
        """As an order kept it."""
        return cls(kept["country"], TaxTreatment(kept["treatment"]), tuple(kept["regions"]))


def place_of_supply(
    *,
    seller: Territory,
    arrival: Territory,
    pickup: bool = False,
    vat_id: str | None = None,
    registered: Collection[tuple[str, str]] = (),
) -> PlaceOfSupply:
    """Decide place and treatment of one delivery or pick-up.

    `arrival` is where the goods go, or where the store is that hands them over. `vat_id` is the buying company's; an
    invalid one counts as none. `registered` names territories outside the seller's area, by country and region, where
    the seller charges the local tax.
    """
    country, regions = arrival.country, _regions(seller, arrival, pickup=pickup)
    known = (country, arrival.region if arrival.outside else "") in registered
    if _same_country(seller, arrival):
        return PlaceOfSupply(country, TaxTreatment.DOMESTIC, regions)
    if pickup and not (arrival.outside and not known):
        return PlaceOfSupply(country, TaxTreatment.CROSS_BORDER, regions)
    if seller.area == arrival.area == EU_AREA:
        if vat_id and country_of_vat_id(vat_id) not in (None, seller.country):
            return PlaceOfSupply(country, TaxTreatment.REVERSE_CHARGE, regions)
        return PlaceOfSupply(country, TaxTreatment.CROSS_BORDER, regions)
    if known:
        return PlaceOfSupply(country, TaxTreatment.CROSS_BORDER, regions)
    return PlaceOfSupply(country, TaxTreatment.EXPORT, regions)


def _same_country(seller: Territory, arrival: Territory) -> bool:
    if seller.country != arrival.country or seller.outside != arrival.outside:
        return False
    return not seller.outside or seller.region == arrival.region


def _regions(seller: Territory, arrival: Territory, *, pickup: bool) -> tuple[str, ...]:
    """Where the rate is looked for. A third territory never borrows the rates of the state it belongs to."""
    if arrival.outside:
        return (arrival.region,)
    local = pickup or (seller.country, seller.region) == (arrival.country, arrival.region)
    abroad = seller.country != arrival.country
    counts = arrival.scope is RateScope.ARRIVAL or local or (arrival.scope is RateScope.ABROAD and abroad)
    return (arrival.region, "") if arrival.region and counts else WHOLE


def country_of_vat_id(vat_id: str) -> str | None:
    """The state that gave a VAT id, None when its form or check digits are wrong. XI is Northern Ireland's, so GB."""
    if not vat.is_valid(vat_id):
        return None
    prefix: str = vat.compact(vat_id)[:2].upper()
    return {"EL": "GR", "XI": "GB"}.get(prefix, prefix)
