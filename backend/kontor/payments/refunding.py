"""Money back: what may go back over which payment, who may grant it, and what became of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Any, Required, TypedDict, Unpack
from uuid import UUID

import sqlalchemy as sa

from kontor.auth.permissions import Permission
from kontor.core.db import Session, in_key_order
from kontor.core.errors import Forbidden
from kontor.core.ids import new_id
from kontor.core.outbox import record, schedule, unschedule
from kontor.core.principal import PrincipalKind
from kontor.core.statemachine import transition
from kontor.giftcards.values import is_taxed
from kontor.orders.models import Order
from kontor.orders.queries import lock_orders
from kontor.payments import kept, ledger, queries
from kontor.payments.calling import Call, Results, Settled
from kontor.payments.capturing import AbilitiesOf
from kontor.payments.charges import charge_again
from kontor.payments.disputes import left_over, settle_disputes
from kontor.payments.errors import InvalidRefund, RefundCounted, RefundUnderWay
from kontor.payments.events import RefundFailed, RefundRequested, RefundSucceeded
from kontor.payments.models import Payment, PaymentTransaction, Refund, RefundAllocation, TransactionKind
from kontor.payments.policies import Named, PolicyPurpose, PolicySource, named
from kontor.payments.ports import Declined
from kontor.payments.refund_split import RefundablePayment, RefundPolicy, split_refund
from kontor.payments.reporting import report, settings_of
from kontor.payments.returning import tell_repaid
from kontor.payments.states import REFUND_TRANSITIONS, PaymentMethodKind, RefundState

RECALL = timedelta(seconds=60)
APPROVAL_ABOVE = 10_000
NOTHING_LEFT = Declined("charged_back", "The customer's bank has taken this money back already.")


class RefundKind(StrEnum):
    """Why money goes back. Reported apart; the limit is the same for all: what came in and is not back yet."""

    RETURN = "RETURN"
    CANCELLATION = "CANCELLATION"
    GOODWILL = "GOODWILL"
    CORRECTION = "CORRECTION"


_FOR_NOTHING = frozenset({RefundKind.GOODWILL, RefundKind.CORRECTION})


class RefundWish(TypedDict, total=False):
    """What is asked for; amounts in minor units of the order's currency. `source_key` names the cause.

    `lines` as `Refund.lines` keeps them. `chosen` gives the share per payment id, in place of the channel's policy.
    `recallable` lets the payout wait for 60 seconds, `approval` until somebody has approved it.
    """

    kind: Required[str]
    amount: Required[int]
    lines: Sequence[Mapping[str, Any]]
    reason: Required[str]
    source_key: Required[str]
    return_id: UUID | None
    chosen: Mapping[UUID, int] | None
    recallable: bool
    approval: bool
    abilities_of: AbilitiesOf | None


@dataclass(frozen=True, slots=True)
class RefundShare:
    """What goes back over one payment; `credited` of it is only taken off what is owed on account."""

    payment: Payment
    amount: int
    credited: int


@dataclass(frozen=True, slots=True)
class RefundPreview:
    """How a refund would be divided, before it is confirmed, and which version of a policy says so."""

    amount: int
    refundable: int
    policy: RefundPolicy
    said_by: Named
    shares: tuple[RefundShare, ...]
    needs_approval: bool


def _refundable(payment: Payment, promised: int, abilities_of: AbilitiesOf | None) -> RefundablePayment:
    """On account, what is owed and unpaid can be taken off like money that came in."""
    whole_only = (
        abilities_of is not None and ledger.by_gateway(payment) and not abilities_of(payment.gateway).partial_refund
    )
    return RefundablePayment(
        id=str(payment.id),
        kind=payment.kind,
        captured=payment.captured + ledger.owed(payment),
        refunded=payment.refunded + promised,
        position=payment.position,
        partial_refund=not whole_only,
    )


async def preview_refund(
    db: Session,
    order: Order,
    amount: int,
    *,
    chosen: Mapping[UUID, int] | None = None,
    abilities_of: AbilitiesOf | None = None,
    goods: bool = True,
    canceled: bool = False,
) -> RefundPreview:
    """Divide `amount` over the order's payments as a refund would; changes nothing.

    Without `goods` nothing goes onto vouchers that were taxed when they were sold; for `canceled` pieces they are last.
    Raises `RefundExceedsCaptured` above what came in and is not back yet, `RefundNotDivisible`, `InvalidInput`.
    """
    settings = (await settings_of(db, [order])).get(order.channel_id, {})
    payments = {str(item.id): item for item in await queries.read_payments(db, order.id)}
    promised = await queries.promised_refunds(db, [order.id])
    open_payments = [
        _refundable(item, promised.get(item.id, 0), abilities_of)
        for item in payments.values()
        if goods or not is_taxed(item.kind, item.gateway)
    ]
    policy, said_by = RefundPolicy.CHOSEN, Named(PolicySource.CHOSEN)
    if not chosen:
        policy = RefundPolicy(settings.get("refund_policy", RefundPolicy.REVERSE))
        said_by = await named(db, order.channel_id, PolicyPurpose.REFUND, settings)
    wanted = {str(key): share for key, share in (chosen or {}).items()}
    last = [key for key, item in payments.items() if canceled and is_taxed(item.kind, item.gateway)]
    shares = split_refund(open_payments, amount, policy=policy, chosen=wanted, last=last)
    return RefundPreview(
        amount=amount,
        refundable=sum(max(0, item.refundable) for item in open_payments),
        policy=policy,
        said_by=said_by,
        shares=tuple(
            RefundShare(payments[key], share, min(share, ledger.owed(payments[key]))) for key, share in shares.items()
        ),
        needs_approval=_needs_approval(db, amount, settings),
    )


async def refundable(db: Session, order_id: UUID) -> int:
    """What may still go back over the payments of a locked order, minor units; what is on its way counts as gone."""
    promised = await queries.promised_refunds(db, [order_id])
    rows = await queries.read_payments(db, order_id)
    return sum(max(0, _refundable(item, promised.get(item.id, 0), None).refundable) for item in rows)


async def above_limit(db: Session, order: Order, amount: int) -> bool:
    """Whether so much, in whatever form, is above the channel's `refund_approval_above` for the principal."""
    return _needs_approval(db, amount, (await settings_of(db, [order])).get(order.channel_id, {}))


