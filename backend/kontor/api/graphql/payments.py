"""Payments and refunds: what is promised, what came in, what goes back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import strawberry

from kontor.api.graphql.context import Info
from kontor.api.graphql.errors import Refusal
from kontor.api.graphql.loaders import by_parent
from kontor.api.graphql.mutation import change
from kontor.api.graphql.order_types import money
from kontor.api.graphql.paging import After, Connection, First, connect, page_of
from kontor.api.graphql.permissions import requires
from kontor.api.graphql.scalars import Long, Money, MoneyInput
from kontor.auth.permissions import Permission
from kontor.core.db import Session
from kontor.core.errors import InvalidInput
from kontor.core.ids import new_id
from kontor.core.pagination import Sort, paginate
from kontor.core.principal import PrincipalKind
from kontor.orders.intake import PaymentInput
from kontor.orders.models import Order
from kontor.orders.queries import get_order, lock_order
from kontor.payments import models, queries, service
from kontor.payments.models import TransactionKind, TransactionState
from kontor.payments.ports import Abilities, PaymentGateway
from kontor.payments.service import RefundKind
from kontor.payments.states import PaymentMethodKind, PaymentState, RefundState

for _states in (PaymentMethodKind, PaymentState, RefundKind, RefundState, TransactionKind, TransactionState):
    strawberry.enum(_states)


@strawberry.type(description="One operation on a payment and what became of it.")
class PaymentTransaction:
    id: UUID
    kind: TransactionKind
    outcome: TransactionState
    amount: Long
    shipment_id: UUID | None
    refund_id: UUID | None
    error: str | None
    created_at: datetime
    finished_at: datetime | None


_TRANSACTION = (
    "id", "kind", "outcome", "amount", "shipment_id", "refund_id", "error", "created_at", "finished_at",
)  # fmt: skip


@strawberry.type(description="A promise of money by one method.")
class Payment:
    id: UUID
    order_id: UUID
    position: int
    kind: PaymentMethodKind
    gateway: str
    state: PaymentState
    label: str | None
    amount: Money
    authorized: Money = strawberry.field(description="Promised or come in, less what was released.")
    captured: Money
    refunded: Money
    billed: Money = strawberry.field(description="Invoiced on account.")
    credited: Money = strawberry.field(description="Taken off what was invoiced before it was paid.")
    authorization_expires_at: datetime | None
    created_at: datetime
    updated_at: datetime

    @strawberry.field
    async def transactions(self, info: Info) -> list[PaymentTransaction]:
        rows = await by_parent(info, models.PaymentTransaction.payment_id, self.id)
        return [
            PaymentTransaction(**{name: getattr(row, name) for name in _TRANSACTION if name != "amount"},
                               amount=Long(row.amount))
            for row in rows
        ]  # fmt: skip


@strawberry.type(description="The share of a refund that goes back over one payment.")
class RefundShare:
    payment_id: UUID
    amount: Long
    done: bool


@strawberry.type(description="Money back.")
class Refund:
    id: UUID
    order_id: UUID
    return_id: UUID | None
    kind: RefundKind
    state: RefundState
    amount: Money
    policy: str
    reason: str
    error: str | None
    requested_at: datetime
    requested_by: str
    finished_at: datetime | None

    @strawberry.field
    async def shares(self, info: Info) -> list[RefundShare]:
        share = models.RefundAllocation
        rows = await by_parent(info, share.refund_id, self.id, order_by=share.payment_id)
        return [RefundShare(payment_id=row.payment_id, amount=Long(row.amount), done=row.done) for row in rows]


def show_payment(row: Any) -> Payment:
    """A payment's row as the API shows it."""
    names = ("id", "order_id", "position", "kind", "gateway", "state", "label", "authorization_expires_at",
             "created_at", "updated_at")  # fmt: skip
    amounts = ("amount", "authorized", "captured", "refunded", "billed", "credited")
    return Payment(
        **{name: getattr(row, name) for name in names},
        **{name: money(getattr(row, name), row.currency) for name in amounts},
    )


