"""What has happened to work at a place, what was said about it, and who has it now."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry

from kontor.api.graphql.context import Context, Info
from kontor.api.graphql.loaders import by_id, by_parent
from kontor.api.graphql.shown import Shown
from kontor.fulfillment import models
from kontor.fulfillment.states import FulfillmentState
from kontor.locations.models import LocationKind, StockLocation

S = FulfillmentState
# What places themselves do: whose name stands there is one of the place's own people.
_OWN = frozenset({S.ACCEPTED, S.REJECTED, S.PICKED, S.PACKED, S.SHIPPED, S.READY_FOR_PICKUP, S.PICKED_UP})
_PERSON = "user:"


@strawberry.type(description="A step in the life of a fulfillment order.")
class FulfillmentStep:
    state: FulfillmentState
    at: datetime
    by: str | None = strawberry.field(description="Who did it, where it was a person and the caller may know.")
    reason: str | None


def step_of(row: Any, context: Context) -> FulfillmentStep:
    """A step as the caller sees it: partners do not learn who of the company did what, and why; shops of nobody."""
    state = FulfillmentState(row.new)
    principal = context.principal
    inside, own = principal.inside, state in _OWN and not principal.outside
    person = row.by.removeprefix(_PERSON) if row.by.startswith(_PERSON) else None
    return FulfillmentStep(
        state=state, at=row.at, by=person if inside or own else None, reason=row.reason if inside else None
    )


@strawberry.type(description="What a place wrote to the company about its work, or the company to the place.")
class FulfillmentMessage(Shown):
    id: UUID
    text: str
    from_place: bool
    by: str
    at: datetime


@strawberry.type(description="Pieces that this place lost are the work of another one now.")
class TakenOver:
    at: datetime
    quantity: int
    kind: LocationKind | None
    place: str | None = strawberry.field(description="Its name, for those who may know it.")


async def taken_over(info: Info, row: Any) -> list[TakenOver]:
    """Where the pieces of refused work are now, the first to take them first."""
    if row.state is not S.REJECTED:
        return []
    own = {line.order_line_id for line in await by_parent(info, models.FulfillmentLine.fulfillment_order_id, row.id)}
    found = []
    for other in await by_parent(info, models.FulfillmentOrder.order_id, row.order_id):
        # Who refused is not asked again: what is at the same place was there before.
        if other.location_id == row.location_id or other.state in (S.REJECTED, S.CANCELED):
            continue
        lines = await by_parent(info, models.FulfillmentLine.fulfillment_order_id, other.id)
        pieces = sum(line.quantity for line in lines if line.order_line_id in own)
        if pieces:
            place = await by_id(info, StockLocation, other.location_id)
            found.append(
                TakenOver(
                    at=other.created_at,
                    quantity=pieces,
                    kind=place.kind if place else None,
                    place=_name(info, other, place),
                )
            )
    return found


def _name(info: Info, row: Any, place: StockLocation | None) -> str | None:
    partner_id = info.context.principal.partner_id
    if place is None or (partner_id is not None and row.partner_id != partner_id):
        return None
    return place.name
