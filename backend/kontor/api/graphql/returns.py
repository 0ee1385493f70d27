"""Returns: announced, decided, received, looked at; and what is due for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import strawberry

from kontor.api.graphql.context import Info
from kontor.api.graphql.decision_words import place_words
from kontor.api.graphql.errors import Refusal
from kontor.api.graphql.loaders import by_id, by_parent
from kontor.api.graphql.mutation import change
from kontor.api.graphql.order_types import money
from kontor.api.graphql.orders import LineQuantityInput
from kontor.api.graphql.paging import After, Connection, First, connect, page_of, sorting
from kontor.api.graphql.permissions import requires
from kontor.api.graphql.return_refund import ReturnRefund
from kontor.api.graphql.scalars import Money
from kontor.auth.permissions import Permission
from kontor.claims.queries import waiting_pieces
from kontor.core.db import Session
from kontor.core.errors import InvalidInput
from kontor.orders.models import Order
from kontor.orders.queries import get_order
from kontor.partners.models import ReturnPostage
from kontor.returns import labels, models, queries, receiving, service, splitting
from kontor.returns.errors import ReturnNotFound
from kontor.returns.receiving import Arrived, Finding
from kontor.returns.refunding import refund_due
from kontor.returns.service import Announcement, ReturnWish
from kontor.returns.states import Disposition, ReturnReason, ReturnState
from kontor.returns.writing_off import preview_return
from kontor.selfservice import service as selfservice

for _states in (Disposition, ReturnReason, ReturnState):
    strawberry.enum(_states)


@strawberry.type(description="What was found: pieces, and what happens to them; only RESTOCK makes them sellable.")
class ReturnInspection:
    id: UUID
    location_id: UUID
    quantity: int
    disposition: Disposition
    condition: str | None
    refundable: bool
    inspected_at: datetime
    inspected_by: str


_INSPECTION = (
    "id", "location_id", "quantity", "disposition", "condition", "refundable", "inspected_at", "inspected_by",
)  # fmt: skip
_LINE = (
    "id", "shipment_line_id", "order_line_id", "quantity", "received", "inspected", "accepted", "refunded", "reason",
    "note",
)  # fmt: skip


@strawberry.type(description="Announced pieces of one shipment line, and how far they are.")
class ReturnLine:
    id: UUID
    shipment_line_id: UUID
    order_line_id: UUID
    quantity: int
    received: int
    inspected: int
    accepted: int = strawberry.field(description="Pieces that are paid for.")
    refunded: int
    reason: ReturnReason
    note: str | None

    @strawberry.field
    async def inspections(self, info: Info) -> list[ReturnInspection]:
        rows = await by_parent(info, models.ReturnInspection.return_line_id, self.id)
        names = {"inspected_by": ""} if info.context.principal.outside else {}
        return [ReturnInspection(**{name: getattr(row, name) for name in _INSPECTION} | names) for row in rows]


_RETURN = (
    "id", "number", "order_id", "state", "location_id", "postage_payer", "note", "label_tracking", "label_document_id",
    "announcement_id", "requested_at", "expires_at", "updated_at",
)  # fmt: skip


@strawberry.type(description="An announced return; `number` is the RMA number.")
class Return:
    id: UUID
    number: str
    order_id: UUID
    state: ReturnState
    location_id: UUID | None
    fee: Money = strawberry.field(description="Kept from the refund, a line of its own.")
    postage_payer: ReturnPostage | None = strawberry.field(
        description="Whether we or the partner that shipped the goods bear the postage; null where none did."
    )
    note: str | None
    label_tracking: str | None
    label_document_id: UUID | None
    announcement_id: strawberry.Private[UUID | None]
    requested_at: datetime
    expires_at: datetime | None
    updated_at: datetime

    @strawberry.field
    async def lines(self, info: Info) -> list[ReturnLine]:
        rows = await by_parent(info, models.ReturnLine.return_id, self.id)
        return [ReturnLine(**{name: getattr(row, name) for name in _LINE}) for row in rows]

    @strawberry.field
    async def order_number(self, info: Info) -> str:
        order = await by_id(info, Order, self.order_id)
        return order.number if order is not None else ""

    @strawberry.field(
        description="Why it goes to its place, in the language asked for; empty where the place was named.",
        extensions=[requires(Permission.ROUTING_READ)],
    )
    async def place_explanation(self, info: Info) -> list[str]:
        rows = await by_parent(
            info, models.ReturnPlaceDecision.return_id, self.id, order_by=models.ReturnPlaceDecision.return_id
        )
        return [line for row in rows for line in await place_words(info, row.record)]

    @strawberry.field(
        description="Returns that were announced together with this one, because no one place takes all of it: each "
        "goes to a place of its own, with its own number and label."
    )
    async def announced_with(self, info: Info) -> list[Return]:
        if self.announcement_id is None:
            return []
        rows = await by_parent(info, models.Return.announcement_id, self.announcement_id)
        places = info.context.principal.location_ids
        return [Return.of(row) for row in rows if row.id != self.id and (places is None or row.location_id in places)]

    @classmethod
    def of(cls, row: Any) -> Return:
        """As the API shows it."""
        return cls(fee=money(row.fee, row.currency), **{name: getattr(row, name) for name in _RETURN})


@strawberry.input(description="What is left out does not narrow.")
class ReturnsFilter:
    states: list[ReturnState] | None = None
    order_ids: list[UUID] | None = None
    order_number: str | None = None
    number: str | None = None
    location_ids: list[UUID] | None = None
    requested_from: datetime | None = None
    requested_until: datetime | None = None
    changed_since: datetime | None = None

    def value(self) -> queries.ReturnFilter:
        """As the domain takes it."""
        return queries.ReturnFilter(**vars(self))


@strawberry.enum
class ReturnsSort(Enum):
    NUMBER = "NUMBER"
    NUMBER_DESC = "NUMBER_DESC"
    REQUESTED_AT = "REQUESTED_AT"
    REQUESTED_AT_DESC = "REQUESTED_AT_DESC"
    UPDATED_AT = "UPDATED_AT"
    UPDATED_AT_DESC = "UPDATED_AT_DESC"


@strawberry.input(description="Pieces of an order line that are to come back.")
class ReturnLineInput:
    order_line_id: UUID
    quantity: int
    reason: ReturnReason
    note: str | None = None


@strawberry.input(description="What was found; the place only where pieces of the line lie at several.")
class FindingInput:
    line_id: UUID
    quantity: int
    disposition: Disposition
    refundable: bool = True
    condition: str | None = None
    location_id: UUID | None = None

    def value(self) -> Finding:
        """As the domain takes it."""
        return Finding(**vars(self))


@strawberry.type
class ReturnChanged:
    return_: Return = strawberry.field(name="return")


ReturnResult = Annotated[ReturnChanged | Refusal, strawberry.union("ReturnResult")]


@strawberry.type
class ReturnsQuery:
    @strawberry.field(
        name="return",
        description="By id, or by the RMA number a customer shows, which any place may look up.",
        extensions=[requires(Permission.RETURNS_READ)],
    )
    async def return_(self, info: Info, id: UUID | None = None, number: str | None = None) -> Return | None:
        principal = info.context.principal
        async with info.context.runtime.database.read_only(principal) as db:
            if id is not None and number is None:
                row = await db.scalar(queries.visible_to(principal).where(models.Return.id == id))
            elif number is not None and id is None:
                row = await queries.find_by_number(db, number, principal)
            else:
                raise InvalidInput("Give the id or the number.", code="INVALID_LOOKUP", path=("id",))
        return None if row is None else Return.of(row)

    @strawberry.field(extensions=[requires(Permission.RETURNS_READ)])
    async def returns(
        self,
        info: Info,
        filter: ReturnsFilter | None = None,
        sort: ReturnsSort = ReturnsSort.REQUESTED_AT_DESC,
        first: First = 50,
        after: After = None,
    ) -> Connection[Return]:
        wanted, principal = filter.value() if filter else queries.ReturnFilter(), info.context.principal
        async with info.context.runtime.database.read_only(principal) as db:
            page = await queries.list_returns(db, wanted, page_of(first, after), principal=principal, **sorting(sort))
        return connect(page, Return.of)

    @strawberry.field(
        description="What a return is to be paid now, before anybody pays it.",
        extensions=[requires(Permission.RETURNS_READ)],
    )
    async def return_refund_due(self, info: Info, return_id: UUID) -> ReturnRefund:
        principal = info.context.principal
        async with info.context.runtime.database.read_only(principal) as db:
            due = await refund_due(db, await queries.get_return(db, return_id, principal))
        return ReturnRefund.of(due, info.context.language)

    @strawberry.field(
        description="What a return of these pieces would be paid if all of them came back and were accepted.",
        extensions=[requires(Permission.RETURNS_REQUEST, Permission.RETURNS_WRITE)],
    )
    async def preview_return(self, info: Info, order_id: UUID, lines: list[ReturnLineInput]) -> ReturnRefund:
        principal = info.context.principal
        wishes = tuple(ReturnWish(line.order_line_id, line.quantity, line.reason, line.note) for line in lines)
        async with info.context.runtime.database.read_only(principal) as db:
            order = await get_order(db, order_id, principal)
            taken = await waiting_pieces(db, order.id)
            due = await preview_return(db, order, Announcement(order_id, wishes, taken=taken))
        return ReturnRefund.of(due, info.context.language)


async def _changed(info: Info, work: Callable[[Session], Awaitable[models.Return]], body: Any) -> ReturnChanged:
    async def run(db: Session) -> ReturnChanged:
        return ReturnChanged(return_=Return.of(await work(db)))

    async def again(db: Session, ids: list[UUID]) -> ReturnChanged:
        return ReturnChanged(return_=Return.of(await db.get_one(models.Return, ids[0])))

    return await change(
        info, run, body=body, again=again,
        targets=lambda done: [("return", done.return_.id), ("order", done.return_.order_id)],
    )  # fmt: skip


def _arrived(lines: list[LineQuantityInput]) -> list[Arrived]:
    return [Arrived(line.line_id, line.quantity) for line in lines]


async def _to_receive(db: Session, id: UUID | None, number: str | None) -> UUID:
    """The return goods came for: one of the caller's own, or the one whose number the customer shows."""
    if (id is None) == (number is None):
        raise InvalidInput("Give the id or the number.", code="INVALID_LOOKUP", path=("id",))
    if id is not None:
        return (await queries.get_return(db, id, db.principal)).id
    found = await queries.find_by_number(db, number or "", db.principal)
    if found is None:
        raise ReturnNotFound("There is no such return.", path=("number",))
    return found.id