def _needs_approval(db: Session, amount: int, settings: Mapping[str, Any]) -> bool:
    limit = int(settings.get("refund_approval_above", APPROVAL_ABOVE))
    return amount > limit and not db.principal.may(Permission.REFUNDS_APPROVE)


async def request_refund(db: Session, order: Order, *, now: datetime, **wish: Unpack[RefundWish]) -> Refund:
    """Promise money back on a locked order; the payout is a job. The same `source_key` gives the same refund.

    A refund whose lines come to nothing moves no money and has succeeded at once; its documents say what was kept.
    Raises what `preview_refund` raises, and `InvalidRefund`.
    """
    known: Refund | None = await db.scalar(sa.select(Refund).where(Refund.source_key == wish["source_key"]))
    if known is not None:
        return known
    _check(wish)
    if wish["amount"] == 0 and wish.get("lines"):
        return _without_money(db, order, wish, now=now)
    preview = await preview_refund(
        db, order, wish["amount"], chosen=wish.get("chosen"), abilities_of=wish.get("abilities_of"),
        goods=bool(wish.get("lines")) or wish["kind"] not in _FOR_NOTHING, canceled=wish["kind"] == kept.CANCELLATION,
    )  # fmt: skip
    waits = preview.needs_approval or wish.get("approval", False)
    state = RefundState.AWAITING_APPROVAL if waits else RefundState.REQUESTED
    refund = _written(db, order, wish, state, policy=preview.policy, now=now)
    await db.flush()
    db.add_all(
        RefundAllocation(refund_id=refund.id, payment_id=share.payment.id, amount=share.amount)
        for share in preview.shares
    )
    if not waits:
        _pay_out(db, refund, due_at=now + RECALL if wish.get("recallable") else None)
    return refund


def _written(
    db: Session, order: Order, wish: RefundWish, state: RefundState, *, policy: RefundPolicy | None, now: datetime
) -> Refund:
    refund = Refund(
        id=new_id(), order_id=order.id, return_id=wish.get("return_id"), kind=RefundKind(wish["kind"]).value,
        state=state, currency=order.currency, amount=wish["amount"],
        lines=[dict(line) for line in wish.get("lines", ())], policy=policy.value if policy else "",
        reason=wish["reason"].strip(), source_key=wish["source_key"], requested_at=now, requested_by=db.by,
    )  # fmt: skip
    db.add(refund)
    return refund


def _without_money(db: Session, order: Order, wish: RefundWish, *, now: datetime) -> Refund:
    refund = _written(db, order, wish, RefundState.SUCCEEDED, policy=None, now=now)
    refund.begun_at = refund.finished_at = now
    _tell_success(db, refund)
    return refund


