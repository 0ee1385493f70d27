"""Collect the money of what has left, and give back the promises that are not needed."""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from kontor.core.db import Session
from kontor.core.outbox import record, schedule
from kontor.core.statemachine import transition
from kontor.giftcards.values import is_taxed
from kontor.orders.models import Order
from kontor.orders.queries import lock_orders
from kontor.payments import debiting, kept, ledger, queries, renewing
from kontor.payments.calling import Call, Results, Settled
from kontor.payments.capture_plan import CapturePlan, CapturePolicy, PlannedPayment, plan_captures
from kontor.payments.covering import with_returns
from kontor.payments.events import CaptureFailed, CaptureFinished, PaymentCaptured, PaymentVoided
from kontor.payments.models import Payment, PaymentTransaction, TransactionKind
from kontor.payments.ports import Abilities, Declined
from kontor.payments.reporting import Dues, dues_of, report, settings_of
from kontor.payments.states import PAYMENT_TRANSITIONS, PaymentMethodKind, PaymentState

K = TransactionKind
LAPSED = "authorization_expired"
"""The code of a capture that was declined because its promise has run out."""
AbilitiesOf = Callable[[str], Abilities]
NOTHING: Mapping[UUID, int] = {}


@dataclass(frozen=True, slots=True)
class CaptureOrder:
    """Collect for a shipment. `shipped` is the value of everything shipped so far in minor units, this included;
    `final` says that nothing else will ship, `renewed` that promises which had lapsed were asked for anew already."""

    order_id: UUID
    shipment_id: UUID
    shipped: int
    final: bool = False
    renewed: bool = False

    @classmethod
    def of(cls, args: Mapping[str, Any]) -> "CaptureOrder":
        """As a job names it."""
        return cls(
            UUID(str(args["order_id"])),
            UUID(str(args["shipment_id"])),
            int(args["shipped"]),
            bool(args.get("final", False)),
            bool(args.get("renewed", False)),
        )

    def args(self) -> dict[str, Any]:
        """For the job that carries it out."""
        return {
            "order_id": self.order_id,
            "shipment_id": self.shipment_id,
            "shipped": self.shipped,
            "final": self.final,
            "renewed": self.renewed,
        }


class CaptureUnderWay(Exception):
    """The last capture releases what it leaves, so it waits until the others of its order have their outcome."""


def policy_of(settings: Mapping[str, Any]) -> CapturePolicy:
    """In which order a channel draws on payments (`capture_policy`)."""
    return CapturePolicy(settings.get("capture_policy", CapturePolicy.STORED_VALUE_FIRST))


def planned(
    payments: Iterable[Payment],
    underway: Mapping[UUID, Sequence[PaymentTransaction]],
    abilities_of: AbilitiesOf,
    declined: Container[UUID] = (),
    *,
    paid_back: Mapping[UUID, int] = NOTHING,
) -> list[PlannedPayment]:
    """The payments as the capture plan sees them; what is being captured counts as captured.

    What was `paid_back` for pieces that never shipped pays for nothing any more.
    """
    return [
        PlannedPayment(
            id=str(payment.id),
            kind=payment.kind,
            authorized=payment.authorized - _gone(payment, paid_back),
            captured=(payment.billed if payment.kind is PaymentMethodKind.ON_ACCOUNT else payment.captured)
            - _gone(payment, paid_back)
            + sum(each.amount for each in underway.get(payment.id, ()) if each.kind in (K.CAPTURE, K.BILL)),
            multi_capture=takes_parts(payment, abilities_of),
            position=payment.position,
            declined=payment.id in declined,
            at_the_till=ledger.due_at_the_till(payment),
            taxed=is_taxed(payment.kind, payment.gateway),
        )
        for payment in payments
    ]


def _gone(payment: Payment, paid_back: Mapping[UUID, int]) -> int:
    return 0 if payment.kind is PaymentMethodKind.ON_ACCOUNT else min(payment.captured, paid_back.get(payment.id, 0))


def takes_parts(payment: Payment, abilities_of: AbilitiesOf) -> bool:
    """Whether it may be captured more than once; gateways decide that by card where they say so with the promise."""
    if not ledger.by_gateway(payment):
        return True
    said = payment.multi_capture
    return abilities_of(payment.gateway).multi_capture if said is None else said


