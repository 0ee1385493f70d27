"""A partner whose place sends the orders of a company, and takes back what comes of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from factories.auth import make_user
from factories.catalog import make_variant
from factories.intake import Company, make_company, put_stock
from factories.locations import make_location, make_tariff
from factories.partners import make_partner
from kontor.auth.models import User
from kontor.auth.permissions import ROLES, Role
from kontor.core.db import Database
from kontor.core.principal import Principal, PrincipalKind
from kontor.locations.models import LocationKind, StockLocation
from kontor.partners.models import Partner


@dataclass
class Supplier:
    """Everything there is of a partner, and who acts for it."""

    company: Company
    partner: Partner
    place: StockLocation
    variant_id: UUID
    user: User

    @property
    def principal(self) -> Principal:
        """Somebody of the partner with all its rights."""
        permissions = frozenset(map(str, ROLES[Role.DROPSHIPPER]))
        return Principal(PrincipalKind.USER, self.user.id, self.user.name, permissions, partner_id=self.partner.id)


async def make_supplier(
    database: Database, company: Company | None = None, *, code: str = "ds", language: str = "en", **channel: Any
) -> Supplier:
    """A dropshipper with 100 lamps, who takes returns; Kim works for it. Without a company, one comes with it."""
    company = company or await make_company(database, **channel)
    async with database.unit_of_work() as db:
        variant = await make_variant(db, sku=f"LAMP-{code}", name="Desk lamp")
        partner = await make_partner(db)
        place = await make_location(
            db, kind=LocationKind.DROPSHIPPER, code=code, partner_id=partner.id, accepts_returns=True
        )
        await make_tariff(db, location_id=place.id)
        user = await make_user(
            db, role=Role.DROPSHIPPER, partner_id=partner.id, name="Kim", email=f"kim@{code}.example", language=language
        )
    await put_stock(database, place.id, variant.id, 100)
    return Supplier(company, partner, place, variant.id, user)
