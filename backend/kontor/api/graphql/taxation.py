"""How an order is taxed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import strawberry

from kontor.tax.determination import TaxTreatment
from kontor.tax.vat_ids import VatIdBasis

strawberry.enum(TaxTreatment)
strawberry.enum(VatIdBasis)


@strawberry.type(
    description="Where and how an order is taxed, as it was decided when it was placed. region is empty where the "
    "country's own rates count."
)
class Taxation:
    country: str
    region: str
    treatment: TaxTreatment
    vat_id_basis: VatIdBasis | None = strawberry.field(
        description="On what the VAT id was believed, or why not; none without a VAT id."
    )
    vat_id_check_id: UUID | None = strawberry.field(description="The answer of the register that counted.")

    @classmethod
    def of(cls, kept: dict[str, Any] | None) -> Taxation | None:
        """From an order's JSON."""
        if kept is None:
            return None
        basis, check = kept.get("vat_id_basis"), kept.get("vat_id_check")
        return cls(
            country=kept["country"],
            region=kept["regions"][0],
            treatment=TaxTreatment(kept["treatment"]),
            vat_id_basis=VatIdBasis(basis) if basis else None,
            vat_id_check_id=UUID(check) if check else None,
        )