@strawberry.type
class ReturnsMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.RETURNS_REQUEST, Permission.RETURNS_WRITE)],
        description="Announce a return. `anyway` overlooks time and kind of article, which needs returns:write. Where "
        "no one place takes all of it, each place gets a return of its own: see `announcedWith`.",
    )
    async def request_return(
        self,
        info: Info,
        order_id: UUID,
        lines: list[ReturnLineInput],
        note: str | None = None,
        location_id: UUID | None = None,
        anyway: bool = False,
    ) -> ReturnResult:
        if anyway:
            info.context.principal.require(Permission.RETURNS_WRITE)
        wishes = tuple(ReturnWish(line.order_line_id, line.quantity, line.reason, line.note) for line in lines)
        announced = Announcement(order_id, wishes, note, location_id, anyway)

        async def work(db: Session) -> models.Return:
            order = await queries.lock_order_of(db, order_id, db.principal)
            if selfservice.is_customer(db.principal):
                wanted = sum((Counter({wish.order_line_id: wish.quantity}) for wish in wishes), Counter[UUID]())
                await selfservice.check_returnable(db, order, wanted, now=db.now)
            left = replace(announced, taken=await waiting_pieces(db, order.id))
            return (await splitting.announce(db, left, now=db.now, principal=db.principal))[0]

        return await _changed(info, work, announced)

    @strawberry.mutation(extensions=[requires(Permission.RETURNS_WRITE)], description="The return may be sent.")
    async def approve_return(self, info: Info, id: UUID) -> ReturnResult:
        return await _changed(info, lambda db: service.approve(db, id, now=db.now, principal=db.principal), [id])

    @strawberry.mutation(extensions=[requires(Permission.RETURNS_WRITE)], description="The return is not accepted.")
    async def decline_return(self, info: Info, id: UUID, reason: str) -> ReturnResult:
        return await _changed(
            info, lambda db: service.decline(db, id, reason=reason, now=db.now, principal=db.principal), [id, reason]
        )

    @strawberry.mutation(
        extensions=[requires(Permission.RETURNS_WRITE)], description="The label's number and document."
    )
    async def set_return_label(
        self, info: Info, id: UUID, tracking: str | None = None, document_id: UUID | None = None
    ) -> ReturnResult:
        return await _changed(
            info,
            lambda db: labels.set_label(
                db, id, tracking=tracking, document_id=document_id, now=db.now, principal=db.principal
            ),
            [id, tracking, document_id],
        )

    @strawberry.mutation(extensions=[requires(Permission.RETURNS_WRITE)], description="The customer handed it in.")
    async def mark_return_in_transit(self, info: Info, id: UUID) -> ReturnResult:
        return await _changed(
            info, lambda db: service.mark_in_transit(db, id, now=db.now, principal=db.principal), [id]
        )

    @strawberry.mutation(
        extensions=[requires(Permission.RETURNS_REQUEST, Permission.RETURNS_WRITE)],
        description="Nothing comes back after all.",
    )
    async def cancel_return(self, info: Info, id: UUID, reason: str) -> ReturnResult:
        return await _changed(
            info,
            lambda db: service.cancel_return(db, id, reason=reason, now=db.now, principal=db.principal),
            [id, reason],
        )

    @strawberry.mutation(
        extensions=[requires(Permission.RETURNS_WRITE)],
        description="Pieces arrived at a place that takes returns, by id or the RMA number the customer shows; with "
        "findings they are looked at in the same step.",
    )
    async def receive_return(
        self,
        info: Info,
        location_id: UUID,
        lines: list[LineQuantityInput],
        id: UUID | None = None,
        number: str | None = None,
        findings: list[FindingInput] | None = None,
    ) -> ReturnResult:
        arrived, found = _arrived(lines), [each.value() for each in findings or ()]

        async def work(db: Session) -> models.Return:
            return_id = await _to_receive(db, id, number)
            return await receiving.receive_return(
                db, return_id, location_id, arrived, now=db.now, findings=found, principal=db.principal
            )

        return await _changed(info, work, [location_id, arrived, id, number, found])

    @strawberry.mutation(
        extensions=[requires(Permission.RETURNS_WRITE)],
        description="Somebody looked at pieces that arrived; each gets what happens to it.",
    )
    async def inspect_return(self, info: Info, id: UUID, findings: list[FindingInput]) -> ReturnResult:
        found = [each.value() for each in findings]
        return await _changed(
            info,
            lambda db: receiving.inspect_return(db, id, found, now=db.now, principal=db.principal),
            [id, found],
        )

    @strawberry.mutation(extensions=[requires(Permission.RETURNS_WRITE)], description="The return is settled.")
    async def close_return(self, info: Info, id: UUID) -> ReturnResult:
        return await _changed(info, lambda db: service.close_return(db, id, now=db.now, principal=db.principal), [id])
