"""How an order is taxed."""

from __future__ import annotations

from typing import Any

import strawberry

from kontor.tax.determination import TaxTreatment

strawberry.enum(TaxTreatment)


@strawberry.type(
    description="Where and how an order is taxed, as it was decided when it was placed. region is empty where the "
    "country's own rates count."
)
class Taxation:
    country: str
    region: str
    treatment: TaxTreatment

    @classmethod
    def of(cls, kept: dict[str, Any] | None) -> Taxation | None:
        """From an order's JSON."""
        if kept is None:
            return None
        return cls(country=kept["country"], region=kept["regions"][0], treatment=TaxTreatment(kept["treatment"]))