def _check(wish: RefundWish) -> None:
    if wish["kind"] not in set(RefundKind):
        raise InvalidRefund("There is no such kind of refund.", path=("kind",), allowed=sorted(RefundKind))
    if not 1 <= len(wish["reason"].strip()) <= 500:
        raise InvalidRefund("1 to 500 characters.", code="INVALID_REASON", path=("reason",))
    lines = wish.get("lines", ())
    if lines and sum(int(line["gross"]) for line in lines) != wish["amount"]:
        raise InvalidRefund("The lines do not add up to the amount.", code="REFUND_LINES_MISMATCH", path=("lines",))


def _pay_out(db: Session, refund: Refund, *, due_at: datetime | None = None) -> None:
    args, unique_key = {"refund_id": refund.id}, f"refund/{refund.id}"
    schedule(db, "payments.refund", args, key=refund.order_id, due_at=due_at, unique_key=unique_key)


def approve_refund(db: Session, refund: Refund, *, now: datetime, recallable: bool = False) -> Refund:
    """Let a refund go that was above somebody's limit, `recallable` or at once. `Forbidden` to its own asker."""
    own = refund.requested_by == db.by and db.principal.kind is not PrincipalKind.SYSTEM
    if own and refund.state is RefundState.AWAITING_APPROVAL:
        raise Forbidden("Somebody else has to approve this.", code="APPROVAL_BY_ANOTHER")
    transition(db, refund, RefundState.REQUESTED, table=REFUND_TRANSITIONS, now=now, reason="approved")
    _pay_out(db, refund, due_at=now + RECALL if recallable else None)
    return refund


async def recall_refund(db: Session, refund: Refund, *, now: datetime) -> Refund:
    """Take a refund of a locked order back while its payout waits.

    Raises `RefundUnderWay` once it has begun, and `RefundCounted` when goods came back since and were paid less by it.
    """
    if refund.state not in queries.UNDER_WAY or refund.begun_at is not None:
        raise RefundUnderWay("The refund has begun and cannot be recalled.", state=refund.state)
    if kept.counted_since(refund, await kept.refunds_of(db, refund.order_id)):
        raise RefundCounted("Goods have come back since and were paid less by it.", refund_id=str(refund.id))
    await unschedule(db, [f"refund/{refund.id}"])
    await charge_again(db, refund)
    transition(db, refund, RefundState.CANCELED, table=REFUND_TRANSITIONS, now=now, reason="recalled")
    refund.finished_at = now
    return refund


def retry_refund(db: Session, refund: Refund, *, now: datetime) -> Refund:
    """Try the shares that failed once more; raises `TransitionRefused` unless the refund has failed."""
    transition(db, refund, RefundState.REQUESTED, table=REFUND_TRANSITIONS, now=now, reason="tried again")
    refund.error, refund.finished_at = None, None
    schedule(db, "payments.refund", {"refund_id": refund.id}, key=refund.order_id)
    return refund


async def prepare_refunds(db: Session, refund_ids: Sequence[UUID]) -> dict[UUID, list[Call]]:
    """Write the intents of each refund's open shares; gateway calls by refund.

    Only from here on the refund is told: before, it could still be taken back.
    """
    refunds, payments = await _locked(db, refund_ids)
    shares = await queries.allocations_of(db, refunds)
    underway = await queries.open_transactions(db, payments)
    calls: dict[UUID, list[Call]] = {refund_id: [] for refund_id in refunds}
    for refund in refunds.values():
        _begin(db, refund)
        for share in shares.get(refund.id, ()):
            payment = payments[share.payment_id]
            if share.done or refund.state is not RefundState.REQUESTED:
                continue
            known = next((each for each in underway.get(payment.id, ()) if each.refund_id == refund.id), None)
            if not ledger.by_gateway(payment):
                continue
            if known is None and share.amount > left_over(payment, underway.get(payment.id, ())):
                continue  # charged back in the meantime: refused when the refund is finished
            intent = known or ledger.intend(db, payment, TransactionKind.REFUND, share.amount, refund_id=refund.id)
            underway.setdefault(payment.id, []).append(intent)
            calls[refund.id].append(Call(payment, intent, fresh=known is None))
    return calls


def _begin(db: Session, refund: Refund) -> None:
    if refund.begun_at is not None or refund.state is not RefundState.REQUESTED:
        return
    refund.begun_at = db.now
    record(
        db,
        RefundRequested(
            stream_id=refund.order_id, refund_id=refund.id, kind=refund.kind, amount=refund.amount,
            currency=refund.currency,
        ),
    )  # fmt: skip


