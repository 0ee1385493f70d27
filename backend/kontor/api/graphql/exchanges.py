"""Exchanges: what one would come to, agreeing to it, calling it off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

import strawberry

from kontor.api.graphql.context import Info
from kontor.api.graphql.customer_notes import note_of
from kontor.api.graphql.errors import Refusal, text_of
from kontor.api.graphql.exchange_types import (
    Exchange,
    ExchangeChanged,
    ExchangeInput,
    ExchangePreviewed,
    ExchangesFilter,
    ExchangesSort,
    ExchangeStale,
)
from kontor.api.graphql.mutation import change
from kontor.api.graphql.order_types import show_order
from kontor.api.graphql.paging import After, Connection, First, connect, page_of, sorting
from kontor.api.graphql.permissions import requires
from kontor.auth.permissions import Permission
from kontor.claims.queries import waiting_pieces
from kontor.core.db import Session
from kontor.exchanges import errors, queries, service
from kontor.exchanges.models import Exchange as ExchangeRow
from kontor.exchanges.planning import AGREED_MESSAGE, check_same_product
from kontor.exchanges.states import ExchangeWay
from kontor.exchanges.values import ExchangePreview
from kontor.notifications.notes import keep_note
from kontor.notifications.service import preview_messages
from kontor.orders.models import Order as OrderRow
from kontor.orders.queries import get_order, lock_order
from kontor.selfservice import service as selfservice

P = Permission


async def _check(db: Session, order: OrderRow, input: ExchangeInput) -> bool:
    """Whether it is agreed at once. Whoever may decide on returns or exchanges agrees.

    Customers ask for another variant as their shop's rules allow; more takes who may pay back.
    """
    if input.replacement or input.way is not ExchangeWay.AFTER_RETURN:
        db.principal.require(P.REFUNDS_WRITE)
    if not selfservice.is_customer(db.principal):
        return db.principal.may(P.RETURNS_WRITE) or db.principal.may(P.EXCHANGES_WRITE)
    wanted = Counter[UUID]()
    for each in input.lines:
        wanted[each.order_line_id] += each.quantity
    await selfservice.check_exchangeable(db, order, wanted, now=db.now)
    await check_same_product(db, order, input.read())
    return False


async def _check_cancelable(db: Session, order: OrderRow, row: ExchangeRow) -> None:
    """Customers call off alone what their shop's rules let them ask for alone; the days to ask do not matter for it."""
    if selfservice.is_customer(db.principal):
        await selfservice.check_exchangeable(db, order, {}, now=db.now)
        if row.way is not ExchangeWay.AFTER_RETURN:
            db.principal.require(P.REFUNDS_WRITE)


async def show_preview(db: Session, preview: ExchangePreview, note: str = "") -> ExchangePreviewed:
    """As the API shows it, with the message in words, the personal sentence in it."""
    about = {
        "back": [{"name": line.name, "quantity": line.quantity} for line in preview.lines],
        "lines": [{"name": line.new_name, "quantity": line.quantity} for line in preview.lines],
        "way": preview.way.value,
        "due_at": None if preview.due_at is None else preview.due_at.isoformat(),
    }
    told = await preview_messages(db, preview.order_id, {AGREED_MESSAGE: about}, now=db.now, note=note)
    return ExchangePreviewed.of(preview, told)


async def _changed(info: Info, work: Callable[[Session], Awaitable[ExchangeRow]], body: Any) -> ExchangeChanged:
    async def shown(db: Session, row: ExchangeRow) -> ExchangeChanged:
        await db.flush()
        return ExchangeChanged(exchange=Exchange.of(row), order=show_order(await db.get_one(OrderRow, row.order_id)))

    async def run(db: Session) -> ExchangeChanged:
        return await shown(db, await work(db))

    async def again(db: Session, ids: list[UUID]) -> ExchangeChanged:
        return await shown(db, await queries.get_exchange(db, ids[0]))

    return await change(
        info, run, body=body, again=again,
        targets=lambda done: [("exchange", done.exchange.id), ("order", done.exchange.order_id)],
    )  # fmt: skip


