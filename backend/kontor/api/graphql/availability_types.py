"""What the API shows of what can be promised."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import strawberry

from kontor.api.graphql.context import Info
from kontor.api.graphql.inventory_types import code_of
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
class AvailabilitySource:
    location_id: UUID
    quantity: int = strawberry.field(description="There now.")
    expected: int = strawberry.field(description="Expected on top.")
    earliest_on: date = strawberry.field(description="The first day one piece can be with the customer.")
    uncertain: bool = strawberry.field(description="The place's own system did not answer: its last known figure.")

    @strawberry.field(description="The place's code.")
    async def location(self, info: Info) -> str:
        return await code_of(info, self.location_id)

    @classmethod
    def of(cls, source: promise.Source) -> AvailabilitySource:
        """As the API shows it."""
        return cls(
            location_id=source.location_id,
            quantity=source.quantity,
            expected=source.expected,
            earliest_on=source.earliest_on,
            uncertain=source.uncertain,
        )


@strawberry.type(description="Pieces that would leave one place together.")
class PromisedParcel:
    location_id: UUID
    quantity: int
    leaves_on: date
    arrives_on: date

    @strawberry.field(description="The place's code.")
    async def location(self, info: Info) -> str:
        return await code_of(info, self.location_id)

    @classmethod
    def of(cls, parcel: promise.PromisedParcel) -> PromisedParcel:
        """As the API shows it."""
        return cls(
            location_id=parcel.location_id,
            quantity=parcel.quantity,
            leaves_on=parcel.leaves_on,
            arrives_on=parcel.arrives_on,
        )


@strawberry.type(description="What can be promised of one article, when and from where.")
class Availability:
    sku: str
    requested: int
    known: bool = strawberry.field(description="Whether there is such an article.")
    variant_id: UUID | None
    quantity: int | None = strawberry.field(description="Shippable now; null for what is not a thing of stock.")
    expected: int | None = strawberry.field(description="Shippable later on top.")
    earliest_on: date | None = strawberry.field(description="The first day all requested pieces can be there.")
    missing: int = strawberry.field(description="Requested pieces an order placed now would lack.")
    answer: strawberry.Private[promise.Availability]

    @strawberry.field(description="How an order for the requested pieces would be served now.")
    def parcels(self) -> list[PromisedParcel]:
        return [PromisedParcel.of(each) for each in self.answer.parcels]

    @strawberry.field(description="Places that can ship it, the soonest first.")
    def sources(self) -> list[AvailabilitySource]:
        return [AvailabilitySource.of(each) for each in self.answer.sources]

    @strawberry.field(description="Places that can hand it over, the soonest first.")
    def pickups(self) -> list[AvailabilitySource]:
        return [AvailabilitySource.of(each) for each in self.answer.pickups]

    @classmethod
    def of(cls, answer: promise.Availability) -> Availability:
        """As the API shows it."""
        names = ("sku", "requested", "known", "variant_id", "quantity", "expected", "earliest_on", "missing")
        return cls(answer=answer, **{name: getattr(answer, name) for name in names})
