"""Daily work at a place: how much waits, answers piece by piece, picks, parcel numbers, and talk about it."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

import strawberry

from kontor.api.graphql.context import Info
from kontor.api.graphql.errors import Refusal
from kontor.api.graphql.fulfillment_changes import check_batch, keeps_back, row_changed, rows_changed
from kontor.api.graphql.fulfillment_filters import FulfillmentOrdersFilter
from kontor.api.graphql.fulfillment_types import (
    FulfillmentOrder,
    FulfillmentOrderResult,
    FulfillmentOrdersResult,
    RejectedLineInput,
    pieces_of,
)
from kontor.api.graphql.mutation import change
from kontor.api.graphql.orders import LineQuantityInput
from kontor.api.graphql.permissions import requires
from kontor.auth.permissions import Permission
from kontor.core.db import Session
from kontor.core.errors import InvalidInput, KontorError
from kontor.fulfillment import answering, deciding, lists, models, picking, queries, talking, withdrawing
from kontor.fulfillment.deciding import Decision
from kontor.fulfillment.picking import Picks
from kontor.fulfillment.states import RejectReason
from kontor.fulfillment.tracking import TrackingKind, read_number
from kontor.fulfillment.values import Pieces
from kontor.inventory import service as inventory

strawberry.enum(TrackingKind)
COUNTED = 1000
MOST_FILTERS = 60


@strawberry.type(description="What a parcel's number says of itself, and where it was used before.")
class TrackingCheck:
    number: str = strawberry.field(description="Without the spaces that labels and people put into it.")
    kind: TrackingKind
    valid: bool | None = strawberry.field(description="Whether its check digit is right; null where there is none.")
    used_by: list[FulfillmentOrder]


@strawberry.type(description="Where a place keeps an article.")
class Shelf:
    location_id: UUID
    variant_id: UUID
    shelf: str


@strawberry.input(description="All pieces are refused for this reason.")
class RejectFulfillmentOrderInput:
    fulfillment_order_id: UUID
    reason: RejectReason
    note: str | None = None
    sells_out: bool = False


@strawberry.input(description="How many pieces of lines are in hand now; other lines stay as they were.")
class PicksInput:
    fulfillment_order_id: UUID
    lines: list[LineQuantityInput]


@strawberry.type(description="The fulfillment orders that have an answer now, each of one state.")
class FulfillmentOrderAnswered:
    answered: list[FulfillmentOrder]


AnswerResult = Annotated[FulfillmentOrderAnswered | Refusal, strawberry.union("AnswerFulfillmentOrderResult")]


@strawberry.type
class PlaceWorkQuery:
    @strawberry.field(
        extensions=[requires(Permission.FULFILLMENT_READ)],
        description="How many fulfillment orders each filter finds; nobody counts further than 1000.",
    )
    async def fulfillment_order_counts(self, info: Info, filters: list[FulfillmentOrdersFilter]) -> list[int]:
        if len(filters) > MOST_FILTERS:
            raise InvalidInput(
                f"At most {MOST_FILTERS} filters.", code="INVALID_BATCH", path=("filters",), max=MOST_FILTERS
            )
        wanted, principal = [each.value() for each in filters], info.context.principal
        async with info.context.runtime.database.read_only(principal) as db:
            return await lists.count_fulfillment_orders(db, wanted, principal=principal, most=COUNTED)

    @strawberry.field(
        extensions=[requires(Permission.FULFILLMENT_READ)],
        description="Look at a parcel's number before it is used: its check digit, and who has used it.",
    )
    async def tracking_check(self, info: Info, number: str) -> TrackingCheck:
        read, principal = read_number(number), info.context.principal
        async with info.context.runtime.database.read_only(principal) as db:
            used = await queries.used_by(db, read.number, principal)
        return TrackingCheck(
            number=read.number, kind=read.kind, valid=read.valid, used_by=[FulfillmentOrder.of(row) for row in used]
        )

    @strawberry.field(
        extensions=[requires(Permission.FULFILLMENT_READ)],
        description="Where the articles of fulfillment orders lie; articles without a shelf are left out.",
    )
    async def shelves(self, info: Info, fulfillment_order_ids: list[UUID]) -> list[Shelf]:
        check_batch(fulfillment_order_ids)
        principal = info.context.principal
        async with info.context.runtime.database.read_only(principal) as db:
            found = await inventory.shelves_of(db, await queries.articles_at(db, fulfillment_order_ids, principal))
        return [Shelf(location_id=key[0], variant_id=key[1], shelf=shelf) for key, shelf in sorted(found.items())]


@strawberry.type
class PlaceWorkMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.FULFILLMENT_WRITE)],
        description="Answer piece by piece at once: taken on, taken on for a later day, refused; the others wait.",
    )
    async def answer_fulfillment_order(
        self,
        info: Info,
        fulfillment_order_id: UUID,
        accept: list[LineQuantityInput] | None = None,
        later: list[LineQuantityInput] | None = None,
        expected_on: date | None = None,
        reject: list[RejectedLineInput] | None = None,
        withdrawable: bool | None = None,
    ) -> AnswerResult:
        kept = keeps_back(info, withdrawable)
        decision = Decision(
            pieces_of(accept) or (), pieces_of(later) or (), expected_on, tuple(each.value() for each in reject or ())
        )

        async def work(db: Session) -> FulfillmentOrderAnswered:
            rows = await deciding.decide(
                db, fulfillment_order_id, decision, now=db.now, principal=db.principal, withdrawable=kept
            )
            return FulfillmentOrderAnswered(answered=[FulfillmentOrder.of(row) for row in rows])

        async def again(db: Session, ids: list[UUID]) -> FulfillmentOrderAnswered:
            rows = [await db.get_one(models.FulfillmentOrder, row_id) for row_id in ids]
            return FulfillmentOrderAnswered(answered=[FulfillmentOrder.of(row) for row in rows])

        return await change(
            info, work, body=[fulfillment_order_id, decision, kept], again=again,
            targets=lambda done: [("fulfillment_order", row.id) for row in done.answered],
        )  # fmt: skip

    @strawberry.mutation(
        extensions=[requires(Permission.FULFILLMENT_WRITE)],
        description="Refuse work as a whole, up to 500 at once; a refused row leaves the others alone.",
    )
    async def reject_fulfillment_orders(
        self, info: Info, inputs: list[RejectFulfillmentOrderInput], withdrawable: bool | None = None
    ) -> FulfillmentOrdersResult:
        check_batch(inputs)
        kept = keeps_back(info, withdrawable)

        async def work(db: Session) -> list[models.FulfillmentOrder | KontorError]:
            return [await _rejected(db, each, kept) for each in inputs]

        return await rows_changed(info, work, [[vars(each) for each in inputs], kept])

    @strawberry.mutation(
        extensions=[requires(Permission.FULFILLMENT_WRITE)],
        description="Take answers back while nobody acts on them: see `withdrawableUntil`.",
    )
    async def withdraw_answers(self, info: Info, fulfillment_order_ids: list[UUID]) -> FulfillmentOrdersResult:
        check_batch(fulfillment_order_ids)
        return await rows_changed(
            info,
            lambda db: withdrawing.withdraw_answers(db, fulfillment_order_ids, now=db.now, principal=db.principal),
            fulfillment_order_ids,
        )

    @strawberry.mutation(
        extensions=[requires(Permission.FULFILLMENT_WRITE)],
        description="Note what is in hand, up to 500 at once: counts as they are now, so they can also fall.",
    )
    async def record_picks(self, info: Info, inputs: list[PicksInput]) -> FulfillmentOrdersResult:
        check_batch(inputs)
        requests = [
            Picks(each.fulfillment_order_id, tuple(Pieces(line.line_id, line.quantity) for line in each.lines))
            for each in inputs
        ]
        return await rows_changed(
            info, lambda db: picking.record_picks(db, requests, now=db.now, principal=db.principal), requests
        )

    @strawberry.mutation(
        extensions=[requires(Permission.FULFILLMENT_WRITE)],
        description="Write to the company about work at a place, or to the place.",
    )
    async def write_fulfillment_message(
        self, info: Info, fulfillment_order_id: UUID, text: str
    ) -> FulfillmentOrderResult:
        return await row_changed(
            info,
            lambda db: talking.write_message(db, fulfillment_order_id, text, principal=db.principal),
            [fulfillment_order_id, text],
        )


async def _rejected(
    db: Session, each: RejectFulfillmentOrderInput, kept: bool
) -> models.FulfillmentOrder | KontorError:
    """Refuse one as a whole; what can be wrong is known before anything is written."""
    try:
        await queries.get_fulfillment_order(db, each.fulfillment_order_id, db.principal)
        lines = (await queries.lines_of(db, [each.fulfillment_order_id]))[each.fulfillment_order_id]
        pieces = [
            answering.RejectedPieces(line.id, line.quantity, each.reason, each.note, each.sells_out) for line in lines
        ]
        row = await answering.reject(
            db, each.fulfillment_order_id, pieces, now=db.now, principal=db.principal, withdrawable=kept
        )
        await db.flush()
    except KontorError as refusal:
        return refusal
    return row
