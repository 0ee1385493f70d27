"""Orders: seeing them, placing them, holding and releasing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Annotated, Any
from uuid import UUID

import sqlalchemy as sa
import strawberry
from strawberry.scalars import JSON

from kontor.api import group_writer, live_gate
from kontor.api.graphql import guessing
from kontor.api.graphql.context import Info
from kontor.api.graphql.errors import Refusal, plain, text_of
from kontor.api.graphql.loaders import by_id, by_parent
from kontor.api.graphql.mutation import change
from kontor.api.graphql.order_inputs import OrdersFilter, OrdersSort, PlaceOrderInput, filtered, sort_of
from kontor.api.graphql.order_types import Hold, Order, RoutingDecision, money, show_decision, show_hold, show_order
from kontor.api.graphql.paging import After, Connection, First, connect, page_of
from kontor.api.graphql.permissions import requires
from kontor.api.graphql.scalars import Money
from kontor.auth.permissions import Permission
from kontor.core.db import Session
from kontor.core.errors import InvalidInput, KontorError, NotFound, Path
from kontor.core.pagination import Page, paginate
from kontor.fulfillment.canceling import cancel_lines
from kontor.inventory.allocating import Pick
from kontor.inventory.models import Allocation
from kontor.orders import queries, service
from kontor.orders.errors import HoldNotFound
from kontor.orders.models import Order as OrderRow
from kontor.orders.models import OrderHold
from kontor.orders.placing import Outcome, Placed, Placement, Taken
from kontor.orders.states import HoldKind
from kontor.payments.ports import PaymentGateway
from kontor.routing.models import RoutingDecision as DecisionRow
from kontor.selfservice import service as selfservice

MOST_ORDERS = 1000


@strawberry.type
class OrdersQuery:
    @strawberry.field(extensions=[requires(Permission.ORDERS_READ)], description="By id or by number.")
    async def order(self, info: Info, id: UUID | None = None, number: str | None = None) -> Order | None:
        if (id is None) == (number is None):
            raise InvalidInput("Give the id or the number.", code="INVALID_LOOKUP", path=("id",))
        found = queries.visible_to(info.context.principal)
        found = found.where(OrderRow.id == id) if id else found.where(OrderRow.number == number)
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            row = await db.scalar(found)
        return None if row is None else show_order(row)

    @strawberry.field(extensions=[requires(Permission.ORDERS_READ)])
    async def orders(
        self,
        info: Info,
        filter: OrdersFilter | None = None,
        sort: OrdersSort = OrdersSort.PLACED_AT_DESC,
        first: First = 50,
        after: After = None,
    ) -> Connection[Order]:
        found = filtered(queries.visible_to(info.context.principal), filter)
        async with info.context.runtime.database.read_only(info.context.principal, bare=True) as db:
            page: Page[Any] = await paginate(db, found, sort_of(sort), OrderRow.id, page_of(first, after), plain=True)
        return connect(page, show_order)

    @strawberry.field(extensions=[requires(Permission.ROUTING_READ)])
    async def routing_decision(self, info: Info, id: UUID) -> RoutingDecision | None:
        visible = queries.visible_to(info.context.principal).with_only_columns(OrderRow.id)
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            row = await db.scalar(sa.select(DecisionRow).where(DecisionRow.id == id, DecisionRow.order_id.in_(visible)))
        return None if row is None else show_decision(row)


@strawberry.type(description="Pieces of an order that would come from one place on one day.")
class OrderParcel:
    location_id: UUID
    arrives_on: date | None
    quantity: int


def _parcels(rows: Iterable[Pick | Allocation]) -> list[OrderParcel]:
    """Picks or allocations by place and day."""
    found: dict[tuple[UUID, date | None], int] = {}
    for row in rows:
        key = (row.location_id, row.promised_on)
        found[key] = found.get(key, 0) + row.quantity
    return [
        OrderParcel(location_id=location_id, arrives_on=day, quantity=count)
        for (location_id, day), count in found.items()
    ]


@strawberry.type(description="An order that was taken; `replayed` when the same input had placed it before.")
class PlacedOrder:
    id: UUID
    number: str
    replayed: bool
    placement: strawberry.Private[Placement | None] = None

    @strawberry.field
    async def order(self, info: Info) -> Order:
        return show_order(await self._row(info))

    @strawberry.field(description="The date the order was promised for: its own, or when the last parcel is there.")
    async def promised_on(self, info: Info) -> date | None:
        return self.placement.promised_on if self.placement else (await self._row(info)).promised_on

    @strawberry.field(description="How it would be served as of now; of an order placed before, what is not sent yet.")
    async def parcels(self, info: Info) -> list[OrderParcel]:
        if self.placement is None:
            return _parcels(await by_parent(info, Allocation.order_id, self.id))
        return _parcels(self.placement.picks)

    @strawberry.field(description="Pieces nothing was found for yet; null for an order placed before.")
    def missing(self) -> int | None:
        return sum(self.placement.unallocated.values()) if self.placement else None

    @strawberry.field(
        description="What the router decided by, in cents; null without routing:read and for an order placed before."
    )
    def cost_cents(self, info: Info) -> int | None:
        plan = self.placement.plan if self.placement else None
        return plan.cost_cents if plan and info.context.principal.may(Permission.ROUTING_READ) else None

    async def _row(self, info: Info) -> OrderRow:
        row = await by_id(info, OrderRow, self.id)
        if row is None:
            raise NotFound("There is no such order.")
        return row


@strawberry.type(description="Why one order of a batch was refused.")
class RefusedOrder:
    external_id: str
    code: str
    message: str
    path: list[str]
    details: JSON


@strawberry.type(description="The outcome of each order, in the order of the input.")
class PlacedOrders:
    results: list[Annotated[PlacedOrder | RefusedOrder, strawberry.union("PlaceOrderOutcome")]]


@strawberry.input(description="Pieces of one line.")
class LineQuantityInput:
    line_id: UUID
    quantity: int


@strawberry.type(description="What was canceled at once, and what places were asked to stop; they may refuse.")
class LinesCanceled:
    order: Order
    canceled: int
    asked: int
    amount: Money


@strawberry.type
class HoldChanged:
    hold: Hold
    order: Order


def _check_gateways(info: Info, taken: Taken, path: Path) -> None:
    """A payment names a gateway that is there, or none for the usual one."""
    for index, payment in enumerate(taken.order.payments):
        if payment.gateway and payment.gateway not in info.context.runtime.ports.names(PaymentGateway):
            raise InvalidInput(
                f"There is no payment gateway {payment.gateway!r}.",
                code="UNKNOWN_GATEWAY",
                path=(*path, "payments", index, "gateway"),
            )


def _answer(outcome: Placed) -> PlacedOrder:
    return PlacedOrder(
        id=outcome.order_id, number=outcome.number, replayed=outcome.replayed, placement=outcome.placement
    )


def _result(info: Info, taken: Taken, outcome: Outcome) -> PlacedOrder | RefusedOrder:
    if isinstance(outcome, KontorError):
        return RefusedOrder(
            external_id=taken.order.external_id,
            code=outcome.code,
            message=text_of(outcome, info.context.language),
            path=[str(part) for part in outcome.path],
            details=plain(outcome.params),
        )
    return _answer(outcome)


async def _show_hold_changed(db: Session, hold: OrderHold) -> HoldChanged:
    order = await db.get_one(OrderRow, hold.order_id)
    return HoldChanged(hold=show_hold(hold), order=show_order(order))


async def _hold_again(db: Session, ids: Sequence[UUID]) -> HoldChanged:
    return await _show_hold_changed(db, await db.get_one(OrderHold, ids[-1]))


@strawberry.type
class OrdersMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.ORDERS_PLACE)],
        description="Take an order: priced, checked and its stock allocated. The same external id is one order.",
    )
    async def place_order(
        self, info: Info, input: PlaceOrderInput
    ) -> Annotated[PlacedOrder | Refusal, strawberry.union("PlaceOrderResult")]:
        taken = Taken(input.read(("input",)), info.context.principal, info.context.request_id)
        _check_gateways(info, taken, ("input",))
        await guessing.check(info, guessing.tried_by(taken.order))
        runtime = info.context.runtime
        await live_gate.of(runtime.database, runtime.ports).pass_through([taken.order])
        outcome = await group_writer.of(runtime.database).place(taken)
        if isinstance(outcome, KontorError):
            raise outcome.within("input")
        return _answer(outcome)

    @strawberry.mutation(
        extensions=[requires(Permission.ORDERS_PLACE)],
        description="Take up to 1,000 orders; each has its own outcome and a refused one leaves the others alone.",
    )
    async def place_orders(
        self, info: Info, inputs: list[PlaceOrderInput]
    ) -> Annotated[PlacedOrders | Refusal, strawberry.union("PlaceOrdersResult")]:
        if not 1 <= len(inputs) <= MOST_ORDERS:
            raise InvalidInput(f"1 to {MOST_ORDERS} orders.", code="INVALID_BATCH", path=("inputs",), max=MOST_ORDERS)
        who, request_id = info.context.principal, info.context.request_id
        batch = [Taken(each.read(("inputs", index)), who, request_id) for index, each in enumerate(inputs)]
        outcomes: dict[int, Outcome] = {
            **await guessing.hold_up(info, [guessing.tried_by(each.order) for each in batch])
        }
        places = [place for place in range(len(batch)) if place not in outcomes]
        part = [batch[place] for place in places]
        runtime = info.context.runtime
        await live_gate.of(runtime.database, runtime.ports).pass_through([taken.order for taken in part])
        done = await group_writer.of(runtime.database).place_many(part, request_id=request_id)
        outcomes |= zip(places, done, strict=True)
        return PlacedOrders(results=[_result(info, taken, outcomes[place]) for place, taken in enumerate(batch)])

    @strawberry.mutation(extensions=[requires(Permission.HOLDS_WRITE)], description="Keep an order from moving.")
    async def place_hold(
        self, info: Info, order_id: UUID, kind: HoldKind, reason: str, blocking: bool = True
    ) -> Annotated[HoldChanged | Refusal, strawberry.union("PlaceHoldResult")]:
        async def work(db: Session) -> HoldChanged:
            order = await queries.lock_order(db, order_id, db.principal)
            hold = service.place_hold(db, order, kind=kind, reason=reason, now=db.now, blocking=blocking)
            await db.flush()
            return await _show_hold_changed(db, hold)

        return await change(
            info, work, body=[order_id, kind, reason, blocking], again=_hold_again,
            targets=lambda done: [("order", done.order.id), ("hold", done.hold.id)],
        )  # fmt: skip

    @strawberry.mutation(extensions=[requires(Permission.HOLDS_WRITE)], description="The reason to wait is gone.")
    async def release_hold(
        self, info: Info, hold_id: UUID, note: str | None = None
    ) -> Annotated[HoldChanged | Refusal, strawberry.union("ReleaseHoldResult")]:
        async def work(db: Session) -> HoldChanged:
            hold = await service.get_hold(db, hold_id)
            if hold is None:
                raise HoldNotFound("There is no such open hold.")
            if hold.kind is HoldKind.RISK:  # releasing it accepts the order's risk
                db.principal.require(Permission.RISK_REVIEW)
            order = await queries.lock_order(db, hold.order_id, db.principal)
            service.release_hold(db, order, hold, now=db.now, note=note)
            await db.flush()
            return await _show_hold_changed(db, hold)

        return await change(
            info, work, body=[hold_id, note], again=_hold_again,
            targets=lambda done: [("order", done.order.id), ("hold", done.hold.id)],
        )  # fmt: skip

    @strawberry.mutation(
        extensions=[requires(Permission.ORDERS_CANCEL)],
        description="Cancel pieces of an order; without lines all that can still be canceled. Any number of times.",
    )
    async def cancel_order_lines(
        self, info: Info, order_id: UUID, reason: str, lines: list[LineQuantityInput] | None = None
    ) -> Annotated[LinesCanceled | Refusal, strawberry.union("CancelOrderLinesResult")]:
        wanted = None if lines is None else {line.line_id: line.quantity for line in lines}
        if lines is not None and (len(wanted or {}) != len(lines) or not lines):
            raise InvalidInput("Each line once, and at least one.", code="INVALID_LINES", path=("lines",))
        if not 1 <= len(reason.strip()) <= 300:
            raise InvalidInput("1 to 300 characters.", code="INVALID_REASON", path=("reason",))

        async def work(db: Session) -> LinesCanceled:
            order = await queries.lock_order(db, order_id, db.principal)
            rows = (await queries.lines_of(db, [order.id]))[order.id]
            pieces = wanted if wanted is not None else {row.id: row.open_quantity for row in rows if row.open_quantity}
            if selfservice.is_customer(db.principal):
                pieces = await selfservice.cancelable(db, order, rows, wanted)
            done = await cancel_lines(db, order, rows, pieces, reason=reason.strip(), now=db.now)
            await db.flush()
            amount = money(done.amount, order.currency)
            return LinesCanceled(
                order=show_order(order),
                canceled=sum(done.canceled.values()),
                asked=sum(done.asked.values()),
                amount=amount,
            )

        async def again(db: Session, ids: list[UUID]) -> LinesCanceled:
            order = await db.get_one(OrderRow, ids[0])
            return LinesCanceled(order=show_order(order), canceled=0, asked=0, amount=money(0, order.currency))

        return await change(
            info, work, body=[order_id, reason, wanted], again=again, targets=lambda done: [("order", done.order.id)]
        )
