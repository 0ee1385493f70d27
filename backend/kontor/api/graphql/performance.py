"""Figures of partners, the orders behind them, and objections."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import UNSET

from kontor.api.graphql.context import Context, Info
from kontor.api.graphql.errors import Refusal
from kontor.api.graphql.fulfillment_changes import rows_changed
from kontor.api.graphql.fulfillment_types import FulfillmentOrdersResult
from kontor.api.graphql.loaders import by_id, by_parent
from kontor.api.graphql.master_rows import Given, shown
from kontor.api.graphql.mutation import change
from kontor.api.graphql.paging import After, Connection, First, connect, page_of, sorting
from kontor.api.graphql.permissions import requires
from kontor.auth.permissions import Permission
from kontor.core.db import Session
from kontor.dropship import models, objections, open_work, performance
from kontor.dropship.states import Measure, ObjectionState
from kontor.fulfillment.models import FulfillmentOrder

strawberry.enum(Measure, name="PartnerMeasure")
strawberry.enum(ObjectionState)
strawberry.enum(open_work.Clearing, name="PartnerWorkClearing")


@strawberry.type(
    description="A number: `counted` out of `base`; `value` is its share in permille, for the age of stock hours, null "
    "where there is nothing to count. `target` is what was agreed, in the same unit."
)
class PartnerFigure:
    counted: int
    base: int
    value: int | None
    target: int | None

    @classmethod
    def of(cls, figure: performance.Figure) -> PartnerFigure:
        """As the API shows it."""
        return cls(counted=figure.counted, base=figure.base, value=figure.value, target=figure.target)


@strawberry.type(description="A figure over all the weeks, and in each of them, oldest first.")
class PartnerFigureSeries:
    measure: Measure
    more_is_better: bool = strawberry.field(description="Whether the target is a floor; else it is a ceiling.")
    total: PartnerFigure
    weeks: list[PartnerFigure]


@strawberry.type(description="How a partner works, week by week on the clock of its place.")
class PartnerPerformance:
    partner_id: UUID
    time_zone: str
    orders: int = strawberry.field(description="How many answered orders the figures rest on.")
    weeks: list[date] = strawberry.field(description="The Mondays, oldest first; the last week is not over.")
    series: list[PartnerFigureSeries]

    @classmethod
    def of(cls, found: performance.Performance) -> PartnerPerformance:
        """As the API shows it."""
        series = [
            PartnerFigureSeries(
                measure=each.measure, more_is_better=each.measure.more_is_better, total=PartnerFigure.of(each.total),
                weeks=[PartnerFigure.of(week) for week in each.weeks],
            )
            for each in found.series
        ]  # fmt: skip
        return cls(
            partner_id=found.partner_id, time_zone=found.time_zone, orders=found.orders,
            weeks=[week.monday for week in found.weeks], series=series,
        )  # fmt: skip


@strawberry.type(description="A partner says that an order should not count in a figure.")
class PerformanceObjection:
    id: UUID
    partner_id: UUID
    fulfillment_order_id: UUID
    measure: Measure
    state: ObjectionState
    reason: str
    answer: str | None
    created_at: datetime
    decided_at: datetime | None
    updated_at: datetime

    @strawberry.field(description="The number of the fulfillment order.")
    async def number(self, info: Info) -> str:
        row = await by_id(info, FulfillmentOrder, self.fulfillment_order_id)
        return row.number if row is not None else ""

    @classmethod
    def of(cls, row: Any) -> PerformanceObjection:
        """As the API shows it."""
        return cls(**shown(cls, row))


@strawberry.type(description="An order behind a number: what counted of it, out of how much.")
class CountedOrder:
    fulfillment_order_id: UUID
    number: str
    moment: datetime = strawberry.field(description="When it was given, due or shipped: what puts it into its week.")
    counted: int
    base: int
    measure: strawberry.Private[Measure]

    @strawberry.field(description="What the partner said against it, if anything.")
    async def objection(self, info: Info) -> PerformanceObjection | None:
        rows = await by_parent(info, models.Objection.fulfillment_order_id, self.fulfillment_order_id, visible=_visible)
        return next((PerformanceObjection.of(row) for row in rows if row.measure is self.measure), None)


_visible = objections.visible_to


@strawberry.input
class ObjectionsFilter(Given):
    partner_ids: list[UUID] | None = UNSET
    states: list[ObjectionState] | None = UNSET
    measures: list[Measure] | None = UNSET
    fulfillment_order_ids: list[UUID] | None = UNSET
    changed_since: datetime | None = UNSET


@strawberry.enum
class ObjectionsSort(Enum):
    CREATED_AT = "CREATED_AT"
    CREATED_AT_DESC = "CREATED_AT-"
    UPDATED_AT = "UPDATED_AT"
    UPDATED_AT_DESC = "UPDATED_AT-"


@strawberry.type
class PerformanceQuery:
    @strawberry.field(
        extensions=[requires(Permission.PARTNERS_READ)],
        description="How a partner works, over the last weeks with the present one; at most 53.",
    )
    async def partner_performance(
        self, info: Info, partner_id: UUID, weeks: int = performance.WEEKS
    ) -> PartnerPerformance:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            return PartnerPerformance.of(await performance.partner_performance(db, partner_id, weeks=weeks))

    @strawberry.field(
        extensions=[requires(Permission.PARTNERS_READ)],
        description="The orders behind a number, of one week (its Monday) or all; `missed` leaves out those that did "
        "as agreed. The newest 500.",
    )
    async def partner_performance_orders(
        self,
        info: Info,
        partner_id: UUID,
        measure: Measure,
        week: date | None = None,
        missed: bool = False,
        weeks: int = performance.WEEKS,
    ) -> list[CountedOrder]:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            found = await performance.counted_orders(
                db, partner_id, measure, monday=week, missed=missed, weeks=weeks
            )  # fmt: skip
        return [
            CountedOrder(
                fulfillment_order_id=row.id, number=row.number, moment=row.moment, counted=row.counted, base=row.base,
                measure=measure,
            )
            for row in found
        ]  # fmt: skip

    @strawberry.field(
        extensions=[requires(Permission.PARTNERS_READ)], description="What partners said against their figures."
    )
    async def performance_objections(
        self,
        info: Info,
        filter: ObjectionsFilter | None = None,
        sort: ObjectionsSort = ObjectionsSort.CREATED_AT_DESC,
        first: First = 50,
        after: After = None,
    ) -> Connection[PerformanceObjection]:
        wanted = objections.ObjectionFilter(**(filter.values() if filter else {}))
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await objections.list_objections(db, wanted, page_of(first, after), **sorting(sort))
        return connect(page, PerformanceObjection.of)


@strawberry.type
class ObjectionPayload:
    objection: PerformanceObjection


ObjectionResult = Annotated[ObjectionPayload | Refusal, strawberry.union("ObjectionResult")]


async def _again(db: Session, ids: list[UUID]) -> ObjectionPayload:
    return ObjectionPayload(objection=PerformanceObjection.of(await objections.lock_objection(db, ids[0])))


def _targets(done: ObjectionPayload) -> list[tuple[str, UUID]]:
    return [("performance_objection", done.objection.id), ("partner", done.objection.partner_id)]


@strawberry.type
class PerformanceMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.FULFILLMENT_WRITE)],
        description="Say why an order should not count in a figure; the retailer decides.",
    )
    async def object_to_figure(
        self, info: Info, fulfillment_order_id: UUID, measure: Measure, reason: str
    ) -> ObjectionResult:
        async def work(db: Session) -> ObjectionPayload:
            row = await objections.object_to(db, fulfillment_order_id, measure, reason=reason)
            return ObjectionPayload(objection=PerformanceObjection.of(row))

        body = [fulfillment_order_id, measure, reason]
        return await change(info, work, body=body, again=_again, targets=_targets)

    @strawberry.mutation(
        extensions=[requires(Permission.PARTNERS_WRITE)],
        description="Uphold an objection, so that the order counts no more, or deny it.",
    )
    async def decide_objection(self, info: Info, id: UUID, upheld: bool, answer: str) -> ObjectionResult:
        async def work(db: Session) -> ObjectionPayload:
            row = await objections.lock_objection(db, id)
            await objections.decide(db, row, upheld=upheld, answer=answer)
            await db.flush()
            return ObjectionPayload(objection=PerformanceObjection.of(row))

        return await change(info, work, body=[id, upheld, answer], again=_again, targets=_targets)

    @strawberry.mutation(
        extensions=[requires(Permission.FULFILLMENT_ROUTE)],
        description="Take open work back from a partner: move it to other places, or cancel it; begun work is asked "
        "back first. Up to 100, each with its outcome.",
    )
    async def clear_partner_work(
        self,
        info: Info,
        partner_id: UUID,
        fulfillment_order_ids: list[UUID],
        action: open_work.Clearing,
        reason: str,
    ) -> FulfillmentOrdersResult:
        async def work(db: Session) -> Sequence[Any]:
            return await open_work.clear_work(
                db, partner_id, fulfillment_order_ids, action, reason=reason, now=db.now
            )  # fmt: skip

        return await rows_changed(info, work, [partner_id, fulfillment_order_ids, action, reason])


async def open_work_by_partner(context: Context, ids: list[UUID]) -> Sequence[open_work.OpenWork]:
    """The open work of partners, for whoever shows them."""
    async with context.runtime.database.read_only(context.principal, bare=True) as db:
        found = await open_work.open_work_of(db, ids)
    return [found[each] for each in ids]
