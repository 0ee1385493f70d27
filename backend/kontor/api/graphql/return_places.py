"""Where goods can come back: choices for the customer, the cheapest first. Only who may see routing sees costs."""

from __future__ import annotations

from uuid import UUID

import strawberry

from kontor.api.graphql.context import Context, Info
from kontor.api.graphql.loaders import by_id
from kontor.api.graphql.orders import LineQuantityInput
from kontor.api.graphql.permissions import requires
from kontor.auth.permissions import Permission
from kontor.core.errors import InvalidInput
from kontor.locations.models import StockLocation
from kontor.orders import queries as orders
from kontor.returns import homing, queries
from kontor.returns.places import ReturnChoice, ReturnWay

strawberry.enum(ReturnWay)


@strawberry.type(description="The parts of a choice's cost in cents; they sum to it.")
class ReturnCostTerms:
    postage: int
    handling: int
    distance: int = strawberry.field(description="The customer's way to the counter.")
    resale: int = strawberry.field(description="What the pieces earn where they sell again, below zero.")


@strawberry.type(description="A place and a way that pieces can come back.")
class ReturnPlaceChoice:
    location_id: UUID
    way: ReturnWay
    distance_km: int | None = strawberry.field(description="To the counter.")
    cost_cents: int | None = strawberry.field(description="Null without routing:read.")
    terms: ReturnCostTerms | None = strawberry.field(description="Null without routing:read.")

    @strawberry.field(description="The place's code.")
    async def location(self, info: Info) -> str:
        place = await by_id(info, StockLocation, self.location_id)
        return "" if place is None else place.code


@strawberry.type(description="The best place for one line alone; null for nowhere.")
class ReturnLinePlace:
    order_line_id: UUID
    best: ReturnPlaceChoice | None


@strawberry.type(description="Where pieces of an order can come back.")
class ReturnPlaces:
    choices: list[ReturnPlaceChoice] = strawberry.field(
        description="Parcels and the nearest counters that take all of it, the cheapest for the company first."
    )
    usual: ReturnPlaceChoice | None = strawberry.field(description="What a return gets that names no place.")
    lines: list[ReturnLinePlace]


def _choice(choice: ReturnChoice | None, context: Context) -> ReturnPlaceChoice | None:
    return None if choice is None else _shown(choice, context)


def _shown(choice: ReturnChoice, context: Context) -> ReturnPlaceChoice:
    inside = context.principal.may(Permission.ROUTING_READ)
    return ReturnPlaceChoice(
        location_id=choice.location_id, way=choice.way,
        distance_km=choice.distance_km if choice.way is ReturnWay.COUNTER else None,
        cost_cents=choice.cost_cents if inside else None,
        terms=ReturnCostTerms(**choice.terms._asdict()) if inside else None,
    )  # fmt: skip


@strawberry.type
class ReturnPlacesQuery:
    @strawberry.field(
        description="Where pieces of an order can come back, by parcel or at one of the `stores` nearest counters.",
        extensions=[requires(Permission.RETURNS_REQUEST, Permission.RETURNS_WRITE)],
    )
    async def return_places(
        self, info: Info, order_id: UUID, lines: list[LineQuantityInput], stores: int = 5
    ) -> ReturnPlaces:
        wanted = {line.line_id: line.quantity for line in lines}
        if not lines or len(wanted) != len(lines):
            raise InvalidInput("Each line once, and at least one.", code="INVALID_LINES", path=("lines",))
        context, principal = info.context, info.context.principal
        async with context.runtime.database.read_only(principal) as db:
            order = await queries.order_of(db, order_id, principal)
            rows = (await orders.lines_of(db, [order.id]))[order.id]
            found = await homing.return_places(db, order, rows, wanted, stores=stores)
        return ReturnPlaces(
            choices=[_shown(each, context) for each in found.choices],
            usual=_choice(found.usual, context),
            lines=[ReturnLinePlace(order_line_id=line, best=_choice(best, context)) for line, best in found.lines],
        )