async def _locked(db: Session, refund_ids: Sequence[UUID]) -> tuple[dict[UUID, Refund], dict[UUID, Payment]]:
    wanted = sa.select(Refund).where(Refund.id.in_(in_key_order(refund_ids))).order_by(Refund.id)
    orders = await lock_orders(db, list(await db.scalars(wanted.with_only_columns(Refund.order_id))))
    payments = await queries.lock_payments(db, orders)
    rows = await db.scalars(wanted.with_for_update().execution_options(populate_existing=True))
    return {row.id: row for row in rows}, {item.id: item for group in payments.values() for item in group}


async def finish_refunds(db: Session, refund_ids: Sequence[UUID], results: Results, *, now: datetime) -> None:
    """Book the outcomes share by share; a refund succeeds with its last share and fails with the first refusal."""
    refunds, payments = await _locked(db, refund_ids)
    shares = await queries.allocations_of(db, refunds)
    underway = await queries.open_transactions(db, payments)
    for refund in refunds.values():
        if refund.state is not RefundState.REQUESTED:
            continue
        mine = shares.get(refund.id, [])
        _book = partial(_book_share, db, payments=payments, underway=underway, results=results)
        refusals = [
            refusal
            for share in mine
            if not share.done and (refusal := _book(share, now=now, repaid=refund.returned_at is not None))
        ]
        _end(db, refund, mine, refusals, now=now)
    for payment in payments.values():
        settle_disputes(db, payment, underway.get(payment.id, ()), now=now)
    orders = await lock_orders(db, [refund.order_id for refund in refunds.values()])
    grouped: dict[UUID, list[Payment]] = {order_id: [] for order_id in orders}
    for payment in payments.values():
        grouped[payment.order_id].append(payment)
    await db.flush()
    await report(db, list(orders.values()), grouped, now=now)


def _book_share(
    db: Session,
    share: RefundAllocation,
    payments: Mapping[UUID, Payment],
    underway: Mapping[UUID, Sequence[PaymentTransaction]],
    results: Results,
    *,
    now: datetime,
    repaid: bool,
) -> Declined | None:
    """Book a share; the refusal when the gateway will not do it. `repaid`: its money had come back to us before."""
    payment = payments[share.payment_id]
    if not ledger.by_gateway(payment):
        return _pay_back_here(db, share, payment, now=now)
    mine = [intent for intent in underway.get(payment.id, ()) if intent.refund_id == share.refund_id]
    for intent in mine:
        outcome = results.get(intent.id)
        if isinstance(outcome, Settled):
            share.done = ledger.book(db, payment, intent, outcome, now=now)
            if isinstance(outcome, Declined):
                return outcome
            if repaid:
                tell_repaid(db, payment, intent)
    return None if mine else NOTHING_LEFT


def _pay_back_here(db: Session, share: RefundAllocation, payment: Payment, *, now: datetime) -> Declined | None:
    """On account, what is not paid yet is no longer owed; money that came in goes back without a gateway."""
    credited = min(share.amount, ledger.owed(payment)) if payment.kind is PaymentMethodKind.ON_ACCOUNT else 0
    if share.amount - credited > payment.captured - payment.refunded:
        return NOTHING_LEFT
    for kind, amount in ((TransactionKind.CREDIT, credited), (TransactionKind.REFUND, share.amount - credited)):
        if amount:
            ledger.book_now(db, payment, kind, amount, now=now, refund_id=share.refund_id)
    share.done = True
    return None


def _end(
    db: Session, refund: Refund, shares: Sequence[RefundAllocation], refusals: Sequence[Declined], *, now: datetime
) -> None:
    if refusals:
        refusal = refusals[0]
        transition(db, refund, RefundState.FAILED, table=REFUND_TRANSITIONS, now=now, reason=refusal.code)
        refund.error = f"{refusal.code}: {refusal.message}"[:500]
        failed = RefundFailed(
            stream_id=refund.order_id, refund_id=refund.id, code=refusal.code, message=refusal.message
        )
        record(db, failed)
    elif all(share.done for share in shares):
        transition(db, refund, RefundState.SUCCEEDED, table=REFUND_TRANSITIONS, now=now)
        if refund.returned_at is None:  # else it was told share by share
            _tell_success(db, refund)
    else:
        return
    refund.finished_at = now


def _tell_success(db: Session, refund: Refund) -> None:
    said: dict[str, Any] = {name: getattr(refund, name) for name in ("return_id", "kind", "amount", "currency")}
    record(db, RefundSucceeded(stream_id=refund.order_id, refund_id=refund.id, **said))
