"""What a whole basket is promised, per way to get it. What it costs the company is for those who may see routing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import UUID

import strawberry

from kontor.api.graphql.availability_types import DestinationInput
from kontor.api.graphql.context import Context, Info
from kontor.api.graphql.loaders import by_id
from kontor.api.graphql.permissions import requires
from kontor.auth.permissions import Permission
from kontor.inventory import live
from kontor.locations.models import StockLocation
from kontor.orders.states import DeliveryType
from kontor.routing import basket as baskets
from kontor.routing import masters, promise


@strawberry.input(description="An article as a line of the order would name it.")
class BasketItemInput:
    sku: str
    quantity: int = 1
    group: str | None = strawberry.field(default=None, description="Items of one group leave together or not at all.")
    no_split: bool = strawberry.field(default=False, description="All pieces leave in one parcel.")

    def value(self) -> baskets.BasketItem:
        """As the services take it."""
        return baskets.BasketItem(self.sku, self.quantity, self.group, self.no_split)


@strawberry.input(description="What would be ordered, as `placeOrder` takes it.")
class BasketInput:
    channel: str
    items: list[BasketItemInput]
    destination: DestinationInput | None = None
    priority: int | None = None
    ship_complete: bool = False
    max_parcels: int | None = None

    def value(self) -> baskets.Basket:
        """As the services take it."""
        return baskets.Basket(
            self.channel, tuple(item.value() for item in self.items),
            self.destination.value() if self.destination else None, self.priority, self.ship_complete,
            self.max_parcels,
        )  # fmt: skip


@strawberry.type(description="Pieces of an item of the basket; those of a bundle are its components'.")
class BasketPieces:
    index: int = strawberry.field(description="The position of the item.")
    quantity: int


@strawberry.type(description="Pieces that would leave one place together.")
class BasketParcel:
    location_id: UUID
    leaves_on: date
    arrives_on: date
    items: list[BasketPieces]

    @strawberry.field(description="The place's code.")
    async def location(self, info: Info) -> str:
        return await _code(info, self.location_id)


@strawberry.type(description="Pieces that are with the customer from a day on.")
class BasketArrival:
    on: date
    quantity: int


@strawberry.type(description="When the pieces of an item arrive, and what an order would lack.")
class BasketLine:
    index: int
    sku: str
    quantity: int
    arrivals: list[BasketArrival]
    missing: int
    missing_from: date | None = strawberry.field(
        description="From when all pieces could be there if the item were ordered alone; null when nothing is known."
    )


@strawberry.type(description="One way to get the basket.")
class BasketDelivery:
    delivery_type: DeliveryType
    promised_on: date | None = strawberry.field(
        description="The date an order carries that is placed now, with `orderWith` as its `promisedOn`."
    )
    order_with: date | None = strawberry.field(description="What the order has to name as its date; null for none.")
    arrives_on: date | None = strawberry.field(description="When the last piece that can be sent is there.")
    missing: int = strawberry.field(description="Pieces an order would lack.")
    orderable: bool = strawberry.field(description="Whether the channel takes the order with what is missing.")
    parcels: list[BasketParcel]
    lines: list[BasketLine]
    location_id: UUID | None = strawberry.field(description="The store of a pick-up.")
    distance_km: int | None
    cost_cents: int | None = strawberry.field(
        description="What the router would decide by, in cents; null without routing:read."
    )

    @strawberry.field(description="The store's code.")
    async def location(self, info: Info) -> str | None:
        return None if self.location_id is None else await _code(info, self.location_id)


@strawberry.type(description="Every way to get a basket, each as an order placed now would be served.")
class BasketPromise:
    unknown: list[str] = strawberry.field(description="SKUs that are not sold; nothing is promised with one of them.")
    immediate: bool = strawberry.field(description="Nothing of it is a thing of stock.")
    shipped: list[BasketDelivery] = strawberry.field(
        description="The cheapest way, and a sooner one where there is, which an order gets by naming its date."
    )
    pickups: list[BasketDelivery] = strawberry.field(
        description="Stores, nearest first where the destination has coordinates, else soonest."
    )


async def _code(info: Info, location_id: UUID) -> str:
    place = await by_id(info, StockLocation, location_id)
    return "" if place is None else place.code


def _delivery(shown: baskets.Delivery, context: Context) -> BasketDelivery:
    parcels = [
        BasketParcel(
            location_id=each.location_id, leaves_on=each.leaves_on, arrives_on=each.arrives_on,
            items=[BasketPieces(index=index, quantity=count) for index, count in each.items],
        )
        for each in shown.parcels
    ]  # fmt: skip
    lines = [
        BasketLine(
            index=line.index, sku=line.sku, quantity=line.quantity, missing=line.missing,
            missing_from=line.missing_from,
            arrivals=[BasketArrival(on=each.on, quantity=each.quantity) for each in line.arrivals],
        )
        for line in shown.lines
    ]  # fmt: skip
    return BasketDelivery(
        delivery_type=DeliveryType.SHIP if shown.location_id is None else DeliveryType.PICKUP,
        promised_on=shown.promised_on, order_with=shown.wish, arrives_on=shown.arrives_on, missing=shown.missing,
        orderable=shown.orderable, parcels=parcels, lines=lines, location_id=shown.location_id,
        distance_km=shown.distance_km,
        cost_cents=shown.cost_cents if context.principal.may(Permission.ROUTING_READ) else None,
    )  # fmt: skip


@strawberry.type
class BasketQuery:
    @strawberry.field(
        description="What an order for the whole basket would be promised now, shipped or fetched at a store; "
        "an order placed next gets exactly this, as long as nobody else takes the stock. `partly` lists stores that "
        "lack something, too.",
        extensions=[requires(Permission.AVAILABILITY_READ)],
    )
    async def basket_promise(
        self, info: Info, basket: BasketInput, stores: int = 10, partly: bool = False
    ) -> BasketPromise:
        asked = replace(basket.value(), stores=stores, partly=partly)
        answer = await _promised(info, asked)
        return BasketPromise(
            unknown=list(answer.unknown), immediate=answer.immediate,
            shipped=[_delivery(each, info.context) for each in answer.shipped],
            pickups=[_delivery(each, info.context) for each in answer.pickups],
        )  # fmt: skip


async def _promised(info: Info, asked: baskets.Basket) -> baskets.BasketPromise:
    """Ask, after places whose own systems know their stock were asked."""
    runtime, principal = info.context.runtime, info.context.principal
    async with runtime.database.read_only(principal, bare=True) as db:
        known = await masters.load(db)
        places = promise.live_locations(known)
        if not places:
            return await baskets.promise_basket(db, asked, masters=known)
        wanted = [promise.Wanted(item.sku, item.quantity) for item in asked.items]
        variants = await promise.stocked_variants(db, wanted)
    await live.refresh_live(runtime.database, runtime.ports, places, variants)
    async with runtime.database.read_only(principal, bare=True) as db:
        return await baskets.promise_basket(db, asked, masters=known)
