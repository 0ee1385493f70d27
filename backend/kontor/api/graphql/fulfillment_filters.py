"""What work, shipments and parcels can be asked for, and in which order."""

from __future__ import annotations

from datetime import date, datetime
from enum import Enum
from uuid import UUID

import strawberry

from kontor.fulfillment import lists
from kontor.fulfillment.states import FulfillmentState, ParcelState
from kontor.orders.states import DeliveryType


@strawberry.input(description="What is left out does not narrow; `dueBefore` is exclusive.")
class FulfillmentOrdersFilter:
    ids: list[UUID] | None = None
    search: str | None = strawberry.field(
        default=None, description="The beginning of its number or its order's, or the number of a parcel."
    )
    ship_to: str | None = strawberry.field(
        default=None, description="Part of name or city, beginning of the postal code, or the country's code."
    )
    article: str | None = strawberry.field(default=None, description="SKU, GTIN, or a part of the name.")
    tracking_number: str | None = None
    problems_at: datetime | None = strawberry.field(
        default=None, description="What somebody has to look at, as of this moment: asked back, late, on hold, lost."
    )
    states: list[FulfillmentState] | None = None
    location_ids: list[UUID] | None = None
    partner_ids: list[UUID] | None = None
    channel_ids: list[UUID] | None = None
    order_ids: list[UUID] | None = None
    order_number: str | None = None
    numbers: list[str] | None = None
    delivery_types: list[DeliveryType] | None = None
    ship_before: date | None = None
    due_before: datetime | None = None
    cancel_requested: bool | None = None
    changed_since: datetime | None = None

    def value(self) -> lists.FulfillmentFilter:
        """As the domain takes it."""
        return lists.FulfillmentFilter(**vars(self))


@strawberry.enum
class FulfillmentOrdersSort(Enum):
    CREATED_AT = "CREATED_AT"
    CREATED_AT_DESC = "CREATED_AT_DESC"
    DUE_AT = "DUE_AT"
    DUE_AT_DESC = "DUE_AT_DESC"
    NUMBER = "NUMBER"
    NUMBER_DESC = "NUMBER_DESC"
    UPDATED_AT = "UPDATED_AT"
    UPDATED_AT_DESC = "UPDATED_AT_DESC"


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
