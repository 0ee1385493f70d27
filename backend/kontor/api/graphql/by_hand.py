"""Routing by hand: what sending work elsewhere would cost, and places that get no new work for a while."""

from __future__ import annotations

from datetime import date, datetime
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import strawberry

from kontor.api.graphql.context import Info
from kontor.api.graphql.errors import Refusal
from kontor.api.graphql.loaders import by_id
from kontor.api.graphql.locations import StockLocation
from kontor.api.graphql.mutation import change
from kontor.api.graphql.paging import After, Connection, First, connect, page_of, sorting
from kontor.api.graphql.permissions import requires
from kontor.auth.permissions import Permission
from kontor.core.db import Session
from kontor.fulfillment import previewing
from kontor.locations import models as places
from kontor.locations import pausing
from kontor.orders import queries as orders
from kontor.routing import excluding
from kontor.routing.models import RoutingExclusion as ExclusionRow
from kontor.routing.values import Reason

strawberry.enum(Reason, name="RoutingHurdle")


@strawberry.type(description="A place that work could be sent to, or why not.")
class RerouteCandidate:
    location_id: UUID
    feasible: bool = strawberry.field(description="All pieces can be sent from there.")
    reason: Reason | None = strawberry.field(description="Why it can send nothing.")
    missing: int = strawberry.field(description="Pieces it lacks.")
    cost_cents: int | None = strawberry.field(description="What the router would decide by, shortage included.")
    difference_cents: int | None = strawberry.field(description="More (or, below zero, less) than where the work is.")
    leaves_on: date | None
    arrives_on: date | None

    @strawberry.field(description="The place's code.")
    async def location(self, info: Info) -> str:
        place = await by_id(info, places.StockLocation, self.location_id)
        return "" if place is None else place.code

    @strawberry.field
    async def place_name(self, info: Info) -> str:
        place = await by_id(info, places.StockLocation, self.location_id)
        return "" if place is None else place.name


@strawberry.type(description="Where work could be sent, the cheapest feasible place first, 200 at most.")
class ReroutePreview:
    fulfillment_order_id: UUID
    location_id: UUID
    cost_cents: int | None = strawberry.field(description="Where it is; null if it could not be sent from there now.")
    candidates: list[RerouteCandidate]


@strawberry.type(description="A place that gets no new work: of an article, of an order, or (both null) none at all.")
class RoutingExclusion:
    id: UUID
    location_id: UUID
    variant_id: UUID | None
    order_id: UUID | None
    reason: str
    until: datetime
    created_at: datetime
    created_by: str
    lifted_at: datetime | None
    lifted_by: str | None

    @classmethod
    def of(cls, row: Any) -> RoutingExclusion:
        """As the API shows it."""
        names = (
            "id", "location_id", "variant_id", "order_id", "reason", "until", "created_at", "created_by", "lifted_at",
            "lifted_by",
        )  # fmt: skip
        return cls(**{name: getattr(row, name) for name in names})


@strawberry.input(description="For how many minutes (60, at most a week) a place gets no new work, of what, and why.")
class ExcludePlaceInput:
    location_id: UUID
    reason: str
    variant_id: UUID | None = None
    order_id: UUID | None = None
    minutes: int = 60


@strawberry.enum
class RoutingExclusionsSort(Enum):
    UNTIL = "UNTIL"
    UNTIL_DESC = "UNTIL_DESC"
    CREATED_AT = "CREATED_AT"
    CREATED_AT_DESC = "CREATED_AT_DESC"


@strawberry.type
class ExclusionChanged:
    exclusion: RoutingExclusion


@strawberry.type
class LocationPaused:
    location: StockLocation


ExclusionResult = Annotated[ExclusionChanged | Refusal, strawberry.union("ExclusionResult")]
PauseResult = Annotated[LocationPaused | Refusal, strawberry.union("PauseLocationResult")]


def _candidate(each: previewing.Candidate, here: int | None) -> RerouteCandidate:
    difference = None if here is None or each.cost_cents is None else each.cost_cents - here
    return RerouteCandidate(
        location_id=each.location_id, feasible=each.feasible, reason=each.reason, missing=each.missing,
        cost_cents=each.cost_cents, difference_cents=difference,
        leaves_on=None if each.leaves_day is None else date.fromordinal(each.leaves_day),
        arrives_on=None if each.arrival_day is None else date.fromordinal(each.arrival_day),
    )  # fmt: skip


