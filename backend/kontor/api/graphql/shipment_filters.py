"""How lists of shipments and parcels are narrowed and sorted."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from uuid import UUID

import strawberry

from kontor.fulfillment import lists
from kontor.fulfillment.states import ParcelState


@strawberry.input(description="What is left out does not narrow.")
class ShipmentsFilter:
    order_ids: list[UUID] | None = None
    order_number: str | None = None
    location_ids: list[UUID] | None = None
    numbers: list[str] | None = None
    tracking_number: str | None = None
    delivered: bool | None = None
    recalled: bool | None = None
    shipped_from: datetime | None = None
    shipped_until: datetime | None = None
    changed_since: datetime | None = None

    def value(self) -> lists.ShipmentFilter:
        """As the domain takes it."""
        return lists.ShipmentFilter(**vars(self))


@strawberry.enum
class ShipmentsSort(Enum):
    SHIPPED_AT = "SHIPPED_AT"
    SHIPPED_AT_DESC = "SHIPPED_AT_DESC"
    NUMBER = "NUMBER"
    NUMBER_DESC = "NUMBER_DESC"
    UPDATED_AT = "UPDATED_AT"
    UPDATED_AT_DESC = "UPDATED_AT_DESC"


@strawberry.input(description="What is left out does not narrow.")
class ParcelsFilter:
    states: list[ParcelState] | None = None
    fulfillment_order_ids: list[UUID] | None = None
    shipment_ids: list[UUID] | None = None
    tracking_number: str | None = None
    carrier: str | None = None
    changed_since: datetime | None = None

    def value(self) -> lists.ParcelFilter:
        """As the domain takes it."""
        return lists.ParcelFilter(**vars(self))


@strawberry.enum
class ParcelsSort(Enum):
    CREATED_AT = "CREATED_AT"
    CREATED_AT_DESC = "CREATED_AT_DESC"
    UPDATED_AT = "UPDATED_AT"
    UPDATED_AT_DESC = "UPDATED_AT_DESC"