async def prepare_captures(
    db: Session, asked: Sequence[CaptureOrder], abilities_of: AbilitiesOf
) -> dict[UUID, list[Call]]:
    """Write the intents of each shipment; gateway calls by shipment. Each order is asked for once at most.

    A shipment with open intents is resumed as it was planned. Asked again later, it only gets what is still missing.
    Raises `CaptureUnderWay` for a final capture while another one of its order has no outcome.
    """
    orders = await lock_orders(db, [each.order_id for each in asked])
    waived = await kept.waived(db, with_returns(orders.values()))
    paid_back = await kept.paid_back_for_canceled(db, orders)
    payments = await queries.lock_payments(db, orders)
    settings = await settings_of(db, list(orders.values()))
    underway = await queries.open_transactions(db, [item.id for group in payments.values() for item in group])
    declined = await queries.declined_captures(db, _with_a_choice(payments))
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
        said = settings[orders[each.order_id].channel_id]
        plan = plan_captures(
            planned(group.values(), underway, abilities_of, declined, paid_back=paid_back),
            shipped=_wanted(each, waived) + _beyond_total(orders[each.order_id], each, payments[each.order_id], said),
            policy=policy_of(said),
            final=each.final,
        )
        intents = known or _intend(db, each, plan, group, underway)
        final = each.final and _alone(group, intents)
        drawn = [
            (group[intent.payment_id], intent) for intent in intents if ledger.by_gateway(group[intent.payment_id])
        ]
        debits = await debiting.announce(db, orders, drawn, taking=True)
        calls[each.shipment_id] = [
            replace(_call(payment, intent, abilities_of, known=bool(known), final=final), debit=debits.get(intent.id))
            for payment, intent in drawn
        ]
    return calls


def _wanted(asked: CaptureOrder, waived: Mapping[UUID, int]) -> int:
    """The value to collect for, less what is collected no more."""
    return max(0, asked.shipped - waived.get(asked.order_id, 0))


def _beyond_total(order: Order, asked: CaptureOrder, payments: Sequence[Payment], settings: Mapping[str, Any]) -> int:
    """What the last capture takes beyond the value shipped, minor units: nothing, unless the channel says otherwise.

    With `capture_surplus` it is what the customer agreed to pay beyond the order's total when it was placed, such as
    the interest of instalments; at most the channel's `payment_tolerance`. Methods named later add nothing to it.
    """
    if not (asked.final and payments and settings.get("capture_surplus")):
        return 0
    placed = min(each.created_at for each in payments)
    surplus = sum(each.amount for each in payments if each.created_at == placed) - order.total
    return surplus if 0 < surplus <= int(settings.get("payment_tolerance", 0)) else 0


def _call(payment: Payment, intent: PaymentTransaction, abilities_of: AbilitiesOf, *, known: bool, final: bool) -> Call:
    """What can be captured only once has no later capture that could want the rest."""
    last = intent.kind is K.CAPTURE and (final or not takes_parts(payment, abilities_of))
    return Call(payment, intent, fresh=not known, final=last)


def _with_a_choice(payments: Mapping[UUID, Sequence[Payment]]) -> list[UUID]:
    """Payments that are not their order's only one: which of them was declined before matters to the plan."""
    return [payment.id for group in payments.values() if len(group) > 1 for payment in group]


def _alone(payments: Mapping[UUID, Payment], intents: Iterable[PaymentTransaction]) -> bool:
    """Only the one call of a plan may release what it leaves: of several, one may be declined and the rest needed."""
    calls = [each for each in intents if each.kind is K.CAPTURE and ledger.by_gateway(payments[each.payment_id])]
    return len(calls) == 1


def _others(payments: Iterable[UUID], underway: Mapping[UUID, Sequence[PaymentTransaction]]) -> bool:
    return any(intent.kind is K.CAPTURE for item in payments for intent in underway.get(item, ()))


def _intend(
    db: Session,
    asked: CaptureOrder,
    plan: CapturePlan,
    payments: Mapping[UUID, Payment],
    underway: dict[UUID, list[PaymentTransaction]],
) -> list[PaymentTransaction]:
    intents = []
    for shares, kind in ((plan.captures, K.CAPTURE), (plan.billed, K.BILL)):
        for share in shares:
            payment = payments[UUID(share.payment)]
            intent = ledger.intend(db, payment, kind, share.amount, shipment_id=asked.shipment_id)
            underway.setdefault(payment.id, []).append(intent)
            intents.append(intent)
    return intents