@strawberry.type
class ByHandQuery:
    @strawberry.field(
        description="What sending work elsewhere would cost, place by place; nothing is changed.",
        extensions=[requires(Permission.ROUTING_READ)],
    )
    async def reroute_preview(self, info: Info, fulfillment_order_id: UUID) -> ReroutePreview:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            found = await previewing.preview_reroute(db, fulfillment_order_id)
        return ReroutePreview(
            fulfillment_order_id=found.fulfillment_order_id, location_id=found.location_id,
            cost_cents=found.cost_cents,
            candidates=[_candidate(each, found.cost_cents) for each in found.candidates],
        )  # fmt: skip

    @strawberry.field(
        description="Places out of routing; `active` those in force, or those that are over.",
        extensions=[requires(Permission.ROUTING_READ)],
    )
    async def routing_exclusions(
        self,
        info: Info,
        location_ids: list[UUID] | None = None,
        active: bool | None = None,
        sort: RoutingExclusionsSort = RoutingExclusionsSort.UNTIL_DESC,
        first: First = 50,
        after: After = None,
    ) -> Connection[RoutingExclusion]:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await excluding.list_exclusions(
                db, page_of(first, after), location_ids=location_ids, active=active, **sorting(sort)
            )
        return connect(page, RoutingExclusion.of)


async def _excluded_again(db: Session, ids: list[UUID]) -> ExclusionRow:
    return await db.get_one(ExclusionRow, ids[0])


def _targets(row: ExclusionRow) -> list[tuple[str, UUID]]:
    found = [("routing_exclusion", row.id), ("location", row.location_id)]
    return [*found, ("order", row.order_id)] if row.order_id is not None else found


async def _place_again(db: Session, ids: list[UUID]) -> places.StockLocation:
    return await db.get_one(places.StockLocation, ids[0])


@strawberry.type
class ByHandMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.FULFILLMENT_ROUTE)],
        description="Give a place no new work for a while. Work it has already is not moved.",
    )
    async def exclude_place(self, info: Info, input: ExcludePlaceInput) -> ExclusionResult:
        wish = excluding.ExclusionWish(**vars(input))

        async def work(db: Session) -> ExclusionRow:
            if wish.order_id is not None:
                await orders.get_order(db, wish.order_id, db.principal)
            return await excluding.exclude_place(db, wish)

        details = {"reason": wish.reason[:300], "minutes": wish.minutes}
        row = await change(info, work, body=wish, targets=_targets, again=_excluded_again, details=details)
        return ExclusionChanged(exclusion=RoutingExclusion.of(row))

    @strawberry.mutation(
        extensions=[requires(Permission.FULFILLMENT_ROUTE)], description="The place may get work again."
    )
    async def lift_exclusion(self, info: Info, id: UUID) -> ExclusionResult:
        row = await change(
            info, lambda db: excluding.lift_exclusion(db, id), body=[id], targets=_targets, again=_excluded_again
        )
        return ExclusionChanged(exclusion=RoutingExclusion.of(row))

    @strawberry.mutation(
        extensions=[requires(Permission.LOCATIONS_WRITE)],
        description="Route nothing to a place until a moment; the audit trail keeps the reason.",
    )
    async def pause_location(self, info: Info, location_id: UUID, until: datetime, reason: str) -> PauseResult:
        row = await change(
            info,
            lambda db: pausing.pause_location(db, location_id, until=until, reason=reason),
            body=[location_id, until, reason], targets=lambda done: [("location", done.id)], again=_place_again,
            details={"reason": reason[:300], "until": until.isoformat()},
        )  # fmt: skip
        return LocationPaused(location=StockLocation.of(row))

    @strawberry.mutation(
        extensions=[requires(Permission.LOCATIONS_WRITE)], description="Route to a paused place again."
    )
    async def resume_location(self, info: Info, location_id: UUID) -> PauseResult:
        row = await change(
            info, lambda db: pausing.resume_location(db, location_id), body=[location_id],
            targets=lambda done: [("location", done.id)], again=_place_again,
        )  # fmt: skip
        return LocationPaused(location=StockLocation.of(row))