ExchangeResult = Annotated[ExchangeChanged | Refusal, strawberry.union("ExchangeResult")]
CreateExchangeResult = Annotated[ExchangeChanged | ExchangeStale | Refusal, strawberry.union("CreateExchangeResult")]


@strawberry.type
class ExchangesQuery:
    @strawberry.field(extensions=[requires(P.RETURNS_READ)], description="Goods given for others.")
    async def exchanges(
        self,
        info: Info,
        filter: ExchangesFilter | None = None,
        sort: ExchangesSort = ExchangesSort.REQUESTED_AT_DESC,
        first: First = 50,
        after: After = None,
    ) -> Connection[Exchange]:
        wanted = filter.value() if filter else queries.ExchangeFilter()
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await queries.list_exchanges(db, wanted, page_of(first, after), **sorting(sort))
        return connect(page, Exchange.of)

    @strawberry.field(
        extensions=[requires(P.RETURNS_REQUEST, P.RETURNS_WRITE)],
        description="What an exchange would come to, to the cent; nothing is written.",
    )
    async def preview_exchange(self, info: Info, input: ExchangeInput) -> ExchangePreviewed:
        note = note_of(input.note_to_customer, info.context.principal)
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            order = await get_order(db, input.order_id, db.principal)
            await _check(db, order, input)
            wish = replace(input.read(), taken=await waiting_pieces(db, order.id))
            return await show_preview(db, await service.preview_exchange(db, order, wish), note)


@strawberry.type
class ExchangesMutation:
    @strawberry.mutation(
        extensions=[requires(P.RETURNS_REQUEST, P.RETURNS_WRITE)],
        description="Agree to what was previewed: the label goes out, and the new goods leave as `way` says. What a "
        "customer asks for alone is decided on with its return.",
    )
    async def create_exchange(self, info: Info, input: ExchangeInput, token: str) -> CreateExchangeResult:
        note = note_of(input.note_to_customer, info.context.principal)

        async def work(db: Session) -> ExchangeRow:
            order = await lock_order(db, input.order_id, db.principal)
            agreed = await _check(db, order, input)
            wish = replace(input.read(), taken=await waiting_pieces(db, order.id))
            done = await service.create_exchange(db, order, wish, token, now=db.now, agreed=agreed)
            await keep_note(db, order.id, AGREED_MESSAGE, done.exchange.return_id, note, now=db.now)
            return done.exchange

        try:
            return await _changed(info, work, [input.as_json(), token])
        except errors.ExchangeStale as stale:
            async with info.context.runtime.database.read_only(info.context.principal) as db:
                fresh = await show_preview(db, stale.params["preview"], note)
            text = text_of(errors.ExchangeStale(stale.message), info.context.language)
            return ExchangeStale(code=stale.code, message=text, moved=stale.params["moved"], preview=fresh)

    @strawberry.mutation(
        extensions=[requires(P.RETURNS_WRITE)], description="Agree to what a customer asked for, with its return."
    )
    async def approve_exchange(self, info: Info, id: UUID) -> ExchangeResult:
        async def work(db: Session) -> ExchangeRow:
            _, row = await queries.lock_exchange(db, id)
            return await service.approve_exchange(db, row, now=db.now)

        return await _changed(info, work, [id])

    @strawberry.mutation(
        extensions=[requires(P.RETURNS_REQUEST, P.RETURNS_WRITE)],
        description="Call it off before anything of it has moved, with its return.",
    )
    async def cancel_exchange(self, info: Info, id: UUID, reason: str) -> ExchangeResult:
        async def work(db: Session) -> ExchangeRow:
            order, row = await queries.lock_exchange(db, id)
            await _check_cancelable(db, order, row)
            return await service.cancel_exchange(db, row, reason=reason, now=db.now)

        return await _changed(info, work, [id, reason])
