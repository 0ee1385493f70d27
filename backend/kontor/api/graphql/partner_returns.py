"""Returns as whoever the goods come back to sees them: what is announced, what to decide; no price, no customer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import strawberry

from kontor.api.graphql.context import Info
from kontor.api.graphql.errors import Refusal
from kontor.api.graphql.live import ABOUT, CatchUp, Followed, Update, follow
from kontor.api.graphql.loaders import by_id, by_parent
from kontor.api.graphql.mutation import change
from kontor.api.graphql.paging import After, Connection, First, connect, page_of, sorting
from kontor.api.graphql.permissions import requires
from kontor.auth.permissions import Permission
from kontor.core.db import Session
from kontor.core.errors import InvalidInput
from kontor.documents.models import Document
from kontor.notifications import service as notifications
from kontor.orders.models import Order, OrderLine
from kontor.returns import deciding, labels, models, queries
from kontor.returns.deciding import Condition, Decision
from kontor.returns.states import ReturnReason, ReturnState

strawberry.enum(Condition)
PHOTO = "RETURN_PHOTO"


@strawberry.enum(description="Where a return stands for whoever the goods come back to.")
class ReturnPhase(Enum):
    ANNOUNCED = "ANNOUNCED"
    ARRIVED = "ARRIVED"
    DECIDED = "DECIDED"
    ENDED = "ENDED"


_STATES = {
    ReturnPhase.ANNOUNCED: deciding.ANNOUNCED,
    ReturnPhase.ARRIVED: deciding.ARRIVED,
    ReturnPhase.DECIDED: deciding.DECIDED,
    ReturnPhase.ENDED: frozenset({ReturnState.DECLINED, ReturnState.CANCELED}),
}


@strawberry.type(description="What was decided about pieces; `by` is empty when it was not one of your own people.")
class PieceDecision:
    quantity: int
    condition: str | None
    accepted: bool
    reason: str | None
    at: datetime
    by: str


@strawberry.type(description="Announced pieces of one article.")
class PartnerReturnLine:
    id: UUID
    order_line_id: UUID
    quantity: int
    received: int
    inspected: int = strawberry.field(description="Pieces that were decided on.")
    accepted: int
    reason: ReturnReason
    note: str | None

    @strawberry.field
    async def sku(self, info: Info) -> str:
        row = await by_id(info, OrderLine, self.order_line_id)
        return row.sku if row is not None else ""

    @strawberry.field
    async def name(self, info: Info) -> str:
        row = await by_id(info, OrderLine, self.order_line_id)
        return row.name if row is not None else ""

    @strawberry.field
    async def decisions(self, info: Info) -> list[PieceDecision]:
        rows = await by_parent(info, models.ReturnInspection.return_line_id, self.id)
        principal = info.context.principal
        return [
            PieceDecision(
                quantity=row.quantity, condition=row.condition, accepted=row.refundable, reason=row.reason,
                at=row.inspected_at, by=deciding.named(row.inspected_by, row.partner_id, principal),
            )
            for row in rows
        ]  # fmt: skip


@strawberry.type(description="A photo of what came back; its content is at `address`.")
class ReturnPhoto:
    id: UUID
    address: str
    created_at: datetime


_LINE = ("id", "order_line_id", "quantity", "received", "inspected", "accepted", "reason", "note")


@strawberry.type(description="A return whose goods come to a place of the caller; `number` is on its label.")
class PartnerReturn:
    id: UUID
    number: str
    order_id: UUID
    phase: ReturnPhase
    location_id: UUID | None
    note: str | None
    label_tracking: str | None
    requested_at: datetime
    expires_at: datetime | None
    arrived_at: datetime | None
    due_at: datetime | None = strawberry.field(description="Until when the customer may expect a decision.")
    label_sent_at: datetime | None
    updated_at: datetime

    @strawberry.field
    async def order_number(self, info: Info) -> str:
        order = await by_id(info, Order, self.order_id)
        return order.number if order is not None else ""

    @strawberry.field
    async def lines(self, info: Info) -> list[PartnerReturnLine]:
        rows = await by_parent(info, models.ReturnLine.return_id, self.id)
        return [PartnerReturnLine(**{name: getattr(row, name) for name in _LINE}) for row in rows]

    @strawberry.field
    async def photos(self, info: Info) -> list[ReturnPhoto]:
        rows = await by_parent(info, Document.order_id, self.order_id)
        return [
            ReturnPhoto(id=row.id, address=f"/files/returns/{self.id}/photos/{row.id}", created_at=row.created_at)
            for row in rows
            if row.kind == PHOTO and row.subject_id == self.id
        ]

    @classmethod
    def of(cls, row: Any) -> PartnerReturn:
        """As the API shows it."""
        phase = next(phase for phase, states in _STATES.items() if row.state in states)
        waits = phase is ReturnPhase.ARRIVED and row.arrived_at is not None
        return cls(
            id=row.id, number=row.number, order_id=row.order_id, phase=phase, location_id=row.location_id,
            note=row.note, label_tracking=row.label_tracking, requested_at=row.requested_at, expires_at=row.expires_at,
            arrived_at=row.arrived_at, due_at=row.arrived_at + deciding.DECIDE_WITHIN if waits else None,
            label_sent_at=row.label_sent_at, updated_at=row.updated_at,
        )  # fmt: skip


@strawberry.input(description="What is left out does not narrow; `code` is what is read from a label.")
class PartnerReturnsFilter:
    phases: list[ReturnPhase] | None = None
    code: str | None = None
    order_number: str | None = None
    changed_since: datetime | None = None

    def value(self) -> queries.ReturnFilter:
        """As the domain takes it."""
        states = None if self.phases is None else [state for phase in self.phases for state in _STATES[phase]]
        code = self.code.strip() if self.code is not None else None
        return queries.ReturnFilter(
            states=states, code=code, order_number=self.order_number, changed_since=self.changed_since
        )


@strawberry.enum
class PartnerReturnsSort(Enum):
    REQUESTED_AT = "REQUESTED_AT"
    REQUESTED_AT_DESC = "REQUESTED_AT_DESC"
    UPDATED_AT = "UPDATED_AT"
    UPDATED_AT_DESC = "UPDATED_AT_DESC"


@strawberry.input(description="Pieces of a return line, in which condition, and whether they are paid back.")
class PieceDecisionInput:
    line_id: UUID
    quantity: int
    condition: Condition
    accepted: bool
    reason: str | None = strawberry.field(default=None, description="Why not; the customer reads it.")

    def value(self) -> Decision:
        """As the domain takes it."""
        return Decision(self.line_id, self.quantity, self.condition, self.accepted, self.reason)


@strawberry.input(description="Pieces of an order line that lie in an unannounced parcel.")
class ArrivedPiecesInput:
    order_line_id: UUID
    quantity: int


@strawberry.type(description="Pieces that left, and how many of them may still come back.")
class SentLine:
    order_line_id: UUID
    sku: str
    name: str
    returnable: int


@strawberry.type(description="An order that left from a place of the caller.")
class SentOrder:
    order_id: UUID
    order_number: str
    shipped_at: datetime
    lines: list[SentLine]


@strawberry.type(description="What the customer will be told.")
class MessagePreview:
    subject: str
    text: str


@strawberry.type
class PartnerReturnChanged:
    return_: PartnerReturn = strawberry.field(name="return")


PartnerReturnResult = Annotated[PartnerReturnChanged | Refusal, strawberry.union("PartnerReturnResult")]
MOST_PIECES = 200


@strawberry.type
class PartnerReturnsQuery:
    @strawberry.field(extensions=[requires(Permission.RETURNS_DECIDE)])
    async def partner_return(self, info: Info, id: UUID) -> PartnerReturn | None:
        principal = info.context.principal
        async with info.context.runtime.database.read_only(principal) as db:
            row = await db.scalar(queries.visible_to(principal).where(models.Return.id == id))
        return None if row is None else PartnerReturn.of(row)

    @strawberry.field(extensions=[requires(Permission.RETURNS_DECIDE)])
    async def partner_returns(
        self,
        info: Info,
        filter: PartnerReturnsFilter | None = None,
        sort: PartnerReturnsSort = PartnerReturnsSort.UPDATED_AT_DESC,
        first: First = 50,
        after: After = None,
    ) -> Connection[PartnerReturn]:
        wanted, principal = (filter or PartnerReturnsFilter()).value(), info.context.principal
        async with info.context.runtime.database.read_only(principal) as db:
            page = await queries.list_returns(db, wanted, page_of(first, after), principal=principal, **sorting(sort))
        return connect(page, PartnerReturn.of)

    @strawberry.field(
        description="Orders the caller's places sent that fit a number, a name or an article, for a parcel nobody "
        "announced; the newest 20.",
        extensions=[requires(Permission.RETURNS_DECIDE)],
    )
    async def sent_orders(self, info: Info, text: str) -> list[SentOrder]:
        principal = info.context.principal
        async with info.context.runtime.database.read_only(principal) as db:
            found = await deciding.find_sent(db, text, now=db.now, principal=principal)
        return [
            SentOrder(
                order_id=each.order_id, order_number=each.order_number, shipped_at=each.shipped_at,
                lines=[SentLine(**{name: getattr(line, name) for name in line.__slots__}) for line in each.lines],
            )
            for each in found
        ]  # fmt: skip

    @strawberry.field(
        description="What `decideReturn` would tell the customer, in their language.",
        extensions=[requires(Permission.RETURNS_DECIDE)],
    )
    async def preview_return_decision(self, info: Info, id: UUID, pieces: list[PieceDecisionInput]) -> MessagePreview:
        principal = info.context.principal
        async with info.context.runtime.database.read_only(principal) as db:
            found, lines = await deciding.preview(db, id, _decisions(pieces), principal=principal)
            subject, text = await notifications.preview_decision(db, found.order_id, found.id, lines, now=db.now)
        return MessagePreview(subject=subject, text=text)


def _decisions(pieces: list[PieceDecisionInput]) -> list[Decision]:
    if len(pieces) > MOST_PIECES:
        raise InvalidInput(f"At most {MOST_PIECES} decisions.", code="INVALID_BATCH", path=("pieces",))
    return [each.value() for each in pieces]


async def _changed(info: Info, work: Callable[[Session], Awaitable[models.Return]], body: Any) -> PartnerReturnChanged:
    async def run(db: Session) -> PartnerReturnChanged:
        return PartnerReturnChanged(return_=PartnerReturn.of(await work(db)))

    async def again(db: Session, ids: list[UUID]) -> PartnerReturnChanged:
        return PartnerReturnChanged(return_=PartnerReturn.of(await db.get_one(models.Return, ids[0])))

    return await change(
        info, run, body=body, again=again,
        targets=lambda done: [("return", done.return_.id), ("order", done.return_.order_id)],
    )  # fmt: skip


@strawberry.type
class PartnerReturnsMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.RETURNS_DECIDE)],
        description="Decide about pieces that came back, those that were not received yet are received with it. The "
        "customer is told, and accepted pieces are refunded.",
    )
    async def decide_return(self, info: Info, id: UUID, pieces: list[PieceDecisionInput]) -> PartnerReturnResult:
        wanted = _decisions(pieces)
        return await _changed(
            info, lambda db: deciding.decide_return(db, id, wanted, now=db.now, principal=db.principal), [id, wanted]
        )

    @strawberry.mutation(
        extensions=[requires(Permission.RETURNS_DECIDE)],
        description="Everything announced is there and is decided on later.",
    )
    async def mark_return_arrived(self, info: Info, id: UUID) -> PartnerReturnResult:
        return await _changed(info, lambda db: deciding.mark_arrived(db, id, now=db.now, principal=db.principal), [id])

    @strawberry.mutation(
        extensions=[requires(Permission.RETURNS_DECIDE)],
        description="A parcel came that nobody announced, with pieces of an order the caller sent.",
    )
    async def announce_arrived_parcel(
        self, info: Info, order_id: UUID, pieces: list[ArrivedPiecesInput]
    ) -> PartnerReturnResult:
        there = [(each.order_line_id, each.quantity) for each in pieces]
        return await _changed(
            info,
            lambda db: deciding.announce_arrived(db, order_id, there, now=db.now, principal=db.principal),
            [order_id, there],
        )

    @strawberry.mutation(
        extensions=[requires(Permission.RETURNS_DECIDE)],
        description="Mail the customer the return label again, valid anew; once in ten minutes.",
    )
    async def renew_return_label(self, info: Info, id: UUID) -> PartnerReturnResult:
        return await _changed(info, lambda db: labels.renew_label(db, id, now=db.now, principal=db.principal), [id])


RETURNS = Followed(models.Return, queries.visible_to, PartnerReturn.of)


@strawberry.type
class PartnerReturnsSubscription:
    @strawberry.subscription(description=ABOUT, extensions=[requires(Permission.RETURNS_DECIDE)])
    async def partner_returns_changed(
        self, info: Info, filter: PartnerReturnsFilter | None = None, changed_since: CatchUp = None
    ) -> AsyncIterator[Update[PartnerReturn]]:
        wanted = None if filter is None else filter.value()
        narrow = None if wanted is None else lambda found: queries.narrowed(found, wanted)
        async for update in follow(info, RETURNS, narrow, changed_since):
            yield update
