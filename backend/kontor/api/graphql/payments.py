"""Payments and refunds: what is promised, what came in, what goes back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID

import strawberry

from kontor.api.graphql import guessing
from kontor.api.graphql.context import Info
from kontor.api.graphql.customer_notes import note_of, told_of_money
from kontor.api.graphql.errors import Refusal
from kontor.api.graphql.mutation import change
from kontor.api.graphql.order_types import money
from kontor.api.graphql.paging import After, Connection, First, connect, page_of, sorting
from kontor.api.graphql.payment_types import (
    AddPaymentInput,
    IssueRefundInput,
    Payment,
    PaymentChanged,
    PaymentsFilter,
    PaymentsSort,
    PreviewedShare,
    Refund,
    RefundChanged,
    RefundPreview,
    RefundsFilter,
    RefundShareInput,
    RefundsSort,
    show_payment,
    show_refund,
)
from kontor.api.graphql.permissions import requires
from kontor.api.graphql.scalars import MoneyInput
from kontor.auth.permissions import Permission
from kontor.claims import goodwill
from kontor.claims.limits import above_by_hand
from kontor.claims.states import GoodwillForm, GoodwillReason
from kontor.core.db import Session
from kontor.core.errors import Forbidden, InvalidInput
from kontor.core.ids import new_id
from kontor.core.principal import Principal, PrincipalKind
from kontor.giftcards.values import GATEWAY as GIFT_CARDS
from kontor.notifications.notes import keep_note
from kontor.orders.intake import PaymentInput
from kontor.orders.models import Order
from kontor.orders.queries import get_order, lock_order
from kontor.payments import lists, models, queries, service
from kontor.payments.charges import BY_HAND, charge_to_give_back, lines_of_charge
from kontor.payments.errors import InvalidRefund, RefundNeedsReturn
from kontor.payments.ports import Abilities, PaymentGateway
from kontor.payments.states import RefundState

RefundResult = Annotated[RefundChanged | Refusal, strawberry.union("RefundResult")]
PaymentResult = Annotated[PaymentChanged | Refusal, strawberry.union("PaymentResult")]


@strawberry.type
class PaymentsQuery:
    @strawberry.field(extensions=[requires(Permission.PAYMENTS_READ)])
    async def payments(
        self,
        info: Info,
        filter: PaymentsFilter | None = None,
        sort: PaymentsSort = PaymentsSort.CREATED_AT_DESC,
        first: First = 50,
        after: After = None,
    ) -> Connection[Payment]:
        wanted = filter.value() if filter else lists.PaymentFilter()
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await lists.list_payments(db, wanted, page_of(first, after), **sorting(sort))
        return connect(page, show_payment)

    @strawberry.field(extensions=[requires(Permission.PAYMENTS_READ)])
    async def refunds(
        self,
        info: Info,
        filter: RefundsFilter | None = None,
        sort: RefundsSort = RefundsSort.REQUESTED_AT_DESC,
        first: First = 50,
        after: After = None,
    ) -> Connection[Refund]:
        wanted = filter.value() if filter else lists.RefundFilter()
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await lists.list_refunds(db, wanted, page_of(first, after), **sorting(sort))
        outside = info.context.principal.outside
        return connect(page, lambda row: show_refund(row, outside=outside))

    @strawberry.field(
        extensions=[requires(Permission.REFUNDS_WRITE, Permission.GOODWILL_WRITE)],
        description="How a refund would be divided over the payments of an order; changes nothing.",
    )
    async def preview_refund(
        self,
        info: Info,
        order_id: UUID,
        amount: MoneyInput,
        shares: list[RefundShareInput] | None = None,
        charge_id: UUID | None = None,
        note_to_customer: str | None = None,
    ) -> RefundPreview:
        principal = info.context.principal
        note = note_of(note_to_customer, principal)
        async with info.context.runtime.database.read_only(principal) as db:
            order = await get_order(db, order_id, principal)
            wanted = _amount(order, amount)
            if charge_id is not None:
                await charge_to_give_back(db, order, charge_id, wanted)
            preview = await service.preview_refund(
                db, order, wanted, chosen=_chosen(shares), abilities_of=abilities_in(info), goods=charge_id is not None
            )
            above = await above_by_hand(db, order, wanted)
            told = await told_of_money(db, order, "refunded", wanted, preview.shares, note=note, now=db.now)
        return RefundPreview(
            amount=money(preview.amount, order.currency),
            refundable=money(preview.refundable, order.currency),
            policy=preview.policy.value,
            policy_source=preview.said_by.source,
            policy_valid_from=preview.said_by.valid_from,
            needs_approval=preview.needs_approval or above,
            shares=[
                PreviewedShare(
                    payment=show_payment(share.payment),
                    amount=money(share.amount, order.currency),
                    credited=money(share.credited, order.currency),
                )
                for share in preview.shares
            ],
            messages=told,
        )


def _amount(order: Order, amount: MoneyInput) -> int:
    given = amount.value("amount")
    if given.currency != order.currency:
        raise InvalidInput(
            f"The order is in {order.currency}.", code="CURRENCY_MISMATCH", path=("amount", "currency"),
            expected=order.currency,
        )  # fmt: skip
    return given.amount


def _check_kind(kind: service.RefundKind, principal: Principal) -> None:
    """What may be refunded by hand, without anything else that stands for it."""
    if kind is service.RefundKind.RETURN:
        raise RefundNeedsReturn("Goods that come back are refunded with their return.", path=("kind",))
    if kind is service.RefundKind.GOODWILL:
        principal.require(Permission.GOODWILL_WRITE)


def _chosen(shares: list[RefundShareInput] | None) -> dict[UUID, int] | None:
    return {share.payment_id: int(share.amount) for share in shares} if shares else None


def abilities_in(info: Info) -> Callable[[str], Abilities]:
    """What the gateways of this installation can, by name."""
    ports = info.context.runtime.ports
    return lambda name: ports.get(PaymentGateway, name).abilities  # type: ignore[type-abstract]


async def _goodwill(info: Info, db: Session, order: Order, input: IssueRefundInput) -> models.Refund:
    """Goodwill asked for as a refund is held to the limits like any other."""
    if not 1 <= len(input.reason.strip()) <= 500:
        raise InvalidRefund("1 to 500 characters.", code="INVALID_REASON", path=("reason",))
    amount = _amount(order, input.amount)
    lowers = not input.compensation and amount <= await goodwill.available_on(db, order, GoodwillForm.CREDIT)
    wish = goodwill.GoodwillWish(
        GoodwillForm.CREDIT if lowers else GoodwillForm.REFUND, amount, GoodwillReason.OTHER,
        words=input.reason.strip(), recallable=_waits(info, input), chosen=_chosen(input.shares),
    )  # fmt: skip
    given = await goodwill.grant_goodwill(db, order, wish, now=db.now, abilities_of=abilities_in(info))
    return await db.get_one(models.Refund, given.refund_id)


def _waits(info: Info, input: IssueRefundInput) -> bool:
    return info.context.principal.kind is PrincipalKind.USER if input.wait is None else input.wait


async def _refund_changed(info: Info, work: Callable[[Session], Awaitable[models.Refund]], body: Any) -> RefundChanged:
    async def run(db: Session) -> RefundChanged:
        return RefundChanged(refund=show_refund(await work(db), outside=db.principal.outside))

    async def again(db: Session, ids: list[UUID]) -> RefundChanged:
        found = await queries.get_refund(db, ids[0], db.principal)
        return RefundChanged(refund=show_refund(found, outside=db.principal.outside))

    return await change(
        info, run, body=body, again=again,
        targets=lambda done: [("refund", done.refund.id), ("order", done.refund.order_id)],
    )  # fmt: skip


async def _locked_refund(db: Session, refund_id: UUID) -> models.Refund:
    """The refund as it is once its order is locked."""
    found = await queries.get_refund(db, refund_id, db.principal)
    await lock_order(db, found.order_id)
    return await queries.get_refund(db, refund_id, db.principal)


async def _payment_changed(
    info: Info, work: Callable[[Session], Awaitable[models.Payment]], body: Any
) -> PaymentChanged:
    async def run(db: Session) -> PaymentChanged:
        return PaymentChanged(payment=show_payment(await work(db)))

    async def again(db: Session, ids: list[UUID]) -> PaymentChanged:
        return PaymentChanged(payment=show_payment(await queries.get_payment(db, ids[0], db.principal)))

    return await change(
        info, run, body=body, again=again,
        targets=lambda done: [("payment", done.payment.id), ("order", done.payment.order_id)],
    )  # fmt: skip


@strawberry.type
class PaymentsMutation:
    @strawberry.mutation(
        extensions=[requires(Permission.REFUNDS_WRITE)],
        description="Promise money back, up to what came in and is not back yet. Goods that come back are refunded "
        "with their return; goodwill needs the right to grant it.",
    )
    async def issue_refund(self, info: Info, input: IssueRefundInput) -> RefundResult:
        note = note_of(input.note_to_customer, info.context.principal)

        async def noted(db: Session) -> models.Refund:
            refund = await work(db)
            template = "goodwill" if input.kind is service.RefundKind.GOODWILL else "refunded"
            await keep_note(db, refund.order_id, template, refund.id, note, now=db.now)
            return refund

        async def work(db: Session) -> models.Refund:
            _check_kind(input.kind, db.principal)
            order = await lock_order(db, input.order_id, db.principal)
            if input.kind is service.RefundKind.GOODWILL:
                return await _goodwill(info, db, order, input)
            amount = _amount(order, input.amount)
            charge = None
            if input.charge_id is not None:
                charge = await charge_to_give_back(db, order, input.charge_id, amount)
            wish: service.RefundWish = {
                "kind": input.kind.value,
                "amount": amount,
                "reason": input.reason,
                "approval": await above_by_hand(db, order, amount),
                "source_key": f"{BY_HAND}{new_id()}",
                "chosen": _chosen(input.shares),
                "recallable": _waits(info, input),
                "abilities_of": abilities_in(info),
            }
            if charge is not None:
                wish["lines"] = lines_of_charge(charge, amount)
            refund = await service.request_refund(db, order, now=db.now, **wish)
            if charge is not None:
                charge.refunded += amount
            return refund

        return await _refund_changed(info, noted, input)

    @strawberry.mutation(
        extensions=[requires(Permission.REFUNDS_WRITE)],
        description="Take a refund back while it waits: within 60 seconds, or for approval.",
    )
    async def recall_refund(self, info: Info, id: UUID) -> RefundResult:
        async def work(db: Session) -> models.Refund:
            refund = await _locked_refund(db, id)
            given = await goodwill.goodwill_of_refund(db, refund.id)
            if given is not None and refund.state is not RefundState.CANCELED:
                await goodwill.recall_goodwill(db, given, now=db.now)
                return refund
            return await service.recall_refund(db, refund, now=db.now)

        return await _refund_changed(info, work, id)

    @strawberry.mutation(
        extensions=[requires(Permission.REFUNDS_APPROVE)],
        description="Let a refund go that was above the limit of whoever asked for it.",
    )
    async def approve_refund(self, info: Info, id: UUID) -> RefundResult:
        async def work(db: Session) -> models.Refund:
            refund = await _locked_refund(db, id)
            if (given := await goodwill.goodwill_of_refund(db, refund.id)) is not None:
                order = await lock_order(db, refund.order_id)
                await goodwill.approve_goodwill(db, order, given, now=db.now)
                return refund
            return service.approve_refund(db, refund, now=db.now)

        return await _refund_changed(info, work, id)

    @strawberry.mutation(
        extensions=[requires(Permission.REFUNDS_WRITE)], description="Try the shares that failed once more."
    )
    async def retry_refund(self, info: Info, id: UUID) -> RefundResult:
        async def work(db: Session) -> models.Refund:
            return service.retry_refund(db, await _locked_refund(db, id), now=db.now)

        return await _refund_changed(info, work, id)

    @strawberry.mutation(
        extensions=[requires(Permission.PAYMENTS_WRITE)],
        description="Book a transfer for a prepayment or an order on account; the same reference is booked once.",
    )
    async def record_payment(self, info: Info, payment_id: UUID, amount: MoneyInput, reference: str) -> PaymentResult:
        async def work(db: Session) -> models.Payment:
            found = await queries.get_payment(db, payment_id, db.principal)
            order = await lock_order(db, found.order_id)
            payments = (await queries.lock_payments(db, [order.id]))[order.id]
            payment = next(item for item in payments if item.id == payment_id)
            await service.record_payment(db, order, payment, _amount(order, amount), reference=reference, now=db.now)
            return payment

        return await _payment_changed(info, work, [payment_id, amount, reference])

    @strawberry.mutation(
        extensions=[requires(Permission.PAYMENTS_WRITE, Permission.ORDERS_CHANGE)],
        description="Name another method for money an order still owes: what its payments do not cover, what could "
        "not be collected, or what is owed on account; completed orders may owe, too.",
    )
    async def add_payment(self, info: Info, input: AddPaymentInput) -> PaymentResult:
        if info.context.principal.kind is PrincipalKind.CUSTOMER:
            raise Forbidden("What pays for an order is told by the shop, not by its customer.")
        if input.gateway == GIFT_CARDS and input.token:
            await guessing.check(info, guessing.Tried("", cards=frozenset({input.token})))

        async def work(db: Session) -> models.Payment:
            order = await lock_order(db, input.order_id, db.principal)
            promise = PaymentInput(
                input.kind.value, _amount(order, input.amount), input.gateway, input.token, input.label, input.mandate
            )
            payment = await service.add_payment(db, order, promise, now=db.now)
            await db.flush()
            return payment

        return await _payment_changed(info, work, input)
