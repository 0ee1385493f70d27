"""What the API shows of what can be promised."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar
from uuid import UUID

import strawberry

from kontor.api.graphql.context import Context
from kontor.api.graphql.relations import reference
from kontor.api.graphql.shown import Made, Shown, made
from kontor.locations.models import StockLocation
from kontor.routing import promise


@strawberry.input(description="So many pieces of an article.")
class AvailabilityItemInput:
    sku: str
    quantity: int = 1

    def value(self) -> promise.Wanted:
        """As the services take it."""
        return promise.Wanted(self.sku, self.quantity)


@strawberry.input(description="Where it should go; coordinates in degrees where they are known.")
class DestinationInput:
    country: str
    latitude: float | None = None
    longitude: float | None = None
    promised_on: date | None = strawberry.field(default=None, description="Late from the next day on.")

    def value(self) -> promise.Destination:
        """As the services take it."""
        return promise.Destination(self.country, self.latitude, self.longitude, self.promised_on)


@strawberry.type(description="Pieces at one place.")
class AvailabilitySource(Shown):
    location_id: UUID
    quantity: int = strawberry.field(description="There now.")
    expected: int = strawberry.field(description="Expected on top.")
    earliest_on: date = strawberry.field(description="The first day one piece can be with the customer.")
    uncertain: bool = strawberry.field(description="The place's own system did not answer: its last known figure.")

    @reference(StockLocation, "location_id", description="The place's code.", uses=())
    def location(self, place: Any, context: Context) -> str:
        return place.code if place is not None else ""


@strawberry.type(description="Pieces that would leave one place together.")
class PromisedParcel(Shown):
    location_id: UUID
    quantity: int
    leaves_on: date
    arrives_on: date

    @reference(StockLocation, "location_id", description="The place's code.", uses=())
    def location(self, place: Any, context: Context) -> str:
        return place.code if place is not None else ""


@strawberry.type(description="What can be promised of one article, when and from where.")
class Availability(Shown):
    sku: str
    requested: int
    known: bool = strawberry.field(description="Whether there is such an article.")
    variant_id: UUID | None
    quantity: int | None = strawberry.field(description="Shippable now; null for what is not a thing of stock.")
    expected: int | None = strawberry.field(description="Shippable later on top.")
    earliest_on: date | None = strawberry.field(description="The first day all requested pieces can be there.")
    missing: int = strawberry.field(description="Requested pieces an order placed now would lack.")
    parcels: list[PromisedParcel] = strawberry.field(
        description="How an order for the requested pieces would be served now."
    )
    sources: list[AvailabilitySource] = strawberry.field(description="Places that can ship it, the soonest first.")
    pickups: list[AvailabilitySource] = strawberry.field(description="Places that can hand it over, the soonest first.")

    MADE: ClassVar[Mapping[str, Made]] = {
        "parcels": made("parcels")(lambda shown: [PromisedParcel.of(each) for each in shown.row.parcels]),
        "sources": made("sources")(lambda shown: [AvailabilitySource.of(each) for each in shown.row.sources]),
        "pickups": made("pickups")(lambda shown: [AvailabilitySource.of(each) for each in shown.row.pickups]),
    }
