"""How an order is taxed, decided once when it is placed: its place of supply, and on what its VAT id is believed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from kontor.channels.models import SalesChannel
from kontor.core.db import Session
from kontor.orders.intake import OrderInput
from kontor.routing.masters import Masters
from kontor.tax.checking import vat_ids_by_number
from kontor.tax.determination import PlaceOfSupply
from kontor.tax.models import VatId
from kontor.tax.vat_ids import VatIdBasis, basis_of, compacted, counts


@dataclass(frozen=True, slots=True)
class Taxation:
    """The decision. `vat_id` is the compact number the order came with, `check_id` the register's answer that counted.

    `unasked` says that its register has never been asked about it; `seller_vat_id` is in whose name it would be.
    """

    place: PlaceOfSupply
    vat_id: str | None = None
    basis: VatIdBasis | None = None
    check_id: UUID | None = None
    unasked: bool = False
    seller_vat_id: str | None = None

    def as_json(self) -> dict[str, Any]:
        """As an order keeps it."""
        kept = self.place.as_json()
        if self.basis is not None:
            kept |= {"vat_id_basis": self.basis.value, "vat_id_check": str(self.check_id) if self.check_id else None}
        return kept


async def read_vat_ids(db: Session, orders: Iterable[OrderInput]) -> Mapping[str, VatId]:
    """What is known of the VAT ids that orders come with; one statement, none where there are none."""
    return await vat_ids_by_number(db, [compacted(item.customer.vat_id) for item in orders if item.customer.vat_id])


def taxation_of(
    order: OrderInput, channel: SalesChannel, pickup: UUID | None, masters: Masters, vat_ids: Mapping[str, VatId],
    *, at: datetime,
) -> Taxation:  # fmt: skip
    """Decide by the territory the goods go to, or that of the place which hands them over, and by the VAT id.

    A VAT id that its register refused counts as none. An unanswered question never stops an order: then form and check
    digits decide.
    """
    day = masters.day_of(channel, at)
    to = masters.locations[pickup] if pickup is not None else order.shipping_address or order.billing_address
    arrival = masters.territory(to.country, to.postal_code, to.region, day)
    number = compacted(order.customer.vat_id) if order.customer.vat_id else None
    known = vat_ids.get(number) if number else None
    basis = basis_of(number, known.status if known else None) if number else None
    believed = number if basis is not None and counts(basis) else None
    place = masters.place_of_supply(channel, arrival, pickup=pickup is not None, vat_id=believed, on=day)
    return Taxation(
        place,
        number,
        basis,
        known.check_id if known and basis in (VatIdBasis.REGISTER, VatIdBasis.REFUSED) else None,
        unasked=known is None and basis is VatIdBasis.FORMAT,
        seller_vat_id=masters.sellers[channel.legal_entity_id].vat_id,
    )