def show_refund(row: Any) -> Refund:
    """A refund's row as the API shows it."""
    names = ("id", "order_id", "return_id", "state", "policy", "reason", "error", "requested_at", "requested_by",
             "finished_at")  # fmt: skip
    return Refund(
        **{name: getattr(row, name) for name in names},
        kind=RefundKind(row.kind),
        amount=money(row.amount, row.currency),
    )


async def payments_of(info: Info, order_id: UUID) -> list[Payment]:
    """The payments of an order the caller may see."""
    rows = await by_parent(info, models.Payment.order_id, order_id, order_by=models.Payment.position)
    return [show_payment(row) for row in rows]


async def refunds_of(info: Info, order_id: UUID) -> list[Refund]:
    """The refunds of an order the caller may see."""
    return [show_refund(row) for row in await by_parent(info, models.Refund.order_id, order_id)]


@strawberry.type(description="What a payment would give back; `credited` of it is only taken off what is owed.")
class PreviewedShare:
    payment: Payment
    amount: Money
    credited: Money


@strawberry.type(description="How a refund would be divided, before it is confirmed.")
class RefundPreview:
    amount: Money
    refundable: Money
    policy: str
    needs_approval: bool
    shares: list[PreviewedShare]


@strawberry.input(description="All conditions hold together.")
class PaymentsFilter:
    state: list[PaymentState] | None = None
    kind: list[PaymentMethodKind] | None = None
    order_id: UUID | None = None


@strawberry.input(description="All conditions hold together.")
class RefundsFilter:
    state: list[RefundState] | None = None
    kind: list[RefundKind] | None = None
    order_id: UUID | None = None


@strawberry.enum
class PaymentsSort(Enum):
    CREATED_AT = "CREATED_AT"
    CREATED_AT_DESC = "CREATED_AT_DESC"


@strawberry.enum
class RefundsSort(Enum):
    REQUESTED_AT = "REQUESTED_AT"
    REQUESTED_AT_DESC = "REQUESTED_AT_DESC"


@strawberry.input(description="An amount of one payment.")
class RefundShareInput:
    payment_id: UUID
    amount: Long


@strawberry.input(description="`shares` chooses what each payment gives back, in place of the channel's policy.")
class IssueRefundInput:
    order_id: UUID
    kind: RefundKind
    amount: MoneyInput
    reason: str
    shares: list[RefundShareInput] | None = None
    wait: bool | None = strawberry.field(
        default=None, description="Whether it may be recalled for 60 seconds; people wait, API clients do not."
    )


@strawberry.input(description="Another method for what is not covered.")
class AddPaymentInput:
    order_id: UUID
    kind: PaymentMethodKind
    amount: MoneyInput
    gateway: str = ""
    token: str | None = None
    label: str | None = None


@strawberry.type
class RefundChanged:
    refund: Refund


@strawberry.type
class PaymentChanged:
    payment: Payment


RefundResult = Annotated[RefundChanged | Refusal, strawberry.union("RefundResult")]
PaymentResult = Annotated[PaymentChanged | Refusal, strawberry.union("PaymentResult")]


def _matching(found: Any, model: Any, wanted: PaymentsFilter | RefundsFilter | None) -> Any:
    if wanted is None:
        return found
    if wanted.state is not None:
        found = found.where(model.state.in_(wanted.state))
    if wanted.kind is not None:
        found = found.where(model.kind.in_(wanted.kind))
    return found if wanted.order_id is None else found.where(model.order_id == wanted.order_id)


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
        found = _matching(queries.payments_visible_to(info.context.principal), models.Payment, filter)
        order = Sort(models.Payment.created_at, sort is PaymentsSort.CREATED_AT_DESC)
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await paginate(db, found, order, models.Payment.id, page_of(first, after))
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
        found = _matching(queries.refunds_visible_to(info.context.principal), models.Refund, filter)
        order = Sort(models.Refund.requested_at, sort is RefundsSort.REQUESTED_AT_DESC)
        async with info.context.runtime.database.read_only(info.context.principal) as db:
            page = await paginate(db, found, order, models.Refund.id, page_of(first, after))
        return connect(page, show_refund)

    @strawberry.field(
        extensions=[requires(Permission.REFUNDS_WRITE, Permission.GOODWILL_WRITE)],
        description="How a refund would be divided over the payments of an order; changes nothing.",
    )
    async def preview_refund(
        self, info: Info, order_id: UUID, amount: MoneyInput, shares: list[RefundShareInput] | None = None
    ) -> RefundPreview:
        principal = info.context.principal
        async with info.context.runtime.database.read_only(principal) as db:
            order = await get_order(db, order_id, principal)
            preview = await service.preview_refund(
                db, order, _amount(order, amount), chosen=_chosen(shares), abilities_of=_abilities(info)
            )
        return RefundPreview(
            amount=money(preview.amount, order.currency),
            refundable=money(preview.refundable, order.currency),
            policy=preview.policy.value,
            needs_approval=preview.needs_approval,
            shares=[
                PreviewedShare(
                    payment=show_payment(share.payment),
                    amount=money(share.amount, order.currency),
                    credited=money(share.credited, order.currency),
                )
                for share in preview.shares
            ],
        )


