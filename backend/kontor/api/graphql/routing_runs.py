"""Joint planning of all orders that wait: its runs, what they moved, starting one; and orders that stay in place."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import UNSET

from kontor.api.graphql.context import Info
from kontor.api.graphql.errors import Refusal
from kontor.api.graphql.master_rows import Given, shown
from kontor.api.graphql.mutation import change
from kontor.api.graphql.order_types import Order, show_order
from kontor.api.graphql.paging import After, Connection, First, connect, page_of, sorting
from kontor.api.graphql.permissions import requires
from kontor.api.graphql.scalars import Long
from kontor.auth.permissions import Permission
from kontor.core.db import Session
from kontor.core.errors import Forbidden
from kontor.fulfillment import reoptimizing
from kontor.orders import queries as orders
from kontor.orders.models import Order as OrderRow
from kontor.orders.routing_locks import lock_routing, unlock_routing
from kontor.routing import runs
from kontor.routing.models import RoutingRun as RunRow
from kontor.routing.runs import Occasion

strawberry.enum(Occasion, name="RoutingRunOccasion")


@strawberry.type(description="One joint planning of all orders that wait; amounts in cents of the policies.")
class RoutingRun:
    id: UUID
    occasion: Occasion
    requested_at: datetime
    requested_by: str
    started_at: datetime | None
    ended_at: datetime | None = strawberry.field(description="Null as long as it waits or is under way.")
    orders: int = strawberry.field(description="Orders that were looked at.")
    moved: int
    stale: int = strawberry.field(description="Orders whose move was not made: something had changed meanwhile.")
    gained: Long = strawberry.field(description="What the moves save.")
    cost: Long = strawberry.field(description="What the orders would have cost as they lay.")
    planned: Long = strawberry.field(description="What the joint plan costs, all of it carried out.")
    bound: Long = strawberry.field(description="No joint plan costs less.")
    milliseconds: int

    @strawberry.field(description="How far the joint plan may be off, as a share of the bound; 0 is proven.")
    def gap(self) -> float:
        return (self.planned - self.bound) / max(1, abs(self.bound))

    @classmethod
    def of(cls, row: Any) -> RoutingRun:
        """As the API shows it."""
        amounts = {name: Long(getattr(row, name)) for name in ("gained", "cost", "planned", "bound")}
        return cls(**{**shown(cls, row), **amounts, "occasion": Occasion(row.occasion)})


@strawberry.type(description="An order that a run moved; its decision says why.")
class RoutingMove:
    id: UUID
    run_id: UUID
    order_id: UUID
    decision_id: UUID
    gain: Long = strawberry.field(description="Cents saved; below 0 where the order made room for others.")

    @classmethod
    def of(cls, row: Any) -> RoutingMove:
        """As the API shows it."""
        return cls(**{**shown(cls, row), "gain": Long(row.gain)})


@strawberry.input
class RoutingRunsFilter(Given):
    occasions: list[Occasion] | None = UNSET
    requested_since: datetime | None = UNSET
    moved: bool | None = UNSET

    def value(self) -> runs.RunFilter:
        """As the domain takes it."""
        return runs.RunFilter(**self.values())


@strawberry.input
class RoutingMovesFilter(Given):
    run_ids: list[UUID] | None = UNSET
    order_ids: list[UUID] | None = UNSET

    def value(self) -> runs.MoveFilter:
        """As the domain takes it."""
        return runs.MoveFilter(**self.values())


@strawberry.enum
class RoutingRunsSort(Enum):
    REQUESTED_AT = "REQUESTED_AT"
    REQUESTED_AT_DESC = "REQUESTED_AT_DESC"


@strawberry.enum
class RoutingMovesSort(Enum):
    GAIN = "GAIN"
    GAIN_DESC = "GAIN_DESC"


@strawberry.type
class RoutingRunsQuery:
    @strawberry.field(
        description="Callers with a scope see none: a run is about the orders of all.",
        extensions=[requires(Permission.ROUTING_READ)],
    )
    async def routing_runs(
        self,
        info: Info,
        filter: RoutingRunsFilter | None = None,
        sort: RoutingRunsSort = RoutingRunsSort.REQUESTED_AT_DESC,
        first: First = 50,
        after: After = None,
    ) -> Connection[RoutingRun]:
        wanted = filter.value() if filter else runs.RunFilter()
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await runs.list_runs(db, wanted, page_of(first, after), **sorting(sort))
        return connect(page, RoutingRun.of)

    @strawberry.field(extensions=[requires(Permission.ROUTING_READ)])
    async def routing_run(self, info: Info, id: UUID) -> RoutingRun | None:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            row = await runs.find_run(db, id)
        return None if row is None else RoutingRun.of(row)

    @strawberry.field(
        description="What runs moved, as far as the caller may see the orders.",
        extensions=[requires(Permission.ROUTING_READ)],
    )
    async def routing_moves(
        self,
        info: Info,
        filter: RoutingMovesFilter | None = None,
        sort: RoutingMovesSort = RoutingMovesSort.GAIN_DESC,
        first: First = 50,
        after: After = None,
    ) -> Connection[RoutingMove]:
        wanted = filter.value() if filter else runs.MoveFilter()
        visible = orders.visible_to(info.context.principal).with_only_columns(OrderRow.id)
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await runs.list_moves(db, wanted, page_of(first, after), visible=visible, **sorting(sort))
        return connect(page, RoutingMove.of)


@strawberry.type
class RoutingRunRequested:
    run: RoutingRun


@strawberry.type
class RoutingLockChanged:
    order: Order


async def _order_again(db: Session, ids: list[UUID]) -> RoutingLockChanged:
    return RoutingLockChanged(order=show_order(await db.get_one(OrderRow, ids[0])))


@strawberry.type
class RoutingRunsMutation:
    @strawberry.mutation(
        description="Plan all orders that wait jointly, as soon as the runs asked for before are done.",
        extensions=[requires(Permission.ROUTING_WRITE)],
    )
    async def reoptimize_routing(
        self, info: Info
    ) -> Annotated[RoutingRunRequested | Refusal, strawberry.union("ReoptimizeRoutingResult")]:
        async def work(db: Session) -> RoutingRunRequested:
            if db.principal.restricted:
                raise Forbidden("The orders of all are planned, which is not within your scope.")
            run = reoptimizing.request_run(db, Occasion.MANUAL)
            await db.flush()
            return RoutingRunRequested(run=RoutingRun.of(run))

        async def again(db: Session, ids: list[UUID]) -> RoutingRunRequested:
            return RoutingRunRequested(run=RoutingRun.of(await db.get_one(RunRow, ids[0])))

        return await change(info, work, body=[], again=again, targets=lambda done: [("routingRun", done.run.id)])

    @strawberry.mutation(
        description="Keep an order where it is: nothing but a refusal of its place, or a person, moves it.",
        extensions=[requires(Permission.FULFILLMENT_ROUTE)],
    )
    async def lock_routing(
        self, info: Info, order_id: UUID, reason: str
    ) -> Annotated[RoutingLockChanged | Refusal, strawberry.union("LockRoutingResult")]:
        async def work(db: Session) -> RoutingLockChanged:
            order = await orders.lock_order(db, order_id, db.principal)
            await lock_routing(db, order, reason=reason)
            await db.flush()
            return RoutingLockChanged(order=show_order(order))

        return await change(
            info, work, body=[order_id, reason], again=_order_again, details={"reason": reason[:300]},
            targets=lambda done: [("order", done.order.id)],
        )  # fmt: skip

    @strawberry.mutation(
        description="Let an order be moved again.", extensions=[requires(Permission.FULFILLMENT_ROUTE)]
    )
    async def unlock_routing(
        self, info: Info, order_id: UUID
    ) -> Annotated[RoutingLockChanged | Refusal, strawberry.union("UnlockRoutingResult")]:
        async def work(db: Session) -> RoutingLockChanged:
            order = await orders.lock_order(db, order_id, db.principal)
            await unlock_routing(db, order)
            return RoutingLockChanged(order=show_order(order))

        return await change(
            info, work, body=[order_id], again=_order_again, targets=lambda done: [("order", done.order.id)]
        )
