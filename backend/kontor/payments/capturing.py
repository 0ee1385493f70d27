"""Collect the money of what has left, and give back the promises that are not needed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from kontor.core.db import Session
from kontor.core.outbox import record
from kontor.core.statemachine import transition
from kontor.orders.queries import lock_orders
from kontor.payments import ledger, queries
from kontor.payments.calling import Call, Results, Settled
from kontor.payments.capture_plan import CapturePlan, CapturePolicy, PlannedPayment, plan_captures
from kontor.payments.events import CaptureFailed, CaptureFinished, PaymentCaptured, PaymentVoided
from kontor.payments.models import Payment, PaymentTransaction, TransactionKind
from kontor.payments.ports import Abilities, Declined
from kontor.payments.reporting import Dues, dues_of, report, settings_of
from kontor.payments.states import PAYMENT_TRANSITIONS, PaymentMethodKind, PaymentState

K = TransactionKind
AbilitiesOf = Callable[[str], Abilities]


@dataclass(frozen=True, slots=True)
class CaptureOrder:
    """Collect for a shipment. `shipped` is the value of everything shipped so far in minor units, this included;
    `final` says that nothing else will ship."""

    order_id: UUID
    shipment_id: UUID
    shipped: int
    final: bool = False


class CaptureUnderWay(Exception):
    """The last capture releases what it leaves, so it waits until the others of its order have their outcome."""


def policy_of(settings: Mapping[str, Any]) -> CapturePolicy:
    """In which order a channel draws on payments (`capture_policy`)."""
    return CapturePolicy(settings.get("capture_policy", CapturePolicy.STORED_VALUE_FIRST))


def planned(
    payments: Iterable[Payment], underway: Mapping[UUID, Sequence[PaymentTransaction]], abilities_of: AbilitiesOf
) -> list[PlannedPayment]:
    """The payments as the capture plan sees them; what is being captured counts as captured."""
    return [
        PlannedPayment(
            id=str(payment.id),
            kind=payment.kind,
            authorized=payment.authorized,
            captured=(payment.billed if payment.kind is PaymentMethodKind.ON_ACCOUNT else payment.captured)
            + sum(each.amount for each in underway.get(payment.id, ()) if each.kind in (K.CAPTURE, K.BILL)),
            multi_capture=not ledger.by_gateway(payment) or abilities_of(payment.gateway).multi_capture,
            position=payment.position,
        )
        for payment in payments
    ]


async def prepare_captures(
    db: Session, asked: Sequence[CaptureOrder], abilities_of: AbilitiesOf
) -> dict[UUID, list[Call]]:
    """Write the intents of each shipment; gateway calls by shipment. Each order is asked for once at most.

    A shipment with open intents is resumed as it was planned. Asked again later, it only gets what is still missing.
    Raises `CaptureUnderWay` for a final capture while another one of its order has no outcome.
    """
    orders = await lock_orders(db, [each.order_id for each in asked])
    payments = await queries.lock_payments(db, orders)
    settings = await settings_of(db, list(orders.values()))
    underway = await queries.open_transactions(db, [item.id for group in payments.values() for item in group])
    calls: dict[UUID, list[Call]] = {}
    for each in asked:
        if each.order_id not in orders:
            continue
        group = {payment.id: payment for payment in payments[each.order_id]}
        known = [
            intent for item in group for intent in underway.get(item, ()) if intent.shipment_id == each.shipment_id
        ]
        if each.final and not known and _others(group, underway):
            raise CaptureUnderWay
        intents = known or _intend(
            db, each, group, underway, policy_of(settings[orders[each.order_id].channel_id]), abilities_of
        )
        calls[each.shipment_id] = [
            Call(group[intent.payment_id], intent, fresh=not known, final=each.final and intent.kind is K.CAPTURE)
            for intent in intents
            if ledger.by_gateway(group[intent.payment_id])
        ]
    return calls


def _others(payments: Iterable[UUID], underway: Mapping[UUID, Sequence[PaymentTransaction]]) -> bool:
    return any(intent.kind is K.CAPTURE for item in payments for intent in underway.get(item, ()))


def _intend(
    db: Session,
    asked: CaptureOrder,
    payments: Mapping[UUID, Payment],
    underway: dict[UUID, list[PaymentTransaction]],
    policy: CapturePolicy,
    abilities_of: AbilitiesOf,
) -> list[PaymentTransaction]:
    plan = plan_captures(
        planned(payments.values(), underway, abilities_of), shipped=asked.shipped, policy=policy, final=asked.final
    )
    intents = []
    for payment_id, kind, amount in _steps(plan):
        intent = ledger.intend(db, payments[payment_id], kind, amount, shipment_id=asked.shipment_id)
        underway.setdefault(payment_id, []).append(intent)
        intents.append(intent)
    return intents


def _steps(plan: CapturePlan) -> list[tuple[UUID, TransactionKind, int]]:
    captured = {share.payment for share in plan.captures}
    return [
        *((UUID(share.payment), K.CAPTURE, share.amount) for share in plan.captures),
        *((UUID(share.payment), K.BILL, share.amount) for share in plan.billed),
        # A final capture releases the rest of its payment by itself.
        *((UUID(share.payment), K.VOID, share.amount) for share in plan.releases if share.payment not in captured),
    ]


async def finish_captures(
    db: Session, asked: Sequence[CaptureOrder], results: Results, abilities_of: AbilitiesOf, *, now: datetime
) -> None:
    """Book the outcomes; per shipment, tell that all of it is collected or what failed."""
    orders = await lock_orders(db, [each.order_id for each in asked])
    payments = await queries.lock_payments(db, orders)
    settings = await settings_of(db, list(orders.values()))
    underway = await queries.open_transactions(db, [item.id for group in payments.values() for item in group])
    dues = await dues_of(db, list(orders.values()), settings)
    for each in asked:
        if each.order_id not in orders:
            continue
        group = payments[each.order_id]
        failed = _book_shipment(db, each, group, underway, results, now=now)
        if not failed:
            plan = plan_captures(
                planned(group, underway, abilities_of),
                shipped=each.shipped,
                policy=policy_of(settings[orders[each.order_id].channel_id]),
                final=each.final,
            )
            _tell(db, each, group, plan, dues[each.order_id])
    owed = {each.order_id: each.shipped for each in asked if each.final}
    await report(db, list(orders.values()), payments, now=now, owed=owed)


def _book_shipment(
    db: Session,
    asked: CaptureOrder,
    payments: Sequence[Payment],
    underway: dict[UUID, list[PaymentTransaction]],
    results: Results,
    *,
    now: datetime,
) -> bool:
    failed = False
    for payment in payments:
        mine = [each for each in underway.get(payment.id, ()) if each.shipment_id == asked.shipment_id]
        for intent in mine:
            outcome = results.get(intent.id)
            if ledger.by_gateway(payment) and not isinstance(outcome, Settled):
                continue
            underway[payment.id].remove(intent)
            settled = outcome if isinstance(outcome, Settled) else None
            if ledger.book(db, payment, intent, settled, now=now):
                _tell_success(db, payment, intent)
                if asked.final and intent.kind is K.CAPTURE:
                    _release_rest(db, payment, asked.shipment_id, now=now)
            elif isinstance(settled, Declined) and intent.kind is K.CAPTURE:
                failed = True
                _capture_failed(db, asked, payment, settled.code, settled.message)
                if settled.code == "authorization_expired":
                    ledger.lapse(db, payment, now=now)
    return failed


def _tell_success(db: Session, payment: Payment, intent: PaymentTransaction) -> None:
    if intent.kind is K.CAPTURE:
        record(
            db,
            PaymentCaptured(
                stream_id=payment.order_id,
                payment_id=payment.id,
                transaction_id=intent.id,
                shipment_id=intent.shipment_id,
                amount=intent.amount,
                currency=payment.currency,
                method=payment.kind,
            ),
        )
    elif intent.kind is K.VOID:
        record(db, PaymentVoided(stream_id=payment.order_id, payment_id=payment.id, amount=intent.amount))


def _release_rest(db: Session, payment: Payment, shipment_id: UUID, *, now: datetime) -> None:
    rest = payment.authorized - payment.captured
    if rest > 0:
        _tell_success(db, payment, ledger.book_now(db, payment, K.VOID, rest, now=now, shipment_id=shipment_id))


def _tell(db: Session, asked: CaptureOrder, payments: Sequence[Payment], plan: CapturePlan, dues: Dues) -> None:
    missing = plan.uncovered + sum(share.amount for share in (*plan.captures, *plan.billed))
    if missing <= dues.slack or not payments:
        record(db, CaptureFinished(stream_id=asked.order_id, shipment_id=asked.shipment_id))
    else:
        _capture_failed(db, asked, payments[-1], "NOT_COVERED", f"{missing} of the value shipped are not covered.")


def _capture_failed(db: Session, asked: CaptureOrder, payment: Payment, code: str, message: str) -> None:
    record(
        db,
        CaptureFailed(
            stream_id=asked.order_id, payment_id=payment.id, shipment_id=asked.shipment_id, code=code, message=message
        ),
    )


async def prepare_voids(db: Session, order_ids: Sequence[UUID]) -> dict[UUID, list[Call]]:
    """Write the intents that give back what is promised and not needed; gateway calls by order."""
    orders = await lock_orders(db, order_ids)
    payments = await queries.lock_payments(db, orders)
    underway = await queries.open_transactions(db, [item.id for group in payments.values() for item in group])
    calls: dict[UUID, list[Call]] = {order_id: [] for order_id in orders}
    for payment in (item for group in payments.values() for item in group):
        known = [each for each in underway.get(payment.id, ()) if each.kind is K.VOID and each.shipment_id is None]
        rest = _unused(payment, underway.get(payment.id, ()))
        intents = known or ([ledger.intend(db, payment, K.VOID, rest)] if rest > 0 else [])
        if ledger.by_gateway(payment):
            calls[payment.order_id].extend(Call(payment, intent, fresh=not known) for intent in intents)
    return calls


def _unused(payment: Payment, underway: Sequence[PaymentTransaction]) -> int:
    if payment.kind.money_in_advance:
        return 0
    used = payment.billed if payment.kind is PaymentMethodKind.ON_ACCOUNT else payment.captured
    return payment.authorized - used - sum(each.amount for each in underway if each.kind in (K.CAPTURE, K.BILL, K.VOID))


async def finish_voids(db: Session, order_ids: Sequence[UUID], results: Results, *, now: datetime) -> None:
    """Book what was given back; promises that were never given are called off."""
    orders = await lock_orders(db, order_ids)
    payments = await queries.lock_payments(db, orders)
    underway = await queries.open_transactions(db, [item.id for group in payments.values() for item in group])
    for payment in (item for group in payments.values() for item in group):
        for intent in underway.get(payment.id, ()):
            outcome = results.get(intent.id)
            if intent.kind is not K.VOID or intent.shipment_id is not None:
                continue
            settled = outcome if isinstance(outcome, Settled) else None
            if (settled or not ledger.by_gateway(payment)) and ledger.book(db, payment, intent, settled, now=now):
                _tell_success(db, payment, intent)
        if payment.state is PaymentState.CREATED and not payment.authorized and payment.id not in underway:
            transition(db, payment, PaymentState.VOIDED, table=PAYMENT_TRANSITIONS, now=now, reason="not needed")
    await report(db, list(orders.values()), payments, now=now)