async def finish_captures(
    db: Session, asked: Sequence[CaptureOrder], results: Results, abilities_of: AbilitiesOf, *, now: datetime
) -> None:
    """Book the outcomes; per shipment, tell that all of it is collected or what failed.

    Promises that have lapsed are asked for anew once, and the shipment is collected for again before anything is told.
    What is left of the others is given back only when everything is collected.
    """
    orders = await lock_orders(db, [each.order_id for each in asked])
    waived = await kept.waived(db, with_returns(orders.values()))
    paid_back = await kept.paid_back_for_canceled(db, orders)
    payments = await queries.lock_payments(db, orders)
    settings = await settings_of(db, list(orders.values()))
    underway = await queries.open_transactions(db, [item.id for group in payments.values() for item in group])
    dues = await dues_of(db, list(orders.values()), settings)
    for each in asked:
        if each.order_id not in orders:
            continue
        order, group = orders[each.order_id], payments[each.order_id]
        declined = _book_shipment(db, each, group, underway, results, now=now)
        plan = plan_captures(
            planned(group, underway, abilities_of, paid_back=paid_back),
            shipped=_wanted(each, waived) + _beyond_total(order, each, group, settings[order.channel_id]),
            policy=policy_of(settings[order.channel_id]),
            final=each.final,
        )
        missing = plan.uncovered + sum(share.amount for share in (*plan.captures, *plan.billed))
        missing = 0 if missing <= dues[order.id].slack else missing
        if (declined or missing) and _renew(db, each, group, declined, dues[order.id], now=now):
            continue
        _tell(db, each, group, declined, missing)
        if plan.releases and not (declined or missing):
            schedule(db, "payments.void", {"order_id": order.id}, key=order.id)
    owed = {each.order_id: _wanted(each, waived) for each in asked if each.final}
    await report(db, list(orders.values()), payments, now=now, owed=owed)


Declines = Sequence[tuple[Payment, Declined]]


def _book_shipment(
    db: Session,
    asked: CaptureOrder,
    payments: Sequence[Payment],
    underway: dict[UUID, list[PaymentTransaction]],
    results: Results,
    *,
    now: datetime,
) -> Declines:
    """The captures that were declined."""
    declined: list[tuple[Payment, Declined]] = []
    mine = [
        (payment, intent)
        for payment in payments
        for intent in underway.get(payment.id, ())
        if intent.shipment_id == asked.shipment_id
    ]
    final = asked.final and _alone({payment.id: payment for payment in payments}, [intent for _, intent in mine])
    for payment, intent in mine:
        outcome = results.get(intent.id)
        if ledger.by_gateway(payment) and not isinstance(outcome, Settled):
            continue
        underway[payment.id].remove(intent)
        settled = outcome if isinstance(outcome, Settled) else None
        if ledger.book(db, payment, intent, settled, now=now):
            _tell_success(db, payment, intent)
            if final and intent.kind is K.CAPTURE and ledger.by_gateway(payment):
                _release_rest(db, payment, asked.shipment_id, now=now)
        elif isinstance(settled, Declined) and intent.kind is K.CAPTURE:
            declined.append((payment, settled))
    return declined


def _renew(
    db: Session,
    asked: CaptureOrder,
    payments: list[Payment],
    declined: Declines,
    dues: Dues,
    *,
    now: datetime,
) -> bool:
    """Whether promises that have lapsed are being asked for anew, so that the shipment is collected for after that."""
    for payment, refusal in declined:
        if refusal.code == LAPSED:
            renewing.let_go(db, payment, payments, dues, now=now)
    if asked.renewed or not renewing.asked_for(payments, PaymentState.CREATED, PaymentState.EXPIRED, named=True):
        return False
    again = {"order_id": asked.order_id, "then_capture": replace(asked, renewed=True).args()}
    schedule(db, "payments.authorize", again, key=asked.order_id)
    return True


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
                rounding=intent.rounding,
            ),
        )
    elif intent.kind is K.VOID:
        record(db, PaymentVoided(stream_id=payment.order_id, payment_id=payment.id, amount=intent.amount))


def _release_rest(db: Session, payment: Payment, shipment_id: UUID, *, now: datetime) -> None:
    rest = payment.authorized - payment.captured
    if rest > 0:
        _tell_success(db, payment, ledger.book_now(db, payment, K.VOID, rest, now=now, shipment_id=shipment_id))


def _tell(db: Session, asked: CaptureOrder, payments: Sequence[Payment], declined: Declines, missing: int) -> None:
    for payment, refusal in declined:
        _capture_failed(db, asked, payment, refusal.code, refusal.message)
    if declined:
        return
    if missing and payments:
        _capture_failed(db, asked, payments[-1], "NOT_COVERED", f"{missing} of the value shipped are not covered.")
    else:
        record(db, CaptureFinished(stream_id=asked.order_id, shipment_id=asked.shipment_id))


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
        if payment.settles_id:
            continue  # pays for what has left, and is dropped once that is paid
        if payment.state is PaymentState.CREATED and not payment.authorized and payment.id not in underway:
            transition(db, payment, PaymentState.VOIDED, table=PAYMENT_TRANSITIONS, now=now, reason="not needed")
    await report(db, list(orders.values()), payments, now=now)
