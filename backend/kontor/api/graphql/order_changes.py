"""Changes of orders: what a wish would do, doing it, and waiting no more for the answers of places."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

import strawberry

from kontor.api.graphql.context import Info
from kontor.api.graphql.customer_notes import note_of
from kontor.api.graphql.errors import Refusal, text_of
from kontor.api.graphql.mutation import change
from kontor.api.graphql.order_change_types import (
    ChangeAmounts,
    ChangedCharge,
    ChangedLine,
    ChangedPromotion,
    ChangeMessage,
    ChangeMoney,
    ChangePaymentMethod,
    ChangeQuestion,
    ChangeRefundShare,
    ChangeSending,
    OrderChange,
    OrderChangeCanceled,
    OrderChangeConfirmed,
    OrderChangeInput,
    OrderChangePreview,
    OrderChangeStale,
    named_by_input,
)
from kontor.api.graphql.order_types import money, show_order
from kontor.api.graphql.permissions import requires
from kontor.auth.permissions import Permission
from kontor.changes import queries, service
from kontor.changes.errors import ChangeStale
from kontor.changes.models import OrderChange as ChangeRow
from kontor.changes.planning import CANCELED_MESSAGE, CHANGED_MESSAGE
from kontor.changes.values import Preview, Wish
from kontor.core.db import Session
from kontor.core.errors import Forbidden
from kontor.locations.models import StockLocation
from kontor.notifications.known import place_lines
from kontor.notifications.notes import keep_note
from kontor.notifications.service import preview_messages
from kontor.orders import queries as orders
from kontor.orders.models import Order as OrderRow
from kontor.orders.states import OrderState
from kontor.selfservice import service as selfservice


async def _about(db: Session, preview: Preview) -> dict[str, dict[str, Any]]:
    """What the messages of a change will tell of."""
    place = None if preview.pickup_location_id is None else await db.get(StockLocation, preview.pickup_location_id)
    rows = [
        {"line_id": str(line.line_id), "quantity": line.canceled} for line in preview.lines
        if line.line_id and line.canceled
    ]  # fmt: skip
    wanted = [{"name": line.name, "quantity": line.quantity_after} for line in preview.lines if line.quantity_after]
    whole = preview.state_after == OrderState.CANCELED
    return {
        CANCELED_MESSAGE: {"lines": rows, "amount": preview.difference.refund, "whole": whole},
        CHANGED_MESSAGE: {
            "lines": wanted,
            "total": preview.total_after,
            "pickup_location": None if place is None else place_lines(place),
            "address": preview.address,
            "promised_until": preview.promised_after,
        },
    }


async def show_preview(db: Session, preview: Preview, note: str = "") -> OrderChangePreview:
    """As the API shows it, with the messages in words; the last of them tells the personal sentence."""
    shown = preview.currency
    about = await _about(db, preview)
    about = {name: about[name] for name in preview.messages}
    told = await preview_messages(db, preview.order_id, about, now=db.now, note=note)
    return OrderChangePreview(
        order_id=preview.order_id,
        token=preview.token,
        lines=_lines(preview),
        promotions=[
            ChangedPromotion(
                code=each.code, label=each.label, return_rule=each.rule, before=money(each.before, shown),
                after=money(each.after, shown),
            )
            for each in preview.promotions
        ],
        charges=[
            ChangedCharge(kind=each.kind, name=each.name, gross=money(each.gross, shown)) for each in preview.charges
        ],
        lost_discount=money(preview.lost, shown),
        tax=money(preview.tax, shown),
        total_before=money(preview.total_before, shown),
        total_after=money(preview.total_after, shown),
        money=_money(preview),
        asks=[
            ChangeQuestion(
                fulfillment_order_id=each.fulfillment_order_id, number=each.number, location_id=each.location_id,
                partner=each.partner, pieces=each.pieces,
            )
            for each in preview.asks
        ],
        moves=[ChangeSending.of(each) for each in preview.moves],
        promised_before=preview.promised_before,
        promised_after=preview.promised_after,
        delivery_type=preview.delivery,
        pickup_location_id=preview.pickup_location_id,
        state_before=OrderState(preview.state_before),
        state_after=OrderState(preview.state_after),
        messages=[ChangeMessage(template=name, subject=subject, text=text) for name, subject, text in told],
    )  # fmt: skip


def _lines(preview: Preview) -> list[ChangedLine]:
    shown = preview.currency
    return [
        ChangedLine(
            line_id=line.line_id, position=line.position, sku=line.sku, name=line.name,
            unit_price=money(line.unit_price, shown), price_list=line.price_list,
            quantity_before=line.quantity_before, quantity_after=line.quantity_after, shipped=line.shipped,
            canceled=line.canceled, asked=line.asked, missing=line.missing,
            before=ChangeAmounts.of(line.before, shown), after=ChangeAmounts.of(line.after, shown),
            sendings=[ChangeSending.of(each) for each in line.sendings],
        )
        for line in preview.lines
    ]  # fmt: skip


def _money(preview: Preview) -> ChangeMoney:
    shown, difference = preview.currency, preview.difference
    return ChangeMoney(
        refund=money(difference.refund, shown),
        shares=[
            ChangeRefundShare(
                payment_id=share.payment.id, kind=share.payment.kind.value, label=share.payment.label,
                amount=money(share.amount, shown), credited=money(share.credited, shown),
            )
            for share in difference.shares
        ],
        released=money(difference.released, shown),
        to_pay=money(difference.to_pay, shown),
        method=None
        if difference.method is None
        else ChangePaymentMethod(kind=difference.method.kind, label=difference.method.label),
    )  # fmt: skip


def show_change(row: ChangeRow, currency: str, *, outside: bool) -> OrderChange:
    """As the API shows it; who is outside the company sees neither names nor words of its people."""
    return OrderChange(
        id=row.id, order_id=row.order_id, state=row.state, reason=None if outside else row.reason,
        canceled=row.canceled, refused=row.refused, code=row.code, amount=money(row.amount, currency),
        due_at=row.due_at, opened_at=row.opened_at, opened_by=None if outside else row.opened_by,
        closed_at=row.closed_at,
    )  # fmt: skip


async def _again(db: Session, ids: Sequence[UUID]) -> tuple[OrderRow, ChangeRow]:
    return await db.get_one(OrderRow, ids[0]), await db.get_one(ChangeRow, ids[1])


async def _check_alone(db: Session, order: OrderRow, wish: Wish) -> None:
    """Customers of a shop change what its rules allow."""
    if selfservice.is_customer(db.principal):
        await selfservice.check_change(db, order, (await orders.lines_of(db, [order.id]))[order.id], wish)


@strawberry.type
class OrderChangesQuery:
    @strawberry.field(
        extensions=[requires(Permission.ORDERS_CHANGE)],
        description="What a change would do to an order, to the cent; nothing is written.",
    )
    async def preview_order_change(
        self, info: Info, order_id: UUID, input: OrderChangeInput, note_to_customer: str | None = None
    ) -> OrderChangePreview:
        note = note_of(note_to_customer, info.context.principal)
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            order = await orders.get_order(db, order_id, db.principal)
            wish = input.read()
            await _check_alone(db, order, wish)
            with named_by_input():
                preview = await service.preview_change(db, order, wish)
            return await show_preview(db, preview, note)

    @strawberry.field(extensions=[requires(Permission.ORDERS_READ)], description="The newest 100 of an order.")
    async def order_changes(self, info: Info, order_id: UUID) -> list[OrderChange]:
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            order = await orders.get_order(db, order_id, db.principal)
            rows = await queries.changes_of(db, order.id)
        outside = info.context.principal.outside
        return [show_change(row, order.currency, outside=outside) for row in rows]


@strawberry.type
class OrderChangesMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.ORDERS_CHANGE)],
        description="Do what was previewed. Places that have begun with pieces are asked first. `noteToCustomer` is a "
        "personal sentence in the message that tells of it (`care:write`).",
    )
    async def confirm_order_change(
        self,
        info: Info,
        order_id: UUID,
        input: OrderChangeInput,
        token: str,
        reason: str,
        note_to_customer: str | None = None,
    ) -> Annotated[OrderChangeConfirmed | OrderChangeStale | Refusal, strawberry.union("ConfirmOrderChangeResult")]:
        wish, outside = input.read(), info.context.principal.outside
        note = note_of(note_to_customer, info.context.principal)

        async def work(db: Session) -> OrderChangeConfirmed:
            order = await orders.lock_order(db, order_id, db.principal)
            await _check_alone(db, order, wish)
            with named_by_input():
                done = await service.confirm_change(db, order, wish, token, reason=reason, now=db.now)
            template = done.preview.messages[-1] if done.preview.messages else None
            await keep_note(db, order_id, template, done.change.id, note, now=db.now)
            return OrderChangeConfirmed(
                change=show_change(done.change, order.currency, outside=outside), order=show_order(order)
            )

        async def again(db: Session, ids: list[UUID]) -> OrderChangeConfirmed:
            order, row = await _again(db, ids)
            return OrderChangeConfirmed(
                change=show_change(row, order.currency, outside=outside), order=show_order(order)
            )

        try:
            return await change(
                info, work, body=[order_id, wish.as_json(), token, reason, note], again=again,
                targets=lambda done: [("order", done.order.id), ("order_change", done.change.id)],
            )  # fmt: skip
        except ChangeStale as stale:
            async with info.context.runtime.database.read_only(info.context.principal) as db:
                fresh = await show_preview(db, stale.params["preview"], note)
            text = text_of(ChangeStale(stale.message), info.context.language)
            return OrderChangeStale(code=stale.code, message=text, moved=stale.params["moved"], preview=fresh)

    @strawberry.mutation(
        extensions=[requires(Permission.ORDERS_CHANGE)],
        description="Wait no more for the answers of places; what was canceled stays canceled.",
    )
    async def cancel_order_change(
        self, info: Info, id: UUID
    ) -> Annotated[OrderChangeCanceled | Refusal, strawberry.union("CancelOrderChangeResult")]:
        outside = info.context.principal.outside

        async def work(db: Session) -> OrderChangeCanceled:
            order, row = await queries.lock_change(db, id, db.principal)
            if selfservice.is_customer(db.principal) and row.opened_by != db.by:
                raise Forbidden("Only who asked for a change calls it off.", code="CHANGE_OF_ANOTHER", path=("id",))
            await service.cancel_change(db, order, row, now=db.now)
            await db.flush()
            return OrderChangeCanceled(
                change=show_change(row, order.currency, outside=outside), order=show_order(order)
            )

        async def again(db: Session, ids: list[UUID]) -> OrderChangeCanceled:
            order, row = await _again(db, ids)
            return OrderChangeCanceled(
                change=show_change(row, order.currency, outside=outside), order=show_order(order)
            )

        return await change(
            info, work, body=[id], again=again,
            targets=lambda done: [("order", done.order.id), ("order_change", done.change.id)],
        )  # fmt: skip