def _amount(order: Order, amount: MoneyInput) -> int:
    given = amount.value("amount")
    if given.currency != order.currency:
        raise InvalidInput(
            f"The order is in {order.currency}.", code="CURRENCY_MISMATCH", path=("amount", "currency"),
            expected=order.currency,
        )  # fmt: skip
    return given.amount


def _chosen(shares: list[RefundShareInput] | None) -> dict[UUID, int] | None:
    return {share.payment_id: int(share.amount) for share in shares} if shares else None


def _abilities(info: Info) -> Callable[[str], Abilities]:
    ports = info.context.runtime.ports
    return lambda name: ports.get(PaymentGateway, name).abilities  # type: ignore[type-abstract]


async def _refund_changed(info: Info, work: Callable[[Session], Awaitable[models.Refund]], body: Any) -> RefundChanged:
    async def run(db: Session) -> RefundChanged:
        return RefundChanged(refund=show_refund(await work(db)))

    async def again(db: Session, ids: list[UUID]) -> RefundChanged:
        return RefundChanged(refund=show_refund(await queries.get_refund(db, ids[0], db.principal)))

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
        description="Promise money back, up to what came in and is not back yet.",
    )
    async def issue_refund(self, info: Info, input: IssueRefundInput) -> RefundResult:
        by_person = info.context.principal.kind is PrincipalKind.USER

        async def work(db: Session) -> models.Refund:
            order = await lock_order(db, input.order_id, db.principal)
            return await service.request_refund(
                db,
                order,
                now=db.now,
                kind=input.kind.value,
                amount=_amount(order, input.amount),
                reason=input.reason,
                source_key=f"manual/{new_id()}",
                chosen=_chosen(input.shares),
                recallable=by_person if input.wait is None else input.wait,
                abilities_of=_abilities(info),
            )

        return await _refund_changed(info, work, input)

    @strawberry.mutation(
        extensions=[requires(Permission.REFUNDS_WRITE)],
        description="Take a refund back while it waits: within 60 seconds, or for approval.",
    )
    async def recall_refund(self, info: Info, id: UUID) -> RefundResult:
        async def work(db: Session) -> models.Refund:
            return await service.recall_refund(db, await _locked_refund(db, id), now=db.now)

        return await _refund_changed(info, work, id)

    @strawberry.mutation(
        extensions=[requires(Permission.REFUNDS_APPROVE)],
        description="Let a refund go that was above the limit of whoever asked for it.",
    )
    async def approve_refund(self, info: Info, id: UUID) -> RefundResult:
        async def work(db: Session) -> models.Refund:
            return service.approve_refund(db, await _locked_refund(db, id), now=db.now)

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
        description="Name another method for what an order's payments do not cover.",
    )
    async def add_payment(self, info: Info, input: AddPaymentInput) -> PaymentResult:
        async def work(db: Session) -> models.Payment:
            order = await lock_order(db, input.order_id, db.principal)
            promise = PaymentInput(
                input.kind.value, _amount(order, input.amount), input.gateway, input.token, input.label
            )
            payment = await service.add_payment(db, order, promise, now=db.now)
            await db.flush()
            return payment

        return await _payment_changed(info, work, input)
